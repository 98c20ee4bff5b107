"""Pipelines at random in the shapes met in the wild, for measuring readers: about as large and as varied as public ones.

`CORPORA` system -> (name of a file, function of a random generator). Each system's row adds its own.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

WORDS = [
    "api",
    "app",
    "auth",
    "backend",
    "batch",
    "billing",
    "build",
    "cache",
    "catalog",
    "check",
    "client",
    "cloud",
    "config",
    "core",
    "data",
    "deploy",
    "docs",
    "edge",
    "engine",
    "events",
    "export",
    "fetch",
    "flow",
    "front",
    "gate",
    "graph",
    "grid",
    "images",
    "index",
    "infra",
    "ingest",
    "jobs",
    "kernel",
    "lint",
    "load",
    "login",
    "mail",
    "media",
    "mesh",
    "metrics",
    "model",
    "notify",
    "orders",
    "parse",
    "plan",
    "portal",
    "proxy",
    "queue",
    "rates",
    "release",
    "report",
    "router",
    "rules",
    "scan",
    "search",
    "server",
    "shop",
    "site",
    "smoke",
    "stage",
    "store",
    "stream",
    "sync",
    "tasks",
    "tests",
    "token",
    "tools",
    "trace",
    "unit",
    "upload",
    "users",
    "vault",
    "web",
    "worker",
]
_ACTIONS = (
    ("actions/setup-node", ("node-version: ${{ matrix.node }}", "cache: npm")),
    ("actions/setup-python", ("python-version: '3.12'", "cache: pip")),
    ("actions/setup-java", ("distribution: temurin", "java-version: 21")),
    ("docker/build-push-action", ("push: true", "tags: ghcr.io/${{ github.repository }}:${{ github.sha }}")),
    ("actions/upload-artifact", ("name: ${{ github.job }}-${{ matrix.os }}", "path: dist/")),
    ("actions/cache", ("path: ~/.cache", "key: ${{ runner.os }}-${{ hashFiles('**/lock.json') }}")),
)
_CONDITIONS = (
    "github.event_name == 'push' && github.ref == 'refs/heads/main'",
    "${{ always() && needs.build.result != 'skipped' }}",
    "startsWith(github.ref, 'refs/tags/v')",
    "failure() || cancelled()",
    "github.actor != 'dependabot[bot]'",
)


def github(dice: Random) -> str:
    """A workflow."""
    name = " ".join(dice.sample(WORDS, 2)).title()
    lines = [f"name: {name}", "on:", "  push:", f"    branches: [main, {_word(dice)}/*]"]
    lines += dice.choice(
        (["  pull_request:"], ["  workflow_dispatch:"], ["  schedule:", f"    - cron: '{dice.randrange(60)} 4 * * *'"])
    )
    if dice.random() < 0.65:
        lines += ["", "permissions:", "  contents: read"]
    if dice.random() < 0.3:
        lines += [
            "",
            "env:",
            f"  {_word(dice).upper()}: {_word(dice)}",
            f"  TOKEN: ${{{{ secrets.{_word(dice).upper()} }}}}",
        ]
    lines += ["", "jobs:"]
    names: list[str] = []
    for _ in range(dice.choice((1, 1, 2, 2, 3))):
        lines += _github_job(dice, names)
    return "\n".join(lines) + "\n"


def _github_job(dice: Random, names: list[str]) -> list[str]:
    name = f"{_word(dice)}-{len(names)}"
    lines = [f"  {name}:"]
    if names and dice.random() < 0.6:
        lines.append(f"    needs: [{dice.choice(names)}]")
    names.append(name)
    if dice.random() < 0.3:
        lines.append(f"    if: {dice.choice(_CONDITIONS)}")
    if dice.random() < 0.4:
        lines += [
            "    strategy:",
            "      matrix:",
            "        os: [ubuntu-latest, windows-latest]",
            f"        node: [{dice.randrange(14, 24)}, 22]",
        ]
        lines.append("    runs-on: ${{ matrix.os }}")
    else:
        lines.append("    runs-on: ubuntu-latest")
    if dice.random() < 0.3:
        lines.append(f"    timeout-minutes: {dice.randrange(5, 60)}")
    lines += ["    steps:", "      # the files", "      - uses: actions/checkout@v4"]
    for _ in range(dice.randrange(2, 9)):
        lines += _github_step(dice)
    return lines


def _github_step(dice: Random) -> list[str]:
    if dice.random() < 0.4:
        action, inputs = dice.choice(_ACTIONS)
        version = (
            f"{dice.getrandbits(160):040x}  # v{dice.randrange(1, 7)}"
            if dice.random() < 0.5
            else f"v{dice.randrange(2, 6)}"
        )
        return [f"      - uses: {action}@{version}", "        with:", *(f"          {one}" for one in inputs)]
    lines = [f"      - name: {_word(dice).title()} the {_word(dice)}"]
    if dice.random() < 0.2:
        lines.append(f"        if: {dice.choice(_CONDITIONS)}")
    lines.append("        run: |")
    lines += [f"          {_command(dice)}" for _ in range(dice.randrange(1, 4))]
    if dice.random() < 0.2:
        lines += ["        env:", f"          {_word(dice).upper()}: ${{{{ secrets.{_word(dice).upper()} }}}}"]
    return lines


def _command(dice: Random) -> str:
    return dice.choice(
        (
            f"make {_word(dice)}-{_word(dice)}",
            f"npm run {_word(dice)} -- --{_word(dice)}={_word(dice)}",
            f'echo "{_word(dice)}=$(./bin/{_word(dice)} --{_word(dice)})" >> "$GITHUB_OUTPUT"',
            f"pytest tests/{_word(dice)} -k '{_word(dice)} and not {_word(dice)}'",
            f"docker build -t {_word(dice)}:${{{{ github.sha }}}} {_word(dice)}",
        )
    )


def _word(dice: Random) -> str:
    return dice.choice(WORDS)


CORPORA: dict[str, tuple[str, Callable[[Random], str]]] = {
    "github_actions": (".github/workflows/{}.yml", github),
}


def corpus(system: str, seed: int, count: int) -> dict[str, str]:
    """`count` files, the same for the same seed."""
    place, make = CORPORA[system]
    dice = Random(f"{system} {seed}")
    return {place.format(f"{number:04}"): make(dice) for number in range(count)}
