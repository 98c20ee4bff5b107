"""The file of events holds each key once, in order, whatever crashed in between."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seaway.adapters.events.jsonl import JsonLines
from seaway.errors import Full, NotReachable


def keys(path: Path) -> list[str]:
    return [json.loads(line)["key"] for line in path.read_text().splitlines()]


def test_events_are_appended_in_order(tmp_path: Path) -> None:
    receiver = JsonLines(tmp_path / "events.jsonl")
    receiver.deliver("1", {"a": 1})
    receiver.deliver("2", {"b": "ü"})
    assert keys(tmp_path / "events.jsonl") == ["1", "2"]
    assert receiver.last() == "2"


def test_a_key_that_comes_again_has_one_effect(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    JsonLines(path).deliver("1", {"a": 1})
    again = JsonLines(path)
    again.deliver("1", {"a": 1})
    again.deliver("2", {})
    again.deliver("1", {"a": 1})
    assert keys(path) == ["1", "2"]


def test_a_line_that_a_crash_tore_is_dropped_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    JsonLines(path).deliver("1", {"a": 1})
    with path.open("ab") as file:
        file.write(b'{"key":"2","eve')
    after = JsonLines(path)
    assert after.last() == "1"
    after.deliver("2", {"b": 2})
    assert keys(path) == ["1", "2"]


def test_two_receivers_of_one_file_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    one, other = JsonLines(path), JsonLines(path)
    one.deliver("1", {})
    other.deliver("2", {})
    one.deliver("2", {})
    one.deliver("3", {})
    assert keys(path) == ["1", "2", "3"]


def test_a_foreign_line_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("not json\n[1]\n")
    receiver = JsonLines(path)
    assert receiver.last() == ""
    receiver.deliver("1", {})
    assert path.read_text().splitlines()[:2] == ["not json", "[1]"]


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "events.jsonl"
    JsonLines(path).deliver("1", {})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_only_the_tail_of_a_long_file_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seaway.adapters.events.jsonl._TAIL", 200)
    path = tmp_path / "events.jsonl"
    first = JsonLines(path)
    for number in range(50):
        first.deliver(str(number), {"n": number})
    after = JsonLines(path)
    assert after.last() == "49"
    after.deliver("49", {})
    after.deliver("50", {})
    assert keys(path)[-2:] == ["49", "50"]


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    receiver = JsonLines(path)
    receiver.deliver("1", {})

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(Full):
            receiver.deliver("2", {})
    assert keys(path) == ["1"]
    receiver.deliver("2", {})
    assert keys(path) == ["1", "2"]


def test_a_place_that_cannot_be_written_is_not_reachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReachable):
        JsonLines(tmp_path / "file" / "events.jsonl").deliver("1", {})
