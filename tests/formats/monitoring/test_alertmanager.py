"""Alertmanager's routes and receivers."""

from __future__ import annotations

from seaway.formats.monitoring import alertmanager
from seaway.formats.yaml.tree import get, string

TEXT = """\
route:
  receiver: team
  routes:
    - receiver: pager
      routes: [{matchers: [a="b"]}]
    - receiver: nobody
receivers:
  - name: team
    email_configs: [{to: team@example.test}]
  - name: pager
    pagerduty_configs: []
  - name: nobody
"""


def test_routes_are_listed_from_the_root_and_silent_receivers_are_known() -> None:
    (found,) = alertmanager.parse(TEXT, "a.yml")
    assert [string(get(one, "receiver")) for one in found.routes] == ["team", "pager", "", "nobody"]
    assert found.silent == {"pager", "nobody"}


def test_routes_in_routes_end_somewhere() -> None:
    text = "route: " + "{receiver: a, routes: [" * 45 + "]}" * 45 + "\nreceivers: [{name: a}]\n"
    (found,) = alertmanager.parse(text, "a.yml")
    assert len(found.routes) == 45


def test_receivers_of_another_program_are_no_configuration() -> None:
    assert alertmanager.parse("receivers: {otlp: {}}\nroute: {}\n", "a.yml") == []
