"""Many canaries in one stream of batches. Called by `seaway judge run` and `backtest`; a rollout has its own Judgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seaway.judge.history import Past
from seaway.judge.stream import Judgement
from seaway.model.analysis import Spec
from seaway.model.batch import Batch


class Canaries:
    """The canaries of one file, each judged on its own. A decided one is let go; its later batches are ignored."""

    def __init__(self, spec: Spec, past: Mapping[str, Past]) -> None:
        self.spec, self.past = spec, past
        self.open: dict[str, Judgement] = {}
        self.decided: set[str] = set()
        self.touched: dict[str, None] = {}

    def take(self, canary: str, batch: Batch) -> None:
        """One batch. Raises stream.Misfit when it contradicts what is known of its canary."""
        if canary in self.decided:
            return
        judgement = self.open.get(canary)
        if judgement is None:
            judgement = self.open[canary] = Judgement(canary, self.spec, self.past)
        judgement.add(batch)
        self.touched[canary] = None

    def settle(self) -> Iterator[Judgement]:
        """Looks at every closed tick since the last call; yields the canaries that now have a verdict."""
        for canary in self.touched:
            if self.open[canary].look().outcome is not None:
                yield self._let_go(canary)
        self.touched = {}

    def finish(self) -> Iterator[Judgement]:
        """No more lines: the verdicts of all the others, in the order in which they first appeared."""
        for canary in list(self.open):
            self.open[canary].finish()
            yield self._let_go(canary)

    def _let_go(self, canary: str) -> Judgement:
        self.decided.add(canary)
        return self.open.pop(canary)
