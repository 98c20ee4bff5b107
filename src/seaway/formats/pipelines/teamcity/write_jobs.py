"""One job -> one build configuration. Called by `writer`; the pipeline has TeamCity's shape already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity import kotlin, triggers, write_steps
from seaway.formats.pipelines.teamcity.expressions import Names
from seaway.formats.pipelines.teamcity.features import REPORT_TYPES
from seaway.formats.pipelines.teamcity.jobs import OS_VALUES
from seaway.formats.pipelines.teamcity.told import Told
from seaway.formats.pipelines.teamcity.values import Item, Symbol, Value
from seaway.formats.pipelines.teamcity.words import block_of
from seaway.formats.pipelines.teamcity.write_steps import assign, raw
from seaway.model.expression import Text
from seaway.model.pipeline import Artifact, Checkout, Job, Native, Need, Step, Trigger, TriggerKind, Variable


@dataclass(slots=True)
class Target:
    """What is written so far. `symbols`: id of a job -> its object; `roots`: (url, branch) -> object of the VCS root."""

    losses: Losses
    symbols: dict[str, str]
    triggers: tuple[Trigger, ...]
    roots: dict[tuple[str, str], str] = field(default_factory=dict)

    def new_root(self) -> str:
        """A name for one more VCS root."""
        taken = {*self.symbols.values(), *self.roots.values()}
        return next(name for count in range(1, len(taken) + 2) if (name := f"Root{count}") not in taken)

    def ref(self, job: str) -> Value:
        """A job as an argument: its object, or its id where it is somewhere else."""
        return Symbol(self.symbols[job]) if job in self.symbols else Symbol(f'AbsoluteId("{job}")')


class Writer:
    """The words of one job."""

    def __init__(self, job: Job, names: Names, target: Target) -> None:
        self.job = job
        self.names = names
        self.target = target
        self.losses = Told(target.losses, job.id, job.span)

    def text(self, value: Text, what: str) -> str:
        """A text with `%name%`."""
        return write_steps.text(value, self.names, self.losses, f"{self.job.id}: {what}")

    def natives(self, block: str) -> list[Item]:
        """What is kept as it is, of one block."""
        return [self.kept(one) for one in self.job.natives if block_of(one.key) == block]

    def kept(self, one: Native) -> Item:
        """A statement as it is. An element of XML that no word of Kotlin stands for is told."""
        if not one.text.startswith("<"):
            return raw(one.text)
        why = "Kotlin has no word for this element of XML that is known"
        self.losses.opaque(f"{self.job.id}: {one.key}", why, "set it on the server", one.span)
        return write_steps.comment(one.text)

    def items(self) -> list[Item]:
        """Everything, block by block."""
        job = self.job
        found: list[Item] = []
        if self.target.symbols[job.id] != job.id:
            found.append(Item("id", [job.id]))
        if job.name:
            found.append(assign("name", self.text(job.name, "name")))
        if job.environment is not None:
            found.append(assign("type", Symbol("BuildTypeSettings.Type.DEPLOYMENT")))
        if job.extends:
            found.append(Item("templates", [self.target.ref(name) for name in job.extends]))
        rules = self.rules(one for one in job.artifacts if one.direction == "up" and one.paths)
        if rules:
            found.append(assign("artifactRules", rules))
        if job.concurrency is not None and job.concurrency.group == job.id:
            found.append(assign("maxRunningBuilds", 1))
        found += self.natives("")
        blocks = (
            ("params", params(self.job.variables, self.job.natives, self.text)),
            ("vcs", [*self.roots(), *self.natives("vcs")]),
            ("steps", [*self.steps(), *self.natives("steps")]),
            ("triggers", self.started()),
            ("failureConditions", [*self.limits(), *self.natives("failureConditions")]),
            ("features", [*self.features(), *self.natives("features")]),
            ("dependencies", self.dependencies()),
            ("requirements", [*self.place(), *self.natives("requirements")]),
        )
        return found + [Item(word, items=items) for word, items in blocks if items]

    def roots(self) -> list[Item]:
        """`vcs { root(...) }`."""
        found = []
        for step in self.job.steps:
            work = step.work
            if not isinstance(work, Checkout):
                continue
            kept = next((one.text for one in step.natives if one.key == "vcs.root"), "")
            if kept:
                found.append(raw(kept))
                continue
            root: Value = Symbol("DslContext.settingsRoot")
            if work.repository:
                key = (self.text(work.repository, "repository"), self.text(work.ref, "ref"))
                plain = not work.ref and key[0].replace("_", "").isalnum()
                made = self.target.new_root()
                root = Symbol(f'AbsoluteId("{key[0]}")' if plain else self.target.roots.setdefault(key, made))
            path = [f"+:. => {self.text(work.path, 'path')}"] if work.path else []
            found.append(Item("root", [root, *path], comment=step.comment))
        return found

    def steps(self) -> list[Item]:
        """`steps { ... }`, with the job's image where it has one."""
        found = []
        for step in self.job.steps:
            if isinstance(step.work, Checkout):
                continue
            item = write_steps.write(step, self.names, self.losses)
            if self.job.container is not None and item.items is not None:
                item.items.append(assign("dockerImage", self.text(self.job.container.name, "image")))
            found.append(item)
        return found

    def started(self) -> list[Item]:
        """`triggers { ... }`: those that natives say whole stand as these."""
        kept = [one for one in self.job.natives if block_of(one.key) == "triggers"]
        found: list[Item] = []
        for trigger in self.target.triggers:
            if self.job.id not in trigger.jobs or trigger.kind is TriggerKind.PULL_REQUEST:
                continue
            same = next((one for one in kept if _is_of(one.text, trigger, self.job.id)), None)
            if same is not None:
                kept.remove(same)
                found.append(raw(same.text))
            else:
                found.append(trigger_item(trigger, self.target, self.losses))
        if self.job.retry is not None:
            found.append(Item("retryBuild", items=[assign("attempts", self.job.retry.attempts)]))
        return [*found, *(raw(one.text) for one in kept)]

    def limits(self) -> list[Item]:
        """`failureConditions { executionTimeoutMin }`."""
        if self.job.timeout is None:
            return []
        minutes = self.job.timeout.total_seconds() / 60
        if minutes != int(minutes):
            self.losses.approximated(f"{self.job.id}: timeout", "TeamCity counts whole minutes", "", self.job.span)
        return [assign("executionTimeoutMin", max(1, -int(-minutes // 1)))]

    def features(self) -> list[Item]:
        """`features { ... }`: of the nouns that have one and that no native says already."""
        job = self.job
        kept = {one.key for one in job.natives}
        found: list[Item] = []
        if job.matrix is not None and "features.matrix" not in kept:
            axes = [
                Item("param", [axis.name, [Item("value", [self.text(one, "matrix")]) for one in axis.values]])
                for axis in job.matrix.axes
            ]
            found.append(Item("matrix", items=axes))
        if job.parallel is not None:
            found.append(Item("parallelTests", items=[assign("numberOfBatches", job.parallel)]))
        if job.approval is not None:
            found.append(Item("approval", items=[assign("approvalRules", "\n".join(job.approval.who))]))
        if job.concurrency is not None and job.concurrency.group != job.id:
            lock = Item("writeLock", [self.text(job.concurrency.group, "concurrency")])
            found.append(Item("sharedResources", items=[lock]))
        for cache in job.caches:
            paths = "\n".join(self.text(one, "cache") for one in cache.paths)
            found.append(
                Item("buildCache", items=[assign("name", self.text(cache.key, "cache")), assign("rules", paths)])
            )
        for artifact in job.artifacts:
            for kind in dict.fromkeys(kind for kind, _ in artifact.reports):
                found.append(_report(kind, [path for one, path in artifact.reports if one == kind]))  # noqa: PERF401
        return found

    def dependencies(self) -> list[Item]:
        """`dependencies { ... }`: order, files, or both."""
        found: list[Item] = []
        downs: dict[str, list[Artifact]] = {}
        for one in self.job.artifacts:
            if one.direction == "down":
                downs.setdefault(one.jobs[0] if one.jobs else "", []).append(one)
        for need in self.job.needs or ():
            snapshot = Item("snapshot", items=self._snapshot(need))
            if need.job not in downs:
                snapshot.args = [self.target.ref(need.job)]
                found.append(snapshot)
                continue
            inner = [snapshot, Item("artifacts", items=self._carried(need.job, downs.pop(need.job)))]
            found.append(Item("dependency", [self.target.ref(need.job)], items=inner))
        for job, artifacts in downs.items():
            found.append(Item("artifacts", [self.target.ref(job)], items=self._carried(job, artifacts)))
        known = {
            f"dependencies.{job}.{part}"
            for job in [*downs, *(need.job for need in self.job.needs or ())]
            for part in ("snapshot", "artifacts")
        }
        rest = [one for one in self.job.natives if block_of(one.key) == "dependencies" and one.key not in known]
        return [*found, *(raw(one.text) for one in rest)]

    def _snapshot(self, need: Need) -> list[Item]:
        kept = [one.text for one in self.job.natives if one.key == f"dependencies.{need.job}.snapshot"]
        action = "FAIL_TO_START" if need.when == "success" else "ADD_PROBLEM"
        said = any(one.startswith("onDependencyFailure") for one in kept)
        head = [] if said else [assign("onDependencyFailure", Symbol(f"FailureAction.{action}"))]
        return [*head, *(raw(one) for one in kept)]

    def _carried(self, job: str, artifacts: list[Artifact]) -> list[Item]:
        kept = [one.text for one in self.job.natives if one.key == f"dependencies.{job}.artifacts"]
        return [assign("artifactRules", self.rules(artifacts)), *(raw(one) for one in kept)]

    def rules(self, artifacts: Iterable[Artifact]) -> str:
        """`+:pattern => folder`, one a line."""
        lines = []
        for one in artifacts:
            folder = one.name if one.direction == "up" else one.into
            into = f" => {self.text(folder, 'artifact')}" if folder else ""
            lines += [f"+:{self.text(path, 'artifact')}{into}" for path in one.paths]
            lines += [f"-:{self.text(path, 'artifact')}{into}" for path in one.exclude]
        return "\n".join(lines)

    def place(self) -> list[Item]:
        """`requirements { ... }` on the system."""
        system = self.job.runner.os
        if system not in OS_VALUES or any(
            one.key.startswith("requirements.") and ("os.name" in one.text or "os.family" in one.text)
            for one in self.job.natives
        ):
            return []
        return [Item("contains", ["teamcity.agent.jvm.os.name", OS_VALUES[system]])]


def _report(kind: str, paths: list[str]) -> Item:
    rules = "\n".join(f"+:{path}" for path in paths)
    reported = Symbol(f"XmlReport.XmlReportType.{REPORT_TYPES.get(kind, 'JUNIT')}")
    return Item("xmlReport", items=[assign("reportType", reported), assign("rules", rules)])


def params(variables: Iterable[Variable], natives: tuple[Native, ...], text: Callable[[Text, str], str]) -> list[Item]:
    """`params { ... }` of a job or a project: what natives declare stands as these."""
    kept = {
        one.key.removeprefix("params."): one.text
        for one in natives
        if block_of(one.key) == "params" and one.key != "params"
    }
    found: list[Item] = []
    for one in variables:
        name = f"env.{one.name}" if one.exported else one.name
        if name in kept:
            found.append(raw(kept.pop(name)))
        elif one.secret:
            found.append(Item("password", [name, ""]))
        else:
            found.append(Item("param", [name, text(one.value, one.name)]))
    rest = [raw(one) for one in kept.values()]
    return [*found, *rest, *(raw(one.text) for one in natives if one.key == "params")]


def _is_of(native: str, trigger: Trigger, job: str) -> bool:
    """A trigger that is kept as Kotlin is this one."""
    from seaway.formats.pipelines.bare import bare

    found = [triggers.read(item, job)[0] for item in kotlin.read(native, "x.kts").top]
    wanted = bare(trigger)
    return any(
        one is not None
        and (one.kind, one.cron, one.branches, one.paths, one.types)
        == (wanted.kind, wanted.cron, wanted.branches, wanted.paths, wanted.types)
        for one in found
    )


def trigger_item(trigger: Trigger, target: Target, losses: Losses) -> Item:
    """`vcs`, `schedule` or `finishBuildTrigger`."""
    branches = triggers.rules(trigger.branches, branches=True)
    head = [assign("branchFilter", branches)] if branches else []
    if trigger.kind is TriggerKind.SCHEDULE:
        pending = [assign("withPendingChangesOnly", value=False)] if triggers.PENDING not in trigger.types else []
        always = [assign("triggerBuild", Item("always", []))]
        return Item("schedule", items=[assign("schedulingPolicy", _policy(trigger, losses)), *head, *always, *pending])
    if trigger.kind is TriggerKind.UPSTREAM:
        source = trigger.sources[0] if trigger.sources else ""
        of: Value = Symbol(f'"${{{target.symbols[source]}.id}}"') if source in target.symbols else source
        successful = [assign("successfulOnly", value=True)] if triggers.SUCCESS in trigger.types else []
        return Item("finishBuildTrigger", items=[assign("buildType", of), *successful, *head])
    paths = triggers.rules(trigger.paths, branches=False)
    return Item("vcs", items=[*head, *([assign("triggerRules", paths)] if paths else [])])


def _policy(trigger: Trigger, losses: Losses) -> Item:
    zone = [assign("timezone", trigger.timezone or "UTC")] if trigger.timezone != "SERVER" else []
    minute, hour, *rest = [*trigger.cron.split(), "*", "*", "*", "*", "*"][:5]
    if rest == ["*", "*", "*"] and minute.isdigit() and hour.isdigit():
        return Item("daily", items=[assign("hour", int(hour)), assign("minute", int(minute)), *zone])
    if rest[:2] == ["*", "*"] and rest[2] in set("0123456") and minute.isdigit() and hour.isdigit():
        day = Symbol(f"ScheduleTrigger.DAY.{triggers.DAYS[int(rest[2])]}")
        return Item(
            "weekly", items=[assign("dayOfWeek", day), assign("hour", int(hour)), assign("minute", int(minute)), *zone]
        )
    days = triggers.quartz_days(rest[2])
    if days is None:
        losses.dropped(
            f"schedule {trigger.cron}", "Quartz has no such days of the week", "write `dayOfWeek`", trigger.span
        )
        days = "?"
    fields = {"minutes": minute, "hours": hour, "dayOfMonth": rest[0], "month": rest[1], "dayOfWeek": days}
    if days != "?" and rest[0] == "*":
        fields["dayOfMonth"] = "?"
    elif days != "?":
        losses.approximated(
            f"schedule {trigger.cron}", "Quartz asks for the day of the month or of the week", "", trigger.span
        )
        fields["dayOfWeek"] = "?"
    return Item("cron", items=[*(assign(key, value) for key, value in fields.items()), *zone])


def steps_of(job: Job) -> tuple[Step, ...]:
    """The steps that are no checkout."""
    return tuple(step for step in job.steps if not isinstance(step.work, Checkout))
