"""Where the time of pipelines goes, from recorded runs. Called by `whole`."""

from __future__ import annotations

from typing import Any

from seaway.assess.dora import words
from seaway.assess.page import charts
from seaway.assess.page.delivery import facts
from seaway.assess.page.element import Child, Html, el, join, sentence, table

Json = dict[str, Any]


def bottlenecks(document: Json) -> Html:
    """A table of jobs per pipeline, those that decide how long a run takes first."""
    if not document["bottlenecks"]:
        why = next((one for one in document["not_measured"] if one["what"] == "bottlenecks"), None)
        said = join("Not known. ", sentence(why["how"])) if why else "No runs."
        return el("p", said, class_="quiet")
    return join(*(_pipeline(one) for one in document["bottlenecks"]))


def _pipeline(one: Json) -> Html:
    said = [f"{one['runs']} runs from {one['since'][:10]} to {one['until'][:10]}, {one['succeeded']} succeeded."]
    if one["duration_p50"]:
        said.append(f"A run takes {_spread(one['duration_p50'])}.")
    said.append(
        f"Jobs wait {words.percent(one['queue_share'])} of their time for a machine; {words.percent(one['retried_share'])} of the work was done again."
    )
    if one["cost"]:
        said.append(f"Machines cost {one['cost']['total']:.2f}, {one['cost']['run_p50']:.2f} a run.")
    if one["order"] == "times":
        said.append("What waits for what is taken from the times of the runs.")
    rows: list[list[Child]] = [
        [job["job"], charts.bar(100 * job["critical"]["value"], plain=True), words.percent(job["critical"]["value"]), _time(job["work_p50"]),
         _time(job["queue_p50"]), "–" if job["flaky"] is None else words.percent(job["flaky"]["value"])]
        for job in one["jobs"]
    ]  # fmt: skip
    head = ["Job", "On the critical path", "", "Work", "Queue", "Flaky"]
    return join(
        el("h3", el("code", one["pipeline"])), el("p", " ".join(said), class_="small"),
        table(head, rows, right=frozenset({2, 3, 4, 5}), class_="jobs"),
        el("details", el("summary", "All figures"), facts(one)),
    )  # fmt: skip


def _time(figure: Json | None) -> str:
    return "–" if figure is None else words.span(figure["value"])


def _spread(figure: Json) -> str:
    return f"{words.span(figure['value'])} (median; 90 %: {words.span(figure['low'])} to {words.span(figure['high'])})"
