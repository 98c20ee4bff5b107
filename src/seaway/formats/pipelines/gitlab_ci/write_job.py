"""One job -> its mapping in `.gitlab-ci.yml`. Called by `write`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from seaway.formats.pipelines import approvers
from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.files import rooted
from seaway.formats.pipelines.gitlab_ci import expressions, predefined, values, write_place, write_rules, write_script
from seaway.formats.pipelines.gitlab_ci.images import image_of, is_set_up, missing
from seaway.formats.pipelines.gitlab_ci.orders import Order
from seaway.formats.pipelines.gitlab_ci.write_rules import Decision
from seaway.formats.pipelines.gitlab_ci.writing import Data, Writing
from seaway.formats.yaml.emit import Flow, Note
from seaway.model.expression import Condition, Ref, Template, Text
from seaway.model.pipeline import Approval, Artifact, Cache, Checkout, Job, Need, Opaque, Pin, Step, Use, Variable

MAX_RETRIES = 2  # GitLab's limit
_HOSTED = {"windows": ["saas-windows-medium-amd64"], "macos": ["saas-macos-medium-m1"]}
_OWN_POLICIES = ("only", "except", "when")


def job(found: Job, writing: Writing, order: Order) -> Any:
    """The job's mapping, with comments where a person must act."""
    return _Writer(found, writing, order).made()


