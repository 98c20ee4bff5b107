"""Liars in place of a Prometheus: whatever answers, it becomes evidence or an error with its reason. Its promises are in tests/contracts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from seaway import errors
from seaway.adapters.metrics.prometheus import Prometheus
from seaway.formats.monitoring.prometheus import templates
from seaway.model.metrics import MetricsSource
from support.http import Liar

SECRET = "s3cret-t0ken"


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.close()


@pytest.fixture
def metrics(liar: Liar) -> Iterator[Prometheus]:
    queries = templates.TABLE["http"]
    source = MetricsSource(liar.url, queries, token="env:TOKEN", scrape_interval=timedelta(seconds=1))
    made = Prometheus(source, lambda _: SECRET)
    yield made
    made.close()


def answer(kind: str, *series: Any, **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": series}, **more}).encode()


def honest(value: object = "5", labels: dict[str, str] | None = None, now: float = 0) -> dict[str, bytes]:
    """What a Prometheus would say: newest times, then counters by process."""
    at = now or time.time()
    process = labels or {"version": "a", "code": "200", "job": "shop", "instance": "i"}
    newest = answer("vector", {"metric": {"version": "a"}, "value": [at, str(at)]})
    return {
        "/api/v1/query": newest,
        "code": answer("matrix", {"metric": process, "values": [[at, value]]}),
        "le": answer("matrix"),
    }


def tell(liar: Liar, told: dict[str, bytes]) -> None:
    """Answer by path, and range queries by the label that they sum by."""

    def body(path: str) -> bytes:
        if path.startswith("/api/v1/query_range"):
            return told["le" if "bucket" in path else "code"]
        return told["/api/v1/query"]

    liar.answer = body


def test_the_control_an_honest_answer_is_taken(liar: Liar, metrics: Prometheus) -> None:
    tell(liar, honest("5"))
    metrics.sample("shop", ("a",))
    tell(liar, honest("8", now=time.time() + 1))
    assert metrics.sample("shop", ("a",))["a"].requests == 3
    assert {head["authorization"] for head in liar.heads} == {f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "instead of numbers"),
        (b"<html>Log in</html>", "instead of numbers: <html>Log in"),
        (b"[]", "no document"),
        (b"{}", "cannot be read"),
        (b'{"status": "success"}', "cannot be read"),
        (b'{"status": "success", "data": null}', "cannot be read"),
        (answer("scalar"), "no vector and no matrix"),
        (answer("vector", {"metric": {}}), "cannot be read"),
        (answer("vector", {"metric": {"a": 1}, "value": [1, "1"]}), "no text"),
        (answer("vector", {"metric": {}, "value": [1, "x"]}), "cannot be read"),
        (answer("vector", {"metric": {}, "value": [1, "NaN"]}), "which is no number"),
        (answer("vector", {"metric": {}, "value": [1, True]}), "which is no number"),
        (answer("vector", {"metric": {}, "histogram": [1, {}]}), "native histograms"),
        (answer("vector", warnings=["a store did not answer"]), "incomplete: .*a store did not answer"),
        (b'{"status": "success", "data": {"resultType": "vector", "result": [NaN]}}', "instead of numbers"),
        (b'{"status": "error", "errorType": "execution", "error": "too many samples"}', "execution: too many samples"),
    ],
)
def test_an_answer_that_is_no_evidence_is_refused(liar: Liar, metrics: Prometheus, body: bytes, words: str) -> None:
    liar.answer = lambda _: body
    with pytest.raises(errors.Refused, match=words):
        metrics.sample("shop", ("a",))


def test_an_error_that_may_go_away_may_be_asked_again(liar: Liar, metrics: Prometheus) -> None:
    liar.answer = lambda _: b'{"status": "error", "errorType": "timeout", "error": "query timed out"}'
    with pytest.raises(errors.NotReachable, match="query timed out"):
        metrics.sample("shop", ("a",))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_named_by_its_key_and_never_shown(liar: Liar, metrics: Prometheus, status: int) -> None:
    liar.status = status
    liar.answer = lambda _: f"the token {SECRET} is not welcome".encode()
    with pytest.raises(errors.Refused, match=rf"answered {status}: the token \*\*\* is not") as caught:
        metrics.sample("shop", ("a",))
    assert "metrics.token" in caught.value.hint
    assert SECRET not in repr(caught.value.__cause__) + str(caught.value)


def test_a_base_with_a_path_keeps_it(liar: Liar) -> None:
    metrics = Prometheus(MetricsSource(f"{liar.url}/prometheus/", templates.TABLE["http"]), str)
    liar.answer = lambda _: answer("vector")
    assert metrics.sample("shop", ("a",)) == {}
    assert liar.paths[0].startswith("/prometheus/api/v1/query?")
    assert "authorization" not in liar.heads[0]
    metrics.close()


def test_two_services_do_not_share_their_counts(liar: Liar, metrics: Prometheus) -> None:
    tell(liar, honest("5"))
    metrics.sample("shop", ("a",))
    tell(liar, honest("9", now=time.time() + 1))
    assert metrics.sample("other", ("a",))["a"].requests == 0


def test_a_long_pause_is_looked_at_in_so_many_steps_and_no_more(liar: Liar, metrics: Prometheus) -> None:
    begin = time.time()
    tell(liar, honest("5", now=begin))
    metrics.sample("shop", ("a",))
    tell(liar, honest("6", now=begin + 1_000_000))
    metrics.sample("shop", ("a",))
    asked = [path for path in liar.paths if "query_range" in path][-1]
    parts = dict(part.split("=", 1) for part in asked.partition("?")[2].split("&"))
    assert (float(parts["end"]) - float(parts["start"])) / float(parts["step"]) == 240


def test_without_queries_there_is_nothing_to_ask() -> None:
    with pytest.raises(errors.UsageError):
        Prometheus(MetricsSource("http://127.0.0.1:1"), str)
