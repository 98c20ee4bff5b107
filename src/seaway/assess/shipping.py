"""What a repository's pipelines send out of the house: deployments, images, packages, releases. Asked by rules.

Also what they speak of at all (`speaks_of`): a rule about something that is missing first makes sure that nobody does it in any way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from seaway.assess import commands
from seaway.assess.estate import Estate
from seaway.assess.rule import Answer, Case, Hit, Script, Unclear, flat, place
from seaway.assess.signs import Signs
from seaway.model.pipeline import Job, Opaque, Step, System, Use
from seaway.model.span import Span


class What(StrEnum):
    """What leaves."""

    DEPLOYMENT = "deployment"
    IMAGE = "image"
    PACKAGE = "package"


PUBLISHED = frozenset({What.IMAGE, What.PACKAGE})
DEPLOYED = frozenset({What.DEPLOYMENT})
ANY = frozenset(What)


@dataclass(frozen=True, slots=True)
class Shipment:
    """One command or component. `words`: as the file has them; `line`: the whole command, "" of a component."""

    what: What
    case: Case
    job: Job | None
    step: Step
    words: str
    line: str = ""

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.at(self.words)

    def at(self, words: str) -> Span:
        """Where words of the command stand."""
        return within_line(self.case, self.job, self.step, self.line, words)

    @property
    def key(self) -> tuple[str, ...]:
        """What it is, without lines."""
        return (self.job.id if self.job else "", self.shown)

    @property
    def shown(self) -> str:
        """The words for a message: a component without its version, which changes with every update."""
        return self.words if self.line else self.words.partition("@")[0]


_BEGIN = r"(?:^|[;&|({]\s*|\s-c\s+[\"']|\b(?:then|do|else|sudo|exec|time|run)\s+)(?:\w+=\S+\s+)*"
_IMAGE = re.compile(
    _BEGIN + r"(?P<words>docker\s+(?:image\s+)?push\b|(?:podman|buildah)\s+push\b|crane\s+(?:push|copy|cp)\b|skopeo\s+copy\b"
    r"|docker[ -]compose\s+push\b|ko\s+(?:build|publish)\b|(?:/kaniko/)?executor\b(?=.*--destination)|docker\s+buildx\s+(?:build|bake)\b(?=.*--push\b)"
    r"|docker\s+build\b(?=.*--push\b))"
)  # fmt: skip
_PACKAGE = re.compile(
    _BEGIN + r"(?P<words>(?:npm|pnpm|yarn(?:\s+npm)?)\s+publish\b|(?:python3?\s+-m\s+)?twine\s+upload\b|(?:uv|poetry|flit|hatch|cargo)\s+publish\b"
    r"|gem\s+push\b|dotnet\s+nuget\s+push\b|nuget\s+push\b|helm\s+push\b|gh\s+release\s+(?:create|upload)\b|goreleaser\s+release\b|(?:npx\s+)?semantic-release\b"
    r"|(?:\./)?mvnw?(?=\s)(?=.*\s(?:deploy|release:perform)\b)|(?:\./)?gradlew?(?=\s)(?=.*\s:?(?:[\w:]+:)?publish\w*\b)|glab\s+release\s+create\b|oras\s+push\b)"
)  # fmt: skip
_CALLS = re.compile(
    r"(?P<image>\w+\.push)\(|(?P<words>kubernetesDeploy|nexusArtifactUploader|rtUpload|rtPublishBuildInfo)\b"
)
_DRY = re.compile(r"--dry-run|--snapshot\b|--help\b|--version\b|publishToMavenLocal|--no-push\b|test\.pypi|testpypi")
_SHIPS = ("push", "publish", "upload", "release", "deploy", "copy", " cp", "executor", " build")

_IMAGE_USES = frozenset({"docker/build-push-action", "docker/bake-action"})
_USES: dict[str, What] = {
    "redhat-actions/push-to-registry": What.IMAGE,
    "docker/push": What.IMAGE,
    "docker/publish": What.IMAGE,
    "aws-ecr/build-and-push-image": What.IMAGE,
    "aws-ecr/build_and_push_image": What.IMAGE,
    "pypa/gh-action-pypi-publish": What.PACKAGE,
    "js-devtools/npm-publish": What.PACKAGE,
    "goreleaser/goreleaser-action": What.PACKAGE,
    "softprops/action-gh-release": What.PACKAGE,
    "ncipollo/release-action": What.PACKAGE,
    "svenstaro/upload-release-action": What.PACKAGE,
    "cycjimmy/semantic-release-action": What.PACKAGE,
    "changesets/action": What.PACKAGE,
    "azure/k8s-deploy": What.DEPLOYMENT,
    "azure/webapps-deploy": What.DEPLOYMENT,
    "azure/functions-action": What.DEPLOYMENT,
    "azure/container-apps-deploy-action": What.DEPLOYMENT,
    "aws-actions/amazon-ecs-deploy-task-definition": What.DEPLOYMENT,
    "aws-actions/aws-cloudformation-github-deploy": What.DEPLOYMENT,
    "google-github-actions/deploy-cloudrun": What.DEPLOYMENT,
    "google-github-actions/deploy-appengine": What.DEPLOYMENT,
    "google-github-actions/deploy-cloud-functions": What.DEPLOYMENT,
    "akhileshns/heroku-deploy": What.DEPLOYMENT,
    "helmdeploy": What.DEPLOYMENT,
    "kubernetesmanifest": What.DEPLOYMENT,
    "azurewebapp": What.DEPLOYMENT,
    "azurermwebappdeployment": What.DEPLOYMENT,
    "azurewebappcontainer": What.DEPLOYMENT,
    "azurefunctionapp": What.DEPLOYMENT,
    "azurecontainerapps": What.DEPLOYMENT,
    "aws-ecs/update-service": What.DEPLOYMENT,
    "aws-ecs/deploy-service-update": What.DEPLOYMENT,
    "heroku/deploy-via-git": What.DEPLOYMENT,
}
_ASIDE = frozenset(
    {"example", "examples", "test", "tests", "testdata", "fixtures", "sample", "samples", "docs", "demo", "demos", "template", "templates"}
)  # fmt: skip
NO_FILE = re.compile(r"(?!)")
_COMMENT = re.compile(r"^[ \t]*(?:#|//)[^\n]*$", re.MULTILINE)


def live(estate: Estate) -> list[Case]:
    """The pipelines that run for this repository: none that serve as an example, a test's input or a template."""
    found = estate.known.get("live")
    if not isinstance(found, list):
        found = [case for case in estate.cases if not _is_aside(case.pipeline.path)]
        estate.known["live"] = found
    return found


