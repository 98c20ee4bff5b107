"""The API: who may ask, what is answered, and that a repeated call is one call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from seaway.model import codec
from seaway.web import api
from seaway.web.identity import Identity, LocalOwner, Role
from seaway.web.server import application
from surface_plane import FakePlane
from surface_samples import plan

TOKEN = "a-long-secret"


@pytest.fixture
def plane() -> FakePlane:
    return FakePlane()


@contextlib.contextmanager
def serving(plane: FakePlane, tmp_path: Path, **parts: Any) -> Iterator[TestClient]:
    stopped: list[bool] = []
    parts = {"stop": lambda: stopped.append(True), "heartbeat": 0.05, **parts}
    authority = parts.pop("authority", LocalOwner(TOKEN, "mona"))
    plane.start()
    app = application(plane, authority, tmp_path / "answers.sqlite", **parts)  # type: ignore[arg-type]
    with TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False) as client:
        client.stopped = stopped  # type: ignore[attr-defined]
        yield client


@pytest.fixture
def client(plane: FakePlane, tmp_path: Path) -> Iterator[TestClient]:
    with serving(plane, tmp_path) as made:
        yield made


def key(value: str) -> dict[str, str]:
    return {"Idempotency-Key": value}


def test_the_engine_ends_with_the_server(plane: FakePlane, tmp_path: Path) -> None:
    announced: list[bool] = []
    with serving(plane, tmp_path, started=lambda: announced.append(plane.running)):
        assert announced == [True]
    assert not plane.running


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic a-long-secret", "Bearer", "Bearer ä"])
@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/rollouts", "/api/v1/events", "/nowhere"])
def test_without_the_token_there_is_one_answer(client: TestClient, header: str | None, path: str) -> None:
    client.headers.pop("Authorization")
    answer = client.get(path, headers={"Authorization": header.encode("latin-1")} if header else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:seaway:problem:refused",
        "title": "refused",
        "status": 401,
        "detail": "this control plane wants the token of its state folder",
        "hint": "seaway doctor",
        "instance": path,
    }


def test_with_the_token_the_engine_says_how_it_is(client: TestClient) -> None:
    assert client.get("/api/v1/health").json()["format"] == "seaway.health/v1"


def test_a_plan_becomes_a_rollout_of_the_asker(client: TestClient, plane: FakePlane) -> None:
    answer = client.post("/api/v1/rollouts", json={"plan": codec.encode(plan())}, headers=key("k1"))
    assert (answer.status_code, answer.json()) == (201, {"id": "ro-1"})
    assert plane.told == [("submit", plan(), "mona", "person", "k1")]


def test_the_same_key_and_body_gives_the_same_answer_and_acts_once(client: TestClient, plane: FakePlane) -> None:
    first, second = (
        client.post("/api/v1/rollouts", json={"plan": codec.encode(plan())}, headers=key("k1")) for _ in range(2)
    )
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(plane.told) == 1


def test_the_answer_outlives_the_server(plane: FakePlane, tmp_path: Path) -> None:
    for _ in range(2):
        with serving(plane, tmp_path) as client:
            answer = client.post("/api/v1/rollouts", json={"plan": codec.encode(plan())}, headers=key("k1"))
            assert answer.json() == {"id": "ro-1"}
    assert len(plane.told) == 1


def test_the_same_key_for_another_body_is_refused_before_anything_is_done(client: TestClient, plane: FakePlane) -> None:
    client.post("/api/v1/rollouts/ro-1/abort", json={"reason": "one"}, headers=key("k1"))
    answer = client.post("/api/v1/rollouts/ro-1/abort", json={"reason": "two"}, headers=key("k1"))
    assert answer.status_code == 422
    assert answer.json()["detail"] == "this Idempotency-Key was used for another call"
    assert len(plane.told) == 1


def test_the_same_key_for_another_path_is_refused_too(client: TestClient) -> None:
    client.post("/api/v1/rollouts/ro-1/pause", headers=key("k1"))
    assert client.post("/api/v1/rollouts/ro-1/resume", headers=key("k1")).status_code == 422


def test_a_refusal_is_not_remembered(client: TestClient) -> None:
    assert client.post("/api/v1/rollouts/ro-1/abort", json={"reason": "late"}, headers=key("k1")).status_code == 409
    assert client.post("/api/v1/rollouts/ro-1/abort", json={"reason": "now"}, headers=key("k1")).status_code == 202


@pytest.mark.parametrize("headers", [{}, key(""), key("x" * 201), key("a\tb")])
def test_a_post_without_a_usable_key_is_refused(client: TestClient, plane: FakePlane, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/rollouts/ro-1/abort", headers=headers)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]
    assert plane.told == []


@pytest.mark.parametrize(
    ("action", "body", "told"),
    [
        ("abort", {"reason": "bad"}, ("abort", "ro-1", "mona", "k", "bad")),
        ("promote", {"full": True}, ("promote", "ro-1", "mona", "k", True)),
        ("promote", {}, ("promote", "ro-1", "mona", "k", False)),
        ("pause", {}, ("pause", "ro-1", "mona", "k")),
        ("resume", {}, ("resume", "ro-1", "mona", "k")),
        ("retry", {}, ("retry", "ro-1", "mona", "k")),
        ("undo", {"to": "shop-1"}, ("undo", "ro-1", "mona", "k", "shop-1")),
        ("approve", {"plan_hash": "h", "comment": "ok"}, ("approve", "ro-1", "mona", "k", "h", True, "ok")),
        ("reject", {"plan_hash": "h"}, ("approve", "ro-1", "mona", "k", "h", False, "")),
    ],
)
def test_each_action_reaches_the_rollout_in_the_name_of_the_asker(
    client: TestClient, plane: FakePlane, action: str, body: dict[str, Any], told: tuple[Any, ...]
) -> None:
    assert client.post(f"/api/v1/rollouts/ro-1/{action}", json=body, headers=key("k")).status_code == 202
    assert plane.told == [told]


def test_an_unknown_action_lists_the_known_ones(client: TestClient) -> None:
    answer = client.post("/api/v1/rollouts/ro-1/explode", headers=key("k"))
    assert answer.status_code == 404
    assert "abort, approve" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/api/v1/rollouts/ro-7", 404, "urn:seaway:problem:not_found"),
        ("GET", "/api/v1/nothing", 404, "about:blank"),
        ("DELETE", "/api/v1/health", 405, "about:blank"),
        ("GET", "/api/v1/rollouts?active=perhaps", 400, "urn:seaway:problem:usage"),
    ],
)
def test_every_refusal_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, kind: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["type"], answer.json()["status"]) == (kind, status)
    assert set(answer.json()) == {"type", "title", "status", "detail", "hint", "instance"}


def test_a_surprise_tells_its_type_and_nothing_else(client: TestClient, plane: FakePlane) -> None:
    plane.surprise = RuntimeError("password=hunter2")
    answer = client.get("/api/v1/health")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "the control plane met an unexpected RuntimeError"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"[" * 100_000, b"\xff\xfe", b'{"plan": {"service": 5}}', b'{"plan": null}']
)
def test_a_body_that_is_no_plan_is_refused_with_the_reason(client: TestClient, plane: FakePlane, body: bytes) -> None:
    answer = client.post("/api/v1/rollouts", content=body, headers=key("k"))
    assert answer.status_code == 400
    assert plane.told == []


def test_a_plan_that_does_not_fit_is_refused_with_the_place_of_the_misfit(client: TestClient) -> None:
    wrong = codec.encode(plan())
    wrong["steps"][1]["weight"] = "much"
    answer = client.post("/api/v1/rollouts", json={"plan": wrong}, headers=key("k"))
    assert "$.plan.steps[1].weight" in answer.json()["detail"]


def test_a_body_above_the_limit_is_not_read_to_its_end(client: TestClient) -> None:
    answer = client.post("/api/v1/rollouts", content=b" " * (api.BODY_LIMIT + 1), headers=key("k"))
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [{"full": "yes"}, {"full": 1}])
def test_a_word_of_the_wrong_kind_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/api/v1/rollouts/ro-1/promote", json=body, headers=key("k")).status_code == 400


def test_the_list_is_asked_for_with_its_filters(client: TestClient, plane: FakePlane) -> None:
    answer = client.get("/api/v1/rollouts?service=shop&environment=production&active=true")
    assert [item["id"] for item in answer.json()["rollouts"]] == ["ro-1", "ro-2"]
    assert plane.told == [("documents", "shop", "production", True)]


def test_shutdown_asks_the_process_once(client: TestClient) -> None:
    assert client.post("/api/v1/shutdown", headers=key("k")).status_code == 202
    assert client.post("/api/v1/shutdown", headers=key("k")).status_code == 202
    assert client.stopped == [True]  # type: ignore[attr-defined]


def test_no_answer_invites_other_origins(client: TestClient) -> None:
    answer = client.get("/api/v1/health", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers


class Team:
    """Two people: one may only look at production, one may deploy to staging and decide gates of production."""

    def identify(self, credential: str) -> Identity | None:
        people = {
            "looker": Identity("lara", frozenset({("production", Role.VIEWER)})),
            "worker": Identity("will", frozenset({("staging", Role.DEPLOYER), ("production", Role.APPROVER)})),
        }
        return people.get(credential)


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("looker", "ro-1/abort", 403),
        ("looker", "ro-1/approve", 403),
        ("worker", "ro-1/abort", 403),
        ("worker", "ro-1/approve", 202),
        ("worker", "ro-2/abort", 202),
        ("worker", "ro-2/approve", 403),
    ],
)
def test_a_role_counts_in_its_environment_only(
    plane: FakePlane, tmp_path: Path, who: str, path: str, status: int
) -> None:
    with serving(plane, tmp_path, authority=Team()) as client:
        headers = {"Authorization": f"Bearer {who}", **key("k")}
        assert client.post(f"/api/v1/rollouts/{path}", headers=headers).status_code == status


def test_people_see_the_rollouts_of_their_environments(plane: FakePlane, tmp_path: Path) -> None:
    with serving(plane, tmp_path, authority=Team()) as client:
        client.headers["Authorization"] = "Bearer looker"
        assert [item["id"] for item in client.get("/api/v1/rollouts").json()["rollouts"]] == ["ro-1"]
        assert client.get("/api/v1/rollouts/ro-2").status_code == 403
        assert len(client.get("/api/v1/placements").json()["placements"]) == 1
        assert client.get("/api/v1/placements/staging/shop").status_code == 403
        assert client.get("/api/v1/events").status_code == 403


def test_keys_of_two_people_do_not_meet(plane: FakePlane, tmp_path: Path) -> None:
    with serving(plane, tmp_path, authority=Team()) as client:
        headers = {"Authorization": "Bearer worker", **key("k")}
        assert client.post("/api/v1/rollouts/ro-2/pause", headers=headers).status_code == 202
