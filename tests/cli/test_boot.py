"""The unit and the crontab line that bring the control plane back after a reboot."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from seaway.cli import boot


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_with_systemd_a_unit_is_written_and_the_next_commands_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(boot, "systemd", lambda: True)
    boot.install(tmp_path / "state" / "seaway")
    said = capsys.readouterr()
    path = tmp_path / "config" / "systemd" / "user" / "seaway.service"
    assert said.out.strip() == str(path)
    assert "systemctl --user enable --now seaway" in said.err
    assert "loginctl enable-linger" in said.err
    text = path.read_text()
    assert f'Environment="SEAWAY_HOME={tmp_path}/state/seaway"' in text
    assert "KillMode=process" in text


def test_another_state_folder_has_a_unit_of_its_own(tmp_path: Path) -> None:
    assert boot.name(tmp_path / "state" / "seaway") == "seaway.service"
    assert boot.name(tmp_path / "other") != "seaway.service"
    assert boot.name(tmp_path / "other") != boot.name(tmp_path / "third")


def test_odd_paths_stay_one_word() -> None:
    text = boot.unit(Path('/a b/50%/"x"/$y'), "/opt/my python")
    assert 'Environment="SEAWAY_HOME=/a b/50%%/\\"x\\"/$$y"' in text
    assert 'ExecStart="/opt/my python" -P -m seaway serve' in text


@pytest.mark.skipif(not Path("/usr/bin/systemd-analyze").exists(), reason="systemd-analyze is not on this machine")
def test_systemd_itself_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "seaway-test.service"
    unit.write_text(boot.unit(tmp_path, "/usr/bin/env"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert "seaway-test.service" not in done.stderr


def test_without_systemd_a_line_for_cron_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boot, "systemd", lambda: False)
    boot.install(Path("/a b/50%"))
    said = capsys.readouterr()
    assert said.out.startswith(r"@reboot SEAWAY_HOME='/a b/50\%' ")
    assert said.out.rstrip().endswith("-P -m seaway serve --detach")
    assert "crontab -e" in said.err
