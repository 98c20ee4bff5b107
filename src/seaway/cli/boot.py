"""Brings the control plane back after a reboot: a systemd user unit, or a line for cron where there is no systemd. Called by `cli.serve`."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
from pathlib import Path

from seaway.cli import console


def install(home: Path) -> None:
    """Write the unit and say how to enable it; without systemd print the line for crontab. Nothing is enabled here."""
    if not systemd():
        console.say("no systemd here; add this line with `crontab -e`:")
        console.result(crontab(home, sys.executable))
        return
    path = units() / name(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unit(home, sys.executable), encoding="utf-8")
    console.result(str(path))
    console.say("next:")
    console.say(f"  systemctl --user daemon-reload && systemctl --user enable --now {path.stem}")
    console.say("  loginctl enable-linger    # so that it starts at boot, not at login")


def systemd() -> bool:
    """True when systemd runs this machine."""
    return Path("/run/systemd/system").is_dir() and shutil.which("systemctl") is not None


def units() -> Path:
    """Folder of the user's units."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def name(home: Path) -> str:
    """One unit per state folder: the default one has the plain name."""
    default = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "seaway"
    mark = "" if home == default else "-" + hashlib.sha256(str(home).encode()).hexdigest()[:8]
    return f"seaway{mark}.service"


def unit(home: Path, python: str) -> str:
    """Text of the unit. KillMode=process: stopping the control plane must not stop services and proxies, its children by cgroup."""
    return f"""\
[Unit]
Description=Seaway control plane ({_escaped(str(home))})
After=network.target

[Service]
Type=exec
Environment={_quoted(f"SEAWAY_HOME={home}")}
ExecStart={_quoted(python)} -P -m seaway serve
Restart=on-failure
RestartSec=1
KillMode=process
UMask=0077

[Install]
WantedBy=default.target
"""


def crontab(home: Path, python: str) -> str:
    """The line for crontab; % has a meaning there and is escaped."""
    line = f"@reboot SEAWAY_HOME={shlex.quote(str(home))} {shlex.quote(python)} -P -m seaway serve --detach"
    return line.replace("%", r"\%")


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word of systemd's syntax."""
    return '"' + _escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'
