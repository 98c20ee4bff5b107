"""A revision is its content: the same configuration and code have the same id, wherever they lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from seaway.model import codec
from seaway.model.service import Before, Probe, ProbeKind, RollbackClass, Route, Service, Sticky
from seaway.plan.revision import revision
from seaway.ports.artifacts import Stored

SERVICE = Service("shop", ("./shop",), artifact="/srv/shop", directory="/srv", routes=(Route(),))
STORED = Stored("/state/artifacts/" + "a" * 64, "a" * 64)

CHANGES = {
    "command": {"command": ("./shop", "--fast")},
    "environment": {"environment": {"A": "1"}},
    "secrets": {"secrets": {"A": "env:A"}},
    "readiness": {"readiness": Probe(ProbeKind.HTTP, "/healthz")},
    "routes": {"routes": (Route(paths=("/api",)),)},
    "sticky": {"sticky": Sticky("salt", cookie="side")},
    "before": {"before": Before(("./migrate",), RollbackClass.REVERT)},
    "stop grace": {"stop_grace": timedelta(seconds=1)},
}


def test_the_id_names_the_service_and_begins_the_digest():
    made = revision(SERVICE, STORED)
    assert made.id == f"shop-{made.digest[:12]}"
    assert len(made.digest) == 64
    assert (made.artifact, made.artifact_digest, made.immutable) == (STORED.path, STORED.digest, True)
    assert made.service == SERVICE


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_configuration_is_another_revision(name):
    assert revision(replace(SERVICE, **CHANGES[name]), STORED).id != revision(SERVICE, STORED).id


def test_a_change_of_the_code_is_another_revision():
    assert revision(SERVICE, replace(STORED, digest="b" * 64)).id != revision(SERVICE, STORED).id


def test_scale_is_not_identity():
    assert revision(replace(SERVICE, replicas=9), STORED).id == revision(SERVICE, STORED).id
    assert revision(replace(SERVICE, replicas=9), STORED).service.replicas == 9


def test_another_checkout_of_the_same_code_is_the_same_revision():
    elsewhere = replace(SERVICE, artifact="/home/ada/shop", directory="/home/ada")
    assert revision(elsewhere, replace(STORED, path="/other/" + "a" * 64)).id == revision(SERVICE, STORED).id


def test_without_an_artifact_the_place_is_identity_and_nothing_is_immutable():
    in_place = replace(SERVICE, artifact="")
    made = revision(in_place, None)
    assert (made.artifact, made.artifact_digest, made.immutable) == ("", "", False)
    assert revision(replace(in_place, directory="/elsewhere"), None).id != made.id


def test_it_survives_the_codec():
    made = revision(SERVICE, STORED)
    assert codec.decode(type(made), codec.encode(made)) == made
