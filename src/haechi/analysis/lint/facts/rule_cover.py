"""Whether some rules together allow everything that another rule allows, in every cluster.

    rule    from app=web            ports 80, 443
    others  from {}  (all pods)     port  80         A pod with app=web is allowed port 80 by the first and
            from app in (web, api)  port  443        port 443 by the second: together they cover the rule.

Each peer of the rule is looked at alone: the others that allow this peer must together have all ports of the rule.
Promises to be exact in addresses, ports and port names, and for pods as far as one selector implies another. Does not
treat an ipBlock as pods, nor pods as an ipBlock except for egress names, which only pods have, and does not find
selectors that cover another one only together (`tier=a` and `tier!=a` cover `{}`): a rule is then reported as needed
although it is not, never the reverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from haechi.engine import ANY_POD, PodSelection, PolicyRule
from haechi.model import Direction
from haechi.sets import AddressSet, PortSet, Traffic


def is_covered(rule: PolicyRule, direction: Direction, others: Sequence[PolicyRule]) -> bool:
    """Whether other rules for the same pods together allow everything that a rule allows."""
    peers = rule.peers
    if peers.anywhere:
        everywhere = [one for one in others if one.peers.anywhere]
        named = everywhere if direction is Direction.INGRESS else _allowing(ANY_POD, others)
        return _has_ports(rule, everywhere) and _has_names(rule, named)
    allowing = [_allowing(one, others) for one in peers.selections if not one.contradictory]
    return all(_has_ports(rule, each) and _has_names(rule, each) for each in allowing) and (
        not peers.blocks or _has_blocks(rule, direction, others)
    )


def allows_nothing(rule: PolicyRule, direction: Direction) -> bool:
    """Whether a rule allows nothing in any cluster."""
    return is_covered(rule, direction, ())


def _allowing(selection: PodSelection, rules: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The rules whose peers include all pods of a selection."""
    return [one for one in rules if one.peers.anywhere or any(map(selection.implies, one.peers.selections))]


def _has_ports(rule: PolicyRule, others: Iterable[PolicyRule]) -> bool:
    return not rule.ports or rule.ports <= PortSet.union_all([one.ports for one in others])


def _has_names(rule: PolicyRule, others: Sequence[PolicyRule]) -> bool:
    """Whether the others have the port names of a rule, or every number that a name can stand for."""
    if not rule.names:
        return True
    ports = PortSet.union_all([one.ports for one in others])
    names = {name for one in others for name in one.names}
    return all(name in names or named_range(name[0]) <= ports for name in rule.names)


def _has_blocks(rule: PolicyRule, direction: Direction, others: Sequence[PolicyRule]) -> bool:
    """Whether the others allow the ipBlocks of a rule; by an egress name only their pods."""
    blocks = rule.peers.blocks
    allowed = [(one, AddressSet.ALL if one.peers.anywhere else one.peers.blocks) for one in others]
    if rule.ports and not blocks <= _traffic(allowed, blocks).addresses_for(rule.ports):
        return False
    if direction is Direction.EGRESS:
        every_pod = _allowing(ANY_POD, others)
        allowed = [(one, AddressSet.ALL if one in every_pod else addresses) for one, addresses in allowed]
    for name in rule.names:
        named = AddressSet.union_all([addresses for one, addresses in allowed if name in one.names])
        if not blocks <= named | _traffic(allowed, blocks).addresses_for(named_range(name[0])):
            return False
    return True


def _traffic(allowed: Iterable[tuple[PolicyRule, AddressSet]], blocks: AddressSet) -> Traffic:
    """The ports of rules by their addresses, if these overlap some blocks."""
    return Traffic.from_terms(
        [(addresses, one.ports) for one, addresses in allowed if not addresses.isdisjoint(blocks)]
    )


def named_range(protocol: int) -> PortSet:
    """Every port of a protocol that a port name can stand for."""
    return PortSet.port(protocol, 1, 65535)
