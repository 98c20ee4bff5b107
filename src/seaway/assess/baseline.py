"""An earlier report as the line between old and new. Read by `app.assess`."""

from __future__ import annotations

import json

from seaway.errors import ConfigError, Problem

FORMAT = "seaway.assessment/v1"


def fingerprints(text: str, path: str) -> frozenset[str]:
    """The fingerprints of a report's findings. Raises ConfigError for what is no report."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise _wrong(path, f"this is not JSON: {getattr(error, 'msg', 'nested too deep')}", line, column) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("findings"), list):
        raise _wrong(path, f'this is no report: "format" is not "{FORMAT}"')
    found = [one.get("fingerprint") for one in data["findings"] if isinstance(one, dict)]
    return frozenset(one for one in found if isinstance(one, str))


def _wrong(path: str, words: str, line: int = 1, column: int = 1) -> ConfigError:
    hint = "make one with seaway assess --format json > FILE"
    return ConfigError([Problem(path, line, column, words)], hint=hint)
