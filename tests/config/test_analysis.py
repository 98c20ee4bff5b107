"""`analysis:` and `ramp:` of seaway.yaml: a whole judge from nothing, every word of it, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from seaway.config import loader
from seaway.errors import ConfigError
from seaway.model.analysis import Kind, Mismatch, Stop, Underpowered
from seaway.model.environment import Environment
from seaway.model.verdict import Reaction


def load(tmp_path: Path, **production: Any) -> Environment:
    document = {"services": {"shop": {"command": "./shop"}}, "environments": {"production": production}}
    path = tmp_path / "seaway.yaml"
    path.write_text(yaml.safe_dump(document))
    return loader.load(path, {}).environments["production"]


def test_nothing_written_is_no_judge(tmp_path: Path) -> None:
    assert load(tmp_path).judging is None


def test_an_empty_analysis_is_a_whole_judge(tmp_path: Path) -> None:
    judging = load(tmp_path, analysis={}).judging
    assert judging is not None
    assert [(metric.name, metric.kind) for metric in judging.spec.metrics] == [
        ("errors", Kind.RATE), ("latency", Kind.LATENCY),
    ]  # fmt: skip
    assert judging.spec.required == ("errors", "latency")
    assert judging.spec.stop is Stop.DEADLINE
    assert judging.on_fail is Reaction.ROLLBACK


def test_every_word_arrives(tmp_path: Path) -> None:
    judging = load(
        tmp_path,
        tick="2s",
        analysis={
            "metrics": [
                {"rate": {"margin": 1.5, "enough": "0.5%"}, "name": "failures", "weight": "40%", "tolerance": "20%"},
                {"latency": {"quantiles": ["p50", "p99"], "margin": "30%", "enough": "5ms"}},
                {"objective": {"at_most": "2%"}},
            ],
            "alpha": "2%", "alpha_promote": "10%", "tolerance": "15%", "min_samples": 55, "warm_up": "5s", "deadline": "10m",
            "must_have": ["failures"], "on_mismatch": "rollback", "extend_max": "2m", "underpowered": "refuse",
            "on": {"fail": "hold", "inconclusive": "rollback", "no_data": "continue", "error": "extend"},
            "requests_per_minute": 120, "restarts": 5,
        },
    ).judging  # fmt: skip
    assert judging is not None
    spec = judging.spec
    failures, latency, objective = spec.metrics
    assert (failures.name, failures.margin, failures.enough, failures.weight) == ("failures", 1.5, 0.005, 0.4)
    assert failures.tolerance == 0.2
    assert (latency.quantiles, latency.margin, latency.enough) == ((0.5, 0.99), 0.3, 5.0)
    assert (objective.kind, objective.at_most) == (Kind.OBJECTIVE, 0.02)
    assert (spec.alpha, spec.alpha_promote, spec.tolerance, spec.min_samples) == (0.02, 0.1, 0.15, 55)
    assert (spec.warmup_batches, spec.required, spec.on_mismatch) == (3, ("failures",), Mismatch.ROLLBACK)
    assert (judging.deadline, judging.extend_max) == (timedelta(minutes=10), timedelta(minutes=2))
    assert judging.underpowered is Underpowered.REFUSE
    assert (judging.on_fail, judging.on_inconclusive, judging.on_no_data, judging.on_error) == (
        Reaction.HOLD, Reaction.ROLLBACK, Reaction.CONTINUE, Reaction.EXTEND,
    )  # fmt: skip
    assert judging.requests_per_minute == 120
    assert spec.restarts == 5


def test_metrics_of_one_kind_get_names_of_their_own(tmp_path: Path) -> None:
    judging = load(tmp_path, analysis={"metrics": [{"latency": {}}, {"latency": {"quantiles": ["p99"]}}]}).judging
    assert judging is not None
    assert [metric.name for metric in judging.spec.metrics] == ["latency", "latency-2"]


def test_a_ramp_has_defaults_and_takes_every_word(tmp_path: Path) -> None:
    ramp = load(tmp_path, strategy={"canary": {"ramp": {}}}, analysis={}).strategy.ramp
    assert ramp is not None
    assert (ramp.risk, ramp.most, ramp.lag) == (3.0, 500_000, None)
    written = {"risk_budget": 1.5, "most": 30, "deadline": "5m", "lag": "2s"}
    ramp = load(tmp_path, strategy={"canary": {"ramp": written}}, analysis={}).strategy.ramp
    assert ramp is not None
    assert (ramp.risk, ramp.most, ramp.deadline) == (1.5, 300_000, timedelta(minutes=5))
    assert ramp.lag == timedelta(seconds=2)


@pytest.mark.parametrize(
    ("production", "words"),
    [
        ({"strategy": {"canary": {"ramp": {}}}}, "a ramp follows the judge's evidence"),
        ({"strategy": {"canary": {"ramp": {"most": 100}}}, "analysis": {}}, "`most` is above 0 and below 100"),
        ({"strategy": {"canary": {}}}, "give exactly one of steps, ramp"),
        ({"analysis": {"alpha": "0%"}}, "`alpha` is above 0%"),
        ({"analysis": {"metrics": [{"rate": {"margin": 1}}]}}, "greater than 1"),
        ({"analysis": {"metrics": [{"latency": {"margin": "0%"}}]}}, "cannot be proven"),
        ({"analysis": {"metrics": [{"objective": {"at_most": "0%"}}]}}, "above 0% and below 100%"),
        ({"analysis": {"metrics": [{"objective": {"at_most": "1%"}, "tolerance": "1%"}]}}, "has no tolerance"),
        ({"analysis": {"metrics": [{"rate": {}, "weight": "100%"}, {"latency": {}}]}}, "leave nothing"),
        ({"analysis": {"must_have": ["speed"]}}, "which is no metric"),
        ({"analysis": {"metrics": [{"rate": {}, "latency": {}}]}}, "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(tmp_path: Path, production: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **production)
    assert any(words in problem.message for problem in caught.value.problems), caught.value.problems


def test_the_judge_may_stand_in_for_objectives_of_an_analysis_step(tmp_path: Path) -> None:
    steps = {"canary": {"steps": [{"set_weight": 10}, {"analysis": "5m"}]}}
    assert load(tmp_path, strategy=steps, analysis={}).judging
    with pytest.raises(ConfigError):
        load(tmp_path, strategy=steps)
