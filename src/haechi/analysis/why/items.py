"""The rules of a policy by their places, and their items: each peer and port as the rule that it would be alone.

Why: "which line of the policy allows this" asks for one item of `from`, `to` or `ports`, and the engine merges them.
Promises the engine's own reading of each item, with its path as in API errors. Refuses rules of which a part cannot be
read: they allow nothing, whatever their other items say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import msgspec

from haechi.engine import Policy, PolicyRule
from haechi.model import Direction, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule

_NUMBER = re.compile(r"spec\.(?:ingress|egress)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a rule.

    Attributes:
        path: such as `spec.ingress[0].from[1]`.
        rule: the rule with no other item in the same list.
    """

    path: str
    rule: PolicyRule


def rule_path(direction: Direction, place: int) -> str:
    """Such as `spec.ingress[0]`."""
    return f"spec.{direction.lower()}[{place}]"


def numbered(policy: Policy, direction: Direction) -> Iterator[tuple[int, PolicyRule]]:
    """The readable rules of one direction, each with its place in the list of the specification."""
    word = f"spec.{direction.lower()}["
    unreadable = {
        int(match[1])
        for defect in policy.defects
        if defect.path.startswith(word) and (match := _NUMBER.match(defect.path))
    }
    places = (place for place in count() if place not in unreadable)
    return zip(places, policy.rules(direction), strict=False)


def peer_items(policy: NetworkPolicy, direction: Direction, place: int) -> tuple[Item, ...]:
    """The peers of a readable rule; none if it means everybody."""
    written = _written(policy, direction, place)
    field, word = ("from_", "from") if direction is Direction.INGRESS else ("to", "to")
    return tuple(
        Item(f"{rule_path(direction, place)}.{word}[{number}]", _alone(policy, written, field, peer))
        for number, peer in enumerate(written.peers)
    )


def port_items(policy: NetworkPolicy, direction: Direction, place: int) -> tuple[Item, ...]:
    """The ports of a readable rule; none if it means every port."""
    written = _written(policy, direction, place)
    return tuple(
        Item(f"{rule_path(direction, place)}.ports[{number}]", _alone(policy, written, "ports", port))
        for number, port in enumerate(written.ports)
    )


_Written = NetworkPolicyIngressRule | NetworkPolicyEgressRule


def _written(policy: NetworkPolicy, direction: Direction, place: int) -> _Written:
    return policy.spec.ingress[place] if direction is Direction.INGRESS else policy.spec.egress[place]


def _alone(policy: NetworkPolicy, written: _Written, field: str, item: object) -> PolicyRule:
    return PolicyRule.read(msgspec.structs.replace(written, **{field: (item,)}), policy.namespace)
