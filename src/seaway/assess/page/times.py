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
    return join(*(_pipeline(one) for one in document["bottlenecks"]), _promises(document["forecasts"]))


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
        _what_if(one),
        el("details", el("summary", "All figures"), facts(one)),
    )  # fmt: skip


def _what_if(one: Json) -> Html:
    """What improvements would bring, or why that is not known."""
    replay = one["replay"]
    if replay is None:
        return Html("")
    if not replay["reproduced"]:
        return el("p", "No forecast: ", sentence(replay["words"]), class_="quiet")
    if not one["what_if"]:
        return el("p", "Nothing that was tried on these runs makes them shorter.", class_="quiet")
    rows: list[list[Child]] = [
        [each["words"], _time(each["gain"]), _spread(each["after"]), sentence(each["assumes"])]
        for each in one["what_if"]
    ]
    said = f"What if: {one['what_if'][0]['replays']:,} replayed runs each; the replay gives the recorded {words.span(replay['recorded_s'])}."
    head = ["Change", "Gain", "A run then takes", "If"]
    return join(el("p", said, class_="small"), table(head, rows, right=frozenset({1})))


def _promises(found: list[Json]) -> Html:
    """What came of stored forecasts."""
    if not found:
        return Html("")
    rows: list[list[Child]] = [
        [
            each["forecast"],
            each["made"][:10],
            _spread(each["after"]),
            "–" if each["observed"] is None else _spread(each["observed"]),
            each["state"],
        ]
        for each in found
    ]
    return join(el("h3", "Forecasts"), table(["Change", "Made", "Foretold", "Seen since", "State"], rows))


def _time(figure: Json | None) -> str:
    return "–" if figure is None else words.span(figure["value"])


def _spread(figure: Json) -> str:
    return f"{words.span(figure['value'])} (median; 90 %: {words.span(figure['low'])} to {words.span(figure['high'])})"
