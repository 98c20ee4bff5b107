"""VEL-01: dependencies are downloaded anew at every run. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess import commands
from seaway.assess.rule import Case, Edits, Hit, Rule, flat
from seaway.formats.pipelines.github_actions import components
from seaway.formats.yaml.patch import Edit
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Cache, Job, Step, System, Use

# Set-up actions with a cache of their own that has to be asked for: tool -> (action, input's value, lock file).
_ASKED = {
    "npm": ("actions/setup-node", "npm", "package-lock.json"),
    "yarn": ("actions/setup-node", "yarn", "yarn.lock"),
    "pnpm": ("actions/setup-node", "pnpm", "pnpm-lock.yaml"),
    "pip": ("actions/setup-python", "pip", "requirements.txt"),
    "poetry": ("actions/setup-python", "poetry", "poetry.lock"),
    "pipenv": ("actions/setup-python", "pipenv", "Pipfile.lock"),
    "maven": ("actions/setup-java", "maven", "pom.xml"),
}


_TASKS = frozenset(
    {"usenode", "nodetool", "usepythonversion", "gotool", "javatoolinstaller", "userubyversion"}
)  # Azure's keep nothing


def check(case: Case) -> list[Hit] | None:
    """Jobs that install from a list of dependencies and keep nothing, on machines that begin empty."""
    found: list[Hit] = []
    judged = False
    for job in case.jobs:
        tools = _tools(case, job)
        if not tools or _is_kept(case, job):
            continue
        judged = True
        if _caches(job):
            continue
        tool, words, step = tools[0]
        message = (
            f"{tool} downloads the dependencies anew at every run of {flat(job.name) or job.id}: nothing is cached"
        )
        span = case.within(step.span, words, job)
        found.append(Hit(span, message, (job.id, tool), fix=lambda job=job, tool=tool: _asked(case, job, tool)))  # type: ignore[misc]
    return found if judged else None


def _tools(case: Case, job: Job) -> list[tuple[str, str, Step]]:
    """(tool, its words, the step) of each install."""
    return [
        (tool, match[0].strip(" \n;&|("), script.step)
        for script in case.scripts
        if script.job is job
        for tool, pattern in commands.INSTALLS
        if (match := pattern.search(script.text))
    ]


def _is_kept(case: Case, job: Job) -> bool:
    """The machine may keep files between runs, or what an unknown component does is not known."""
    if case.system is System.GITHUB_ACTIONS:
        labels = {flat(label).lower() for label in job.runner.labels}
        return (
            bool(job.runner.group)
            or "self-hosted" in labels
            or any("\u27e6" in label and "matrix" not in label for label in labels)
        )
    if case.system is System.AZURE_PIPELINES:
        return bool(job.runner.group)
    return False


def _caches(job: Job) -> bool:
    if job.caches:
        return True
    for step in job.steps:
        if isinstance(step.work, Cache):
            return True
        if isinstance(step.work, Use):
            name = step.work.ref.name.lower()
            known = components.set_up(step.work.ref)
            if name in _TASKS:
                continue
            if "cache" in name or "install" in name or (known is None and not name.startswith(("actions/", "docker/"))):
                return True  # it may well keep them
    return False


def _asked(case: Case, job: Job, tool: str) -> Edits:
    """`cache:` for the set-up action of the tool, where its lock file is in the repository's root."""
    action, value, lock = _ASKED.get(tool, ("", "", ""))
    if case.system is not System.GITHUB_ACTIONS or not action or lock not in case.files:
        return ()
    for step in job.steps:
        if (
            isinstance(step.work, Use)
            and step.work.ref.name.lower() == action
            and step.work.inputs
            and step.span is not None
        ):
            first = step.work.inputs[0].span
            text = case.texts[step.span.path]
            if first is None or first.path != step.span.path:
                return ()
            start = text.rfind("\n", 0, first.start) + 1
            step_in = text[start : first.start]
            newline = "\r\n" if text[: text.find("\n")].endswith("\r") else "\n"
            if step_in.strip():
                return [Edit(first.start, first.start, f"cache: {value}, ")]
            return [Edit(first.start, first.start, f"cache: {value}{newline}{step_in}")]
    return ()


RULE = Rule(
    id="no-dependency-cache",
    number="VEL-01",
    title="Dependencies are downloaded anew at every run",
    why="Each run waits for the network, and fails when a registry does.",
    advice="Ask the set-up action for its cache, or keep the tool's download folder under a key with the hash of the lock file.",
    patch="Adds `cache:` to the set-up action, where the lock file is in the repository's root.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("lead_time"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI, System.AZURE_PIPELINES, System.CIRCLECI}),
    check=check,
)
