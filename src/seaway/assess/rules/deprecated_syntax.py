"""GOV-94: words, runner images and versions that the system has taken back or will. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.rule import Case, Hit, Rule, flat, place
from seaway.model.expression import is_plain
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System, Use

# Hosted images and the year in which they went, as the systems announced it.
_IMAGES = {
    "ubuntu-16.04": "2021",
    "ubuntu-18.04": "2023",
    "ubuntu-20.04": "2025",
    "macos-10.14": "2021",
    "macos-10.15": "2022",
    "macos-11": "2024",
    "macos-12": "2024",
    "macos-13": "2025",
    "windows-2016": "2022",
    "windows-2019": "2025",
    "vs2017-win2016": "2022",
}
# Official actions on versions of Node that GitHub no longer runs: the last major version that is gone.
_LAST_GONE = {
    "actions/checkout": 3,
    "actions/setup-node": 3,
    "actions/setup-python": 4,
    "actions/setup-java": 3,
    "actions/setup-go": 4,
    "actions/setup-dotnet": 3,
    "actions/github-script": 6,
    "actions/cache": 3,
    "actions/upload-artifact": 3,
    "actions/download-artifact": 3,
}
_STOPPED = frozenset({"actions/upload-artifact", "actions/download-artifact"})  # version 3 fails since 2025-01-30
_COMMAND = re.compile(r"::(set-output|save-state|set-env|add-path)\b")
_FORBIDDEN = frozenset({"set-env", "add-path"})
_CIRCLE_IMAGE = re.compile(r"circleci/[\w-]+(?::|$)")
_MACHINE = re.compile(r"\b(ubuntu-1404:\S+|ubuntu-1604:\S+|circleci/classic:\S+)")
_DEPLOY_STEP = re.compile(r"(?:-[ \t]+)?(deploy):")
_MAJOR = re.compile(r"v?(\d+)")
_TEKTON = re.compile(r"^apiVersion:[ \t]*[\"']?(tekton\.dev/(v1alpha1|v1beta1))", re.MULTILINE)
_KIND = re.compile(r"^kind:[ \t]*(Pipeline|Task|PipelineRun|TaskRun|ClusterTask|PipelineResource)\b", re.MULTILINE)


def check(case: Case) -> list[Hit] | None:
    """What each system has announced; nothing is said of what is merely old."""
    return list(_CHECKS[case.system](case))


def _github(case: Case) -> Iterator[Hit]:
    for script in case.scripts:
        for line in script.lines:
            match = _COMMAND.search(line)
            if (match and "echo" in line[: match.start()].lower()) or (match and "Write-" in line):
                gone = match[1] in _FORBIDDEN
                words = f"the command ::{match[1]} {'is switched off' if gone else 'is deprecated'}: write to the file of $GITHUB_{_file(match[1])}"
                span = case.within(script.step.span, match[0], script.job)
                yield Hit(span, words, (*script.place, match[1]), Severity.HIGH if gone else None)
    for job, step in case.steps:
        ref = step.work.ref if isinstance(step.work, Use) else getattr(step.work, "component", None)
        last = _LAST_GONE.get("/".join(ref.name.lower().split("/")[:2])) if ref else None
        major = _MAJOR.match(ref.version) if ref is not None and len(ref.version) < 12 else None
        if ref is None or ref.span is None or last is None or major is None or int(major[1]) > last:
            continue
        stopped = ref.name.lower() in _STOPPED
        words = f"{ref.text} {'no longer works' if stopped else 'needs a version of Node that GitHub has taken out'}: use v{last + 1} or newer"
        yield Hit(ref.span, words, (job.id if job else "", ref.text), Severity.HIGH if stopped else None)
    yield from _hosted(case)


def _file(command: str) -> str:
    return {"set-output": "OUTPUT", "save-state": "STATE", "set-env": "ENV", "add-path": "PATH"}[command]


def _hosted(case: Case) -> Iterator[Hit]:
    for job in case.jobs:
        labels = [label for label in job.runner.labels if is_plain(label)]
        if any(flat(label).lower() == "self-hosted" for label in labels) or job.runner.group:
            continue
        for label in labels:
            year = _IMAGES.get(flat(label).lower())
            span = job.runner.span or job.key_span
            if year is not None and span is not None:
                words = (
                    f"the hosted image {flat(label)} is gone since {year}: this job waits for a runner that never comes"
                )
                yield Hit(case.within(span, flat(label)), words, (job.id, flat(label)), Severity.HIGH)
        values = [value for axis in (job.matrix.axes if job.matrix else ()) for value in axis.values if is_plain(value)]
        for value in values:
            year = _IMAGES.get(flat(value).lower())
            span = job.matrix.span if job.matrix else None
            if year is not None and span is not None and any("matrix" in flat(label) for label in job.runner.labels):
                words = (
                    f"the hosted image {flat(value)} is gone since {year}: this job waits for a runner that never comes"
                )
                yield Hit(case.within(span, flat(value)), words, (job.id, flat(value)), Severity.HIGH)


def _gitlab(case: Case) -> Iterator[Hit]:
    for job in case.jobs:
        for one in job.natives:
            word = one.key.rpartition(".")[2]
            if word in {"only", "except"} and one.key.count(".") == 1 and one.span is not None:
                words = f"`{word}` is deprecated and gets no new features: say it with `rules`"
                yield Hit(case.within(one.span, ""), words, (job.id, word), Severity.LOW)
    for script in case.scripts:
        match = re.search(
            r"\$\{?(CI_BUILD_(?:ID|REF|REF_NAME|REF_SLUG|NAME|STAGE|TAG|TOKEN|REPO|BEFORE_SHA|MANUAL|TRIGGERED))\b",
            script.text,
        )
        if match:
            words = f"{match[1]} is an old name that GitLab no longer sets: its successor is called CI_COMMIT_... or CI_JOB_..."
            yield Hit(case.within(script.step.span, match[0], script.job), words, (*script.place, match[1]))


def _circleci(case: Case) -> Iterator[Hit]:
    for job in case.jobs:
        for image in (job.container, *job.services):
            if image is None or not isinstance(image.name, str) or image.span is None:
                continue
            if _CIRCLE_IMAGE.match(image.name):
                words = f"{image.name} is a legacy image without updates since 2021-12-31: its successor is cimg/..."
                yield Hit(image.span, words, (job.id, image.name))
    text = case.texts.get(case.pipeline.path, "")
    for match in re.finditer(
        r"^[ \t]*image:[ \t]*[\"']?(ubuntu-1[46]04:[\w.-]+|circleci/classic:[\w.-]+)", text, re.MULTILINE
    ):
        span = case.within(case.pipeline.span, match[1])
        yield Hit(
            span,
            f"the machine image {match[1]} is gone: use a current ubuntu-2204 or newer",
            ("machine", match[1]),
            Severity.HIGH,
        )

    yield from _circleci_words(case, text)


def _circleci_words(case: Case, text: str) -> Iterator[Hit]:
    path = case.pipeline.path
    for owner, step in case.steps:
        span = step.span
        found = _DEPLOY_STEP.match(text, span.start, span.end) if span is not None and span.path == path else None
        if found is not None:
            words = "the step `deploy` is deprecated, and has to be taken out: with parallelism 1, `run` does the same"
            yield Hit(place(text, path, found.start(1), found.end(1)), words, (owner.id if owner else "", "deploy"))
    for job in case.jobs:
        for one in job.natives:
            if one.key == f"jobs.{job.id}.branches" and one.span is not None:
                words = "`branches` of a job is deprecated: say it with `filters` in the workflow"
                yield Hit(case.within(one.span, ""), words, (job.id, "branches"), Severity.LOW)


def _azure(case: Case) -> Iterator[Hit]:
    yield from _hosted(case)


def _tekton(case: Case) -> Iterator[Hit]:
    for path, text in case.texts.items():
        for match in _TEKTON.finditer(text):
            end = text.find("\n---", match.end())
            document = text[match.start() : end if end >= 0 else len(text)]
            kind = _KIND.search(document)
            if kind is None:
                continue
            span = place(text, path, match.start(1), match.end(1))
            gone = match[2] == "v1alpha1" or kind[1] == "PipelineResource"
            if kind[1] == "ClusterTask":
                yield Hit(
                    span,
                    "ClusterTask is taken out of Tekton Pipelines: use the resolver `cluster`",
                    ("kind", kind[1]),
                    Severity.HIGH,
                )
                continue
            words = "is no longer served" if gone else "is deprecated"
            yield Hit(
                span,
                f"{match[1]} {words} for {kind[1]}: use tekton.dev/v1",
                ("api", match[1]),
                Severity.HIGH if gone else Severity.LOW,
            )


_CHECKS = {
    System.GITHUB_ACTIONS: _github,
    System.GITLAB_CI: _gitlab,
    System.CIRCLECI: _circleci,
    System.AZURE_PIPELINES: _azure,
    System.TEKTON: _tekton,
}

RULE = Rule(
    id="deprecated-syntax",
    number="GOV-94",
    title="Something is used that the CI system has taken back or will",
    why="On a day that others choose, the pipeline stops: perhaps the day on which a fix has to go out.",
    advice="Use the successor that the message names.",
    severity=Severity.MEDIUM,
    confidence=0.95,
    impact=Impact("lead_time"),
    effort="S",
    refs=("NIST SSDF PO.3.2",),
    systems=frozenset(_CHECKS),
    check=check,
)
