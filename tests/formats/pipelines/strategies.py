"""Pipelines at random, in the shape that each system's reader gives them: what all share, and GitHub's. The others' stand beside.

Values are drawn small: what matters is which constructs stand together, not how long their words are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from seaway.formats.pipelines.github_actions import components
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary
from seaway.model.pipeline import (
    Artifact,
    Axis,
    Cache,
    Checkout,
    Concurrency,
    DeployTarget,
    Globs,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Parameter,
    Permissions,
    Pipeline,
    Run,
    Runner,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
    Variable,
)

# What all systems share.

IDS = st.from_regex(r"[a-z][a-z0-9_-]{0,7}", fullmatch=True)
NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,7}", fullmatch=True)
PLAIN_CHARACTERS = "abcXYZ 019:#-'\"{}[]&*!|>%@`,?=~$/\\.\u00e9\u4e2d"
WORDS = (
    st.text(PLAIN_CHARACTERS, min_size=1, max_size=12).map(str.strip).filter(lambda text: text and "${{" not in text)
)
LINES = st.lists(WORDS, min_size=1, max_size=3)
SCRIPTS = LINES.map(lambda lines: "\n".join(lines) + "\n" if len(lines) > 1 else lines[0])
PATHS = st.from_regex(r"[a-z][a-z0-9._*/-]{0,10}", fullmatch=True)
TIMEOUTS = st.integers(1, 600).map(lambda count: timedelta(minutes=count))


def tuples(strategy: st.SearchStrategy[Any], most: int = 3, least: int = 0, by: Any = None) -> st.SearchStrategy[Any]:
    """Tuples, without two of the same `by`."""
    return st.lists(strategy, min_size=least, max_size=most, unique_by=by).map(tuple)


def templates(expressions: st.SearchStrategy[Expr], words: st.SearchStrategy[str] = WORDS) -> st.SearchStrategy[Any]:
    """Plain text, or text around one or two expressions."""
    return st.one_of(
        words,
        expressions.map(lambda expr: Template((expr,))),
        st.builds(lambda text, expr: Template((f"{text}-", expr)), words, expressions),
        st.builds(lambda one, text, two: Template((one, f"/{text}.", two)), expressions, words, expressions),
    )


# GitHub Actions.

GITHUB_REFS = st.one_of(
    st.builds(lambda context, name: Ref(context, (name,)), st.sampled_from(["env", "var", "input", "matrix"]), NAMES),
    st.sampled_from(
        [
            Ref("git", ("ref_name",)),
            Ref("git", ("sha",)),
            Ref("event", ("kind",)),
            Ref("event", ("source_branch",)),
            Ref("run", ("id",)),
            Ref("native", ("github", "event", "issue", "title")),
            Ref("step", ("a", "output", "b")),
            Ref("job", ("a", "result")),
            Ref("native", ("github", "event", "labels", "*", "name")),
        ]
    ),
)
GITHUB_LITERALS = st.one_of(st.booleans(), st.integers(-99, 99), WORDS, st.none()).map(Literal)


def _calls(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.sampled_from(["success", "failure", "always", "cancelled"]).map(Call),
        st.builds(Call, st.sampled_from(["contains", "ends_with", "join"]), two),
        st.builds(lambda one: Call("to_json", (one,)), inner),
    )


# Comparisons of refs with text have spellings of their own: tests/formats/pipelines/github_actions/test_expressions.py.
GITHUB_EXPRESSIONS: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(GITHUB_REFS, GITHUB_LITERALS),
    lambda inner: st.one_of(
        st.builds(lambda one: Unary("!", one), inner),
        st.builds(Binary, st.sampled_from(["<", ">=", "&&", "||"]), inner, inner),
        st.builds(lambda one, two: Binary("==", one, two), _calls(inner), inner),
        _calls(inner),
    ),
    max_leaves=5,
)
GITHUB_TEXTS = templates(GITHUB_EXPRESSIONS)


def _variables(names: st.SearchStrategy[str] = NAMES, most: int = 3) -> st.SearchStrategy[Any]:
    plain = st.builds(Variable, names, GITHUB_TEXTS)
    secret = st.builds(lambda name, key: Variable(name, Template((Ref("secret", (key,)),)), secret=True), names, NAMES)
    return tuples(st.one_of(plain, secret), most, by=lambda one: one.name.lower())


def _conditions(phase: Phase) -> st.SearchStrategy[Condition | None]:
    return st.one_of(st.none(), GITHUB_EXPRESSIONS.map(lambda expr: Condition(expr, phase)))


def _tolerance(phase: Phase) -> st.SearchStrategy[Any]:
    return st.one_of(st.booleans(), GITHUB_EXPRESSIONS.map(lambda expr: Condition(expr, phase)))


def _action(name: str) -> Any:
    return components.component(f"{name}@v4")


def _cache(key: Any, paths: Any, fallbacks: Any, action: str) -> Cache:
    name = {"both": "actions/cache"}.get(action, f"actions/cache/{action}")
    files = components.hashed_files(key)
    return Cache(key=key, files=files, paths=paths, fallbacks=fallbacks, action=action, component=_action(name))


GITHUB_KEYS = st.one_of(
    WORDS,
    PATHS.map(lambda path: Template(("k-", Ref("runner", ("os",)), "-", Call("hash_files", (Literal(path),))))),
)
GITHUB_WORK = st.one_of(
    st.builds(
        Run,
        templates(GITHUB_EXPRESSIONS, SCRIPTS),
        st.sampled_from(["", "bash", "pwsh"]),
        st.one_of(st.just(""), PATHS),
    ),
    st.builds(
        Checkout,
        depth=st.one_of(st.none(), st.integers(0, 50)),
        ref=st.one_of(st.just(""), GITHUB_TEXTS),
        submodules=st.sampled_from(["", "true", "recursive"]),
        lfs=st.booleans(),
        credentials=st.one_of(st.none(), st.booleans()),
        component=st.just(_action("actions/checkout")),
        inputs=_variables(st.sampled_from(["token", "sparse-checkout"])),
    ),
    st.builds(_cache, GITHUB_KEYS, tuples(PATHS, least=1), tuples(PATHS), st.sampled_from(["both", "restore", "save"])),
    st.builds(
        Artifact,
        st.just("up"),
        name=GITHUB_TEXTS,
        paths=tuples(PATHS, least=1),
        exclude=tuples(PATHS, 1),
        expires=st.one_of(st.none(), st.integers(1, 90).map(lambda days: timedelta(days=days))),
        component=st.just(_action("actions/upload-artifact")),
    ),
    st.builds(
        Artifact,
        st.just("down"),
        name=GITHUB_TEXTS,
        into=st.one_of(st.just(""), PATHS),
        component=st.just(_action("actions/download-artifact")),
    ),
    st.builds(
        lambda name, inputs: Use(_action(name), inputs),
        st.sampled_from(["actions/setup-node", "docker/build-push-action", "actions/setup-go"]),
        _variables(st.sampled_from(["cache", "node-version", "tags", "cache-dependency-path"])),
    ),
)
GITHUB_STEPS = st.builds(
    Step,
    GITHUB_WORK,
    name=st.one_of(st.just(""), WORDS),
    id=st.one_of(st.just(""), IDS),
    condition=_conditions(Phase.RUN),
    env=_variables(),
    timeout=st.one_of(st.none(), TIMEOUTS),
    continue_on_error=_tolerance(Phase.RUN),
)


def _rows(names: list[str]) -> st.SearchStrategy[Any]:
    return tuples(tuples(st.tuples(st.sampled_from(names), GITHUB_TEXTS), 2, 1, by=lambda pair: pair[0]), 2)


def _matrix(draw: Any) -> Matrix:
    if draw(st.integers(0, 5)) == 0:
        return Matrix(computed="${{ fromJSON(needs.plan.outputs.matrix) }}", fail_fast=draw(st.none() | st.booleans()))
    names = draw(
        st.lists(IDS.filter(lambda name: name not in {"include", "exclude"}), min_size=1, max_size=3, unique=True)
    )
    values = st.one_of(GITHUB_TEXTS, st.sampled_from(["true", "3.10", "10", '{"a": 1, "b": ["x", true]}']))
    axes = st.builds(tuple, st.tuples(*(st.builds(Axis, st.just(name), tuples(values, 3, 1)) for name in names)))
    return Matrix(
        draw(axes),
        draw(_rows([*names, "more"])),
        draw(_rows(names)),
        max_parallel=draw(st.none() | st.integers(1, 9)),
        fail_fast=draw(st.none() | st.booleans()),
    )


GITHUB_IMAGES = st.builds(
    Image,
    st.from_regex(r"[a-z]{1,6}:[0-9.]{1,4}[0-9]", fullmatch=True),
    env=_variables(),
    ports=tuples(st.from_regex(r"[1-9][0-9]{1,3}:80", fullmatch=True)),
    options=st.sampled_from(["", "--cpus 2"]),
)
GITHUB_LABELS = st.sampled_from(["ubuntu-latest", "windows-2022", "macos-14", "self-hosted"])


@st.composite
def github_jobs(draw: Any, name: str, earlier: tuple[str, ...]) -> Job:
    """A job that may need those before it."""
    labels = draw(tuples(GITHUB_LABELS, 2, 1))
    steps = draw(tuples(GITHUB_STEPS, 4, 1))
    services = draw(
        tuples(st.builds(lambda image, alias: (image, alias), GITHUB_IMAGES, IDS), 2, by=lambda one: one[1])
    )
    options = [st.none(), tuples(st.sampled_from(earlier), by=lambda one: one)] if earlier else [st.none()]
    needs = draw(st.one_of(options))
    return Job(
        name,
        draw(st.just("") | GITHUB_TEXTS),
        needs=None if needs is None else tuple(Need(one, artifacts=False) for one in needs),
        condition=draw(_conditions(Phase.QUEUE)),
        runner=Runner(labels, draw(st.sampled_from(["", "large"])), components_os(labels)),
        container=draw(st.none() | GITHUB_IMAGES),
        services=tuple(Image(image.name, alias, env=image.env, ports=image.ports) for image, alias in services),
        matrix=_matrix(draw) if draw(st.booleans()) else None,
        variables=draw(_variables()),
        permissions=draw(st.none() | GITHUB_PERMISSIONS),
        steps=steps,
        caches=components.tool_caches(steps),
        outputs=draw(_variables(IDS, 2)),
        timeout=draw(st.none() | TIMEOUTS),
        continue_on_error=draw(_tolerance(Phase.QUEUE)),
        environment=draw(st.none() | st.builds(DeployTarget, GITHUB_TEXTS, st.just("") | GITHUB_TEXTS)),
        concurrency=draw(st.none() | GITHUB_CONCURRENCY),
        shell=draw(st.sampled_from(["", "bash"])),
        natives=draw(st.sampled_from([(), (Native(f"jobs.{name}.snapshot", '{"image": "x", "n": 1}'),)])),
    )


def components_os(labels: tuple[str, ...]) -> str:
    """The operating system that labels name, as the reader finds it."""
    words = {"ubuntu": "linux", "windows": "windows", "macos": "macos"}
    return next((words[label.split("-")[0]] for label in labels if label.split("-")[0] in words), "")


GITHUB_PERMISSIONS = st.one_of(
    st.builds(
        Permissions,
        tuples(
            st.tuples(st.sampled_from(["contents", "packages"]), st.sampled_from(["read", "write"])),
            2,
            1,
            by=lambda one: one[0],
        ),
    ),
    st.sampled_from([Permissions((), word) for word in ("read", "write", "none")]),
)
GITHUB_CONCURRENCY = st.builds(Concurrency, GITHUB_TEXTS, _tolerance(Phase.QUEUE), st.booleans())
GITHUB_GLOBS = st.one_of(
    st.just(Globs()),
    st.builds(Globs, tuples(PATHS, least=1), tuples(PATHS, 2)),
    tuples(PATHS, least=1).map(lambda names: Globs((), names)),
)
GITHUB_PARAMETERS = st.builds(
    Parameter,
    IDS,
    st.sampled_from(["string", "boolean", "number", "choice"]),
    st.one_of(st.none(), WORDS),
    st.one_of(st.just(""), WORDS),
    st.booleans(),
    tuples(WORDS),
)


@st.composite
def github_triggers(draw: Any) -> tuple[Trigger, ...]:
    found: list[Trigger] = []
    branches, tags = draw(GITHUB_GLOBS), draw(GITHUB_GLOBS)
    kind = TriggerKind.TAG if tags != Globs() and branches == Globs() else TriggerKind.PUSH
    found.append(Trigger(kind, "push", branches, tags, draw(GITHUB_GLOBS)))
    if draw(st.booleans()):
        found.append(Trigger(TriggerKind.PULL_REQUEST, "pull_request", draw(GITHUB_GLOBS), types=draw(tuples(IDS))))
    found += [
        Trigger(TriggerKind.SCHEDULE, "schedule", cron=f"{minute} 4 * * 1")
        for minute in draw(tuples(st.integers(0, 59)))
    ]
    if draw(st.booleans()):
        inputs = draw(tuples(GITHUB_PARAMETERS, by=lambda one: one.name))
        found.append(Trigger(TriggerKind.MANUAL, "workflow_dispatch", inputs=inputs))
    if draw(st.booleans()):
        found.append(Trigger(TriggerKind.UPSTREAM, "workflow_run", sources=draw(tuples(WORDS, least=1))))
    return tuple(found)


@st.composite
def github_pipelines(draw: Any) -> Pipeline:
    """A workflow as `github_actions.parse` gives it."""
    names = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    triggers = draw(github_triggers())
    return Pipeline(
        System.GITHUB_ACTIONS,
        "x.yml",
        draw(st.just("") | GITHUB_TEXTS),
        triggers,
        tuple(one for trigger in triggers for one in trigger.inputs),
        draw(_variables()),
        draw(st.none() | GITHUB_PERMISSIONS),
        draw(st.none() | GITHUB_CONCURRENCY),
        jobs=tuple(draw(github_jobs(name, tuple(names[:at]))) for at, name in enumerate(names)),
        shell=draw(st.sampled_from(["", "bash"])),
        natives=draw(st.sampled_from([(), (Native("x-kept", "[1, 2]"), Native("run-name", "a b"))])),
    )
