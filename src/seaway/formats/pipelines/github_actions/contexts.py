"""What GitHub's contexts and functions mean, in the neutral words of `model.expression`, and back. Called by `expressions`.

Where GitHub has several spellings of one meaning, all are read and one is written: `github.ref == 'refs/heads/main'`,
`github.ref_name == 'main'` are both "the branch is main".
"""

from __future__ import annotations

from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Unary

HEADS = "refs/heads/"
TAGS = "refs/tags/"

# Neutral name -> how GitHub says it. The first spelling of a meaning is the one that is written.
_NAMES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("git", "ref_name"), "github.ref_name"),
    (("git", "ref"), "github.ref"),
    (("git", "sha"), "github.sha"),
    (("git", "repository"), "github.repository"),
    (("git", "default_branch"), "github.event.repository.default_branch"),
    (("git", "message"), "github.event.head_commit.message"),
    (("event", "kind"), "github.event_name"),
    (("event", "source_branch"), "github.head_ref"),
    (("event", "source_branch"), "github.event.pull_request.head.ref"),
    (("event", "target_branch"), "github.base_ref"),
    (("event", "target_branch"), "github.event.pull_request.base.ref"),
    (("event", "number"), "github.event.pull_request.number"),
    (("event", "number"), "github.event.number"),
    (("event", "title"), "github.event.pull_request.title"),
    (("event", "actor"), "github.actor"),
    (("event", "cron"), "github.event.schedule"),
    (("run", "id"), "github.run_id"),
    (("run", "number"), "github.run_number"),
    (("run", "attempt"), "github.run_attempt"),
    (("run", "workspace"), "github.workspace"),
    (("run", "job"), "github.job"),
    (("runner", "os"), "runner.os"),
    (("runner", "arch"), "runner.arch"),
    (("runner", "temp"), "runner.temp"),
)
_READ = {tuple(text.split(".")): neutral for neutral, text in _NAMES}
_WRITTEN = {neutral: tuple(text.split(".")) for neutral, text in reversed(_NAMES)}
_OPEN = {"env": "env", "vars": "var", "secrets": "secret", "inputs": "input", "matrix": "matrix"}  # context -> neutral
_CLOSED = {neutral: name for name, neutral in _OPEN.items()}

FUNCTIONS = {
    "startswith": "starts_with",
    "endswith": "ends_with",
    "tojson": "to_json",
    "fromjson": "from_json",
    "hashfiles": "hash_files",
    **{name: name for name in ("success", "failure", "always", "cancelled", "contains", "format", "join")},
}
SPELLINGS = {
    "starts_with": "startsWith",
    "ends_with": "endsWith",
    "to_json": "toJSON",
    "from_json": "fromJSON",
    "hash_files": "hashFiles",
}

# `github.event_name` -> the neutral kind of event.
EVENTS = {
    "workflow_dispatch": "manual",
    "repository_dispatch": "api",
    "workflow_run": "upstream",
    "issue_comment": "comment",
    "merge_group": "merge_queue",
}
EVENT_NAMES = {kind: name for name, kind in EVENTS.items()}


def reference(path: tuple[str | Expr, ...]) -> Ref:
    """`("github", "sha")` -> Ref("git", ("sha",)); what has no neutral name stays as it is, in the context `native`."""
    head = path[0]
    if not isinstance(head, str):
        return Ref("native", path)
    known = _READ.get(path)  # type: ignore[arg-type]
    if known is not None:
        return Ref(known[0], known[1:])
    if head in _OPEN and len(path) > 1:
        return Ref(_OPEN[head], path[1:])
    if path[:3] == ("github", "event", "inputs") and len(path) == 4:
        return Ref("input", path[3:])
    if head == "steps" and len(path) == 4 and path[2] == "outputs":
        return Ref("step", (path[1], "output", path[3]))
    if head == "steps" and len(path) == 3 and path[2] == "outcome":
        return Ref("step", (path[1], "outcome"))
    if head in {"needs", "jobs"} and len(path) == 4 and path[2] == "outputs":
        return Ref("job", (path[1], "output", path[3]))
    if head == "needs" and len(path) == 3 and path[2] == "result":
        return Ref("job", (path[1], "result"))
    return Ref("native", path)


def path_of(ref: Ref) -> tuple[str | Expr, ...] | None:
    """The way back: the parts of GitHub's name, or None where GitHub has no such value."""
    path = ref.path
    if ref.context == "native":
        return path or None
    if ref.context in _CLOSED:
        return (_CLOSED[ref.context], *path)
    if ref.context == "step" and len(path) == 3 and path[1] == "output":
        return ("steps", path[0], "outputs", path[2])
    if ref.context == "step" and len(path) == 2 and path[1] == "outcome":
        return ("steps", path[0], "outcome")
    if ref.context == "job" and len(path) == 3 and path[1] == "output":
        return ("needs", path[0], "outputs", path[2])
    if ref.context == "job" and len(path) == 2 and path[1] == "result":
        return ("needs", path[0], "result")
    if ref in (TAG, BRANCH):
        return ("github", "ref_name")
    return _WRITTEN.get((ref.context, *path))  # type: ignore[arg-type]


