"""The CustomResourceDefinitions of sigs.k8s.io/network-policy-api, as far as an API server validates by them.

ClusterNetworkPolicy is that of v0.2.0, or of v0.3.0 in version v1beta1; AdminNetworkPolicy and
BaselineAdminNetworkPolicy are those of v0.1.7 (all Apache License 2.0). Each comes in two channels: the standard one
lacks what is experimental. `make conformance` compares the schemas with the published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache

from haechi.model.schema import Schema, ValidationRule
from haechi.model.schemarules import IS_CIDR, IS_DEFAULT, IS_MASKED_CIDR, IS_RANGE, no_port_names

_STRING = Schema(type="string")
_LABEL = "([-a-zA-Z0-9_]*[a-zA-Z0-9])?"
DOMAIN = rf"^(\*\.)?([a-zA-Z0-9]{_LABEL}\.)+[a-zA-Z0-9]{_LABEL}\.?$"
LOOSE_DOMAIN = rf"^(\*\.)?([a-zA-z0-9]{_LABEL}\.)+[a-zA-z0-9]{_LABEL}\.?$"
"""As published before v0.3.0: from `A` to `z` there are more than letters."""
_PORT = Schema(type="integer", format="int32", minimum=1, maximum=65535)
_PRIORITY = Schema(type="integer", format="int32", minimum=0, maximum=1000)


class ReleaseChannel(StrEnum):
    """Which of the published definitions a server has."""

    EXPERIMENTAL = "experimental"
    STANDARD = "standard"


def _mapping(
    properties: Mapping[str, Schema], *required: str, one: bool = False, rule: ValidationRule | None = None
) -> Schema:
    """A mapping; with `one`, exactly one of the fields is given."""
    return Schema(
        type="object",
        properties=properties,
        required=required,
        min_properties=1 if one else None,
        max_properties=1 if one else None,
        rules=(rule,) if rule else (),
    )


def _list(items: Schema, most: int | None = None, least: int | None = None, kind: str = "") -> Schema:
    return Schema(type="array", items=items, max_items=most, min_items=least, list_type=kind)


_REQUIREMENT = _mapping({"key": _STRING, "operator": _STRING, "values": _list(_STRING)}, "key", "operator")
_SELECTOR = _mapping(
    {"matchExpressions": _list(_REQUIREMENT), "matchLabels": Schema(type="object", additional_properties=_STRING)}
)
_STATUS = _mapping(
    {
        "conditions": _list(
            _mapping(
                dict.fromkeys(("lastTransitionTime", "message", "reason", "status", "type"), _STRING)
                | {"observedGeneration": Schema(type="integer", format="int64")}
            )
        )
    }
)
"""Names only: a request to create or update cannot set it."""
_RANGE_RULE = ValidationRule(rule=IS_RANGE, message="Start port must be less than End port")


@cache
def definition(kind: str, channel: ReleaseChannel, api_version: object = "") -> Schema:
    """The schema of the objects of a kind.

    Args:
        kind: one of the three.
        channel: of the definitions.
        api_version: as the object says it; of an unknown version the oldest counts.
    """
    if (kind, api_version) == ("ClusterNetworkPolicy", "policy.networking.k8s.io/v1beta1"):
        return _cluster_network_policy(channel is ReleaseChannel.EXPERIMENTAL, loose=False)
    build: Callable[[bool], Schema] = {
        "ClusterNetworkPolicy": _cluster_network_policy,
        "AdminNetworkPolicy": _admin_network_policy,
        "BaselineAdminNetworkPolicy": _baseline_admin_network_policy,
    }[kind]
    return build(channel is ReleaseChannel.EXPERIMENTAL)


def _cluster_network_policy(experimental: bool, *, loose: bool = True) -> Schema:
    entry = dict.fromkeys(("tcp", "udp", "sctp"), _transport())
    if experimental or loose:
        entry["destinationNamedPort"] = _STRING  # in the standard channel until v0.3.0
    fields = ("networks", "nodes", "domainNames") if experimental else ("networks",)
    return _policy(
        {"tier": Schema(type="string", enum=("Admin", "Baseline")), "priority": _PRIORITY},
        actions=("Accept", "Deny", "Pass"),
        pods=_mapping({"namespaceSelector": _SELECTOR, "podSelector": _SELECTOR}, "podSelector"),
        fields=fields,
        ports=("protocols", _mapping(entry, one=True)),
        rule=_no_port_names("protocols", "protocol", "destinationNamedPort", fields) if experimental else None,
        most=25,
        loose=loose,
    )


def _transport() -> Schema:
    ports = _mapping({"start": _PORT, "end": _PORT}, "end", "start", rule=_RANGE_RULE)
    one = _mapping({"number": _PORT, "range": ports}, one=True)
    return Schema(type="object", properties={"destinationPort": one}, min_properties=1)


def _admin_network_policy(experimental: bool) -> Schema:
    fields = ("networks", "nodes", "domainNames") if experimental else ("networks",)
    actions = ("Allow", "Deny", "Pass")
    return _v1alpha1({"priority": _PRIORITY}, actions, fields, experimental=experimental)


def _baseline_admin_network_policy(experimental: bool) -> Schema:
    fields = ("networks", "nodes") if experimental else ("networks",)
    schema = _v1alpha1({}, ("Allow", "Deny"), fields, experimental=experimental)
    message = 'Only one baseline admin network policy with metadata.name="default" can be created in the cluster'
    return Schema(
        type=schema.type,
        properties=schema.properties,
        required=schema.required,
        rules=(ValidationRule(rule=IS_DEFAULT, message=message),),
    )


def _v1alpha1(
    spec: Mapping[str, Schema], actions: tuple[str, ...], fields: tuple[str, ...], *, experimental: bool
) -> Schema:
    protocol = Schema(type="string", default="TCP")
    ports = {
        "portNumber": _mapping({"port": _PORT, "protocol": protocol}, "port", "protocol"),
        "portRange": _mapping({"end": _PORT, "protocol": protocol, "start": _PORT}, "end", "start"),
        **({"namedPort": _STRING} if experimental else {}),
    }
    return _policy(
        spec,
        actions=actions,
        pods=_mapping({"namespaceSelector": _SELECTOR, "podSelector": _SELECTOR}, "namespaceSelector", "podSelector"),
        fields=fields,
        ports=("ports", _mapping(ports, one=True)),
        rule=_no_port_names("ports", "port", "namedPort", fields) if experimental else None,
        most=100,
    )


def _no_port_names(ports: str, item: str, name: str, fields: tuple[str, ...]) -> ValidationRule:
    names = "/".join(fields)
    message = f"{names} peer cannot be set with namedPorts since there are no namedPorts for {names}"
    return ValidationRule(rule=no_port_names(ports, item, name, fields), message=message)


def _policy(
    spec: Mapping[str, Schema],
    *,
    actions: tuple[str, ...],
    pods: Schema,
    fields: tuple[str, ...],
    ports: tuple[str, Schema],
    rule: ValidationRule | None,
    most: int,
    loose: bool = True,
) -> Schema:
    """A policy of a tier.

    Args:
        spec: fields that the others do not have, all required.
        actions: of its rules.
        pods: a NamespacedPod.
        fields: those of egress peers that choose no pods.
        ports: name and items of the list of ports of a rule.
        rule: of an egress rule.
        most: how many rules, peers and ports are allowed.
        loose: whether CIDRs may have host bits, and domain names odd characters.
    """
    choice = {"namespaces": _SELECTOR, "pods": pods}
    is_cidr = ValidationRule(rule=IS_CIDR if loose else IS_MASKED_CIDR, message="Invalid CIDR format provided")
    network = Schema(type="string", max_length=43, rules=(is_cidr,))
    name = Schema(type="string", pattern=LOOSE_DOMAIN if loose else DOMAIN)
    addresses = {
        "networks": _list(network, 25, 1, "set"),
        "nodes": _SELECTOR,
        "domainNames": _list(name, 25, 1, "set"),
    }
    egress = {**choice, **{name: addresses[name] for name in fields}}

    def rules(name: str, peer: Mapping[str, Schema], holds: ValidationRule | None = None) -> Schema:
        properties = {
            "action": Schema(type="string", enum=actions),
            "name": Schema(type="string", max_length=100),
            ports[0]: _list(ports[1], most, 1),
            name: _list(_mapping(peer, one=True), most, 1),
        }
        return _list(_mapping(properties, "action", name, rule=holds), most)

    properties = {
        **spec,
        "subject": _mapping(choice, one=True),
        "ingress": rules("from", choice),
        "egress": rules("to", egress, rule),
    }
    return _mapping(
        {
            "apiVersion": _STRING,
            "kind": _STRING,
            "metadata": Schema(type="object"),
            "spec": _mapping(properties, *sorted((*spec, "subject"))),
            "status": _STATUS,
        },
        "metadata",
        "spec",
    )
