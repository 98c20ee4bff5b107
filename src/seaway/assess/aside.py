"""Files beside what is shipped: examples, tests, documents, tools for developers. Asked by rules that survey a repository.

What is wrong there is rarely worth stopping for, so such findings are for an auditor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from seaway.assess.rule import Hit
from seaway.model.finding import Persona

_FOLDER = re.compile(
    r"(?:^|/)(?:\.devcontainer|_?examples?|samples?|demos?|docs?|documentation|tutorials?|tests?|testing|testdata|test-data|e2e|fixtures?|specs?"
    r"|bench(?:marks?)?|quick-?starts?|getting-started|codelabs?|integration(?:-tests?)?|playground|hack|contrib|kind|minikube|dev|devel|development|local|sandbox)(?:[-_.][^/]*)?/",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:^|[._/-])(?:dev|devel|develop|development|local|test|tests|testing|e2e|ci|example|sample|debug|kind)(?=[._-]|\Z)[^/]*\Z",
    re.IGNORECASE,
)

_PIPELINE = re.compile(
    r"(?:^|/)\.(?:github/workflows|circleci|tekton)/[^/]+\Z|\.gitlab-ci\.ya?ml\Z"
)  # where `ci` is what it is for


def persona(path: str) -> Persona:
    """Who is shown a finding in this file."""
    return Persona.AUDITOR if aside(path) else Persona.REGULAR


def aside(path: str) -> bool:
    """Whether a file is an example, a test, a document or for development only, by its name and folders."""
    return bool(_FOLDER.search(path) or (_NAME.search(path) and not _PIPELINE.search(path)))


def quietly(hits: Iterable[Hit]) -> list[Hit]:
    """The hits, those in files aside for an auditor."""
    return [replace(one, persona=Persona.AUDITOR) if aside(one.span.path) else one for one in hits]
