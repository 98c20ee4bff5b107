"""TeamCity's pipelines at random, in the shape that its reader gives them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from formats.pipelines.strategies import IDS, NAMES, PATHS, SCRIPTS, TIMEOUTS, WORDS, templates, tuples
from seaway.formats.pipelines.teamcity.jobs import Read
from seaway.formats.pipelines.teamcity.reader import _merged
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Cache,
    Checkout,
    Component,
    Concurrency,
    DeployTarget,
    Globs,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Parameter,
    Pipeline,
    Retry,
    Run,
    Runner,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
    Variable,
)

REFS: st.SearchStrategy[Expr] = st.sampled_from(
    [
        Ref("env", ("JDK_17",)),
        Ref("env", ("common",)),
        Ref("var", ("outside",)),
        Ref("run", ("number",)),
        Ref("git", ("branch",)),
        Ref("native", ("teamcity.agent.name",)),
        Ref("job", ("Some", "output", "a.b")),
    ]
)
TEXTS = templates(REFS)
STEP_NAMES = st.one_of(st.just(""), WORDS)
STATUS: st.SearchStrategy[Expr] = st.sampled_from([Call("always"), Call("failure"), Unary("!", Call("cancelled"))])
TESTS: st.SearchStrategy[Expr] = st.one_of(
    st.builds(lambda ref, value: Binary("==", ref, Literal(value)), REFS, WORDS),
    st.builds(lambda ref, value: Call("starts_with", (ref, Literal(value))), REFS, WORDS),
    st.builds(lambda ref, value: Unary("!", Call("contains", (ref, Literal(value)))), REFS, WORDS),
    st.builds(lambda one, two: Binary("!=", one, two), REFS, REFS),
    REFS.map(lambda ref: Binary("!=", ref, Literal(None))),
)
ASKED: st.SearchStrategy[Expr] = st.one_of(
    STATUS,
    TESTS,
    st.just(Literal(value=False)),
    st.builds(lambda one, two: Binary("&&", one, two), STATUS, TESTS),
    st.builds(lambda one, two: Binary("&&", one, two), TESTS, TESTS),
    st.builds(lambda one, two, three: Binary("&&", one, Binary("&&", two, three)), STATUS, TESTS, TESTS),
)
CONDITIONS = st.one_of(st.none(), ASKED.map(lambda expr: Condition(expr, Phase.RUN)))
COMMANDS = st.one_of(
    st.builds(lambda script: (Run(script), "script"), templates(REFS, SCRIPTS)),
    st.builds(
        lambda script, shell: (Run(script, shell), "powerShell"), SCRIPTS, st.sampled_from(["pwsh", "powershell"])
    ),
    st.builds(lambda script: (Run(script, "python"), "python"), SCRIPTS),
    st.builds(lambda task: (Run(f"./gradlew {task}"), "gradle"), PATHS),
    st.builds(lambda goal: (Run(f"mvn {goal} -B"), "maven"), PATHS),
    st.builds(lambda path: (Run(f"{path} -la"), "exec"), PATHS),
    st.builds(lambda script: (Run(script), "nodeJS"), SCRIPTS),
    st.builds(lambda module: (Run(f"python -m {module} -q"), "python"), PATHS),
    st.builds(lambda tag: (Run(f"docker push {tag}\ndocker push b"), "dockerCommand"), PATHS),
    st.builds(lambda tag: (Run(f"docker build -t {tag} ."), "dockerCommand"), PATHS),
)


def _use(native: str, inputs: Any) -> tuple[Use, str]:
    name = "company-runner" if native == "step" else native
    return Use(Component(name, name), tuple(Variable(key, value) for key, value in inputs)), native


INPUTS = tuples(st.tuples(st.sampled_from(["linter", "arguments", "reportDir"]), TEXTS), by=lambda one: one[0])
WORKS = st.one_of(COMMANDS, st.builds(_use, st.sampled_from(["step", "qodana"]), INPUTS))


@st.composite
def steps(draw: Any) -> Step:
    work, native = draw(WORKS)
    if isinstance(work, Run) and draw(st.booleans()):
        work = Run(work.script, work.shell, draw(PATHS))
    return Step(work, draw(STEP_NAMES), draw(st.just("") | IDS), draw(CONDITIONS), native=native)


def variables(most: int = 3) -> st.SearchStrategy[Any]:
    return tuples(
        st.one_of(
            st.builds(Variable, NAMES, TEXTS),
            st.builds(lambda name, value: Variable(f"p.{name}", value, exported=False), IDS, TEXTS),
            NAMES.map(lambda name: Variable(f"S{name}", Template((Ref("secret", (f"S{name}",)),)), secret=True)),
        ),
        most,
        by=lambda one: one.name,
    )


GLOBS = st.one_of(
    st.just(Globs()),
    st.builds(Globs, tuples(PATHS, least=1), tuples(PATHS, 2)),
    tuples(PATHS, least=1).map(lambda names: Globs((), names)),
)
CRONS = st.sampled_from(["5 4 * * *", "30 0 * * 1", "*/5 1-3 * * 1,3", "0 1 2 * *", "0 0 * 1 *"])
ZONES = st.sampled_from(["", "SERVER", "Europe/Berlin"])


def triggers(names: list[str]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda branches, paths: Trigger(TriggerKind.PUSH, "vcs", branches, paths=paths), GLOBS, GLOBS),
        st.builds(
            lambda branches, cron, zone, types: Trigger(
                TriggerKind.SCHEDULE, "schedule", branches, cron=cron, timezone=zone, types=types
            ),
            GLOBS, CRONS, ZONES, st.sampled_from([(), ("pending_changes",)]),
        ),
        st.builds(
            lambda source, types: Trigger(TriggerKind.UPSTREAM, "finishBuildTrigger", sources=(source,), types=types),
            st.sampled_from(names), st.sampled_from([(), ("success",)]),
        ),
    )  # fmt: skip


@st.composite
def jobs(draw: Any, name: str, earlier: list[str]) -> Job:
    shown = draw(st.just("") | TEXTS)
    needs = [
        Need(one, draw(st.sampled_from(["success", "always"])), draw(st.booleans()))
        for one in earlier
        if draw(st.booleans())
    ]
    downs = [
        Artifact("down", paths=draw(tuples(PATHS, 2, 1)), into=draw(st.just("") | PATHS), jobs=(need.job,))
        for need in needs
        if need.artifacts
    ]
    ups = draw(
        tuples(
            st.builds(
                lambda paths, exclude, name: Artifact("up", name=name, paths=paths, exclude=exclude),
                tuples(PATHS, least=1),
                tuples(PATHS, 1),
                st.just("") | PATHS,
            ),
            2,
            by=lambda one: one.name,
        )
    )
    reports = draw(tuples(PATHS.map(lambda path: Artifact("up", reports=(("junit", path),))), 1))
    work = draw(tuples(steps(), 3))
    roots = draw(tuples(st.builds(lambda path: Step(Checkout(path=path), native="vcs"), st.just("") | PATHS), 1))
    if draw(st.booleans()):
        roots = (*roots, Step(Checkout(repository="https://example.org/x.git", ref="refs/heads/main"), native="vcs"))
    return Job(
        name,
        shown,
        needs=tuple(needs),
        dependencies=tuple(need.job for need in needs if need.artifacts),
        runner=Runner(os=draw(st.sampled_from(["", "linux", "windows", "macos"]))),
        container=draw(st.none() | st.just(Image("alpine:3"))) if work else None,
        matrix=draw(st.none() | st.builds(lambda values: Matrix((Axis("axis_a", values), Axis("b", ("1",)))), tuples(TEXTS, least=1))),
        parallel=draw(st.none() | st.integers(2, 9)),
        variables=draw(variables()),
        steps=(*roots, *work),
        caches=draw(tuples(st.builds(lambda key, paths: Cache(key=key, paths=paths), WORDS, tuples(PATHS, least=1)), 1)),
        artifacts=(*downs, *ups, *reports),
        timeout=draw(st.none() | TIMEOUTS),
        retry=draw(st.none() | st.builds(Retry, st.integers(1, 5))),
        environment=draw(st.none() | st.just(DeployTarget(shown or name))),
        approval=draw(st.none() | st.just(Approval(who=("user:alice", "group:X:2")))),
        concurrency=draw(st.none() | st.sampled_from([Concurrency(name, queue=True), Concurrency("a lock", queue=True)])),
        natives=draw(st.sampled_from([(), (Native("features.perfmon", "perfmon {\n}"), Native("requirements.exists", 'exists("x")'))])),
    )  # fmt: skip


PARAMETERS = st.one_of(
    st.builds(Parameter, IDS.map("i_{}".format), default=st.none() | WORDS, description=st.just("") | WORDS),
    st.builds(
        lambda name, default: Parameter(name, "boolean", default),
        IDS.map("b_{}".format),
        st.sampled_from([None, "true", "false"]),
    ),
    st.builds(
        lambda name, options: Parameter(name, "choice", options[0], options=options),
        IDS.map("c_{}".format),
        tuples(WORDS, 3, 1),
    ),
)


@st.composite
def teamcity_pipelines(draw: Any) -> Pipeline:
    """Settings as `teamcity.parse` gives them."""
    names = draw(
        st.lists(st.from_regex(r"[A-Za-z][a-z0-9]{1,5}", fullmatch=True), min_size=1, max_size=3, unique_by=str.lower)
    )
    made = [draw(jobs(name, names[:at])) for at, name in enumerate(names)]
    started = [Read(job, [*draw(tuples(triggers(names), 2, by=repr))]) for job in made]
    return Pipeline(
        System.TEAMCITY,
        "x.kts",
        triggers=_merged(started),
        parameters=draw(tuples(PARAMETERS, by=lambda one: one.name)),
        variables=(Variable("common", "x", exported=False), *draw(variables(2))),
        jobs=tuple(made),
        natives=(Native("version", 'version = "2024.12"'),),
    )
