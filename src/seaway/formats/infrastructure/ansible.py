"""Ansible's playbooks and the task files of roles: plays and tasks with their places. Asked by `app.estate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.document import Document
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.span import Span

_LISTS = ("pre_tasks", "tasks", "post_tasks", "handlers")
_BLOCKS = ("block", "rescue", "always")
_DEPTH = 20  # of blocks in blocks
_KEYWORDS = frozenset(
    [
        "name",
        "when",
        "tags",
        "register",
        "notify",
        "become",
        "become_user",
        "become_method",
        "loop",
        "loop_control",
        "until",
        "retries",
        "delay",
        "vars",
        "environment",
        "no_log",
        "changed_when",
        "failed_when",
        "ignore_errors",
        "delegate_to",
        "delegate_facts",
        "run_once",
        "args",
        "async",
        "poll",
        "listen",
        "check_mode",
        "diff",
        "throttle",
        "any_errors_fatal",
        "connection",
        "remote_user",
        "port",
        "timeout",
        "module_defaults",
        "collections",
        "ignore_unreachable",
        "local_action",
    ]
)


@dataclass(frozen=True, slots=True)
class Task(Document):
    """`module`: the action's name without `ansible.builtin.`, `action`: its node. `handler`: runs only when notified."""

    module: str
    action: Node
    action_key: Node
    handler: bool

    @property
    def place(self) -> Span:
        """Where the action is named."""
        return self.tree.span(self.action_key)


@dataclass(frozen=True, slots=True)
class Play(Document):
    """`hosts`: the pattern as written. `tasks`: its own, with those in blocks; `roles`: by name."""

    hosts: str
    tasks: tuple[Task, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleTasks(Document):
    """A file of a role's tasks. `role`: the role's name."""

    role: str
    tasks: tuple[Task, ...]


def parse(text: str, path: str) -> list[Play | RoleTasks]:
    """The plays of a playbook, or the tasks of a role's file. Raises ConfigError."""
    tree = yaml.read(text, path)
    folders = path.split("/")
    role = folders[-3] if len(folders) > 3 and folders[-4] == "roles" and folders[-2] in {"tasks", "handlers"} else ""
    found: list[Play | RoleTasks] = []
    for document in tree.documents:
        if not yaml.is_sequence(document):
            continue
        if role:
            tasks = tuple(_tasks(tree, document, handler=folders[-2] == "handlers", depth=0))
            found.append(RoleTasks(path, tree, document, role, tasks))
        else:
            found += [_play(tree, one) for one in document.value if yaml.get(one, "hosts") is not None]
    return found


def _play(tree: Tree, node: Node) -> Play:
    tasks = [
        task
        for name in _LISTS
        for task in _tasks(tree, yaml.get(node, name), handler=name == "handlers", depth=0)
    ]  # fmt: skip
    roles = [
        yaml.string(one) or yaml.string(yaml.get(one, "role")) or yaml.string(yaml.get(one, "name"))
        for one in yaml.sequence(yaml.get(node, "roles"))
    ]
    hosts = ":".join(yaml.strings(yaml.get(node, "hosts")))
    return Play(tree.path, tree, node, hosts, tuple(tasks), tuple(roles))


def _tasks(tree: Tree, node: Node | None, *, handler: bool, depth: int) -> Iterator[Task]:
    for one in yaml.sequence(node) if yaml.is_sequence(node) else ():
        inner = [yaml.get(one, name) for name in _BLOCKS]
        if any(block is not None for block in inner):
            for block in inner if depth < _DEPTH else ():
                yield from _tasks(tree, block, handler=handler, depth=depth + 1)
            continue
        action = next((pair for pair in yaml.items(one) if pair[0] not in _KEYWORDS and pair[0][:5] != "with_"), None)
        if action is not None:
            name, key, value = action
            module = name.removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")
            yield Task(tree.path, tree, one, module, value, key, handler)
