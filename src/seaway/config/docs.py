"""The annotated samples, one per section of seaway.yaml: help, documentation and examples at once.

Called by `seaway docs` (so: nothing heavy is imported here), `config.comments` and the generator of the documentation page.
"""

from __future__ import annotations

import difflib
from importlib import resources

from seaway.errors import UnknownName

_ORDER = (
    "file",
    "service",
    "secrets",
    "probes",
    "before",
    "routes",
    "sticky",
    "worker",
    "environment",
    "traffic",
    "strategy-canary",
    "strategy-ramp",
    "strategy-blue-green",
    "strategy-rolling",
    "gates",
    "objectives",
    "analysis",
    "metrics",
    "if-engine-lost",
    "events",
    "pipeline",
)


def sections() -> list[str]:
    """The names of all samples, in the order in which a reader wants them."""
    return list(_ORDER)


def section(name: str) -> str:
    """The text of one sample, a complete seaway.yaml; `strategy` is all samples called strategy-something, one after the other.

    Raises UnknownName with the known names.
    """
    group = [known for known in _ORDER if known.startswith(f"{name}-")]
    if group and name not in _ORDER:
        return "\n".join(section(known) for known in group)
    if name not in _ORDER:
        error = UnknownName("section", name, list(_ORDER))
        close = difflib.get_close_matches(name, _ORDER, n=1)
        error.hint = f"seaway docs {close[0]}" if close else "seaway docs"
        raise error
    return resources.files("seaway.config").joinpath("samples", f"{name}.yaml").read_text(encoding="utf-8")
