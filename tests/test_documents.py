"""The example documents of the reference keep their shape, and every key of them is explained.

What is rendered now, from a story without processes, has the same keys and types as the recorded example. A document that has
grown on purpose is recorded anew with `python tests/support/story.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_args

import pytest

from seaway.model import codec
from seaway.model.plan import Plan, Step
from seaway.model.rollout import ApprovalRecord, Loss, State, Weight
from seaway.model.verdict import Guard, Verdict
from seaway.plan import document as plan_document
from support import story

PAGE = story.FOLDER / "index.md"
NAMES = ("plan.json", "rollout.json", "rollout-rolled-back.json", "events.jsonl")
CONTRACT = {"format", "id", "service", "environment", "state", "plan_hash", "revisions", "weights", "steps", "verdicts",
            "waiting", "loss"}  # fmt: skip
_REVISION = re.compile(r"shop-[0-9a-f]{12}")
_FRESH: dict[str, str] = {}


def fresh(name: str) -> Any:
    """What is rendered now, once for all tests."""
    if not _FRESH:
        _FRESH.update(story.documents())
    return _read(name, _FRESH[name])


def recorded(name: str) -> Any:
    return _read(name, (story.FOLDER / name).read_text(encoding="utf-8"))


def _read(name: str, text: str) -> Any:
    return [json.loads(line) for line in text.splitlines()] if name.endswith(".jsonl") else json.loads(text)


def shape(value: Any) -> Any:
    """Keys and types: revisions as keys are one, items of a list are told apart by their `kind` or event."""
    if isinstance(value, dict):
        return {_REVISION.sub("REVISION", key): shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        kinds: dict[str, Any] = {}
        for item in value:
            kinds.setdefault(_kind(item), shape(item))
        return kinds
    return type(value).__name__


def _kind(item: Any) -> str:
    """What tells an item of a list from others of the same list."""
    if not isinstance(item, dict):
        return type(item).__name__
    told = item.get("customData")
    event = told["seaway"]["event"] if isinstance(told, dict) else ""
    return str(item.get("kind") or event or item.get("guard") or "")


def keys(value: Any) -> Iterator[str]:
    """Every key of a document, at any depth, but the names of revisions."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not _REVISION.fullmatch(key):
                yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_rendered_now_has_the_keys_and_types_of_the_recorded_document(name: str) -> None:
    assert shape(recorded(name)) == shape(fresh(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_removed_key_or_a_changed_type_would_be_seen(name: str) -> None:
    for document in _damaged(fresh(name)):
        assert shape(recorded(name)) != shape(document)


def _damaged(document: Any) -> Iterator[Any]:
    """The document without one of its keys, or with one of them of another type; for events the first one is damaged."""
    text = json.dumps(document)
    for key in document if isinstance(document, dict) else document[0]:
        for change in ("removed", "another type"):
            copy = json.loads(text)
            victim = copy if isinstance(copy, dict) else copy[0]
            victim.pop(key) if change == "removed" else victim.update({key: 1.5})
            yield copy


def test_the_contract_of_a_rollout_is_kept_in_every_state() -> None:
    for name in ("rollout.json", "rollout-rolled-back.json"):
        found = recorded(name)
        assert set(found) >= CONTRACT
        assert found["format"] == "seaway.rollout/v1"
        assert State(found["state"])
        assert set(found["revisions"]) == {"stable", "candidate"}
        assert set(found["loss"]) >= {"served", "failed", "retried", "cut", "unseen_s"}
        for weight in found["weights"].values():
            assert set(weight) == {"set", "verified", "observed"}
            assert set(weight["observed"]) == {"ppm", "requests"}
        assert sum(weight["set"] for weight in found["weights"].values()) == 1_000_000
    assert set(recorded("rollout.json")["waiting"]) == {"for", "owner", "until", "then"}
    assert recorded("rollout-rolled-back.json")["waiting"] is None


def test_the_recorded_plan_still_reads() -> None:
    plan = plan_document.parse(recorded("plan.json"))
    assert isinstance(plan, Plan)
    assert plan_document.render(plan) == recorded("plan.json")


def test_the_parts_of_the_recorded_rollouts_still_read() -> None:
    for name in ("rollout.json", "rollout-rolled-back.json"):
        found = recorded(name)
        for part, kind in (("guards", Guard), ("verdicts", Verdict), ("approvals", ApprovalRecord)):
            assert [codec.decode(kind, each) for each in found[part]]
        assert all(codec.decode(Weight, weight) for weight in found["weights"].values())
    assert codec.decode(Loss, recorded("rollout-rolled-back.json")["loss"]).failed == 7


def test_a_part_that_has_lost_a_key_does_not_read() -> None:
    verdict = recorded("rollout.json")["verdicts"][0]
    del verdict["guard"]
    with pytest.raises(codec.CodecError, match="guard"):
        codec.decode(Verdict, verdict)


def test_events_are_numbered_without_a_gap_and_tell_the_whole_story() -> None:
    told = [event["customData"]["seaway"] for event in recorded("events.jsonl")]
    first = told[0]["sequence"]
    assert [each["sequence"] for each in told] == list(range(first, first + len(told)))
    assert [each["event"] for each in told][-2:] == ["rolled_back", "rollout.finished"]
    assert len({event["context"]["id"] for event in recorded("events.jsonl")}) == len(told)


def _unexplained(page: str, names: set[str]) -> set[str]:
    return {name for name in names if f"`{name}`" not in page}


def test_the_page_explains_every_key_of_every_document() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert (
        _unexplained(page, {key for name in NAMES for key in keys(fresh(name))} - {"LOG_LEVEL", "DATABASE_URL"})
        == set()
    )


def test_the_page_explains_every_kind_of_step_with_its_fields() -> None:
    page = PAGE.read_text(encoding="utf-8")
    wanted = {field.name for kind in get_args(Step) for field in fields(kind)}
    wanted |= {str(field.default) for kind in get_args(Step) for field in fields(kind) if field.name == "kind"}
    assert _unexplained(page, wanted) == set()


def test_a_key_without_an_explanation_would_be_seen() -> None:
    assert _unexplained("| `id` | the name |", {"id", "draught"}) == {"draught"}
