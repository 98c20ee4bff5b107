"""`seaway judge`: verdicts from any metrics, offline. Found through `cli.commands`; numpy is loaded only when a command runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from seaway.cli import commands
from seaway.cli.commands import Command
from seaway.errors import UsageError

if TYPE_CHECKING:
    from seaway.judge import batches
    from seaway.judge.history import Past
    from seaway.judge.many import Canaries
    from seaway.model.analysis import Spec

BLOCK = 65_536  # bytes taken at once: a source that fills it is a file or a quick pipe
LINES = 200_000  # lines between two looks when input is quick: a file that holds one metric after the other is sorted by time
LARGEST_BATCH_LINE = 1_000_000


@click.group(
    name="judge",
    cls=commands.Family,
    purposes=(("Before", ("power",)), ("During", ("run",)), ("After", ("backtest",))),
    short_help="Judge canaries from any metrics, offline.",
)
def group() -> None:
    """Judge canaries from any metrics, offline: what can be detected, verdicts, and past canaries under another policy.

    It reads files and pipes and steers nothing: `seaway deploy` decides by the guards of its plan.
    """


@group.command(
    cls=Command,
    examples=(
        "seaway judge run --spec analysis.yaml --batches batches.jsonl",
        "tail -f batches.jsonl | seaway judge run --spec analysis.yaml --batches - --history before.jsonl",
    ),
)
@click.option("--spec", "spec_path", required=True, type=click.Path(path_type=Path), help="The analysis, YAML.")
@click.option("--batches", "source", required=True, help="Batches, one JSON object a line; - reads standard input.")
@click.option("--history", type=click.Path(path_type=Path), help="Batches of stable from before the canary.")
@click.option("--skip-bad", is_flag=True, help="Count lines that are no batch, and go on.")
@click.option("--records", type=click.Path(path_type=Path), help="Also write a replayable record of each verdict here.")
def run(spec_path: Path, source: str, history: Path | None, records: Path | None, *, skip_bad: bool) -> None:
    """Judge the canaries in a stream of batches; prints one verdict a line, as soon as it stands."""
    from seaway.judge import batches, many

    spec, kinds = _spec(spec_path)
    past = _history(history, skip_bad=skip_bad)
    reader = batches.Reader(skip_bad=skip_bad, kinds=kinds)
    canaries = many.Canaries(spec, past)
    with _opened(source) as stream:
        for document, record in _verdicts(canaries, reader, stream, source, keep=records is not None):
            click.echo(document)
            if records is not None and record:
                with records.open("a", encoding="utf-8") as out:
                    out.write(record + "\n")
    if reader.bad:
        click.echo(f"skipped {reader.bad} lines that are no batch; the first: {reader.first_bad}", err=True)


def _verdicts(
    canaries: Canaries, reader: batches.Reader, stream: BinaryIO, source: str, *, keep: bool
) -> Iterator[tuple[str, str]]:
    from seaway.judge import record

    def shown(judgement: Any) -> tuple[str, str]:
        document = record.verdict(judgement)
        if reader.bad:
            document["skipped_lines"] = reader.bad
        sys.stdout.flush()
        return record.line(document), record.line(record.record(judgement)) if keep else ""

    for lines in _blocks(stream):
        _take(canaries, reader, lines, source)
        for judgement in canaries.settle():
            yield shown(judgement)
    for judgement in canaries.finish():
        yield shown(judgement)


def _take(canaries: Canaries, reader: batches.Reader, lines: Iterable[bytes], source: str) -> None:
    """Lines into canaries; a line that is no batch, or that contradicts others, ends the command or is counted."""
    from seaway.judge.batches import Malformed
    from seaway.judge.stream import Misfit

    try:
        for number, canary, batch in reader.read(lines):
            try:
                canaries.take(canary, batch)
            except Misfit as misfit:
                reader.reject(number, str(misfit))
    except Malformed as malformed:
        raise UsageError(
            f"{source}: {malformed}", hint="correct the line, or use --skip-bad to count such lines and go on"
        ) from None


def _blocks(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Whole lines as they come: few at once from a slow source, so that a verdict is not kept waiting; many from a quick one."""
    rest, ready = b"", []
    read = getattr(stream, "read1", stream.read)
    while chunk := read(BLOCK):
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        if len(rest) > LARGEST_BATCH_LINE:
            parts, rest = [*parts, rest], b""  # the reader refuses it by its length and names the line
        ready += parts
        if ready and (len(chunk) < BLOCK or len(ready) > LINES):
            yield ready
            ready = []
    if rest or ready:
        yield [*ready, rest]


