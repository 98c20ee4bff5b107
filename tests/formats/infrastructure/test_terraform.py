"""Terraform's blocks keep what is written and where; nothing is evaluated, and what is no Terraform is refused at its place."""

from __future__ import annotations

import contextlib

import pytest

from seaway.errors import ConfigError
from seaway.formats.infrastructure import terraform
from seaway.formats.infrastructure.terraform import Block
from support import pace

TEXT = """\
# ä comment before all
terraform {
  backend "s3" {
    bucket = "state"
  }
}

resource "aws_ecr_repository" "größe" {
  name                 = "app-${var.env}"
  image_tag_mutability = "MUTABLE" # for now
  force_delete         = true
  tags                 = { a = 1 }
  dynamic "encryption" {
    for_each = var.keys
    content {
      key = encryption.value
    }
  }
  lifecycle { prevent_destroy = true }
}
"""


def blocks() -> list[Block]:
    return terraform.parse(TEXT, "a/main.tf")


def test_blocks_have_kinds_labels_and_inner_blocks() -> None:
    first, second = blocks()
    assert (first.kind, first.labels, first.top) == ("terraform", (), True)
    assert [(one.kind, one.labels, one.top) for one in first.blocks] == [("backend", ("s3",), False)]
    assert (second.kind, second.name) == ("resource", "aws_ecr_repository.größe")
    assert [one.kind for one in second.inner("lifecycle")] == ["lifecycle"]
    assert [one.kind for one in second.inner("encryption")] == ["dynamic"]
    assert second.inner("nothing") == []


def test_values_are_literal_only_where_nothing_must_be_evaluated() -> None:
    block = blocks()[1]
    assert block.literal("image_tag_mutability") == "MUTABLE"
    assert block.literal("force_delete") == "true"
    assert block.literal("name") is None
    assert block.literal("tags") is None
    assert block.literal("not_there") == ""


def test_places_are_those_of_the_text_with_letters_of_two_bytes() -> None:
    block = blocks()[1]
    value = block.values["image_tag_mutability"]
    assert (value.span.line, value.span.column, value.span.path) == (10, 26, "a/main.tf")
    assert TEXT[value.span.start : value.span.end] == '"MUTABLE"'
    assert TEXT[value.key.start : value.key.end] == "image_tag_mutability"
    assert TEXT[block.head.start : block.head.end] == 'resource "aws_ecr_repository" "größe"'
    assert TEXT[block.body.start : block.body.end].strip().startswith("name")
    assert TEXT[block.body.end] == "}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('resource "a" "b" {\n  x = \n}\n', 1),
        ("a = 1\n}}}\n", 2),
        ('resource "a" "b" {\n', 1),
        ("x = 1\n\0", 2),
        ("<html>\n", 1),
    ],
)
def test_what_is_no_terraform_is_refused_near_its_place(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        terraform.parse(text, "x.tf")
    problem = caught.value.problems[0]
    assert problem.path == "x.tf"
    assert line <= problem.line <= line + 2


def test_an_empty_file_has_no_blocks() -> None:
    assert terraform.parse("", "x.tf") == []
    assert terraform.parse("# nothing\n", "x.tf") == []


@pytest.mark.broad
@pytest.mark.parametrize(
    "text",
    [
        "a {\n" * 20_000,
        "a {\n" * 500 + "}\n" * 500,
        "x = " + "[" * 50_000,
        "x = " + "(" * 2_000 + "1" + ")" * 2_000,
        'x = "' + "${" * 20_000,
        "x = <<E\n" + "y\n" * 50_000,
        "#" * 200_000,
        "a=1\n" * 1_000_001,
    ],
    ids=["open", "deep", "brackets", "parentheses", "templates", "heredoc", "comment", "large"],
)
def test_hostile_texts_cost_a_moment(text: str) -> None:
    with pace.within(1.5), contextlib.suppress(ConfigError):
        terraform.parse(text, "x.tf")
