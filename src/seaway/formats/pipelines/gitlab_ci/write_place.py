"""Images, matrices, caches and artifacts -> GitLab's words. Called by `write_job`."""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.expand import combinations
from seaway.formats.pipelines.gitlab_ci import place, values
from seaway.formats.pipelines.gitlab_ci.writing import Data, Writing
from seaway.formats.yaml.emit import Flow
from seaway.model.expression import Call, Ref, Template
from seaway.model.pipeline import Artifact, Cache, DeployTarget, Image, Job, Matrix, Row

MAX_KEY_FILES = 2  # in a cache key, GitLab's limit
MAX_ROWS = 200
_POLICIES = {action: word for word, action in place.POLICIES.items()}
WHENS = {when: word for word, when in place.WHENS.items()}

# What a set-up component that caches by itself keeps: lock files, folder in the project, the variable that moves it there.
TOOLS = {
    "npm": (("package-lock.json",), ".npm", ("npm_config_cache", "$CI_PROJECT_DIR/.npm")),
    "yarn": (("yarn.lock",), ".yarn-cache", ("YARN_CACHE_FOLDER", "$CI_PROJECT_DIR/.yarn-cache")),
    "pnpm": (("pnpm-lock.yaml",), ".pnpm-store", ("npm_config_store_dir", "$CI_PROJECT_DIR/.pnpm-store")),
    "pip": (("requirements.txt",), ".cache/pip", ("PIP_CACHE_DIR", "$CI_PROJECT_DIR/.cache/pip")),
    "maven": (("pom.xml",), ".m2/repository", ("MAVEN_OPTS", "-Dmaven.repo.local=$CI_PROJECT_DIR/.m2/repository")),
    "gradle": (
        ("gradle/wrapper/gradle-wrapper.properties",),
        ".gradle",
        ("GRADLE_USER_HOME", "$CI_PROJECT_DIR/.gradle"),
    ),
    "go": (("go.sum",), ".go/pkg/mod", ("GOMODCACHE", "$CI_PROJECT_DIR/.go/pkg/mod")),
    "cargo": (("Cargo.lock",), ".cargo", ("CARGO_HOME", "$CI_PROJECT_DIR/.cargo")),
    "bundler": (("Gemfile.lock",), "vendor/ruby", ("BUNDLE_PATH", "vendor/ruby")),
}
_HOMES = {"~/.npm": "npm", "~/.cache/pip": "pip", "~/.m2/repository": "maven", "~/.m2": "maven", "~/.gradle": "gradle",
          "~/.cargo": "cargo", "~/go/pkg/mod": "go", "~/.gradle/caches": "gradle"}  # fmt: skip


def image(found: Image, writing: Writing, key: str) -> Any:
    """A name, or a mapping where there is more to say."""
    made: Data = {"name": writing.text(found.name, key, found.span)}
    if found.alias:
        made["alias"] = found.alias
    for name, words in (("entrypoint", found.entrypoint), ("command", found.command)):
        if words is not None:
            made[name] = Flow(list(words))
    if found.env and key == "services":
        made["variables"] = {one.name: writing.text(one.value, one.name, one.span) for one in found.env}
    if found.options:
        why = "options of the container engine are the runner's business"
        writing.losses.dropped(f"{key}.options", why, "set them in the runner's configuration", found.span)
    if found.ports:
        why = "a service is reached under its own name, not on a port of this machine"
        host = found.alias or "its name"
        writing.losses.approximated(f"{key}.ports", why, f"connect to `{host}` instead of `localhost`", found.span)
    writing.natives(found.natives, made, f"{key}.")
    return made["name"] if set(made) == {"name"} else made


def environment(target: DeployTarget, writing: Writing) -> Any:
    """A name, or a mapping where there is more to say."""
    made: Data = {"name": writing.text(target.name, "environment.name", target.span)}
    if target.url:
        made["url"] = writing.text(target.url, "environment.url", target.span)
    if target.action:
        made["action"] = target.action
    if target.tier:
        made["deployment_tier"] = target.tier
    writing.natives(target.natives, made, "environment.")
    return made["name"] if set(made) == {"name"} else made


def matrix(job: Job, writing: Writing) -> Any:
    """`parallel:matrix`, or None where the combinations are known only when it runs."""
    found = job.matrix
    if found is None:
        return None
    if found.computed or any(axis.computed for axis in found.axes):
        if writing.own:
            return values.opened(found.computed)[1]
        why = "GitLab must know the combinations before anything runs"
        writing.losses.dropped(f"{job.id}: matrix", why, "list them, or make a child pipeline", found.span)
        return None
    _limits(job, found, writing)
    if found.axes and not (found.include or found.exclude or found.named):
        axes = {
            writing.axis(axis.name): Flow([writing.text(value, axis.name, found.span) for value in axis.values])
            for axis in found.axes
        }
        return {"matrix": [axes]}
    rows = [*combinations(found), *(row for _, row in found.named)]
    if len(rows) > MAX_ROWS:
        why = f"GitLab makes at most {MAX_ROWS} jobs of one matrix"
        writing.losses.dropped(f"{job.id}: matrix", why, "divide it among several jobs", found.span)
    return {"matrix": [_row(row, writing) for row in rows[:MAX_ROWS]]}


