"""Checks of what is open: to everyone, to the Internet, and from pods to addresses that attackers look for.

Policies only add, so whatever one rule allows is open, whatever the others say, except to what tiers deny. These
findings are notes: often it is meant, and then it is confirmed by ignoring the check at this place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import ApiServer, Review, WrittenPolicy, WrittenRule
from haechi.analysis.lint.wording import name_list
from haechi.analysis.reach import Peer, PeerKind, pods_text
from haechi.engine import PolicyRule
from haechi.model import Action, Direction, Path, Severity, Tier
from haechi.sets import TCP, AddressSet, PortSet, point_to_text, protocol_text, text_to_point

_METADATA = ("169.254.169.254", "fd00:ec2::254")
_HOSTS = 65_536  # the most addresses of a block that stands for certain hosts
_EVERYONE = "everyone, inside and outside the cluster,"
_FEW = 10  # ranges of ports
_ALL_TCP = PortSet.tcp(1, 65535)


@check(
    "open-ingress",
    Severity.NOTE,
    "Everyone, or the whole Internet, may connect to the workload.",
)
def open_ingress(review: Review) -> Iterator[Diagnostic]:
    """Ingress rules without peers, or with an ipBlock that is most of the Internet."""
    for policy, rule, read, peers, path in _open(review, Direction.INGRESS):
        yield Diagnostic(
            policy.object,
            path,
            f"open to {peers or _EVERYONE} on {_ports(read)}: {_workloads(review, policy)}",
            "list the clients in from" if rule.written.peers == () else "allow fewer addresses",
        )


@check(
    "open-egress",
    Severity.NOTE,
    "The policy isolates for egress, but allows every destination, or the whole Internet, on every port.",
)
def open_egress(review: Review) -> Iterator[Diagnostic]:
    """Egress rules that allow every port of TCP to everyone or to most of the Internet."""
    for policy, rule, read, peers, path in _open(review, Direction.EGRESS):
        if rule.rule is not None and rule.rule.ports >= _ALL_TCP:
            ports = "every port" if read.ports >= _ALL_TCP else _ports(read)
            message = f"may connect to {peers or 'every destination'} on {ports}: {_workloads(review, policy)}"
            yield Diagnostic(policy.object, path, message, "list the destinations in to, and their ports")


@check(
    "internet-egress",
    Severity.NOTE,
    "A rule with ports allows every destination, or the whole Internet.",
    on_request=True,
)
def internet_egress(review: Review) -> Iterator[Diagnostic]:
    """Egress rules that allow some ports to everyone or to most of the Internet."""
    for policy, rule, read, peers, path in _open(review, Direction.EGRESS):
        if rule.rule is not None and not rule.rule.ports >= _ALL_TCP:
            where = peers or "every destination, inside and outside the cluster,"
            message = f"may connect to {where} on {_ports(read)}: {_workloads(review, policy)}"
            yield Diagnostic(policy.object, path, message, "list the destinations in to")


_Open = tuple[WrittenPolicy, WrittenRule, PolicyRule, str, Path]


def _open(review: Review, direction: Direction) -> Iterator[_Open]:
    """The rules of a direction that allow everyone or the Internet: with its blocks in words, and the place.

    Where tiers come before, with the ports that they leave open to the Internet.
    """
    for found in _wide(review, direction):
        policy, rule, read, peers, path = found
        traffic = review.outside(policy.policy.subject, direction) if review.engine.tier_policies else ()
        if not traffic or read.names:
            yield found
            continue
        reached = AddressSet.ALL if read.peers.anywhere else read.peers.blocks
        boxes = [box for one in traffic for box in one.restricted(reached, read.ports).boxes()]
        ports = PortSet.union_all([own for addresses, own in boxes if _is_internet(addresses)])
        if ports:
            words = peers or ("the Internet" if _denies(review, policy, direction) else "")
            yield policy, rule, replace(read, ports=ports), words, path


def _denies(review: Review, policy: WrittenPolicy, direction: Direction) -> bool:
    """Whether some tier denies the pods of a policy anything."""
    subject = policy.policy.subject
    return any(
        rule.action is Action.DENY
        for one in review.engine.tier_policies.values()
        if one.tier is Tier.ADMIN and one.subject is not None and not subject.excludes(one.subject)
        for rule in one.rules(direction)
    )


@lru_cache(maxsize=4096)
def _is_internet(blocks: AddressSet) -> bool:
    return Peer(PeerKind.ADDRESSES, addresses=blocks).is_internet


def _wide(review: Review, direction: Direction) -> Iterator[_Open]:
    for policy in review.policies:
        for rule, read in policy.effective:
            if rule.direction is direction:
                if read.peers.anywhere:
                    yield policy, rule, read, "", rule.path
                elif read.peers.blocks and _is_internet(read.peers.blocks):
                    blocks = [one for one in rule.peers if one.peers is not None and _is_internet(one.peers.blocks)]
                    names = name_list(one.written.ip_block.cidr for one in blocks if one.written.ip_block is not None)
                    internet = f"the Internet ({names})" if names else "the Internet"
                    yield policy, rule, read, internet, blocks[0].path if blocks else rule.path


def _is_cut(review: Review, policy: WrittenPolicy, point: int, protocol: int, port: int) -> bool:
    """Whether tiers deny all pods of a policy the way to an address."""
    traffic = review.outside(policy.policy.subject, Direction.EGRESS) if review.engine.tier_policies else ()
    return bool(traffic) and not any(one.contains(point, protocol, port) for one in traffic)


def _ports(read: PolicyRule) -> str:
    names = (f"{protocol_text(protocol)} {name}" for protocol, name in read.names)
    others = PortSet.ALL - read.ports
    if len(others.parts()) < _FEW:
        return f"every port but {ports_text(others)}" if others else "every port"
    return name_list(chain([ports_text(read.ports)] if read.ports else [], names))


def _workloads(review: Review, policy: WrittenPolicy) -> str:
    """The workloads that a policy selects, or what it selects where the input has none."""
    subject = policy.policy.subject
    pods = review.pods(subject)
    if not pods:
        return pods_text(subject)
    return name_list(str(owner) for owner, _ in review.inventory.workloads_of(pods))


@check(
    "metadata-service",
    Severity.NOTE,
    "The ipBlock includes 169.254.169.254 or fd00:ec2::254, where clouds serve credentials.",
)
def metadata_service(review: Review) -> Iterator[Diagnostic]:
    """Wide blocks of egress rules, by which pods can get the credentials of their node."""
    points = {text_to_point(text): text for text in _METADATA}
    for policy in review.policies:
        for rule, read in policy.effective:
            if rule.direction is Direction.INGRESS or read.ports.isdisjoint(PortSet.tcp(80)):
                continue
            for peer in rule.peers:
                blocks = peer.peers.blocks if peer.peers is not None else AddressSet.NONE
                found = [
                    text
                    for point, text in points.items()
                    if point in blocks and blocks.size > _HOSTS and not _is_cut(review, policy, point, TCP, 80)
                ]
                if found and peer.written.ip_block is not None:
                    excepts = name_list(f"{text}/{128 if ':' in text else 32}" for text in found)
                    yield Diagnostic(
                        policy.object,
                        (*peer.path, "ipBlock"),
                        f"{peer.written.ip_block.cidr} includes {name_list(found)}, where clouds serve credentials",
                        f"add {excepts} to except",
                    )


@check(
    "api-server",
    Severity.NOTE,
    "Pods that are isolated for egress may connect to the API server.",
    on_request=True,
)
def api_server(review: Review) -> Iterator[Diagnostic]:
    """Egress rules to everyone or to wide blocks that include an address of the API server."""
    servers = ApiServer.of(review.cluster)
    for policy in review.policies:
        for rule, read in policy.effective:
            if rule.direction is Direction.INGRESS or not read.ports.contains(*servers.port):
                continue
            wide = read.peers.anywhere or read.peers.blocks.size > _HOSTS
            found = next((one for one in servers.points if read.peers.anywhere or one in read.peers.blocks), None)
            if wide and found is not None and not _is_cut(review, policy, found, *servers.port):
                yield Diagnostic(
                    policy.object,
                    rule.path,
                    f"may connect to the API server ({point_to_text(found)}, TCP {servers.port[1]}): "
                    f"{_workloads(review, policy)}",
                    "exclude its addresses with except, or allow only what is needed",
                )


CHECKS: tuple[Check, ...] = (open_ingress, open_egress, internet_egress, metadata_service, api_server)
