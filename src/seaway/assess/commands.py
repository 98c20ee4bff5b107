"""What command lines do, as far as a rule has to know: install dependencies, test, deploy, read history. Asked by rules."""

from __future__ import annotations

import re

_BEGIN = r"(?:^|[;&|(]\s*|\b(?:then|do|else|sudo|exec|time|run)\s+)"
_STOP = r"(?=\s*(?:$|[;&|)\n#]|-))"

INSTALLS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("npm", re.compile(_BEGIN + r"npm\s+(?:ci|install|i)" + _STOP + r"(?!\s+(?:-g|--global))", re.MULTILINE)),
    ("yarn", re.compile(_BEGIN + r"yarn(?:\s+install)?" + _STOP + r"(?!\s+--version)", re.MULTILINE)),
    ("pnpm", re.compile(_BEGIN + r"pnpm\s+(?:install|i)" + _STOP + r"(?!\s+(?:-g|--global))", re.MULTILINE)),
    ("pip", re.compile(_BEGIN + r"(?:python3?\s+-m\s+)?pip3?\s+install\s+(?:[^\n;&|]*\s)?(?:-r|--requirement)\b", re.MULTILINE)),
    ("poetry", re.compile(_BEGIN + r"poetry\s+install\b", re.MULTILINE)),
    ("pipenv", re.compile(_BEGIN + r"pipenv\s+(?:install|sync)\b", re.MULTILINE)),
    ("bundler", re.compile(_BEGIN + r"bundle\s+install\b", re.MULTILINE)),
    ("composer", re.compile(_BEGIN + r"composer\s+install\b", re.MULTILINE)),
    ("maven", re.compile(_BEGIN + r"(?:\./)?mvnw?\s[^\n;&|]*\b(?:compile|test|package|verify|install|deploy)\b", re.MULTILINE)),
    ("gradle", re.compile(_BEGIN + r"(?:\./)?gradlew?\s[^\n;&|]*\b(?:build|test|check|assemble)\b", re.MULTILINE)),
    ("cargo", re.compile(_BEGIN + r"cargo\s+(?:build|test|clippy|check)\b", re.MULTILINE)),
    ("nuget", re.compile(_BEGIN + r"dotnet\s+restore\b", re.MULTILINE)),
)  # fmt: skip

TEST = re.compile(
    _BEGIN
    + r"(?:\S+=\S+\s+)*(?:(?:npm|pnpm|yarn)\s+(?:run\s+)?(?:test|lint|typecheck|e2e)\b|npx\s+(?:jest|vitest|mocha|eslint|playwright|cypress|tsc)\b"
    r"|(?:python3?\s+-m\s+|poetry\s+run\s+|uv\s+run\s+)?(?:pytest|tox|nox|unittest|mypy|ruff|flake8|pylint|bandit)\b"
    r"|go\s+(?:test|vet)\b|golangci-lint\b|cargo\s+(?:test|clippy)\b|(?:\./)?mvnw?\s[^\n;&|]*\b(?:test|verify|checkstyle:check|spotbugs:check|pmd:check)\b"
    r"|(?:\./)?gradlew?\s[^\n;&|]*\b(?:test|check)\b|make\s+(?:test|check|lint)\b|dotnet\s+test\b|bundle\s+exec\s+(?:rspec|rake\s+test|rubocop)\b"
    r"|rspec\b|phpunit\b|(?:\./)?vendor/bin/phpunit\b|jest\b|eslint\b|shellcheck\b|hadolint\b|ctest\b|bats\b)",
    re.MULTILINE,
)

DEPLOY = re.compile(
    _BEGIN
    + r"(?:\S+=\S+\s+)*(?:kubectl\s[^\n;&|]*\b(?:apply|set\s+image|rollout\s+restart)\b|helm\s[^\n;&|]*\b(?:upgrade|install)\b|helmfile\s[^\n;&|]*\b(?:apply|sync)\b"
    r"|terraform\s[^\n;&|]*\bapply\b|pulumi\s+up\b|ansible-playbook\b|aws\s+(?:ecs\s+update-service|lambda\s+update-function-code|cloudformation\s+deploy|deploy\s+create-deployment)\b"
    r"|gcloud\s+(?:beta\s+)?(?:run|app|functions)\s+deploy\b|az\s+(?:webapp|functionapp|containerapp)\s[^\n;&|]*\b(?:deploy|up|update)\b"
    r"|(?:serverless|sls|cdk|sam)\s+deploy\b|fly(?:ctl)?\s+deploy\b|kamal\s+(?:deploy|redeploy)\b|cap\s+\w+\s+deploy\b|firebase\s+deploy\b"
    r"|(?:vercel|netlify)\s[^\n;&|]*--prod\b)",
    re.MULTILINE,
)
_DRY = re.compile(r"--dry-run|--help\b|\blint\b|\btemplate\b|--diff\b|--check\b|helm\s+(?:plugin|repo|diff)\b")

HISTORY = re.compile(
    r"\bgit\s+(?:describe|log|rev-list|tag|diff|merge-base|blame|shortlog|show|cherry|push|merge|rebase|checkout|worktree|fetch|subtree|bisect|rev-parse\s+\S*[~^])"
    r"|semantic-release|git-?version|setuptools[_-]scm|versioneer|hatch|commitlint|git-?cliff|changelog|changeset|lerna|\bnx\b|turbo\b|--affected|affected\b"
    r"|gitleaks|trufflehog|sonar|goreleaser|release-please|standard-version|cz\s+(?:bump|check)|commitizen|danger\b|reviewdog|pre-commit|diff-cover|jgitver"
    r"|nbgv|dunamai|poetry-dynamic|mkdocs|python3?\s+-m\s+build|\bbuild\b.*--version|chromatic|--changedSince|--since\b|axion|ggshield|detect-secrets",
    re.IGNORECASE,
)  # fmt: skip


def deploys(script: str) -> bool:
    """One of its lines changes what runs somewhere; what only shows or checks does not."""
    return any(not _DRY.search(_line(script, match.start())) for match in DEPLOY.finditer(script))


def deploying(line: str) -> str:
    """The words by which one line changes what runs somewhere, or ""."""
    match = DEPLOY.search(line)
    return match[0].strip(" \t\n;&|(") if match is not None and not _DRY.search(line) else ""


def _line(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at + 1) + 1
    end = text.find("\n", max(at + 1, start))
    return text[start : end if end >= 0 else len(text)]
