"""The sections that pipelines and stages share -> Groovy: agent, when, environment, options, input, post, and kept text."""

from __future__ import annotations

from datetime import timedelta

from seaway.formats.pipelines.jenkins import write_steps, write_when
from seaway.formats.pipelines.jenkins.page import Page
from seaway.formats.pipelines.jenkins.quoting import NAME, Unprintable, printed, quoted, value
from seaway.formats.pipelines.jenkins.write_known import parameter
from seaway.formats.pipelines.jenkins.write_steps import limit, secret_of
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Condition, Expr, Template, Text
from seaway.model.pipeline import Image, Job, Native, Post, Retry, Variable

_OPTIONS = "options."


def title(text: str) -> str:
    """A name in quotes."""
    return quoted(text.replace("\n", " "))


def plain(text: Text) -> str:
    """A value where Jenkins wants a constant."""
    try:
        return value(text)
    except Unprintable:
        return "''"


def agent(job: Job, page: Page, losses: Losses) -> None:
    """`agent ...` of the job."""
    whole = next((one.text for one in job.natives if one.key == "agent"), "")
    if whole == "none":
        page.line("agent none")
        return
    if whole:
        page.line(whole)
        return
    if job.container is not None:
        _docker(job, job.container, page, losses)
        return
    label = _label(job, losses)
    inner = [one.text for one in job.natives if one.key.startswith("agent.node.")]
    if inner:
        with page.block("agent"), page.block("node"):
            page.line(f"label {label or quoted('')}")
            for text in inner:
                page.line(text)
    elif label:
        page.line(f"agent {{ label {label} }}")
    else:
        page.line("agent any")


def _label(job: Job, losses: Losses) -> str:
    labels = job.runner.labels
    if not labels:
        return ""
    if all(isinstance(one, str) for one in labels):
        return quoted(" && ".join(str(one) for one in labels))
    try:
        return value(joined(list(labels), " && "))
    except Unprintable as why:
        losses.dropped(
            "runner", f"Jenkins has no word for {why}", "choose an agent by hand", job.runner.span or job.span
        )
        return ""


def joined(texts: list[Text], between: str) -> Text:
    """Texts as one."""
    parts: list[str | Expr] = []
    for index, one in enumerate(texts):
        pieces = [between] if index else []
        for piece in [*pieces, *(one.parts if isinstance(one, Template) else (one,))]:
            if isinstance(piece, str) and parts and isinstance(parts[-1], str):
                parts[-1] += piece
            else:
                parts.append(piece)
    return "".join(map(str, parts)) if all(isinstance(one, str) for one in parts) else Template(tuple(parts))


def _docker(job: Job, image: Image, page: Page, losses: Losses) -> None:
    try:
        name = value(image.name)
    except Unprintable as why:
        losses.dropped("container", f"Jenkins has no word for {why}", "name the image by hand", image.span or job.span)
        page.line("agent any")
        return
    label = _label(job, losses)
    if not label and not image.options and not image.natives:
        page.line(f"agent {{ docker {name} }}")
        return
    with page.block("agent"), page.block("docker"):
        page.line(f"image {name}")
        if image.options:
            page.line(f"args {quoted(image.options)}")
        if label:
            page.line(f"label {label}")
        for native in image.natives:
            page.line(native.text)


def condition(asked: Condition | None, natives: tuple[Native, ...], page: Page, losses: Losses) -> None:
    """`when { }`."""
    before = [one.key.removeprefix("when.") for one in natives if one.key.startswith("when.")]
    if asked is None:
        return
    inner = Page()
    inner.depth = page.depth + 1
    try:
        write_when.write(asked.expr, inner)
    except Unprintable as why:
        text = asked.text or str(why)
        page.note(f"It ran only under a condition that Jenkins cannot ask: {text}")
        losses.dropped("condition", f"Jenkins has no word for {why}", "write a `when` by hand", asked.span)
        return
    with page.block("when"):
        for word in before:
            page.line(f"{word} true")
        page.lines += inner.lines


def environment(variables: tuple[Variable, ...], page: Page, losses: Losses, natives: tuple[Native, ...] = ()) -> None:
    """`environment { }`."""
    lines = [line for variable in variables if (line := _variable(variable, losses))]
    lines += [one.text for one in natives if one.key == "environment"]
    if lines:
        with page.block("environment"):
            for text in lines:
                page.line(text)


