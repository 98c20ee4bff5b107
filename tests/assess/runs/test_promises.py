"""Stored forecasts: kept until they are checked, compared with what came, right and wrong ones told apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.assess.runs import document, promises, text
from seaway.assess.runs.promises import HELD, MISSED, OPEN, WAITING
from seaway.errors import ConfigError
from seaway.formats.history import forecasts
from seaway.model.bottleneck import Figure, Promise
from support.run_stories import BEGIN, CI, DAY, HOUR, history, job, run, sha

NUMBERS = st.floats(0, 1e9)
WORDS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=9)


def promise(after: float = 300.0, landed: float | None = None, name: str = "cache:test") -> Promise:
    return Promise(
        f"{CI}#{name}",
        CI,
        "test with a cache",
        "it helps",
        BEGIN,
        600.0,
        Figure(after, after - 30, after + 30, 40),
        landed,
    )


@given(
    st.lists(
        st.builds(
            Promise, WORDS, WORDS, WORDS, WORDS, st.integers(0, 10**9).map(float), NUMBERS,
            st.builds(Figure, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 10**6)), st.none() | st.integers(0, 10**9).map(float), st.just("") | WORDS,
        ),
        max_size=3,
    )
)  # fmt: skip
def test_forecasts_come_back_as_they_were(kept: list[Promise]) -> None:
    assert forecasts.parse(forecasts.render(kept).encode(), "f") == kept


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"after": 7}, "after must be an object"), ({"before_s": "x"}, "before_s must be"), ({"id": ""}, "id must be"), ({"made": 1}, "made must be")],
)  # fmt: skip
def test_a_store_that_is_none_is_named(changes: dict[str, object], said: str) -> None:
    line = json.loads(forecasts.render([promise()])) | changes
    with pytest.raises(ConfigError, match=f"f:1:[0-9]+: {said}"):
        forecasts.parse(json.dumps(line).encode(), "f")


def after(count: int, seconds: float, begin: float = BEGIN + DAY) -> list[object]:
    return [run(number, [job("test", 0, seconds + number % 3)], at=begin + number * HOUR) for number in range(count)]


@pytest.mark.parametrize(
    ("landed", "runs", "state"),
    [
        (None, after(20, 300), OPEN),
        (BEGIN + DAY, after(4, 300), WAITING),
        (BEGIN + DAY, after(20, 300), HELD),
        (BEGIN + DAY, after(20, 320), HELD),
        (BEGIN + DAY, after(20, 500), MISSED),
        (BEGIN + DAY, after(20, 500, BEGIN - 9 * DAY) + after(9, 300), HELD),
    ],
)
def test_what_came_is_compared_with_what_was_foretold(landed: float | None, runs: list[object], state: str) -> None:
    (found,) = promises.outcomes([promise(landed=landed)], history(*runs))  # type: ignore[arg-type]
    assert found.state == state
    if found.observed is not None:
        assert found.error == pytest.approx(found.observed.value - 300)
    assert document.outcome(found)["state"] == state
    lines = text.promises([found])
    assert max(len(line) for line in lines) <= 80


def test_what_was_foretold_first_stays() -> None:
    first, again, new = promise(300), promise(200), promise(name="machines")
    assert promises.merged([first], [again, new]) == [first, new]


def test_a_landing_is_marked_on_its_forecast_alone() -> None:
    kept = promises.landed([promise(), promise(name="machines")], f"{CI}#machines", BEGIN + 5, "abcdef1")
    assert [(one.landed, one.by) for one in kept] == [(None, ""), (BEGIN + 5, "abcdef1")]
    with pytest.raises(KeyError):
        promises.landed(kept, "other", 0, "")


def test_a_commit_landed_when_it_first_ran() -> None:
    runs = history(*(run(number, [job("a", 0, 1)]) for number in range(5)))
    assert promises.first_run(runs, sha(3)[:9]) == BEGIN + 3 * HOUR
    assert promises.first_run(runs, "abc1234") is None
