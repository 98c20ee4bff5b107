"""Makes the revision of a service: its configuration and its artifact under one content address. Called by `app` for a plan."""

from __future__ import annotations

from dataclasses import replace

from seaway.model import codec
from seaway.model.revision import Revision
from seaway.model.service import Service
from seaway.ports.artifacts import Stored

_ID_DIGITS = 12


def revision(service: Service, stored: Stored | None) -> Revision:
    """The revision of this configuration with this copy; `stored` None: the service runs in place and its code cannot be restored.

    The digest is the sha256 of the canonical JSON of configuration and artifact digest. Left out, because they are no identity:
    the number of replicas, and where the artifact lies on this disk (its content counts, wherever it was copied from).
    """
    identity = replace(service, replicas=1)
    if stored:
        identity = replace(identity, artifact="", directory="", exclude=())
    artifact_digest = stored.digest if stored else ""
    digest = codec.digest({"service": identity, "artifact": artifact_digest})
    return Revision(
        id=f"{service.name}-{digest[:_ID_DIGITS]}",
        digest=digest,
        service=service,
        artifact=stored.path if stored else "",
        artifact_digest=artifact_digest,
        immutable=stored is not None,
    )
