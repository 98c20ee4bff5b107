"""The table of commands, by purpose, and the group that imports one only when it is called. Used by `cli.main`.

`seaway --help` prints this table and imports nothing else; a test holds each line to the command's own words.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Row:
    """One command: its name, where it is ("module:attribute") and what it does in one line."""

    name: str
    place: str
    words: str


PURPOSES: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "Begin",
        (
            Row(
                "demo",
                "seaway.cli.demo.command:command",
                "Show a good and a broken release under load on this machine.",
            ),
            Row("init", "seaway.cli.init:command", "Write a commented seaway.yaml from what is in the folder."),
            Row("doctor", "seaway.cli.doctor:command", "Say what is missing on this machine and what mends it."),
        ),
    ),
    (
        "Ship",
        (
            Row("plan", "seaway.cli.plan:command", "Show what a deploy would do, gate by gate."),
            Row("deploy", "seaway.cli.deploy:command", "Start a release and watch it."),
            Row("rollout", "seaway.cli.rollout:group", "Look at rollouts and steer them."),
            Row("approve", "seaway.cli.gate:approve", "Let a rollout pass its gate."),
            Row("reject", "seaway.cli.gate:reject", "Refuse a rollout at its gate."),
        ),
    ),
    (
        "Look",
        (
            Row("logs", "seaway.cli.logs:command", "Print the output of a service's instances."),
            Row("events", "seaway.cli.events:command", "Follow what happens, as CDEvents."),
        ),
    ),
    (
        "Assess",
        (
            Row("assess", "seaway.cli.assess:command", "Say what is wrong with the pipelines of a repository."),
            Row("dora", "seaway.cli.dora:command", "Measure the five DORA metrics of each service."),
        ),
    ),
    (
        "Judge",
        (Row("judge", "seaway.cli.judge:group", "Judge canaries from any metrics, offline."),),
    ),
    (
        "Convert",
        (
            Row("convert", "seaway.cli.convert:command", "Print a pipeline in another system's language."),
            Row("pipeline", "seaway.cli.pipeline:group", "Look at pipelines of any CI system."),
        ),
    ),
    (
        "Run",
        (
            Row("serve", "seaway.cli.serve:command", "Run, stop or install the control plane."),
            Row("down", "seaway.cli.down:command", "Stop everything that Seaway runs here."),
        ),
    ),
    (
        "Read",
        (
            Row("docs", "seaway.cli.docs:command", "Print the annotated sample of a section of seaway.yaml."),
            Row("schema", "seaway.cli.schema:command", "Print the JSON Schema of seaway.yaml."),
            Row("completion", "seaway.cli.completion:command", "Print the completion script of a shell."),
        ),
    ),
)

_EPILOG = """\
Exit codes: 0 succeeded, 1 failed, 2 usage or configuration error, 3 rolled back or aborted, 4 held or
indeterminate (a person is needed), 5 control plane not reachable, 6 superseded, 10 a finding of `assess` reaches --fail-on,
130 interrupted (the rollout goes on).
"""


class Command(click.Command):
    """A command whose help begins with examples."""

    def __init__(self, *positional: object, examples: tuple[str, ...] = (), **named: object) -> None:
        super().__init__(*positional, **named)  # type: ignore[arg-type]
        self.examples = examples

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, examples, then what it does and its options."""
        self.format_usage(ctx, formatter)
        write_examples(formatter, self.examples)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)


def write_examples(formatter: click.HelpFormatter, examples: tuple[str, ...]) -> None:
    """The examples' section: one line each, as it is typed."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class Lazy(click.Group):
    """A group over rows of the table: a command's module is imported when the command is called or completed."""

    def __init__(self, *positional: object, purposes: tuple[tuple[str, tuple[Row, ...]], ...], **named: object) -> None:
        super().__init__(*positional, **named)  # type: ignore[arg-type]
        self._purposes = purposes
        self._rows = {row.name: row for _, rows in purposes for row in rows}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the table."""
        return list(self._rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now."""
        row = self._rows.get(cmd_name)
        if row is None:
            return None
        module, _, attribute = row.place.partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but a wrong name is answered with the nearest known ones."""
        if args and args[0] not in self._rows and not args[0].startswith("-"):
            ctx.fail(unknown("command", args[0], list(self._rows)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The table, by purpose."""
        for purpose, rows in self._purposes:
            with formatter.section(purpose):
                formatter.write_dl([(row.name, row.words) for row in rows], col_max=12)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The exit codes."""
        formatter.write_paragraph()
        formatter.write(_EPILOG)


class Family(click.Group):
    """A group whose commands stand in one file: their help is listed by purpose."""

    def __init__(self, *positional: object, purposes: tuple[tuple[str, tuple[str, ...]], ...], **named: object) -> None:
        super().__init__(*positional, **named)  # type: ignore[arg-type]
        self._purposes = purposes

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but a wrong name is answered with the nearest known ones."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(unknown("command", args[0], list(self.commands)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The commands, by purpose."""
        for purpose, names in self._purposes:
            with formatter.section(purpose):
                rows = [(name, self.commands[name].get_short_help_str(120)) for name in names]
                formatter.write_dl(rows, col_max=12)


def unknown(what: str, name: str, known: list[str]) -> str:
    """`no such command 'plam'; did you mean plan?`, or the list of the known."""
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return f"there is no {what} {name!r}; {meant}"
