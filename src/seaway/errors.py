"""The tree of errors. Everything Seaway raises on purpose is one of these; `cli/` catches them in one place.

SeawayError                     exit 1
├── UsageError                  exit 2   the words of a command are wrong
│   └── KeyReused               exit 2   an idempotency key stands for another call
├── ConfigError                 exit 2   seaway.yaml is wrong: carries every finding with file:line:column
├── PlanRefused                 exit 2   the plan cannot keep its promises; nothing was started
├── UnknownName                 exit 2   a name that no table knows: lists the known ones
├── ControlPlaneUnreachable     exit 5   no control plane answers
├── UnsupportedPlatform         exit 2   this machine cannot run the embedded default
└── PortError                   exit 1   a foreign system (the four kinds adapters raise)
├── NotReachable            may be retried
├── Refused                 authentication, permission, a rejected configuration
├── NotFound                what was asked for is not there
├── Conflict                somebody else holds it: a port, a lock, a name
│   └── Fenced              a newer owner has taken over: this caller must stop
└── Full                    no space left; may be retried after space was made
"""

from __future__ import annotations

from dataclasses import dataclass


class SeawayError(Exception):
    """What went wrong, in one sentence for people; `hint` is the next command or step."""

    exit_code = 1
    retry = False
    kind = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(SeawayError):
    """The words of a command are wrong."""

    exit_code = 2
    kind = "usage"


class KeyReused(UsageError):
    """An idempotency key was used for another call already."""

    kind = "key_reused"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where (1-based line and column), what and why, and what was perhaps meant."""

    path: str
    line: int
    column: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        meant = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.path}:{self.line}:{self.column}: {self.message}{meant}"


class ConfigError(SeawayError):
    """All the mistakes of a configuration file at once."""

    exit_code = 2
    kind = "configuration"

    def __init__(self, problems: list[Problem], *, hint: str = "seaway docs") -> None:
        super().__init__("\n".join(str(problem) for problem in problems), hint=hint)
        self.problems = problems


class PlanRefused(SeawayError):
    """A plan that cannot keep its promises, or that no longer fits what runs."""

    exit_code = 2
    kind = "plan"


class UnknownName(SeawayError):
    """A name that no table knows; the message lists the known ones."""

    exit_code = 2
    kind = "unknown"

    def __init__(self, what: str, name: str, known: list[str]) -> None:
        listed = ", ".join(sorted(known)) or "none"
        super().__init__(f"unknown {what} {name!r}; known: {listed}")


class ControlPlaneUnreachable(SeawayError):
    """No control plane answers on the socket."""

    exit_code = 5
    kind = "unreachable"


class UnsupportedPlatform(SeawayError):
    """This machine cannot run the embedded default."""

    exit_code = 2
    kind = "platform"


class PortError(SeawayError):
    """A foreign system did not do what was asked."""

    kind = "port"


class NotReachable(PortError):
    """The system did not answer, or not in time; trying again may help."""

    retry = True
    kind = "not_reachable"


class Refused(PortError):
    """The system answered no: authentication, permission or a rejected configuration."""

    kind = "refused"


class NotFound(PortError):
    """What was asked for is not there."""

    kind = "not_found"


class Conflict(PortError):
    """Somebody else holds it: a port, a lock, a name."""

    kind = "conflict"


class Fenced(Conflict):
    """A newer owner has taken over; this caller must stop at once."""

    kind = "fenced"


class Full(PortError):
    """No space left on the device."""

    retry = True
    kind = "full"
