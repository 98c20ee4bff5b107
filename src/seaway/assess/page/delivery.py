"""The way of a change: time to production by each clock, the figures of each service with their rows, critical paths. Called by `whole`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seaway.assess.dora import words
from seaway.assess.page import charts
from seaway.assess.page.element import Child, Html, el, join, sentence, table
from seaway.assess.page.summary import NAMES, lane_name

Json = dict[str, Any]
Rows = Mapping[str, Sequence[Json]]  # metric of `seaway dora --rows` -> rows of all lanes

ROWS = 100  # of one metric and lane
WAYS = 12  # critical paths that are drawn; the others are listed
_METRICS = {
    "lead-time": "change_lead_time",
    "frequency": "deployment_frequency",
    "recovery": "failed_deployment_recovery_time",
    "fail-rate": "change_fail_rate",
    "rework": "deployment_rework_rate",
}
_SINCE = {"author": "since it was written", "committer": "since its commit", "first_seen": "since its push"}
_UNKNOWN = "review and approval, which need pull requests; where pipelines spend their time stands below"
_UNSEEN = "review, queue, build, test and approval: they need pull requests and runs, which were not read"


def value_stream(document: Json) -> Html:
    """Per lane: how long until production, since each moment that is known."""
    lanes = [one for one in document["dora"] if one["change_lead_time"]["n"]]
    if not lanes:
        return el("p", "Not known: no deployment with a lead time was read.", class_="quiet")
    parts = [el("p", "Time until a change is in production, since each moment that is known: the median, and the ninth of ten behind it.",
                class_="quiet")]  # fmt: skip
    for lane in lanes:
        lead = lane["change_lead_time"]
        spans = [(_SINCE.get(name, name), each) for name, each in lead["clocks"].items()]
        spans = [
            *sorted(spans, key=lambda one: -(one[1]["p50"]["value"] or 0)),
            ("since it was merged", lead["batch_delay"]),
        ]
        known = [(name, each["p50"]["value"], each["p90"]["value"]) for name, each in spans if each["n"]]
        parts += [el("h3", lane_name(lane)), charts.stream(known, f"Time to production of {lane_name(lane)}")]
        waits = _share(lead)
        parts += [el("p", waits, class_="small")] if waits else []
    parts.append(el("p", f"Not known: {_UNKNOWN if document['bottlenecks'] else _UNSEEN}.", class_="quiet small"))
    return join(*parts)


def _share(lead: Json) -> str:
    whole, batch = lead["p50"]["value"], lead["batch_delay"]["p50"]["value"]
    if not whole or batch is None or batch > whole:
        return ""
    return f"A change that is merged waits {batch / whole:.0%} of the median lead time for its deployment."


def critical_paths(document: Json) -> Html:
    """Each pipeline's jobs, the longest chain in colour."""
    ways = sorted(document["critical_paths"], key=lambda one: (-len(one["critical"]), one["path"]))
    if not ways:
        return el("p", "No pipeline has jobs that wait for each other.", class_="quiet")
    unit = next((one for one in document["not_measured"] if one["what"] == "bottlenecks"), None)
    parts = [el("p", sentence(unit["why"]), " ", sentence(unit["how"]), class_="quiet small")] if unit else []
    for one in ways[:WAYS]:
        took = f", {words.span(one['total'])}" if one["unit"] == "seconds" else "; each job counts as one"
        chain = f"{' → '.join(one['critical'])}: {len(one['critical'])} of {len(one['jobs'])} jobs{took}"
        drawn = charts.way(one["jobs"], one["critical"], one["total"], f"Jobs of {one['path']}", one["unit"])
        parts += [el("h3", el("code", one["path"])), el("p", chain, class_="small"), drawn]
        if len(one["jobs"]) > charts.ROWS:
            others = [job["id"] for job in one["jobs"] if job["id"] not in one["critical"]]
            parts.append(
                el("details", el("summary", f"{len(others)} other jobs"), el("p", ", ".join(others), class_="small"))
            )
    rest = [[el("code", one["path"]), " → ".join(one["critical"]), ", ".join(job["id"] for job in one["jobs"])]
            for one in ways[WAYS:]]  # fmt: skip
    if rest:
        listed: list[list[Child]] = [list(one) for one in rest]
        parts.append(
            el(
                "details",
                el("summary", f"{len(rest)} more pipelines"),
                table(["Pipeline", "Critical path", "Jobs"], listed),
            )
        )
    return join(*parts)


def figures(document: Json, rows: Rows) -> Html:
    """Every figure of every service, its definition, and the rows that it was computed from."""
    basis = document["dora_basis"]
    if basis is None:
        return el("p", "Nothing was measured.", class_="quiet")
    begin = f"from {basis['since']} " if basis["since"] else ""
    span = f"Deployments {begin}until {basis['until']}; intervals are {basis['interval']['level']:.0%}."
    exact = facts({key: basis[key] for key in ("since", "until", "attribution_window", "interval")})
    parts: list[Child] = [
        el("p", span, class_="small quiet"),
        el("details", el("summary", "How it was measured"), exact),
    ]
    for lane in document["dora"]:
        parts.append(el("h3", lane_name(lane)))
        for metric, key in _METRICS.items():
            own = [
                one
                for one in rows.get(metric, ())
                if (one["service"], one["environment"]) == (lane["service"], lane["environment"])
            ]
            name = NAMES[key]
            parts.append(el(
                "details", el("summary", f"{name}: all figures, {len(own)} rows"),
                el("p", basis["definitions"][key], class_="small quiet"),
                facts(lane[key]), _rows(own, metric),
            ))  # fmt: skip
    parts.append(el("p", "Clocks. ", "; ".join(f"{name.replace('_', ' ')}: {said}" for name, said in basis["definitions"]["clocks"].items()) + ".",
                    class_="small quiet"))  # fmt: skip
    if basis["incidents"]:
        causes: list[list[Child]] = [[one["id"], one["service"], one["started"], one["deployment"] or "no deployment", one["not_a_change"], facts(one)]
                  for one in basis["incidents"]]  # fmt: skip
        head = ["Incident", "Service", "Started", "Likeliest cause", "Not a change", "All answers"]
        parts.append(
            el("details", el("summary", f"{len(causes)} incidents and their likeliest causes"), table(head, causes))
        )
    return join(*parts)


def _rows(own: Sequence[Json], metric: str) -> Html:
    if not own:
        return el("p", "No rows.", class_="small quiet")
    head = [name for name in own[0] if name not in ("service", "environment")]
    last = own[-ROWS:]
    cells: list[list[Child]] = [[_cell(one[name]) for name in head] for one in last]
    left = len(own) - len(last)
    note = (
        el("p", f"The last {len(last)} of {len(own)}; all: seaway dora --rows {metric}", class_="small quiet")
        if left
        else None
    )
    return join(table([name.replace("_", " ") for name in head], cells), note)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def facts(value: Any) -> Html:
    """A document's part as it is, key by key."""
    rows = [el("tr", el("td", key), el("td", said)) for key, said in _leaves(value, "")]
    return el("div", el("table", el("tbody", *rows), class_="facts"), class_="scroll")


def _leaves(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [
            row for key, inner in value.items() for row in _leaves(inner, f"{name} {key}".strip().replace("_", " "))
        ]
    if isinstance(value, list) and value:
        return [row for at, inner in enumerate(value, 1) for row in _leaves(inner, f"{name} {at}".strip())]
    return [
        (
            name,
            "none" if value in (None, [], {}) else "yes" if value is True else "no" if value is False else str(value),
        )
    ]
