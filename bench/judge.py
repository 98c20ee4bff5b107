"""Row `judge`: every figure that the judge is held to, with the rules of other tools on the same streams.

Traffic is SIMULATED but in the last rows, which deploy; the code that judges it is the product's. `--quick` uses a tenth of the runs: for a look, not for the record.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench import judge_deploy, judge_plots
from bench import judge_rules as rules
from bench import judge_sims as sims
from bench.figures import Figure, Settings
from seaway.judge import histogram, live


@dataclass(frozen=True)
class Row:
    """One line of the table. `kept` None: only for comparison."""

    what: str
    value: str
    limit: str
    kept: bool | None
    n: int
    interval: str = ""
    control: str = ""

    def figure(self) -> Figure:
        """As the bench prints it."""
        limit, interval, control = self.limit or "none", self.interval or "none", self.control or "none"
        return Figure("judge", self.what.strip(), self.value, limit, self.kept, f"{self.n:,}", interval, control)


def upper(hits: int, n: int, confidence: float = 0.99) -> float:
    """The exact (Clopper-Pearson) upper bound of a share, one-sided."""
    low, high = hits / n, 1.0
    for _ in range(60):
        p = (low + high) / 2
        logs = [
            math.lgamma(n + 1)
            - math.lgamma(k + 1)
            - math.lgamma(n - k + 1)
            + k * math.log(p)
            + (n - k) * math.log1p(-p)
            for k in range(hits + 1)
        ]
        top = max(logs)
        tail = math.exp(top) * sum(math.exp(x - top) for x in logs)
        low, high = (p, high) if tail > 1 - confidence else (low, p)
    return high


def middle(values: np.ndarray) -> tuple[float, str]:
    """The median and its 95 % interval by order statistics."""
    ordered = np.sort(values)
    n = len(ordered)
    half = 1.96 * math.sqrt(n) / 2
    low, high = max(0, math.floor(n / 2 - half)), min(n - 1, math.ceil(n / 2 + half))
    return float(np.median(ordered)), f"median 95%: {ordered[low]:.4g} .. {ordered[high]:.4g}"


def average(values: np.ndarray) -> tuple[float, str]:
    """The mean and its 95 % interval."""
    mean, half = float(values.mean()), 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean, f"mean 95%: {mean - half:.3g} .. {mean + half:.3g}"


def false_rollbacks(runs: int, seed: int) -> list[Row]:
    n = 20_000 // runs
    hits, peeking = sims.no_change(np.random.default_rng(seed), n)
    bound = upper(hits, n)
    row = Row(
        "false rollback, A/A, 8 metrics, 600 looks",
        f"{hits / n:.3%}",
        "upper 99% bound < 1%",
        bound < 0.01,
        n,
        f"upper 99%: {bound:.3%}",
        f"naive z at every look: {peeking:.1%}",
    )
    strict = n // 2
    hits, _ = sims.no_change(np.random.default_rng(seed + 2), strict, 1.0)
    bound = upper(hits, strict)
    zero = Row(
        "  the same with zero tolerance",
        f"{hits / strict:.3%}",
        "upper 99% bound < 1%",
        bound < 0.01,
        strict,
        f"upper 99%: {bound:.3%}",
    )
    whole = max(40, 400 // runs)
    failed = sims.no_change_whole(np.random.default_rng(seed + 1), whole)
    return [
        row,
        zero,
        Row(
            "  the same through the whole judge, with latency",
            f"{failed}",
            "at most 4 failed",
            failed <= 4,
            whole,
            f"upper 99%: {upper(failed, whole):.2%}",
        ),
    ]


def detection(runs: int, seed: int) -> list[Row]:
    n = 4000 // runs
    rng = np.random.default_rng(seed)
    quick = rules.draw(rng, n, 300, per_batch=100, share=0.05, rate=0.001, candidate_rate=0.05, seconds=0.1)
    caught = rules.seaway(quick)
    requests, interval = middle(caught.requests)
    failures, spread = average(caught.failures)
    rows = [
        Row(
            "errors 0.1 -> 5%: canary requests to rollback",
            f"{requests:.0f}",
            "<= 50",
            requests <= 50 and caught.rate == 1,
            n,
            interval,
            "A/A above",
        ),
        Row("errors 0.1 -> 5%: failed requests served", f"{failures:.2f}", "<= 3", failures <= 3, n, spread),
    ]
    slow = rules.draw(rng, n, 1500, per_batch=100, share=0.05, rate=0.001, candidate_rate=0.01, seconds=0.1)
    caught = rules.seaway(slow)
    requests, interval = middle(caught.requests)
    rows.append(
        Row(
            "errors 0.1 -> 1%: canary requests to rollback",
            f"{requests:.0f}",
            "<= 450, all found",
            requests <= 450 and caught.rate == 1,
            n,
            interval,
            f"found {caught.rate:.1%}",
        )
    )
    rows.append(
        Row(
            "  the same: seconds, failures",
            f"{np.median(caught.seconds):.1f} s, {caught.failures.mean():.1f}",
            "",
            None,
            n,
        )
    )
    few = rules.draw(
        rng, max(40, 200 // runs), 6000, per_batch=100, share=0.05, rate=0.001, candidate_rate=0.01, seconds=0.1
    )
    same = rules.seaway(few)
    rows.append(
        Row(
            "  the judge, on the 10 min that the others get",
            f"{np.median(same.seconds):.0f} s, {same.failures.mean():.1f} failures",
            "",
            None,
            len(few.n),
            f"found {same.rate:.0%}",
        )
    )
    for name, peer in judge_plots.PEERS.items():
        other = peer(few)
        rows.append(
            Row(
                f"  {name}, same streams",
                f"{np.median(other.seconds[other.at >= 0]) if other.rate else math.nan:.0f} s, {other.failures.mean():.0f} failures",
                "",
                None,
                len(few.n),
                f"found {other.rate:.0%}",
            )
        )
    return rows


def latency(runs: int, seed: int) -> list[Row]:
    n = max(30, 400 // runs)
    rows = []
    past = sims.latency_history(np.random.default_rng(seed))
    for scale, tolerance, limit in ((1.1, 0.0, 750), (1.25, 0.0, 140), (2.0, 0.0, 26), (1.25, 0.1, 450)):
        requests = sims.latency(np.random.default_rng(seed), n, scale, tolerance, past)
        value, interval = middle(requests)
        rows.append(
            Row(
                f"all latency x{scale:g}, tolerance {tolerance:.0%}: canary requests",
                f"{value:.0f}",
                f"<= {limit}",
                value <= limit,
                n,
                interval,
                "A/A of the whole judge, above",
            )
        )
    return rows


def ramp(runs: int, seed: int) -> list[Row]:
    n = 1000 // runs
    broken = sims.ramp(np.random.default_rng(seed), n, 1.0)
    mean, interval = average(broken.excess)
    high = float(np.percentile(broken.excess, 99))
    time_back = float(np.median(broken.seconds))
    rows = [
        Row(
            "ramp, 100% broken: failed requests, mean / p99",
            f"{mean:.2f} / {high:.0f}",
            "<= 6 / <= 12",
            mean <= 6 and high <= 12,
            n,
            interval,
            f"fixed 5% step with Flagger's rule: {1000 * 0.05 * 360:.0f}",
        ),
        Row(
            "ramp, 100% broken: seconds to rollback",
            f"{time_back:.0f}",
            "<= 5",
            time_back <= 5,
            n,
            f"p99 {np.percentile(broken.seconds, 99):.0f}",
        ),
    ]
    worst = 0.0
    parts = []
    for number, rate in enumerate((0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)):
        run = sims.ramp(np.random.default_rng(seed + number), n, rate)
        parts.append(f"{rate:.0%}: {run.excess.mean():.1f}")
        worst = max(worst, float(run.excess.mean()))
    rows.append(
        Row(
            "ramp, any regression 1..100%: worst mean excess failures",
            f"{worst:.2f}",
            "<= 7",
            worst <= 7,
            7 * n,
            "; ".join(parts),
        )
    )
    good = sims.ramp(np.random.default_rng(seed + 9), n, 0.001)
    value, interval = middle(good.seconds[good.promoted])
    rows.append(
        Row(
            "ramp, good release to 100%, `not 2x worse` proven: seconds",
            f"{value:.0f}",
            "<= 80",
            value <= 80,
            n,
            interval,
            f"rolled back {good.rolled_back.mean():.2%}",
        )
    )
    at_margin = sims.ramp(np.random.default_rng(seed + 10), n, 0.002)
    rows.append(
        Row(
            "  control: a release exactly 2x worse is promoted",
            f"{at_margin.promoted.mean():.1%}",
            "<= 5%",
            bool(at_margin.promoted.mean() <= 0.05),
            n,
        )
    )
    return rows


def robustness(runs: int, seed: int) -> list[Row]:
    n = 4000 // runs
    rows = []
    for size in (2, 5, 20):
        raw, tempered, phi = sims.clusters(np.random.default_rng(seed + size), n, size)
        rows.append(
            Row(
                f"clusters of {size}: false rollback",
                f"{tempered / n:.2%}",
                "<= 1.5%",
                tempered / n <= 0.015,
                n,
                f"upper 99%: {upper(tempered, n):.2%}",
                f"without phi: {raw / n:.0%}; mean phi {phi:.1f}",
            )
        )
    past, few = sims.latency_history(np.random.default_rng(seed)), 400 // runs
    held = sims.hosts(np.random.default_rng(seed), few, 0.02, 0.1, past)
    loose = sims.hosts(np.random.default_rng(seed), few, 0.02, 0.0, past)
    rows.append(
        Row(
            "hosts that differ by 2%: false rollback on latency",
            f"{held / few:.2%}",
            "<= 1%",
            held / few <= 0.01,
            few,
            f"upper 99%: {upper(held, few):.2%}",
            f"without tolerance: {loose / few:.0%}",
        )
    )
    hits, peeking = sims.swinging(np.random.default_rng(seed), n)
    rows.append(
        Row(
            "load swinging +-90%: false rollback",
            f"{hits / n:.2%}",
            "<= 1%",
            hits / n <= 0.01,
            n,
            f"upper 99%: {upper(hits, n):.2%}",
            f"against history instead of concurrent stable: {peeking:.0%}",
        )
    )
    return rows


def promotion(runs: int, seed: int) -> list[Row]:
    n = 10_000 // runs
    hits, better = sims.at_margin(np.random.default_rng(seed), n)
    return [
        Row(
            "false promotion exactly at the margin of 2",
            f"{hits / n:.2%}",
            "<= 5%",
            hits / n <= 0.05,
            n,
            f"upper 99%: {upper(hits, n):.2%}",
            f"a release as good as stable passes: {better:.0%}",
        )
    ]


def speed(runs: int, seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    n = 4_000_000 // runs
    milliseconds = np.where(
        rng.random(n) < 0.95, rng.lognormal(math.log(80), 0.5, n), rng.lognormal(math.log(300), 0.4, n)
    ).astype(np.float32)
    candidate, failed = rng.random(n) < 0.05, rng.random(n) < 0.001
    rows = []
    for points, limit in ((257, 4), (64, 10)):
        rates = []
        for _ in range(3):
            judge = live.Requests((83, 120, 170, 260, 425, 500, 700), points=points)
            began = time.process_time()
            for at in range(0, n, 1000):
                judge.observe(milliseconds[at : at + 1000], candidate[at : at + 1000], failed[at : at + 1000])
            rates.append(n / (time.process_time() - began) / 1e6)
        rows.append(
            Row(
                f"million observations per second and core, {points} points",
                f"{min(rates):.1f}",
                f">= {limit}",
                min(rates) >= limit,
                n,
                f"{min(rates):.1f} .. {max(rates):.1f} in 3 passes",
                f"ln E at the end {judge.log_e():.2f}",
            )
        )
    for count, restarts, points, limit in ((100_000, 1, 257, 100_000), (10_000, 20, 64, 10_000)):
        rows.append(_live(rng, count, restarts, points, limit))
    began = time.process_time()
    for _ in range(20):
        histogram.count(milliseconds)
    rows.append(
        Row(
            "  histogram alone, million values per second",
            f"{20 * n / (time.process_time() - began) / 1e6:.0f}",
            "",
            None,
            n,
        )
    )
    return rows


def _live(rng: np.random.Generator, count: int, restarts: int, points: int, limit: int) -> Row:
    streams = live.Streams(count, points=points, restarts=restarts)
    rates, crossed = [], 0
    for _ in range(4):
        n = rng.integers(200, 2000, count)
        candidate_n = rng.binomial(n, 0.05)
        events = rng.binomial(candidate_n, 0.01)
        both, share = (events + rng.binomial(n - candidate_n, 0.01)).astype(float), candidate_n / n
        began = time.process_time()
        streams.update(events.astype(float), both, share, restarts)
        crossed = int(streams.crossed(math.log(100), restarts).sum())
        rates.append(count / (time.process_time() - began))
    return Row(
        f"live streams updated and decided per second, {restarts} starts, {points} points",
        f"{min(rates):,.0f}",
        f">= {limit:,}",
        min(rates) >= limit,
        count,
        f"{min(rates):,.0f} .. {max(rates):,.0f} in 4 passes",
        f"crossed {crossed} of {count} harmless ones",
    )


def weak_spot(runs: int, seed: int) -> list[Row]:
    n = 1000 // runs
    streams = rules.draw(
        np.random.default_rng(seed), n, 600, per_batch=190, share=0.05, rate=0.005, candidate_rate=0.0065, seconds=1.0
    )
    ours = rules.found(streams, rules.evidence(streams, boundary=1.0) >= math.log(100))
    once = rules.naive(streams, every=600)
    return [
        Row(
            "honest: a rise of 1.3x in 10 min, judge / one fixed look at the end",
            f"{ours.rate:.0%} / {once.mean():.0%}",
            "",
            None,
            n,
            "the price of the right to look at any time",
        )
    ]


GROUPS: dict[str, Callable[[int, int], list[Row]]] = {
    "false-rollbacks": false_rollbacks,
    "detection": detection,
    "latency": latency,
    "ramp": ramp,
    "robustness": robustness,
    "promotion": promotion,
    "speed": speed,
    "weak-spot": weak_spot,
}


def rows(settings: Settings) -> Iterator[Figure]:
    """One group after the other, each as soon as it is measured."""
    for group in GROUPS.values():
        yield from (row.figure() for row in group(settings.pick(10, 1), settings.seed))
    yield from judge_deploy.rows(settings)
