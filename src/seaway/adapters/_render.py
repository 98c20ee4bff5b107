"""helm and kustomize (or kubectl, which has it inside), where they are installed: manifests as a cluster would get them.

Asked by `app.rendering`. Nothing is fetched and no cluster is asked: a home of its own, no configuration, no plugins; folders
that refer to the network are not given to these.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from seaway.adapters import _process
from seaway.errors import NotReachable, Refused

SECONDS = 10.0  # for one rendering
MAX_BYTES = 4 * 1024 * 1024
_ORIGINS = "resources: [{}]\nbuildMetadata: [originAnnotations]\n"


def found(program: str) -> str:
    """Where the program is, or "". `kustomize` may be kubectl."""
    path = shutil.which(program) or ""
    return path or (shutil.which("kubectl") or "" if program == "kustomize" else "")


def chart(folder: Path, values: Sequence[Path]) -> str:
    """The manifests of a chart with these files of values. Raises Refused with Helm's words, NotReachable when it takes too long."""
    files = [word for one in values for word in ("--values", str(one))]
    return _run([found("helm"), "template", "release", str(folder), *files])


def kustomization(folder: Path) -> tuple[str, Path]:
    """The manifests of a kustomization, each with its origin; origins count from the second answer. Raises as `chart`."""
    program = found("kustomize")
    verb = "kustomize" if Path(program).name == "kubectl" else "build"
    with tempfile.TemporaryDirectory(prefix="seaway-render-") as own:
        place = Path(own).resolve()
        around = os.path.relpath(folder.resolve(), place)
        (place / "kustomization.yaml").write_text(_ORIGINS.format(f'"{around}"'), encoding="utf-8")
        return _run([program, verb, str(place)]), place


def _run(argv: list[str]) -> str:
    with tempfile.TemporaryDirectory(prefix="seaway-home-") as home:
        alone = {"PATH": os.environ.get("PATH", ""), "HOME": home, "KUBECONFIG": f"{home}/none"}
        ended = _process.capture(argv, seconds=SECONDS, cap=MAX_BYTES, environment=alone, cwd=Path(home))
    if ended.timed_out:
        raise NotReachable(f"{Path(argv[0]).name} did not end within {SECONDS:g} s", hint="try it by hand")
    if ended.code != 0:
        raise Refused(f"{Path(argv[0]).name} refused: {_said(ended.words)[:300]}", hint="try it by hand")
    return ended.output.decode("utf-8", errors="replace")


def _said(words: str) -> str:
    """The line that tells the mistake: warnings come before it."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return next((line for line in lines if line.lower().startswith("error")), lines[-1] if lines else "no words")
