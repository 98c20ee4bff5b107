"""Findings by rule with their snippets, what is silenced, the roadmap, unknowns, all rules. Called by `whole`."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from seaway.assess.page import snippets
from seaway.assess.page.element import Child, Html, el, join, prose, sentence, table
from seaway.assess.page.summary import change

Json = dict[str, Any]
OPEN = 4  # places of a rule that are shown at once
_DIFF = 60  # lines of a patch


def listed(document: Json, texts: snippets.Texts) -> Html:
    """All of them, the worst rule first."""
    if not document["findings"]:
        return el("p", "Nothing was found.", class_="quiet")
    first: dict[str, int] = {}
    for at, one in enumerate(document["findings"]):
        first.setdefault(one["rule"], at)
    ordered = sorted(document["findings"], key=lambda one: first[one["rule"]])
    advice = {one["rule"]: one for one in document["moves"]}
    made = [
        _rule(rule, list(group), advice.get(rule), texts)
        for rule, group in groupby(ordered, key=lambda one: one["rule"])
    ]
    known = f"{document['known']} more are known from the baseline." if document["known"] else None
    return join(el("p", known, class_="quiet") if known else None, *made)


def _rule(rule: str, group: list[Json], move: Json | None, texts: snippets.Texts) -> Html:
    one = group[0]
    head = el("h3", severity(one["severity"]), " ", prose(move["title"]) if move else rule, " ",
              el("code", f"{rule} {one['number']}", class_="quiet"))  # fmt: skip
    why = join(prose(one["why"]), " ", el("b", prose(move["advice"])) if move else None)
    places = [_place(each, texts) for each in group]
    rest = el("details", el("summary", f"{len(places) - OPEN} more places"), *places[OPEN:], class_="keep")
    return el("div", head, el("p", why), *places[:OPEN], rest if len(places) > OPEN else None, class_="rule", id=rule)


def severity(name: str) -> Html:
    """The word in its colour."""
    return el("span", name, class_=f"sev {name}")


def _place(one: Json, texts: snippets.Texts) -> Html:
    where = el("p", el("code", f"{one['path']}:{one['line']}:{one['column']}"), class_="where")
    silenced = one.get("suppress")
    until = f" until {silenced['until']}" if silenced and silenced["until"] else ""
    reason = (
        el("p", f"Silenced in line {silenced['line']}{until}: {silenced['reason']}", class_="small")
        if silenced
        else None
    )
    return el(
        "div",
        where,
        el("p", prose(texts.hidden(one["message"]))),
        reason,
        snippets.snippet(texts, one),
        _patch(one["fix"], texts),
        _facts(one),
        class_="place",
    )


def _facts(one: Json) -> Html:
    words = (
        f"{one['severity']}, confidence {one['confidence']:g}, effort {one['effort']}, {one['impact']['metric'].replace('_', ' ')} by {one['impact']['method']}, "
        f"{one['dimension']}, {one['system']}, {one['status']}, to {one['end_line']}:{one['end_column']}, {one['fingerprint']}"
    )
    return el("p", words, class_="quiet small")


def _patch(fix: Json | None, texts: snippets.Texts) -> Html | None:
    if fix is None:
        return None
    tried = f"verified by {', '.join(fix['by'])}" if fix["verified"] else "not verified"
    lines = texts.hidden(fix["diff"]).splitlines()
    shown = [_diff_line(line) for line in lines[:_DIFF]]
    more = f"… {len(lines) - _DIFF} more lines: seaway assess --diff\n" if len(lines) > _DIFF else None
    return el("details", el("summary", f"Patch, {tried}"), el("pre", *shown, more))


def _diff_line(line: str) -> Html:
    kind = "add" if line.startswith("+") else "del" if line.startswith("-") else None
    return join(el("span", line, class_=kind), "\n")


def silenced(document: Json, texts: snippets.Texts) -> Html | None:
    """What a comment silences, with its reason."""
    if not document["suppressed"]:
        return None
    made = [join(el("h3", severity(one["severity"]), " ", el("code", f"{one['rule']} {one['number']}")), _place(one, texts))
            for one in document["suppressed"]]  # fmt: skip
    return el("section", el("h2", "Silenced", id="silenced"), *made)


def roadmap(document: Json) -> Html:
    """What to do in 30, 60 and 90 days, and the scores then."""
    if not document["roadmap"]:
        return el("p", "Nothing to mend was found.", class_="quiet")
    moves = {one["rule"]: one for one in document["moves"]}
    intro = el("p", "Small things and everything critical first, then middle, then large ones; within a phase by gain over effort. "
               "Gain is the weight of a rule's worst finding times its confidence; effort S counts 1, M 3, L 9.", class_="quiet small")  # fmt: skip
    return join(intro, *(_phase(one, moves) for one in document["roadmap"]))


def _phase(phase: Json, moves: dict[str, Json]) -> Html:
    rows: list[list[Child]] = [
        [join(el("a", one["title"], href=f"#{one['rule']}"), el("div", one["rule"], class_="small quiet")),
         severity(one["severity"]), one["findings"], one["patches"], one["effort"], f"{one['gain']:g}", f"{one['gain_per_effort']:g}", change(one, "g")]
        for one in (moves[rule] for rule in phase["rules"])
    ]  # fmt: skip
    after = ", ".join(
        f"{name} {'–' if score is None else f'{score:g}'}" for name, score in phase["scores_after"].items()
    )
    head = ["What", "Severity", "Places", "Patches", "Effort", "Gain", "Gain / effort", "Score"]
    return join(
        el("h3", f"{phase['days']} days"),
        table(head, rows, right=frozenset(range(2, 8))),
        el("p", f"Scores then: {after}", class_="small"),
    )


def unknowns(document: Json) -> Html:
    """What could not be known."""
    parts: list[Child] = [
        el(
            "ul",
            *(
                el("li", el("b", one["what"]), ": ", sentence(one["why"]), " ", sentence(one["how"]))
                for one in document["not_measured"]
            ),
        )
    ]
    rows: list[list[Child]] = [
        [el("code", f"{one['path']}:{one['line']}:{one['column']}"), one["why"]] for one in document["unknowns"]
    ]
    parts.append(
        table(["Place", "Why"], rows) if rows else el("p", "Everything that was found could be read.", class_="quiet")
    )
    if document["dora_basis"] and document["dora_basis"]["unknowns"]:
        parts.append(el("ul", *(el("li", one) for one in document["dora_basis"]["unknowns"])))
    return join(*parts)


def rules(document: Json) -> Html:
    """Every rule and what became of it, from which the scores can be reckoned, and all files."""
    rows: list[list[Child]] = [
        [one["number"], el("code", one["rule"]), one["dimension"], one["status"], one["findings"], severity(one["severity"]), f"{one['confidence']:g}"]
        for one in document["checks"]
    ]  # fmt: skip
    head = ["Number", "Rule", "Dimension", "Status", "Findings", "Severity", "Confidence"]
    files = el(
        "details",
        el("summary", f"{len(document['files'])} files"),
        el("ul", *(el("li", el("code", one)) for one in document["files"])),
    )
    formula = "score = 100 × (1 − Σ over fails (weight × confidence) / Σ over fails and passes (weight)); weights: critical 10, high 7.5, medium 5, low 2.5; at most 40 with a critical failure."
    scores = document["scores"].items()
    spread = ", ".join(f"{name} {one['confidence']:g}" for name, one in scores)
    exact = ", ".join(f"{name} {'none' if one['score'] is None else one['score']}" for name, one in scores)
    return join(el("p", formula, class_="quiet small"), el("p", f"Scores: {exact}. Known by weight: {spread}.", class_="quiet small"),
                table(head, rows, right=frozenset({4, 6})), files)  # fmt: skip
