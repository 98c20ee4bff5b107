"""Which CI system a file belongs to, by its name and else by its first words. Called by `app.pipelines` where nobody says."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

NAMES: tuple[tuple[str, str], ...] = (
    ("*.github/workflows/*.yml", "github_actions"),
    ("*.github/workflows/*.yaml", "github_actions"),
    ("*action.yml", "github_actions"),
    ("*action.yaml", "github_actions"),
    ("*.gitlab-ci.yml", "gitlab_ci"),
    ("*.gitlab-ci.yaml", "gitlab_ci"),
    ("*.gitlab/*.yml", "gitlab_ci"),
    ("*Jenkinsfile*", "jenkins"),
    ("*.jenkinsfile", "jenkins"),
    ("*azure-pipelines*.yml", "azure_pipelines"),
    ("*azure-pipelines*.yaml", "azure_pipelines"),
    ("*.azure-pipelines/*.yml", "azure_pipelines"),
    ("*.azuredevops/*.yml", "azure_pipelines"),
    ("*.circleci/*.yml", "circleci"),
    ("*.circleci/*.yaml", "circleci"),
    ("*.teamcity/*.kts", "teamcity"),
    ("*.teamcity/*.kt", "teamcity"),
    ("*.teamcity/*.xml", "teamcity"),
    ("*project-config.xml", "teamcity"),
    ("*buildTypes/*.xml", "teamcity"),
    ("*.tekton/*.yml", "tekton"),
    ("*.tekton/*.yaml", "tekton"),
    ("*seaway.yaml", "seaway"),
)

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("tekton", re.compile(r"^apiVersion:\s*[\"']?(?:triggers\.)?tekton\.dev/", re.MULTILINE)),
    ("jenkins", re.compile(r"^\s*(?:pipeline\s*\{|node\s*(?:\(.*\))?\s*\{|@Library|#!groovy|#!/usr/bin/env groovy)", re.MULTILINE)),
    ("teamcity", re.compile(r"jetbrains\.buildServer|<(?:build-type|template|project)\s[^>]*(?:teamcity|xsi)", re.MULTILINE)),
    ("circleci", re.compile(r"^version:\s*[\"']?2(?:\.\d)?[\"']?\s*$", re.MULTILINE)),
    ("github_actions", re.compile(r"^(?:on|[\"']on[\"']):|^runs:\s*$", re.MULTILINE)),
    ("azure_pipelines", re.compile(r"^(?:trigger|pool|pr|extends|resources|schedules):|^\s*- (?:task|script|bash|pwsh):", re.MULTILINE)),
    ("gitlab_ci", re.compile(r"^\s+(?:script|extends|stage|trigger):|^(?:stages|include|workflow|default):", re.MULTILINE)),
)  # fmt: skip


def by_name(path: str) -> str:
    """The system whose files are called like this, or ""."""
    place = "/" + path.replace("\\", "/").lstrip("/")
    return next(
        (system for pattern, system in NAMES if fnmatchcase(place, f"*/{pattern.removeprefix('*')}")), ""
    ) or next((system for pattern, system in NAMES if fnmatchcase(place, pattern)), "")


def by_text(text: str) -> str:
    """The system whose language this looks like, or ""."""
    head = text[:65_536]
    return next((system for system, sign in _SIGNS if sign.search(head)), "")
