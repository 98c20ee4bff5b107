"""The first page: the five DORA metrics, six scores, the five best moves. Called by `whole`."""

from __future__ import annotations

from typing import Any

from seaway.assess.dora import words
from seaway.assess.page import charts
from seaway.assess.page.element import Child, Html, el, join, prose, sentence, table

Json = dict[str, Any]

LANES, MOVES = 3, 5  # on the first page; all are further down
_TIME = (3600.0, 180 * 86_400.0)
_DAILY = (1 / 180, 24.0)
_SHARE = (0.0, 1.0)
_DAY = " a day"
NAMES = {
    "change_lead_time": "Change lead time",
    "deployment_frequency": "Deployment frequency",
    "failed_deployment_recovery_time": "Recovery time",
    "change_fail_rate": "Change fail rate",
    "deployment_rework_rate": "Rework rate",
}


def five(document: Json) -> Html:
    """A row of five per service, production first, or five times why not."""
    lanes = sorted(document["dora"], key=lambda one: not one["production"])
    if not lanes:
        why = next((one for one in document["not_measured"] if one["what"] == "dora"), None)
        said = why["why"] if why else "no deployment was found"
        tiles = [_tile(name, None, "not known", None, "") for name in NAMES.values()]
        hint = el("p", sentence(said), " ", sentence(why["how"]) if why else None, class_="quiet small")
        return join(el("div", *tiles, class_="tiles"), hint)
    rows = [_lane(one) for one in lanes[:LANES]]
    left = len(lanes) - LANES
    more = el("p", f"{left} more under ", el("a", "delivery", href="#delivery"), ".", class_="quiet small")
    return join(*rows, more if left > 0 else None)


def lane_name(lane: Json) -> str:
    """Service and environment."""
    return f"{lane['service']} / {lane['environment']}"


def _lane(lane: Json) -> Html:
    users = "" if lane["production"] else " (no users: incidents are not counted here)"
    tiles = (
        _lead(lane["change_lead_time"]),
        _frequency(lane["deployment_frequency"]),
        _recovery(lane["failed_deployment_recovery_time"]),
        _fail(lane["change_fail_rate"]),
        _rework(lane["deployment_rework_rate"]),
    )
    return join(el("h3", lane_name(lane) + users), el("div", *tiles, class_="tiles"))


def _tile(name: str, chart: Html | None, value: str, estimate: Json | None, *notes: str) -> Html:
    said = [el("div", one, class_="note") for one in notes if one]
    kind = "value none" if estimate is None else "value"
    return el("div", el("div", name, class_="name"), el("div", value, class_=kind), chart, *said, class_="tile")


def _between(estimate: Json, show: Any) -> str:
    low = "?" if estimate["low"] is None else show(estimate["low"]).removesuffix(_DAY)
    high = "open" if estimate["high"] is None else show(estimate["high"]).removesuffix(_DAY)
    return f"95 %: {low} to {high}"


def _figure(name: str, estimate: Json, show: Any, limits: tuple[float, float], nothing: str, *notes: str) -> Html:
    value = estimate["value"]
    if value is None:
        return _tile(name, None, nothing, None, *notes)
    low, high = estimate["low"], estimate["high"]
    chart = charts.whisker(value, low, high, limits, log=limits != _SHARE)
    return _tile(name, chart, show(value), estimate, _between(estimate, show), *notes)


def _lead(found: Json) -> Html:
    notes = (f"median of n = {found['n']} commits", f"clock: {found['clock'].replace('_', ' ')}", _level(found))
    return _figure(NAMES["change_lead_time"], found["p50"], words.span, _TIME, "not known", *notes)


def _frequency(found: Json) -> Html:
    notes = (f"n = {found['n']} in {found['days']:.0f} days", f"clock: UTC days; {found['bucket']}", _level(found))
    name = NAMES["deployment_frequency"]
    return _figure(name, found["per_day"], lambda x: f"{x:.2f}{_DAY}", _DAILY, "not known", *notes)


def _recovery(found: Json) -> Html:
    notes = (
        f"n = {found['n']} failed, {found['open']} open",
        f"clock: from {found['from']}".replace("_", " "),
        _level(found),
    )
    nothing = "not reached" if found["n"] else "no failure known"
    return _figure(NAMES["failed_deployment_recovery_time"], found["p50"], words.span, _TIME, nothing, *notes)


def _fail(found: Json) -> Html:
    told = "" if found["incidents_told"] else "no incidents told: rollbacks and hotfixes only"
    notes = (f"n = {found['failed']} of {found['n']} deployments", told, _level(found))
    return _figure(NAMES["change_fail_rate"], found, words.percent, _SHARE, "not known", *notes)


def _rework(found: Json) -> Html:
    notes = (f"n = {found['reworked']} of {found['n']} deployments", _level(found))
    return _figure(NAMES["deployment_rework_rate"], found, words.percent, _SHARE, "not known", *notes)


def _level(found: Json) -> str:
    """Where it stands beside all industries; nothing below the fewest samples."""
    beside = (found["bands"] or {}).get("2025")
    if beside is None:
        return ""
    return f"{beside['score']:.1f} of 10 on the scale of 2025 (all: {beside['mean']:.1f} ± {beside['sd']:g})"


def scores(document: Json) -> Html:
    """Six bars."""
    return el("div", *(_score(name, one, document) for name, one in document["scores"].items()), class_="scores")


def _score(name: str, score: Json, document: Json) -> Html:
    checks = [one for one in document["checks"] if one["dimension"] == name and one["status"] in ("pass", "fail")]
    failed = sum(one["status"] == "fail" for one in checks)
    value = score["score"]
    if value is None:
        note = "not assessed: nothing here that its rules judge"
    else:
        note = f"{failed} of {len(checks)} rules fail"
        note += "" if score["confidence"] >= 1 else f"; {score['confidence']:.0%} of it known"
    line = el("div", el("span", name.capitalize()), el("b", "–" if value is None else f"{value:.0f}"), class_="line")
    return el("div", line, charts.bar(value), el("div", note, class_="note"), class_="score")


def best(document: Json) -> Html:
    """The five best moves."""
    moves = document["moves"]
    if not moves:
        return el("p", "Nothing to mend was found.", class_="quiet")
    rows = [_row(at, one) for at, one in enumerate(moves[:MOVES], 1)]
    head = ["", "What to do", "Gain", "Effort", "Gain / effort", "Score"]
    return table(head, rows, right=frozenset({0, 2, 3, 4, 5}), class_="moves")


def _row(at: int, move: Json) -> list[Child]:
    places = f"{move['findings']} place{'s' if move['findings'] > 1 else ''}"
    patched = f", {move['patches']} with a verified patch" if move["patches"] else ""
    what = join(
        el("span", move["severity"], class_=f"sev {move['severity']}"), " ",
        el("a", move["title"], href=f"#{move['rule']}"),
        el("div", prose(move["advice"]), class_="small quiet"),
        el("div", f"{move['rule']}, {places}{patched}", class_="small quiet"),
    )  # fmt: skip
    return [at, what, f"{move['gain']:.1f}", move["effort"], f"{move['gain_per_effort']:.1f}", change(move)]


def change(move: Json, form: str = ".0f") -> Html:
    """The dimension and its score before and after."""
    before, after = (("–" if one is None else format(one, form)) for one in (move["score_before"], move["score_after"]))
    return join(f"{move['dimension']} ", el("b", f"{before} → {after}"))
