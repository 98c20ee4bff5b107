"""Images, environments, caches and artifacts of GitLab's jobs -> their nouns. Called by `job`.

`cache` and `artifact` also give back what they did not read, as (path, node), for the job to keep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import yaml

from seaway.formats.pipelines.gitlab_ci import values
from seaway.formats.pipelines.gitlab_ci.merge import Joiner
from seaway.formats.yaml import tree
from seaway.formats.yaml.tree import Node
from seaway.model.expression import Text
from seaway.model.pipeline import Artifact, Cache, DeployTarget, Image, Native, Variable

Reads: TypeAlias = Callable[[Node | None], Text]
Rest: TypeAlias = list[tuple[str, Node]]

POLICIES = {"pull-push": "both", "pull": "restore", "push": "save"}
WHENS = {"on_success": "success", "on_failure": "failure", "always": "always"}
COVERAGES = frozenset({"cobertura", "jacoco"})
_SYSTEMS = (("windows", "windows"), ("macos", "macos"), ("osx", "macos"), ("linux", "linux"), ("docker", "linux"))


def system(labels: tuple[Text, ...]) -> str:
    """The operating system that runner tags speak of, or ""."""
    for label in labels:
        for word, name in _SYSTEMS:
            if isinstance(label, str) and word in label.lower():
                return name
    return ""


def image(node: Node, joiner: Joiner, text: Reads, key: str) -> Image:
    """`image`, or one of `services`: a name, or a mapping."""
    place = joiner.span(node)
    if not isinstance(node, yaml.MappingNode):
        return Image(text(node), natives=_unread(node, joiner, key), span=place)
    found = tree.mapping(node)
    known = {"name", "alias", "entrypoint", "command", "variables"}
    return Image(
        text(found.get("name")),
        alias=tree.string(found.get("alias")),
        entrypoint=tree.strings(found["entrypoint"]) if "entrypoint" in found else None,
        command=tree.strings(found["command"]) if "command" in found else None,
        env=tuple(
            Variable(name, text(value), span=joiner.span(value, at))
            for name, at, value in tree.items(found.get("variables"))
        ),
        natives=tuple(kept(f"{key}.{name}", name, value, joiner) for name, value in found.items() if name not in known),
        span=place,
    )


def _unread(node: Node, joiner: Joiner, key: str) -> tuple[Native, ...]:
    return () if isinstance(node, yaml.ScalarNode) else (kept(key, key, node, joiner),)


def kept(path: str, key: str, node: Node, joiner: Joiner) -> Native:
    """A value as it is."""
    return Native(path, values.kept(key, node, joiner.tree(node).text), joiner.span(node))


def environment(node: Node, joiner: Joiner, text: Reads) -> DeployTarget:
    """`environment`: a name, or a mapping."""
    place = joiner.span(node)
    if not isinstance(node, yaml.MappingNode):
        return DeployTarget(text(node), span=place)
    found = tree.mapping(node)
    known = {"name", "url", "action", "deployment_tier"}
    return DeployTarget(
        text(found.get("name")),
        url=text(found.get("url")),
        action=tree.string(found.get("action")),
        tier=tree.string(found.get("deployment_tier")),
        natives=tuple(kept(f"environment.{key}", key, one, joiner) for key, one in found.items() if key not in known),
        span=place,
    )


def cache(node: Node, text: Reads) -> tuple[Cache, Rest]:
    """One entry of `cache`."""
    found = tree.mapping(node)
    rest: Rest = []
    key = found.get("key")
    files: tuple[str, ...] = ()
    prefix: Text = ""
    if isinstance(key, yaml.MappingNode):
        files, prefix = tree.strings(tree.get(key, "files")), text(tree.get(key, "prefix"))
        rest += [(f"key.{name}", value) for name, _, value in tree.items(key) if name not in {"files", "prefix"}]
    else:
        prefix = text(key)
    policy, when = tree.string(found.get("policy"), "pull-push"), tree.string(found.get("when"), "on_success")
    rest += [(name, found[name]) for name in ("policy",) if policy not in POLICIES]
    rest += [(name, found[name]) for name in ("when",) if when not in WHENS]
    known = {"key", "paths", "policy", "when", "fallback_keys"}
    rest += [(name, value) for name, value in found.items() if name not in known]
    return Cache(
        key=prefix,
        files=files,
        paths=_texts(found.get("paths"), text),
        fallbacks=_texts(found.get("fallback_keys"), text),
        action=POLICIES.get(policy, "both"),
        when=WHENS.get(when, "success"),
    ), rest


def artifact(node: Node, text: Reads) -> tuple[Artifact, Rest]:
    """`artifacts`."""
    found = tree.mapping(node)
    rest: Rest = []
    reports: list[tuple[str, str]] = []
    for name, _, value in tree.items(found.get("reports")):
        kind, path = tree.string(tree.get(value, "coverage_format")), tree.get(value, "path")
        if name == "coverage_report" and kind in COVERAGES and path is not None:
            reports.append((kind, tree.string(path)))
        elif isinstance(value, yaml.MappingNode) or tree.custom_tag(value):
            rest.append((f"reports.{name}", value))
        else:
            reports += [(name, one) for one in tree.strings(value)]
    expires = values.duration(tree.string(found.get("expire_in")))
    when = tree.string(found.get("when"), "on_success")
    rest += [(name, found[name]) for name in ("expire_in",) if name in found and expires is None]
    rest += [(name, found[name]) for name in ("when",) if when not in WHENS]
    known = {"paths", "exclude", "name", "reports", "expire_in", "when"}
    rest += [(name, value) for name, value in found.items() if name not in known]
    return Artifact(
        "up",
        name=text(found.get("name")),
        paths=_texts(found.get("paths"), text),
        exclude=_texts(found.get("exclude"), text),
        expires=expires,
        reports=tuple(reports),
        when=WHENS.get(when, "success"),
    ), rest


def _texts(node: Node | None, text: Reads) -> tuple[Text, ...]:
    return tuple(text(one) for one in tree.scalars(node))
