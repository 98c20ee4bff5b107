"""What surveys published, as data with its year. Called by `document` and `text`.

Sources: Apache DevLake's benchmark table for 2021 and 2023 (its reading of the reports, smoothed to have no gaps), the 2024 report, and the
quick check of dora.dev for the distribution of 2025. No year published bands for rework, and 2025 none at all.
"""

from __future__ import annotations

from dataclasses import dataclass

FEWEST = 5  # samples below which nothing is compared
HOUR, DAY, WEEK = 3600.0, 86_400.0, 7 * 86_400.0
MONTH = 365.25 / 12 * DAY
INF = float("inf")
LEAD, BETWEEN, FAIL, RECOVERY, REWORK = "lead_time", "frequency", "fail_rate", "recovery", "rework"


@dataclass(frozen=True, slots=True)
class Band:
    """From above `low` up to `high`; both in seconds, for the fail rate in shares. `text` as it was published."""

    name: str
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Set:
    """One year's bands of one metric. `ordered` False: the published levels do not rise, so no rank follows from them."""

    year: str
    source: str
    bands: tuple[Band, ...]
    ordered: bool = True


def _up(*rows: tuple[str, float, str]) -> tuple[Band, ...]:
    """Bands that begin where the one before ends."""
    low, found = -INF, []
    for name, high, text in rows:
        found.append(Band(name, low, high, text))
        low = high
    return tuple(found)


_DEVLAKE_2021, _DEVLAKE_2023, _REPORT_2024 = "DevLake 2021", "DevLake 2023", "DORA 2024"
SETS: dict[str, tuple[Set, ...]] = {
    LEAD: (
        Set("2021", _DEVLAKE_2021, _up(("elite", HOUR, "< 1 h"), ("high", WEEK, "< 1 week"), ("medium", 6 * MONTH, "1 week to 6 months"), ("low", INF, "> 6 months"))),
        Set("2023", _DEVLAKE_2023, _up(("elite", DAY, "< 1 day"), ("high", WEEK, "1 day to 1 week"), ("medium", MONTH, "1 week to 1 month"), ("low", INF, "> 1 month"))),
        Set("2024", _REPORT_2024, _up(("elite", DAY, "< 1 day"), ("high", WEEK, "1 day to 1 week"), ("medium", MONTH, "1 week to 1 month"), ("low", 6 * MONTH, "1 to 6 months"))),
    ),
    BETWEEN: (  # seconds between deployments
        Set("2021", _DEVLAKE_2021, _up(("elite", DAY, "on demand"), ("high", MONTH, "between 1/day and 1/month"), ("medium", 6 * MONTH, "between 1/month and 1/6 months"), ("low", INF, "< 1/6 months"))),
        Set("2023", _DEVLAKE_2023, _up(("elite", DAY, "on demand"), ("high", WEEK, "between 1/day and 1/week"), ("medium", MONTH, "between 1/week and 1/month"), ("low", INF, "< 1/month"))),
        Set("2024", _REPORT_2024, _up(("elite", DAY, "on demand"), ("high", WEEK, "1 day to 1 week"), ("medium", MONTH, "1 week to 1 month"), ("low", 6 * MONTH, "1 to 6 months"))),
    ),
    FAIL: (
        Set("2021", _DEVLAKE_2021, _up(("elite", 0.15, "0-15 %"), ("high", 0.20, "16-20 %"), ("medium", 0.30, "21-30 %"), ("low", INF, "> 30 %"))),
        Set("2023", _DEVLAKE_2023, _up(("elite", 0.05, "0-5 %"), ("high", 0.10, "5-10 %"), ("medium", 0.15, "10-15 %"), ("low", INF, "> 15 %"))),
        Set("2024", _REPORT_2024, (Band("elite", 0.05, 0.05, "5 %"), Band("high", 0.20, 0.20, "20 %"), Band("medium", 0.10, 0.10, "10 %"), Band("low", 0.40, 0.40, "40 %")), ordered=False),
    ),
    RECOVERY: (
        Set("2021", _DEVLAKE_2021, _up(("elite", HOUR, "< 1 h"), ("high", DAY, "< 1 day"), ("medium", WEEK, "1 day to 1 week"), ("low", INF, "> 1 week"))),
        Set("2023", _DEVLAKE_2023, _up(("elite", HOUR, "< 1 h"), ("high", DAY, "< 1 day"), ("medium", WEEK, "1 day to 1 week"), ("low", INF, "> 1 week"))),
        Set("2024", _REPORT_2024, (Band("elite", -INF, HOUR, "< 1 h"), Band("high", HOUR, DAY, "< 1 day"), Band("medium", HOUR, DAY, "< 1 day"), Band("low", WEEK, MONTH, "1 week to 1 month"))),
    ),
    REWORK: (),
}  # fmt: skip

# The file values of all industries, 0 to 10; for the last two low is good, so they are turned once, here and nowhere else.
_RAW_2025 = {LEAD: (5.5, 2.4), BETWEEN: (4.8, 2.8), RECOVERY: (7.4, 2.1), FAIL: (1.9, 2.1), REWORK: (2.2, 2.2)}
_LOW_IS_GOOD = (FAIL, REWORK)
_ANSWERS = {
    LEAD: (HOUR, DAY, WEEK, MONTH, 6 * MONTH),
    RECOVERY: (HOUR, DAY, WEEK, MONTH, 6 * MONTH),
    BETWEEN: (
        DAY,
        DAY,
        WEEK,
        MONTH,
        6 * MONTH,
    ),  # "several a day" is the best answer; below it they overlap, so 5 is never given
}


@dataclass(frozen=True, slots=True)
class Level:
    """Where a value stands in one year's set. `names` empty: no rank follows, and `why` says why."""

    year: str
    source: str
    names: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Against:
    """The value on the 0 to 10 scale of 2025, high is good, beside the mean and standard deviation of all industries."""

    score: float
    mean: float
    sd: float


def levels(metric: str, value: float | None, n: int) -> list[Level]:
    """The value against every year's set; nothing below FEWEST samples, or without a value."""
    if value is None or n < FEWEST:
        return []
    return [_level(each, value) for each in SETS[metric]]


def _level(bands: Set, value: float) -> Level:
    if not bands.ordered:
        published = ", ".join(f"{band.name} {band.text}" for band in bands.bands)
        return Level(bands.year, bands.source, (), f"the published levels do not rise ({published})")
    names = tuple(band.name for band in bands.bands if band.low < value <= band.high)
    return Level(bands.year, bands.source, names, "" if names else "between or beyond the published bands")


def against(metric: str, value: float | None, n: int) -> Against | None:
    """The value beside the distribution of 2025; None below FEWEST samples, or without a value."""
    if value is None or n < FEWEST:
        return None
    mean, sd = _RAW_2025[metric]
    return Against(_score(metric, value), 10 - mean if metric in _LOW_IS_GOOD else mean, sd)


def _score(metric: str, value: float) -> float:
    if metric in _LOW_IS_GOOD:
        return 10 * (1 - value)
    answer = 6 - sum(value > limit if metric == BETWEEN else value >= limit for limit in _ANSWERS[metric])
    return 2.0 * (answer - 1)
