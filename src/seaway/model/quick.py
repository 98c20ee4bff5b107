"""Quick construction of frozen dataclasses. Called once for each class, at the end of the modules whose nouns are made by the thousand.

A frozen dataclass sets each field through `object.__setattr__`, which was 40 % of the time in which a pipeline file is read. The
constructor made here takes the same arguments and leaves the same object behind: it fills the fields while the object is one of a
twin class with the same slots that is not frozen, or, for few fields, through the slots themselves. Everything else (equality,
`replace`, frozenness, signature for type checkers) is the dataclass's own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

_FEW = 5  # fields up to which the slots themselves are quicker than changing the class twice


def quick(*classes: type) -> None:
    """Gives frozen dataclasses with slots a constructor that takes a fraction of the time."""
    for one in classes:
        one.__init__ = _constructor(one)  # type: ignore[misc]


def _constructor(one: type) -> Any:
    """The new `__init__`. Raises TypeError for a class whose own one does more than set its fields."""
    fields = dataclasses.fields(one)
    plain = all(each.init and each.default_factory is dataclasses.MISSING and not each.kw_only for each in fields)
    if not plain or hasattr(one, "__post_init__") or not one.__dict__.get("__slots__"):
        raise TypeError(f"{one.__name__} is more than frozen fields in slots")
    names: dict[str, Any] = {"_set": object.__setattr__, "_own": one}
    arguments = []
    for each in fields:
        if each.default is dataclasses.MISSING:
            arguments.append(each.name)
        else:
            names[f"_default_{each.name}"] = each.default
            arguments.append(f"{each.name}=_default_{each.name}")
    if len(fields) <= _FEW:
        names |= {f"_set_{each.name}": one.__dict__[each.name].__set__ for each in fields}
        lines = [f"_set_{each.name}(self, {each.name})" for each in fields]
    else:
        names["_twin"] = type(f"_Open{one.__name__}", (), {"__slots__": one.__dict__["__slots__"]})
        lines = [f"self.{each.name} = {each.name}" for each in fields]
        lines = ["_set(self, '__class__', _twin)", *lines, "self.__class__ = _own"]
    head = f"def __init__(self, {', '.join(arguments)}):"
    exec("\n    ".join([head, *lines]), names)  # noqa: S102 - of names of fields only, as `dataclasses` itself does
    made = names["__init__"]
    made.__qualname__ = f"{one.__qualname__}.__init__"
    made.__annotations__ = dict(one.__init__.__annotations__)  # type: ignore[misc]
    return made


__all__ = ["quick"]