def _spec(path: Path) -> tuple[Spec, dict[str, Any]]:
    from seaway.judge import spec as specs

    spec = specs.parse(_text(path), str(path))
    return spec, {metric.name: metric.kind for metric in spec.metrics}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", hint="check the path"
        ) from None


def _opened(source: str) -> BinaryIO:
    if source == "-":
        return sys.stdin.buffer
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise UsageError(
            f"{source} cannot be read: {error.strerror}", hint="check the path, or use - for standard input"
        ) from None


def _history(path: Path | None, *, skip_bad: bool) -> dict[str, Past]:
    if path is None:
        return {}
    from seaway.judge import batches, history

    reader = batches.Reader(skip_bad=skip_bad, history=True)
    with _opened(str(path)) as stream:
        try:
            past = history.gather(batch for _, _, batch in reader.read(stream))
        except ValueError as error:
            raise UsageError(f"{path}: {error}", hint="history is batches of stable, one JSON object a line") from None
    if reader.bad:
        click.echo(f"{path}: skipped {reader.bad} lines; the first: {reader.first_bad}", err=True)
    return past


@group.command(
    cls=Command,
    examples=("seaway judge backtest --spec stricter.yaml --records records.jsonl --truth truth.jsonl",),
)
@click.option("--spec", "spec_path", required=True, type=click.Path(path_type=Path), help="The policy to try, YAML.")
@click.option("--records", "source", help="Records written by `run --records`, one a line; - reads standard input.")
@click.option(
    "--rollouts", is_flag=True, help="Past rollouts of this machine instead, as its state folder has kept them."
)
@click.option("--environment", default="", help="With --rollouts: only of this environment.")
@click.option("--history", type=click.Path(path_type=Path), help="Batches of stable from before the canaries.")
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help='Lines {"canary": ..., "truth": "good" | "bad"}: what they really were.',
)
def backtest(  # noqa: PLR0917 - click passes options by name
    spec_path: Path, source: str | None, rollouts: bool, environment: str, history: Path | None, truth: Path | None
) -> None:
    """Judge past canaries under another policy; prints false rollbacks, misses and what would change."""
    from seaway.judge import backtest as replays
    from seaway.judge import record

    if rollouts == (source is not None):
        raise UsageError(
            "which canaries? give exactly one of --records and --rollouts", hint="seaway judge backtest --help"
        )
    spec, _ = _spec(spec_path)
    past = _history(history, skip_bad=False)
    truths = (
        {str(item["canary"]): str(item["truth"]) for item in _objects(str(truth), ("canary", "truth"))} if truth else {}
    )
    records = (
        _objects(source, ("canary", "spec", "lanes", "edges", "ticks", "verdict")) if source else _kept(environment)
    )
    try:
        found = replays.replay(records, spec, past, truths)
    except (ValueError, KeyError, TypeError) as error:
        where = source or "the state folder"
        raise UsageError(f"{where}: {error}", hint="records are written by: seaway judge run --records FILE") from None
    click.echo(record.line(replays.report(found)))


def _kept(environment: str) -> Iterator[dict[str, Any]]:
    from seaway.app import judged

    return (data for _, data in judged.records(environment))


@group.command(
    cls=Command,
    examples=("seaway judge show", "seaway judge show production --svg evidence.svg", "seaway judge show --json"),
)
@click.argument("rollout", default="")
@click.option("--svg", type=click.Path(path_type=Path), help="Write the evidence as a picture.")
@click.option("--json", "as_json", is_flag=True, help="The whole record, seaway.judgement/v1, with every batch.")
def show(rollout: str, svg: Path | None, *, as_json: bool) -> None:
    """Show what the judge decided a rollout by: computed again from the batches that this machine has kept.

    ROLLOUT is an id or an environment (its newest judged rollout); without it: the newest here.
    """
    from seaway.app import judged
    from seaway.judge import plot, record

    found, data = judged.one(rollout)
    spec: Spec = found.plan.judging.spec  # type: ignore[union-attr] # a record is of a judged rollout
    if as_json:
        click.echo(record.line(data))
        return
    looks = plot.course(data)
    title = f"{found.id}: {found.plan.service} to {found.plan.environment}, {data['verdict']['verdict']}"
    if svg is not None:
        _written(svg, plot.svg(looks, spec.alpha, spec.alpha_promote, title))
        click.echo(f"written: {svg}", err=True)
    click.echo("\n".join([title, *_said(data), "", *plot.text(looks, spec.alpha, spec.alpha_promote)]))


