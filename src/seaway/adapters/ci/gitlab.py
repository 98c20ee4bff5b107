"""Pipelines of GitLab through its REST interface (version 4). Called by `app.runs`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from seaway.adapters._paced import Paced
from seaway.formats.history import gitlab_runs as format_
from seaway.formats.history._told import Strange
from seaway.model.runs import CiSource, Listed, Run

_PAGE = 100
_MOST_PAGES = 500  # what GitLab serves by number: 50,000 rows


class GitLab:
    """One project, `group/name`. `token`: gives the token, None for none; `said`: told when it has to wait."""

    def __init__(
        self,
        source: CiSource,
        token: Callable[[], str] | None,
        said: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._paced = Paced(source.url, token, patience=source.patience, said=said, sleep=sleep)
        self._base = f"projects/{quote(source.project, safe='')}/pipelines"

    def listed(self, since: float) -> Iterator[Listed]:
        after = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"scope": "finished", "updated_after": after, "order_by": "updated_at", "sort": "desc"}
        seen: set[str] = set()
        for page in self._pages(self._base, query):
            try:
                found = format_.listed(page)
            except Strange as error:
                raise self._paced.strange(self._base, str(error)) from error
            for row in found:  # while pages are read, others end, and rows move on to the next page
                if row.id not in seen:
                    seen.add(row.id)
                    yield row

    def attempts(self, one: Listed) -> tuple[Run, ...]:
        path = f"{self._base}/{one.id}/jobs"
        try:
            rows = [row for page in self._pages(path, {"include_retried": "true"}) for row in format_.jobs(page)]
            return format_.runs(one.told, rows)
        except Strange as error:
            raise self._paced.strange(path, str(error)) from error

    def close(self) -> None:
        self._paced.close()

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[Any]:
        number = "1"
        for _ in range(_MOST_PAGES):
            page, headers = self._paced.get(path, {**query, "per_page": str(_PAGE), "page": number})
            yield page
            number = headers.get("x-next-page", "")
            if not number.isdecimal():
                return
