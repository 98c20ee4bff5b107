"""Whatever valid batches come, in whatever order: one of five verdicts, finite numbers, no warning, and no pass without evidence."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from seaway.judge import history, record, stream
from seaway.model.analysis import Direction, Judge, Kind, Metric, Mismatch, Spec, Stop
from seaway.model.batch import Batch, Side

EDGES = (5.0, 50.0, 55.0, 500.0)
METRICS = (
    Metric("errors", Kind.RATE, margin=2.0, direction=Direction.EITHER),
    Metric("latency", Kind.LATENCY, margin=0.25),
    Metric("slo", Kind.OBJECTIVE, at_most=0.01, of="errors"),
)
count = st.sampled_from([0, 0, 1, 2, 7, 60, 199, 1000, 10**6, 2**50])


@st.composite
def side(draw: st.DrawFn, *, latency: bool) -> Side | None:
    if draw(st.integers(0, 9)) == 0:
        return None
    if latency:
        counts = tuple(draw(st.lists(count, min_size=5, max_size=5)))
        return Side(sum(counts), 0, counts)
    n = draw(count)
    return Side(n, draw(st.integers(0, n)))


@st.composite
def batch(draw: st.DrawFn) -> Batch:
    latency = draw(st.booleans())
    weight = draw(st.sampled_from([None, 0, 1, 50_000, 999_999, 1_000_000]))
    t = float(draw(st.integers(0, 15)))
    if draw(st.integers(0, 11)) == 0:
        return Batch("latency" if latency else "errors", t, None, None, unreadable="gone")
    sides = draw(side(latency=latency)), draw(side(latency=latency))
    return Batch("latency" if latency else "errors", t, *sides, weight, EDGES if latency else ())


specs = st.builds(
    Spec,
    st.just(METRICS),
    tolerance=st.sampled_from([0.0, 0.1]),
    deadline_batches=st.sampled_from([3, 10, 100]),
    warmup_batches=st.sampled_from([0, 2]),
    restarts=st.sampled_from([1, 3]),
    points=st.sampled_from([16, 257]),
    must_have=st.sampled_from([None, ("slo",)]),
    stop=st.sampled_from(Stop),
    on_mismatch=st.sampled_from(Mismatch),
    judge=st.sampled_from([Judge.SEAWAY, Judge.SEAWAY, Judge.KAYENTA]),
)
pasts = st.none() | st.lists(batch().filter(lambda b: b.stable is not None), max_size=6)


@given(specs, pasts, st.lists(batch(), max_size=30), st.booleans())
@settings(max_examples=40)
def test_any_stream_ends_in_a_verdict_that_json_carries(
    spec: Spec, before: list[Batch] | None, batches: list[Batch], each: bool
) -> None:
    judgement = stream.Judgement("c", spec, history.gather(before) if before else None)
    taken = []
    for item in batches:
        if (item.metric, item.t) not in {(b.metric, b.t) for b in taken}:
            taken.append(item)
            judgement.add(item)
            if each:
                judgement.look()
    standing = judgement.finish()
    document = json.loads(record.line(record.verdict(judgement)))
    assert document["verdict"] in {"pass", "fail", "inconclusive", "no_data", "error"}
    assert standing.outcome != "pass" or spec.judge is Judge.KAYENTA or standing.candidate_requests >= 20
    replayed = record.replay(json.loads(record.line(record.record(judgement))))
    assert replayed["verdict"] == document["verdict"]
    assert replayed["e"] == document["e"]
