"""One step whose meaning the model has -> the call that does it. The other half of `known_steps`."""

from __future__ import annotations

import re
from collections.abc import Hashable

from seaway.formats.pipelines.jenkins.expressions import joined
from seaway.formats.pipelines.jenkins.quoting import Unprintable, gstring, quoted, value
from seaway.formats.pipelines.jenkins.scripts import SHEBANGS, SHELLS
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Expr, Template, Text
from seaway.model.pipeline import Approval, Artifact, Cache, Checkout, Parameter, Run, Step, Use, Work

_CALLS = {shell: name for name, shell in SHELLS.items()}
_SAID = {"echo": ('echo "', '"'), "println": ('echo "', '"'), "error": ('echo "', '" >&2\nexit 1')}
_KINDS = {"string": "string", "boolean": "booleanParam", "choice": "choice", "number": "string"}


def call(step: Step, pad: str, losses: Losses, mark: Hashable) -> list[str]:
    """The lines of the step; comments among them for what is lost."""
    work = step.work
    try:
        found = _printed(step, work, pad)
        if found is not None:
            return [_with_more(found, step)]
    except Unprintable as why:
        losses.opaque(f"a {work.kind} step", f"Jenkins has no word for {why}", "write it by hand", step.span, mark)
        return [*_commented(str(why), work), "echo 'A step is missing here'"]
    if isinstance(work, Use) and step.native == "build":
        return [f"build job: {quoted(work.ref.name)}"]
    if isinstance(work, Cache):
        return ["echo 'Nothing is cached here'"]
    return ["echo 'A step is missing here'"]


_FIRST = {"archiveArtifacts": "artifacts", "junit": "testResults", "input": "message", "git": "url", "stash": "name"}
_NAMED = re.compile(r"[A-Za-z]\w*: ")


def _with_more(found: str, step: Step) -> str:
    """With the arguments that are kept as text, which want the first one to have its name too."""
    more = [one.text for one in step.natives if one.key.startswith(f"{step.native}.")]
    if not more:
        return found
    name, _, rest = found.partition(" ")
    if not _NAMED.match(rest):
        rest = f"{_FIRST.get(step.native, 'script')}: {rest}"
    return f"{name} {', '.join([rest, *more])}"


def lacks(step: Step) -> str:
    """What the step needs and Jenkins has no word for, or ""."""
    try:
        _printed(step, step.work, "")
    except Unprintable as why:
        return str(why)
    return ""


def _printed(step: Step, work: Work, pad: str) -> str | None:
    if isinstance(work, Run):
        return _run(step, work, pad)
    if isinstance(work, Checkout):
        return _checkout(work, step.native)
    if isinstance(work, Artifact):
        return _artifact(work)
    if isinstance(work, Approval):
        return f"input {_approval(work)}"
    return None


def _commented(why: str, work: Work) -> list[str]:
    script = work.script if isinstance(work, Run) else ""
    flat = (
        script
        if isinstance(script, str)
        else "".join(part if isinstance(part, str) else "<?>" for part in script.parts)
    )
    return [f"// Jenkins has no word for {why}:", *(f"//   {line}".rstrip() for line in flat.splitlines())]


def _run(step: Step, work: Run, pad: str) -> str:
    said = _spoken(step, work)
    if said is not None:
        return said
    name = _CALLS.get(work.shell, "sh")
    script = work.script
    line = SHEBANGS.get(work.shell) if name == "sh" else None
    if line is None and name == "sh" and work.shell not in {"", "sh"}:
        line = f"#!/usr/bin/env {work.shell}\n"
    if line:
        script = line + script if isinstance(script, str) else Template((line, *script.parts))
    if step.name:
        return f"{name} label: {quoted(step.name)}, script: {value(script, pad)}"
    return f"{name} {_argument(script, pad)}"


def _argument(text: Text, pad: str) -> str:
    if isinstance(text, Template) and len(text.parts) == 1:
        return gstring(text, pad)
    return value(text, pad)


