"""ART-61: a registry lets a tag be moved to another image. Run by `assess.examine`.

Only registries that this repository makes are judged. Repositories for build caches move their tags by nature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Edits, Hit, Rule
from seaway.formats.infrastructure.terraform import Block
from seaway.formats.yaml.patch import Edit, Unfit, line_end
from seaway.model.finding import Impact, Severity

_CACHE = re.compile(r"cache|mirror|proxy|pull[_-]?through", re.IGNORECASE)
_NAME = "image_tag_mutability"
_MODULE = "terraform-aws-modules/ecr/"


def survey(estate: Estate) -> list[Hit] | None:
    """Repositories of Amazon ECR with mutable tags, which is the default, and Docker repositories of Google's Artifact Registry without `immutable_tags`."""
    blocks = [one for one in estate.all(Block) if one.kind == "resource"]
    ecr = [one for one in blocks if one.labels[:1] == ("aws_ecr_repository",)]
    google = [one for one in blocks if one.labels[:1] == ("google_artifact_registry_repository",)]
    modules = [one for one in estate.all(Block) if one.kind == "module" and _MODULE in (one.literal("source") or "")]
    found = [hit for one in ecr for hit in _amazon(estate, one)] + [hit for one in google for hit in _google(one)]
    found += [hit for one in modules for hit in _module(one)]
    return quietly(found) if ecr or google or modules else None


def _amazon(estate: Estate, one: Block) -> Iterator[Hit]:
    given = one.literal(_NAME)
    if given not in {"", "MUTABLE"} or _CACHE.search(one.name + (one.literal("name") or "")):
        return
    span = one.values[_NAME].span if given else one.head
    how = "its tags are mutable" if given else "its tags are mutable, which is the default"
    words = f"{one.name}: {how}, so what was tested under a tag need not be what runs under it"
    yield Hit(span, words, (one.name,), fix=lambda: _immutable(estate, one))


def _immutable(estate: Estate, one: Block) -> Edits:
    if _NAME in one.values:
        span = one.values[_NAME].span
        return [Edit(span.start, span.end, '"IMMUTABLE"')]
    text = estate.texts[one.path]
    end = text.find("\n", one.body.start, one.body.end)
    if end < 0 or (
        not text[one.body.start : end].strip().startswith(("#", "//")) and text[one.body.start : end].strip()
    ):
        raise Unfit("the block stands on one line")
    end -= text[end - 1] == "\r"
    newline = line_end(text)
    empty = newline if text[one.body.start : one.body.end].strip() else ""
    return [Edit(end, end, f'{newline}  {_NAME} = "IMMUTABLE"{empty}')]


def _module(one: Block) -> Iterator[Hit]:
    """The usual module's repositories, which are immutable unless somebody says otherwise."""
    value = one.values.get(f"repository_{_NAME}")
    if value is not None and value.literal == "MUTABLE" and not _CACHE.search(one.name):
        words = f"{one.name}: its tags are mutable, so what was tested under a tag need not be what runs under it"
        edit = Edit(value.span.start, value.span.end, '"IMMUTABLE"')
        yield Hit(value.span, words, (one.name,), fix=lambda: [edit])


def _google(one: Block) -> Iterator[Hit]:
    stored = one.literal("mode") in {"", "STANDARD_REPOSITORY"} and one.literal("format") == "DOCKER"
    if not stored or _CACHE.search(one.name + (one.literal("repository_id") or "")):
        return
    given = [inner.literal("immutable_tags") for inner in one.inner("docker_config")]
    if not given or given[0] in {"", "false"}:
        words = f"{one.name}: its tags can be moved, so what was tested under a tag need not be what runs under it"
        yield Hit(one.head, words, (one.name,), confidence=0.85)


RULE = Rule(
    id="mutable-registry",
    number="ART-61",
    title="A registry lets a tag be moved to another image",
    why="A tag that was scanned, signed and approved can be pushed again, and the next restart runs what nobody looked at.",
    advice='`image_tag_mutability = "IMMUTABLE"`, one new tag per build, and deployment by digest; pipelines that push `latest` need another name first.',
    patch='Sets `image_tag_mutability = "IMMUTABLE"` on repositories of Amazon ECR.',
    severity=Severity.MEDIUM,
    confidence=0.95,
    impact=Impact("risk"),
    effort="S",
    refs=("AWS Security Hub: ECR.2", "Google Cloud: Artifact Registry, immutable image tags"),
    kinds=frozenset({Kind.TERRAFORM}),
    survey=survey,
)
