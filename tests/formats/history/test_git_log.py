"""`git log -z` as bytes: every field, every kind of link, and bytes that are no log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.history import git_log
from seaway.model.history import FIXES, PICKS, REVERTS, Commit

A, B, C = "a" * 40, "b" * 40, "c" * 40


def record(sha: str, parents: str = "", authored: str = "10", committed: str = "20", body: bytes = b"words\n") -> bytes:
    return b"\0".join((sha.encode(), parents.encode(), authored.encode(), committed.encode(), body)) + b"\0"


def one(body: bytes, parents: str = B) -> Commit:
    (found,) = git_log.parse(record(A, parents, body=body))
    return found


def test_a_record_becomes_a_commit() -> None:
    data = record(A) + record(B, A, "11", "21") + record(C, f"{A} {B}", "12", "22")
    assert list(git_log.parse(data)) == [
        Commit(A, (), 10, 20),
        Commit(B, (A,), 11, 21),
        Commit(C, (A, B), 12, 22),
    ]


@pytest.mark.parametrize(
    ("told", "read"), [("", 0), ("-5", -5), ("9" * 30, 253_402_300_799), ("-" + "9" * 30, -62_135_596_800)]
)
def test_times_are_brought_into_the_calendar(told: str, read: int) -> None:
    (found,) = git_log.parse(record(A, authored=told, committed=told))
    assert (found.authored, found.committed) == (read, read)


def test_no_log_is_no_commits() -> None:
    assert list(git_log.parse(b"")) == []


@pytest.mark.parametrize("subject", [b"Add a door (#12)", b"Add a door (!7)", b"Add a door (#12)  \n\nmore"])
def test_a_subject_that_ends_like_a_squash_is_marked(subject: bytes) -> None:
    assert one(subject).squash


@pytest.mark.parametrize("subject", [b"Add a door", b"Fix #12", b"(#12) first", b"words\n\n(#12)"])
def test_other_subjects_are_not(subject: bytes) -> None:
    assert not one(subject).squash


def test_a_merge_is_never_a_squash() -> None:
    assert not one(b"Merge (#12)", f"{B} {C}").squash


def test_links_are_read_from_the_message() -> None:
    body = f'Revert "x"\n\nThis reverts commit {B}.\n\n(cherry picked from commit {C})\nFixes-Incident: inc-7\r\n'
    assert set(one(body.encode()).links) == {(REVERTS, B), (PICKS, C), (FIXES, "inc-7")}


@pytest.mark.parametrize(
    "body", [b"reverts nothing", b"cherry picked by hand", b"see Fixes-Incident: x", b"Fixes-Incident:"]
)
def test_words_that_only_look_like_links_are_none(body: bytes) -> None:
    assert one(body).links == ()


@pytest.mark.parametrize(
    "data", [record(A)[:-1], record(A) + b"x", b"\0\0\0\0", record(A, committed="soon"), record("\xe9")], ids=range(5)
)
def test_bytes_that_are_no_log_name_the_record(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"record (1|2)"):
        list(git_log.parse(data))


@given(st.binary(max_size=200).map(lambda body: body.replace(b"\0", b"")), st.integers(0, 2**37))
def test_no_message_moves_a_field(body: bytes, when: int) -> None:
    data = record(A, B, str(when), str(when + 1), body) + record(C)
    first, second = git_log.parse(data)
    assert (first.sha, first.parents, first.authored, first.committed) == (A, (B,), when, when + 1)
    assert second.sha == C
