"""What command lines build: images and programs. Asked by rules about artifacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seaway.assess.rule import Case
from seaway.assess.shipping import inputs_of, within_line
from seaway.model.pipeline import Job, Step, Use
from seaway.model.span import Span

_BEGIN = r"(?:^|[;&|({]\s*|\s-c\s+[\"']|\b(?:then|do|else|sudo|exec|time|run)\s+)(?:\w+=\S+\s+)*"
IMAGE = re.compile(
    _BEGIN
    + r"(?P<words>docker\s+(?:image\s+|buildx\s+)?build\b|(?:podman|buildah)\s+(?:build|bud)\b|(?:/kaniko/)?executor\b(?=.*--destination)|docker[ -]compose\s+build\b)"
)
PROGRAM = re.compile(
    _BEGIN
    + r"(?P<words>(?:npm|pnpm|yarn)\s+(?:run\s+)?build\b|(?:\./)?mvnw?(?=\s)(?=.*\s(?:package|install)\b)|(?:\./)?gradlew?(?=\s)(?=.*\s:?(?:[\w:]+:)?(?:build|assemble|bootJar)\b)"
    r"|dotnet\s+(?:build|publish)\b|go\s+build\b|cargo\s+build\b|python3?\s+-m\s+build\b|(?:npx\s+)?ng\s+build\b|make\s+(?:build|dist|package)\b)"
)


@dataclass(frozen=True, slots=True)
class Build:
    """One command or component that makes an image or a program. `line`: the whole command; of a component, its inputs."""

    case: Case
    job: Job
    step: Step
    words: str
    line: str
    image: bool

    @property
    def span(self) -> Span:
        """Where it stands."""
        return within_line(self.case, self.job, self.step, self.line, self.words)


def builds(case: Case) -> list[Build]:
    """All that a pipeline builds, in order; made once."""
    known = case.known.get("builds")
    if isinstance(known, list):
        return known
    found: list[Build] = [*_scripted(case), *_used(case)]
    case.known["builds"] = found
    return found


def _scripted(case: Case) -> Iterator[Build]:
    for script in case.scripts:
        if script.job is None or not any(
            word in script.text for word in ("build", "bud", "executor", "mvn", "gradle", "publish", "make ")
        ):
            continue
        for line in script.lines:
            for pattern in (IMAGE, PROGRAM):
                match = pattern.search(line)
                if match is not None:
                    yield Build(case, script.job, script.step, match["words"], line.strip(), pattern is IMAGE)
                    break


def _used(case: Case) -> Iterator[Build]:
    for job, step in case.steps:
        if job is None or not isinstance(step.work, Use):
            continue
        name, inputs = step.work.ref.name.lower(), inputs_of(step.work)
        if name == "docker/build-push-action" or (
            name == "docker" and "build" in inputs.get("command", "buildAndPush").lower()
        ):
            line = " ".join(f"{key}={value}" for key, value in sorted(inputs.items()))
            yield Build(case, job, step, step.work.ref.text, line, image=True)