def _is_aside(path: str) -> bool:
    parts = path.lower().split("/")
    inner = next((at for at, part in enumerate(parts) if part.startswith(".")), len(parts))
    return not _ASIDE.isdisjoint(parts[:inner]) or "{{" in path


def shipments(estate: Estate, whats: frozenset[What] = ANY) -> list[Shipment]:
    """What all living pipelines ship, in order."""
    return [one for case in live(estate) for one in shipments_of(case) if one.what in whats]


def shipments_of(case: Case) -> list[Shipment]:
    """What one pipeline ships, in order; made once."""
    known = case.known.get("shipments")
    if isinstance(known, list):
        return known
    scripted = {id(script.step): script for script in case.scripts}
    found: list[Shipment] = []
    for job, step in case.steps:
        script = scripted.get(id(step))
        if script is not None:
            found += _commands(case, script)
        elif isinstance(step.work, Use):
            what = _used(step.work)
            found += [Shipment(what, case, job, step, step.work.ref.text)] if what else []
        elif isinstance(step.work, Opaque) and case.system is System.JENKINS:
            found += _groovy(case, job, step, step.work)
    case.known["shipments"] = found
    return found


def _commands(case: Case, script: Script) -> Iterator[Shipment]:
    for line in script.lines:
        deploys = commands.deploying(line)
        if deploys:
            yield Shipment(What.DEPLOYMENT, case, script.job, script.step, deploys, line)
            continue
        if not any(word in line for word in _SHIPS):
            continue
        for what, pattern in ((What.IMAGE, _IMAGE), (What.PACKAGE, _PACKAGE)):
            match = pattern.search(line)
            if match is not None and not _DRY.search(line):
                yield Shipment(what, case, script.job, script.step, match["words"], line)


