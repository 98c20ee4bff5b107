"""Names of clusters: one text per use of a revision, and back."""

from __future__ import annotations

from itertools import product

import pytest

from seaway.formats.proxies.envoy.names import Name, parse


@pytest.mark.parametrize(("http2", "new"), list(product([False, True], repeat=2)))
def test_a_name_reads_back(http2: bool, new: bool) -> None:
    name = Name("api", "api-0123456789ab", http2, new)
    assert parse(str(name)) == name


def test_what_is_not_ours_is_no_name() -> None:
    for text in ("", "api", "-", "api/", "/api-1", "api/api-1/newer", "api/api-1/new/h2", "a/b/h2/new/x"):
        assert parse(text) is None
