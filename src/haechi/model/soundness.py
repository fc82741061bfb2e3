"""Whether the objects around the policies are safe to use: names, labels, addresses, ports, selectors.

Not the API server's whole validation of these kinds, only what Haechi relies on, in the server's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from haechi.model.cidr import CidrError, parse_address, parse_cidr
from haechi.model.core import ExternalHost, Namespace, Node, Pod, PodSpec, Service
from haechi.model.fielderror import FieldError, invalid, invalid_json, not_supported, required
from haechi.model.gates import Gates
from haechi.model.metadata import label_errors, metadata_errors, selector_errors
from haechi.model.names import dns_label, port_name, port_number, subdomain
from haechi.model.networkpolicy import LabelSelector, NetworkPolicy
from haechi.model.objects import Object, TierPolicy
from haechi.model.podvalidation import PROTOCOLS, container_port_errors
from haechi.model.problem import Path
from haechi.model.quoting import json_list, json_text
from haechi.model.validation import DEFAULT_GATES, NEWEST, validate
from haechi.model.version import KubernetesVersion
from haechi.model.workloads import CronJob, DaemonSet, Deployment, Job, ReplicationController, Workload

_NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def errors(
    resource: Object, version: KubernetesVersion = NEWEST, gates: Gates = DEFAULT_GATES
) -> tuple[FieldError, ...]:
    """All errors of an object: for a NetworkPolicy `validate`, for any other what makes it unsafe to use.

    Of a policy of a tier only the metadata are judged: its definition judges data, not the struct.
    """
    if isinstance(resource, NetworkPolicy):
        return validate(resource, version, gates)
    rule = dns_label if isinstance(resource, Namespace) else subdomain
    metadata = metadata_errors(
        resource.metadata, version, namespaced=False, name_rule=rule, is_custom=isinstance(resource, TierPolicy)
    )
    namespace = resource.metadata.namespace if resource.namespaced else ""
    wrong = dns_label(namespace) if namespace else []
    return (
        *metadata,
        *(invalid(("metadata", "namespace"), namespace, message) for message in wrong),
        *_own_errors(resource, version),
    )


def _own_errors(resource: Object, version: KubernetesVersion) -> Iterator[FieldError]:
    match resource:
        case Pod():
            yield from _pod_errors(resource)
        case Node():
            yield from _node_errors(resource)
        case Service():
            yield from _service_errors(resource, version)
        case ExternalHost():
            yield from _host_errors(resource)
        case Deployment() | DaemonSet() | ReplicationController() | Job() | CronJob():
            yield from _workload_errors(resource, version)


def _pod_errors(pod: Pod) -> Iterator[FieldError]:
    yield from _pod_spec_errors(pod.spec, ("spec",))
    if pod.status.pod_ip:
        yield from _address_errors((pod.status.pod_ip,), [("status", "podIP")])
    paths: list[Path] = [("status", "podIPs", index, "ip") for index in range(len(pod.status.pod_ips))]
    yield from _address_errors((each.ip for each in pod.status.pod_ips), paths)
    given = [each.ip for each in pod.status.pod_ips]
    families = [":" in text for text in given if _is_address(text)]
    if len(families) != len(set(families)):
        yield invalid_json(("status", "podIPs"), json_list(given), "may specify no more than one IP for each IP family")


def _pod_spec_errors(spec: PodSpec, path: Path) -> Iterator[FieldError]:
    for name, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
        for index, container in enumerate(containers):
            yield from container_port_errors(container.ports, (*path, name, index, "ports"))


def _protocol_errors(protocol: str, path: Path) -> Iterator[FieldError]:
    if protocol and protocol not in PROTOCOLS:
        yield not_supported((*path, "protocol"), json_text(protocol), PROTOCOLS)


def _node_errors(node: Node) -> Iterator[FieldError]:
    for index, address in enumerate(node.status.addresses):
        if address.type in ("InternalIP", "ExternalIP"):
            yield from _address_errors((address.address,), [("status", "addresses", index, "address")])
    for index, text in enumerate(node.spec.pod_cidrs):
        yield from _cidr_errors(text, ("spec", "podCIDRs", index))
    if node.spec.pod_cidr:
        yield from _cidr_errors(node.spec.pod_cidr, ("spec", "podCIDR"))


def _service_errors(service: Service, version: KubernetesVersion) -> Iterator[FieldError]:
    spec = service.spec
    yield from label_errors(spec.selector, ("spec", "selector"), version)
    for index, port in enumerate(spec.ports):
        path = ("spec", "ports", index)
        yield from (invalid((*path, "port"), port.port, message) for message in port_number(port.port))
        yield from _protocol_errors(port.protocol, path)
        target = port.target_port
        if isinstance(target, int):
            yield from (invalid((*path, "targetPort"), target, message) for message in port_number(target))
        elif target is not None:
            yield from (invalid((*path, "targetPort"), target, message) for message in port_name(target))
    if spec.cluster_ip not in ("", "None"):
        yield from _address_errors((spec.cluster_ip,), [("spec", "clusterIP")])
    for name, texts in (("clusterIPs", spec.cluster_ips), ("externalIPs", spec.external_ips)):
        given = [(i, text) for i, text in enumerate(texts) if text != "None"]
        yield from _address_errors((text for _, text in given), [("spec", name, i) for i, _ in given])


def _host_errors(host: ExternalHost) -> Iterator[FieldError]:
    if not host.addresses:
        yield required(("spec", "addresses"), "an external host needs an address")
    yield from _address_errors(host.addresses, [("spec", "addresses", i) for i in range(len(host.addresses))])


def _workload_errors(workload: Workload, version: KubernetesVersion) -> Iterator[FieldError]:
    count = workload.pod_count
    path: Path = ("spec",)
    if isinstance(workload, CronJob):
        path = ("spec", "jobTemplate", "spec")
    if count is not None and count < 0:
        field = "parallelism" if isinstance(workload, Job | CronJob) else "replicas"
        yield invalid((*path, field), count, "must be greater than or equal to 0")
    yield from _workload_selector_errors(workload, (*path, "selector"), version)
    template = workload.pod_template
    yield from label_errors(template.metadata.labels, (*path, "template", "labels"), version)
    yield from _pod_spec_errors(template.spec, (*path, "template", "spec"))


def _workload_selector_errors(workload: Workload, path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    if isinstance(workload, ReplicationController):
        yield from label_errors(workload.spec.selector, path, version)
        return
    spec = workload.spec.job_template.spec if isinstance(workload, CronJob) else workload.spec
    yield from selector_errors(spec.selector or LabelSelector(), path, version)


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except CidrError:
        return False
    return True


def _address_errors(texts: Iterable[str], paths: Iterable[Path]) -> Iterator[FieldError]:
    for text, path in zip(texts, paths, strict=True):
        if not _is_address(text):
            yield invalid(path, text, _NOT_AN_ADDRESS)


def _cidr_errors(text: str, path: Path) -> Iterator[FieldError]:
    try:
        parse_cidr(text)
    except CidrError:
        yield invalid(path, text, _NOT_A_CIDR)
