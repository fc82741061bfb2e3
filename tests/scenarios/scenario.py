"""The upstream end-to-end scenarios as values: a small cluster, changes to it, and what must hold after each.

A cluster has the namespaces x, y and z, whose only label is the one that the API server sets, and in each the pods a, b
and c, labelled `pod=<name>`. Every pod offers ports 80 and 81 by TCP, UDP and SCTP under the names
`serve-<port>-<protocol>`. Addresses are fixed, so that CIDRs can be written: pod number m of namespace number n is
10.244.n.m and fd00:10:244:n::m, counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from textwrap import dedent, indent

from haechi.files import load
from haechi.model import (
    Container,
    ContainerPort,
    HostIP,
    Namespace,
    NetworkPolicy,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from haechi.model.validation import validate, warnings
from tests.scenarios.verdicts import Verdicts

Object = Namespace | Node | Pod | NetworkPolicy
Key = tuple[type[Object], str, str]
"""Kind, namespace (`""` for Namespace and Node) and name: what `Engine.delete` takes."""

NAMESPACES = ("x", "y", "z")
PODS = ("a", "b", "c")
PORTS = (80, 81)
PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class Step:
    """One change and its effect.

    Attributes:
        verdicts: what holds when the change has been made.
        put: objects that are added, or replace those with their key.
        delete: objects that go.
    """

    verdicts: Verdicts
    put: tuple[Object, ...] = ()
    delete: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name, unique and fit for a test id, and changes to a `base_cluster`, one after the other."""

    name: str
    steps: tuple[Step, ...]


def scenario(name: str, *steps: Step) -> Scenario:
    """A scenario, written without a second pair of parentheses."""
    return Scenario(name, steps)


def step(verdicts: str, *put: Object, delete: Iterable[Key] = ()) -> Step:
    """A step from the lines of `Verdicts` that differ from "all allowed"."""
    return Step(Verdicts.parse("otherwise allowed\n" + dedent(verdicts)), put, tuple(delete))


def netpol(namespace: str, name: str, spec: str) -> NetworkPolicy:
    """The policy with this spec, given as YAML; read as every manifest is, without a problem."""
    text = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f'metadata: {{name: "{name}", namespace: "{namespace}"}}\nspec:\n{indent(dedent(spec), "  ")}\n'
    )
    found = load(["-"], BytesIO(text.encode()))
    assert not found.problems, [str(problem) for problem in found.problems]
    (policy,) = found.all(NetworkPolicy)
    assert [*validate(policy), *warnings(policy)] == []
    return policy


def namespace(name: str, **labels: str) -> Namespace:
    """A namespace with these labels and the one that every namespace has."""
    return Namespace(metadata=ObjectMeta(name=name, labels={"kubernetes.io/metadata.name": name, **labels}))


def pod(namespace: str, name: str, *, nodes: int = 1, **labels: str) -> Pod:
    """A pod of the base cluster, labelled `pod=<name>` and with these labels."""
    n, m = NAMESPACES.index(namespace) + 1, PODS.index(name) + 1
    where = (n + m) % nodes
    hosts = _node_addresses(where)
    return Pod(
        metadata=ObjectMeta(name=name, namespace=namespace, labels={"pod": name, **labels}),
        spec=PodSpec(
            node_name=_node_name(where),
            containers=tuple(_container(port, protocol) for port in PORTS for protocol in PROTOCOLS),
        ),
        status=PodStatus(
            phase="Running",
            pod_ip=f"10.244.{n}.{m}",
            pod_ips=(PodIP(ip=f"10.244.{n}.{m}"), PodIP(ip=f"fd00:10:244:{n}::{m}")),
            host_ip=hosts[0],
            host_ips=tuple(HostIP(ip=address) for address in hosts),
        ),
    )


def base_cluster(nodes: int = 1) -> list[Object]:
    """Nodes, namespaces and the nine pods. On two nodes every namespace has pods on both."""
    return [
        *(_node(number) for number in range(nodes)),
        *(namespace(name) for name in NAMESPACES),
        *(pod(scope, name, nodes=nodes) for scope in NAMESPACES for name in PODS),
    ]


def placed(one: Object, nodes: int) -> Object:
    """An object of a step as it is in `base_cluster(nodes)`: steps write pods as they are on one node."""
    if not isinstance(one, Pod):
        return one
    return pod(one.namespace, one.name, nodes=nodes, **{key: one.labels[key] for key in one.labels if key != "pod"})


def key(one: Object) -> Key:
    """The key of an object."""
    return type(one), one.namespace, one.name


def after(present: Mapping[Key, Object], change: Step, nodes: int = 1) -> dict[Key, Object]:
    """All objects after a step."""
    put = {key(one): placed(one, nodes) for one in change.put}
    return {name: one for name, one in {**present, **put}.items() if name not in change.delete}


def _container(port: int, protocol: str) -> Container:
    name = f"serve-{port}-{protocol.lower()}"
    return Container(name=name, ports=(ContainerPort(name=name, container_port=port, protocol=protocol),))


def _node_name(number: int) -> str:
    return f"node-{number + 1}"


def _node_addresses(number: int) -> tuple[str, str]:
    return f"172.18.0.{number + 2}", f"fd00:172:18::{number + 2}"


def _node(number: int) -> Node:
    addresses = tuple(NodeAddress(type="InternalIP", address=address) for address in _node_addresses(number))
    return Node(metadata=ObjectMeta(name=_node_name(number)), status=NodeStatus(addresses=addresses))
