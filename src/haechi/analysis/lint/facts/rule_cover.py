"""Whether some rules allow together all that another rule allows, in every cluster.

Promises to be exact in addresses, ports and port names, and in pods as far as one selector implies another. Refuses to
take an ipBlock for pods or pods for an ipBlock, and to find selectors that cover another one only together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from haechi.engine import ANY_POD, PodSelection, PolicyRule
from haechi.model import Direction
from haechi.sets import AddressSet, PortSet, Traffic


def covers(rule: PolicyRule, direction: Direction, others: Sequence[PolicyRule]) -> bool:
    """Whether other rules for the same pods allow together all that a rule allows."""
    peers = rule.peers
    if peers.anywhere:
        everywhere = [one for one in others if one.peers.anywhere]
        if direction is Direction.INGRESS:
            return _has_ports(rule, everywhere) and _has_names(rule, everywhere)
        return _has_ports(rule, everywhere) and _has_names(rule, _meaning(ANY_POD, others))
    meaning = [_meaning(one, others) for one in peers.selections if not one.contradictory]
    return all(_has_ports(rule, each) and _has_names(rule, each) for each in meaning) and (
        not peers.blocks or _has_blocks(rule, direction, others)
    )


def is_idle(rule: PolicyRule, direction: Direction) -> bool:
    """Whether a rule allows nothing in any cluster: it needs no other to be needless."""
    return covers(rule, direction, ())


def _meaning(selection: PodSelection, rules: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The rules that allow all pods of a selection something."""
    return [one for one in rules if one.peers.anywhere or any(map(selection.implies, one.peers.selections))]


def _has_ports(rule: PolicyRule, others: Iterable[PolicyRule]) -> bool:
    return not rule.ports or rule.ports <= PortSet.union_all([one.ports for one in others])


def _has_names(rule: PolicyRule, others: Sequence[PolicyRule]) -> bool:
    """Whatever number a name stands for, it is no port 0."""
    if not rule.names:
        return True
    ports = PortSet.union_all([one.ports for one in others])
    names = {name for one in others for name in one.names}
    return all(name in names or all_of(name[0]) <= ports for name in rule.names)


def _has_blocks(rule: PolicyRule, direction: Direction, others: Iterable[PolicyRule]) -> bool:
    """Addresses are exact; in egress they have no port names."""
    blocks = rule.peers.blocks
    there = [(one, AddressSet.ALL if one.peers.anywhere else one.peers.blocks) for one in others]
    traffic = Traffic.from_terms(
        [(addresses, one.ports) for one, addresses in there if not addresses.isdisjoint(blocks)]
    )
    if rule.ports and not blocks <= traffic.addresses_for(rule.ports):
        return False
    if direction is Direction.EGRESS:
        return True
    for name in rule.names:
        named = AddressSet.union_all([addresses for one, addresses in there if name in one.names])
        if not blocks <= named | traffic.addresses_for(all_of(name[0])):
            return False
    return True


def all_of(protocol: int) -> PortSet:
    """Every port of a protocol that a name can stand for."""
    return PortSet.port(protocol, 1, 65535)
