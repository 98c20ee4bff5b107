"""An edit changes the characters it names and nothing else, whatever the file looks like."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from seaway.formats.yaml import patch, tree
from seaway.formats.yaml.patch import Edit, Overlap, Unfit

FILES = {
    "plain": "jobs:\n  test: # the tests\n    runs-on: x\n    steps:\n      - uses: a@v1 # pinned later\n      - run: make\n\n  # deploys\n  deploy:\n    runs-on: x\n",
    "crlf": "jobs:\r\n  test:\r\n    runs-on: x\r\n    steps:\r\n      - uses: a@v1\r\n      - run: make\r\n",
    "tabs and unicode": 'jobs:\n  test:\n    runs-on: x\t# ein Läufer 🚢\n    steps:\n      - uses: a@v1\n      - run: "é"\n',
    "anchors": "jobs:\n  test: &t\n    runs-on: x\n    steps: &s\n      - uses: a@v1\n      - run: make\n  other:\n    <<: *t\n",
    "flow": "jobs:\n  test: {runs-on: x, steps: [{uses: a@v1}, {run: make}]}\n",
    "a mark and no end": "\ufeffjobs:\n  test:\n    runs-on: x\n    steps:\n    - uses: a@v1\n    - run: make",
}  # fmt: skip


def changed(before: str, after: str) -> list[int]:
    """Numbers of the old lines that are no longer there."""
    left, right = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return [number for number, line in enumerate(left) if line not in right]


@pytest.mark.parametrize("name", FILES)
def test_a_pin_changes_its_own_line_only(name: str) -> None:
    found = tree.read(FILES[name], "f")
    job = tree.get(found.documents[0], "jobs", "test")
    uses = tree.get(tree.get(job, "steps").value[0], "uses")
    after = patch.apply(found.text, [patch.replace_scalar(found, uses, "a@" + "0" * 40)])
    assert len(changed(found.text, after)) == 1
    assert after.replace("a@" + "0" * 40, "a@v1") == found.text


@pytest.mark.parametrize("name", FILES)
def test_a_new_key_is_there_and_all_else_is_as_it_was(name: str) -> None:
    found = tree.read(FILES[name], "f")
    job = tree.get(found.documents[0], "jobs", "test")
    after = patch.apply(found.text, [patch.add_key(found, job, "timeout-minutes", "15", after="runs-on")])
    again = tree.get(tree.read(after, "f").documents[0], "jobs", "test")
    assert tree.string(tree.get(again, "timeout-minutes")) == "15"
    assert ("\r\n" in after) == ("\r\n" in found.text)
    assert [line for line in after.splitlines() if "timeout" not in line] == [
        line for line in found.text.splitlines() if "timeout" not in line
    ] or name == "flow"
    assert tree.get(again, "steps").value[0].value[0][1].value == "a@v1"


@pytest.mark.parametrize("name", [name for name in FILES if name != "flow"])
def test_a_new_item_stands_where_it_was_asked_for(name: str) -> None:
    found = tree.read(FILES[name], "f")
    steps = tree.get(found.documents[0], "jobs", "test", "steps")
    for index in (0, 1, 2):
        after = patch.apply(found.text, [patch.insert_item(found, steps, index, "name: new\nrun: true")])
        again = tree.get(tree.read(after, "f").documents[0], "jobs", "test", "steps").value
        assert [tree.string(tree.get(step, "name")) == "new" for step in again].index(True) == index
        assert len(again) == 3
        assert "\n\n\n" not in after.replace("\r", "")


def test_a_comment_behind_a_value() -> None:
    found = tree.read("a: b\nc: d # there\ne: [f, g]\n", "f")
    root = found.documents[0]
    assert patch.apply(found.text, [patch.add_comment(found, tree.get(root, "a"), "v1.2")]).startswith("a: b # v1.2\n")
    with pytest.raises(Unfit, match="goes on"):
        patch.add_comment(found, tree.get(root, "c"), "no")
    with pytest.raises(Unfit, match="goes on"):
        patch.add_comment(found, tree.get(root, "e").value[0], "no")


def test_quotes_stay_and_are_respected() -> None:
    found = tree.read("a: 'x'\nb: \"x\"\nc: x\n", "f")
    edits = [patch.replace_scalar(found, value, 'it\'s: "new" #1') for _, _, value in tree.items(found.documents[0])]
    after = patch.apply(found.text, edits)
    assert after.splitlines()[0] == "a: 'it''s: \"new\" #1'"
    assert {tree.string(value) for _, _, value in tree.items(tree.read(after, "f").documents[0])} == {'it\'s: "new" #1'}


def test_what_cannot_be_done_safely_is_refused() -> None:
    found = tree.read("a: |\n  x\nb: {}\nc: [1]\nd: {x: 1}\n", "f")
    root = found.documents[0]
    with pytest.raises(Unfit):
        patch.replace_scalar(found, tree.get(root, "a"), "y")
    with pytest.raises(Unfit):
        patch.add_key(found, tree.get(root, "b"), "k", "v")
    with pytest.raises(Unfit, match="there already"):
        patch.add_key(found, root, "a", "v")
    with pytest.raises(Unfit):
        patch.insert_item(found, tree.get(root, "c"), 0, "x")


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(Overlap):
        patch.apply("abcdef", [Edit(0, 3, "x"), Edit(2, 4, "y")])
    assert patch.apply("abcdef", [Edit(3, 3, "-"), Edit(0, 1, "A")]) == "Abc-def"


@pytest.mark.parametrize("name", FILES)
def test_the_diff_applies_with_git(name: str, tmp_path: Path) -> None:
    before = FILES[name]
    after = before.replace("runs-on: x", "runs-on: ubuntu-24.04", 1)
    (tmp_path / "f.yml").write_bytes(before.encode())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
        cwd=tmp_path, input=patch.diff(before, after, "f.yml").encode(), check=True,
    )  # fmt: skip
    assert (tmp_path / "f.yml").read_bytes() == after.encode()
    assert patch.diff(before, before, "f.yml") == ""
