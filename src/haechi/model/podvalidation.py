"""Validation of pods and pod templates: the rules of `ValidatePodSpec` and the warnings of `pkg/api/pod`.

They are about the fields that are read here. The spec is judged as stored: the protocol is TCP and the restart policy
Always where nothing is said, and a pod in the host's network has its container ports as host ports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from haechi.model.core import Container, ContainerPort, PodSpec
from haechi.model.fielderror import FieldError, duplicate, invalid, invalid_for, not_supported, required
from haechi.model.metadata import annotation_errors, label_errors
from haechi.model.names import dns_label, port_name, port_number, subdomain
from haechi.model.problem import Path, path_text
from haechi.model.quoting import json_text, quoted
from haechi.model.version import KubernetesVersion
from haechi.model.workloads import PodTemplateSpec

PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_RESTART_POLICIES = ("Always", "OnFailure", "Never")


def pod_errors(spec: PodSpec, path: Path) -> Iterator[FieldError]:
    """The errors of a pod's spec."""
    yield from _spec_errors(default_pod_spec(spec), path, is_template=False)
    for name, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
        for index, container in enumerate(containers):
            if container.image != container.image.strip():
                words = "must not have leading or trailing whitespace"
                yield invalid((*path, name, index, "image"), container.image, words)


def template_errors(template: PodTemplateSpec, path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    """The errors of a workload's pod template; like the server's, those of metadata lack `metadata` in their path."""
    yield from label_errors(template.metadata.labels, (*path, "labels"), version)
    yield from annotation_errors(template.metadata.annotations, (*path, "annotations"), version)
    yield from _spec_errors(template.spec, (*path, "spec"), is_template=True)


def default_pod_spec(spec: PodSpec) -> PodSpec:
    """The spec of a pod with the host ports that the server fills in."""
    if not spec.host_network:
        return spec
    return msgspec.structs.replace(
        spec, containers=_with_host_ports(spec.containers), init_containers=_with_host_ports(spec.init_containers)
    )


def _with_host_ports(containers: tuple[Container, ...]) -> tuple[Container, ...]:
    return tuple(
        msgspec.structs.replace(
            container,
            ports=tuple(
                msgspec.structs.replace(port, host_port=port.host_port or port.container_port)
                for port in container.ports
            ),
        )
        for container in containers
    )


def _spec_errors(spec: PodSpec, path: Path, *, is_template: bool) -> Iterator[FieldError]:
    yield from _container_list_errors(spec.containers, (*path, "containers"))
    yield from _init_container_errors(spec, (*path, "initContainers"))
    if spec.host_network:
        yield from _host_network_errors(spec.containers, (*path, "containers"), is_template=is_template)
    policy = spec.restart_policy or "Always"
    if policy not in _RESTART_POLICIES:
        yield not_supported((*path, "restartPolicy"), json_text(policy), _RESTART_POLICIES)
    if spec.node_name:
        yield from invalid_for((*path, "nodeName"), spec.node_name, subdomain(spec.node_name))


def _container_list_errors(containers: tuple[Container, ...], path: Path) -> Iterator[FieldError]:
    if not containers:
        yield required(path)
    names: set[str] = set()
    for index, container in enumerate(containers):
        yield from _container_errors(container, (*path, index))
        if container.name in names:
            yield duplicate((*path, index, "name"), container.name)
        names.add(container.name)
    yield from _host_port_conflicts(containers, path)


def _init_container_errors(spec: PodSpec, path: Path) -> Iterator[FieldError]:
    names = {container.name for container in spec.containers}
    for index, container in enumerate(spec.init_containers):
        yield from _container_errors(container, (*path, index))
        if container.name in names:
            yield duplicate((*path, index, "name"), container.name)
        elif container.name:
            names.add(container.name)
        yield from _host_port_conflicts((container,), path)


def _container_errors(container: Container, path: Path) -> Iterator[FieldError]:
    if not container.name:
        yield required((*path, "name"))
    else:
        yield from invalid_for((*path, "name"), container.name, dns_label(container.name))
    if not container.image:
        yield required((*path, "image"))
    yield from container_port_errors(container.ports, (*path, "ports"))
    pull_policy = container.image_pull_policy
    if pull_policy and pull_policy not in _PULL_POLICIES:
        yield not_supported((*path, "imagePullPolicy"), json_text(pull_policy), _PULL_POLICIES)
    policy = container.restart_policy
    if policy is not None and policy not in _RESTART_POLICIES:
        yield not_supported((*path, "restartPolicy"), json_text(policy), sorted(_RESTART_POLICIES))


def container_port_errors(ports: tuple[ContainerPort, ...], path: Path) -> Iterator[FieldError]:
    """The errors of a container's list of ports."""
    names: set[str] = set()
    for index, port in enumerate(ports):
        port_path = (*path, index)
        wrong = port_name(port.name) if port.name else []
        yield from invalid_for((*port_path, "name"), port.name, wrong)
        if port.name in names:
            yield duplicate((*port_path, "name"), port.name)
        elif port.name and not wrong:
            names.add(port.name)
        number = port.container_port
        if not number:
            yield required((*port_path, "containerPort"))
        else:
            yield from invalid_for((*port_path, "containerPort"), number, port_number(number))
        if port.host_port:
            yield from invalid_for((*port_path, "hostPort"), port.host_port, port_number(port.host_port))
        if port.protocol and port.protocol not in PROTOCOLS:
            yield not_supported((*port_path, "protocol"), json_text(port.protocol), PROTOCOLS)


def _host_port_conflicts(containers: Iterable[Container], path: Path) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.ports):
            text = f"{port.protocol or 'TCP'}/{port.host_ip}/{port.host_port}"
            if port.host_port and text in taken:
                yield duplicate((*path, index, "ports", number, "hostPort"), text)
            taken.add(text)


