"""Every event that Seaway renders is a CDEvent by the specification's own schemas."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from seaway.ledger import cdevents
from seaway.model.rollout import State
from seaway.rollout.messages import Emit
from surface_samples import NOW, plan, revision, rollout

SUITE = Path(__file__).parents[1] / "suites" / "cdevents"
FACTS: dict[str, dict[str, Any]] = {
    "weight.verified": {"weight": 50_000, "generation": 4, "workers": 2},
    "verdict": {"guard": "success", "outcome": "fail", "reason": "91 % < 99 %"},
    "approval": {"actor": "mona", "decision": "approved"},
    "step.finished": {"step": 1, "outcome": "done"},
    "problem": {"message": "the proxy rejected it"},
}


def _documents() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in SUITE.rglob("*.json")]


_SCHEMAS = {
    document["properties"]["context"]["properties"]["type"]["enum"][0]: document
    for document in _documents()
    if "context" in document.get("properties", {})
}
_REGISTRY: Registry[Any] = Registry().with_resources(
    (document["$id"], Resource.from_contents(document)) for document in _documents()
)


def problems(event: dict[str, Any]) -> list[str]:
    schema = _SCHEMAS[event["context"]["type"]]
    validator = Draft202012Validator(schema, registry=_REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(event)]


def render(name: str, sequence: int = 12, **changes: object) -> dict[str, Any]:
    return cdevents.render(Emit(name, FACTS.get(name, {})), rollout(**changes), sequence, NOW)


@pytest.mark.parametrize("name", cdevents.NAMES)
def test_every_event_satisfies_the_schema_of_its_type(name: str) -> None:
    assert problems(render(name)) == []


@pytest.mark.parametrize("name", cdevents.NAMES)
def test_every_event_of_a_first_release_satisfies_the_schema_too(name: str) -> None:
    assert problems(render(name, plan=plan(stable=None))) == []


def test_the_schemas_catch_an_event_that_was_damaged() -> None:
    event = render("promoted")
    del event["subject"]["content"]["artifactId"]
    assert problems(event) == ["'artifactId' is a required property"]
    event = render("promoted")
    event["context"]["weight"] = 5
    assert len(problems(event)) == 1


def test_every_event_carries_seaways_own_words() -> None:
    facts = render("weight.verified")["customData"]["seaway"]
    assert facts == {
        "event": "weight.verified",
        "rollout": "ro-06b3x1k9m-4fq7",
        "service": "shop",
        "environment": "production",
        "state": "observing",
        "step": 1,
        "sequence": 12,
        "plan_hash": "c" * 64,
        "revisions": {"candidate": revision("b").id, "stable": revision("a").id},
        "weight": 50_000,
        "generation": 4,
        "workers": 2,
    }


def test_facts_of_an_event_cannot_hide_whose_it_is() -> None:
    event = cdevents.render(Emit("problem", {"rollout": "another", "sequence": 1}), rollout(), 12, NOW)
    assert event["customData"]["seaway"]["rollout"] == "ro-06b3x1k9m-4fq7"
    assert event["customData"]["seaway"]["sequence"] == 12


def test_the_id_is_the_same_for_ever_and_differs_between_events() -> None:
    assert render("verdict", 12)["context"]["id"] == render("verdict", 12)["context"]["id"]
    assert render("verdict", 12)["context"]["id"] != render("verdict", 13)["context"]["id"]
    assert render("verdict", 12)["context"]["id"] != render("verdict", 12, id="ro-other")["context"]["id"]


def test_all_events_of_a_rollout_form_one_chain() -> None:
    assert len({render(name)["context"]["chainId"] for name in cdevents.NAMES}) == 1


def test_a_promotion_names_the_candidate_and_a_return_names_what_serves_again() -> None:
    assert render("promoted")["subject"]["content"]["artifactId"] == f"pkg:generic/shop@sha256%3A{'b' * 64}"
    assert render("rolled_back")["subject"]["content"]["artifactId"] == f"pkg:generic/shop@sha256%3A{'a' * 64}"


def test_a_first_release_that_is_taken_back_removes_the_service() -> None:
    event = render("rolled_back", plan=plan(stable=None))
    assert event["context"]["type"] == "dev.cdevents.service.removed.0.3.0"


def test_a_verified_weight_of_nothing_names_the_stable_artifact() -> None:
    event = cdevents.render(Emit("weight.verified", {"weight": 0}), rollout(), 1, NOW)
    assert event["subject"]["content"]["artifactId"].endswith("a" * 64)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (State.SUCCEEDED, "success"),
        (State.ROLLED_BACK, "failure"),
        (State.FAILED, "failure"),
        (State.SUPERSEDED, "cancel"),
    ],
)
def test_the_end_of_a_rollout_says_how_it_ended(state: State, outcome: str) -> None:
    content = render("rollout.finished", state=state, reason="because")["subject"]["content"]
    assert content["outcome"] == outcome
    assert ("errors" in content) == (outcome != "success")


def test_a_hold_and_its_end_are_one_task() -> None:
    held, resumed = render("rollout.held", 12), render("rollout.resumed", 13)
    assert held["subject"]["id"] == resumed["subject"]["id"]
    assert held["context"]["type"].startswith("dev.cdevents.taskrun.started")
    assert resumed["context"]["type"].startswith("dev.cdevents.taskrun.finished")


def test_a_step_is_named_for_its_kind() -> None:
    assert render("step.finished")["subject"] == {
        "id": "ro-06b3x1k9m-4fq7/step-1",
        "source": "/seaway/production/shop",
        "content": {"taskName": "set_weight", "pipelineRun": {"id": "ro-06b3x1k9m-4fq7"}, "outcome": "success"},
    }


def test_a_step_number_out_of_range_is_no_reason_to_lose_an_event() -> None:
    event = cdevents.render(Emit("step.started", {"step": 99}), rollout(), 1, NOW)
    assert problems(event) == []


def test_names_with_odd_characters_stay_inside_their_part_of_the_address() -> None:
    odd = replace(plan(), service="a b/c", candidate=revision("b", "a b/c"))
    event = cdevents.render(Emit("promoted"), rollout(plan=odd), 1, NOW)
    assert event["context"]["source"] == "/seaway/production/a%20b%2Fc"
    assert problems(event) == []


def test_times_are_written_in_utc() -> None:
    event = cdevents.render(Emit("promoted"), rollout(), 1, NOW + timedelta(microseconds=499))
    assert event["context"]["timestamp"] == "2026-03-04T05:06:07.250Z"


def test_an_unknown_event_is_refused_with_the_known_names() -> None:
    with pytest.raises(ValueError, match="known: rollout"):
        render("rollout.exploded")
