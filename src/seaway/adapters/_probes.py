"""Asks instances how they are, in the background and at each probe's own pace. Called by targets whose system does not ask itself.

Looks come every few milliseconds, questions must not: a look reads the last known answer. Until an instance answers yes for
the first time it is asked often, so that readiness is seen within about 50 ms.
"""

from __future__ import annotations

import heapq
import http.client
import itertools
import socket
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from seaway import errors
from seaway.adapters import _process
from seaway.model.service import Probe, ProbeKind

_EAGER, _PATIENT, _EAGER_FOR = 0.02, 0.1, 10.0  # seconds between questions before the first yes; how long it is eager
_COMMAND = 0.25  # seconds: a command is not run more often than this before its first yes
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one process. `vouch` says "" or why an answer on the port would not be the instance's own."""

    probe: Probe
    port: int
    cwd: str = "/"
    environment: Callable[[], Mapping[str, str]] = dict
    vouch: Callable[[], str] = str
    eager: bool = True


@dataclass(slots=True)
class Answer:
    """The last known answer. `up` is None until thresholds were met once; `strange`: a stranger answers on the port."""

    up: bool | None = None
    detail: str = "not asked yet"
    strange: bool = False
    asked: int = 0
    successes: int = 0
    failures: int = 0
    since: float = field(default_factory=time.monotonic)


class Prober:
    """Keeps asking what it was told to ask, in a small pool of threads, until it is closed."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Answer] = {}
        self._questions: dict[Hashable, Question] = {}
        self._due: list[tuple[float, int, Hashable]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def ask(self, key: Hashable, question: Question) -> Answer:
        """Begin to ask (if this key is new); the last known answer."""
        with self._changed:
            if key not in self._questions and not self._closed:
                self._questions[key], self._answers[key] = question, Answer()
                self._schedule(key, 0.0)
                self._start()
            return self._answers.get(key, Answer())

    def forget(self, wanted: Callable[[Hashable], bool]) -> None:
        """Stop asking every key for which `wanted` says no."""
        with self._changed:
            for key in [key for key in self._questions if not wanted(key)]:
                del self._questions[key], self._answers[key]

    def first(self, keys: list[Hashable], seconds: float) -> None:
        """Wait, at most so long, until each of the keys was asked once."""
        with self._changed:
            self._changed.wait_for(
                lambda: all(self._answers[key].asked for key in keys if key in self._answers), seconds
            )

    def close(self) -> None:
        """Stop asking for good."""
        with self._changed:
            self._closed = True
            self._questions.clear()
            self._changed.notify_all()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="seaway-probe")
            threading.Thread(target=self._run, args=(self._pool,), name="seaway-probes", daemon=True).start()

    def _schedule(self, key: Hashable, seconds: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), key))
        self._changed.notify_all()

    def _run(self, pool: ThreadPoolExecutor) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                key = heapq.heappop(self._due)[2]
                question = self._questions.get(key)
            if question:
                try:
                    pool.submit(self._one, key, question)
                except RuntimeError:
                    return  # the interpreter ends

    def _one(self, key: Hashable, question: Question) -> None:
        strange, answer = False, self._answers.get(key)
        try:
            detail = ask(question)
            if not detail and answer and not answer.up:
                detail = question.vouch()
                strange = bool(detail)
        except Exception as error:  # noqa: BLE001 - whatever it is, asking must go on and a look must say it
            detail = f"the probe itself failed: {type(error).__name__}: {error}"
        with self._changed:
            answer = self._answers.get(key)
            if answer is not None:
                weigh(answer, question.probe, detail)
                answer.strange = strange
                self._schedule(key, pace(question, answer))


def weigh(answer: Answer, probe: Probe, detail: str) -> None:
    """Count one more result ("" is yes) and apply the probe's thresholds of consecutive results."""
    answer.asked += 1
    answer.detail = detail
    answer.successes, answer.failures = (0, answer.failures + 1) if detail else (answer.successes + 1, 0)
    if answer.successes >= probe.successes:
        answer.up = True
    elif answer.failures >= probe.failures:
        answer.up = False


def pace(question: Question, answer: Answer) -> float:
    """Seconds until the next question."""
    usual = question.probe.interval.total_seconds()
    if answer.up or answer.successes or not question.eager:
        return usual
    if question.probe.kind is ProbeKind.COMMAND:
        return min(usual, _COMMAND)
    return min(usual, _EAGER if time.monotonic() - answer.since < _EAGER_FOR else _PATIENT)


def ask(question: Question) -> str:
    """Ask once: "" is yes, else why not, in words."""
    probe, seconds = question.probe, question.probe.timeout.total_seconds()
    try:
        match probe.kind:
            case ProbeKind.HTTP:
                return _http(question.port, probe.path, seconds)
            case ProbeKind.TCP:
                socket.create_connection(("127.0.0.1", question.port), seconds).close()
                return ""
            case ProbeKind.COMMAND:
                return _command(question, seconds)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except http.client.HTTPException as error:
        return f"the answer is not HTTP ({type(error).__name__})"
    except OSError as error:
        return f"port {question.port}: {error.strerror or error}"
    except errors.SeawayError as error:
        return str(error)


def _http(port: int, path: str, seconds: float) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"User-Agent": "seaway-probe", "Connection": "close"})
        status = connection.getresponse().status
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"GET {path} answered {status}"


def _command(question: Question, seconds: float) -> str:
    environment = dict(question.environment())
    argv, cwd = question.probe.command, Path(question.cwd)
    ended = _process.run(argv, seconds=seconds, cwd=cwd, environment=environment, cap=1000)
    if ended.timed_out:
        return f"{argv[0]} took longer than {seconds:g} s"
    return f"{argv[0]} exited with code {ended.code}" if ended.code else ""
