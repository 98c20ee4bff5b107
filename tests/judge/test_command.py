"""`seaway judge` from the outside: files and pipes in, verdict lines out, errors that name the line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from judge.streams import latency_batches, rate_batches
from seaway.cli import judge as command
from seaway.errors import ConfigError, UsageError
from seaway.judge import batches
from seaway.model.batch import Batch

SPEC = "{metrics: [{name: errors, kind: rate, margin: 2.0}], deadline_batches: 100}"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def lines_of(canary: str, given: list[Batch]) -> list[str]:
    return [batches.render(canary, batch) for batch in given]


def run(*arguments: str | Path, stdin: str | None = None) -> list[dict[str, object]]:
    result = CliRunner().invoke(
        command.group, [str(a) for a in arguments], input=stdin, catch_exceptions=False, standalone_mode=False
    )
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_interleaved_canaries_are_told_apart(spec: Path, tmp_path: Path) -> None:
    good, bad = lines_of("good", rate_batches(1, 100, 0.01, 0.01)), lines_of("bad", rate_batches(2, 100, 0.01, 0.2))
    path = written(tmp_path / "b.jsonl", [line for pair in zip(good, bad, strict=True) for line in pair])
    found = {d["canary"]: d["verdict"] for d in run("run", "--spec", spec, "--batches", path)}
    assert found == {"bad": "fail", "good": found["good"]}
    assert found["good"] in {"pass", "inconclusive"}


def test_one_metric_after_the_other_is_judged_like_metrics_in_turn(tmp_path: Path) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text(
        "{metrics: [{name: errors, kind: rate, margin: 3}, {name: latency, kind: latency, margin: 0.5}], deadline_batches: 60}"
    )
    errors, latency = (
        lines_of("c", rate_batches(1, 60, 0.02, 0.02, share=0.5)),
        lines_of("c", latency_batches(2, 60, share=0.5)),
    )
    after = written(tmp_path / "after.jsonl", errors + latency)
    turn = written(tmp_path / "turn.jsonl", [line for pair in zip(errors, latency, strict=True) for line in pair])
    assert run("run", "--spec", spec, "--batches", after) == run("run", "--spec", spec, "--batches", turn)


def test_a_malformed_line_is_an_error_that_names_it(spec: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "b.jsonl", [*lines_of("c", rate_batches(1, 3, 0.01, 0.01)), "{oops"])
    with pytest.raises(UsageError, match=r"line 4: not JSON") as caught:
        run("run", "--spec", spec, "--batches", path)
    assert "--skip-bad" in caught.value.hint


def test_a_contradicting_line_is_an_error_that_names_it(spec: Path, tmp_path: Path) -> None:
    one = rate_batches(1, 1, 0.01, 0.01)
    path = written(tmp_path / "b.jsonl", lines_of("c", one) + lines_of("c", rate_batches(7, 1, 0.5, 0.5)))
    with pytest.raises(UsageError, match=r"line 2: two different batches"):
        run("run", "--spec", spec, "--batches", path)


def test_bad_lines_are_counted_and_skipped_on_request(spec: Path, tmp_path: Path) -> None:
    good = lines_of("c", rate_batches(2, 50, 0.01, 0.3))
    path = written(tmp_path / "b.jsonl", ["{oops", *good, "null"])
    (document,) = run("run", "--spec", spec, "--batches", path, "--skip-bad")
    assert document["verdict"] == "fail"
    assert document["skipped_lines"] == 2


def test_history_is_used_and_said(tmp_path: Path) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text("{metrics: [{name: latency, kind: latency, margin: 0.25}], tolerance: 0}")
    history = written(tmp_path / "h.jsonl", lines_of("", latency_batches(9, 60)))
    history.write_text(history.read_text().replace('"canary": "", ', ""))
    path = written(tmp_path / "b.jsonl", lines_of("c", latency_batches(1, 60, 1.5)))
    (with_history,) = run("run", "--spec", spec, "--batches", path, "--history", history)
    (without,) = run("run", "--spec", spec, "--batches", path)
    assert (with_history["history"], without["history"]) == (True, False)
    assert with_history["candidate_requests"] <= without["candidate_requests"]  # type: ignore[operator]


def test_history_that_contradicts_itself_is_refused(spec: Path, tmp_path: Path) -> None:
    both = [*latency_batches(1, 1), *latency_batches(1, 2, edges=(10.0, 20.0))[1:]]
    history = written(tmp_path / "h.jsonl", lines_of("c", both))
    with pytest.raises(UsageError, match="edges of 'latency' change"):
        run("run", "--spec", spec, "--batches", "-", "--history", history, stdin="")


def test_standard_input_is_read(spec: Path) -> None:
    text = "\n".join(lines_of("c", rate_batches(2, 50, 0.01, 0.3)))
    assert run("run", "--spec", spec, "--batches", "-", stdin=text)[0]["verdict"] == "fail"


def test_an_empty_input_has_no_verdicts(spec: Path) -> None:
    assert run("run", "--spec", spec, "--batches", "-", stdin="") == []


def test_a_verdict_comes_while_the_pipe_is_still_open(spec: Path) -> None:
    program = "from seaway.cli.judge import group; group()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "run", "--spec", str(spec), "--batches", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write("".join(line + "\n" for line in lines_of("c", rate_batches(2, 20, 0.01, 0.5))).encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["verdict"] == "fail"
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


@pytest.mark.parametrize("missing", ["--spec", "--batches", "--history"])
def test_a_missing_file_is_named(missing: str, spec: Path, tmp_path: Path) -> None:
    arguments = {"--spec": str(spec), "--batches": str(written(tmp_path / "b", [])), missing: str(tmp_path / "nowhere")}
    with pytest.raises(UsageError, match="nowhere cannot be read"):
        run("run", *[word for pair in arguments.items() for word in pair])


def test_a_wrong_spec_is_reported_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("metrics: [{name: a, kind: rates}]")
    with pytest.raises(ConfigError, match=r"spec.yaml:1:27: kind 'rates' is none of"):
        run("run", "--spec", path, "--batches", "-")


def test_records_are_written_and_backtested_under_another_policy(spec: Path, tmp_path: Path) -> None:
    lines = lines_of("bad", rate_batches(1, 100, 0.01, 0.1)) + lines_of("good", rate_batches(2, 100, 0.01, 0.01))
    path, records = written(tmp_path / "b.jsonl", lines), tmp_path / "r.jsonl"
    run("run", "--spec", spec, "--batches", path, "--records", records)
    truth = written(tmp_path / "t.jsonl", ['{"canary": "bad", "truth": "bad"}', '{"canary": "good", "truth": "good"}'])
    blind = tmp_path / "blind.yaml"
    blind.write_text("{alpha: 1.0e-300, metrics: [{name: errors, kind: rate}]}")
    (same,) = run("backtest", "--spec", spec, "--records", records, "--truth", truth)
    (other,) = run("backtest", "--spec", blind, "--records", records, "--truth", truth)
    assert (same["misses"], same["false_rollbacks"], same["changed"]) == ([], [], [])
    assert other["misses"] == ["bad"]
    assert {item["canary"] for item in other["changed"]} >= {"bad"}  # type: ignore[index,union-attr]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"canary": "x"}', '{"canary": 1, "spec": {}, "lanes": {}, "edges": {}, "ticks": [], "verdict": {}}'],
)
def test_records_that_are_none_are_refused(text: str, spec: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run("backtest", "--spec", spec, "--records", written(tmp_path / "r", [text]))


def test_power_speaks_a_sentence_and_advice() -> None:
    result = CliRunner().invoke(
        command.group, ["power", "--requests-per-minute", "40", "--weight", "10%", "--rate", "0.01", "--time", "30m"]
    )
    assert result.output.startswith("at 40 requests a minute and 10%, 30 minutes find a ")
    assert "would help: weight 50%" in result.output


def test_power_as_a_document() -> None:
    (document,) = run(
        "power", "--requests-per-minute", "60000", "--weight", "5", "--rate", "0.001", "--time", "10m", "--json"
    )
    assert document["format"] == "seaway.power/v1"
    assert document["underpowered"] is False


def test_power_refuses_words_that_are_no_weight_or_time() -> None:
    with pytest.raises(UsageError):
        run("power", "--requests-per-minute", "40", "--weight", "lots", "--rate", "0.01", "--time", "30m")


def test_loading_the_command_does_not_load_numpy() -> None:
    program = "import sys, seaway.cli.judge; sys.exit('numpy' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
