"""Small clusters by seed: few names, addresses and ports, so that everything meets everything.

Equal seeds give equal clusters.
"""

from __future__ import annotations

from random import Random

from haechi.model import (
    Container,
    ContainerPort,
    HostIP,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)

Object = Namespace | Node | Pod | NetworkPolicy
NODE = "n0"
NAMESPACES = ("a", "b")
KEYS, VALUES = ("app", "tier"), ("1", "2")
PROTOCOLS = ("TCP", "TCP", "TCP", "UDP", "SCTP")
PORTS = (53, 80, 81, 8080)
NAMES = ("web", "dns")
CIDRS = (
    *("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/30", "10.0.0.3/32", "192.168.0.0/16"),
    *("::/0", "fd00::/16", "fd00::/126", "fd00::3/128"),
)
EXCEPTS = ("10.0.0.0/31", "10.0.0.3/32", "10.0.0.0/16", "fd00::2/127", "fd00::/120")


def objects(random: Random, *, pods: int = 7, policies: int = 5, tidy: bool = False) -> list[Object]:
    """A cluster.

    `tidy`: nothing unreadable, disputed, completed, on the host's network or beside its own node; one address a family.
    """
    found: list[Object] = [namespace(random, name) for name in NAMESPACES if random.random() < 0.8]
    if not tidy and random.random() < 0.5:
        found.append(node(random))
    found += [pod(random, number, tidy=tidy) for number in range(pods)]
    found += [policy(random, number, tidy=tidy) for number in range(policies)]
    return found


def namespace(random: Random, name: str = "a") -> Namespace:
    """A namespace with labels."""
    return Namespace(metadata=ObjectMeta(name=name, labels=_labels(random)))


def node(random: Random) -> Node:
    """The node, with an address that may be a pod's too."""
    address = random.choice(("172.16.0.1", "10.0.0.5", "fd02::1"))
    status = NodeStatus(addresses=(NodeAddress(type="InternalIP", address=address),))
    return Node(metadata=ObjectMeta(name=NODE), status=status)


def pod(random: Random, number: int, *, tidy: bool = False) -> Pod:
    """The pod with this number: the first half on the node."""
    own = (f"10.0.0.{number + 1}", f"fd00::{number + 1:x}")
    addresses: tuple[str, ...] = random.choice((own, own, own[:1], own[1:]))
    odd = not tidy and random.random() < 0.15
    if odd:
        addresses = (f"10.0.0.{random.randrange(8)}", f"fd00::{random.randrange(8):x}")
    elif not tidy and random.random() < 0.15:  # several of one family, which no API server takes
        second = (number + 8) % 10
        addresses = (*own, f"10.0.0.{second}", f"fd00::{second:x}")
    hosts: tuple[HostIP, ...] = ()
    if not tidy and random.random() < 0.2:
        hosts = (HostIP(ip=random.choice(("172.16.0.1", "10.0.0.6"))),)
    return Pod(
        metadata=ObjectMeta(name=f"p{number}", namespace=random.choice(NAMESPACES), labels=_labels(random)),
        spec=PodSpec(
            node_name=NODE if number < 3 or (odd and random.random() < 0.5) else "n1",
            host_network=not tidy and random.random() < 0.05,
            containers=(_container(random),),
        ),
        status=PodStatus(
            phase="Succeeded" if not tidy and random.random() < 0.05 else "Running",
            pod_ips=tuple(PodIP(ip=address) for address in addresses),
            host_ips=hosts,
        ),
    )


def _container(random: Random) -> Container:
    ports = tuple(
        ContainerPort(
            name=random.choice(("", *NAMES)), container_port=random.choice(PORTS), protocol=random.choice(PROTOCOLS)
        )
        for _ in range(random.randrange(3))
    )
    return Container(name="main", ports=ports)


def policy(random: Random, number: int, *, tidy: bool = False) -> NetworkPolicy:
    """The policy with this number."""
    spec = NetworkPolicySpec(
        pod_selector=random.choice((LabelSelector(), _selector(random, tidy))),
        policy_types=random.choice(((), ("Ingress",), ("Egress",), ("Ingress", "Egress"))),
        ingress=tuple(
            NetworkPolicyIngressRule(from_=_peers(random, tidy), ports=_ports(random, tidy))
            for _ in range(random.randrange(3))
        ),
        egress=tuple(
            NetworkPolicyEgressRule(to=_peers(random, tidy), ports=_ports(random, tidy))
            for _ in range(random.randrange(3))
        ),
    )
    return NetworkPolicy(metadata=ObjectMeta(name=f"q{number}", namespace=random.choice(NAMESPACES)), spec=spec)


def _labels(random: Random) -> dict[str, str]:
    return {key: random.choice(VALUES) for key in KEYS if random.random() < 0.6}


def _selector(random: Random, tidy: bool) -> LabelSelector:
    kind = random.randrange(5)
    if kind == 0:
        return LabelSelector()
    if kind < 3:
        return LabelSelector(match_labels={random.choice(KEYS): random.choice(VALUES)})
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    values = (random.choice(VALUES),) if operator in ("In", "NotIn") else ()
    if not tidy and random.random() < 0.1:
        operator = "Gt"
    expression = LabelSelectorRequirement(key=random.choice(KEYS), operator=operator, values=values)
    return LabelSelector(match_expressions=(expression,))


def _peers(random: Random, tidy: bool) -> tuple[NetworkPolicyPeer, ...]:
    return tuple(_peer(random, tidy) for _ in range(random.randrange(3)))


def _peer(random: Random, tidy: bool) -> NetworkPolicyPeer:
    kind = random.randrange(5)
    if kind < 2:
        excepted = tuple(random.sample(EXCEPTS, random.randrange(2)))
        cidr = random.choice(CIDRS if tidy or random.random() < 0.9 else ("10.0.0.0", "x/8"))
        return NetworkPolicyPeer(ip_block=IPBlock(cidr=cidr, except_=excepted))
    pods = _selector(random, tidy) if kind != 2 else None
    namespaces = _selector(random, tidy) if kind != 3 else None
    if not tidy and random.random() < 0.05:
        return NetworkPolicyPeer()
    return NetworkPolicyPeer(pod_selector=pods, namespace_selector=namespaces)


def _ports(random: Random, tidy: bool) -> tuple[NetworkPolicyPort, ...]:
    return tuple(_port(random, tidy) for _ in range(random.randrange(3)))


def _port(random: Random, tidy: bool) -> NetworkPolicyPort:
    protocol = random.choice((None, *PROTOCOLS))
    if not tidy and random.random() < 0.05:
        return NetworkPolicyPort(protocol=protocol, port=80, end_port=79)
    port = random.choice((None, *PORTS, *PORTS, *NAMES))
    last = port + random.randrange(20) if isinstance(port, int) and random.random() < 0.4 else None
    return NetworkPolicyPort(protocol=protocol, port=port, end_port=last)
