"""Checks of DNS: pods that cannot look up names, and questions that may go anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import PORT, Asking, Lookups, Review, WrittenPolicy, WrittenRule
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.model import Direction, PodKey
from haechi.sets import TCP, UDP, AddressSet, PortSet

_DNS = PortSet.udp(PORT) | PortSet.tcp(PORT)
_EGRESS = ("spec", "egress")


@check(
    "dns-blocked",
    Severity.WARNING,
    "Pods may send to others but not to the cluster's DNS, so they cannot look up names.",
)
def dns_blocked(review: Review) -> Iterator[Found]:
    """Workloads that may not ask the resolvers of the cluster by UDP."""
    lookups = Lookups(review)
    for policy, pods in _by_policy(one for one in lookups.all() if UDP in one.refused):
        yield Found(
            policy.object,
            _EGRESS,
            f"{_workloads(review, pods)} cannot look up names: no rule allows {_ports(lookups, UDP)} "
            f"to {_workloads(review, lookups.resolvers.ports)}",
            f"allow {_ports(lookups)} to {_meant(lookups)}",
        )


@check(
    "dns-tcp-blocked",
    Severity.NOTE,
    "Pods may ask the cluster's DNS by UDP but not by TCP, as long answers need it.",
)
def dns_tcp_blocked(review: Review) -> Iterator[Found]:
    """Workloads that lose long answers."""
    lookups = Lookups(review)
    for policy, pods in _by_policy(one for one in lookups.all() if UDP in one.protocols and TCP in one.refused):
        yield Found(
            policy.object,
            _EGRESS,
            f"{_workloads(review, pods)} may ask {_workloads(review, lookups.resolvers.ports)} by UDP but not "
            "by TCP, which answers need that are too long for UDP",
            f"allow {_ports(lookups, TCP)} too",
        )


def _by_policy(asking: Iterable[Asking]) -> Iterator[tuple[WrittenPolicy, list[PodKey]]]:
    found: dict[int, tuple[WrittenPolicy, list[PodKey]]] = {}
    for one in asking:
        found.setdefault(id(one.policy), (one.policy, []))[1].extend(one.pods)
    return iter(found.values())


def _workloads(review: Review, pods: Iterable[PodKey]) -> str:
    return several(sorted({str(review.cluster.owners[key]) for key in pods}))


def _ports(lookups: Lookups, *protocols: int) -> str:
    """Where the resolvers listen."""
    listening = {port for some in lookups.resolvers.ports.values() for port in some}
    chosen = [PortSet.port(*port) for port in listening if not protocols or port[0] in protocols]
    return ports_text(PortSet.union_all(chosen)).replace("; ", " and ")


def _meant(lookups: Lookups) -> str:
    """How a rule would mean the resolvers."""
    resolvers = lookups.resolvers
    namespaces = several(sorted({key.namespace for key in resolvers.ports}))
    return f"{resolvers.label or 'its pods'} in namespace {namespaces}"


@check(
    "dns-anywhere",
    Severity.NOTE,
    "DNS is allowed to everyone: a way for data to leave.",
    on_request=True,
)
def dns_anywhere(review: Review) -> Iterator[Found]:
    """The port of DNS, written as such, to everyone or to a whole family of addresses."""
    for policy in review.policies:
        for rule, meaning in policy.effective:
            if rule.direction is Direction.INGRESS:
                continue
            whom = "everyone" if meaning.peers.anywhere else several(_wide(rule))
            for port in rule.ports if whom else ():
                if port.ports is not None and isinstance(port.written.port, int) and port.ports & _DNS:
                    yield Found(
                        policy.object,
                        port.path,
                        f"{ports_text(port.ports)} to {whom} is a way out: names can carry data to any resolver",
                        "allow it to the cluster's DNS only",
                    )


def _wide(rule: WrittenRule) -> Iterator[str]:
    """The ipBlocks that begin with a whole family."""
    for peer in rule.peers:
        block = peer.written.ip_block
        if block is not None and peer.peers and AddressSet.from_cidr(block.cidr) in (AddressSet.V4, AddressSet.V6):
            yield block.cidr


CHECKS: tuple[Check, ...] = (dns_blocked, dns_tcp_blocked, dns_anywhere)
