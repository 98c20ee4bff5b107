"""Questions to an interface that allows only so many in an hour. Used by the adapters of CI systems.

When the limit is reached, the answer says when it ends. That is waited for, aloud, as long as the patience lasts; then the caller is told
until when nothing will be answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from seaway import errors
from seaway.adapters._http import BUSY, Answer, Http

_LIMITED = frozenset({403, 429})
_MOVED = frozenset({301, 302, 303, 307, 308})
_UNSAID = 60.0  # seconds to wait where the answer does not say how long
_KEPT = "what was fetched is kept"
_NEAR = 1.0  # seconds more, because clocks differ


class Paced:
    """One interface. `patience`: seconds that may be waited in all; `said`: told each time that it waits."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str] | None,
        *,
        patience: float,
        said: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = Http(url, token=token, seconds=60.0, busy=BUSY - _LIMITED)
        self._left, self._said, self._sleep = patience, said, sleep
        self._authorized = token is not None
        self.place = self._http.place

    def get(self, path: str, query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        """The document and the headers of an answer. Raises NotReachable, Refused, NotFound."""
        answer = self._asked(path, query)
        while (pause := _pause(answer)) is not None:
            self._wait(pause)
            answer = self._asked(path, query)
        words = f"{self.place} answered {answer.status} to {path}: {self._http.quote(answer.body)}"
        if answer.status in _MOVED:
            message = f"{self.place} answered {answer.status} to {path}: the project, or the interface, is called otherwise now"
            raise errors.NotFound(message, hint="name the project as it is called now; no token follows a redirect")
        if answer.status == 404:
            raise errors.NotFound(words, hint=self._hint("check the project's name, and that the token may see it"))
        if answer.status != 200:
            raise errors.Refused(words, hint=self._hint("check the token, and that it may read runs"))
        try:
            return answer.json(), answer.headers
        except (ValueError, RecursionError):
            raise self.strange(path, answer.body) from None

    def strange(self, path: str, body: bytes | str = "") -> errors.Refused:
        """The answer is not what this interface gives."""
        said = f": {self._http.quote(body)}" if body else ""
        return errors.Refused(
            f"{self.place} answered to {path} with something that is no list of runs or jobs{said}",
            hint="check the address of the interface",
        )

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _asked(self, path: str, query: Mapping[str, str]) -> Answer:
        try:
            return self._http.get(path, query)
        except errors.NotReachable as error:
            raise errors.NotReachable(error.message, hint=f"check the address and the network; {_KEPT}") from error

    def _hint(self, words: str) -> str:
        return words if self._authorized else f"{words}; no token was given"

    def _wait(self, pause: float) -> None:
        until = datetime.fromtimestamp(time.time() + pause, UTC).strftime("%H:%M:%S UTC")
        words = f"{self.place} answers no more questions until {until}"
        if pause > self._left:
            hint = f"{_KEPT}: run the command again then, or with a longer --wait"
            raise errors.NotReachable(words, hint=hint if self._authorized else f"{hint}; with a token it allows more")
        self._left -= pause
        self._said(f"{words}; waiting {pause:.0f} s")
        self._sleep(pause)


def _pause(answer: Answer) -> float | None:
    """How long nothing is answered, None where the answer is one."""
    if answer.status not in _LIMITED:
        return None
    headers = answer.headers
    after, remaining = headers.get("retry-after", ""), headers.get("x-ratelimit-remaining", "")
    if after.isdecimal():
        return float(after[:9]) + _NEAR
    if answer.status == 403 and remaining != "0":
        return None
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    if reset.isdecimal():
        return max(0.0, float(reset[:12]) - time.time()) + _NEAR
    return _UNSAID
