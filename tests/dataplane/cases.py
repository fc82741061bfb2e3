"""Clusters whose rulesets are worth reading, by name. The node is called `n`."""

from __future__ import annotations

import msgspec

from haechi.model import Namespace, NetworkPolicy, Node, Pod
from tests.building import namespace, node, pod, policy

Object = Namespace | Node | Pod | NetworkPolicy

WEB = "web=80/TCP dns=53/UDP call=5060/SCTP"
CLUSTER: tuple[Object, ...] = (
    namespace("x", "team=a"),
    namespace("y", "team=b"),
    node("n", "172.18.0.2", "fd01::2"),
    pod("x/server", "10.0.0.1", "fd00::1", marks="app=server", ports=(WEB,), node="n"),
    pod("x/client", "10.0.0.2", "fd00::2", marks="app=client", node="n"),
    pod("y/client", "10.0.1.2", marks="app=client", ports=("web=8080/TCP",), node="m"),
    pod("y/other", "fd00:1::3", marks="app=other", node="m"),
)


def case(*more: Object) -> tuple[Object, ...]:
    return (*CLUSTER, *more)


def one(spec: str, name: str = "p") -> NetworkPolicy:
    return policy(spec, name=name)


SERVER = "podSelector: {matchLabels: {app: server}}"
CLIENTS = "{podSelector: {matchLabels: {app: client}}}"
TEAM_B = "{namespaceSelector: {matchLabels: {team: b}}}"
BLOCK = "{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.128/25]}}"
BLOCK_6 = "{ipBlock: {cidr: '2001:db8::/32'}}"

MANY = [f"{{podSelector: {{matchLabels: {{app: a{number}}}}}}}" for number in range(9)]

CASES: dict[str, tuple[Object, ...]] = {
    "no-policy": CLUSTER,
    "deny-all": case(one("{podSelector: {}, policyTypes: [Ingress, Egress]}")),
    "allow-all": case(one(f"{{{SERVER}, policyTypes: [Ingress, Egress], ingress: [{{}}], egress: [{{}}]}}")),
    "peers": case(one(f"{{{SERVER}, ingress: [{{from: [{CLIENTS}, {TEAM_B}]}}]}}")),
    "blocks": case(one(f"{{{SERVER}, ingress: [{{from: [{BLOCK}, {BLOCK_6}]}}]}}")),
    "ports": case(
        one(
            f"{{{SERVER}, ingress: [{{from: [{CLIENTS}], ports: [{{port: 80}}, {{port: 53, protocol: UDP}}]}},"
            f" {{from: [{TEAM_B}], ports: [{{port: 80, endPort: 90}}, {{protocol: SCTP}}]}},"
            " {ports: [{port: 443}]}]}"
        )
    ),
    "named-ingress": case(one(f"{{{SERVER}, ingress: [{{from: [{CLIENTS}], ports: [{{port: web}}]}}]}}")),
    "named-egress": case(
        one(
            "{podSelector: {}, policyTypes: [Egress],"
            f" egress: [{{to: [{CLIENTS}, {TEAM_B}], ports: [{{port: web}}]}}]}}"
        )
    ),
    "named-beside-numbered": case(
        one(
            "{podSelector: {}, policyTypes: [Egress],"
            f" egress: [{{to: [{TEAM_B}], ports: [{{port: web}}]}}, {{to: [{BLOCK}], ports: [{{port: 8080}}]}}]}}"
        )
    ),
    "many-peers": case(one(f"{{{SERVER}, ingress: [{{from: [{', '.join(MANY)}]}}]}}")),
    "disputed": case(
        pod("y/twin", "10.0.0.1", node="m"), one("{podSelector: {}, policyTypes: [Egress]}"), pod("x/late", node="n")
    ),
    "hostile-comment": case(
        policy("{podSelector: {}}", name='quote"; drop # \n해태 $x \\ ' + 200 * "y"),
        policy("{podSelector: {}}", name='two"'),
    ),
}


def everything() -> tuple[Object, ...]:
    """All cases in one cluster, their policies under names of their own."""
    found: dict[tuple[type, str], Object] = {}
    for name, objects in CASES.items():
        for number, each in enumerate(objects):
            if isinstance(each, NetworkPolicy):
                metadata = msgspec.structs.replace(each.metadata, name=f"{name}-{number}")
                each = msgspec.structs.replace(each, metadata=metadata)
            found[type(each), each.key] = each
    return tuple(found.values())


CASES["everything"] = everything()
