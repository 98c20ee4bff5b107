"""What one key alone cannot tell: names that must exist, addresses that clash, guards that an analysis needs.

Called by `config.loader` once the parts have their shape.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from seaway.config.document import Data, Document
from seaway.config.document import Path as Where
from seaway.config.fields import nearest
from seaway.errors import Problem
from seaway.model import duration
from seaway.model.environment import Environment
from seaway.model.service import Service

Known: TypeAlias = Mapping[str, Collection[str]]
_EVERYWHERE = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 - looked for in a file, not bound
_SCRAPES = 4  # in a window, at least: one that fails must not empty it
Found: TypeAlias = Iterator[tuple[Where, str, str]]


def check(
    services: Mapping[str, Service],
    environments: Mapping[str, Environment],
    read: Document,
    name: str,
    known: Known,
) -> list[Problem]:
    """Every problem between the parts of a file; `read` gives the places, `name` is the file's."""
    problems = []
    for path, message, suggestion in (
        *_routes(services),
        *_listeners(environments),
        *_previews(services, environments),
        *_promotion(environments, read.data),
        *_guards(environments),
        *_rolling(environments),
        *_scrapes(environments),
        *_certificates(environments),
        *_adapters(environments, read.data, known),
    ):
        place = read.place(path)
        problems.append(Problem(name, place.line, place.column, message, suggestion))
    return problems


def _routes(services: Mapping[str, Service]) -> Found:
    """Two routes for the same host and path: the proxy could only take one."""
    owners: dict[tuple[str, str], str] = {}
    for service in services.values():
        for index, route in enumerate(service.routes):
            for host in route.hosts or ("*",):
                for path in route.paths:
                    owner = owners.setdefault((host, path), f"services.{service.name}.routes[{index}]")
                    if owner != f"services.{service.name}.routes[{index}]":
                        where = f"{path} of {'every host' if host == '*' else host}"
                        message = f"the path {where} is taken by {owner} already"
                        yield ("services", service.name, "routes", index), message, "give one of them hosts or paths"


def _listeners(environments: Mapping[str, Environment]) -> Found:
    owners: dict[str, tuple[str, str]] = {}
    for environment in environments.values():
        host, _, port = environment.listen.rpartition(":")
        for owner, other in owners.values():
            other_host, _, other_port = other.rpartition(":")
            if port == other_port and (host == other_host or {host, other_host} & _EVERYWHERE):
                message = f"{environment.listen} is taken by the environment {owner} already ({other})"
                path = ("environments", environment.name, "traffic", "listen")
                yield path, message, "one environment, one address: choose another port"
                break
        owners[environment.name] = (environment.name, environment.listen)


def _previews(services: Mapping[str, Service], environments: Mapping[str, Environment]) -> Found:
    hosts = {host: service.name for service in services.values() for route in service.routes for host in route.hosts}
    for environment in environments.values():
        host = environment.strategy.preview_host
        if host and host in hosts:
            path = ("environments", environment.name, "strategy", "blue-green", "preview_host")
            message = f"{host} is a public host of {hosts[host]}: users would see the preview"
            yield path, message, f"choose another one, like preview.{host.removeprefix('*.')}"


def _promotion(environments: Mapping[str, Environment], data: Data) -> Found:
    written = data.get("environments") if isinstance(data, dict) else None
    names = set(written) if isinstance(written, dict) else set()
    for environment in environments.values():
        path = ("environments", environment.name, "promote_from")
        source = environment.promote_from
        if source and source not in names:
            meant = nearest(source, names)
            yield path, f"there is no environment {source!r}", f"did you mean {meant}?" if meant else ""
        circle = _circle(environment.name, environments)
        if circle:
            yield path, f"the promotion goes in a circle: {' <- '.join(circle)}", "one environment must be the first"


def _circle(name: str, environments: Mapping[str, Environment]) -> list[str]:
    seen = [name]
    while (environment := environments.get(seen[-1])) is not None and environment.promote_from:
        seen.append(environment.promote_from)
        if seen[-1] == name:
            return seen
        if len(set(seen)) < len(seen):
            return []  # it leads into a circle that others report
    return []


