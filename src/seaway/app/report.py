"""The reports of an assessment: one document, and the same as text and as HTML. For `cli.assess`.

DORA metrics are measured only where something was named that tells what was deployed; only then git is asked and numpy loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from seaway import __version__
from seaway.app.assess import Assessed
from seaway.assess.document import Told, document
from seaway.assess.flow.ways import ways
from seaway.model.runs import Run

Json = dict[str, Any]
HISTORY = ("deployments", "incidents", "tags", "rollouts")


@dataclass(frozen=True, slots=True)
class Measured:
    """`dora`: the document of `seaway dora`; `rows`: of each metric, of all services; `text`: the same for a terminal."""

    dora: Json | None = None
    text: str = ""
    rows: Mapping[str, Sequence[Json]] = field(default_factory=dict)


def measured(found: Assessed, history: Mapping[str, str], ran: Sequence[Run] = ()) -> Measured:
    """`history`: `deployments`, `incidents`, `tags`, `rollouts` as `seaway dora` takes them, "" is not given. `ran`: runs of pipelines, whose
    deployments count where no others are told. Raises what `app.dora` raises.
    """
    told = any(history.get(name) for name in ("deployments", "tags", "rollouts"))
    deployed = any(job.environment for run in ran for job in run.jobs)
    ran = ran if deployed and not told and (found.root / ".git").exists() else ()
    if not any(history.values()) and not ran:
        return Measured()
    from seaway.app import dora
    from seaway.assess.dora import document as measures
    from seaway.assess.dora import text
    from seaway.assess.dora.report import METRICS, Scope
    from seaway.config.home import Home

    deployments, incidents, tags, rollouts = (history.get(name, "") for name in HISTORY)
    sources = dora.Sources(found.root, deployments, incidents, tags=tags, rollouts=rollouts, ran=ran)
    report = dora.report(sources, Scope(), Home.find())
    rows = {metric: measures.rows(report, metric)["rows"] for metric in METRICS}
    return Measured(measures.render(report), text.render(report), rows)


@dataclass(frozen=True, slots=True)
class Report:
    """One assessment in three shapes, all from the same document."""

    found: Assessed
    measured: Measured = Measured()

    def document(self) -> Json:
        """`seaway.assessment/v1`."""
        return document(self.found.assessment, Told(self.measured.dora, ways(self.found.pipelines, self._times())))

    def _times(self) -> dict[str, dict[str, float]]:
        """Seconds of work of each job that runs were recorded of, by pipeline."""
        return {
            one.pipeline: {job.name: job.work.value for job in one.jobs} for one in self.found.assessment.bottlenecks
        }

    def text(self) -> str:
        """For a terminal."""
        from seaway.assess import text

        return text.report(self.found.assessment) + (f"\n{self.measured.text}\n" if self.measured.text else "")

    def html(self, made: date) -> str:
        """One file for a browser and for paper."""
        from seaway.assess.page import snippets, whole

        wanted = {one.span.path for one in (*self.found.assessment.findings, *self.found.assessment.suppressed)}
        texts = {path: text for path, text in self.found.texts.items() if path in wanted}
        read = self.found.texts
        hidden = [read[one.path][one.start : one.end] for one in self.found.secrets if one.path in read]
        given = whole.Given(
            self.found.root.resolve().name or "this repository",
            made,
            __version__,
            snippets.texts(texts, hidden),
            self.measured.rows,
        )
        return whole.page(self.document(), given)
