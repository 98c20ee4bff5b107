"""Components of other systems that Azure has a task for. Asked by `lower_steps`.

Only inputs that mean the same are carried over; the others are named, so that the report can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seaway.formats.pipelines.azure_pipelines.tasks import component
from seaway.model.pipeline import Use, Variable

# What -> (task, its inputs by those of the original, inputs that it wants besides, inputs that only steer the original).
_TASKS: Final[dict[str, tuple[str, dict[str, str], tuple[tuple[str, str], ...], frozenset[str]]]] = {
    "actions/setup-node": ("NodeTool@0", {"node-version": "versionSpec", "node-version-file": "versionFilePath"}, (), frozenset({"cache", "cache-dependency-path"})),
    "actions/setup-python": ("UsePythonVersion@0", {"python-version": "versionSpec", "architecture": "architecture"}, (), frozenset({"cache", "cache-dependency-path"})),
    "actions/setup-dotnet": ("UseDotNet@2", {"dotnet-version": "version"}, (("packageType", "sdk"),), frozenset()),
    "actions/setup-go": ("GoTool@0", {"go-version": "version"}, (), frozenset({"cache", "cache-dependency-path"})),
    "actions/setup-java": ("JavaToolInstaller@0", {"java-version": "versionSpec"}, (("jdkArchitectureOption", "x64"), ("jdkSourceOption", "PreInstalled")), frozenset({"cache", "distribution"})),
    "ruby/setup-ruby": ("UseRubyVersion@0", {"ruby-version": "versionSpec"}, (), frozenset()),
}  # fmt: skip

# Tool -> (its lock file, the variable that names its folder, the folder).
CACHES: Final[dict[str, tuple[str, str, str]]] = {
    "npm": ("**/package-lock.json", "npm_config_cache", ".npm"),
    "yarn": ("**/yarn.lock", "YARN_CACHE_FOLDER", ".yarn"),
    "pip": ("**/requirements*.txt", "PIP_CACHE_DIR", ".pip"),
    "go": ("**/go.sum", "GOMODCACHE", ".go"),
    "nuget": ("**/packages.lock.json", "NUGET_PACKAGES", ".nuget"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A task in place of a component. `left`: inputs that it has nothing for."""

    use: Use
    left: tuple[str, ...] = ()


def task(work: Use) -> Found | None:
    """The task that does the same."""
    known = _TASKS.get(work.ref.name.lower())
    if known is None:
        return None
    name, names, besides, ignored = known
    given = tuple(Variable(names[one.name], one.value) for one in work.inputs if one.name in names)
    left = tuple(one.name for one in work.inputs if one.name not in names and one.name not in ignored)
    if any(one.name == "versionFilePath" for one in given):
        besides = (*besides, ("versionSource", "fromFile"))
    return Found(Use(component(name), (*(Variable(*pair) for pair in besides), *given)), left)
