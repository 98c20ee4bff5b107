"""SEC-41: somebody else's work is named by a word that can be moved to other work. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.aside import aside
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import named
from seaway.assess.rule import Case, Edits, Hit, Rule
from seaway.formats.infrastructure.dockerfile import Dockerfile
from seaway.formats.pipelines.github_actions import pins
from seaway.formats.yaml.patch import Edit
from seaway.formats.yaml.tree import get, sequence, string
from seaway.model.expression import is_plain
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Component, Image, Pin, System, Use
from seaway.model.span import Span

_EXACT = re.compile(r"\d+\.\d+\.\d+\Z")
_MAJOR = re.compile(r"v?(\d+)\Z")
_FROM = re.compile(r"\btemplate:[^\n@]*@([\w.-]+)")
_SHA = re.compile(r"[0-9a-f]{40}\Z")
_FIRST_PARTY = ("actions/", "github/", "circleci/")
_BRANCHES = frozenset({"main", "master", "HEAD", "develop", "trunk", ""})


def check(case: Case) -> list[Hit] | None:
    """Actions, orbs, includes, libraries, templates and images without a commit, a digest or an exact version."""
    found = list(_hits(case))
    anything = any(component for component, _ in _components(case)) or any(_images(case)) or case.pipeline.includes
    return found if found or anything or any(one.key.startswith("orbs.") for one in case.pipeline.natives) else None


def survey(estate: Estate) -> list[Hit] | None:
    """In Dockerfiles, images of `FROM` and `COPY --from` without a tag or with `latest`; for an auditor those without a digest."""
    found: list[Hit] = []
    judged = False
    for file in estate.all(Dockerfile):
        for text, where in _built_on(estate, file):
            image = named(text)
            judged = True
            if image is None or image.digest:
                continue
            what = f"the tag {image.tag}" if image.tag else "the tag latest, as nobody says another"
            severity = None if image.loose else Severity.LOW
            auditor = not image.loose or aside(file.path)
            found.append(_moved(where, f"the image {text}", what, "", auditor=auditor, severity=severity))
    return found if judged else None


def _built_on(estate: Estate, file: Dockerfile) -> Iterator[tuple[str, Span]]:
    """(name, place) of the images that a Dockerfile takes from elsewhere, as far as the names are known."""
    for stage in file.stages:
        if stage.parent is None and stage.base and stage.base != "scratch":
            yield stage.base, estate.within(stage.origin.span, stage.image)
        known = {one.name for one in file.stages if one.name}
        for one in stage.all("COPY", "ADD"):
            source = one.flag("from")
            if source and not source.isdigit() and source.lower() not in known:
                yield source, estate.within(one.span, source)


def _hits(case: Case) -> Iterator[Hit]:
    if case.system is System.GITHUB_ACTIONS:
        for ref, place in _components(case):
            yield from _action(case, ref, place)
    elif case.system is System.TEKTON:
        for ref, place in _components(case):
            if ref.text.startswith("git:") and not _SHA.match(ref.version):
                branch = ref.version in _BRANCHES
                yield _moved(ref.span, ref.text, "a branch" if branch else "a tag", place, auditor=not branch)
    elif case.system is System.AZURE_PIPELINES:
        yield from _repositories(case)
    yield from _includes(case)
    yield from _orbs(case)
    for image, place in _images(case):
        yield from _image(case, image, place)


def _components(case: Case) -> Iterator[tuple[Component, str]]:
    for job, step in case.steps:
        ref = step.work.ref if isinstance(step.work, Use) else getattr(step.work, "component", None)
        if ref is not None:
            yield ref, job.id if job else ""
    for job in case.jobs:
        if job.calls is not None:
            yield job.calls, job.id


def _moved(span: Span | None, text: str, what: str, job: str, *, auditor: bool = False, **more: object) -> Hit:
    assert span is not None  # noqa: S101 - readers give every component its place
    severity = more.get("severity")
    return Hit(
        span,
        f"{text} is fixed by {what}, which can be moved to other work",
        (job, text),
        severity if isinstance(severity, Severity) else None,
        persona=Persona.AUDITOR if auditor else Persona.REGULAR,
    )


def _action(case: Case, ref: Component, job: str) -> Iterator[Hit]:
    if ref.pin in {Pin.DIGEST, Pin.LOCAL} or ref.span is None:
        return
    if ref.text.startswith("docker://"):
        loose = ref.pin is Pin.NONE or ref.version == "latest"
        yield _moved(ref.span, ref.text, "a tag" if ref.version else "no tag", job, auditor=not loose)
        return
    first = ref.name.lower().startswith(_FIRST_PARTY)
    branch = ref.pin is not Pin.TAG
    severity = Severity.HIGH if branch and not first else Severity.LOW if first and not branch else Severity.MEDIUM
    span = ref.span
    yield Hit(
        span,
        f"{ref.text} is fixed by {'a branch' if branch else 'a tag'}, which can be moved to other work",
        (job, ref.text),
        severity,
        fix=lambda: _pinned(case.texts[span.path], ref, span),
    )


def _pinned(text: str, ref: Component, span: Span) -> Edits:
    """The commit of the package's table, where that is of the same major version."""
    known = pins.PINS.get(pins.repository_of(ref.name))
    if known is None:
        return ()
    version, commit = known.version, known.digest
    major = _MAJOR.match(ref.version)
    if ref.version != version and not (major and version.startswith(f"v{major[1]}.")):
        return ()
    at = text.rfind(f"@{ref.version}", span.start, span.end)
    if at < 0:
        return ()
    edits = [Edit(at + 1, at + 1 + len(ref.version), commit)]
    stop = text.find("\n", span.end)
    rest = text[span.end : stop if stop >= 0 else len(text)]
    if not rest.strip():
        edits.append(Edit(span.end, span.end, f" # {version}"))
    return edits


