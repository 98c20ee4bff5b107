"""Runs of GitHub Actions through its REST interface (version 2022-11-28). Called by `app.runs`.

A search lists at most a thousand runs, so the time is cut where it ends. Jobs cost one question per run and hundred jobs.
Who approved costs one more, only where environments have reviewers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from seaway import errors
from seaway.adapters._paced import Paced
from seaway.formats.history import github_runs as format_
from seaway.formats.history._told import Strange
from seaway.model.runs import CiSource, Listed, Run

_PAGE, _PAGES = 100, 10  # rows of a page, pages of a search
_NOWHERE = frozenset({"pull_request", "pull_request_target"})
_MOST_JOBS = 20  # pages of jobs of one run


class GitHub:
    """One repository, `owner/name`. `token`: gives the token, None for none; `said`: told when it has to wait."""

    def __init__(
        self,
        source: CiSource,
        token: Callable[[], str] | None,
        said: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._paced = Paced(source.url, token, patience=source.patience, said=said, sleep=sleep)
        self._project = f"repos/{source.project}"
        self._base = f"{self._project}/actions/runs"
        self._gated: bool | None = None  # some environment asks for people's word; None: not asked yet

    def listed(self, since: float) -> Iterator[Listed]:
        seen: set[str] = set()
        until: float | None = None
        while True:
            oldest, whole, new = until, True, 0
            for number in range(1, _PAGES + 1):
                rows, count, made = self._page(since, until, number)
                oldest = made if oldest is None else oldest if made is None else min(oldest, made)
                for row in rows:
                    if row.id not in seen:
                        seen.add(row.id)
                        new += 1
                        yield row
                if count < _PAGE:
                    break
            else:
                whole = False
            if whole or not new:
                return
            until = oldest

    def attempts(self, one: Listed) -> tuple[Run, ...]:
        path = f"{self._base}/{one.id}/jobs"
        rows: list[Any] = []
        try:
            for number in range(1, _MOST_JOBS + 1):
                query = {"filter": "all", "per_page": str(_PAGE), "page": str(number)}
                page = format_.jobs(self._paced.get(path, query)[0])
                rows += page
                if len(page) < _PAGE:
                    break
            return format_.runs(one.told, rows, self._approvers(one))
        except Strange as error:
            raise self._paced.strange(path, str(error)) from error

    def _approvers(self, one: Listed) -> tuple[str, ...] | None:
        """Who let the run pass; asked only where environments have reviewers, which one question tells. Pull requests deploy nowhere."""
        if self._gated is None:
            try:
                self._gated = format_.gated(
                    self._paced.get(f"{self._project}/environments", {"per_page": str(_PAGE)})[0]
                )
            except (errors.Refused, errors.NotFound):
                self._gated = False  # a token that may read runs need not see environments
        if not self._gated or one.told.get("event") in _NOWHERE:
            return None
        return format_.approvers(self._paced.get(f"{self._base}/{one.id}/approvals", {})[0])

    def close(self) -> None:
        self._paced.close()

    def _page(self, since: float, until: float | None, number: int) -> tuple[list[Listed], int, float | None]:
        created = f">={_written(since)}" if until is None else f"{_written(since)}..{_written(until)}"
        query = {"status": "completed", "created": created, "per_page": str(_PAGE), "page": str(number)}
        try:
            return format_.listed(self._paced.get(self._base, query)[0])
        except Strange as error:
            raise self._paced.strange(self._base, str(error)) from error


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