def _variable(variable: Variable, losses: Losses) -> str:
    if not NAME.fullmatch(variable.name):
        losses.dropped(
            f"variable {variable.name}", "Jenkins wants names of letters, digits and _", "rename it", variable.span
        )
        return ""
    identity = secret_of(variable)
    if identity is not None:
        return f"{variable.name} = credentials({quoted(identity)})"
    try:
        return f"{variable.name} = {_text(variable.value)}"
    except Unprintable as why:
        losses.dropped(f"variable {variable.name}", f"Jenkins has no word for {why}", "set it by hand", variable.span)
        return ""


def _text(text: Text) -> str:
    """A value of the environment: Jenkins wants text, so one expression alone stands in quotes, unless it is a call."""
    if isinstance(text, Template) and len(text.parts) == 1 and not isinstance(text.parts[0], str):
        alone = printed(text.parts[0])
        # Groovy's operators stand in a text only: a declarative pipeline takes texts and calls.
        return f'"${{{alone}}}"' if "(" not in alone or alone.startswith("(") else alone
    return value(text)


def options(job: Job, page: Page, losses: Losses, *, skip: bool) -> None:
    """`options { }` of a stage."""
    lines = limits(job.timeout, job.retry)
    if job.concurrency is not None:
        try:
            lines.append(f"lock(resource: {value(job.concurrency.group)})")
        except Unprintable as why:
            losses.dropped("concurrency", f"Jenkins has no word for {why}", "add a lock by hand", job.concurrency.span)
    if skip:
        lines.append("skipDefaultCheckout()")
    lines += [one.text for one in job.natives if one.key.startswith(_OPTIONS)]
    if lines:
        with page.block("options"):
            for text in lines:
                page.line(text)


def limits(timeout: timedelta | None, retry: Retry | None) -> list[str]:
    """What `options` says of time and of trying again."""
    found = [f"timeout({limit(timeout)})"] if timeout is not None else []
    return [*found, f"retry({retry.attempts + 1})"] if retry is not None else found


def stage_input(job: Job, page: Page, losses: Losses) -> None:
    """`input { }` before the stage takes its agent."""
    whole = next((one.text for one in job.natives if one.key == "input"), "")
    if whole:
        page.line(whole)
        return
    if job.approval is None:
        return
    try:
        message = value(job.approval.instructions or f"Go on with {job.id}?")
    except Unprintable as why:
        losses.approximated("approval", f"Jenkins has no word for {why}", "write the message by hand", job.span)
        message = quoted(f"Go on with {job.id}?")
    with page.block("input"):
        page.line(f"message {message}")
        if job.approval.who:
            page.line(f"submitter {quoted(','.join(job.approval.who))}")
        for native in job.natives:
            if native.key.startswith("input."):
                page.line(native.text)
        if job.approval.inputs:
            with page.block("parameters"):
                for one in job.approval.inputs:
                    page.line(parameter(one))


def stage_natives(natives: tuple[Native, ...], page: Page) -> None:
    """Sections that the model keeps as text."""
    tools(natives, page)
    for native in natives:
        if native.key == "failFast":
            page.line("failFast true")
        elif native.key == "stage":
            page.line(native.text)


def group_options(natives: tuple[Native, ...], page: Page) -> None:
    """`options { }` of a stage around others, and its input."""
    lines = [one.text for one in natives if one.key.startswith(_OPTIONS)]
    if lines:
        with page.block("options"):
            for text in lines:
                page.line(text)
    for native in natives:
        if native.key == "input":
            page.line(native.text)


def tools(natives: tuple[Native, ...], page: Page) -> None:
    """`tools { }`."""
    lines = [one.text for one in natives if one.key.startswith("tools.")]
    if lines:
        with page.block("tools"):
            for text in lines:
                page.line(text)


def post(found: tuple[Post, ...], page: Page, losses: Losses) -> None:
    """`post { }`."""
    kept = [one for one in found if one.steps]
    if not kept:
        return
    with page.block("post"):
        for one in kept:
            with page.block(one.when):
                write_steps.write(one.steps, page, losses)
