"""SEC-53: a container may do what only the machine should. Run by `assess.examine`.

Agents of a node (networking, storage, logs) need much of this and run as DaemonSets: of those only an auditor hears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.aside import aside
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import named
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.compose import Service
from seaway.formats.infrastructure.dockerfile import Dockerfile
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, is_mapping, is_true, string
from seaway.model.finding import Impact, Persona, Severity

_SOCKET = re.compile(r"(?:^|/)(?:docker|containerd|crio)\.sock\Z")
_HOST = re.compile(
    r"/(?:etc|root|proc|sys|dev|boot|home|var|var/run|run|var/lib|var/lib/(?:docker|kubelet|containerd)(?:/.*)?)?/?\Z"
)
_POWERS = frozenset({"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "NET_ADMIN", "DAC_READ_SEARCH", "BPF"})
_NAMESPACES = ("hostPID", "hostIPC", "hostNetwork")
_UNPRIVILEGED = re.compile(r"nonroot|chainguard|unprivileged|rootless")


def survey(estate: Estate) -> list[Hit] | None:
    """`privileged`, namespaces or folders of the host, the socket of a container engine, capabilities such as SYS_ADMIN, `runAsUser: 0`; for an
    auditor what may run as root because nobody forbids it, Dockerfiles without `USER`, and agents of nodes.
    """
    workloads, services, files = clusters.workloads(estate), estate.all(Service), estate.all(Dockerfile)
    found = [hit for one in workloads for hit in _workload(estate, one)]
    found += [hit for service in services for hit in _service(estate, service)]
    found += [hit for file in files for hit in _dockerfile(estate, file)]
    return found if workloads or services or files else None


def _workload(estate: Estate, one: Object) -> Iterator[Hit]:
    agent = one.kind == "DaemonSet" or one.namespace == "kube-system"
    who = Persona.AUDITOR if agent else clusters.persona(one)
    for name in _NAMESPACES:
        if is_true(node := get(one.pod, name)):
            words = f"{one.title} shares the {name.removeprefix('host')} namespace of its node"
            yield clusters.hit(estate, one, node, words, name, severity=Severity.MEDIUM, persona=who)
    for volume in yaml.sequence(get(one.pod, "volumes")):
        path = get(volume, "hostPath", "path")
        if path is not None and (_SOCKET.search(string(path)) or _HOST.match(string(path))):
            words = f"{one.title} mounts {string(path)} of its node: whoever takes it over has the node"
            yield clusters.hit(estate, one, path, words, string(path), persona=who)
    for container in one.all_containers:
        yield from _container(estate, one, container, who)


def _container(estate: Estate, one: Object, container: Node, who: Persona) -> Iterator[Hit]:
    context, around = get(container, "securityContext"), get(one.pod, "securityContext")
    name = clusters.name_of(container)
    if is_true(node := get(context, "privileged")):
        words = f"{one.title}: {name} is privileged: it can do on its node whatever root can"
        yield clusters.hit(estate, one, node, words, f"{name} privileged", persona=who)
        return
    for power in yaml.scalars(get(context, "capabilities", "add")):
        if string(power).upper().removeprefix("CAP_") in _POWERS:
            words = f"{one.title}: {name} gets the capability {string(power)}, which is close to root on its node"
            yield clusters.hit(estate, one, power, words, f"{name} {string(power)}", persona=who)
    user = get(context, "runAsUser") or get(around, "runAsUser")
    if string(user) == "0":
        words = f"{one.title}: {name} is run as root"
        yield clusters.hit(estate, one, user, words, f"{name} root", severity=Severity.MEDIUM, persona=who)
    elif user is None and not is_true(get(context, "runAsNonRoot")) and not is_true(get(around, "runAsNonRoot")):
        words = f"{one.title}: {name} may run as root, because nothing says runAsNonRoot"
        more = {"severity": Severity.LOW, "persona": Persona.AUDITOR}
        yield clusters.hit(estate, one, container, words, f"{name} nobody", **more)


def _service(estate: Estate, service: Service) -> Iterator[Hit]:
    who = Persona.AUDITOR if aside(service.path) else Persona.REGULAR
    if is_true(node := service.get("privileged")):
        words = f"{service.name} is privileged: it can do on its machine whatever root can"
        yield Hit(estate.within(service.at(node), ""), words, (service.name, "privileged"), persona=who)
    for name in ("pid", "ipc", "network_mode"):
        if string(node := service.get(name)) == "host" and name != "network_mode":
            words = f"{service.name} shares the {name} namespace of its machine"
            yield Hit(estate.within(service.at(node), ""), words, (service.name, name), Severity.MEDIUM, persona=who)
    for power in yaml.scalars(service.get("cap_add")):
        if string(power).upper().removeprefix("CAP_") in _POWERS - {"NET_ADMIN"}:
            words = f"{service.name} gets the capability {string(power)}, which is close to root on its machine"
            yield Hit(estate.within(service.at(power), ""), words, (service.name, string(power)), persona=who)
    for volume in yaml.sequence(service.get("volumes")):
        source = get(volume, "source") if is_mapping(volume) else volume
        if _SOCKET.search(string(source).partition(":")[0]):
            words = f"{service.name} gets the socket of the container engine, and with it the whole machine"
            yield Hit(
                estate.within(service.at(source), ""),
                words,
                (service.name, "socket"),
                Severity.MEDIUM,
                0.8,
                Persona.AUDITOR,
            )


def _dockerfile(estate: Estate, file: Dockerfile) -> Iterator[Hit]:
    users = [one for stage in file.last.line for one in stage.all("USER")]
    image = named(file.last.line[0].base or "")
    if not users and image is not None and not _UNPRIVILEGED.search(f"{image.registry}/{image.path}:{image.tag}"):
        words = "the image runs as root, because there is no USER"
        place = estate.within(file.last.origin.span, "")
        yield Hit(place, words, ("user",), Severity.LOW, 0.8, Persona.AUDITOR)
    elif (
        users
        and users[-1].value.split(":")[0].strip() in {"root", "0"}
        and any(stage.all("CMD", "ENTRYPOINT") for stage in file.last.line)
    ):
        words = "the image ends as root: what it runs can do all that the container may"
        who = Persona.AUDITOR if aside(file.path) else Persona.REGULAR
        yield Hit(estate.within(users[-1].span, ""), words, ("root",), Severity.LOW, 0.8, who)


RULE = Rule(
    id="privileged-container",
    number="SEC-53",
    title="A container may do what only the machine should",
    why="One flaw in one program is then the whole node, with the secrets of everything that runs there.",
    advice="Drop all capabilities, runAsNonRoot, no hostPath; what really needs the node belongs in a namespace of its own.",
    severity=Severity.HIGH,
    confidence=0.95,
    impact=Impact("risk"),
    effort="M",
    refs=("CIS Kubernetes Benchmark 5.2", "CIS Docker Benchmark 4.1", "Kubernetes: pod security standards"),
    kinds=frozenset({Kind.KUBERNETES, Kind.COMPOSE, Kind.DOCKERFILE}),
    survey=survey,
)
