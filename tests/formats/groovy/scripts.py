"""Random Groovy in the shapes that pipelines have, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = st.sampled_from(["foo", "bar", "sh", "x1", "env", "params", "stage", "$class", "currentBuild"])
_WORDS = st.text(alphabet="ab c-/.:{}()[]#%", max_size=8)


def _quoted(text: str) -> st.SearchStrategy[str]:
    clean = text.replace("\\", "").replace("'", "")
    return st.sampled_from([f"'{clean}'", f'"{clean}"', f"'''{clean}'''", f'"""{clean}"""'])


_PLAIN = st.one_of(
    _WORDS.flatmap(_quoted), st.integers(0, 999).map(str), st.sampled_from(["true", "false", "null", "1.5"]), _NAMES
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "==", "!=", "&&", "||", "<", "=~", "*", "-", "<<", " in "]), inner, inner).map(
            lambda found: f"({found[1]} {found[0]} {found[2]})"
        ),
        st.lists(inner, max_size=3).map(lambda found: f"[{', '.join(found)}]"),
        st.lists(st.tuples(_NAMES, inner), min_size=1, max_size=3).map(
            lambda found: "[" + ", ".join(f"{name}: {value}" for name, value in found) + "]"
        ),
        st.tuples(_NAMES, st.lists(inner, max_size=2)).map(lambda found: f"{found[0]}({', '.join(found[1])})"),
        st.tuples(_NAMES, _NAMES, st.sampled_from([".", "?.", "*."])).map(
            lambda found: f"{found[0]}{found[2]}{found[1]}"
        ),
        inner.map(lambda found: f'"a ${{{found}}} b"'),
        inner.map(lambda found: f"!({found})"),
        pair.map(lambda found: f"({found[0]} ? {found[0]} : {found[1]})"),
        pair.map(lambda found: f"({found[0]} ?: {found[1]})"),
        inner.map(lambda found: f"foo({found}) {{ it -> {found} }}"),
        inner.map(lambda found: f"({found} as String)"),
        st.just("/a[bc]+\\/d$/").map(lambda found: f"foo({found})"),
        pair.map(lambda found: f"foo.bar({found[0]})[{found[1]}]"),
    )


def expressions() -> st.SearchStrategy[str]:
    return st.recursive(_PLAIN, _larger, max_leaves=6)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map("\n".join)
    value = expressions()
    return st.one_of(
        st.tuples(value, body).map(lambda found: f"if ({found[0]}) {{\n{found[1]}\n}}"),
        st.tuples(value, body, body).map(lambda found: f"if ({found[0]}) {{\n{found[1]}\n}} else {{\n{found[2]}\n}}"),
        st.tuples(value, body).map(lambda found: f"for (i in {found[0]}) {{\n{found[1]}\n}}"),
        st.tuples(value, body).map(lambda found: f"while ({found[0]}) {{\n{found[1]}\n}}"),
        st.tuples(body, body).map(lambda found: f"try {{\n{found[0]}\n}} catch (Exception e) {{\n{found[1]}\n}}"),
        body.map(lambda found: f"stage('x') {{\n{found}\n}}"),
        body.map(lambda found: f"withEnv(['A=b'])\n{{\n{found}\n}}"),
        body.map(lambda found: f"parallel a: {{\n{found}\n}}, failFast: true"),
        st.tuples(value, body).map(
            lambda found: f"switch (x) {{\ncase {found[0]}:\n{found[1]}\nbreak\ndefault:\nfoo()\n}}"
        ),
        body.map(lambda found: f"def helper(a, String b = 'c') {{\n{found}\n}}"),
    )


def _statements() -> st.SearchStrategy[str]:
    value = expressions()
    simple = st.one_of(
        value.map(lambda found: f"def y = {found}"),
        value.map(lambda found: f"foo = {found}"),
        value.map(lambda found: f"env.FOO = {found}"),
        value.map(lambda found: f"sh script: {found}, returnStdout: true"),
        value.map(lambda found: f"echo({found})"),
        st.tuples(_NAMES, _WORDS.flatmap(_quoted)).map(lambda found: f"{found[0]} {found[1]}"),
        st.sampled_from(
            ["checkout scm", "return", "List<String> z = []", "// a note", "foo(); bar()", "/* note */ foo()"]
        ),
    )
    return st.recursive(simple, _blocks, max_leaves=6)


def scripts() -> st.SearchStrategy[str]:
    """A few statements."""
    return st.lists(_statements(), min_size=1, max_size=4).map("\n".join)
