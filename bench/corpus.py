"""Pipelines at random in the shapes met in the wild, for measuring readers: about as large and as varied as public ones.

`CORPORA` system -> (name of a file, function of a random generator).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench import corpus_more
from bench.corpus_words import WORDS, command, word

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
    lines = [f"name: {name}", "on:", "  push:", f"    branches: [main, {word(dice)}/*]"]
    lines += dice.choice(
        (["  pull_request:"], ["  workflow_dispatch:"], ["  schedule:", f"    - cron: '{dice.randrange(60)} 4 * * *'"])
    )
    if dice.random() < 0.65:
        lines += ["", "permissions:", "  contents: read"]
    if dice.random() < 0.3:
        lines += [
            "",
            "env:",
            f"  {word(dice).upper()}: {word(dice)}",
            f"  TOKEN: ${{{{ secrets.{word(dice).upper()} }}}}",
        ]
    lines += ["", "jobs:"]
    names: list[str] = []
    for _ in range(dice.choice((1, 1, 2, 2, 3))):
        lines += _github_job(dice, names)
    return "\n".join(lines) + "\n"


def _github_job(dice: Random, names: list[str]) -> list[str]:
    name = f"{word(dice)}-{len(names)}"
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
    lines = [f"      - name: {word(dice).title()} the {word(dice)}"]
    if dice.random() < 0.2:
        lines.append(f"        if: {dice.choice(_CONDITIONS)}")
    lines.append("        run: |")
    lines += [f"          {command(dice)}" for _ in range(dice.randrange(1, 4))]
    if dice.random() < 0.2:
        lines += ["        env:", f"          {word(dice).upper()}: ${{{{ secrets.{word(dice).upper()} }}}}"]
    return lines


CORPORA: dict[str, tuple[str, Callable[[Random], str]]] = {
    "github_actions": (".github/workflows/{}.yml", github),
    "gitlab_ci": ("{}.gitlab-ci.yml", corpus_more.gitlab),
    "azure_pipelines": ("{}.azure-pipelines.yml", corpus_more.azure),
    "circleci": ("{}/config.yml", corpus_more.circleci),
    "tekton": ("{}.tekton.yml", corpus_more.tekton),
    "jenkins": ("{}.Jenkinsfile", corpus_more.jenkins),
    "teamcity": ("{}/settings.kts", corpus_more.teamcity),
}


def corpus(system: str, seed: int, count: int) -> dict[str, str]:
    """`count` files, the same for the same seed."""
    place, make = CORPORA[system]
    dice = Random(f"{system} {seed}")
    return {place.format(f"{number:04}"): make(dice) for number in range(count)}
