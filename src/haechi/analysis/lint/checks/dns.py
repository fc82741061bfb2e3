"""Checks of DNS: pods that cannot resolve names, and DNS that is allowed everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import DNS_PORT, DnsClient, DnsClients, Review, WrittenRule
from haechi.analysis.lint.wording import name_list
from haechi.model import Direction, Path, PodKey, Resource, Severity
from haechi.sets import TCP, UDP, AddressSet, PortSet

_DNS = PortSet.udp(DNS_PORT) | PortSet.tcp(DNS_PORT)
_EGRESS: Path = ("spec", "egress")


@check(
    "dns-blocked",
    Severity.WARNING,
    "Pods may connect to others but not to the cluster's DNS, so they cannot resolve names.",
)
def dns_blocked(review: Review) -> Iterator[Diagnostic]:
    """Workloads whose lookups over UDP are denied."""
    clients = DnsClients(review)
    for place, pods in _by_place(review, UDP, [one for one in clients.all() if UDP in one.denied]):
        why = f"this denies {_ports(clients, UDP)}" if place.is_tier else f"no rule allows {_ports(clients, UDP)}"
        verb = "accept" if place.is_tier else "allow"
        before = " in a rule before it" if place.is_tier else ""
        yield Diagnostic(
            place.object,
            place.path,
            f"{_workloads(review, pods)} cannot resolve names: {why} to {_workloads(review, clients.resolvers.ports)}",
            f"{verb} {_ports(clients)} to {_resolvers(clients)}{before}",
        )


@check(
    "dns-tcp-blocked",
    Severity.NOTE,
    "Pods may query the cluster's DNS over UDP but not over TCP, which long answers need.",
)
def dns_tcp_blocked(review: Review) -> Iterator[Diagnostic]:
    """Workloads that cannot retry over TCP when an answer is truncated."""
    clients = DnsClients(review)
    found = [one for one in clients.all() if UDP in one.allowed and TCP in one.denied]
    for place, pods in _by_place(review, TCP, found):
        yield Diagnostic(
            place.object,
            place.path,
            f"{_workloads(review, pods)} may query {_workloads(review, clients.resolvers.ports)} over UDP but "
            "not over TCP, which answers too long for UDP need",
            f"also accept {_ports(clients, TCP)} before it" if place.is_tier else f"also allow {_ports(clients, TCP)}",
        )


class _Place(NamedTuple):
    """Where a denial of DNS is reported: a policy that lacks a rule, or the rule of a tier that denies it."""

    object: Resource
    path: Path
    is_tier: bool


def _by_place(review: Review, protocol: int, clients: Iterable[DnsClient]) -> Iterator[tuple[_Place, list[PodKey]]]:
    found: dict[tuple[int, Path], tuple[_Place, list[PodKey]]] = {}
    for one in clients:
        rule = one.rules.get(protocol)
        if rule is not None:
            place = _Place(review.cluster.tier_policies[rule.policy], rule.steps, is_tier=True)
        elif one.policy is not None:
            place = _Place(one.policy.object, _EGRESS, is_tier=False)
        else:
            continue
        found.setdefault((id(place.object), place.path), (place, []))[1].extend(one.pods)
    return iter(found.values())


def _workloads(review: Review, pods: Iterable[PodKey]) -> str:
    return name_list(sorted({str(review.cluster.owners[key]) for key in pods}))


def _ports(clients: DnsClients, *protocols: int) -> str:
    """Where the resolvers listen."""
    listening = {port for some in clients.resolvers.ports.values() for port in some}
    chosen = sorted({protocol for protocol, _ in listening if not protocols or protocol in protocols})
    sets = [PortSet.union_all([PortSet.port(*port) for port in listening if port[0] == one]) for one in chosen]
    return name_list(map(ports_text, sets))


def _resolvers(clients: DnsClients) -> str:
    """The resolvers as a rule can select them."""
    resolvers = clients.resolvers
    namespaces = name_list(sorted({key.namespace for key in resolvers.ports}))
    return f"{resolvers.label or 'its pods'} in namespace {namespaces}"


@check(
    "dns-anywhere",
    Severity.NOTE,
    "DNS is allowed to every address, which allows data exfiltration.",
    on_request=True,
)
def dns_anywhere(review: Review) -> Iterator[Diagnostic]:
    """The port of DNS, by number, to everyone or to a whole family of addresses."""
    for policy in review.policies:
        for rule, read in policy.effective:
            if rule.direction is Direction.INGRESS:
                continue
            destination = "everyone" if read.peers.anywhere else name_list(_wide(rule))
            for port in rule.ports if destination else ():
                if port.ports is not None and isinstance(port.written.port, int) and port.ports & _DNS:
                    yield Diagnostic(
                        policy.object,
                        port.path,
                        f"{ports_text(port.ports)} to {destination} allows exfiltration: "
                        "queries can carry data to any resolver",
                        "allow it only to the cluster's DNS",
                    )


def _wide(rule: WrittenRule) -> Iterator[str]:
    """The ipBlocks that begin with a whole family."""
    for peer in rule.peers:
        block = peer.written.ip_block
        if block is not None and peer.peers and AddressSet.from_cidr(block.cidr) in (AddressSet.V4, AddressSet.V6):
            yield block.cidr


CHECKS: tuple[Check, ...] = (dns_blocked, dns_tcp_blocked, dns_anywhere)
