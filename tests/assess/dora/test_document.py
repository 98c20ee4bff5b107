"""`seaway.dora/v1`, its rows, the text and the metrics: complete, explained, and equal to the rows that they came from."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from seaway.assess.dora import document, prometheus, text, words
from seaway.assess.dora.report import METRICS
from support import delivery_story as story
from support.delivery import deploy, history, line, report
from support.peers import program

PAGE = (story.FOLDER / "dora.md").read_text(encoding="utf-8")
RECORDED = json.loads((story.FOLDER / "dora.json").read_text(encoding="utf-8"))
CONTRACT = {"service", "environment", "change_lead_time", "deployment_frequency", "change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate"}  # fmt: skip


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def test_the_recorded_document_is_what_is_rendered_now() -> None:
    assert story.example() == json.dumps(RECORDED, indent=2, ensure_ascii=False) + "\n"


def test_a_removed_key_or_another_figure_would_be_seen() -> None:
    changed = json.loads(story.example())
    changed["services"][0]["change_lead_time"]["p50"]["value"] += 1
    assert changed != RECORDED
    del changed["services"]
    assert changed != RECORDED


def _unexplained(page: str, found: Iterator[str]) -> set[str]:
    return {key for key in found if f"`{key}`" not in page}


def test_the_page_explains_every_key() -> None:
    rows = [document.rows(story.told(), metric)["rows"] for metric in METRICS]
    assert _unexplained(PAGE, keys([RECORDED, *rows])) == set()
    assert _unexplained(PAGE, keys({"draught": 1})) == {"draught"}


def test_the_contract_of_a_service_is_kept() -> None:
    assert RECORDED["format"] == "seaway.dora/v1"
    for each in RECORDED["services"]:
        assert set(each) >= CONTRACT
        assert set(RECORDED["definitions"]) - {"clocks"} == CONTRACT - {"service", "environment"}


def test_every_figure_is_what_its_rows_say() -> None:
    told = story.told()
    (lane,) = document.render(told)["services"]
    rows = {metric: document.rows(told, metric)["rows"] for metric in METRICS}
    seconds = [row["seconds"] for row in rows["lead-time"]]
    lead = lane["change_lead_time"]
    assert lead["n"] == len(seconds)
    assert lead["p50"]["value"] == statistics.median(seconds)
    assert lead["p90"]["value"] == pytest.approx(float(np.quantile(seconds, 0.9)))
    assert lead["clamped"] == sum(row["clamped"] for row in rows["lead-time"]) == 1
    assert lane["deployment_frequency"]["n"] == sum(row["counts"] for row in rows["frequency"])
    fail = lane["change_fail_rate"]
    assert fail["value"] == pytest.approx(statistics.mean(row["failed"] for row in rows["fail-rate"]))
    assert fail["expected"] == pytest.approx(statistics.mean(row["probability"] for row in rows["fail-rate"]), abs=1e-6)
    recovery = lane["failed_deployment_recovery_time"]
    assert (recovery["n"], recovery["open"]) == (len(rows["recovery"]), sum(row["open"] for row in rows["recovery"]))
    rework = lane["deployment_rework_rate"]
    assert rework["value"] == pytest.approx(statistics.mean(row["rework"] for row in rows["rework"]))


def test_the_text_fits_eighty_columns_also_with_long_names() -> None:
    assert max(map(len, text.render(story.told()).splitlines())) <= 80
    past = history(*line(3))
    long = report(
        past, deploy("x" * 90, "c0", 1, service="s" * 30), deploy("y" * 90, "c2", 3, service="s" * 30), incidents=[]
    )
    assert max(map(len, text.render(long).splitlines())) <= 80


def test_the_text_says_n_interval_clock_and_year() -> None:
    shown = text.render(story.told())
    for word in (
        "n 31 commits",
        "[",
        "clock: first seen",
        "2021",
        "2023",
        "2024",
        "2025",
        "not a change",
        "no bands below 5 samples",
    ):
        assert word in shown


def test_nothing_deployed_is_said() -> None:
    assert text.render(report(history(*line(2)))).startswith("no deployments")
    assert document.render(report(history(*line(2))))["services"] == []


_LINE = re.compile(r'^([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+)\} (-?[0-9.e+]+|NaN)$')


def _samples(exposition: str) -> dict[str, float]:
    found = {}
    for each in exposition.splitlines():
        if not each.startswith("#"):
            matched = _LINE.match(each)
            assert matched, each
            found[each.rpartition(" ")[0]] = float(matched[3])
    return found


def test_the_metrics_are_well_formed_and_say_what_the_document_says() -> None:
    exposition = prometheus.render(story.told())
    samples = _samples(exposition)
    place = 'service="shop",environment="production"'
    (lane,) = RECORDED["services"]
    assert (
        samples[f'seaway_dora_change_lead_time_seconds{{{place},clock="first_seen",percentile="50",bound="value"}}']
        == lane["change_lead_time"]["p50"]["value"]
    )
    assert samples[f'seaway_dora_change_fail_ratio{{{place},bound="value"}}'] == pytest.approx(
        lane["change_fail_rate"]["value"], abs=1e-6
    )
    assert samples[f"seaway_dora_open_failures{{{place}}}"] == 1
    names = {each.split()[2] for each in exposition.splitlines() if each.startswith("# TYPE")}
    assert {name.partition("{")[0] for name in samples} == names
    with pytest.raises(AssertionError):
        _samples('seaway_dora_deployments{service="a"b"} 1')


def _promtool(exposition: str) -> tuple[int, str]:
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=exposition, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_prometheus_itself_reads_the_metrics() -> None:
    assert _promtool(prometheus.render(story.told())) == (0, "")
    assert _promtool('seaway_dora_deployments{service="a"b"} 1\n')[0] != 0


def test_what_is_not_known_has_no_sample_and_odd_names_are_escaped() -> None:
    exposition = prometheus.render(
        report(history(*line(3)), deploy("a", "c0", 1, service='s"\\\n'), deploy("b", "c2", 3, service='s"\\\n'))
    )
    samples = _samples(exposition)
    assert not any(name.startswith("seaway_dora_change_fail_ratio") for name in samples)
    assert any('service="s\\"\\\\\\n"' in name for name in samples)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1m"), (3905, "1h 5m"), (90_000, "1d 1h"), (86_400 * 40, "40d")],
)
def test_spans_have_two_units(seconds: float, said: str) -> None:
    assert words.span(seconds) == said
