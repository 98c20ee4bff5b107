"""ART-66: what reaches production was built again, or copied by hand, instead of promoted. Run by `assess.examine`.

Images are judged by image-rebuilt-per-environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import building, places, shipping
from seaway.assess.rule import Case, Hit, Rule
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System

_COPIES = re.compile(
    r"(?P<words>aws\s+s3\s+(?:cp|sync|mv))\s+(?P<from>s3://\S+)\s+(?P<to>s3://\S+)|(?P<words2>gsutil\s(?:-m\s)?(?:cp|rsync))\s(?:-\w\s)*(?P<from2>gs://\S+)\s+(?P<to2>gs://\S+)"
    r"|(?P<words3>(?:rsync|scp))\s(?:-\S+\s)*(?P<from3>[\w.@-]+:\S+)\s+(?P<to3>[\w.@-]+:\S+)"
)  # fmt: skip


def check(case: Case) -> list[Hit] | None:
    """The same build in the jobs of two environments that deploy, and copies from one environment's store or host to another's."""
    found = [*_rebuilt(case), *_copied(case)]
    judged = found or (any(not one.image for one in building.builds(case)) and bool(shipping.shipments_of(case)))
    return found if judged else None


def _rebuilt(case: Case) -> Iterator[Hit]:
    deploying = {
        one.job.id
        for one in shipping.shipments_of(case)
        if one.job is not None and one.what is shipping.What.DEPLOYMENT
    }
    seen: dict[str, tuple[str, str]] = {}
    for one in building.builds(case):
        place = places.environment_of(one.job)
        if one.image or not place or (one.job.environment is None and one.job.id not in deploying):
            continue
        first = seen.setdefault(places.without_places(one.line), (place, one.job.id))
        if first[0] != place:
            words = f"{one.job.id} builds again what {first[1]} has built for {first[0]}: {place} gets files that were tried nowhere"
            yield Hit(one.span, words, (one.job.id, one.words))


def _copied(case: Case) -> Iterator[Hit]:
    for script in case.scripts:
        if (
            "s3://" not in script.text
            and "gs://" not in script.text
            and "rsync" not in script.text
            and "scp" not in script.text
        ):
            continue
        for line in script.lines:
            match = _COPIES.search(line)
            if match is None:
                continue
            given = {name.rstrip("23"): value for name, value in match.groupdict().items() if value}
            origin, target = places.named(given["from"]), places.named(given["to"])
            if origin and target and origin != target:
                words = f"`{given['words']}` promotes by copying from {origin} to {target}: no version, no check and no record goes with the files"
                yield Hit(
                    case.within(script.step.span, given["words"], script.job),
                    words,
                    (*script.place, given["words"], target),
                )


RULE = Rule(
    id="promotion-by-rebuild",
    number="ART-66",
    title="What reaches production is built again, or copied by hand",
    why="Nobody can say that production runs what was tested, nor bring the same files back later.",
    advice="Build once into a repository with versions, and let each environment name the version (better: the digest) that it runs.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("cfr"),
    effort="M",
    refs=("DORA: deployment automation", "SLSA 1.0: Build L1", "The Twelve-Factor App: V. Build, release, run"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