def _row(row: Row, writing: Writing) -> Data:
    return {writing.axis(name): writing.text(value, name) for name, value in row}


def _limits(job: Job, found: Matrix, writing: Writing) -> None:
    if found.max_parallel:
        why = "GitLab does not limit how many jobs of a matrix run at once"
        writing.losses.dropped(
            f"{job.id}: max-parallel", why, "give them one `resource_group`, or fewer runners", found.span
        )
    if not writing.own and found.fail_fast is not False and job.matrix is not None:
        why = "when one combination fails, the others go on"
        writing.losses.approximated(f"{job.id}: fail-fast", why, "", found.span)


def cache(found: Cache, writing: Writing, job: str, variables: Data) -> Data | None:
    """One entry of `cache`. What lies outside the project is moved into it by a variable, where the tool has one."""
    files, paths = list(found.files), [writing.text(path, f"{job}: cache", None) for path in found.paths]
    if not writing.own:
        files, paths = _project_files(found, files, paths, writing, job=job, variables=variables)
        if not paths:
            writing.losses.dropped(
                f"{job}: cache", "nothing of it lies in the project", "cache what the tool keeps there"
            )
            return None
    made: Data = {}
    key = _key(found, writing, job)
    if files:
        made["key"] = {"files": Flow(files), **({"prefix": key} if key else {})}
    elif key:
        made["key"] = key
    if paths:
        made["paths"] = paths
    fallbacks = [writing.text(text, f"{job}: cache", None) for text in found.fallbacks]
    if fallbacks and not (files and not writing.own):
        made["fallback_keys"] = fallbacks
    if found.action != "both":
        made["policy"] = _POLICIES[found.action]
    if found.when != "success":
        made["when"] = WHENS.get(found.when, "on_success")
    return made


def _project_files(
    found: Cache, files: list[str], paths: list[str], writing: Writing, *, job: str, variables: Data
) -> tuple[list[str], list[str]]:
    """Lock files by name, and paths in the project."""
    paths = _inside(paths, writing, job, variables)
    if found.tool in TOOLS:
        lock, folder, (name, value) = TOOLS[found.tool]
        files, paths = files or list(lock), [folder]
        variables.setdefault(name, value)
    if len(files) > MAX_KEY_FILES or any("*" in name for name in files):
        why = "GitLab's cache key takes at most two files, by name"
        writing.losses.approximated(f"{job}: cache key", why, "choose the files that say most")
        files = [name.replace("**/", "") for name in files[:MAX_KEY_FILES]]
    return files, paths


def _key(found: Cache, writing: Writing, job: str) -> str:
    """The key without the hash of files, which GitLab computes itself."""
    if writing.own or isinstance(found.key, str):
        return writing.text(found.key, f"{job}: cache key", None)
    parts: list[Any] = []
    for part in found.key.parts:
        if isinstance(part, Call) and part.name == "hash_files" and found.files:
            continue
        if isinstance(part, Ref) and part.context == "runner":
            continue
        parts.append(part)
    text = writing.text(Template(tuple(parts)), f"{job}: cache key", None)
    return text.strip("-_ ")


def _inside(paths: list[str], writing: Writing, job: str, variables: Data) -> list[str]:
    found = []
    for path in paths:
        tool = _HOMES.get(path.rstrip("/"))
        if tool:
            _, folder, (name, value) = TOOLS[tool]
            variables.setdefault(name, value)
            found.append(folder)
        elif path.startswith(("~", "/", "..")):
            why = f"`{path}` lies outside the project, where GitLab caches nothing"
            writing.losses.dropped(f"{job}: cache", why, "make the tool keep its files in the project")
        else:
            found.append(path)
    return found


def artifact(found: Artifact, writing: Writing, job: str) -> Data:
    """`artifacts`."""
    made: Data = {}
    if found.name:
        made["name"] = writing.text(found.name, f"{job}: artifact", None)
    for key, paths in (("paths", found.paths), ("exclude", found.exclude)):
        if paths:
            made[key] = [writing.text(path, f"{job}: artifact", None) for path in paths]
    if found.expires is not None:
        made["expire_in"] = values.duration_text(found.expires)
    if found.when != "success":
        made["when"] = WHENS.get(found.when, "on_success")
    reports: Data = {}
    for kind, path in found.reports:
        if kind in place.COVERAGES:
            reports["coverage_report"] = {"coverage_format": kind, "path": path}
        else:
            reports.setdefault(kind, []).append(path)
    if reports:
        made["reports"] = {
            kind: listed[0] if isinstance(listed, list) and len(listed) == 1 else listed
            for kind, listed in reports.items()
        }
    return made