BRANCH = Ref("git", ("branch",))
TAG = Ref("git", ("tag",))
REF = Ref("git", ("ref",))
REF_NAME = Ref("git", ("ref_name",))  # of the branch or tag
KIND = Ref("event", ("kind",))
REF_TYPE = Ref("native", ("github", "ref_type"))
IS_TAG = Binary("!=", TAG, Literal(""))
NO_TAG = Binary("==", TAG, Literal(""))
ON_BRANCH = Binary("!=", BRANCH, Literal(""))
NO_BRANCH = Binary("==", BRANCH, Literal(""))


def meant(expr: Expr) -> Expr:
    """One operator or function, just read, in neutral words: comparisons of refs become those of branches and tags."""
    if isinstance(expr, Binary) and expr.op in {"==", "!="}:
        return _compared(expr)
    if isinstance(expr, Call) and expr.name == "starts_with" and len(expr.args) == 2 and expr.args[0] == REF_NAME:
        return Call("starts_with", (BRANCH, expr.args[1]))
    if isinstance(expr, Call) and expr.name == "starts_with" and len(expr.args) == 2 and expr.args[0] == REF:
        start = expr.args[1]
        if isinstance(start, Literal) and isinstance(start.value, str):
            if start.value in (TAGS, HEADS):
                return IS_TAG if start.value == TAGS else ON_BRANCH
            for prefix, ref in ((TAGS, TAG), (HEADS, BRANCH)):
                if start.value.startswith(prefix):
                    return Call("starts_with", (ref, Literal(start.value.removeprefix(prefix))))
    if expr == Unary("!", IS_TAG):
        return NO_TAG
    if expr == Unary("!", ON_BRANCH):
        return NO_BRANCH
    return expr


def _compared(expr: Binary) -> Expr:
    left, right = expr.left, expr.right
    if isinstance(left, Literal) and isinstance(right, Ref):
        left, right = right, left
    if not isinstance(right, Literal) or not isinstance(right.value, str):
        return expr
    if left == REF:
        for prefix, ref in ((HEADS, BRANCH), (TAGS, TAG)):
            if right.value.startswith(prefix) and right.value != prefix:
                return Binary(expr.op, ref, Literal(right.value.removeprefix(prefix)))
    if left == REF_NAME:
        return Binary(expr.op, BRANCH, right)
    if left == REF_TYPE and right.value in {"tag", "branch"}:
        return IS_TAG if (right.value == "tag") == (expr.op == "==") else NO_TAG
    if left == KIND and right.value in EVENTS:
        return Binary(expr.op, KIND, Literal(EVENTS[right.value]))
    return expr


def spelt(expr: Expr) -> Expr:
    """The way back for one operator or function: as GitHub's users write it."""
    if isinstance(expr, Binary) and expr.op in {"==", "!="} and isinstance(expr.right, Literal):
        return _spelt_comparison(expr, expr.right.value)
    if isinstance(expr, Call) and expr.name == "starts_with" and len(expr.args) == 2:
        return _spelt_start(expr)
    if isinstance(expr, Call) and expr.name == "exists":
        return Binary("!=", Call("hash_files", expr.args), Literal(""))
    return expr


def _spelt_comparison(expr: Binary, value: object) -> Expr:
    if not isinstance(value, str):
        return expr
    if expr.left in (TAG, BRANCH) and not value:
        is_one = Call("starts_with", (REF, Literal(TAGS if expr.left == TAG else HEADS)))
        return is_one if expr.op == "!=" else Unary("!", is_one)
    if expr.left == KIND and value == "tag":
        is_tag = Call("starts_with", (REF, Literal(TAGS)))
        return is_tag if expr.op == "==" else Unary("!", is_tag)
    if expr.left in (BRANCH, TAG) and value:
        return Binary(expr.op, REF, Literal((HEADS if expr.left == BRANCH else TAGS) + value))
    if expr.left == KIND:
        return Binary(expr.op, KIND, Literal(EVENT_NAMES.get(value, value)))
    return expr


def _spelt_start(expr: Call) -> Expr:
    ref, start = expr.args
    if ref in (BRANCH, TAG) and isinstance(start, Literal) and isinstance(start.value, str):
        prefix = HEADS if ref == BRANCH else TAGS
        return Call("starts_with", (REF, Literal(prefix + start.value)))
    return expr
