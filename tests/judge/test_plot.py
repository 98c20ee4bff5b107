"""The evidence of a record as text and picture: it shows what was decided, and the picture is well-formed."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from judge.streams import rate_batches
from seaway.judge import plot, record
from seaway.judge.stream import Judgement
from seaway.model.analysis import Kind, Metric, Spec

SPEC = Spec((Metric("errors", Kind.RATE, margin=2.0),))


def recorded(candidate_rate: float, ticks: int = 60) -> dict[str, object]:
    judgement = Judgement("c<1>&", SPEC)
    for batch in rate_batches(1, ticks, 0.001, candidate_rate):
        judgement.observe([batch])
    judgement.finish()
    return record.record(judgement)


def test_the_course_ends_where_the_verdict_was_given() -> None:
    data = recorded(0.05)
    looks = plot.course(data)
    assert looks[-1].harm == data["verdict"]["metrics"]["errors"]["ln_e"]["harm"]  # type: ignore[index]
    assert looks[-1].t == data["verdict"]["at"]  # type: ignore[index]
    assert looks[-1].weight == 50_000


def test_the_text_shows_both_thresholds_and_harm_that_reaches_one() -> None:
    lines = plot.text(plot.course(recorded(0.05)), 0.01, 0.05)
    assert any("-----" in line and "h" in line for line in lines)
    assert any("=====" in line for line in lines)
    assert max(map(len, lines)) <= 80
    calm = plot.text(plot.course(recorded(0.001)), 0.01, 0.05)
    assert not any("-----" in line and "h" in line[8:] for line in calm if "|" in line)


def test_the_picture_is_well_formed_whatever_the_title_holds() -> None:
    for rate in (0.05, 0.001):
        root = ET.fromstring(plot.svg(plot.course(recorded(rate)), 0.01, 0.05, "a <b> & c"))
        assert root.tag.endswith("svg")
        assert not [each for each in root.iter() if each.tag.endswith("script")]


def test_a_record_without_batches_is_drawn_too() -> None:
    data = record.record(Judgement("c", SPEC))
    assert plot.text(plot.course(data), 0.01, 0.05) == ["no batches"]
    ET.fromstring(plot.svg(plot.course(data), 0.01, 0.05, ""))
