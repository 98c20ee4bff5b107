"""Lines of the access log: what counts as served, failed and retried, and counts that survive folding."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.proxies.envoy import access_log
from seaway.formats.proxies.envoy.access_log import Tally
from seaway.formats.proxies.envoy.names import Name


def line(
    status: int = 200, flags: str = "-", attempts: str = "1", cluster: str = "api/api-a", **fields: object
) -> bytes:
    entry = {"t": 1000.25, "d": 500, "c": cluster, "s": status, "f": flags, "n": attempts, "u": "1500", **fields}
    return json.dumps(entry, separators=(",", ":")).encode()


def record(**fields: object) -> access_log.Record:
    found = access_log.parse(line(**fields))
    assert found
    return found


def test_a_request_belongs_to_the_moment_it_ended() -> None:
    assert record().at == 1000.75
    assert record().name == Name("api", "api-a")
    assert record().ms == 1.5
    assert record(u="-").ms == 500


@pytest.mark.parametrize(
    ("status", "flags", "expected"),
    [
        (200, "-", "served"),
        (404, "-", "served"),
        (101, "-", "served"),
        (101, "UC", "served"),  # every end of a WebSocket is logged so
        (101, "DC", "served"),
        (500, "-", "failed"),
        (503, "UC", "failed"),
        (503, "UF,URX", "failed"),
        (503, "UH", "failed"),
        (504, "UT", "failed"),
        (200, "UPE", "failed"),  # the answer broke off
        (200, "UC", "failed"),
        (0, "-", "failed"),
        (0, "DC", "left"),
        (200, "DC", "left"),
        (0, "DR", "left"),
    ],
)
def test_who_ended_it_decides(status: int, flags: str, expected: str) -> None:
    found = record(status=status, flags=flags)
    assert (found.failed, found.gave_up) == (expected == "failed", expected == "left")


def test_more_than_one_attempt_is_a_retry() -> None:
    assert [record(attempts=attempts).retried for attempts in ("-", "0", "1", "2")] == [False, False, False, True]


def test_a_request_for_nobody_has_no_name() -> None:
    assert record(status=404, flags="NR", cluster="-").name is None


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"{", b"[]", b"null", b'{"t":1}', b'{"t":1,"d":1,"c":"a","s":"x","f":"","n":"","u":""}']
)
def test_a_torn_or_foreign_line_is_none(text: bytes) -> None:
    assert access_log.parse(text) is None


@given(st.binary(max_size=200))
def test_no_line_breaks_the_reader(text: bytes) -> None:
    access_log.parse(text)


def test_percentiles_are_right_to_two_percent_and_the_maximum_exact() -> None:
    values = [random.Random(7).expovariate(0.05) for _ in range(5000)]
    tally = Tally()
    for value in values:
        tally.add(record(u=str(round(value * 1000))))
    values.sort()
    loss = tally.loss()
    for share, found in ((0.5, loss.p50_ms), (0.99, loss.p99_ms), (0.999, loss.p999_ms)):
        exact = values[int(share * 5000) - 1]
        assert found == pytest.approx(exact, rel=0.03)
    assert loss.max_ms == pytest.approx(values[-1], abs=0.001)


def test_no_requests_have_no_latency() -> None:
    assert Tally().loss().p50_ms is None


OUTCOMES = st.tuples(
    st.sampled_from([200, 503, 0]),
    st.sampled_from(["-", "DC", "UC"]),
    st.sampled_from(["1", "3"]),
    st.integers(0, 10**7),
)


@given(st.lists(OUTCOMES, max_size=30))
def test_folding_in_any_pieces_keeps_every_count(outcomes: list[tuple[int, str, str, int]]) -> None:
    lines = [line(status=status, flags=flags, attempts=attempts, u=str(us)) for status, flags, attempts, us in outcomes]
    whole = Tally()
    for each in lines:
        whole.add(access_log.parse(each))  # type: ignore[arg-type]
    pieces = Tally()
    for half in (lines[::2], lines[1::2]):
        for sides in access_log.fold(half).values():
            for tally in sides.values():
                pieces.merge(access_log.decode(json.loads(json.dumps(tally.encode()))))
    assert pieces == whole


def test_no_byte_of_a_client_reaches_the_log() -> None:
    operators = access_log.sink(Path("/l"), "t")["typed_config"]["log_format"]["text_format_source"]["inline_string"]
    assert "%REQ(" not in operators
    assert "%PATH" not in operators
