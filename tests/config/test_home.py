"""The state folder is the user's own, and its sockets have short paths."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from seaway.config.home import Home
from seaway.errors import UsageError
from seaway.model.routing import Gateway


def long_home(tmp_path) -> Path:
    return tmp_path / ("long" * 20) / "home"


def test_seaway_home_comes_first_then_xdg_then_the_users_home():
    everything = {"SEAWAY_HOME": "/a", "XDG_STATE_HOME": "/b", "HOME": "/c"}
    assert Home.find(everything).root == Path("/a")
    assert Home.find({**everything, "SEAWAY_HOME": ""}).root == Path("/b/seaway")
    assert Home.find({"HOME": "/c"}).root == Path("/c/.local/state/seaway")


def test_a_relative_state_home_is_ignored_and_a_relative_seaway_home_is_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Home.find({"XDG_STATE_HOME": "b", "HOME": "/c"}).root == Path("/c/.local/state/seaway")
    assert Home.find({"SEAWAY_HOME": "here"}).root == tmp_path / "here"


def test_all_files_are_below_the_root():
    home = Home(Path("/srv/seaway"), "")
    assert home.database == Path("/srv/seaway/engine.sqlite")
    assert home.engine_url == "sqlite:////srv/seaway/engine.sqlite"
    assert home.engine_lock == Path("/srv/seaway/engine.lock")
    assert home.token == Path("/srv/seaway/token")
    assert home.ballast == Path("/srv/seaway/ballast")
    assert home.control_log == Path("/srv/seaway/control.log")
    assert home.artifacts == Path("/srv/seaway/artifacts")
    assert home.target("production") == Path("/srv/seaway/environments/production/target")
    gateway = Gateway("production", "[::1]:8443")
    assert home.gateway(gateway) == Path("/srv/seaway/environments/production/gateways/[::1]_8443")
    assert home.control_socket == Path("/srv/seaway/run/control.sock")
    assert home.runtime("a") != home.runtime("b")


def test_the_database_url_opens_the_database(tmp_path):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    home = Home(tmp_path / "with space, # and ? and 100%25 ü")
    home.ensure()
    engine = sqlalchemy.create_engine(home.engine_url)
    with engine.connect():
        pass
    engine.dispose()
    assert home.database.exists()


def test_ensure_makes_private_folders_and_closes_one_that_others_could_read(tmp_path):
    root = tmp_path / "deep" / "home"
    Home(root).ensure()
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    root.chmod(0o755)
    Home(root).ensure()
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_could_write_is_refused(tmp_path, mode):
    tmp_path.chmod(mode)
    with pytest.raises(UsageError, match="can be written by other users") as caught:
        Home(tmp_path).ensure()
    assert "chmod 700" in caught.value.hint
    tmp_path.chmod(0o700)


def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(UsageError, match="belongs to another user"):
        Home(tmp_path).ensure()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot use"):
        Home(tmp_path / "file").ensure()


def test_sockets_of_a_long_state_folder_move_to_the_runtime_folder_of_the_user(tmp_path):
    root, runtime = long_home(tmp_path), Path(f"/tmp/sw-test-{os.getpid()}")
    runtime.mkdir(mode=0o700)
    try:
        home = Home(root, str(runtime))
        home.ensure()
        assert home.control_socket.parent.parent == runtime
        assert stat.S_IMODE(home.run.stat().st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as listener:
            longest = home.runtime("production") / ("s" * 32)
            longest.parent.mkdir()
            listener.bind(str(longest))
            longest.unlink()
            longest.parent.rmdir()
    finally:
        home.run.rmdir()
        runtime.rmdir()


def test_without_a_runtime_folder_they_move_to_a_private_folder_in_tmp(tmp_path):
    for runtime in ("", "relative", str(tmp_path / "missing"), str(tmp_path / ("x" * 90))):
        home = Home(long_home(tmp_path), runtime)
        assert str(home.run).startswith(f"/tmp/seaway-{os.getuid()}-")


def test_processes_with_other_environments_agree_on_the_place_of_the_sockets(tmp_path):
    root = long_home(tmp_path)
    first = Home(root, "")
    first.ensure()
    try:
        runtime = Path(f"/tmp/sw-other-{os.getpid()}")
        runtime.mkdir(mode=0o700)
        assert Home(root, str(runtime)).control_socket == first.control_socket
        Home(root, str(runtime)).ensure()
        assert Home(root, str(runtime)).control_socket == first.control_socket
        runtime.rmdir()
    finally:
        first.run.rmdir()


def test_a_runtime_folder_that_is_gone_is_made_again_or_replaced(tmp_path):
    root, runtime = long_home(tmp_path), Path(f"/tmp/sw-gone-{os.getpid()}")
    runtime.mkdir(mode=0o700)
    home = Home(root, str(runtime))
    home.ensure()
    home.run.rmdir()
    home.ensure()
    assert home.run.parent == runtime
    home.run.rmdir()
    runtime.rmdir()
    again = Home(root, "")
    again.ensure()
    assert str(again.run).startswith("/tmp/seaway-")
    again.run.rmdir()


def test_a_link_that_somebody_put_in_the_place_of_the_sockets_is_refused(tmp_path):
    root = long_home(tmp_path)
    home = Home(root, "")
    trap = tmp_path / "trap"
    trap.mkdir(mode=0o700)
    home.run.symlink_to(trap)
    try:
        with pytest.raises(UsageError, match="is no folder"):
            home.ensure()
    finally:
        Path(f"{home.run}").unlink()


def test_two_homes_have_two_places_for_their_sockets(tmp_path):
    assert Home(long_home(tmp_path / "a"), "").run != Home(long_home(tmp_path / "b"), "").run


def test_it_imports_only_the_standard_library():
    code = "import sys, seaway.config.home; print([n for n in ('pydantic', 'yaml', 'sqlalchemy') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
