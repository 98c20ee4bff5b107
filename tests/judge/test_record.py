"""Verdict documents and records: the contract's fields, and replays that give the same bits."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from judge.streams import ERRORS, latency_batches, rate_batches
from seaway.judge import history, record, stream
from seaway.model import codec
from seaway.model.analysis import Kind, Metric, Spec, Stop
from seaway.model.batch import Batch
from seaway.model.verdict import Outcome, Verdict

LATENCY = Metric("latency", Kind.LATENCY, margin=0.25)


def judged(spec: Spec, batches: list[Batch], past: dict[str, history.Past] | None = None) -> stream.Judgement:
    judgement = stream.Judgement("id", spec, past)
    for batch in batches:
        judgement.add(batch)
    judgement.finish()
    return judgement


def stored(judgement: stream.Judgement) -> dict[str, object]:
    return json.loads(record.line(record.record(judgement)))


def test_a_verdict_has_the_fields_of_the_contract() -> None:
    document = record.verdict(judged(Spec((ERRORS,)), rate_batches(1, 60, 0.001, 0.05)))
    wanted = ["format", "canary", "verdict", "metric", "at", "batches", "candidate_requests", "ratio", "e"]
    assert list(document)[:9] == wanted
    assert document["format"] == "seaway.verdict/v1"
    assert document["verdict"] == "fail"
    assert document["e"]["harm"] >= 100
    assert document["ratio"]["low"] > 1
    assert document["history"] is False


def test_the_reason_of_a_pass_names_margin_and_the_document_alpha_and_band() -> None:
    document = record.verdict(judged(Spec((ERRORS,)), rate_batches(2, 600, 0.005, 0.005, share=0.5)))
    assert document["verdict"] == "pass"
    assert document["reason"] == "proven at 95%: errors not 2 times worse"
    assert document["alpha_promote"] == 0.05
    assert document["metrics"]["errors"]["margin"] == 2.0
    assert document["ratio"]["high"] < 2.5
    assert "would_change" not in document


def test_an_enormous_e_value_stays_inside_json() -> None:
    batches = [
        dataclasses.replace(b, candidate=dataclasses.replace(b.candidate, events=b.candidate.n))
        for b in rate_batches(1, 40, 0.001, 0.0)
        if b.candidate
    ]
    document = record.verdict(judged(Spec((ERRORS,), stop=Stop.DEADLINE), batches))
    assert json.loads(record.line(document))["e"]["harm"] >= 1e299


@pytest.mark.parametrize("candidate_rate", [0.05, 0.005])
@pytest.mark.parametrize("restarts", [1, 5])
def test_a_replay_gives_the_same_bits(candidate_rate: float, restarts: int) -> None:
    spec = Spec((ERRORS, LATENCY), restarts=restarts, deadline_batches=200)
    past = history.gather(dataclasses.replace(b, candidate=None) for b in latency_batches(9, 60))
    batches = [
        b
        for pair in zip(rate_batches(3, 150, 0.005, candidate_rate), latency_batches(4, 150), strict=True)
        for b in pair
    ]
    judgement = judged(spec, batches, past)
    assert record.replay(stored(judgement)) == record.verdict(judgement)


def test_late_and_repeated_batches_replay_to_the_same_bits() -> None:
    batches = rate_batches(3, 60, 0.01, 0.012)
    judgement = stream.Judgement("id", Spec((ERRORS,), deadline_batches=60))
    for batch in (*batches[:30], *batches[40:], *batches[30:40], *batches[:5]):
        judgement.observe([batch])
    judgement.finish()
    assert record.replay(stored(judgement)) == record.verdict(judgement)


def test_a_changed_batch_changes_the_replay() -> None:
    """The control: a record that was tampered with does not replay to its verdict."""
    judgement = judged(Spec((ERRORS,)), rate_batches(3, 60, 0.005, 0.006))
    data = stored(judgement)
    data["ticks"][7][0]["candidate"]["events"] = 1  # type: ignore[index]
    assert record.replay(data) != record.verdict(judgement)


def test_a_judgement_resumes_from_its_record_where_it_was() -> None:
    batches = rate_batches(3, 60, 0.005, 0.006)
    spec = Spec((ERRORS,), alpha_promote=1e-9)
    whole, half = stream.Judgement("id", spec), stream.Judgement("id", spec)
    for batch in batches[:30]:
        whole.observe([batch])
        half.observe([batch])
    resumed = record.restore(stored(half))
    assert record.verdict(resumed)["verdict"] == "continue"
    for batch in batches[30:]:
        whole.observe([batch])
        resumed.observe([batch])
    assert record.verdict(resumed) == record.verdict(whole)


def test_another_policy_is_judged_from_the_first_batch_on() -> None:
    judgement = judged(Spec((ERRORS,)), rate_batches(1, 60, 0.001, 0.05))
    strict = Spec((ERRORS,), alpha=1e-300)
    assert record.replay(stored(judgement), strict)["verdict"] != "fail"


@pytest.mark.parametrize("change", [{"format": "other/v1"}, {"core": 99}])
def test_a_record_of_another_kind_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a record"):
        record.restore({**stored(judged(Spec((ERRORS,)), [])), **change})


def test_a_record_with_an_unknown_field_is_refused() -> None:
    data = stored(judged(Spec((ERRORS,)), []))
    data["spec"]["alhpa"] = 1  # type: ignore[index]
    with pytest.raises(codec.CodecError):
        record.restore(data)


def test_an_inconclusive_verdict_says_how_many_requests_a_proof_still_takes() -> None:
    judgement = judged(Spec((ERRORS,), deadline_batches=40), rate_batches(3, 40, 0.005, 0.005, per_tick=150))
    document = record.verdict(judgement)
    assert document["verdict"] == "inconclusive"
    assert 500 < document["needed"]["errors"] < 20_000
    assert document["would_change"].startswith("more evidence of safety: errors has E ")


def test_the_rollout_gets_a_verdict_with_plain_numbers_and_nothing_while_the_judge_looks() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    judgement = stream.Judgement("id", Spec((ERRORS,)))
    assert record.answer(judgement, at) is None
    judgement.observe(rate_batches(1, 60, 0.001, 0.05))
    answer = record.answer(judgement, at)
    assert answer is not None
    assert (answer.outcome, answer.guard, answer.evidence["metric"]) == (Outcome.FAIL, "judge", "errors")
    assert codec.decode(Verdict, codec.encode(answer)) == answer