def _said(data: dict[str, Any]) -> Iterator[str]:
    verdict = data["verdict"]
    yield f"because: {verdict['reason']}"
    yield from (f"asked: {words}" for words in data["asked"])
    if verdict.get("would_change"):
        yield f"would have changed it: {verdict['would_change']}"
    yield f"seen: {verdict['batches']} batches, {verdict['candidate_requests']} candidate requests, to {verdict['at']:.1f} s"
    for name, state in verdict["metrics"].items():
        low, high = (
            ("?" if bound is None else f"{bound:.3g}") for bound in (state["ratio"]["low"], state["ratio"]["high"])
        )
        proof = "proven" if state["proven"] else "not proven"
        yield f"{name}: ratio {low} to {high}, ln E of harm {state['ln_e']['harm']:.2f}, {proof}"


def _written(path: Path, words: str) -> None:
    try:
        path.write_text(words, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _objects(source: str, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    import json

    with _opened(source) as stream:
        for number, text in enumerate(stream, 1):
            if not text.strip():
                continue
            try:
                data = json.loads(text)
            except (ValueError, RecursionError):
                raise UsageError(f"{source}: line {number}: not JSON", hint="one JSON object a line") from None
            missing = [key for key in keys if not isinstance(data, dict) or key not in data]
            if missing:
                raise UsageError(f"{source}: line {number}: {missing[0]} is missing", hint="one JSON object a line")
            yield data


@group.command(
    cls=Command,
    examples=("seaway judge power --requests-per-minute 6000 --weight 10% --rate 0.001 --time 30m",),
)
@click.option(
    "--requests-per-minute", required=True, type=click.FloatRange(min=0, min_open=True), help="Of the whole service."
)
@click.option("--weight", required=True, help="The candidate's share, for example 10%.")
@click.option(
    "--rate",
    required=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Stable's rate of errors, for example 0.001.",
)
@click.option("--time", "time_text", required=True, help="How long the canary lasts, for example 30m.")
@click.option(
    "--margin",
    default=2.0,
    show_default=True,
    type=click.FloatRange(min=1, min_open=True),
    help="A pass proves: not this many times worse.",
)
@click.option(
    "--tolerance", default=0.1, show_default=True, type=click.FloatRange(min=0), help="A ratio of 1 + this is no harm."
)
@click.option(
    "--alpha",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 0.5, min_open=True),
    help="Chance of a false rollback.",
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON document.")
def power(
    *,
    requests_per_minute: float,
    weight: str,
    rate: float,
    time_text: str,
    margin: float,
    tolerance: float,
    alpha: float,
    as_json: bool,
) -> None:
    """What a canary can detect and prove, before it starts."""
    from seaway.judge import power as powers
    from seaway.judge import record
    from seaway.model import codec, duration
    from seaway.model import weight as weights

    try:
        share = weights.parse(weight) / weights.WHOLE
        seconds = duration.parse(time_text).total_seconds()
    except ValueError as error:
        raise UsageError(str(error), hint="for example: --weight 10% --time 30m") from None
    situation = powers.Situation(
        requests_per_s=requests_per_minute / 60,
        share=share,
        rate=rate,
        seconds=seconds,
        alpha=alpha,
        tolerance=tolerance,
        margin=margin,
    )
    preview = powers.preview(situation)
    if as_json:
        click.echo(record.line({"format": "seaway.power/v1", **powers.finite(codec.encode(preview))}))
        return
    click.echo(preview.text + (": underpowered" if preview.underpowered else ""))
    for advice in preview.advice:
        click.echo(f"  would help: {advice}")
