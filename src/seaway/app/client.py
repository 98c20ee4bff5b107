"""Talks to a control plane over its unix socket. Used by every command that looks at rollouts or steers them.

The words it has are those of `control_plane.ControlPlane`, so a command does not care whether it asks over a socket.
"""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx2

from seaway import errors
from seaway.config.home import Home
from seaway.errors import ControlPlaneUnreachable, SeawayError

if TYPE_CHECKING:
    from seaway.model.plan import Plan

Json = dict[str, Any]
_ANSWER = 30.0  # seconds for one answer; nothing that a handler does takes longer
_SILENCE = 35.0  # seconds of a stream without even a heartbeat
_UNREACHABLE = (httpx2.TransportError,)


def _kinds() -> dict[str, type[SeawayError]]:
    known: dict[str, type[SeawayError]] = {}
    pending: list[type[SeawayError]] = [SeawayError]
    while pending:
        kind = pending.pop()
        known.setdefault(kind.kind, kind)
        pending.extend(kind.__subclasses__())
    return known


class Client:
    """One connection to the control plane of a state folder. `with Client(home) as client: ...`."""

    def __init__(self, home: Home, *, answer: float = _ANSWER) -> None:
        self._home = home
        self._http = httpx2.Client(
            # No TLS on a socket of one's own: reading the machine's certificates would only take time, and can fail.
            transport=httpx2.HTTPTransport(uds=str(home.control_socket), verify=False),
            base_url="http://seaway/api/v1",
            headers={"Authorization": f"Bearer {_token(home)}"},
            timeout=httpx2.Timeout(answer, connect=5.0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.close()

    def health(self) -> Json:
        """Version, process and epoch. Raises ControlPlaneUnreachable."""
        return self._get("/health")

    def documents(self, service: str = "", environment: str = "", *, active: bool | None = None) -> list[Json]:
        """Rollouts as `seaway.rollout/v1`, newest first."""
        query = {"service": service, "environment": environment}
        if active is not None:
            query["active"] = str(active).lower()
        found: list[Json] = self._get("/rollouts", **{name: value for name, value in query.items() if value})[
            "rollouts"
        ]
        return found

    def document(self, rollout: str) -> Json:
        """One rollout. Raises NotFound."""
        return self._get(f"/rollouts/{quote(rollout, safe='')}")

    def why(self, rollout: str) -> Json:
        """The chain of what is waited for."""
        return self._get(f"/rollouts/{quote(rollout, safe='')}/why")

    def placements(self) -> list[Json]:
        """What every service runs in every environment."""
        found: list[Json] = self._get("/placements")["placements"]
        return found

    def submit(self, plan: Plan, *, key: str, origin: str = "person") -> str:
        """Post the plan; the rollout's id. The same key gives the same rollout."""
        from seaway.model import codec

        answer = self._post("/rollouts", {"plan": codec.encode(plan), "origin": origin}, key)
        return str(answer["id"])

    def act(self, rollout: str, action: str, *, key: str = "", **words: Any) -> Json:
        """A person's word to a rollout (`promote`, `abort`, ...); without a key each call is a new one."""
        return self._post(f"/rollouts/{quote(rollout, safe='')}/{action}", words, key or uuid.uuid4().hex)

    def shutdown(self) -> None:
        """Ask the process to end."""
        self._post("/shutdown", {}, uuid.uuid4().hex)

    def events(self, rollout: str = "", after: int = 0) -> Generator[tuple[int, Json] | None, None, None]:
        """Events as they come, None for each heartbeat; ends when the control plane does (then ask again from the last number).

        Raises ControlPlaneUnreachable when it cannot be reached at all.
        """
        self._knock()
        query = {"rollout": rollout} if rollout else {}
        timeout = httpx2.Timeout(_SILENCE, connect=5.0)
        headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
        try:
            with self._http.stream("GET", "/events", params=query, headers=headers, timeout=timeout) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise _refusal(answer)
                yield from _parse(answer.iter_lines())
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.ReadTimeout):
            return
        except _UNREACHABLE as error:
            raise self._unreachable(error) from error

    def _get(self, path: str, **query: str) -> Json:
        return self._ask("GET", path, params=query)

    def _post(self, path: str, data: Json, key: str) -> Json:
        return self._ask("POST", path, json=data, headers={"Idempotency-Key": key})

    def _ask(self, method: str, path: str, **parts: Any) -> Json:
        self._knock()
        try:
            answer = self._http.request(method, path, **parts)
        except _UNREACHABLE as error:
            raise self._unreachable(error) from error
        if answer.status_code >= 400:
            raise _refusal(answer)
        document: Json = answer.json()
        return document

    def _knock(self) -> None:
        """The HTTP client leaves a socket open when nobody listens; this finds out first."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self._home.control_socket))
            except OSError as error:
                raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ControlPlaneUnreachable:
        return ControlPlaneUnreachable(
            f"no control plane answers on {self._home.control_socket} ({getattr(error, 'strerror', None) or error or type(error).__name__})",
            hint="seaway serve --detach",
        )


def _token(home: Home) -> str:
    try:
        return home.token.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return "none"  # no control plane has run here yet: connecting says so in better words
    except (OSError, ValueError) as error:
        raise ControlPlaneUnreachable(f"cannot read {home.token}: {error}", hint=f"ls -l {home.token}") from error


def _refusal(answer: httpx2.Response) -> SeawayError:
    """The error that the control plane raised, with its words, hint and exit code."""
    try:
        problem = answer.json()
        kind = str(problem["type"]).rpartition(":")[2]
        found = _kinds().get(kind, SeawayError)
        error = found.__new__(found)
        SeawayError.__init__(error, str(problem["detail"]), hint=str(problem.get("hint", "")))
    except (ValueError, KeyError, TypeError):
        return errors.SeawayError(f"the control plane answered {answer.status_code}", hint="seaway doctor")
    return error


def _parse(lines: Iterator[str]) -> Iterator[tuple[int, Json] | None]:
    """Server-sent events as (sequence, event); a comment is a sign of life."""
    number, data = 0, ""
    for line in lines:
        name, _, value = line.partition(":")
        if not line and data:
            yield number, json.loads(data)
            data = ""
        elif line.startswith(":"):
            yield None
        elif name == "id" and value.strip().isdecimal():
            number = int(value)
        elif name == "data":
            data += value.removeprefix(" ")
