"""The syntax oracle for Jenkinsfiles: the parser of Groovy 2.4, the line that Jenkins embeds, in one JVM for many files."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from support.peers import program

JAR = Path("/usr/share/java/groovy-all-2.4.21.jar")  # where Debian's package puts it


class Oracle:
    """Says of each text whether Groovy reads it, and why not."""

    def __init__(self, folder: Path) -> None:
        if not JAR.exists():
            pytest.skip("missing peer: Groovy 2.4.21 (scripts/test installs it, as root)")
        self.folder = folder
        self.count = 0
        script = Path(__file__).with_name("parses.groovy")
        argv = [
            program("java"),
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            str(JAR),
            "groovy.ui.GroovyMain",
            str(script),
        ]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def complaint(self, text: str) -> str:
        """Why Groovy does not read this text, or "" where it does."""
        self.count += 1
        path = self.folder / f"text{self.count}.groovy"
        path.write_text(text, encoding="utf-8")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        path.unlink()
        assert answer, "Groovy's parser has died"
        return "" if answer == "ok" else answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
