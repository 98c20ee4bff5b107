"""The judge in a plan, for people: what is compared, what is proven, what follows, and what this canary can find. Called by `text`."""

from __future__ import annotations

from collections.abc import Iterator

from seaway.model import duration
from seaway.model.analysis import Judging, Kind, Metric, Spec
from seaway.model.plan import Plan


def lines(plan: Plan, judging: Judging) -> Iterator[str]:
    """One metric a line, then the error rates, the policies, and the power."""
    spec = judging.spec
    for metric in spec.metrics:
        yield f"{metric.name}: {_asked(metric, spec)}"
    yield (
        f"a harmless release fails in at most {spec.alpha:.3%} of cases, one beyond a margin passes in at most "
        f"{spec.alpha_promote:.3%}; nothing passes below {spec.min_samples} requests"
    ).replace(".000%", "%")
    yield (
        f"fail: {judging.on_fail.value}, inconclusive: {judging.on_inconclusive.value}, no data: {judging.on_no_data.value}, "
        f"error: {judging.on_error.value}; extended by at most {duration.render(judging.extend_max)}"
    )
    yield from plan.power
    if plan.underpowered:
        yield f"underpowered: {judging.underpowered.value}"


def _asked(metric: Metric, spec: Spec) -> str:
    tolerance = spec.tolerance if metric.tolerance is None else metric.tolerance
    if metric.kind is Kind.OBJECTIVE:
        return f"fails above {metric.at_most * 100:g} %, passes when proven below"
    harm = f"fails when it is more than {tolerance * 100:g} % worse than stable's"
    if metric.margin is None:
        return harm
    if metric.kind is Kind.RATE:
        enough = f" or below {metric.enough * 100:g} %" if metric.enough else ""
        return f"{harm}, passes when proven not {metric.margin:g} times worse{enough}"
    quantiles = ", ".join(f"p{quantile * 100:g}" for quantile in metric.quantiles)
    enough = f" or within {metric.enough:g} ms" if metric.enough else ""
    return f"{harm}, passes when {quantiles} are proven not slower by {metric.margin * 100:g} %{enough}"
