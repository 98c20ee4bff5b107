"""Words and commands of the random pipelines. Called by `bench.corpus` and `bench.corpus_more`."""

from __future__ import annotations

from random import Random

_WORDS = """
api app auth backend batch billing build cache catalog check client cloud config core data deploy
docs edge engine events export fetch flow front gate graph grid images index infra ingest jobs
kernel lint load login mail media mesh metrics model notify orders parse plan portal proxy queue
rates release report router rules scan search server shop site smoke stage store stream sync tasks
tests token tools trace unit upload users vault web worker
"""
WORDS = _WORDS.split()


def command(dice: Random) -> str:
    return dice.choice(
        (
            f"make {word(dice)}-{word(dice)}",
            f"npm run {word(dice)} -- --{word(dice)}={word(dice)}",
            f'echo "{word(dice)}=$(./bin/{word(dice)} --{word(dice)})" >> "$GITHUB_OUTPUT"',
            f"pytest tests/{word(dice)} -k '{word(dice)} and not {word(dice)}'",
            f"docker build -t {word(dice)}:${{{{ github.sha }}}} {word(dice)}",
        )
    )


def word(dice: Random) -> str:
    return dice.choice(WORDS)
