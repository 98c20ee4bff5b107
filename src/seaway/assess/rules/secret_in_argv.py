"""SEC-46: a secret is printed, or given on a command line that every process of the machine can read. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from seaway.assess.aside import aside
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import CLOSE, OPEN, Case, Hit, Rule, Script, flat
from seaway.formats.infrastructure.dockerfile import Dockerfile, variables
from seaway.model.expression import refs
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System, Variable

_CALLED = (
    r"[A-Za-z_][A-Za-z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY)|PASSWORD|TOKEN|SECRET"
)
_ARGUMENT = re.compile(
    r"(?:[A-Za-z0-9_]*_)?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY)\Z", re.IGNORECASE
)
_SECRET = rf"(?:{OPEN}secret\.[^{CLOSE}]*{CLOSE}|\$\{{?(?P<name>{_CALLED})\}}?(?![A-Za-z0-9_]))"
_OPTION = re.compile(
    r"(?P<option>--(?:password|passwd|pass|token|api-key|apikey|secret|auth-token|access-token|client-secret|registry-password)"
    r"|(?:docker|podman|buildah|skopeo|helm\s+registry|oras|crane)\s+login\b[^\n|]*?\s-p)(?:\s+|=)[\"']?" + _SECRET
)
_BUILD_ARG = re.compile(r"--build-arg[\s=]+[\"']?\w+=[\"']?" + _SECRET)
_HEADER = re.compile(r"\bcurl\b[^\n]*(?:-H|--header|-u|--user)[\s=]*[\"']?[^\n\"']*?" + _SECRET)
_ECHO = re.compile(r"(?:^|[;&|]\s*)(?:echo|printf)\b(?P<rest>[^\n|>]*?)" + _SECRET + r"(?P<after>[^\n]*)", re.MULTILINE)
_TRACE = re.compile(r"(?:^|[;&]\s*)set\s+-[a-wyz]*x[a-z]*\b|(?:^|\s)(?:ba)?sh\s+-[a-wyz]*x", re.MULTILINE)
_QUIET = re.compile(r"(?:^|[;&]\s*)set\s+\+[a-z]*x", re.MULTILINE)
_USES = re.compile(_SECRET)
_NOT_SECRET = re.compile(r"(?:PUBLIC|PATH|FILE|NAME|URL|ID|COUNT|MAX)_|_(?:PATH|FILE|NAME|URL|ID)\Z")


def check(case: Case) -> list[Hit] | None:
    """Options, build arguments, `echo` and `set -x`; headers of curl for an auditor."""
    found = [hit for script in case.scripts for hit in _script(case, script)]
    used = any(OPEN + "secret." in script.text or _USES.search(script.text) for script in case.scripts)
    return found if found or used else None


def survey(estate: Estate) -> list[Hit] | None:
    """In Dockerfiles, an `ARG` that is called like a secret, or an `ENV` that keeps one; in a stage that is not shipped for an auditor."""
    rows = [
        (file, stage, one, name)
        for file in estate.all(Dockerfile)
        for stage in file.stages
        for one in stage.all("ARG", "ENV")
        for name, value, _ in variables(one)
        if _ARGUMENT.match(name) and not _NOT_SECRET.search(name) and (one.word == "ARG" or "$" in (value or ""))
    ]
    if not rows:
        return [] if estate.all(Dockerfile) else None
    found = []
    for file, stage, one, name in rows:
        stays = stage in file.last.line and not aside(file.path)
        words = (
            f"{one.word} {name} stays in the image's history and in the cache of builds: use RUN --mount=type=secret"
        )
        persona = Persona.REGULAR if stays else Persona.AUDITOR
        found.append(Hit(estate.within(one.span, name), words, (one.word, name), persona=persona))
    return found


def _script(case: Case, script: Script) -> Iterator[Hit]:
    secrets = _secrets(case, script)
    for line in script.lines:
        for pattern, judge in _LOOKS:
            for match in pattern.finditer(line):
                said = judge(match) if _is_secret(case, match["name"], secrets) else None
                if said is not None:
                    span = case.within(script.step.span, match[0], script.job)
                    persona = Persona.AUDITOR if judge is _header else Persona.REGULAR
                    yield Hit(span, said[1], (*script.place, said[0], _said(match)), persona=persona)
    yield from _traced(case, script, secrets)


def _traced(case: Case, script: Script, secrets: dict[str, bool]) -> Iterator[Hit]:
    traced = _TRACE.search(script.text)
    if traced is None or _QUIET.search(script.text):
        return
    used = next((one for one in _USES.finditer(script.text) if _is_secret(case, one["name"], secrets)), None)
    if used is not None:
        span = case.within(script.step.span, traced[0].strip(" ;&\n"), script.job)
        words = f"set -x prints each command with its values, {_said(used)} among them"
        yield Hit(span, words, (*script.place, "set -x", _said(used)))


# What is wrong with a match: (the kind of mistake, the words), or None for nothing.
Said: TypeAlias = tuple[str, str] | None


def _option(match: re.Match[str]) -> Said:
    option = match["option"].split()[-1]
    return option, f"{_said(match)} is given with {option} on the command line: hand it over on stdin or in a file"


def _build_arg(match: re.Match[str]) -> Said:
    words = "is a build argument, which stays in the image's history: use a build secret"
    return "--build-arg", f"{_said(match)} {words}"


def _echo(match: re.Match[str]) -> Said:
    words = "is printed: masking fails as soon as it is cut, encoded or joined"
    return ("echo", f"{_said(match)} {words}") if _is_printed(match) else None


def _header(match: re.Match[str]) -> Said:
    return "curl", f"{_said(match)} stands on curl's command line: hand it over with -H @file or --config"


_LOOKS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Said]], ...] = (
    (_OPTION, _option),
    (_BUILD_ARG, _build_arg),
    (_ECHO, _echo),
    (_HEADER, _header),
)


def _secrets(case: Case, script: Script) -> dict[str, bool]:
    """Names of variables that are known -> whether they hold a secret."""
    variables: list[Variable] = [
        *case.pipeline.variables,
        *(script.job.variables if script.job else ()),
        *script.step.env,
    ]
    found = {}
    for one in variables:
        computed = flat(one.value)
        found[one.name] = one.secret or any(ref.context == "secret" for ref in refs(one.value)) or "$" in computed
    return found


def _is_secret(case: Case, name: str | None, known: dict[str, bool]) -> bool:
    """A secret of the system, or a variable that holds one. What no file shows is judged by its name, where that is the way."""
    if name is None:
        return True
    if name in known:
        return known[name]
    if _NOT_SECRET.search(name):
        return False
    return case.system is not System.GITHUB_ACTIONS or name == "GITHUB_TOKEN"


def _is_printed(match: re.Match[str]) -> bool:
    """Neither handed to another command nor to a file, nor a request to mask it, nor only its length or a default asked."""
    after, rest = match["after"], match["rest"]
    return not (
        "|" in after or ">" in after or "add-mask" in rest or "setvariable" in rest or "<<<" in after or "$(" in rest
    )


def _said(match: re.Match[str]) -> str:
    if match["name"]:
        return f"${match['name']}"
    inner = re.search(f"{OPEN}(secret\\.[^{CLOSE}]*){CLOSE}", match[0])
    return inner[1] if inner else "a secret"


RULE = Rule(
    id="secret-in-argv",
    number="SEC-46",
    title="A secret is printed or stands on a command line",
    why="Command lines are seen by every process of the machine and land in logs; images keep their build arguments for ever.",
    advice="Hand it over on stdin (`--password-stdin`), in a file, or as a build secret (`--secret`).",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("risk"),
    effort="S",
    refs=("NIST SSDF PO.5.2", "OWASP CI/CD: CICD-SEC-6"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
    kinds=frozenset({Kind.DOCKERFILE}),
    survey=survey,
)