@dataclass(slots=True)
class _Writer:
    job: Job
    writing: Writing
    order: Order
    data: Data = field(default_factory=dict)
    variables: Data = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def own(self) -> bool:
        return self.writing.own

    def made(self) -> Any:
        data, found = self.data, self.job
        if found.extends:
            data["extends"] = found.extends[0] if len(found.extends) == 1 else Flow(list(found.extends))
        self._order()
        self._decision()
        self._place()
        self._variables()
        caches = self._caches()
        scripts = write_script.scripts(found, self.writing, self.variables, self._other)
        artifacts = self._artifacts(scripts)
        if self.variables:
            data["variables"] = self.variables
        if caches:
            data["cache"] = caches[0] if len(caches) == 1 else caches
        self._work(scripts)
        if artifacts or (self.own and found.artifacts):
            data["artifacts"] = artifacts
        self._control()
        self.writing.natives(found.natives, data, f"{found.id}.")
        above = "\n".join(text for text in (found.comment, *self._title(), *self.notes) if text)
        return Note(data, above=above, mark=("job", found.id))

    def _title(self) -> list[str]:
        if self.own or not found_text(self.job.name) or self.job.name == self.job.id:
            return []
        return [self.writing.text(self.job.name, f"{self.job.id}: name", self.job.span)]

    # When it runs.

    def _order(self) -> None:
        stage = self.order.stage(self.job)
        if stage:
            self.data["stage"] = stage
        needs = self.order.needs(self.job)
        if needs is not None:
            self.data["needs"] = Flow([]) if not needs else self._needs(needs)
        if self.job.dependencies is not None:
            self.data["dependencies"] = Flow(list(self.job.dependencies))

    @staticmethod
    def _needs(needs: tuple[Need, ...]) -> Any:
        listed: list[Any] = []
        for need in needs:
            if need.artifacts and not need.optional:
                listed.append(need.job)
                continue
            made: Data = {"job": need.job}
            if not need.artifacts:
                made["artifacts"] = False
            if need.optional:
                made["optional"] = True
            listed.append(made)
        return Flow(listed) if all(isinstance(one, str) for one in listed) and len(listed) < 6 else listed

    def _decision(self) -> None:
        found = self.job
        if self.own:
            self._own_decision()
            return
        if found.rules:
            self.data["rules"] = write_rules.rules(found.rules, self.writing, f"{found.id}.rules")
            return
        waits = (
            found.manual or found.approval is not None or any(isinstance(step.work, Approval) for step in found.steps)
        )
        condition = self.order.condition(found)
        decision = write_rules.decided(condition, self.writing, found.id, manual=waits)
        self._apply(decision)
        if decision.closure and (self.order.closure(found)):
            self.data["needs"] = self._needs(self.order.closure(found))
        if waits:
            self._waits()

    def _apply(self, decision: Decision) -> None:
        if decision.note:
            self.notes.append(decision.note)
        if decision.rules:
            self.data["rules"] = list(decision.rules)
        elif decision.when and decision.when != "on_success":
            self.data["when"] = decision.when

    def _waits(self) -> None:
        """A person starts the job, and what follows it waits."""
        if "rules" not in self.data:
            self.data["allow_failure"] = False
        who = approvers.chosen(approvers.of_job(self.job))
        if who:
            why = "who may start a manual job is set outside the file"
            fix = f"protect the environment and name its approvers{who} in Settings, CI/CD, Protected environments"
            self.writing.losses.manual(f"{self.job.id}: approval", why, fix, self.job.span)

    def _own_decision(self) -> None:
        found = self.job
        if found.rules:
            self.data["rules"] = write_rules.rules(found.rules, self.writing, f"{found.id}.rules")
            return
        kept = {native.key.removeprefix(f"{found.id}.") for native in found.natives} & set(_OWN_POLICIES)
        when, rest = write_rules.own_when(found.condition.expr if found.condition else None)
        if when:
            self.data["when"] = when
        elif found.manual:
            self.data["when"] = "manual"
        elif rest and not kept and not _only_pushes(found.condition):
            self._apply(write_rules.decided(found.condition, self.writing, found.id))

    # Where it runs.

    def _place(self) -> None:
        found = self.job
        image = found.container or (None if self.own else image_of(found, self.writing))
        for step in found.steps if found.container and not self.own else ():
            if is_set_up(step):
                missing(found, step, "its own", self.writing)
        if image is not None:
            self.data["image"] = write_place.image(image, self.writing, "image")
        if found.services:
            self.data["services"] = [write_place.image(one, self.writing, "services") for one in found.services]
        tags = self._tags()
        if tags:
            self.data["tags"] = Flow(tags)
        if found.parallel is not None:
            self.data["parallel"] = found.parallel
        matrix = write_place.matrix(found, self.writing)
        if matrix is not None:
            self.data["parallel"] = matrix

    def _tags(self) -> list[str]:
        runner = self.job.runner
        labels = [self.writing.text(label, f"{self.job.id}: runner", runner.span) for label in runner.labels]
        if self.own:
            return labels
        if runner.group:
            labels.append(runner.group)
        hosted = [label for label in labels if label.startswith(("ubuntu-", "windows-", "macos-", "macOS-"))]
        if hosted and len(hosted) == len(labels):
            return self._hosted(hosted[0])
        return [label for label in labels if label not in {"self-hosted", "any"}]

    def _hosted(self, label: str) -> list[str]:
        system = (
            "windows" if label.startswith("windows-") else "macos" if label.lower().startswith("macos-") else "linux"
        )
        if system == "linux" and self.job.container is None and "image" not in self.data:
            why = f"{label} brings many tools; GitLab's runner starts a bare image"
            fix = "add an `image` that has what the script calls"
            self.writing.losses.manual(f"{self.job.id}: runs-on", why, fix, self.job.runner.span)
        elif system != "linux":
            why = f"GitLab's own machine is not the same as {label}"
            self.writing.losses.approximated(f"{self.job.id}: runs-on", why, "check the tag", self.job.runner.span)
        return _HOSTED.get(system, [])

    # What it knows.

    def _variables(self) -> None:
        container = self.job.container
        given = [
            *(container.env if container and not self.own else ()),
            *self.order.variables(self.job),
            *self.job.variables,
        ]
        for one in given:
            self._variable(one)
        if not self.own:
            self._checkout()

    def _variable(self, one: Variable) -> None:
        name = outside(one, self.writing)
        if name == one.name or set_by_gitlab(one, self.writing):
            return
        if self.own and one.description:
            self.variables[one.name] = {
                "value": self.writing.text(one.value, one.name, one.span),
                "description": one.description,
            }
            return
        self.variables[one.name] = self.writing.text(one.value, one.name, one.span)

    def _checkout(self) -> None:
        """The clone before the script, as the job's own steps ask for it."""
        steps = [step for step in self.job.steps if isinstance(step.work, Checkout)]
        plain = [
            step.work
            for step in steps
            if isinstance(step.work, Checkout) and not step.work.repository and not step.work.path
        ]
        if not plain and not self.job.calls:
            self.variables["GIT_STRATEGY"] = "none"
        for work in plain[:1]:
            if work.depth is not None and not (work.depth == 1 and work.implicit):
                self.variables["GIT_DEPTH"] = str(work.depth)
            if work.submodules and work.submodules != "false":
                self.variables["GIT_SUBMODULE_STRATEGY"] = "recursive" if work.submodules == "recursive" else "normal"
            if work.ref:
                self._foreign_clone(steps[0])
        for step in steps:
            if isinstance(step.work, Checkout) and (step.work.repository or step.work.path):
                self._foreign_clone(step)

    def _foreign_clone(self, step: Step) -> None:
        why = "GitLab clones this project at the commit of the run"
        fix = "clone what you need in the script: git clone with $CI_JOB_TOKEN"
        self.writing.losses.manual(f"{self.job.id}: checkout", why, fix, step.span)
        self.notes.append("Another repository or commit was checked out here: clone it in the script.")

    # What it keeps and gives away.

    def _caches(self) -> list[Any]:
        listed = list(self.job.caches)
        if not self.own:
            listed += [step.work for step in self.job.steps if isinstance(step.work, Cache)]
            listed += [Cache(tool=tool) for tool in self._set_up_caches()]
        made = (write_place.cache(one, self.writing, self.job.id, self.variables) for one in listed)
        found: list[Any] = []
        for one in made:
            if one is not None and (self.own or one not in found):
                found.append(one)
        return found

    def _set_up_caches(self) -> list[str]:
        """Tools whose set-up component caches by itself."""
        found = []
        for step in self.job.steps:
            if isinstance(step.work, Use):
                inputs = {one.name: one.value for one in step.work.inputs}
                tool = inputs.get("cache")
                if tool == "true" or (tool is None and step.work.ref.name == "actions/setup-go"):
                    tool = "go" if step.work.ref.name == "actions/setup-go" else ""
                if isinstance(tool, str) and tool in write_place.TOOLS:
                    found.append(tool)
        return found

    def _artifacts(self, scripts: write_script.Scripts) -> Any:
        listed = [one for one in self.job.artifacts if one.direction == "up"]
        made: Data = {}
        if not self.own:
            uploads = [(step, step.work) for step in self.job.steps if isinstance(step.work, Artifact)]
            listed += [_as_step_says(step, rooted(work)) for step, work in uploads if work.direction == "up"]
            after = [(post.when, step.work) for post in self.job.post for step in post.steps]
            listed += [
                dataclasses.replace(rooted(work), when=when if when in {"success", "failure"} else "always")
                for when, work in after
                if isinstance(work, Artifact) and work.direction == "up"
            ]
        for one in listed:
            self._joined(made, write_place.artifact(one, self.writing, self.job.id), one)
        if "GITHUB_OUTPUT" in scripts.files and self.job.outputs:
            made.setdefault("reports", {})["dotenv"] = write_script.FILES["GITHUB_OUTPUT"]
            scripts.main += self._outputs()
        elif self.job.outputs and not self.own:
            why = "values go from job to job in a file of variables"
            fix = "write NAME=value lines to a file and give it as `artifacts:reports:dotenv`"
            self.writing.losses.manual(f"{self.job.id}: outputs", why, fix, self.job.span)
        return made

    def _joined(self, made: Data, more: Data, one: Artifact) -> None:
        """A job has one set of artifacts."""
        if made and one.name:
            why = "a GitLab job has one set of artifacts; those of several names are joined"
            self.writing.losses.approximated(f"{self.job.id}: artifact {shown(one.name)}", why, "", self.job.span)
        if made and made.get("when", "on_success") != more.get("when", "on_success"):
            made["when"] = more["when"] = "always"
        for key, value in more.items():
            known = made.get(key)
            if isinstance(known, list) and isinstance(value, list):
                made[key] = [*known, *(path for path in value if path not in known)]
            elif isinstance(known, dict) and isinstance(value, dict):
                made[key] = {**known, **value}
            elif known is None:
                made[key] = value

    def _outputs(self) -> list[str]:
        found = []
        for one in self.job.outputs:
            parts = one.value.parts if isinstance(one.value, Template) else ()
            inner = parts[0] if len(parts) == 1 else None
            if isinstance(inner, Ref) and inner.context == "step" and inner.path[-1] == one.name:
                continue
            value = self.writing.script(one.value, f"{self.job.id}: outputs.{one.name}", one.span)
            found.append(f'echo "{one.name}={value}" >> "$GITHUB_OUTPUT"')
        return found

    # What it does.

    def _work(self, scripts: write_script.Scripts) -> None:
        found = self.job
        if found.calls is not None:
            self._trigger()
            return
        if scripts.before:
            self.data["before_script"] = scripts.before
        if scripts.main:
            self.data["script"] = scripts.main
        elif not self.own:
            self.data["script"] = [Note(":", above="Nothing is left that a shell could do.")]
        if scripts.after:
            self.data["after_script"] = scripts.after

    def _trigger(self) -> None:
        calls = self.job.calls
        if calls is None:
            return
        inputs = {one.name: self.writing.text(one.value, one.name, one.span) for one in self.job.inputs}
        if not self.own:
            why = "another pipeline of the source system is called here"
            fix = "convert that file, too, and name the result here"
            self.writing.losses.manual(f"{self.job.id}: {calls.text}", why, fix, self.job.span)
            self.notes.append(f"Was: {calls.text}")
        if calls.pin is Pin.LOCAL or not self.own:
            entry: Any = {"local": calls.name or calls.text, **({"inputs": inputs} if inputs else {})}
            self.data["trigger"] = {"include": [entry] if inputs else calls.name or calls.text}
        elif calls.name or calls.version:
            made: Data = {"project": calls.name, **({"branch": calls.version} if calls.version else {})}
            made.update({"inputs": inputs} if inputs else {})
            plain = set(made) == {"project"} and not _has_native(self.job, "trigger")
            self.data["trigger"] = calls.name if plain else made

    def _other(self, step: Step) -> list[Any]:
        """What stands for a step that is no script."""
        work = step.work
        if isinstance(work, Opaque):
            self.writing.losses.opaque(
                f"{self.job.id}: {step.native or 'a step'}", "its meaning is not known", "write what it does", step.span
            )
            self.notes.append(f"Not converted:\n{work.text}")
        elif isinstance(work, Use) and not is_set_up(step):
            fix = "call the tool itself in the script"
            self.writing.losses.manual(
                f"{self.job.id}: {work.ref.text}", "GitLab runs no components of other systems", fix, step.span
            )
            inputs = ", ".join(f"{one.name}: {one.value}" for one in work.inputs if isinstance(one.value, str))
            self.notes.append(f"Not converted: {work.ref.text}{f' ({inputs})' if inputs else ''}")
        elif isinstance(work, Artifact) and work.direction == "down":
            if work.paths:
                named = ", ".join(shown(one) for one in work.paths)
                why = "GitLab fetches the artifacts of a job whole, where only some files were asked for"
                self.writing.losses.approximated(f"{self.job.id}: artifact files {named}", why, "", step.span)
            return self.order.moves(self.job, work)
        return []

    # What ends it.

    def _control(self) -> None:
        found = self.job
        if found.environment is not None:
            self.data["environment"] = write_place.environment(found.environment, self.writing)
        if found.concurrency is not None:
            self.data["resource_group"] = self.writing.text(
                found.concurrency.group, "concurrency", found.concurrency.span
            )
            if found.concurrency.cancel is not False:
                why = "GitLab lets the newer run wait; it does not end the older one"
                self.writing.losses.approximated(f"{found.id}: concurrency", why, "", found.concurrency.span)
        if found.timeout is not None:
            self.data["timeout"] = values.duration_text(found.timeout)
        self._retry()
        self._tolerance()
        if found.interruptible is not None:
            self.data["interruptible"] = found.interruptible
        if not self.own:
            self._step_limits()

    def _retry(self) -> None:
        retry = self.job.retry
        if retry is None:
            return
        attempts = retry.attempts
        if attempts > MAX_RETRIES and not self.own:
            why = f"GitLab tries a job at most {MAX_RETRIES} times again"
            self.writing.losses.approximated(f"{self.job.id}: retry", why, "", retry.span)
            attempts = MAX_RETRIES
        if retry.when and self.own:
            self.data["retry"] = {"max": attempts, "when": retry.when[0] if len(retry.when) == 1 else list(retry.when)}
        else:
            self.data["retry"] = attempts

    def _tolerance(self) -> None:
        tolerant = self.job.continue_on_error
        if isinstance(tolerant, Condition):
            why = "whether a failure counts cannot be computed"
            self.writing.losses.approximated(
                f"{self.job.id}: continue-on-error", why, "use rules with allow_failure", self.job.span
            )
            tolerant = True
        by_hand = self.own and self.job.manual and not self.job.rules
        if by_hand and tolerant is False:
            self.data["allow_failure"] = False
        elif tolerant and not by_hand:
            self.data["allow_failure"] = True

    def _step_limits(self) -> None:
        retries = 0
        for step in self.job.steps:
            if step.timeout is not None or step.idle_timeout is not None:
                limit = step.timeout or step.idle_timeout or timedelta()
                why = "only a whole job has a time limit" if step.timeout else "GitLab does not watch for silence"
                fix = f"put `timeout {int(limit.total_seconds())}` before the command"
                self.writing.losses.dropped(f"{self.job.id}: step timeout", why, fix, step.span)
            retries = max(retries, step.retry.attempts if step.retry else 0)
            self.writing.natives(step.natives, {}, "")
        if retries:
            why = "GitLab tries the whole job again, not one step"
            self.writing.losses.approximated(f"{self.job.id}: step retry", why, "", self.job.span)
            self.data.setdefault("retry", min(retries, MAX_RETRIES))
        if self.job.permissions is not None:
            why = "what the job's token may do is set for the project"
            self.writing.losses.dropped(
                f"{self.job.id}: permissions",
                why,
                "see Settings, CI/CD, Job token permissions",
                self.job.permissions.span,
            )


