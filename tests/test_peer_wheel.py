"""Programs are found in archives within archives, and those no deeper than anybody packs them."""

from __future__ import annotations

import importlib.util
import io
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).parents[1] / "scripts" / "peer_wheel.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("peer_wheel", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return stream.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def test_a_program_is_found_in_an_archive_in_an_archive() -> None:
    layer = zipped(helm__helm=b"program", LICENSE=b"words")
    wheel = zipped(package__lib_dot_tgz=tarred("lib/layer.zip", layer), METADATA=b"more words")
    found = dict(loaded().members("a-1-py3-none-any.whl", wheel))
    assert found == {"helm/helm": b"program", "LICENSE": b"words", "METADATA": b"more words"}


def test_archives_are_not_opened_for_ever() -> None:
    content = b"end"
    for _ in range(9):
        content = zipped(inner_dot_zip=content)
    assert dict(loaded().members("outer.zip", content)) == {}
