"""Hypothesis strategies: policies that overlap each other."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from haechi.model import (
    LabelSelector,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    ObjectMeta,
)
from tests import clusters

Rule = NetworkPolicyIngressRule | NetworkPolicyEgressRule
_WIDE = (
    NetworkPolicyPeer(pod_selector=LabelSelector()),
    NetworkPolicyPeer(namespace_selector=LabelSelector()),
)


@st.composite
def policies(draw: st.DrawFn) -> list[NetworkPolicy]:
    """A few policies in two namespaces, most of them made of parts of the others."""
    seeds = draw(st.lists(clusters.policies(), min_size=1, max_size=2))
    ingress: list[Rule] = [rule for one in seeds for rule in one.spec.ingress]
    egress: list[Rule] = [rule for one in seeds for rule in one.spec.egress]
    found = []
    for name in ("p", "q", "r", "s")[: draw(st.integers(1, 4))]:
        spec = draw(st.sampled_from(seeds)).spec
        if draw(st.booleans()):
            spec = msgspec.structs.replace(spec, pod_selector=LabelSelector())
        if draw(st.booleans()):
            spec = msgspec.structs.replace(spec, policy_types=draw(st.sampled_from(((), ("Ingress", "Egress")))))
        if draw(st.booleans()):
            spec = msgspec.structs.replace(spec, ingress=_some(draw, ingress), egress=_some(draw, egress))
        meta = ObjectMeta(name=name, namespace=draw(st.sampled_from(clusters.NAMESPACES[:2])))
        found.append(NetworkPolicy(metadata=meta, spec=spec))
    return found


def _some(draw: st.DrawFn, rules: list[Rule]) -> tuple[Rule, ...]:
    chosen = draw(st.lists(st.sampled_from(rules), max_size=3)) if rules else []
    return tuple(_varied(draw, rule) for rule in chosen)


def _varied(draw: st.DrawFn, rule: Rule) -> Rule:
    """The rule, or one that allows some more or less."""
    name = "from_" if isinstance(rule, NetworkPolicyIngressRule) else "to"
    match draw(st.integers(0, 5)):
        case 0:
            return msgspec.structs.replace(rule, ports=())
        case 1:
            return msgspec.structs.replace(rule, **{name: (*rule.peers, draw(st.sampled_from(_WIDE)))})
        case 2:
            return msgspec.structs.replace(rule, **{name: rule.peers[:1]})
        case 3:
            return msgspec.structs.replace(rule, ports=rule.ports[:1])
    return rule