def set_by_gitlab(one: Variable, writing: Writing) -> bool:
    """Another system gave it the value that GitLab's variable of this name has anyway."""
    return not writing.own and one.name in predefined.VARIABLES and isinstance(one.value, Template)


def outside(one: Variable, writing: Writing) -> str:
    """The name of the variable outside the file that this one takes its value from, or ""."""
    parts = one.value.parts if isinstance(one.value, Template) else ()
    if writing.own or not any(isinstance(part, Ref) and part.context in {"secret", "var"} for part in parts):
        return ""
    name = ""
    for part in parts:
        if isinstance(part, Ref) and part.context in {"secret", "var"} and part.path:
            name = str(part.path[0])
            if name == "GITHUB_TOKEN":
                why = "GitLab's own token, $CI_JOB_TOKEN, opens other things than GitHub's"
                writing.losses.approximated(one.name, why, "check what it is used for", one.span)
    return name if len(parts) == 1 else ""


def found_text(text: Text) -> bool:
    """There is one."""
    return bool(text)


def _as_step_says(step: Step, work: Artifact) -> Artifact:
    status = write_script.status(step.condition)
    return dataclasses.replace(work, when=status) if status != "success" else work


def _only_pushes(condition: Condition | None) -> bool:
    """Said by the reader, not by the file."""
    return condition is not None and not condition.text and expressions.is_only_pushes(condition.expr)


def _has_native(found: Job, key: str) -> bool:
    return any(native.key.startswith(f"{found.id}.{key}") for native in found.natives)
