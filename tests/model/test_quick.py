"""Quick constructors: the same objects as the dataclass's own, frozen as before."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest

from seaway.model import expression, pipeline, span, work
from seaway.model.quick import quick

CLASSES = [
    one
    for module in (span, work, expression, pipeline)
    for one in vars(module).values()
    if inspect.isclass(one) and dataclasses.is_dataclass(one) and one.__module__ == module.__name__
]


def plain(one: type) -> type:
    """The same class as `dataclass` alone makes it."""
    fields = [
        (each.name, Any, field(default=each.default))
        if each.default is not dataclasses.MISSING
        else (each.name, Any, field(default_factory=each.default_factory))
        if each.default_factory is not dataclasses.MISSING
        else (each.name, Any)
        for each in dataclasses.fields(one)
    ]
    return dataclasses.make_dataclass(one.__name__, fields, frozen=True, slots=True)


def values(of: object) -> dict[str, object]:
    return {each.name: getattr(of, each.name) for each in dataclasses.fields(of)}  # type: ignore[arg-type]


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_each_noun_is_made_as_its_dataclass_says(one: Any) -> None:
    needed = [
        each.name for each in dataclasses.fields(one) if each.default is each.default_factory is dataclasses.MISSING
    ]
    other: Any = plain(one)
    given = {name: f"value of {name}" for name in needed}
    if one is pipeline.Pipeline:
        assert values(one(**given))["path"] == "value of path"
        return
    assert values(one(**given)) == values(other(**given))
    every = {each.name: f"value of {each.name}" for each in dataclasses.fields(one)}
    made = one(*every.values())
    assert values(made) == every
    assert type(made) is one
    assert made == one(**every)
    assert hash(made) == hash(one(**every))
    assert dataclasses.replace(made) == copy.copy(made) == pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, next(iter(every)), 1)
    with pytest.raises(TypeError):
        one(**every, more=1)
    if needed:
        with pytest.raises(TypeError):
            one()
    assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters)


def test_the_classes_of_the_pipeline_model_are_looked_at() -> None:
    assert {pipeline.Job, pipeline.Step, span.Span, work.Run, expression.Ref} <= set(CLASSES)


@dataclass(frozen=True, slots=True)
class _After:
    a: int

    def __post_init__(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Made:
    a: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Open:
    a: int


@pytest.mark.parametrize("one", [_After, _Made, _Open])
def test_a_class_that_does_more_is_refused(one: type) -> None:
    with pytest.raises(TypeError, match="more than frozen fields"):
        quick(one)


def test_a_mistake_in_the_order_of_fields_would_be_seen() -> None:
    @dataclass(frozen=True, slots=True)
    class Two:
        a: int
        b: int

    quick(Two)
    right = Two.__init__
    Two.__init__ = lambda self, a, b: right(self, b, a)  # type: ignore[method-assign]
    assert values(Two(1, 2)) != values(plain(Two)(1, 2))
