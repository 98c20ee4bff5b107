"""Expressions become small trees; what is wrong is told, what cannot be judged is not, and no text takes long."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from seaway.assess import promql
from seaway.assess.promql import Is
from support import pace, peers


def test_a_tree_has_names_windows_labels_and_matchers() -> None:
    part = promql.parse(
        'histogram_quantile(0.9, sum by (le, job) (rate(x_bucket{code=~"5.."}[5m]))) > 14.4 * 0.01'
    ).part
    assert part is not None
    assert (part.kind, part.name, part.inner[1].constant) == (Is.BINARY, ">", pytest.approx(0.144))
    aggregate = next(one for one in part.walk() if one.kind is Is.AGGREGATE)
    assert (aggregate.name, aggregate.labels, aggregate.without) == ("sum", ("le", "job"), False)
    (series,) = part.series
    assert (series.name, series.window, series.matchers) == ("x_bucket", timedelta(minutes=5), (("code", "5.."),))
    without = promql.parse('sum without (a) ({__name__="y"}) - (-3)').part
    assert without is not None
    assert without.inner[0].without
    assert without.inner[0].series[0].name == "y"
    assert without.inner[1].constant == -3


@pytest.mark.parametrize(("text", "value"), [("2", 2), ("(1 - 0.9) * 14.4", 1.44), ("1 / 4 + 1", 1.25), ("1 / 0", None), ("x * 2", None), ("2 ^ 2", None)])  # fmt: skip
def test_constants_are_computed(text: str, value: float | None) -> None:
    part = promql.parse(text).part
    assert part is not None
    assert part.constant == (pytest.approx(value) if value is not None else None)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("5", None), ("", None), ("5m x", None), ("9" * 60 + "y", None)]
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    found = promql.duration(text)
    assert (found.total_seconds() if found is not None else None) == seconds


@pytest.mark.parametrize(
    "text", ["sum(rate(x[5m])", "rate(x)", "x{a=}", 'label_replace(x, "a", "b")', "1 +", "nothing_like_it(x)"]
)
def test_what_is_wrong_is_told(text: str) -> None:
    assert promql.parse(text).problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rate({{ metric }}[5m])",
        'sum(rate({app="x"} |= "error" [5m]))',
        "x > ${threshold",
        "# only words",
        "(" * 40 + "1" + ")" * 40,
    ],
)
def test_what_cannot_be_judged_is_not_wrong(text: str) -> None:
    found = promql.parse(text)
    assert (found.part, found.problem) == (None, "")


@pytest.mark.parametrize(
    "text", ["rate(x[$__rate_interval])", "sum by ($group) (x)", 'rate(x{a="$b"}[${window:text}])', "rate(x[[[w]]])"]
)
def test_variables_of_dashboards_are_filled_with_something(text: str) -> None:
    found = promql.parse(text)
    assert found.guessed == ("$" in text.replace('"$b"', "") or "[[" in text)
    assert found.part is not None


VAST = [
    "x[99999999999999999999999999999]",
    "x offset -99e99",
    "x offset 1e40",
    "x[90599999999999]",
    "x[999999999y]",
    "x[5m:1e99]",
    "x[Inf]",
    "x[9999999999y]",
]


@pytest.mark.parametrize("text", VAST)
def test_a_time_that_no_clock_has_stops_nobody(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert promql.parse.__wrapped__(text).part is None
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "text", ["job:errors:rate5m", "a:info", "x[5m:1m] offset 1h", "x1234567890", "rate(x[5m:]) > 1e9", "a:nan:b"]
)
def test_names_with_colons_are_no_times(text: str) -> None:
    assert promql.parse.__wrapped__(text).part is not None


def test_a_parser_that_gives_up_is_no_finding(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(promql, "_VAST", re.compile("(?!)"))
    assert promql.parse.__wrapped__(VAST[0]) == promql.Parsed(None)
    assert "panicked" in capfd.readouterr().err


HOSTILE = {
    "parentheses": "(" * 2_000 + "1" + ")" * 2_000,
    "sums": "1+" * 1_900 + "1",
    "signs": "-" * 3_900 + "a",
    "words": "a and " * 600 + "a",
    "shallow": "(1+1)" + "*(1+1)" * 30,
    "long": "a" * 500_000,
    "quotes": '"' * 3_999,
    "windows": "[$a" * 1_300,
    "variables": "${a" * 1_300,
    "labels": "x{" + 'a="b",' * 600 + "}",
}


@pytest.mark.broad
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long(name: str) -> None:
    with pace.within(0.5):
        promql.parse.__wrapped__(HOSTILE[name])


@pytest.mark.broad
def test_without_its_limits_a_text_would_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promql, "MAX_OPERATORS", 100_000)
    with pytest.raises(AssertionError, match="than a calm one"), pace.within(0.02):
        promql.parse.__wrapped__("-" * 3_900 + "a")


WRONG = [
    "sum(rate(x[5m])",
    "rate(x)",
    "x{a=}",
    "1 +",
    'label_replace(x, "a", "b")',
    "rate(sum(x)[5m])",
    'x{a="b\\.c"}',
    "sum(x",
]
RIGHT = [
    "sum by (le) (rate(x_bucket[5m]))",
    "absent(up)",
    "x > bool 1",
    "max_over_time(rate(x[5m])[1h:1m])",
    'a and on(b) c{d!~"e"}',
]


def test_promtool_calls_the_same_expressions_wrong(tmp_path: Path) -> None:
    promtool = peers.program("promtool")
    for text in (*WRONG, *RIGHT):
        rule = {"groups": [{"name": "a", "rules": [{"record": "b:c", "expr": text}]}]}
        (tmp_path / "r.yml").write_text(json.dumps(rule))
        asked = subprocess.run(
            [promtool, "check", "rules", str(tmp_path / "r.yml")], capture_output=True, check=False, timeout=30
        )
        assert (asked.returncode == 0) == (promql.parse(text).problem == ""), text
