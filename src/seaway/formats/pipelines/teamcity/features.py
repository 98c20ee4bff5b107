"""Words of `features { }` that the model has nouns for: matrix, parallelTests, approval, locks, caches, reports. Called by `jobs`."""

from __future__ import annotations

from seaway.formats.pipelines.teamcity import expressions
from seaway.formats.pipelines.teamcity.expressions import Names
from seaway.formats.pipelines.teamcity.steps import span_of
from seaway.formats.pipelines.teamcity.values import Item, Value, shown
from seaway.model.pipeline import Approval, Artifact, Axis, Cache, Concurrency, Matrix

_REPORTS = {
    "JUNIT": "junit",
    "NUNIT": "nunit",
    "TRX": "trx",
    "CHECKSTYLE": "checkstyle",
    "PMD": "pmd",
    "FINDBUGS": "findbugs",
}
REPORT_TYPES = {kind: word for word, kind in _REPORTS.items()}
_OPTIONS = frozenset({"groupArtifactsByBuild"})


def _axes(item: Item) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for one in item.items or ():
        if one.assigned and one.word not in _OPTIONS:
            found.append((one.word, one.args[0]))
        elif one.word == "param" and len(one.args) == 2 and isinstance(one.args[0], str):
            found.append((one.args[0], one.args[1]))
    return found


def axis_names(item: Item) -> set[str]:
    """The parameters that `matrix { }` sets."""
    return {name for name, _ in _axes(item)}


def read(item: Item, names: Names) -> tuple[str, Value, bool] | None:
    """The field of the job, its value, and whether that says it all; None where the model has no noun for it."""
    found = _read(item, names)
    if found is None:
        return None
    labels = item.word == "matrix" and any(
        one.named for _, value in _axes(item) if isinstance(value, list) for one in value
    )
    options = {one.word for one in item.items or ()} & _OPTIONS
    return *found, not (labels or options)


def _read(item: Item, names: Names) -> tuple[str, Value] | None:
    words = {one.word for one in item.items or ()}
    if item.word == "matrix":
        return _matrix(item, names)
    if item.word == "parallelTests" and words == {"numberOfBatches"} and isinstance(item.value("numberOfBatches"), int):
        return "parallel", item.value("numberOfBatches")
    if item.word == "approval" and words == {"approvalRules"}:
        who = tuple(line.strip() for line in shown(item.value("approvalRules")).splitlines() if line.strip())
        return "approval", Approval(who=who)
    if item.word == "sharedResources" and words == {"writeLock"} and len(item.items or ()) == 1:
        lock = (item.items or [])[0]
        if len(lock.args) == 1 and not lock.named:
            return "concurrency", Concurrency(expressions.text(lock.args[0], names), queue=True, span=span_of(item))
    if item.word == "buildCache" and words == {"name", "rules"} and isinstance(item.value("rules"), str):
        paths = tuple(expressions.text(one.strip(), names) for one in item.value("rules").splitlines() if one.strip())
        return "caches", Cache(key=expressions.text(item.value("name"), names), paths=paths)
    if item.word == "xmlReport" and words == {"reportType", "rules"}:
        kind = _REPORTS.get(shown(item.value("reportType")).rpartition(".")[2])
        rules = [one.strip().removeprefix("+:") for one in shown(item.value("rules")).splitlines() if one.strip()]
        if kind is not None and rules and not any(one.startswith("-:") for one in rules):
            return "ups", Artifact("up", reports=tuple((kind, one) for one in rules))
    return None


def _matrix(item: Item, names: Names) -> tuple[str, Value] | None:
    axes: list[Axis] = []
    for name, value in _axes(item):
        if not isinstance(value, list):
            axes.append(Axis(name, computed=shown(value)))
            continue
        values = []
        for one in value:
            if not isinstance(one, Item) or one.word != "value" or len(one.args) != 1:
                return None
            values.append(expressions.text(one.args[0], names))
        axes.append(Axis(name, tuple(values)))
    extra = {one.word for one in item.items or ()} - {name for name, _ in _axes(item)} - {"param"} - _OPTIONS
    return None if extra or not axes else ("matrix", Matrix(tuple(axes), span=span_of(item)))
