"""The shape of one entry of `environments:` at the edge, and the environment it becomes. Called by `config.file`.

Step words are those of Argo Rollouts where it has them (`set_weight`, `pause`, `analysis`). The defaults are those of
`model.environment`; what a key means is written in the samples.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from seaway.config.analysis import AnalysisFields
from seaway.config.fields import (
    Boolean,
    CountOrPercent,
    Duration,
    Fields,
    Host,
    Integer,
    Listen,
    Name,
    Number,
    Pause,
    Span,
    Text,
    Tick,
    Time,
    Weight,
    choice,
)
from seaway.config.metrics import MetricsFields
from seaway.config.objective import ObjectiveFields, guards
from seaway.model import weight
from seaway.model.environment import (
    Budget,
    CanaryStep,
    Concurrency,
    EngineLost,
    Environment,
    Gate,
    IfEngineLost,
    OnUnobservable,
    Strategy,
)
from seaway.model.service import Tls

_ENVIRONMENT = Environment(name="")
_STRATEGY = Strategy()
_BUDGET = Budget()
_GATE = Gate(kind="approval")


class TlsFields(Fields):
    certificate: Annotated[Text, Field(min_length=1)]
    key: Annotated[Text, Field(min_length=1)]

    def tls(self, folder: Path) -> Tls:
        return Tls(_absolute(self.certificate, folder), _absolute(self.key, folder))


class TrafficFields(Fields):
    router: Name = _ENVIRONMENT.router
    listen: Listen = _ENVIRONMENT.listen
    tls: TlsFields | None = None


class StepFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("set_weight", "pause", "analysis", "hold")

    set_weight: Weight = 0
    pause: Pause = None
    analysis: Span = timedelta(minutes=1)
    hold: Annotated[Text, Field(min_length=1, max_length=200)] = ""

    def step(self) -> CanaryStep:
        if "set_weight" in self.model_fields_set:
            return CanaryStep(set_weight=self.set_weight)
        if "pause" in self.model_fields_set:
            return CanaryStep(pause=self.pause, pause_until_promoted=self.pause is None)
        if "analysis" in self.model_fields_set:
            return CanaryStep(analysis=self.analysis)
        return CanaryStep(hold=self.hold)


class RampFields(Fields):
    risk_budget: Annotated[Number, Field(gt=0, le=1000)] = _BUDGET.risk
    most: Weight | None = None
    deadline: Span = _BUDGET.deadline
    lag: Span | None = None

    @model_validator(mode="after")
    def _leaves_stable_some(self) -> RampFields:
        if self.most is not None and not 0 < self.most < weight.WHOLE:
            raise ValueError("`most` is above 0 and below 100: beyond it there is no stable to compare with")
        return self

    def budget(self) -> Budget:
        most = _BUDGET.most if self.most is None else self.most
        return Budget(self.risk_budget, self.deadline, most, self.lag)


class CanaryFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("steps", "ramp")

    steps: Annotated[list[StepFields], Field(min_length=1, max_length=100)] = []  # noqa: RUF012
    ramp: RampFields | None = None
    deadline: Span = _STRATEGY.deadline


class RollingFields(Fields):
    max_surge: CountOrPercent = _STRATEGY.max_surge
    max_unavailable: CountOrPercent = _STRATEGY.max_unavailable


class BlueGreenFields(Fields):
    preview_host: Host = _STRATEGY.preview_host
    auto_promotion: Boolean = _STRATEGY.auto_promotion
    auto_promotion_after: Duration = _STRATEGY.auto_promotion_after
    deadline: Span = _STRATEGY.deadline


class StrategyFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("rolling", "blue-green", "canary")

    rolling: RollingFields | None = None
    blue_green: BlueGreenFields | None = Field(default=None, alias="blue-green")
    canary: CanaryFields | None = None

    def strategy(self) -> Strategy:
        if self.canary:
            steps = tuple(step.step() for step in self.canary.steps)
            ramp = self.canary.ramp.budget() if self.canary.ramp else None
            return Strategy("canary", steps, ramp, deadline=self.canary.deadline)
        if self.rolling:
            return Strategy("rolling", max_surge=self.rolling.max_surge, max_unavailable=self.rolling.max_unavailable)
        fields = self.blue_green or BlueGreenFields()
        return Strategy(
            "blue-green",
            preview_host=fields.preview_host,
            auto_promotion=fields.auto_promotion,
            auto_promotion_after=fields.auto_promotion_after,
            deadline=fields.deadline,
        )


class ApprovalFields(Fields):
    required: Annotated[Integer, Field(ge=1, le=20)] = _GATE.required
    approvers: list[Text] = []  # noqa: RUF012 - frozen, like every field
    deadline: Span = _GATE.deadline


class GateFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("approval", "until")

    approval: ApprovalFields | None = None
    until: Time | None = None

    def gate(self) -> Gate:
        if self.approval:
            return Gate(
                "approval",
                required=self.approval.required,
                approvers=tuple(self.approval.approvers),
                deadline=self.approval.deadline,
            )
        return Gate("until", until=self.until)


class EngineLostFields(Fields):
    action: Annotated[EngineLost, choice(EngineLost)]
    after: Span = _ENVIRONMENT.if_engine_lost.after


class EnvironmentFields(Fields):
    target: Name = _ENVIRONMENT.target
    traffic: TrafficFields = TrafficFields()
    metrics: MetricsFields = MetricsFields()
    strategy: StrategyFields | None = None
    gates: list[GateFields] = []  # noqa: RUF012
    objectives: list[ObjectiveFields] = []  # noqa: RUF012
    analysis: AnalysisFields | None = None
    soak: Duration = _ENVIRONMENT.soak
    promote_from: Name = _ENVIRONMENT.promote_from
    concurrency: Annotated[Concurrency, choice(Concurrency)] = _ENVIRONMENT.concurrency
    on_unobservable: Annotated[OnUnobservable, choice(OnUnobservable)] = _ENVIRONMENT.on_unobservable
    if_engine_lost: EngineLostFields | None = None
    tick: Tick = _ENVIRONMENT.tick

    def environment(self, name: str, folder: Path) -> Environment:
        """The model's environment; paths become absolute, beginning at `folder`, where the file stands."""
        lost, source = self.if_engine_lost, self.metrics.metrics_source()
        return Environment(
            name=name,
            target=self.target,
            router=self.traffic.router,
            listen=self.traffic.listen,
            tls=self.traffic.tls.tls(folder) if self.traffic.tls else None,
            metrics=self.metrics.source,
            metrics_source=source,
            strategy=self.strategy.strategy() if self.strategy else _STRATEGY,
            gates=tuple(gate.gate() for gate in self.gates),
            objectives=guards(self.objectives),
            judging=self.analysis.judging(self.tick) if self.analysis else None,
            soak=self.soak,
            promote_from=self.promote_from,
            concurrency=self.concurrency,
            on_unobservable=self.on_unobservable,
            if_engine_lost=IfEngineLost(lost.action, lost.after) if lost else _ENVIRONMENT.if_engine_lost,
            # Between two scrapes there is nothing new to see.
            tick=self.tick
            if "tick" in self.model_fields_set or not source.url
            else max(self.tick, source.scrape_interval),
        )


def _absolute(path: str, folder: Path) -> str:
    return str((folder / Path(path).expanduser()).resolve())
