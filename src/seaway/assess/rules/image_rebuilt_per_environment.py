"""VEL-13: one image is built again for each environment. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess import building, places
from seaway.assess.rule import Case, Hit, Rule
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System


def check(case: Case) -> list[Hit] | None:
    """Builds of images that read the same, but for the environment, in jobs of two environments."""
    images = [one for one in building.builds(case) if one.image]
    if not images:
        return None
    found, seen = [], dict[str, tuple[str, str]]()
    for one in images:
        place = places.environment_of(one.job)
        if not place or (one.job.environment is None and place == "test"):
            continue
        said = places.without_places(one.line)
        first = seen.setdefault(said, (place, one.job.id))
        if first[0] != place:
            words = f"{one.job.id} builds the image that {first[1]} has built: what reaches {place} is not what was tried in {first[0]}, and it takes as long again"
            found.append(Hit(one.span, words, (one.job.id, one.words)))
    return found


RULE = Rule(
    id="image-rebuilt-per-environment",
    number="VEL-13",
    title="One image is built again for each environment",
    why="Each environment waits for a build, and gets another image: a base or a dependency that moved in between was tried nowhere.",
    advice="Build once, push by digest, and give each environment its configuration when the image starts.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("lead_time"),
    effort="M",
    refs=("DORA: deployment automation", "The Twelve-Factor App: V. Build, release, run"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
