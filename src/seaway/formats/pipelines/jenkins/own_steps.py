"""Steps that a team wrote itself, `vars/deploy.groovy`, put where they are called. Called by `reader` when the files are there.

A step is put in only when all that it does is understood: else its call stays, with its text, as one thing that is not known.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from seaway.errors import ConfigError
from seaway.formats.groovy import nodes
from seaway.formats.groovy import read as read_groovy
from seaway.formats.pipelines.jenkins import constants
from seaway.formats.pipelines.jenkins.calls import Word, word
from seaway.formats.pipelines.jenkins.expressions import Scope
from seaway.formats.pipelines.jenkins.steps import Steps
from seaway.formats.pipelines.sources import Sources
from seaway.model.expression import both
from seaway.model.pipeline import Opaque, Pipeline, Post, Step

MAX_DEPTH = 5  # steps within steps
LARGEST = 100_000  # characters of one of them


@dataclass(slots=True)
class Own:
    """Where such steps are: in `vars/` of the repository, then in the libraries that the file loads and that were given."""

    sources: Sources
    libraries: tuple[str, ...]
    given: set[str] = field(default_factory=set)  # libraries in which a step was found

    def text(self, name: str) -> tuple[str, str] | None:
        """Text and path of the step of this name."""
        place = f"vars/{name}.groovy"
        found = self.sources.local(place)
        if found is not None:
            return found, place
        for library in self.libraries:
            found = self.sources.foreign(library, place)
            if found is not None:
                self.given.add(library)
                return found, f"{library}:{place}"
        return None

    def put_in(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline with every call of such a step replaced by what it does."""
        jobs = tuple(
            dataclasses.replace(job, steps=self.steps(job.steps), post=self._post(job.post)) for job in pipeline.jobs
        )
        return dataclasses.replace(pipeline, jobs=jobs, post=self._post(pipeline.post), index={})

    def _post(self, found: tuple[Post, ...]) -> tuple[Post, ...]:
        return tuple(dataclasses.replace(one, steps=self.steps(one.steps)) for one in found)

    def steps(self, found: tuple[Step, ...], around: tuple[str, ...] = ()) -> tuple[Step, ...]:
        """The steps, one or several for each. `around`: the steps that these are within; none is within itself."""
        return tuple(inner for step in found for inner in self._one(step, around))

    def _one(self, step: Step, around: tuple[str, ...]) -> tuple[Step, ...]:
        if not isinstance(step.work, Opaque) or not step.native.isidentifier() or len(around) >= MAX_DEPTH:
            return (step,)
        call = _call(step.work.text)
        given = self.text(call.name) if call is not None and call.body is None and call.name not in around else None
        if call is None or given is None or len(given[0]) > LARGEST:
            return (step,)
        inner = self.steps(_body(call, *given), (*around, call.name))
        if not inner or any(isinstance(one.work, Opaque) for one in inner):
            return (step,)
        return tuple(_within(one, step) for one in inner)


def _call(text: str) -> Word | None:
    body = read_groovy(text, "").body
    return word(body[0]) if len(body) == 1 else None


def _body(call: Word, text: str, path: str) -> tuple[Step, ...]:
    """What `def call(...) { }` does with these arguments."""
    try:
        script = read_groovy(text, path)
    except ConfigError:
        return ()
    method = next((one for one in script.body if isinstance(one, nodes.Method) and one.name == "call"), None)
    if method is None:
        return ()
    known = constants.of(script)
    known.values |= constants.arguments(call, method)
    steps = tuple(Steps(script, Scope(script.text, constants=known)).read(method.body))
    if constants.names(steps) & set(method.parameters):
        return ()
    return constants.without(steps, script, known)


def _within(inner: Step, outer: Step) -> Step:
    """With the blocks and the condition that stood around the call."""
    condition = inner.condition or outer.condition
    if inner.condition is not None and outer.condition is not None:
        condition = dataclasses.replace(
            outer.condition, expr=both(outer.condition.expr, inner.condition.expr) or outer.condition.expr, text=""
        )
    return dataclasses.replace(
        inner, condition=condition, natives=(*outer.natives, *inner.natives), env=(*outer.env, *inner.env)
    )
