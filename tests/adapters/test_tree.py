"""What of a folder counts, what is left out, and what cannot be copied."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters import _tree
from seaway.adapters._tree import DEFAULT_EXCLUDE, Entry


def entries(root: Path, *exclude: str, forbidden: Path = Path("/nowhere")):
    return _tree.entries(root, exclude, forbidden)


def digest(root: Path, *exclude: str) -> str:
    found = entries(root, *exclude)
    return _tree.digest((entry, _tree.content(root / entry.name) if entry.kind in "fx" else "") for entry in found)


@pytest.mark.parametrize(
    ("pattern", "out", "kept"),
    [
        ("*.log", ["a.log", "b/a.log"], ["a.log.gz", "log"]),
        ("tests", ["tests", "a/tests"], ["tests2"]),
        ("/tests", ["tests"], ["a/tests"]),
        ("docs/build", ["docs/build"], ["a/docs/build", "build"]),
        ("docs/*", ["docs/a"], ["docs/a/b"]),
        ("docs/**", ["docs/a/b", "docs"], ["a/docs"]),
        ("**/cache", ["cache", "a/b/cache"], ["a/cache2"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["z"]),
        ("[ab].txt", ["a.txt"], ["c.txt"]),
        (".git", [".git"], [".gitignore"]),
    ],
)
def test_patterns_are_about_names_or_about_paths_from_the_root(pattern, out, kept):
    assert all(_tree.excluded(name, False, (pattern,)) for name in out)
    assert not any(_tree.excluded(name, False, (pattern,)) for name in kept)


def test_a_pattern_with_a_slash_at_its_end_is_about_folders_only():
    assert _tree.excluded("build", True, ("build/",))
    assert not _tree.excluded("build", False, ("build/",))


@pytest.mark.parametrize("name", [".git", "__pycache__", "seaway.yaml", ".mypy_cache"])
def test_version_control_caches_and_the_description_of_the_release_are_left_out(tmp_path, name):
    (tmp_path / "app.py").write_text("x")
    before = digest(tmp_path)
    (tmp_path / name).write_text("x")
    assert digest(tmp_path) == before


@pytest.mark.parametrize("name", [".venv", "node_modules", "vendor", ".env.example"])
def test_what_may_be_needed_to_run_is_not_left_out(name):
    assert not _tree.excluded(name, True, DEFAULT_EXCLUDE)


def test_a_seaway_yaml_further_down_is_a_file_like_any_other():
    assert not _tree.excluded("examples/seaway.yaml", False, DEFAULT_EXCLUDE)


CHANGES = {
    "content": lambda root: (root / "a").write_text("y"),
    "name": lambda root: (root / "a").rename(root / "b"),
    "executable bit": lambda root: (root / "a").chmod(0o755),
    "another file": lambda root: (root / "z").touch(),
    "an empty folder": lambda root: (root / "folder").mkdir(),
    "a link instead": lambda root: ((root / "a").unlink(), (root / "a").symlink_to("s")),
    "where a link leads": lambda root: ((root / "l").unlink(), (root / "l").symlink_to("s")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_that_counts_changes_the_digest(tmp_path, name):
    (tmp_path / "a").write_text("x")
    (tmp_path / "s").write_text("x")
    (tmp_path / "l").symlink_to("a")
    before = digest(tmp_path)
    CHANGES[name](tmp_path)
    assert digest(tmp_path) != before


def test_times_and_the_rights_of_others_do_not_count(tmp_path):
    (tmp_path / "a").write_text("x")
    before = digest(tmp_path)
    os.utime(tmp_path / "a", (1, 1))
    (tmp_path / "a").chmod(0o600)
    assert digest(tmp_path) == before


def test_contents_cannot_be_moved_between_names_unnoticed():
    split = [(Entry("a", "f"), "1"), (Entry("b", "f"), "2")]
    assert (
        len(
            {
                _tree.digest(split),
                _tree.digest(split[:1]),
                _tree.digest([(Entry("a", "f"), "2"), (Entry("b", "f"), "1")]),
            }
        )
        == 3
    )
    assert _tree.digest([(Entry("ab", "l", "c"), "")]) != _tree.digest([(Entry("a", "l", "bc"), "")])


def test_names_that_are_no_text_are_names_all_the_same(tmp_path):
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff\n", os.O_CREAT | os.O_WRONLY))
    assert len(digest(tmp_path)) == 64


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "sub/../../outside", ".."])
def test_a_link_that_leads_outside_is_refused(tmp_path, target):
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(errors.Refused, match="outside") as caught:
        entries(tmp_path)
    assert str(tmp_path / "link") in str(caught.value)
    assert "exclude" in caught.value.hint
    assert entries(tmp_path, "link") == [Entry("sub", "d")]


def test_a_link_inside_is_kept_also_when_it_leads_nowhere(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to("../a")
    assert Entry("sub/up", "l", "../a") in entries(tmp_path)


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "loop").symlink_to("../sub")
    assert [entry.name for entry in entries(tmp_path)] == ["sub", "sub/loop"]


def test_the_interpreter_of_a_virtual_environment_may_lie_outside(tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/usr/bin/python3")
    assert Entry(".venv/bin/python", "l", "/usr/bin/python3") in entries(tmp_path)
    (tmp_path / ".venv" / "pyvenv.cfg").unlink()
    with pytest.raises(errors.Refused):
        entries(tmp_path)


def test_sockets_and_pipes_are_refused_by_name(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(errors.Refused, match="pipe is neither"):
        entries(tmp_path)
    (tmp_path / "pipe").unlink()
    handle = os.open(tmp_path, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{handle}/s")
    os.close(handle)
    with pytest.raises(errors.Refused, match="s is neither"):
        entries(tmp_path)
    assert entries(tmp_path, "s") == []


def test_a_root_that_is_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(errors.Refused, match="neither a folder nor a file"):
        entries(tmp_path / "pipe")


def test_a_root_that_is_a_link_is_followed(tmp_path):
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "a").touch()
    (tmp_path / "current").symlink_to("v1")
    assert entries(tmp_path / "current") == [Entry("a", "f")]


def test_the_state_folder_inside_the_artifact_is_refused_unless_it_is_left_out(tmp_path):
    inside = tmp_path / ".state" / "artifacts"
    inside.mkdir(parents=True)
    with pytest.raises(errors.Refused, match="inside the artifact"):
        entries(tmp_path, forbidden=inside)
    assert entries(tmp_path, ".state", forbidden=inside) == []
