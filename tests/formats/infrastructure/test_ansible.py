"""Plays and tasks are read with their places; a list that only looks like a playbook has none."""

from __future__ import annotations

from seaway.formats.infrastructure import ansible
from seaway.formats.infrastructure.ansible import Play, RoleTasks

PLAYBOOK = """\
- name: Web
  hosts:
    - web
    - edge
  serial: 1
  roles:
    - common
    - role: nginx
      tags: [a]
  tasks:
    - name: Restart
      when: changed
      ansible.builtin.shell: systemctl restart web
    - block:
        - copy: {src: a, dest: b}
      rescue:
        - command: /bin/false
          with_items: [1]
  handlers:
    - name: reload
      service: {name: web, state: reloaded}
- import_playbook: other.yml
"""


def test_a_play_has_hosts_roles_and_all_its_tasks() -> None:
    (play,) = ansible.parse(PLAYBOOK, "site.yml")
    assert isinstance(play, Play)
    assert (play.hosts, play.roles) == ("web:edge", ("common", "nginx"))
    assert [(one.module, one.handler) for one in play.tasks] == [
        ("shell", False),
        ("copy", False),
        ("command", False),
        ("service", True),
    ]
    assert (play.tasks[0].place.line, play.tasks[0].place.column) == (13, 7)


def test_a_roles_file_has_tasks() -> None:
    text = "- name: One\n  command: a\n- include_tasks: more.yml\n"
    (found,) = ansible.parse(text, "ansible/roles/web/tasks/main.yml")
    assert isinstance(found, RoleTasks)
    assert (found.role, [one.module for one in found.tasks]) == ("web", ["command", "include_tasks"])
    (handlers,) = ansible.parse(text, "roles/web/handlers/main.yml")
    assert all(one.handler for one in handlers.tasks)


def test_a_list_without_hosts_is_no_playbook() -> None:
    assert ansible.parse("- tasks: [a]\n  name: hosts\n", "x.yml") == []
    assert ansible.parse("hosts: a\n", "x.yml") == []


def test_blocks_in_blocks_end_somewhere() -> None:
    text = (
        "- hosts: a\n  tasks:\n" + "".join(f"{'  ' * (n + 2)}- block:\n" for n in range(40)) + "  " * 43 + "- ping:\n"
    )
    (play,) = ansible.parse(text, "x.yml")
    assert play.tasks == ()
