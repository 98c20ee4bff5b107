"""A Dockerfile is judged as part of its repository: its patches hold, and broken ones end nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seaway.app import assess
from seaway.app.assess import Assessed
from seaway.model.finding import Finding, Persona, Status

BEFORE = "FROM python:3.13-slim\nWORKDIR /srv\n# all of it\nCOPY --chown=app . .\nRUN pip install --no-cache-dir -r requirements.txt\nUSER app\n"
AFTER = (
    "FROM python:3.13-slim\nWORKDIR /srv\n# all of it\nCOPY --chown=app requirements.txt ./\n"
    "RUN pip install --no-cache-dir -r requirements.txt\nCOPY --chown=app . .\nUSER app\n"
)


def looked(folder: Path, persona: Persona = Persona.REGULAR, **files: str) -> Assessed:
    (folder / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        place = folder / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    return assess.assess(folder, today=date(2026, 11, 27), persona=persona)


def found(done: Assessed, rule: str) -> list[Finding]:
    return [one for one in done.assessment.findings if one.rule == rule]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_install_moves_before_the_copy(tmp_path: Path, ends: str) -> None:
    text = BEFORE.replace("\n", ends)
    done = looked(tmp_path, api__Dockerfile=text, **{"api__requirements.txt": "flask==3.1\n"})
    (one,) = found(done, "dockerfile-layer-order")
    assert one.fix is not None
    assert one.fix.verified
    assert one.fix.by == ("dockerfile", "dockerfile-layer-order")
    assess.apply(done)
    assert (tmp_path / "api/Dockerfile").read_bytes().decode() == AFTER.replace("\n", ends)
    assert found(looked(tmp_path), "dockerfile-layer-order") == []


@pytest.mark.parametrize(
    ("before", "files"),
    [
        (BEFORE, {}),  # nothing says that this is the folder that the build copies
        (BEFORE, {"requirements.txt": "flask\n", "sub__requirements.txt": "click\n"}),
        (BEFORE, {"requirements.txt": "-c constraints.txt\n", "constraints.txt": "click<9\n"}),
        (BEFORE.replace("RUN", "RUN make\nRUN"), {"requirements.txt": "flask\n"}),
        (BEFORE.replace("txt", "txt && make"), {"requirements.txt": "flask\n"}),
    ],
)
def test_where_more_may_be_needed_there_is_no_patch(tmp_path: Path, before: str, files: dict[str, str]) -> None:
    (one,) = found(looked(tmp_path, Dockerfile=before, **files), "dockerfile-layer-order")
    assert one.fix is None


def test_a_broken_one_is_unknown_and_no_failure(tmp_path: Path) -> None:
    done = looked(tmp_path, Dockerfile="FROM a\nRUN x\n  && y\n").assessment
    assert [(one.path, one.line) for one in done.unknowns] == [("Dockerfile", 3)]
    assert {one.status for one in done.checks if one.rule == "heavy-image"} == {Status.UNKNOWN}


def test_an_image_has_no_name_to_judge_where_an_argument_makes_it(tmp_path: Path) -> None:
    done = looked(tmp_path, Dockerfile="ARG A\nFROM $A\nCMD x\n")
    assert found(done, "unpinned-action") == []
    assert len(found(looked(tmp_path, Dockerfile="ARG A=debian\nFROM $A\nCMD x\n"), "unpinned-action")) == 1


def test_a_tag_without_a_digest_is_for_an_auditor(tmp_path: Path) -> None:
    text = {"Dockerfile": "FROM node:22\nCMD x\n"}
    assert looked(tmp_path, **text).assessment.findings == ()
    rules = {one.rule for one in looked(tmp_path, Persona.AUDITOR).assessment.findings}
    assert rules >= {"unpinned-action", "heavy-image", "privileged-container"}


def test_a_suppression_in_a_dockerfile_is_heard(tmp_path: Path) -> None:
    done = looked(
        tmp_path, Dockerfile="# seaway: ignore[unpinned-action] built from the day's\nFROM debian\n"
    ).assessment
    assert done.findings == ()
    assert [one.rule for one in done.suppressed] == ["unpinned-action"]
