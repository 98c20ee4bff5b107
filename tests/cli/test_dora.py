"""`seaway dora` from the outside, on a real repository: files and pipes in, documents out, errors with their place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seaway.assess.dora.report import METRICS
from seaway.cli import dora as command
from seaway.errors import ConfigError, Refused, UsageError
from seaway.formats.history import deployments, incidents
from seaway.model.delivery import Deployment, Incident
from support.repositories import Repository, git

T = 1_767_600_000


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight commits, one a thousand seconds; pay/ and shop/ in turn; deployed 100 s after each."""
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "home"))
    made = Repository(tmp_path / "shop")
    shas: list[str] = []
    for n in range(8):
        shas.append(made.commit(*shas[-1:], files={f"{'pay' if n % 2 else 'shop'}/f{n}": f"{n}\n"}, at=T + 1000 * n))
    made.point("heads/main", shas[-1])
    for n in (1, 4, 7):
        made.point(f"tags/v{n}", shas[n])
    steps = [
        Deployment(f"d{n}", "shop", "production", sha, T + 1000 * n + 40, T + 1000 * n + 100)
        for n, sha in enumerate(shas)
    ]
    hurt = [Incident("i", "shop", T + 3300.0, T + 3500.0, "d3")]
    (tmp_path / "d.jsonl").write_text(deployments.render(steps))
    (tmp_path / "i.jsonl").write_text(incidents.render(hurt))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, stdin: str | None = None) -> str:
    done = CliRunner().invoke(command.command, arguments, input=stdin, catch_exceptions=False, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout


def document(*arguments: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json", **more))
    return found


def test_deployments_and_incidents_become_the_document(shop: Path) -> None:
    found = document("shop", "--deployments", "d.jsonl", "--incidents", "i.jsonl")
    assert found["format"] == "seaway.dora/v1"
    (lane,) = found["services"]
    assert (lane["service"], lane["environment"]) == ("shop", "production")
    assert (lane["change_lead_time"]["n"], lane["change_lead_time"]["p50"]["value"]) == (7, 100)
    assert (lane["change_fail_rate"]["failed"], lane["change_fail_rate"]["n"]) == (1, 8)
    assert lane["failed_deployment_recovery_time"]["p50"]["value"] == 400
    assert found["incidents"][0]["deployment"] == "d3"
    assert found["unknowns"] == []


def test_a_pipe_and_a_short_commit_say_the_same(shop: Path) -> None:
    lines = (shop / "d.jsonl").read_text()
    short = "".join(
        json.dumps({**json.loads(line), "sha": json.loads(line)["sha"][:10]}) + "\n" for line in lines.splitlines()
    )
    assert document("shop", "--deployments", "-", stdin=short) == document("shop", "--deployments", "d.jsonl")


def ran(shop: Path, **job: Any) -> None:
    """A run per deployment, with a job that built and one that deployed."""
    rows = []
    for line in (shop / "d.jsonl").read_text().splitlines():
        one = json.loads(line)
        times = {"queued": one["started"], "started": one["started"], "finished": one["finished"]}
        build = {"name": "build", "conclusion": "success", **times}
        ship = {"name": "ship", "conclusion": "success", "environment": "production", **times, **job}
        rows.append({"id": one["id"], "pipeline": "ci.yml", "sha": one["sha"], "conclusion": "success",
                     "queued": one["started"], "finished": one["finished"], "jobs": [build, ship]})  # fmt: skip
    (shop / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_jobs_that_deployed_to_an_environment_are_deployments(shop: Path) -> None:
    ran(shop)
    (theirs,) = document("shop", "--runs", "runs.jsonl")["services"]
    (ours,) = document("shop", "--deployments", "d.jsonl")["services"]
    assert (theirs["service"], theirs["environment"]) == ("shop", "production")
    assert theirs["change_lead_time"]["p50"] == ours["change_lead_time"]["p50"]
    assert theirs["deployment_frequency"]["n"] == ours["deployment_frequency"]["n"] == 8


def test_jobs_that_were_skipped_deployed_nothing_and_failed_ones_reached_nobody(shop: Path) -> None:
    ran(shop, conclusion="failure")
    assert document("shop", "--runs", "runs.jsonl")["services"][0]["deployment_frequency"]["n"] == 0
    ran(shop, conclusion="skipped")
    assert document("shop", "--runs", "runs.jsonl")["services"] == []


def test_the_second_run_reads_nothing_anew_and_says_the_same(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seaway.adapters import _commits

    first = document("shop", "--deployments", "d.jsonl")
    assert list((shop / "home" / "commits").glob("*.commits"))

    def never(*_: object) -> int:
        raise AssertionError("git log was asked again")

    monkeypatch.setattr(_commits.Commits, "_grow", never)
    assert document("shop", "--deployments", "d.jsonl") == first
    for kept in (shop / "home" / "commits").iterdir():
        kept.unlink()
    with pytest.raises(AssertionError, match="asked again"):
        document("shop", "--deployments", "d.jsonl")


def test_tags_are_releases(shop: Path) -> None:
    (lane,) = document("shop", "--tags", "v*")["services"]
    assert (lane["service"], lane["environment"]) == ("shop", "release")
    assert (lane["deployment_frequency"]["n"], lane["change_lead_time"]["n"]) == (3, 6)
    with pytest.raises(UsageError, match="no tag matches 'w"):
        run("shop", "--tags", "w*")


def test_paths_keep_the_commits_of_a_service(shop: Path) -> None:
    (lane,) = document("shop", "--deployments", "d.jsonl", "--paths", "shop=shop")["services"]
    assert lane["change_lead_time"]["n"] == 3
    assert lane["change_lead_time"]["left_out"]["other_services"] == 4
    with pytest.raises(UsageError, match="names 'ship', of which no deployment is known; known: shop"):
        run("shop", "--deployments", "d.jsonl", "--paths", "ship=x")


def test_rollouts_of_seaway_are_read_with_the_commits_of_their_revisions(shop: Path) -> None:
    tip = git(shop / "shop", "rev-parse", "HEAD").decode().strip()
    rollout = {
        "id": "ro-1", "service": "shop", "environment": "production", "state": "succeeded", "strategy": "canary", "undo": False,
        "created": "2026-01-06T08:00:00Z", "ended": "2026-01-06T09:00:00Z", "revisions": {"candidate": "shop-1"}, "steps": [],
    }  # fmt: skip
    (shop / "r.json").write_text(json.dumps({"format": "seaway.rollouts/v1", "rollouts": [rollout]}))
    (shop / "v.jsonl").write_text(json.dumps({"revision": "shop-1", "sha": tip}))
    lane = document("shop", "--rollouts", "r.json", "--revisions", "v.jsonl")["services"][0]
    assert lane["change_lead_time"]["left_out"]["prehistory"] == 8
    (unknown,) = document("shop", "--rollouts", "r.json")["unknowns"]
    assert "the commits of 1 deployments are not in the repository" in unknown


def test_rollouts_of_the_control_plane_need_one(shop: Path) -> None:
    from seaway.errors import ControlPlaneUnreachable

    with pytest.raises(ControlPlaneUnreachable):
        run("shop", "--rollouts", "here")


@pytest.mark.parametrize("metric", METRICS)
def test_rows_are_printed_as_a_table_and_as_a_document(shop: Path, metric: str) -> None:
    files = ("--deployments", "d.jsonl", "--incidents", "i.jsonl")
    found = document("shop", *files, "--rows", metric)
    assert (found["format"], found["metric"]) == ("seaway.dora-rows/v1", metric)
    shown = run("shop", *files, "--rows", metric).splitlines()
    assert len(shown) == len(found["rows"]) + 1
    assert shown[0].startswith("SERVICE")


def test_text_and_metrics_are_printed(shop: Path) -> None:
    shown = run("shop", "--deployments", "d.jsonl")
    assert "shop / production" in shown
    assert "nobody told of incidents" in shown
    assert "# TYPE seaway_dora_change_lead_time_seconds gauge" in run(
        "shop", "--deployments", "d.jsonl", "--format", "prometheus"
    )


def test_service_environment_and_window_choose(shop: Path) -> None:
    files = ("shop", "--deployments", "d.jsonl")
    assert document(*files, "--service", "pay")["services"] == []
    assert document(*files, "--environment", "production")["services"]
    late = document(*files, "--since", "2026-01-05T08:50:00Z")["services"][0]
    assert late["deployment_frequency"]["n"] == 5
    early = document(*files, "--until", "2026-01-05T08:50:00Z")
    assert early["services"][0]["deployment_frequency"]["n"] == 3
    staging = document(*files, "--production", "live")["services"][0]
    assert staging["production"] is False


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((), UsageError, "nothing tells what was deployed"),
        (("--deployments", "gone.jsonl"), UsageError, "gone.jsonl cannot be read: No such file"),
        (("--deployments", "bad.jsonl"), ConfigError, r"bad\.jsonl:2:1: not JSON"),
        (("--deployments", "d.jsonl", "--incidents", "d.jsonl"), ConfigError, r"d\.jsonl:1:\d+: "),
        (("--deployments", "d.jsonl", "--rows", "rework", "--format", "prometheus"), UsageError, "rows are printed"),
        (("--deployments", "d.jsonl", "--window", "0"), UsageError, "longer than nothing"),
        (
            ("--deployments", "-", "--pulls", "-"),
            UsageError,
            "only one of --deployments and --pulls can be standard input",
        ),
        (("--deployments", "d.jsonl", "--since", "2030-01-01"), UsageError, "begins after its end, 2026-01-05T"),
    ],
)
def test_what_is_wrong_is_said(shop: Path, arguments: tuple[str, ...], error: type[Exception], said: str) -> None:
    (shop / "bad.jsonl").write_text((shop / "d.jsonl").read_text().splitlines()[0] + "\n{oops\n")
    with pytest.raises(error, match=said):
        run("shop", *arguments)


def test_a_folder_that_is_no_repository_is_said(shop: Path) -> None:
    with pytest.raises(Refused, match="not a git repository"):
        run(str(shop / "home"), "--deployments", "d.jsonl") if (shop / "home").mkdir(mode=0o700) is None else None


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--until", "soon", "is no time"), ("--paths", "shop", "is not SERVICE=PATH"), ("--window", "1 day", "")],
)
def test_options_that_do_not_read_are_refused(shop: Path, option: str, value: str, said: str) -> None:
    done = CliRunner().invoke(command.command, ["shop", "--deployments", "d.jsonl", option, value])
    assert done.exit_code == 2
    assert said in done.output


def test_help_names_the_keys_and_loads_no_numpy() -> None:
    program = "import sys; from seaway.cli import main; code = main.run(['dora', '--help']); assert 'numpy' not in sys.modules; sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"outcome":"succeeded|failed"' in done.stdout
    assert '"caused_by"|null' in done.stdout


def test_the_collector_is_as_it_was(shop: Path) -> None:
    import gc

    assert gc.isenabled()
    run("shop", "--deployments", "d.jsonl")
    assert gc.isenabled()
