"""What all tests share: a state folder of one's own, a free port, and the report of what this machine lacks.

A skipped test is a promise that was not checked here, so every reason to skip is named at the end of the run. With
`CI=true` or `--require-peers` each is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Programs that only the tests need come first, for what Seaway starts as well (`scripts/_peers`).
os.environ["PATH"] = os.pathsep.join(
    [str(Path(__file__).parents[1] / ".peers" / "bin"), os.environ.get("PATH", os.defpath)]
)

# A run that a shell put into the background is deaf to ^C, and so would be all that it starts; some tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every machine, and no verdict about how busy it is.
settings.register_profile("seaway", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seaway")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-peers", action="store_true", help="what is missing on this machine is a failure")


class AtOnce:
    """Names each failure when it happens: a run of everything takes long, and its summary comes last."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter is not None:
            last = str(report.longrepr).strip().splitlines()[-1:]
            reporter.ensure_newline()
            reporter.line(
                f"failed: {report.nodeid} ({report.when}, {report.duration:.1f} s) {' '.join(last)}", red=True
            )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config), "at-once")


def required(config: pytest.Config) -> bool:
    return bool(config.getoption("--require-peers")) or os.environ.get("CI", "").lower() == "true"


def missing(config: pytest.Config) -> dict[str, int]:
    """Reason -> tests that were not run for it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    found: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []) if reporter else []:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        found[reason] = found.get(reason, 0) + 1
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and required(session.config) and missing(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counted = sorted(
        str(words)
        for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
        for name, words in report.user_properties
        if name == "crash matrix"
    )
    if counted:
        terminalreporter.section("crash matrix")
        for words in counted:
            terminalreporter.line(words)
    lacking = missing(config)
    if lacking:
        failure = required(config)
        terminalreporter.section(
            "missing here" + (" (a failure, as peers are required)" if failure else ""), red=failure
        )
        for reason, tests in sorted(lacking.items()):
            terminalreporter.line(f"{reason}: {tests} test{'s' if tests > 1 else ''} not run", red=failure)


@pytest.fixture
def home() -> Iterator[Path]:
    """A state folder with a short path: sockets live in it."""
    folder = Path(tempfile.mkdtemp(prefix="sw-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