def _spoken(step: Step, work: Run) -> str | None:
    """`echo` and its like, from the command that says the same."""
    if step.native == "sleep" and isinstance(work.script, str) and (found := re.fullmatch(r"sleep (\d+)", work.script)):
        return f"sleep {found[1]}"
    ends = _SAID.get(step.native)
    if ends is None:
        return None
    head, tail = ends
    parts = list(work.script.parts) if isinstance(work.script, Template) else [work.script]
    if not isinstance(parts[0], str) or not parts[0].startswith(head):
        return None
    parts[0] = parts[0][len(head) :]
    last = parts[-1]
    if not isinstance(last, str) or not last.endswith(tail):
        return None
    parts[-1] = last[: len(last) - len(tail)]
    plain = [re.sub(r'\\([\\"$`])', r"\1", part) if isinstance(part, str) else part for part in parts]
    kept = tuple(part for part in plain if part != "")
    if all(isinstance(part, str) for part in kept):
        return f"{step.native} {quoted(''.join(str(part) for part in kept))}"
    return f"{step.native} {_argument(Template(kept), '')}"


def _checkout(work: Checkout, native: str) -> str:
    if native == "git" or is_plain_clone(work):
        branch = f", branch: {value(work.ref)}" if work.ref else ""
        return f"git url: {value(work.repository)}{branch}"
    if not work.ref and not work.repository and not _special(work):
        return "checkout scm"
    branches = f"[[name: {value(work.ref)}]]" if work.ref else "scm.branches"
    remotes = f"[[url: {value(work.repository)}]]" if work.repository else "scm.userRemoteConfigs"
    return f"checkout scmGit(branches: {branches}, extensions: [{', '.join(_extensions(work))}], userRemoteConfigs: {remotes})"


def is_plain_clone(work: Checkout) -> bool:
    """Another repository with nothing but a branch: `git` does it."""
    return bool(work.repository) and not _special(work)


def _special(work: Checkout) -> bool:
    return bool(work.depth or work.submodules or work.lfs or work.path)


def _extensions(work: Checkout) -> list[str]:
    found = []
    if work.depth:
        found.append(f"cloneOption(depth: {work.depth}, shallow: true)")
    if work.submodules:
        recursive = "true" if work.submodules == "recursive" else "false"
        found.append(f"submodule(recursiveSubmodules: {recursive})")
    if work.lfs:
        found.append("lfs()")
    if work.path:
        found.append(f"[$class: 'RelativeTargetDirectory', relativeTargetDir: {value(work.path)}]")
    return found


def _joined(texts: tuple[Text, ...]) -> Text:
    parts: list[str | Expr] = []
    for index, text in enumerate(texts):
        parts += [", "] if index else []
        parts += text.parts if isinstance(text, Template) else [text]
    return joined(parts)


def _artifact(work: Artifact) -> str:
    if work.reports and not work.paths:
        return f"junit {quoted(', '.join(path for _, path in work.reports))}"
    excludes = f", excludes: {value(_joined(work.exclude))}" if work.exclude else ""
    if work.direction == "down":
        return f"unstash {value(work.name)}"
    if work.layer:
        includes = f", includes: {value(_joined(work.paths))}" if work.paths else ""
        return f"stash name: {value(work.name)}{includes}{excludes}"
    if excludes:
        return f"archiveArtifacts artifacts: {value(_joined(work.paths))}{excludes}"
    return f"archiveArtifacts {_argument(_joined(work.paths), '')}"


def _approval(work: Approval) -> str:
    found = f"message: {value(work.instructions or 'Go on?')}"
    if work.who:
        found += f", submitter: {quoted(','.join(work.who))}"
    if work.inputs:
        found += f", parameters: [{', '.join(parameter(one) for one in work.inputs)}]"
    return found


def parameter(one: Parameter) -> str:
    """`string(name: 'A', defaultValue: 'b')`."""
    kind = "choice" if one.options else _KINDS.get(one.type, "string")
    words = [f"name: {quoted(one.name)}"]
    if kind == "choice":
        options = list(one.options)
        if one.default in options:
            options.remove(one.default)
            options.insert(0, one.default)
        words.append(f"choices: [{', '.join(quoted(option) for option in options)}]")
    elif one.default is not None:
        plain = one.default in {"true", "false"} and kind == "booleanParam"
        words.append(f"defaultValue: {one.default if plain else quoted(one.default)}")
    if one.description:
        words.append(f"description: {quoted(one.description)}")
    return f"{kind}({', '.join(words)})"
