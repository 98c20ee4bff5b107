"""Row `assess-accuracy`: precision and recall of each rule on the labelled set (bench/labelled), published in docs/reference/accuracy.md.

The page is written by `python -m bench.assess_accuracy`, with the same seed and size as the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure, Settings
from bench.labelled.draft import Label
from bench.labelled.sample import Sample, samples
from bench.labelled.score import PRECISION, RECALL, Measured, low, score

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "accuracy.md"
SEED, EACH = 20261123, 1


def rows(settings: Settings) -> Iterator[Figure]:
    """The table, then one figure for precision and one for recall."""
    found = list(samples(settings.seed, EACH))[:: settings.pick(4, 1)]
    measured = score(found)
    print(*table(measured), "", *mistakes(measured), sep="\n", end="\n\n")
    judged = {rule: one for rule, one in measured.items() if one.tally.seen + one.tally.missed}
    print("no fault is injected yet for: " + ", ".join(sorted(measured.keys() - judged.keys())), end="\n\n")
    count = f"{len(found)} repositories of {len({one.system for one in found})} systems, {sum(len(one.wrong) for one in found)} faults"
    moved = score([_moved(one) for one in found[:: max(1, len(found) // 40)]])
    wrong = sum(one.shown.wrong for one in moved.values())
    yield _figure("precision", {rule: one.precise for rule, one in measured.items()}, PRECISION, count,
                  f"with every label moved to another rule {wrong} findings count as wrong ({'caught' if wrong else 'NOT caught'})")  # fmt: skip
    sunk = score([_sunk(one) for one in found[:: max(1, len(found) // 40)]])
    missed = sum(one.shown.missed for one in sunk.values())
    yield _figure("recall", {rule: one.complete for rule, one in judged.items()}, RECALL, count,
                  f"with every label forty lines further down {missed} faults count as missed ({'caught' if missed else 'NOT caught'})")  # fmt: skip


def _figure(what: str, met: dict[str, bool], limit: float, count: str, control: str) -> Figure:
    below = sorted(rule for rule, one in met.items() if not one)
    value = f"{len(met) - len(below)} of {len(met)} rules" + (f"; below: {', '.join(below)}" if below else "")
    return Figure(f"assess {what}", "rules that reach it on injected faults and look-alikes", value, f"every rule >= {limit}",
                  not below, count, "per rule in the table (Wilson, lower end)", control)  # fmt: skip


def _sunk(one: Sample) -> Sample:
    return replace(one, wrong=tuple(replace(label, line=label.line + 40) for label in one.wrong if label.line))


def _moved(one: Sample) -> Sample:
    return replace(one, wrong=tuple(Label("none", label.path, label.line) for label in one.wrong))


def table(measured: dict[str, Measured]) -> list[str]:
    """A line per rule of which anything was measured."""
    lines = [
        "| rule | shown | precision | at least | recall | at least | findings | faults | at the very line |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for rule, one in measured.items():
        tally = one.tally
        found, labelled = tally.right + tally.wrong, tally.seen + tally.missed
        if not found + labelled:
            continue
        lines.append(
            f"| `{rule}` | {'to auditors' if one.quiet else 'always'} | {_share(tally.precision)} | {_low(tally.right, found)} | {_share(tally.recall)} | {_low(tally.seen, labelled)} "
            f"| {found} | {labelled} | {f'{tally.exact} of {tally.lines}' if tally.lines else '-'} |"
        )
    return lines


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _low(hits: int, n: int) -> str:
    return f"{low(hits, n):.2f}" if n else "-"


def mistakes(measured: dict[str, Measured], most: int = 3) -> list[str]:
    """The first few of each rule."""
    return [f"{rule}: {words}" for rule, one in measured.items() for words in one.tally.examples[:most]]


def page() -> str:
    """The reference's page."""
    found = list(samples(SEED, EACH))
    measured = score(found)
    lines = [
        "# How often the rules are right", "",
        "Every rule is held to a labelled set: sound pipelines of seven CI systems, written at random from a seed in the shapes that teams use, with",
        "faults put into them on purpose, and with look-alikes that are no faults (`bench/labelled`). The faults were written from the",
        "[rules' pages](rules.md) and without their code. A finding is right when a fault of its rule was put within three lines, or anywhere in the file",
        "where the fault is that something is missing; every other finding is wrong. *Precision* is the share of findings that are right, *recall* the",
        "share of faults that were found; *at least* is the lower end of their 95 % interval (Wilson). Rules that say nothing by default are",
        "measured as an auditor sees them.", "",
        f"{len(found)} repositories, {sum(len(one.wrong) for one in found)} faults, seed {SEED}; `scripts/bench assess-accuracy` measures it anew.", "",
        *table(measured), "",
        "Synthetic pipelines are more alike than real ones: the figures say that a rule does what its page says, and less about what it meets in the wild.", "",
        "Rules without a line have no fault written for them yet, and were never wrong here.", "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
