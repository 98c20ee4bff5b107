"""Everything of a repository that is no pipeline, read for the rules that look at the whole. Called by `app.assess`.

A file that cannot be read is an unknown and ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seaway import registry
from seaway.app import pipelines, rendering
from seaway.assess.estate import Estate, Kind
from seaway.assess.examine import Examination
from seaway.assess.rule import Case
from seaway.assess.runs import known
from seaway.errors import ConfigError, SeawayError
from seaway.formats.infrastructure import detect
from seaway.model.finding import Blind
from seaway.model.runs import RunHistory

MAX_FILES = 20_000  # that are looked into
MISTAKE = "the reader failed with {}, which is a mistake in Seaway: please report the file"


def read(
    root: Path, names: Iterable[str], cases: Sequence[Case], done: Examination, given: Sequence[object] = ()
) -> Estate:
    """The estate of these files. `cases`: the pipelines among them; `given`: things that are no files (histories)."""
    reader = _Reader(root, done, {path: text for case in cases for path, text in case.texts.items()}, list(given))
    files, looked = frozenset(names), 0
    charts = rendering.charts(files, root)
    for place in sorted(files - reader.texts.keys()):
        if rendering.is_template(place, charts):
            continue
        kind = detect.by_name(place)
        if not kind and not detect.may_be(place):
            continue
        looked += 1
        if looked > MAX_FILES:
            done.unreadable(Blind(place, 1, 1, f"only {MAX_FILES} files were looked into"), "")
            break
        reader.add(place, kind)
    rendering.Rendering(root, files, done, reader.things, reader.texts, reader.kinds).all()
    return Estate(cases, reader.things, reader.texts, files, reader.kinds)


def with_runs(estate: Estate, runs: RunHistory, happened: Sequence[object] = ()) -> Estate:
    """The estate with a history of runs, and with what happened meanwhile (deployments, incidents). The history stands beside the files under its own name."""
    history = known.enriched(runs, (case.pipeline for case in estate.cases))
    return replace(
        estate,
        things=[*estate.things, history, *happened],
        texts={runs.path: "", **estate.texts},
        kinds={runs.path: Kind.RUNS, **estate.kinds},
        known={},
    )


def knows(file: Path, place: str) -> bool:
    """Whether the file is of one of the kinds."""
    if detect.by_name(place):
        return True
    try:
        return detect.may_be(place) and bool(detect.by_text(pipelines.text_of(file)))
    except SeawayError:
        return False


def reread(estate: Estate, place: str, text: str) -> Estate:
    """The estate with another text in one file's place. Raises ConfigError."""
    kind = estate.kinds[place]
    things = [one for one in estate.things if getattr(one, "path", None) != place]
    things += registry.load_format("infrastructure", kind.value).parse(text, place)
    return replace(estate, things=things, texts={**estate.texts, place: text}, known={})


@dataclass(slots=True)
class _Reader:
    root: Path
    done: Examination
    texts: dict[str, str]
    things: list[object]
    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, place: str, kind: str) -> None:
        """One file's things, or an unknown."""
        file = self.root / place
        if not file.is_file():
            return
        try:
            text = pipelines.text_of(file)
            kind = kind or detect.by_text(text)
            if not kind:
                return
            found = registry.load_format("infrastructure", kind).parse(text, place)
            if not found and not detect.by_name(place):
                return  # it only looked like one
            self.things += found
        except ConfigError as error:
            first = error.problems[0]
            if kind:
                self.done.unreadable(Blind(place, first.line, first.column, first.message), kind)
        except SeawayError as error:
            if kind:  # of a file that nobody can read, and whose name says nothing, nothing is known
                self.done.unreadable(Blind(place, 1, 1, error.message), kind)
        except Exception as error:  # noqa: BLE001 - one file that a reader trips over does not end the run, and is told
            self.done.unreadable(Blind(place, 1, 1, MISTAKE.format(type(error).__name__)), kind)
        else:
            self.texts[place] = text
            self.kinds[place] = Kind(kind)
