"""The items of a rule: each peer and port as the rule that it would be alone.

"Which line of the policy allows this" asks for one item of `from`, `to` or `ports`, and the engine merges them. Each
item is read by the engine, with its path as in API errors. Rules with a part that cannot be read are not accepted
here: they allow nothing, whatever their other items are.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from haechi.engine import PolicyRule
from haechi.model import Direction, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, RuleRef


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a rule.

    Attributes:
        path: such as `spec.ingress[0].from[1]`.
        rule: the rule with no other item in the same list.
    """

    path: str
    rule: PolicyRule


def peer_items(policy: NetworkPolicy, rule: RuleRef) -> tuple[Item, ...]:
    """The peers of a readable rule; empty if it matches everyone."""
    written = _written(policy, rule)
    field, word = ("from_", "from") if rule.direction is Direction.INGRESS else ("to", "to")
    return tuple(
        Item(f"{rule.path}.{word}[{number}]", _alone(policy, written, field, peer))
        for number, peer in enumerate(written.peers)
    )


def port_items(policy: NetworkPolicy, rule: RuleRef) -> tuple[Item, ...]:
    """The ports of a readable rule; empty if it matches every port."""
    written = _written(policy, rule)
    return tuple(
        Item(f"{rule.path}.ports[{number}]", _alone(policy, written, "ports", port))
        for number, port in enumerate(written.ports)
    )


_Written = NetworkPolicyIngressRule | NetworkPolicyEgressRule


def _written(policy: NetworkPolicy, rule: RuleRef) -> _Written:
    spec = policy.spec
    return spec.ingress[rule.index] if rule.direction is Direction.INGRESS else spec.egress[rule.index]


def _alone(policy: NetworkPolicy, written: _Written, field: str, item: object) -> PolicyRule:
    return PolicyRule.read(msgspec.structs.replace(written, **{field: (item,)}), policy.namespace)