def _includes(case: Case) -> Iterator[Hit]:
    for one in case.pipeline.includes:
        span = (one.ref.span if one.ref else None) or one.span
        if span is None or one.local:
            continue
        if one.ref is None:
            if one.text.startswith(("http://", "https://")) and "integrity:" not in _source(case, one.span or span):
                yield _moved(span, one.text, "an address", "", severity=Severity.HIGH)
            continue
        if one.ref.name.startswith("template:") or one.ref.pin in {Pin.DIGEST, Pin.LOCAL}:
            continue
        if case.system is System.JENKINS and one.ref.pin is Pin.TAG:
            continue
        what = {Pin.TAG: "a tag", Pin.BRANCH: "a branch"}.get(one.ref.pin, "nothing but its default branch")
        yield _moved(span, one.text, what, "", auditor=one.ref.pin is Pin.TAG)


def _source(case: Case, span: Span) -> str:
    return case.texts.get(span.path, "")[span.start : span.end]


def _orbs(case: Case) -> Iterator[Hit]:
    for one in case.pipeline.natives:
        if not one.key.startswith("orbs.") or one.span is None or "@" not in one.text or "\n" in one.text:
            continue
        name, _, version = one.text.strip("'\"").partition("@")
        if _EXACT.match(version):
            continue
        loose = version == "volatile" or version.startswith("dev:")
        low = name.startswith(_FIRST_PARTY) and not loose
        severity = Severity.HIGH if loose else Severity.LOW if low else None
        yield _moved(one.span, one.text, f"{version}, not an exact version", "", severity=severity)


def _repositories(case: Case) -> Iterator[Hit]:
    """Azure: repositories that templates come from."""
    path = case.pipeline.path
    if "repositories" not in case.texts.get(path, ""):
        return
    tree = case.tree(path)
    used = {found[1] for line in tree.text.split("\n") if (found := _FROM.search(line[:1_000]))}
    for node in sequence(get(tree.documents[0], "resources", "repositories")):
        alias, ref = string(get(node, "repository")), string(get(node, "ref"))
        if alias not in used or _SHA.match(ref):
            continue
        what = "a tag" if ref.startswith("refs/tags/") else "a branch" if ref else "nothing but its default branch"
        place = get(node, "ref") or get(node, "repository")
        yield _moved(tree.span(place), f"the repository {alias} of templates", what, "", auditor=what == "a tag")


def _images(case: Case) -> Iterator[tuple[Image, str]]:
    for job in case.jobs:
        yield from ((one, job.id) for one in (job.container, *job.services) if one is not None)
        yield from ((step.container, job.id) for step in job.steps if step.container is not None)


def _image(case: Case, image: Image, job: str) -> Iterator[Hit]:
    name = image.name
    if not isinstance(name, str) or not is_plain(name) or not name:
        return
    owner = case.pipeline.job(job)
    outer = image.span or (owner.span if owner else None)
    if outer is None:
        return
    if "@sha256:" in name or any(mark in name for mark in "$<{"):
        return
    _, colon, tag = name.rpartition("/")[2].partition(":")
    what = f"the tag {tag}" if colon else "the tag latest, as nobody says another"
    loose = not colon or tag == "latest"
    severity = None if loose else Severity.LOW
    yield _moved(case.within(outer, name), f"the image {name}", what, job, auditor=not loose, severity=severity)


RULE = Rule(
    id="unpinned-action",
    number="SEC-41",
    title="An action, orb, include, library or image is named by something that can be moved",
    why="Whoever owns the name can replace what it stands for, and it then runs with this pipeline's secrets and rights.",
    advice="Name the commit (with the version as a comment), the digest of the image, or the exact version of the orb; let a bot raise them.",
    patch="Actions of the package's table of pins get the commit of their version.",
    severity=Severity.MEDIUM,
    confidence=0.95,
    impact=Impact("risk"),
    effort="S",
    refs=(
        "OpenSSF Scorecard: Pinned-Dependencies",
        "SLSA: Build L3, isolated inputs",
        "CIS Software Supply Chain Security Guide 2.4.2",
        "NIST SSDF PW.4.1",
    ),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
    kinds=frozenset({Kind.DOCKERFILE}),
    survey=survey,
)
