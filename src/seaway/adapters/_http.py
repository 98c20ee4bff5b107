"""One client for the HTTP interfaces of foreign systems: a deadline, retries, authentication, a cap, and no secret in any message.

Called by adapters that speak HTTP. A secret is resolved for each request and never kept, so a rotated one is used at once.
Redirects are answers like others: a secret never travels to a place that the configuration does not name.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

import httpx2

from seaway import errors

CAP = 16 * 1024 * 1024
_ATTEMPTS = 3
_PAUSES = (0.1, 0.5)  # seconds before the second and the third attempt
BUSY = frozenset({429, 502, 503, 504})  # "not now": worth another attempt
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SHOWN = 300  # characters of a foreign text in a message


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer, whole; `kind` is its media type without parameters, `headers` have lower-case names."""

    status: int
    body: bytes
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The document. Raises ValueError for anything else, a number outside of JSON (NaN, Infinity) among it."""
        return json.loads(self.body, parse_constant=_no_number)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


class Http:
    """Requests to one base URL. May be used by several threads.

    `seconds`: from the first attempt to the last byte, retries included. `token`: gives the bearer token, None for none.
    `user`: the token is this user's password. `cap`: bytes of an answer. `busy`: statuses that say "not now"; whoever knows how long that
    lasts takes some of them out, and gets them as answers.
    """

    def __init__(
        self,
        base: str,
        *,
        token: Callable[[], str] | None = None,
        user: str = "",
        seconds: float = 10.0,
        cap: int = CAP,
        busy: frozenset[int] = BUSY,
    ) -> None:
        self._base, self._token, self._user = base.rstrip("/"), token, user
        self._seconds, self._cap, self._busy = seconds, cap, busy
        self.place = urlsplit(base).netloc.rpartition("@")[2]  # for messages: never with a password
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(seconds),
            limits=httpx2.Limits(max_connections=8),
            headers={
                "user-agent": f"seaway/{metadata.version('seaway')}",
                "accept": "application/json",
                "accept-encoding": "identity",  # `cap` counts what is kept in memory
            },
            follow_redirects=False,
            # A proxy of the surroundings (HTTPS_PROXY) is for other hosts than this one.
            trust_env=urlsplit(base).hostname not in _LOOPBACK,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Ask; safe to repeat, so it is repeated. Any status below 500, and 500, is an answer.

        Raises NotReachable (no answer in time, or the system is busy) and Refused (an answer larger than `cap`).
        """
        until = time.monotonic() + self._seconds
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(max(0.0, min(_PAUSES[attempt - 1], until - time.monotonic())))
            try:
                answer = self._once(path, query, until)
            except (httpx2.HTTPError, OSError) as error:
                said = self._silence(error)
            else:
                if answer.status not in self._busy:
                    return answer
                said = f"it answered {answer.status}: {self.quote(answer.body)}"
            if time.monotonic() >= until:
                break
        raise errors.NotReachable(
            f"{self.place} did not answer: {said}", hint="it is asked again by itself; see that it runs"
        )

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def quote(self, body: bytes | str) -> str:
        """What a foreign system said, in one short line that is safe to show: the secret is taken out."""
        text = body if isinstance(body, str) else body[: 4 * _SHOWN].decode("utf-8", "replace")
        line = " ".join("".join(letter if letter.isprintable() else " " for letter in self._redacted(text)).split())
        return line[:_SHOWN] + ("…" if len(line) > _SHOWN else "") if line else "nothing"

    def _once(self, path: str, query: Mapping[str, str] | None, until: float) -> Answer:
        left = max(0.01, until - time.monotonic())
        url = f"{self._base}/{path.lstrip('/')}"
        with self._client.stream("GET", url, params=query, headers=self._authorization(), timeout=left) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise errors.Refused(f"{self.place} answered with a compressed text, which was not asked for")
            body = bytearray()
            for piece in answer.iter_raw():
                body += piece
                if len(body) > self._cap:
                    message = f"{self.place} answered with more than {self._cap // 1024} KiB"
                    raise errors.Refused(message, hint="ask for less")
                if time.monotonic() > until:
                    raise httpx2.ReadTimeout("the answer took too long", request=answer.request)
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(answer.status_code, bytes(body), kind, dict(answer.headers.items()))

    def _authorization(self) -> dict[str, str]:
        if self._token is None:
            return {}
        token = self._token()
        if not token or not token.isascii() or not token.isprintable():
            raise errors.Refused(
                f"the secret for {self.place} is no token: it is empty, or has signs that no header may have"
            )
        if self._user:
            return {"authorization": f"Basic {b64encode(f'{self._user}:{token}'.encode()).decode()}"}
        return {"authorization": f"Bearer {token}"}

    def _silence(self, error: Exception) -> str:
        if isinstance(error, httpx2.TimeoutException):
            return f"nothing within {self._seconds:g} s"
        return self.quote(str(error) or type(error).__name__)

    def _redacted(self, text: str) -> str:
        try:
            secret = self._token() if self._token else ""
        except errors.SeawayError:
            secret = ""
        return text.replace(secret, "***") if secret else text
