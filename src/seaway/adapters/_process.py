"""One way to run a program and wait for it: argv lists only, a deadline, a cap on output, secrets taken out.

Called by adapters for programs that answer and end (probes, tools). Long-running ones belong to a keeper.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seaway import errors

_TROUBLE = 4096  # bytes of stderr that are kept


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` as the shell counts it (negative: the signal). `output` is stdout and stderr as they came, capped."""

    code: int
    output: str
    timed_out: bool = False


def run(
    argv: Sequence[str],
    *,
    seconds: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    cap: int = 64 * 1024,
    redact: Sequence[str] = (),
) -> Ended:
    """Run to the end or the deadline (then all of its process group is killed). `cap`: the last bytes of output kept.

    `environment`: exactly this one, None for the caller's. Raises NotFound when there is no such program or folder.
    """
    with (
        tempfile.TemporaryFile() as output
    ):  # a file: neither a full pipe nor a grandchild that keeps it open can block
        child = _started(argv, subprocess.DEVNULL, output, subprocess.STDOUT, cwd=cwd, environment=environment)
        timed_out = _outlives(child, seconds)
        return Ended(child.returncode, _tail(output.fileno(), cap, redact), timed_out)


@dataclass(frozen=True, slots=True)
class Captured:
    """What a program that answers in bytes said: stdout whole, the end of stderr. `code` as in Ended."""

    code: int
    output: bytes
    words: str
    timed_out: bool = False


def capture(
    argv: Sequence[str],
    *,
    seconds: float,
    cap: int,
    stdin: bytes = b"",
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Captured:
    """As `run`, but with words on stdin and stdout whole and apart. Raises NotFound as `run`, Full above `cap` bytes of output."""
    with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as trouble:
        words.write(stdin)
        words.seek(0)
        child = _started(argv, words, output, trouble, cwd=cwd, environment=environment)
        timed_out = _outlives(child, seconds)
        size = os.fstat(output.fileno()).st_size
        if size > cap:
            raise errors.Full(f"{argv[0]} printed {size} bytes, {cap} are allowed", hint="ask for less of it")
        output.seek(0)
        return Captured(child.returncode, output.read(), _tail(trouble.fileno(), _TROUBLE, ()), timed_out)


def _started(
    argv: Sequence[str], *streams: IO[bytes] | int, cwd: Path | None, environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    """The program in a session of its own. `streams`: stdin, stdout, stderr. Raises NotFound."""
    stdin, stdout, stderr = streams
    try:
        return subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise errors.NotFound(f"program not found: {argv[0]} ({error.strerror})", hint="check the command") from error


def _outlives(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Waits; True when its time was up. Nothing of its group is left afterwards, whatever happened."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    finally:
        _kill_group(child)
    return False


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:  # not reaped: the group's number cannot belong to anybody else
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _tail(handle: int, cap: int, redact: Sequence[str]) -> str:
    size = os.fstat(handle).st_size
    text = os.pread(handle, cap, max(0, size - cap)).decode("utf-8", "replace")
    for secret in redact:
        text = text.replace(secret, "***") if secret else text
    return text
