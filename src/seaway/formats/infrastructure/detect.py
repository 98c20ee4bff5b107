"""Which kind of infrastructure or monitoring file a path is, by its name and else by its first words. Called by `app.estate`."""

from __future__ import annotations

import re

_NOT_ONE = (  # templates of Dockerfiles, what documents or ignores them, and programs that are called after them
    r"(?![^/]*(?:ignore|\.(?:j2|jinja2?|tmpl|gotmpl|tpl|template|in|erb|m4|ejs|hbs|mustache|md|txt|rst|sh|py|js|ts|go|rs|rb|java|ya?ml|json"
    r"|toml|xml|lock|bak|orig|log))\Z)"
)
_NAMES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?:^|/){_NOT_ONE}(?:Dockerfile|Containerfile)(?:[.-][\w.-]+)?\Z"), "dockerfile"),
    (re.compile(r"(?:^|/)(?:[\w.-]+\.)?(?:[Dd]ocker|[Cc]ontainer)file\Z"), "dockerfile"),
    (re.compile(r"(?:^|/)(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml\Z"), "compose"),
    (re.compile(r"(?:^|/)(?:kustomization\.ya?ml|Kustomization)\Z"), "kustomize"),
    (re.compile(r"(?:^|/)(?:Chart\.yaml|values(?:[._-][\w.-]+)?\.ya?ml)\Z"), "helm"),
    (re.compile(r"\.(?:tf|tofu)$"), "terraform"),
    (re.compile(r"(?:^|/)CODEOWNERS$"), "owners"),
    (
        re.compile(r"(?:^|/)[^/]*(?:readme|runbook|deploy|releas|operations|rollback)[^/]*\.(?:md|markdown)\Z", re.IGNORECASE),
        "runbook",
    ),
    (re.compile(r"(?:^|/)roles/[^/]+/(?:tasks|handlers)/[^/]+\.ya?ml$"), "ansible"),
)  # fmt: skip
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^apiVersion:\s*\S", re.MULTILINE), "kubernetes"),
)  # fmt: skip
# Words that all stand somewhere in a text of this kind (a line's beginning is marked by \n), for YAML and for JSON.
_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("\ngroups:", "rules:", "expr:"), "prometheus"),
    (("\nscrape_configs:",), "prometheus"),
    (("\nrule_files:", "\nglobal:"), "prometheus"),
    (("\nalerting:", "\nglobal:"), "prometheus"),
    (("\nroute:", "\nreceivers:", "receiver:"), "alertmanager"),
    (("\nflags:", "variants:", "defaultVariant:"), "flags"),
    (("\n- ", " hosts:", "tasks:"), "ansible"),
    (("\n- ", " hosts:", "roles:"), "ansible"),
)
_JSON_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (('"panels"', '"schemaVersion"'), "grafana"),
    (('"elements"', '"vizConfig"', '"kind"'), "grafana"),
    (('"stages"', '"requisiteStageRefIds"'), "spinnaker"),
    (('"flags"', '"variants"', '"defaultVariant"'), "flags"),
)
_LOOKED_INTO = (".yml", ".yaml", ".json", ".rules")
_NOT_JSON = re.compile(
    r"(?:^|/)(?:package(?:-lock)?|composer|tsconfig[^/]*|[^/]*\.(?:min|lock|schema|eslintrc))\.json$"
)
_HEAD = 65_536


def by_name(path: str) -> str:
    """The kind whose files are called like this, or ""."""
    return next((kind for pattern, kind in _NAMES if pattern.search(path)), "")


def may_be(path: str) -> bool:
    """The name says nothing, and the text may."""
    return path.endswith(_LOOKED_INTO) and not (path.endswith(".json") and _NOT_JSON.search(path))


def by_text(text: str) -> str:
    """The kind that this looks like, or ""."""
    head = text[:_HEAD]
    kind = next((kind for sign, kind in _SIGNS if sign.search(head)), "")
    if kind:
        return kind
    json = head.lstrip()[:1] in {"{", "["}
    whole = text if json else f"\n{text}"
    return next((kind for words, kind in (_JSON_WORDS if json else _WORDS) if all(word in whole for word in words)), "")