def _groovy(case: Case, job: Job | None, step: Step, work: Opaque) -> Iterator[Shipment]:
    """Calls of Jenkins' plugins that ship."""
    match = _CALLS.match(work.text)
    if match is None:
        return
    if match["image"]:
        if "docker.build" in case.texts.get(case.pipeline.path, ""):
            yield Shipment(What.IMAGE, case, job, step, match["image"])
    else:
        what = What.DEPLOYMENT if match["words"] == "kubernetesDeploy" else What.PACKAGE
        yield Shipment(what, case, job, step, match["words"])


def _used(use: Use) -> What | None:
    name = use.ref.name.lower()
    inputs = {one.name.lower(): flat(one.value).lower() for one in use.inputs}
    if name in _IMAGE_USES:
        pushed = inputs.get("push", "false") != "false" or "type=registry" in inputs.get("outputs", "")
        return What.IMAGE if pushed else None
    if name == "docker":  # a task of Azure Pipelines
        return What.IMAGE if inputs.get("command", "buildandpush") in {"push", "buildandpush"} else None
    if name == "helmdeploy" and inputs.get("command", "ls") not in {"upgrade", "install"}:
        return None
    if name == "goreleaser/goreleaser-action" and (
        "release" not in inputs.get("args", "") or "--snapshot" in inputs["args"]
    ):
        return None
    if name == "pypa/gh-action-pypi-publish" and "test.pypi" in inputs.get("repository-url", ""):
        return None
    return _USES.get(name)


def words(estate: Estate) -> str:
    """All that living pipelines say, in lower case and without comments; made once."""
    found = estate.known.get("words")
    if not isinstance(found, str):
        texts = {path: text for case in live(estate) for path, text in case.texts.items()}
        found = "\n".join(_COMMENT.sub("", text) for text in texts.values()).lower()
        estate.known["words"] = found
    return found


def closed(estate: Estate) -> Unclear | None:
    """Where part of a living pipeline could not be looked into, nobody can say what is missing."""
    for case in live(estate):
        for one in case.pipeline.unresolved:
            return Unclear(f"{_short(one.text)} was not looked into, and it may be done there")
    return None


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def absent(
    estate: Estate,
    whats: frozenset[What],
    signs: Signs,
    say: Callable[[Shipment], Hit],
    files: re.Pattern[str] = NO_FILE,
) -> Answer:
    """A hit at the first shipment, where nothing in any pipeline nor any file's name speaks of these signs.

    None where nothing is shipped or only a part of the repository was walked. `signs` meet lower case.
    """
    shipped = shipments(estate, whats) if estate.whole else []
    if not shipped:
        return None
    if signs.search(words(estate)) or any(files.search(path) for path in estate.files):
        return []
    return closed(estate) or [say(shipped[0])]


def within_line(case: Case, job: Job | None, step: Step, line: str, words: str) -> Span:
    """Where words of one line of a step's script stand: the same words may stand in the lines before it."""
    outer, line = step.span, line.strip()
    if outer is not None and line:
        text = case.texts.get(outer.path, "")
        start = text.find(line, outer.start, outer.end)
        found = text.find(words, start, start + len(line)) if start >= 0 else -1
        if found >= 0:
            return place(text, outer.path, found, found + len(words))
    return case.within(outer, words, job)


def head(case: Case, job: Job) -> Span:
    """Where a job's name stands; where its system has none, its first line."""
    return job.key_span or case.within(job.span, "", job)


def inputs_of(use: Use) -> dict[str, str]:
    """The inputs of a component, by name in lower case."""
    return {one.name.lower(): flat(one.value) for one in use.inputs}
