"""The whole page, in the order in which it is read: numbers, scores, moves; then how, where and why. Called by `app.report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from seaway.assess.page import delivery, findings, snippets, summary, times
from seaway.assess.page.element import Html, el
from seaway.assess.page.style import sheet

Json = dict[str, Any]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_SECTIONS = {
    "stream": "Value stream",
    "delivery": "Delivery",
    "paths": "Critical paths",
    "times": "Where the time goes",
    "findings": "Findings",
    "roadmap": "Roadmap",
    "unknowns": "Not known",
    "rules": "All rules",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What the document does not hold. `texts`: files for the snippets; `rows`: of each metric, as `seaway dora --rows` names them."""

    name: str
    made: date
    version: str
    texts: snippets.Texts = field(default_factory=lambda: snippets.Texts({}))
    rows: Mapping[str, Sequence[Json]] = field(default_factory=dict)


def page(document: Json, given: Given) -> str:
    """One HTML file. Everything foreign in it is escaped, nothing in it is fetched, nothing in it runs."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{given.name}: how it ships"),
        el("style", Html(sheet())),
    )
    made = {
        "stream": delivery.value_stream(document),
        "delivery": delivery.figures(document, given.rows),
        "paths": delivery.critical_paths(document),
        "times": times.bottlenecks(document),
        "findings": findings.listed(document, given.texts),
        "roadmap": findings.roadmap(document),
        "unknowns": findings.unknowns(document),
        "rules": findings.rules(document),
    }
    sections = [el("section", el("h2", title), made[name], id=name) for name, title in _SECTIONS.items()]
    sections.insert(5, findings.silenced(document, given.texts) or Html(""))
    foot = el(
        "footer",
        f"Made by Seaway {given.version} from {document['format']} on {given.made.isoformat()}. Unknown is never counted as failure.",
    )
    body = el("body", el("main", _first(document, given), *sections, foot))
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _first(document: Json, given: Given) -> Html:
    """What fits on the first sheet of paper."""
    counts: dict[str, int] = {}
    for one in document["findings"]:
        counts[one["severity"]] = counts.get(one["severity"], 0) + 1
    said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing found"
    read = f"{len(document['files'])} file{'' if len(document['files']) == 1 else 's'} read: {said}"
    links = [el("a", title, href=f"#{name}") for name, title in _SECTIONS.items()]
    return el(
        "div",
        el("header", el("div", el("h1", f"How {given.name} ships"), el("span", given.made.isoformat(), class_="quiet"), class_="head"),
           el("p", read, class_="quiet"), el("nav", *links)),
        el("section", el("h2", "Delivery in five numbers"), summary.five(document)),
        el("section", el("h2", "Six scores, of 100"), summary.scores(document)),
        el("section", el("h2", "The best moves, by gain over effort"), summary.best(document)),
        class_="first",
    )  # fmt: skip