def _host_network_errors(containers: tuple[Container, ...], path: Path, *, is_template: bool) -> Iterator[FieldError]:
    for index, container in enumerate(containers):
        for number, port in enumerate(container.ports):
            if port.host_port != port.container_port and (port.host_port or not is_template):
                words = "must match `containerPort` when `hostNetwork` is true"
                yield invalid((*path, index, "ports", number, "hostPort"), port.host_port, words)


def pod_name_warnings(name: str, used: str) -> Iterator[tuple[Path, str]]:
    """The warning about a name that is no DNS label; `used` says what for."""
    wrong = dns_label(name)
    if wrong:
        words = f"this is used in {used}, which can result in surprising behavior; a DNS label is recommended"
        yield ("metadata", "name"), f"metadata.name: {words}: [{' '.join(wrong)}]"


def pod_warnings(spec: PodSpec, path: Path) -> Iterator[tuple[Path, str]]:
    """The path and full text of each warning about a pod's ports."""
    ports = [
        ((*path, name, index, "ports", number), port)
        for name, containers in (("initContainers", spec.init_containers), ("containers", spec.containers))
        for index, container in enumerate(containers)
        for number, port in enumerate(container.ports)
    ]
    known: dict[tuple[int, str], list[tuple[Path, ContainerPort]]] = {}
    for port_path, port in ports:
        if port.host_ip and not port.host_port:
            yield port_path, f"{path_text(port_path)}: hostIP set without hostPort: {_go_struct(port)}"
        others = known.setdefault((port.container_port, port.protocol or "TCP"), [])
        for other_path, other in others:
            word = _overlap(port, other)
            if word:
                yield port_path, f"{path_text(port_path)}: {word} port definition with {path_text(other_path)}"
        others.append((port_path, port))
    named: dict[str, str] = {}
    for port_path, port in ports:
        first = named.setdefault(port.name, path_text(port_path))
        if port.name and first != path_text(port_path):
            words = f"duplicate port name {quoted(port.name)} with {first}"
            use = f"services and probes that select ports by name will use {first}"
            yield port_path, f"{path_text(port_path)}: {words}, {use}"


def _overlap(port: ContainerPort, other: ContainerPort) -> str:
    if (port.host_ip, port.host_port) == (other.host_ip, other.host_port):
        return "duplicate"
    if not port.host_port or not other.host_port:
        return "overlapping"
    ambiguous = port.host_port == other.host_port and bool(port.host_ip) != bool(other.host_ip)
    return "dangerously ambiguous" if ambiguous else ""


def _go_struct(port: ContainerPort) -> str:
    return (
        f"{{Name:{port.name} HostPort:{port.host_port} ContainerPort:{port.container_port} "
        f"Protocol:{port.protocol or 'TCP'} HostIP:{port.host_ip}}}"
    )
