"""From seaway.yaml to a plan: configuration, artifact, revision, what runs now, who holds the port. Called by `plan`, `deploy`, `doctor`.

All of it happens in the command that asks; no control plane is needed.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seaway import registry
from seaway.app import hands, power
from seaway.config.home import Home
from seaway.engine import reader
from seaway.errors import ConfigError, PlanRefused, Problem, UnknownName, UsageError
from seaway.model.environment import Environment
from seaway.model.placement import Placement
from seaway.model.plan import Plan, TakeOver
from seaway.model.routing import Gateway, PortOwner
from seaway.model.service import Service
from seaway.plan import build, diff, identity, revision
from seaway.plan import document as saved
from seaway.plan import text as words

if TYPE_CHECKING:
    from seaway.config.loader import Configuration

NAME = "seaway.yaml"
_LIMIT = 4 * 1024 * 1024  # bytes of a saved plan


def nearest(begin: Path | None = None) -> Path | None:
    """The seaway.yaml of this folder or the nearest one above it."""
    folder = (begin or Path.cwd()).absolute()
    return next((place / NAME for place in (folder, *folder.parents) if (place / NAME).is_file()), None)


def configuration(path: Path | None = None) -> Configuration:
    """What seaway.yaml says; `path` None is the nearest one. Raises ConfigError with every mistake."""
    from seaway.config import loader

    found = path or nearest()
    if found is None:
        problem = Problem(NAME, 1, 1, f"there is none in {Path.cwd()} or above")
        raise ConfigError([problem], hint="seaway init")
    known = {port: registry.names(port) for port in registry.TABLE}
    return loader.load(found, known)


def environments(path: Path | None = None) -> list[str]:
    """Names of the environments, for completion."""
    return sorted(configuration(path).environments)


def services(path: Path | None = None) -> list[str]:
    """Names of the services, for completion."""
    return sorted(configuration(path).services)


def plan(
    environment: str,
    *,
    path: Path | None = None,
    service: str = "",
    artifact: Path | None = None,
    release: bool = False,
) -> Plan:
    """The plan of a release to an environment. `artifact` replaces the one in seaway.yaml; `release`: it will be carried out.

    Stores the artifact in the state folder. Raises ConfigError, UnknownName, UsageError, PlanRefused, NotFound, Full.
    """
    home = Home.find()
    found = configuration(path)
    place = _environment(found.environments, environment)
    chosen = _service(found.services, service)
    if artifact is not None:
        chosen = replace(chosen, artifact=str(artifact.absolute()))
    home.ensure()
    store = registry.load("artifacts", "folder")(home.artifacts)
    stored = store.store(chosen.artifact, chosen.exclude) if chosen.artifact else None
    candidate = revision.revision(chosen, stored)
    if place.promote_from:
        _came_from(home, place, candidate.id, chosen.name)
    if release:
        hands.name_sinks(home, found.sinks)
    return build.build(
        chosen,
        place,
        candidate,
        _present(home, place, candidate.id, _placement(home, chosen.name, environment)),
        now=datetime.now(UTC),
        owner=None if chosen.worker else port_owner(home, place),
        site=socket.gethostname(),
        power=power.of(home) if place.judging else None,
    )


def port_owner(home: Home, environment: Environment) -> PortOwner | None:
    """A process that is not ours and listens on the environment's address."""
    composition = hands.Composition(home)
    try:
        gateway = Gateway(environment.name, environment.listen, environment.tls)
        router: Any = composition.traffic_named(environment.router, gateway)
        found: PortOwner | None = router.owner() if hasattr(router, "owner") else None
        return found
    finally:
        composition.close()


def foreign(made: Plan) -> PortOwner | None:
    """The process that the plan stops to get its port."""
    return next((step.owner for step in made.steps if isinstance(step, TakeOver)), None)


def document(made: Plan) -> dict[str, Any]:
    """The plan as `seaway.plan/v1`."""
    return saved.render(made)


def text(made: Plan) -> str:
    """The plan for people."""
    return words.render(made).rstrip("\n")


def plan_hash(made: Plan) -> str:
    """What approvals of the plan are bound to."""
    return identity.plan_hash(made)


def difference(before: Plan, after: Plan) -> list[str]:
    """What is different in `after`, a line each."""
    return list(diff.diff(before, after))


def save(made: Plan, path: Path) -> None:
    """Write the plan as a file, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_text(json.dumps(document(made), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def read(path: Path, *, environment: str = "") -> Plan:
    """A saved plan. Raises PlanRefused for one that was changed or that is for another environment than `environment`."""
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="seaway plan ENV --out FILE") from error
    if len(content) > _LIMIT:
        raise PlanRefused(f"{path} is larger than a plan can be", hint="seaway plan ENV --out FILE")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PlanRefused(f"{path} is no saved plan: {error}", hint="seaway plan ENV --out FILE") from error
    made = saved.parse(data)
    if environment and made.environment != environment:
        raise PlanRefused(
            f"{path} is a plan for {made.environment}, not for {environment}",
            hint=f"seaway deploy {made.environment} --plan {path}",
        )
    return made


def _environment(known: Mapping[str, Environment], name: str) -> Environment:
    if name not in known:
        raise UnknownName("environment", name, list(known))
    return known[name]


def _service(known: Mapping[str, Service], name: str) -> Service:
    if name and name not in known:
        raise UnknownName("service", name, list(known))
    if not name and len(known) != 1:
        listed = ", ".join(sorted(known)) or "none"
        raise UsageError(f"which service? seaway.yaml has {listed}", hint=f"add --service {min(known, default='NAME')}")
    return known[name or next(iter(known))]


def _placement(home: Home, service: str, environment: str) -> Placement:
    return reader.placement(home.database, environment, service) or Placement(service, environment)


def _present(home: Home, environment: Environment, candidate: str, placed: Placement) -> Placement:
    """After `down` the stable revision is recorded and does not run: releasing it again is then something to do."""
    if placed.stable is None or placed.stable.id != candidate:
        return placed
    composition = hands.Composition(home)
    try:
        seen = composition.target_named(environment.target, environment.name).look(placed.service)
    finally:
        composition.close()
    return placed if any(each.revision == candidate for each in seen) else replace(placed, replicas=0)


def _came_from(home: Home, environment: Environment, candidate: str, service: str) -> None:
    """Only what is stable in the environment before may be released here: the same configuration and the same bytes."""
    before = _placement(home, service, environment.promote_from).stable
    if before is None or before.id != candidate:
        runs = before.id if before else "nothing"
        raise PlanRefused(
            f"{environment.name} takes what is stable in {environment.promote_from}; that is {runs}, this is {candidate}",
            hint=f"seaway deploy {environment.promote_from}",
        )
