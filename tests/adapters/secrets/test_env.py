"""Secrets from the environment."""

from __future__ import annotations

import pytest

from seaway.adapters.secrets.env import Env
from seaway.errors import NotFound


def test_it_reads_the_environment_of_this_process(monkeypatch):
    monkeypatch.setenv("SHOP_DB", "hunter2")
    assert Env().resolve("SHOP_DB") == "hunter2"
    monkeypatch.delenv("SHOP_DB")
    with pytest.raises(NotFound, match="env:SHOP_DB is not set in the environment of the control plane"):
        Env().check("SHOP_DB")
