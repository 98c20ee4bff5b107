"""The one codec: what is stored reads back as it was, and what does not fit is named by its path."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.model import codec
from seaway.model.environment import Environment
from seaway.model.plan import Pause, SetWeight, Soak, Step
from seaway.model.service import Probe, ProbeKind, Service


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    number: int
    share: float = 0.5
    kind: Literal["leaf"] = "leaf"


@dataclass(frozen=True, slots=True)
class Other:
    text: str
    kind: Literal["other"] = "other"


@dataclass(frozen=True, slots=True)
class Tree:
    leaves: tuple[Leaf | Other, ...] = ()
    colour: Colour = Colour.RED
    at: datetime | None = None
    wait: timedelta = timedelta()
    pair: tuple[int, str] = (1, "a")
    memory: dict[str, str | int | float | bool | None] = field(default_factory=dict)


TREE = Tree(
    leaves=(Leaf(3), Other("x")),
    at=datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
    wait=timedelta(minutes=-3, milliseconds=5),
    memory={"a": 1, "b": None, "c": "d", "e": True, "f": 0.25},
)


def test_a_value_reads_back_as_it_was() -> None:
    assert codec.decode(Tree, codec.encode(TREE)) == TREE


def test_members_of_a_union_are_told_apart_by_kind() -> None:
    for step in (SetWeight(50_000), Pause(timedelta(seconds=3)), Pause(None), Soak(timedelta(minutes=5))):
        assert codec.decode(Step, codec.encode(step)) == step


def test_a_missing_field_takes_its_default_so_that_an_older_record_still_reads() -> None:
    data = codec.encode(TREE)
    del data["pair"], data["colour"]
    assert codec.decode(Tree, data) == TREE


@pytest.mark.parametrize(
    ("damage", "path"),
    [
        ({"leaves": [{"kind": "leaf", "number": "3"}]}, "$.leaves[0].number"),
        ({"leaves": [{"kind": "branch"}]}, "$.leaves[0]"),
        ({"leaves": {}}, "$.leaves"),
        ({"colour": "green"}, "$.colour"),
        ({"at": "yesterday"}, "$.at"),
        ({"wait": "3"}, "$.wait"),
        ({"wait": 3}, "$.wait"),
        ({"pair": [1]}, "$.pair"),
        ({"pair": [True, "a"]}, "$.pair[0]"),
        ({"leaves": [{"kind": "leaf", "number": 1, "share": True}]}, "$.leaves[0].share"),
        ({"size": 3}, "$: Tree has no field 'size'"),
        ({"leaves": [{"kind": "leaf"}]}, "$.leaves[0]"),
        ({"memory": []}, "$.memory"),
        ({"memory": {"a": []}}, "$.memory.a"),
    ],
)
def test_a_misfit_is_named_by_its_path(damage: dict[str, object], path: str) -> None:
    with pytest.raises(codec.CodecError) as caught:
        codec.decode(Tree, codec.encode(TREE) | damage)
    assert str(caught.value).startswith(path)


def test_equal_values_have_one_canonical_text_and_digest() -> None:
    one, two = Tree(memory={"a": 1, "b": 2}), Tree(memory={"b": 2, "a": 1})
    assert codec.canonical(one) == codec.canonical(two)
    assert codec.digest(one) == codec.digest(two)
    assert codec.digest(one) != codec.digest(Tree(memory={"a": 1, "b": 3}))


def test_nan_has_no_canonical_text() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        codec.canonical(Leaf(1, share=float("nan")))


def test_times_are_written_in_utc_to_the_microsecond() -> None:
    assert codec.encode(TREE)["at"] == "2026-01-02T03:04:05.000600Z"


@given(
    replicas=st.integers(0, 100),
    command=st.lists(st.text(max_size=5), max_size=3),
    grace=st.integers(0, 10**7),
    path=st.text(max_size=10),
)
def test_services_round_trip(replicas: int, command: list[str], grace: int, path: str) -> None:
    service = Service(
        name="shop",
        command=tuple(command),
        replicas=replicas,
        stop_grace=timedelta(milliseconds=grace),
        readiness=Probe(ProbeKind.HTTP, path=path),
    )
    assert codec.decode(Service, codec.encode(service)) == service


def test_an_environment_with_all_defaults_round_trips() -> None:
    assert codec.decode(Environment, codec.encode(Environment("production"))) == Environment("production")
