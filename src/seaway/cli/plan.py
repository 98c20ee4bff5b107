"""`seaway plan ENV`: what a deploy would do, gate by gate. Nothing is started, and no control plane is needed."""

from __future__ import annotations

from pathlib import Path

import click

from seaway.cli import console, naming, options
from seaway.cli.commands import Command


@click.command(
    cls=Command,
    examples=(
        "seaway plan production",
        "seaway plan production --service shop --artifact build/shop",
        "seaway plan production --out release.json",
        "seaway plan production --diff release.json",
    ),
    short_help="Show what a deploy would do, gate by gate.",
)
@click.argument("environment", shell_complete=naming.complete_environment)
@click.option(
    "--service", "-s", help="The service, where seaway.yaml has several.", shell_complete=naming.complete_service
)
@click.option(
    "--artifact", type=click.Path(path_type=Path), help="Folder or file to release instead of the one in seaway.yaml."
)
@options.file
@click.option("--out", type=click.Path(path_type=Path), help="Save the plan; `deploy --plan` runs exactly that.")
@click.option("--diff", "earlier", type=click.Path(path_type=Path), help="Show what differs from a saved plan.")
@click.option("--json", "as_json", is_flag=True, help="Print seaway.plan/v1.")
def command(  # noqa: PLR0917 - click passes options by name
    environment: str,
    service: str | None,
    artifact: Path | None,
    path: Path | None,
    out: Path | None,
    earlier: Path | None,
    as_json: bool,
) -> None:
    """Show the plan of a release to ENVIRONMENT: steps, gates, waits, what a rollback would do.

    The artifact is copied into the state folder, so that the plan means exactly these bytes.
    """
    from seaway.app import planning

    made = planning.plan(environment, path=path, service=service or "", artifact=artifact)
    if out is not None:
        planning.save(made, out)
        console.say(f"saved as {out}; next: seaway deploy {environment} --plan {out}")
    if earlier is not None:
        difference = planning.difference(planning.read(earlier), made)
        console.result("\n".join(difference) if difference else "no difference")
    elif as_json:
        console.document(planning.document(made))
    elif out is None or console.person():
        console.result(planning.text(made))
