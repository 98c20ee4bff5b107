"""Secrets from files: only of this user, only for this user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters.secrets.file import File


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"hunter2\n")
    path.chmod(0o600)
    return path


def test_one_line_break_at_the_end_is_not_part_of_it(secret):
    assert File().resolve(str(secret)) == "hunter2"
    secret.write_bytes(b"two\nlines\n\n")
    assert File().resolve(str(secret)) == "two\nlines\n"
    secret.write_bytes(b"dos\r\n")
    assert File().resolve(str(secret)) == "dos"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777])
def test_a_file_that_others_may_open_is_refused_with_the_command_that_mends_it(secret, mode):
    secret.chmod(mode)
    for act in (File().check, File().resolve):
        with pytest.raises(errors.Refused, match="open to other users") as caught:
            act(str(secret))
        assert caught.value.hint == f"chmod 600 {secret}"
    secret.chmod(0o400)
    assert File().resolve(str(secret)) == "hunter2"


def owned_by(monkeypatch, uid):
    """Files seem to belong to `uid`: only root could really give one away."""
    seen = os.fstat

    def fstat(handle):
        return os.stat_result([*seen(handle)[:4], uid, *seen(handle)[5:]])

    monkeypatch.setattr(os, "fstat", fstat)


def test_a_file_of_another_user_is_refused_and_one_of_root_is_fine(secret, monkeypatch):
    owned_by(monkeypatch, os.getuid() + 54321)
    with pytest.raises(errors.Refused, match="belongs to another user"):
        File().resolve(str(secret))
    owned_by(monkeypatch, 0)
    assert File().resolve(str(secret)) == "hunter2"


def test_a_pipe_or_folder_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(errors.NotFound, match="not a regular file"):
            File().resolve(str(path))


@pytest.mark.parametrize("content", [b"\xffhunter2", b"hun\0ter2", b"hunter2" * 20_000])
def test_what_no_variable_can_hold_is_refused_without_a_word_of_it(secret, content):
    secret.write_bytes(content)
    with pytest.raises(errors.Refused) as caught:
        File().resolve(str(secret))
    assert "hun" not in f"{caught.value} {caught.value.hint} {caught.value.__context__}".replace(str(secret), "")


def test_no_descriptor_is_left_open(secret):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        File().check(str(secret))
        File().resolve(str(secret))
        secret.chmod(0o644)
        with pytest.raises(errors.Refused):
            File().check(str(secret))
        secret.chmod(0o600)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
