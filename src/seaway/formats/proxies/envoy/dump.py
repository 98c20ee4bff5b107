"""The running configuration, as the admin's dump tells it -> weights and named clusters. Read by the router adapter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from seaway.formats.proxies.envoy import names, routes


@dataclass(frozen=True, slots=True)
class Running:
    """Routes of the running proxy. `rules`: per rule its host and the weight (ppm) per cluster; `version`: of the file."""

    version: str = ""
    rules: tuple[tuple[str, dict[str, int]], ...] = field(default=())

    def weights(self, service: str, preview_host: str = "") -> tuple[dict[str, int], bool]:
        """Revision -> ppm of the service's public rules, and whether all of them agree.

        Where they do not, each revision has the highest of its weights, so that the sum gives it away.
        """
        found = [
            each
            for host, clusters in self.rules
            if host != preview_host.lower()
            if (each := _of_service(clusters, service))
        ]
        merged: dict[str, int] = {}
        for each in found:
            for revision, ppm in each.items():
                merged[revision] = max(ppm, merged.get(revision, 0))
        return merged, all(each == merged for each in found)

    def named(self) -> frozenset[str]:
        """Every cluster that any rule names, at whatever weight."""
        return frozenset(cluster for _, clusters in self.rules for cluster in clusters)


def _of_service(clusters: dict[str, int], service: str) -> dict[str, int]:
    parsed = {names.parse(text): ppm for text, ppm in clusters.items()}
    return {name.revision: ppm for name, ppm in parsed.items() if name and name.service == service}


def parse(body: bytes) -> Running:
    """`/config_dump?resource=dynamic_route_configs` -> Running. Raises ValueError for anything else."""
    try:
        for configuration in json.loads(body).get("configs", []):
            table = configuration.get("route_config", {})
            if table.get("name") == routes.NAME:
                return Running(str(configuration.get("version_info", "")), tuple(_rules(table)))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"the proxy's dump of its routes cannot be read: {error!r:.200}") from error
    return Running()


def generations(document: Any) -> dict[str, int]:
    """Service -> generation as a routes *file* states it; {} for a file that is none. Says what was asked, not what runs."""
    try:
        (table,) = document["resources"]
        (verify,) = (host for host in table["virtual_hosts"] if host["name"] == routes.VERIFY_HOST)
        return {
            rule["match"]["path"].rsplit("/", 1)[1]: int(rule["direct_response"]["body"]["inline_string"])
            for rule in verify["routes"]
        }
    except (KeyError, TypeError, ValueError, IndexError):
        return {}


def _rules(table: dict[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    for host in table.get("virtual_hosts", []):
        for rule in host.get("routes", []):
            action = rule.get("route", {})
            if "cluster" in action:
                yield host["domains"][0], {action["cluster"]: 1_000_000}
            clusters = action.get("weighted_clusters", {}).get("clusters", [])
            if clusters:
                yield host["domains"][0], {each["name"]: int(each.get("weight", 0)) for each in clusters}
