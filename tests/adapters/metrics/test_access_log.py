"""Following the log: each line once through renaming, dropping and torn ends; what was lost unread begins anew, and says so."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway import errors
from seaway.adapters._envoy_files import Layout
from seaway.adapters._envoy_follow import Follower
from seaway.adapters._envoy_proxy import Process
from seaway.adapters.metrics.access_log import AccessLog
from seaway.formats.proxies.envoy import access_log
from seaway.model.routing import Gateway


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "gateway", tmp_path / "run")
    made.make()
    return made


def line(number: int, revision: str = "api-a", status: int = 200, **fields: object) -> bytes:
    entry = {"t": 0, "d": 7, "c": f"api/{revision}", "s": status, "f": "-", "n": "1", "u": "7000", **fields}
    return json.dumps({**entry, "t": 1000.5 + number}, separators=(",", ":")).encode() + b"\n"


def write(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


class Reader:
    """A follower, and the lines that it gave."""

    def __init__(self, layout: Layout) -> None:
        self.follower = Follower(layout)
        self.lines: list[bytes] = []

    def look(self) -> bool:
        return self.follower.follow(lambda line: self.lines.append(line) if line else None)

    @property
    def numbers(self) -> list[int]:
        return [int(json.loads(line)["t"]) - 1000 for line in self.lines]


def test_counting_begins_at_the_first_look(layout: Layout) -> None:
    write(layout.access_log, line(1))
    reader = Reader(layout)
    assert reader.look() is False
    write(layout.access_log, line(2))
    assert reader.look() is True
    assert reader.look() is True
    assert reader.numbers == [2]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(layout: Layout) -> None:
    reader = Reader(layout)
    whole = line(1)
    write(layout.access_log, whole[:50])
    reader.look()
    write(layout.access_log, whole[50:-1])
    reader.look()
    assert reader.numbers == []
    write(layout.access_log, b"\n")
    assert reader.look()
    assert reader.numbers == [1]


def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning(layout: Layout) -> None:
    reader = Reader(layout)
    reader.look()
    write(layout.access_log, line(1))
    reader.look()
    old = layout.logs / "access-1.log"
    layout.access_log.rename(old)
    write(old, line(2))  # the proxy did not reopen it yet
    reader.look()
    write(old, line(3))
    write(layout.access_log, line(4))
    assert reader.look()
    assert reader.numbers == [1, 2, 3, 4]


def test_several_rotations_between_two_looks_lose_nothing(layout: Layout) -> None:
    reader = Reader(layout)
    write(layout.access_log, line(0))
    reader.look()
    for number in range(1, 5):
        layout.access_log.rename(layout.logs / f"access-{number}.log")
        write(layout.access_log, line(number))
    assert reader.look()
    assert reader.numbers == [1, 2, 3, 4]


def test_a_file_that_was_dropped_before_it_was_followed_by_a_look_begins_a_new_count(layout: Layout) -> None:
    reader = Reader(layout)
    write(layout.access_log, line(0))
    reader.look()
    layout.access_log.unlink()  # what came after line 0, in this file or in the next ones, was never seen
    write(layout.access_log, line(5))
    assert reader.look() is False
    assert reader.numbers == []


def test_an_old_file_may_be_dropped_once_a_newer_one_was_read(layout: Layout) -> None:
    reader = Reader(layout)
    write(layout.access_log, line(0))
    reader.look()
    layout.access_log.rename(layout.logs / "access-1.log")
    write(layout.access_log, line(1))
    assert reader.look()
    (layout.logs / "access-1.log").unlink()
    write(layout.access_log, line(2))
    assert reader.look()
    assert reader.numbers == [1, 2]


@pytest.mark.parametrize("harm", ["truncated", "replaced", "gone"])
def test_lines_that_were_lost_unread_begin_a_new_count(layout: Layout, harm: str) -> None:
    reader = Reader(layout)
    write(layout.access_log, line(1) + line(2))
    reader.look()
    if harm == "gone":
        layout.access_log.unlink()
    else:
        layout.access_log.write_bytes(line(1) if harm == "truncated" else line(7) + line(8) + line(9))
    assert reader.look() is False
    write(layout.access_log, line(10))
    assert reader.look() is True
    assert reader.numbers == [10]


def test_a_foreign_piece_without_an_end_is_no_endless_line(layout: Layout) -> None:
    reader = Reader(layout)
    reader.look()
    write(layout.access_log, b"x" * (1024 * 1024) + b"x\n" + line(1))
    reader.look()
    assert reader.lines[-1] == line(1).rstrip()
    assert len(reader.lines[-2]) <= 2


@pytest.mark.parametrize("seed", range(20))
def test_any_history_of_writing_and_renaming_gives_each_line_once(layout: Layout, seed: int) -> None:
    chance = random.Random(seed)
    reader, written, waiting = Reader(layout), 0, b""
    write(layout.access_log, line(0))
    reader.look()
    for step in range(200):
        what = chance.choice(["write", "write", "write", "look", "rename"])
        if what == "write":
            written += 1
            waiting += line(written)
            cut = chance.randint(1, len(waiting))
            write(layout.access_log, waiting[:cut])
            waiting = waiting[cut:]
        elif what == "rename" and not waiting:
            layout.access_log.rename(layout.logs / f"access-{step:05d}.log")
            layout.access_log.touch()
        elif what == "look":
            assert reader.look()
    write(layout.access_log, waiting)
    assert reader.look()
    assert reader.numbers == list(range(1, written + 1))


@pytest.fixture
def metrics(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> AccessLog:
    monkeypatch.setattr(Process, "identity", lambda _: "1-1")
    return AccessLog(Gateway("production", "127.0.0.1:1"), layout.folder, layout.admin_socket.parent)


def test_lines_become_counts_per_service_and_revision(layout: Layout, metrics: AccessLog) -> None:
    metrics.sample("api", ())
    write(layout.access_log, line(1) + line(2, status=503) + line(3, "api-b", u="90000") + b"torn\n" + line(4, c="-"))
    write(layout.access_log, line(5, c="web/api-a") + line(6, c="api/api-a/h2/new", g="13"))
    found = metrics.sample("api", ("api-a", "api-b", "api-c"))
    assert {name: (each.requests, each.failed) for name, each in found.items()} == {"api-a": (3, 2), "api-b": (1, 0)}
    assert len({each.epoch for each in found.values()}) == 1


def test_what_is_lost_is_a_new_epoch_and_never_a_negative_rate(layout: Layout, metrics: AccessLog) -> None:
    write(layout.access_log, line(0))
    metrics.sample("api", ())
    write(layout.access_log, line(1))
    before = metrics.sample("api", ("api-a",))["api-a"]
    layout.access_log.write_bytes(b"")
    assert metrics.sample("api", ("api-a",)) == {}
    write(layout.access_log, line(2))
    after = metrics.sample("api", ("api-a",))["api-a"]
    assert before.epoch != after.epoch
    assert (before.requests, after.requests) == (1, 1)


def test_a_log_that_cannot_be_read_is_no_answer(layout: Layout, metrics: AccessLog) -> None:
    layout.access_log.symlink_to(layout.access_log)  # a loop
    with pytest.raises(errors.NotReachable, match="cannot be read"):
        metrics.sample("api", ())


@given(st.integers(0, 700_000_000))
def test_each_duration_is_counted_in_the_bucket_that_holds_it(microseconds: int) -> None:
    ms = microseconds / 1000
    histogram = access_log.histogram({access_log.bucket(ms): 1})
    index = histogram.counts.index(1)
    low = histogram.edges[index - 1] if index else 0.0
    high = histogram.edges[index] if index < len(histogram.edges) else float("inf")
    assert low * (1 - 1e-9) <= ms <= high * (1 + 1e-9)
    assert (sum(histogram.counts), len(histogram.counts)) == (1, len(histogram.edges) + 1)
