"""Services of compose files, of both forms of their environment, each value with its place."""

from __future__ import annotations

from seaway.formats.infrastructure import compose, detect

TEXT = """\
services:
  web:
    image: web:1
    environment:
      A: one
      B: 2
      C:
  job:
    build: {context: .}
    environment: ["A=x=y", "ONLY_A_NAME"]
  broken: text
volumes: {}
"""


def test_services_and_their_environment() -> None:
    web, job = compose.parse(TEXT, "compose.yaml")
    assert (web.name, web.image, job.image) == ("web", "web:1", "")
    assert [(name, value) for name, value, _ in web.environment] == [("A", "one"), ("B", "2"), ("C", "")]
    assert [(name, value) for name, value, _ in job.environment] == [("A", "x=y")]
    assert job.get("build", "context") is not None
    assert (web.span.line, job.span.line) == (2, 8)
    assert [web.at(node).line for _, _, node in web.environment] == [5, 6, 7]
    assert web.at(None) == web.span


def test_other_files_have_no_services() -> None:
    assert compose.parse("services: [a]\n", "compose.yaml") == []
    assert compose.parse("", "compose.yaml") == []


def test_their_names_are_known() -> None:
    for name in ("compose.yaml", "a/docker-compose.yml", "docker-compose.prod.yml", "compose-dev.yaml"):
        assert detect.by_name(name) == "compose"
    for name in ("recompose.yaml", "compose.json", "docker-compose.yml.j2"):
        assert detect.by_name(name) == ""
