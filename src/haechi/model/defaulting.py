"""What the API server fills in when it stores an object (SetDefaults of networking and core v1).

A protocol is TCP, policyTypes are Ingress and, if there are egress rules, Egress; a namespace is called `default` and
carries its name as a label.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from haechi.model.base import Resource
from haechi.model.networkpolicy import NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule
from haechi.model.objects import Namespace

NAME_LABEL = "kubernetes.io/metadata.name"
DEFAULT_NAMESPACE = "default"

R = TypeVar("R", bound=Resource)
_Rule = TypeVar("_Rule", NetworkPolicyIngressRule, NetworkPolicyEgressRule)


def default(policy: NetworkPolicy) -> NetworkPolicy:
    """The policy as the API server would store it. Idempotent; an empty protocol text is a mistake and stays."""
    spec = policy.spec
    types = spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))
    spec = msgspec.structs.replace(
        spec,
        policy_types=types,
        ingress=tuple(_with_protocols(rule) for rule in spec.ingress),
        egress=tuple(_with_protocols(rule) for rule in spec.egress),
    )
    return msgspec.structs.replace(with_namespace(policy), spec=spec)


def with_namespace(resource: R, namespace: str = DEFAULT_NAMESPACE) -> R:
    """The object with metadata.namespace set, if its kind has namespaces."""
    meta = resource.metadata
    if meta.namespace or not resource.namespaced:
        return resource
    return msgspec.structs.replace(resource, metadata=msgspec.structs.replace(meta, namespace=namespace))


def with_name_label(namespace: Namespace) -> Namespace:
    """The namespace with the label `kubernetes.io/metadata.name`, which cannot have another value."""
    if not namespace.metadata.name:
        return namespace  # the server sets the label when it has made a name
    labels = {**namespace.metadata.labels, NAME_LABEL: namespace.metadata.name}
    return msgspec.structs.replace(namespace, metadata=msgspec.structs.replace(namespace.metadata, labels=labels))


def _with_protocols(rule: _Rule) -> _Rule:
    ports = tuple(msgspec.structs.replace(p, protocol="TCP") if p.protocol is None else p for p in rule.ports)
    return msgspec.structs.replace(rule, ports=ports)
