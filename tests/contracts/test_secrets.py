"""The promises of the port `secrets`, run on every adapter of it."""

from __future__ import annotations

import os

import pytest

from seaway import errors
from seaway.adapters.secrets.env import Env
from seaway.adapters.secrets.file import File

SECRET = "hunter2 = päss\tword"


class EnvHarness:
    def __init__(self, tmp_path):
        self._environ: dict[str, str] = {}
        self.provider = Env(self._environ)

    def write(self, value: str) -> str:
        self._environ["SHOP_DB"] = value
        return "SHOP_DB"

    missing = "SHOP_NOWHERE"


class FileHarness:
    def __init__(self, tmp_path):
        self.provider = File()
        self._path = tmp_path / "secret"
        self.missing = str(tmp_path / "nowhere")

    def write(self, value: str) -> str:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(handle, value.encode())
        os.close(handle)
        return str(self._path)


@pytest.fixture(params=[EnvHarness, FileHarness], ids=["env", "file"])
def harness(request, tmp_path):
    return request.param(tmp_path)


def test_the_value_is_what_was_written(harness):
    name = harness.write(SECRET)
    harness.provider.check(name)
    assert harness.provider.resolve(name) == SECRET


def test_a_missing_one_is_not_found_by_name_with_the_next_step(harness):
    for act in (harness.provider.check, harness.provider.resolve):
        with pytest.raises(errors.NotFound) as caught:
            act(harness.missing)
        assert harness.missing in str(caught.value)
        assert caught.value.hint


def test_an_empty_one_is_as_good_as_none(harness):
    with pytest.raises(errors.NotFound, match="is empty"):
        harness.provider.resolve(harness.write(""))


def test_a_changed_value_is_seen_at_the_next_question(harness):
    harness.provider.resolve(harness.write("old"))
    assert harness.provider.resolve(harness.write("new")) == "new"


def test_no_error_ever_shows_a_value(harness):
    name = harness.write(SECRET)
    for wrong in (harness.missing, name + "x", name.lower() + "/", ""):
        with pytest.raises(errors.PortError) as caught:
            harness.provider.resolve(wrong)
        assert (
            "hunter2" not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__} {caught.value.__context__}"
        )
