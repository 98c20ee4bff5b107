"""The promises of the port `artifacts`, run on every adapter of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters.artifacts.folder import Folder

STORES = {"folder": lambda tmp_path: Folder(tmp_path / "home" / "artifacts")}


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    return STORES[request.param](tmp_path)


@pytest.fixture
def source(tmp_path):
    made = tmp_path / "source"
    (made / "lib").mkdir(parents=True)
    (made / "serve").write_text("#!/bin/sh\n")
    (made / "serve").chmod(0o755)
    (made / "lib" / "words.txt").write_text("ahoy\n")
    (made / "empty").mkdir()
    (made / "current").symlink_to("lib/words.txt")
    return made


def test_a_copy_has_the_files_their_modes_and_their_links(store, source):
    copy = Path(store.store(str(source), ()).path)
    assert (copy / "lib" / "words.txt").read_text() == "ahoy\n"
    assert os.access(copy / "serve", os.X_OK)
    assert not (copy / "lib" / "words.txt").stat().st_mode & 0o111
    assert (copy / "empty").is_dir()
    assert (copy / "current").is_symlink()
    assert (copy / "current").read_text() == "ahoy\n"


def test_the_digest_of_the_source_is_that_of_its_copy(store, source):
    stored = store.store(str(source), ())
    assert stored.digest == store.digest(str(source), ()) == store.digest(stored.path, ())
    assert len(stored.digest) == 64


def test_storing_the_same_again_finds_the_copy(store, source):
    first = store.store(str(source), ())
    inode = Path(first.path).stat().st_ino
    (source / "serve").touch()
    assert store.store(str(source), ()) == first
    assert Path(first.path).stat().st_ino == inode


def test_a_copy_keeps_its_content_when_the_source_changes(store, source):
    old = store.store(str(source), ())
    (source / "lib" / "words.txt").write_text("farewell\n")
    new = store.store(str(source), ())
    assert new.digest != old.digest
    assert (Path(old.path) / "lib" / "words.txt").read_text() == "ahoy\n"
    assert (Path(new.path) / "lib" / "words.txt").read_text() == "farewell\n"


def test_what_is_excluded_does_not_count_and_is_not_copied(store, source):
    before = store.digest(str(source), ("*.log",))
    (source / "lib" / "today.log").write_text("x")
    stored = store.store(str(source), ("*.log",))
    assert stored.digest == before
    assert not (Path(stored.path) / "lib" / "today.log").exists()


def test_a_file_is_stored_in_a_folder_of_its_own(store, source):
    stored = store.store(str(source / "serve"), ())
    assert [entry.name for entry in Path(stored.path).iterdir()] == ["serve"]
    assert os.access(Path(stored.path) / "serve", os.X_OK)


def test_what_is_not_there_is_not_found(store, tmp_path):
    for act in (store.store, store.digest):
        with pytest.raises(errors.NotFound, match="no artifact at") as caught:
            act(str(tmp_path / "nowhere"), ())
        assert caught.value.hint


def test_prune_removes_exactly_what_is_not_kept(store, source):
    old = store.store(str(source), ())
    (source / "serve").write_text("#!/bin/sh\nexit 1\n")
    new = store.store(str(source), ())
    assert store.prune(frozenset({new.digest})) == (old.digest,)
    assert not Path(old.path).exists()
    assert Path(new.path).exists()
    assert store.prune(frozenset({new.digest})) == ()


def test_prune_of_a_place_that_was_never_used_removes_nothing(store):
    assert store.prune(frozenset()) == ()
