"""A web server on loopback that answers as the REST interfaces of GitHub and GitLab document it, to adapters under test.

The exchanges are written from the public descriptions of those interfaces: lists in pages, limits in headers, null where a thing has
not happened.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "secret-token-of-the-test"
SHA = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"


class Answered:
    """Status, document and headers of one answer."""

    def __init__(self, document: Any, status: int = 200, **headers: str) -> None:
        self.status = status
        self.body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


Route = Callable[[str, dict[str, str]], Answered]


class Replay:
    """`first`: answers that come before those of the route, one each. `asked`: (path, query, headers) of every question."""

    def __init__(self, route: Route) -> None:
        replay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                replay.asked.append((unquote(parts.path), query, {k.lower(): v for k, v in self.headers.items()}))
                answer = replay.first.pop(0) if replay.first else replay.route(parts.path, query)
                with suppress(OSError):
                    self.send_response(answer.status)
                    length = {
                        "content-length": str(len(answer.body)),
                        "content-type": "application/json; charset=utf-8",
                    }
                    for name, value in {**length, **answer.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                return

        self.route, self.first = route, list[Answered]()
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def moment(minute: int, second: int = 0) -> str:
    return f"2026-03-{2 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:{second:02d}Z"


def github_run(number: int, **more: Any) -> dict[str, Any]:
    """A workflow run as it is listed; later numbers are newer."""
    return {
        "id": 30433000 + number, "name": "Build", "path": ".github/workflows/build.yml", "head_branch": "main", "head_sha": SHA,
        "run_number": number, "run_attempt": 1, "event": "push", "status": "completed", "conclusion": "success",
        "actor": {"login": "octocat", "id": 1}, "triggering_actor": {"login": "hubot", "id": 2},
        "html_url": f"https://github.com/octo-org/octo-repo/actions/runs/{30433000 + number}",
        "created_at": moment(10 * number), "run_started_at": moment(10 * number), "updated_at": moment(10 * number + 9), **more,
    }  # fmt: skip


def github_job(run: dict[str, Any], name: str, minute: int, /, **more: Any) -> dict[str, Any]:
    start = 10 * run["run_number"] + minute
    return {
        "id": hash((run["id"], name, more.get("run_attempt", 1))) % 10**9, "run_id": run["id"], "run_attempt": 1, "name": name,
        "head_sha": SHA, "status": "completed", "conclusion": "success", "created_at": moment(start), "started_at": moment(start, 20),
        "completed_at": moment(start + 2, 20), "labels": ["ubuntu-latest"], "runner_name": "GitHub Actions 4", "steps": [], **more,
    }  # fmt: skip


def github(
    runs: list[dict[str, Any]],
    jobs: dict[int, list[dict[str, Any]]],
    project: str = "octo-org/octo-repo",
    approvals: dict[int, list[dict[str, Any]]] | None = None,
) -> Route:
    """Lists runs newest first, at most a thousand per search, and the jobs of one. `approvals`: with them an environment has reviewers."""
    rules: list[dict[str, Any]] = [{"id": 1, "type": "wait_timer", "wait_timer": 5}, {"id": 2, "type": "branch_policy"}]
    rules += [] if approvals is None else [{"id": 3, "type": "required_reviewers", "reviewers": [{"type": "Team"}]}]

    def route(path: str, query: dict[str, str]) -> Answered:
        base = f"/repos/{project}/actions/runs"
        per, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
        if path == base:
            created = query["created"]
            low, _, high = created.removeprefix(">=").partition("..")
            found = sorted(
                (one for one in runs if low <= one["created_at"] <= (high or "9") and one["status"] == query["status"]),
                key=lambda one: str(one["created_at"]), reverse=True,
            )  # fmt: skip
            return Answered({"total_count": len(found), "workflow_runs": found[:1000][(page - 1) * per : page * per]})
        for number, rows in jobs.items():
            if path == f"{base}/{number}/jobs":
                return Answered({"total_count": len(rows), "jobs": rows[(page - 1) * per : page * per]})
            if path == f"{base}/{number}/approvals":
                return Answered((approvals or {}).get(number, []))
        if path == f"/repos/{project}/environments":
            return Answered(
                {"total_count": 1, "environments": [{"id": 1, "name": "production", "protection_rules": rules}]}
            )
        return Answered({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, 404)

    return route


def gitlab_pipeline(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": 4600 + number, "iid": number, "project_id": 7, "status": "success", "source": "push", "ref": "main", "sha": SHA, "name": None,
        "web_url": f"https://gitlab.com/acme/shop/-/pipelines/{4600 + number}", "created_at": moment(10 * number),
        "updated_at": moment(10 * number + 9), **more,
    }  # fmt: skip


def gitlab_job(number: int, pipeline: dict[str, Any], name: str, minute: int, /, **more: Any) -> dict[str, Any]:
    start = 10 * pipeline["iid"] + minute
    return {
        "id": number, "name": name, "stage": "test", "status": "success", "allow_failure": False, "ref": "main", "tag": False,
        "created_at": pipeline["created_at"], "started_at": moment(start, 20), "finished_at": moment(start + 2, 20), "erased_at": None,
        "duration": 120.0, "queued_duration": 15.5, "tag_list": ["linux", "x64"], "runner": {"id": 32, "description": "machine"},
        "user": {"id": 1, "username": "root", "name": "Administrator"}, "commit": {"id": SHA, "author_name": "Ann"}, **more,
    }  # fmt: skip


def gitlab(pipelines: list[dict[str, Any]], jobs: dict[int, list[dict[str, Any]]], project: str = "acme/shop") -> Route:
    """Lists pipelines by their last change, and the jobs of one; the next page stands in a header."""

    def route(path: str, query: dict[str, str]) -> Answered:
        base = f"/projects/{project.replace('/', '%2F')}/pipelines"
        if path == base:
            assert (query["order_by"], query["sort"], query["scope"]) == ("updated_at", "desc", "finished")
            found = [one for one in pipelines if one["updated_at"] >= query["updated_after"]]
            return _page(sorted(found, key=lambda one: str(one["updated_at"]), reverse=True), query)
        for number, rows in jobs.items():
            if path == f"{base}/{number}/jobs":
                retried = query.get("include_retried") == "true"
                return _page([row for row in rows if retried or not row.get("retried")], query)
        return Answered({"message": "404 Project Not Found"}, 404)

    return route


def _page(rows: list[dict[str, Any]], query: dict[str, str]) -> Answered:
    per, page = int(query.get("per_page", "20")), int(query.get("page", "1"))
    return Answered(rows[(page - 1) * per : page * per], x_next_page=str(page + 1) if page * per < len(rows) else "")
