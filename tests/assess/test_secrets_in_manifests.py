"""A Secret's values are told once, whether the text shows them or only what it decodes to."""

from __future__ import annotations

import base64

from seaway.assess import rules
from seaway.assess.estate import Estate, Kind
from seaway.formats.infrastructure import kubernetes

VALUE = "hT9" + "vLq2Zx7RkWm4"
KEY = "-----BEGIN " + "PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"


def told(text: str) -> list[tuple[int, str]]:
    estate = Estate(things=kubernetes.parse(text, "a.yaml"), texts={"a.yaml": text}, kinds={"a.yaml": Kind.KUBERNETES})
    answer = rules.load("plaintext-secret").ask(estate)
    assert isinstance(answer, list)
    assert not any(VALUE in hit.message or VALUE in "".join(hit.key) for hit in answer)
    return [(hit.span.line, hit.key[0]) for hit in answer]


def secret(*rows: str, field: str = "data") -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{field}:\n" + "".join(f"  {row}\n" for row in rows)


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def test_a_key_in_a_block_is_told_once() -> None:
    lines = "\n".join(f"    {line}" for line in KEY.splitlines())
    assert told(secret(f"tls.key: |\n{lines}", f"password: {VALUE}", field="stringData")) == [
        (6, "shape"),
        (9, "Secret s"),
    ]


def test_what_is_encoded_is_told_by_what_it_decodes_to() -> None:
    rows = (f"tls.key: {encoded(KEY)}", f"password: {encoded(VALUE)}", f"note: {encoded(VALUE)}", "token: '%%%'")
    assert told(secret(*rows)) == [(5, "Secret s"), (6, "Secret s")]


def test_neighbours_are_told_apart() -> None:
    address = f"postgres://shop:{VALUE}@database/shop"
    assert told(secret(f"password: {VALUE}", f"url: {address}", field="stringData")) == [(6, "shape"), (5, "Secret s")]
