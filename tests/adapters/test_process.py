"""The one way to run a program and wait for it."""

from __future__ import annotations

import sys
import time

import pytest

from seaway import errors
from seaway.adapters import _process


def test_output_and_exit_code_come_back(tmp_path):
    ended = _process.run(("sh", "-c", "pwd; echo oops >&2; exit 3"), seconds=5, cwd=tmp_path)
    assert (ended.code, ended.output, ended.timed_out) == (3, f"{tmp_path}\noops\n", False)


def test_words_are_never_given_to_a_shell():
    assert _process.run(("echo", "$HOME; false"), seconds=5).output == "$HOME; false\n"


def test_the_environment_is_exactly_the_given_one():
    assert _process.run(("/usr/bin/env",), seconds=5, environment={"A": "b"}).output == "A=b\n"


def test_the_deadline_kills_the_whole_group_and_does_not_wait_for_its_output():
    began = time.monotonic()
    ended = _process.run(("sh", "-c", "echo begun; sleep 600 & sleep 600"), seconds=0.3)
    assert (ended.timed_out, ended.output) == (True, "begun\n")
    assert time.monotonic() - began < 300


def test_a_child_that_leaves_a_process_behind_does_not_hold_the_caller():
    began = time.monotonic()
    assert _process.run(("sh", "-c", "sleep 60 & echo done"), seconds=300).output == "done\n"
    assert time.monotonic() - began < 30


def test_only_the_end_of_long_output_is_kept():
    ended = _process.run((sys.executable, "-S", "-c", "print('a' * 100000 + 'end')"), seconds=5, cap=10)
    assert ended.output == "aaaaaaend\n"


def test_secrets_are_taken_out_of_output():
    assert _process.run(("echo", "my hunter2 word"), seconds=5, redact=("hunter2", "")).output == "my *** word\n"


def test_a_missing_program_is_named():
    with pytest.raises(errors.NotFound, match="program not found: no-such-program"):
        _process.run(("no-such-program",), seconds=5)
