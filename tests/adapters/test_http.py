"""The one HTTP client of the adapters: it ends in time, asks again what may be asked again, and keeps secrets to itself."""

from __future__ import annotations

import gzip
import time
from base64 import b64encode
from collections.abc import Iterator

import pytest

from seaway import errors
from seaway.adapters._http import Http
from support.http import Liar

SECRET = "s3cret-t0ken"


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.close()


@pytest.fixture
def http(liar: Liar) -> Iterator[Http]:
    made = Http(liar.url, token=lambda: SECRET, seconds=1.0, cap=1000)
    yield made
    made.close()


def test_an_answer_comes_whole_with_its_kind(liar: Liar, http: Http) -> None:
    liar.headers = {"content-type": "application/JSON; charset=utf-8"}
    liar.answer = lambda _: b'{"a": 1}'
    answer = http.get("/x", {"query": 'a{b="c d"}'})
    assert (answer.status, answer.kind, answer.json()) == (200, "application/json", {"a": 1})
    assert liar.paths in (["/x?query=a%7Bb%3D%22c+d%22%7D"], ["/x?query=a%7Bb%3D%22c%20d%22%7D"])


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 500])
def test_any_definite_status_is_an_answer_and_asked_once(liar: Liar, http: Http, status: int) -> None:
    liar.status, liar.headers = status, {"location": "http://127.0.0.1:1/"}
    liar.answer = lambda _: b""
    assert http.get("/x").status == status
    assert len(liar.paths) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_is_asked_again_and_then_said(liar: Liar, http: Http, status: int) -> None:
    liar.statuses = [status]
    assert http.get("/x").status == 200
    assert len(liar.paths) == 2
    liar.status = status
    liar.answer = lambda _: b"come back later"
    with pytest.raises(errors.NotReachable, match=f"it answered {status}: come back later"):
        http.get("/x")
    assert len(liar.paths) == 5


@pytest.mark.parametrize("slow", ["delay", "drip"])
def test_it_ends_in_time_however_slow_the_answer_is(liar: Liar, slow: str) -> None:
    setattr(liar, slow, 0.05 if slow == "drip" else 30.0)
    liar.answer = lambda _: b"x" * 100
    http = Http(liar.url, seconds=0.4)
    begin = time.monotonic()
    with pytest.raises(errors.NotReachable, match=r"nothing within 0\.4 s"):
        http.get("/x")
    assert time.monotonic() - begin < 15
    http.close()


def test_an_answer_that_is_too_large_is_refused_before_it_is_kept(liar: Liar, http: Http) -> None:
    liar.answer = lambda _: b"x" * 1001
    with pytest.raises(errors.Refused, match="more than"):
        http.get("/x")
    liar.answer = lambda _: b"x" * 1000
    assert len(http.get("/x").body) == 1000


def test_a_compressed_answer_that_nobody_asked_for_is_refused(liar: Liar, http: Http) -> None:
    liar.headers = {"content-encoding": "gzip"}
    liar.answer = lambda _: gzip.compress(b"0" * 10_000_000)
    with pytest.raises(errors.Refused, match="compressed"):
        http.get("/x")
    assert liar.heads[0]["accept-encoding"] == "identity"


def test_a_secret_is_read_for_each_request_and_in_no_message(liar: Liar) -> None:
    secrets = iter(["one", "two", *["three"] * 9])
    http = Http(liar.url, token=lambda: next(secrets))
    http.get("/x")
    http.get("/x")
    assert [head["authorization"] for head in liar.heads] == ["Bearer one", "Bearer two"]
    assert http.quote("the token three is known") == "the token *** is known"
    http.close()


def test_a_redirect_takes_no_secret_to_another_place(liar: Liar, http: Http) -> None:
    other = Liar()
    liar.status, liar.headers = 302, {"location": f"{other.url}/x"}
    assert http.get("/x").status == 302
    assert other.paths == []
    other.close()


def test_a_user_makes_it_a_password(liar: Liar) -> None:
    http = Http(liar.url, token=lambda: SECRET, user="reader")
    http.get("/x")
    assert liar.heads[0]["authorization"] == f"Basic {b64encode(f'reader:{SECRET}'.encode()).decode()}"
    http.close()


@pytest.mark.parametrize("secret", ["", "a\nb", "a\r\nx-evil: 1", "tök"])
def test_a_secret_that_no_header_may_hold_is_refused_and_not_shown(liar: Liar, secret: str) -> None:
    http = Http(liar.url, token=lambda: secret)
    with pytest.raises(errors.Refused, match="is no token") as caught:
        http.get("/x")
    assert liar.paths == []
    assert not secret or secret not in str(caught.value)
    http.close()


def test_a_secret_that_cannot_be_found_says_so(liar: Liar) -> None:
    def absent() -> str:
        raise errors.NotFound("env:TOKEN is not set")

    http = Http(liar.url, token=absent)
    with pytest.raises(errors.NotFound, match="env:TOKEN"):
        http.get("/x")
    assert http.quote("text") == "text"
    http.close()


def test_foreign_words_are_one_short_printable_line(http: Http) -> None:
    assert http.quote(b"a\n\x1b[31mred\t b\xff") == "a [31mred b\ufffd"
    assert http.quote("x" * 1000) == "x" * 300 + "…"
    assert http.quote(b"") == "nothing"


def test_a_password_in_the_address_is_not_part_of_the_place() -> None:
    http = Http("https://user:pass@example.com:9090/prometheus")
    assert http.place == "example.com:9090"
    http.close()


def test_a_broken_answer_is_asked_again(liar: Liar, http: Http) -> None:
    liar.headers = {"content-length": "50"}
    liar.answer = lambda _: b"short"
    liar.status = 200
    with pytest.raises(errors.NotReachable):
        http.get("/x")
