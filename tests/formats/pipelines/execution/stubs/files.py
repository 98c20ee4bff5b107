"""What the actions for artifacts do with files: one path is kept relative to itself, several to their nearest common folder."""

from __future__ import annotations

import fnmatch
import os
import shutil
import sys
from pathlib import Path


def up(store: Path) -> None:
    words = [line.strip() for line in os.environ["PATHS"].splitlines() if line.strip()]
    starts = [word.split("*")[0] for word in words if not word.startswith("!")]
    refused = [word[1:] for word in words if word.startswith("!")]
    roots = [start.rstrip("/") if Path(start).is_dir() else str(Path(start).parent) for start in starts]
    root = Path(os.path.commonpath([str(Path(one).resolve()) for one in roots]))
    target = store / os.environ["NAME"]
    for word in words:
        for found in Path().glob(word) if not word.startswith("!") else []:
            inside = (
                [Path(found)] if Path(found).is_file() else [one for one in Path(found).rglob("*") if one.is_file()]
            )
            for one in inside:
                if any(fnmatch.fnmatch(str(one), pattern) for pattern in refused):
                    continue
                place = target / one.resolve().relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(one, place)


def down(store: Path) -> None:
    name, into = os.environ["NAME"], Path(os.environ["INTO"] or ".")
    if name:
        shutil.copytree(store / name, into, dirs_exist_ok=True)
        return
    for folder in sorted(store.iterdir()):
        if fnmatch.fnmatch(folder.name, os.environ["PATTERN"] or "*"):
            target = into if os.environ["MERGE"] == "true" else into / folder.name
            shutil.copytree(folder, target, dirs_exist_ok=True)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](Path(sys.argv[2]))
