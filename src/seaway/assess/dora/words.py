"""What each figure is, in a sentence that the report carries: nobody shall have to guess a clock or a population. Used by the renderers."""

from __future__ import annotations

from datetime import UTC, datetime

CLOCKS = {
    "first_seen": "the push with which the server first saw the commit; its committer date where no push is known",
    "committer": "the committer date, which a rebase or a squash moves",
    "author": "the author date: it includes the time of coding",
}
DEFINITIONS = {
    "change_lead_time": (
        "finish of the first successful deployment of the lane that reaches the commit, minus the start by the named clock, in seconds. "
        "Population: commits with fewer than two parents that touch the service and came after its first deployment; copies of a change "
        "count once, what was reverted before it was deployed counts not, a re-land begins anew. Quantiles are linear between ranks; the "
        "interval resamples deployments"
    ),
    "deployment_frequency": (
        "successful deployments per calendar day (UTC) of the window; redeployments of the same commit and failed attempts count apart. "
        "active_days_per_week is the median over weeks of days with a deployment; the interval resamples weeks, and is that of a Poisson count below eight of them"
    ),
    "change_fail_rate": (
        "deployments that needed intervention (they are the likeliest cause of an incident that was likelier a change than not, or were rolled back, or a hotfix came next), each once, of "
        "all that users saw; a pipeline that failed before is on neither side. Interval: Wilson"
    ),
    "failed_deployment_recovery_time": (
        "per failed deployment, from impact_start (the first bad signal, else when users first saw it) until it was mitigated or resolved, in seconds. "
        "What goes on is censored; quantiles are those of Kaplan and Meier, null where they are not reached; the interval resamples failures. "
        "from_detected begins when the incident was opened"
    ),
    "deployment_rework_rate": (
        "unplanned deployments that remedy (a rollback, a hotfix, a revert of what was deployed, a commit that names the incident, a fix of the "
        "failed deployment's files while users suffer) with a confidence of at least 0.5, of all. Interval: Wilson"
    ),
}


def time(seconds: float | None) -> str | None:
    """RFC 3339, UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def span(seconds: float) -> str:
    """A length of time in its two largest units: 40 s, 1m 05s, 2h 10m, 3d 4h."""
    whole = round(seconds)
    for size, unit, part, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size}{unit} {rest}{smaller}" if rest else f"{whole // size}{unit}"
    return f"{whole} s"


def percent(share: float) -> str:
    """A share as percent."""
    return f"{share * 100:.1f} %"
