"""The YAML of an analysis: the contract reads, every mistake is named at its place, foreign text never breaks the reader."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaway.errors import ConfigError
from seaway.judge import spec
from seaway.model import codec
from seaway.model.analysis import Kind, Spec

CONTRACT = """
{alpha: 0.01, alpha_promote: 0.05, tolerance: 0.1, metrics: [
  {name: errors, kind: rate, direction: increase, margin: 2.0, weight: 0.4},
  {name: latency, kind: latency, quantiles: [0.5, 0.9, 0.99], margin: 0.25},
  {name: slo, kind: objective, at_most: 0.005}], deadline_batches: 600}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        spec.parse(text, "spec.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_the_contract_reads_with_its_defaults() -> None:
    read = spec.parse(CONTRACT)
    assert [m.kind for m in read.metrics] == [Kind.RATE, Kind.LATENCY, Kind.OBJECTIVE]
    assert (read.alpha, read.alpha_promote, read.tolerance, read.deadline_batches) == (0.01, 0.05, 0.1, 600)
    assert (read.min_samples, read.warmup_batches, read.stop.value) == (20, 0, "first_decision")
    assert read.required == ("errors", "latency")


def test_weights_without_a_number_share_what_is_left() -> None:
    assert spec.weights(spec.parse(CONTRACT)) == pytest.approx({"errors": 0.4, "latency": 0.3, "slo": 0.3})


def test_weights_that_are_all_given_are_scaled_to_one() -> None:
    read = spec.parse("metrics: [{name: a, kind: rate, weight: 0.4}, {name: b, kind: rate, weight: 0.1}]")
    assert spec.weights(read) == pytest.approx({"a": 0.8, "b": 0.2})


def test_a_spec_survives_the_codec() -> None:
    read = spec.parse(CONTRACT)
    assert codec.decode(Spec, codec.encode(read)) == read


def test_all_mistakes_are_reported_at_once_each_at_its_place() -> None:
    found = problems(
        "alpha: 2\ntolerence: 0.1\nmetrics:\n  - {name: a, kind: rates}\n  - {kind: rate}\n  - {name: b, kind: objective}\n"
    )
    assert any(line.startswith("spec.yaml:1:8: alpha must be above 0") for line in found)
    assert any(
        "spec.yaml:2:1: unknown field 'tolerence'" in line and "did you mean tolerance?" in line for line in found
    )
    assert any("spec.yaml:4:" in line and "'rates' is none of rate, latency, objective" in line for line in found)
    assert any("spec.yaml:5:" in line and "needs a name" in line for line in found)
    assert any("spec.yaml:6:" in line and "needs at_most" in line for line in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("[]", "must be a mapping"),
        ("alpha: 0.01", "needs metrics"),
        ("metrics: []", "list of 1 to"),
        ("metrics: [{name: a, kind: rate, margin: 0.5}]", "margin of a rate must be above 1"),
        ("metrics: [{name: a, kind: rate, at_most: 0.5}]", "at_most belongs to"),
        ("metrics: [{name: a, kind: rate}, {name: a, kind: rate}]", "two metrics are called"),
        ("{metrics: [{name: a, kind: rate}], must_have: [b]}", "which is no metric"),
        ("{metrics: [{name: a, kind: rate}], must_have: [a]}", "which has no margin"),
        ("metrics: [{name: a, kind: rate, weight: 1}, {name: b, kind: rate}]", "leave nothing"),
        ("{metrics: [{name: a, kind: rate}], warmup_batches: 600}", "warmup_batches must be below"),
        ("{metrics: [{name: a, kind: objective, at_most: 0.1, of: b}]}", "no metric of kind rate"),
        ("metrics: [{name: a, kind: rate, name: b}]", "given twice"),
        ("metrics: [{name: a, kind: latency, quantiles: [1.5]}]", "between 0 and 1"),
        ("{metrics: [{name: a, kind: rate}], deadline_batches: 1.5}", "whole number"),
        ("{metrics: [{name: a, kind: rate}], alpha: '0.01'}", "not a number"),
        ("{metrics: [{name: a, kind: rate}], alpha: .nan}", "not a number"),
        ("a: &x 1\nb: *x", "aliases"),
        ("[" * 60, "nested deeper"),
        ("metrics: [", "not YAML"),
        ("x" * 300_000, "larger than"),
        ("\x00", "not YAML"),
    ],
)
def test_a_wrong_spec_says_what_is_wrong(text: str, message: str) -> None:
    assert any(message in line for line in problems(text))


@given(st.text(alphabet="{}[]:,&*!|>'\"-#%@ \n\tabmetricsnkd01.~", max_size=120))
@settings(max_examples=150)
def test_foreign_text_is_a_spec_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(spec.parse(text), Spec)