def _guards(environments: Mapping[str, Environment]) -> Found:
    for environment in environments.values():
        path: Where = ("environments", environment.name)
        ramp = (*path, "strategy", "canary", "ramp")
        if environment.strategy.ramp and environment.judging is None:
            yield (
                ramp,
                "a ramp follows the judge's evidence, and there is none",
                f"add analysis: {{}} to {environment.name}",
            )
        if not environment.objectives and environment.judging is None:
            for index, step in enumerate(environment.strategy.steps):
                if step.analysis:
                    where = (*path, "strategy", "canary", "steps", index, "analysis")
                    yield (
                        where,
                        "an analysis needs something to measure",
                        f"add objectives or analysis to {environment.name}",
                    )
        names = [guard.name for guard in environment.objectives]
        for index, name in enumerate(names):
            if name in names[:index]:
                message = f"a second objective is called {name}"
                yield (*path, "objectives", index, "name"), message, "verdicts are told apart by their names"


def _rolling(environments: Mapping[str, Environment]) -> Found:
    for environment in environments.values():
        strategy = environment.strategy
        if (
            strategy.kind == "rolling"
            and not strategy.max_surge.strip("0%")
            and not strategy.max_unavailable.strip("0%")
        ):
            path = ("environments", environment.name, "strategy", "rolling")
            yield path, "max_surge and max_unavailable are both 0: nothing could ever move", "max_surge: 1"


def _scrapes(environments: Mapping[str, Environment]) -> Found:
    """Numbers from elsewhere are as fine as they are measured there."""
    for environment in environments.values():
        path: Where = ("environments", environment.name)
        scrape = environment.metrics_source.scrape_interval
        if not environment.metrics_source.url:
            continue
        if environment.tick < scrape:
            message = f"a look every {duration.render(environment.tick)} sees nothing new between two scrapes"
            yield (*path, "tick"), message, f"tick: {duration.render(scrape)}, or remove it"
        for index, guard in enumerate(environment.objectives):
            if guard.window < _SCRAPES * scrape:
                message = f"{guard.name} looks at {duration.render(guard.window)}: fewer than {_SCRAPES} scrapes"
                yield (*path, "objectives", index, "window"), message, f"window: {duration.render(_SCRAPES * scrape)}"


def _certificates(environments: Mapping[str, Environment]) -> Found:
    for environment in environments.values():
        if environment.tls is None:
            continue
        for key, file in (("certificate", environment.tls.certificate), ("key", environment.tls.key)):
            reason = _unreadable(file)
            if reason:
                path = ("environments", environment.name, "traffic", "tls", key)
                yield path, f"{file} {reason}", "a PEM file that this user may read"


def _unreadable(file: str) -> str:
    try:
        if not Path(file).is_file():
            return "is not there, or is no file"
        with Path(file).open("rb"):
            return ""
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _adapters(environments: Mapping[str, Environment], data: Data, known: Known) -> Found:
    for environment in environments.values():
        path: Where = ("environments", environment.name)
        for port, named, where in (
            ("target", environment.target, (*path, "target")),
            ("traffic", environment.router, (*path, "traffic", "router")),
            ("metrics", environment.metrics, (*path, "metrics", "source")),
        ):
            yield from _adapter(port, named, where, known)
    sinks = data.get("events") if isinstance(data, dict) else None
    for index, sink in enumerate(sinks if isinstance(sinks, list) else []):
        if isinstance(sink, dict) and isinstance(sink.get("to"), str):
            yield from _adapter("events", sink["to"], ("events", index, "to"), known)


def _adapter(port: str, named: str, where: Where, known: Known) -> Found:
    if port in known and named not in known[port]:
        meant = nearest(named, known[port])
        yield where, f"{named!r} is none of {', '.join(sorted(known[port]))}", f"did you mean {meant}?" if meant else ""
