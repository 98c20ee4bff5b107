"""Logs: the last lines, and new lines through growth, rotation and new files."""

from __future__ import annotations

from pathlib import Path

from seaway.app.housekeeping import Follower, tail


def test_the_last_lines_of_each_file(tmp_path: Path) -> None:
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_text("a\nb\nc\n")
    two.write_text("d\n")
    gone = tmp_path / "gone.log"
    assert [line for _, line in tail((one, gone, two), 2)] == ["b", "c", "d"]
    assert [line for _, line in tail((one, two), -1)] == ["a", "b", "c", "d"]
    assert list(tail((one, two), 0)) == []


def test_new_lines_are_given_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("old\n")
    follower = Follower()
    follower.skip((path,))
    assert list(follower.fresh((path,))) == []
    with path.open("a") as file:
        file.write("new\nhal")
    assert [line for _, line in follower.fresh((path,))] == ["new"]
    with path.open("a") as file:
        file.write("f\n")
    assert [line for _, line in follower.fresh((path,))] == ["half"]


def test_a_rotated_file_is_read_on_and_the_new_one_from_its_beginning(tmp_path: Path) -> None:
    path, rotated = tmp_path / "one.log", tmp_path / "one.log.1"
    path.write_text("old\n")
    follower = Follower()
    follower.skip((path,))
    with path.open("a") as file:
        file.write("last\n")
    path.rename(rotated)
    path.write_text("first\n")
    assert [line for _, line in follower.fresh((rotated, path))] == ["last", "first"]


def test_bytes_that_are_no_text_do_not_stop_anything(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_bytes(b"\xff\xfe\n")
    assert [line for _, line in tail((path,), 5)] == ["\ufffd\ufffd"]
