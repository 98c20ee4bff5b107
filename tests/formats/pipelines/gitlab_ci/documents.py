"""Random `.gitlab-ci.yml` documents as plain data, for hypothesis. Used by the tests of writing."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["build", "test", "lint", "deploy", "e2e", "docs"])
VARIABLES = st.sampled_from(["A", "B", "TOKEN", "MODE", "GIT_DEPTH", "PART"])
WORDS = st.sampled_from(
    [
        "x",
        "yes",
        "0",
        "1.10",
        "a b",
        "it's",
        "$A",
        "${B}-c",
        "$$x",
        "$CI_COMMIT_SHA",
        "a: b",
        "# no",
        "*",
        "@x",
        "1:30",
        "-",
        "100$",
        "é",
        '"q"',
        "$",
    ]
)
LINES = st.sampled_from(
    [
        "make",
        "echo $A",
        'echo "a: b"',
        "cd x && ls",
        "for i in 1 2; do\n  echo $i\ndone",
        "echo '${B}' # x",
        "a\n\nb",
        "- x",
        "!x",
        "if: y",
    ]
)
VALUES = st.sampled_from(
    ["$A", "$CI_COMMIT_BRANCH", "$CI_COMMIT_TAG", "$CI_PIPELINE_SOURCE", "$CI_DEFAULT_BRANCH", "$GITLAB_USER_ID"]
)
RIGHT = st.sampled_from(['"main"', "'x'", "null", '""', "$B", '"merge_request_event"', '"push"'])
COMPARISONS = st.one_of(
    VALUES,
    st.builds("{} {} {}".format, VALUES, st.sampled_from(["==", "!="]), RIGHT),
    st.builds("{} {} {}".format, VALUES, st.sampled_from(["=~", "!~"]), st.sampled_from(["/^v/", r"/a\/b/i", "$B"])),
)
CONDITIONS = st.recursive(
    COMPARISONS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner), max_leaves=4
)
PATHS = st.lists(st.sampled_from(["dist/", "a/**/*", "$A/x", "out.txt"]), min_size=1, max_size=2, unique=True)
WHENS = st.sampled_from(["on_success", "on_failure", "always"])


def mapping(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def variables(extra: st.SearchStrategy[Any] = WORDS) -> st.SearchStrategy[Any]:
    return st.dictionaries(VARIABLES, st.one_of(WORDS, extra), max_size=3)


RULES = st.lists(
    mapping(
        {},
        {
            "if": CONDITIONS,
            "changes": PATHS,
            "exists": st.just(["Dockerfile"]),
            "when": st.sampled_from(["on_success", "never", "always", "on_failure", "manual"]),
            "allow_failure": st.booleans(),
            "variables": variables(),
            "interruptible": st.booleans(),
        },
    ),
    min_size=1,
    max_size=3,
)
MATRIX = st.lists(
    st.dictionaries(st.sampled_from(["OS", "PY"]), st.lists(WORDS, min_size=1, max_size=3), min_size=1),
    min_size=1,
    max_size=2,
)
IMAGES = st.one_of(
    WORDS,
    mapping(
        {"name": WORDS},
        {"entrypoint": st.lists(WORDS, max_size=2), "pull_policy": st.just("always"), "docker": st.just({"user": "x"})},
    ),
)
SERVICES = st.lists(
    st.one_of(
        WORDS,
        mapping(
            {"name": WORDS}, {"alias": st.just("db"), "command": st.lists(WORDS, max_size=2), "variables": variables()}
        ),
    ),
    max_size=2,
)
CACHES = mapping(
    {"paths": PATHS},
    {
        "key": st.one_of(WORDS, mapping({"files": PATHS}, {"prefix": WORDS})),
        "policy": st.sampled_from(["pull", "push", "pull-push"]),
        "when": WHENS,
        "fallback_keys": st.lists(WORDS, min_size=1, max_size=2),
        "untracked": st.booleans(),
        "unprotect": st.booleans(),
    },
)
ARTIFACTS = mapping(
    {},
    {
        "paths": PATHS,
        "exclude": PATHS,
        "name": WORDS,
        "when": WHENS,
        "expire_in": st.sampled_from(["1 week", "never", "2h 30m", "90 days", "1 mo and 2 d", "30"]),
        "untracked": st.booleans(),
        "expose_as": st.just("files"),
        "reports": mapping(
            {},
            {
                "junit": st.one_of(st.just("a.xml"), st.just(["a.xml", "b.xml"])),
                "dotenv": st.just("x.env"),
                "coverage_report": st.fixed_dictionaries(
                    {"coverage_format": st.just("cobertura"), "path": st.just("c.xml")}
                ),
            },
        ),
    },
)
NEEDS = st.lists(
    st.one_of(
        NAMES,
        mapping(
            {"job": NAMES},
            {"artifacts": st.booleans(), "optional": st.booleans(), "parallel": st.just({"matrix": [{"OS": "x"}]})},
        ),
    ),
    max_size=3,
    unique_by=str,
)
SCRIPTS = st.one_of(LINES, st.lists(st.one_of(LINES, st.lists(LINES, max_size=2)), min_size=1, max_size=3))
COMMON = {
    "image": IMAGES,
    "services": SERVICES,
    "tags": st.lists(WORDS, max_size=2),
    "cache": st.one_of(CACHES, st.lists(CACHES, min_size=1, max_size=2)),
    "before_script": SCRIPTS,
    "after_script": SCRIPTS,
    "interruptible": st.booleans(),
    "retry": st.one_of(
        st.integers(0, 2),
        mapping({"max": st.integers(0, 2)}, {"when": st.just(["always"]), "exit_codes": st.just([3])}),
    ),
    "timeout": st.sampled_from(["1h", "90 minutes", "2 hours 5 seconds", "soon"]),
    "artifacts": ARTIFACTS,
    "id_tokens": st.just({"T": {"aud": "x"}}),
}
JOBS = mapping(
    {"script": SCRIPTS},
    {
        **COMMON,
        "stage": st.sampled_from(["build", "test", "deploy", ".pre"]),
        "needs": NEEDS,
        "dependencies": st.lists(NAMES, max_size=2, unique=True),
        "variables": variables(),
        "parallel": st.one_of(st.integers(1, 4), st.builds(lambda rows: {"matrix": rows}, MATRIX)),
        "allow_failure": st.one_of(st.booleans(), st.just({"exit_codes": 3})),
        "environment": st.one_of(
            WORDS,
            mapping(
                {"name": WORDS},
                {"url": WORDS, "action": st.just("stop"), "deployment_tier": st.just("testing"), "on_stop": NAMES},
            ),
        ),
        "resource_group": WORDS,
        "coverage": st.just("/x/"),
        "release": st.just({"tag_name": "$CI_COMMIT_TAG", "description": "x"}),
    },
)
DECISIONS = st.one_of(
    st.just({}),
    st.builds(lambda rules: {"rules": rules}, RULES),
    st.builds(lambda when: {"when": when}, st.sampled_from(["manual", "always", "on_failure", "never", "delayed"])),
    st.builds(
        lambda only: {"only": only}, st.sampled_from([["main"], ["tags", "/^v/"], {"refs": ["web"], "changes": ["x"]}])
    ),
    st.just({"except": ["schedules"], "when": "always"}),
)
TRIGGERS = st.sampled_from(
    [
        "group/project",
        {"project": "group/project", "branch": "main", "strategy": "depend"},
        {"include": "child.yml"},
        {"include": [{"local": "child.yml", "inputs": {"a": "b"}}], "strategy": "depend"},
        {"include": [{"artifact": "x.yml", "job": "build"}]},
    ]
)
CALLS = st.builds(lambda trigger, decision: {"trigger": trigger, **decision}, TRIGGERS, DECISIONS)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """One pipeline."""
    made: dict[str, Any] = draw(
        mapping(
            {},
            {
                "stages": st.sampled_from([["build", "test", "deploy"], ["test", "build"]]),
                "variables": variables(
                    mapping({"value": WORDS}, {"description": st.just("what it is"), "options": st.just(["x"])})
                ),
                "workflow": mapping(
                    {}, {"name": WORDS, "rules": RULES, "auto_cancel": st.just({"on_new_commit": "none"})}
                ),
                "default": mapping({}, COMMON),
            },
        )
    )
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        job = draw(st.one_of(CALLS, st.builds(lambda job, decision: {**job, **decision}, JOBS, DECISIONS), JOBS))
        if draw(st.booleans()) and "trigger" not in job:
            job["inherit"] = {"default": draw(st.sampled_from([False, True, ["image", "tags"]]))}
        made[name] = job
    return made
