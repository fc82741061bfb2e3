"""What the specification says of one packet, sentence by sentence, as cases that every interpretation must pass.

The world is that of the upstream end-to-end tests: namespaces x, y, z; in each the pods a, b, c, labelled `pod=<name>`,
dual-stack, with port names. Further words of a packet: `x/a@6` is the IPv6 address of x/a, `n1` a node, anything with
a dot or colon an address outside.
"""

from __future__ import annotations

from dataclasses import dataclass

from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Packet
from tests.building import namespace, node, packet, pod, policy

Object = Namespace | Node | Pod | NetworkPolicy

V4 = {f"{ns}/{name}": f"10.0.{i}.{j}" for i, ns in enumerate("xyz", 1) for j, name in enumerate("abc", 1)}
V6 = {f"{ns}/{name}": f"fd00::{i}:{j}" for i, ns in enumerate("xyz", 1) for j, name in enumerate("abc", 1)}
NODES = {"n1": ("172.16.0.1", "fd01::1"), "n2": ("172.16.0.2", "fd01::2")}
EXTRA = {"x/host": "172.16.0.1", "y/host": "172.16.0.2", "x/done": "10.0.9.1", "x/live": "10.0.9.1"}

WORLD: tuple[Object, ...] = (
    namespace("x", "team=red"),
    namespace("y", "team=blue,ns2=y"),
    # z is not declared: it has no label but its name
    *(node(name, *addresses) for name, addresses in NODES.items()),
    *(
        pod(
            key,
            V4[key],
            V6[key],
            marks=f"pod={key[2:]}",
            node="n1" if key[2:] == "a" else "n2",
            ports=("web=80/TCP dns=53/UDP sig=80/SCTP", f"twice={8000 + int(V4[key][-1])}/TCP twice=9000/TCP")
            if key != "y/c"
            else ("web=8080/TCP",),
        )
        for key in V4
    ),
    pod("x/host", "172.16.0.1", marks="pod=host", node="n1", host_network=True, ports=("web=80/TCP",)),
    pod("y/host", "172.16.0.2", marks="pod=host", node="n2", host_network=True, ports=("web=80/TCP",)),
    pod("x/done", "10.0.9.1", marks="pod=done", node="n1", phase="Succeeded", ports=("web=80/TCP",)),
    pod("x/live", "10.0.9.1", marks="pod=live", node="n1"),
)


@dataclass(frozen=True)
class Case:
    """Policies (and other objects beside the world) and which connections pass. `policies` are specs, or objects."""

    sentence: str
    policies: tuple[str | Object, ...]
    passes: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    def objects(self) -> list[Object]:
        """The world with this case's objects, which replace those of the same key."""
        given = [
            policy(one, name=f"p{number}") if isinstance(one, str) else one for number, one in enumerate(self.policies)
        ]
        keys = {(type(one), one.key) for one in given}
        return [*(one for one in WORLD if (type(one), one.key) not in keys), *given]

    def connections(self) -> list[tuple[str, Packet, bool]]:
        """Each connection in words, as a packet, and whether it passes."""
        return [(text, spoken(text), text in self.passes) for text in (*self.passes, *self.blocked)]


def spoken(text: str) -> Packet:
    """`x/a > y/b 80/TCP`, of the family that the second word has, else of IPv4; without a port 80/TCP."""
    source, _, rest = text.partition(" > ")
    destination, _, on = rest.partition(" ")
    six = "@6" in text or ":" in source + destination
    return packet(_address(source, six), _address(destination, six), on or "80/TCP")


def _address(word: str, six: bool) -> str:
    name = word.removesuffix("@6")
    if name in NODES:
        return NODES[name][six]
    if name in V4:
        return (V6 if six else V4)[name]
    return EXTRA.get(name, name)


OUT = "8.8.8.8"
OUT6 = "2001:db8::1"

FIELDS = (  # kubernetes-api.md 1.1
    Case(
        "without policies everything passes", (), ("x/a > x/b", f"{OUT} > x/a", "x/a > y/b 53/UDP", f"x/a > {OUT} ICMP")
    ),
    Case(
        "a zero spec selects all pods of the namespace and denies ingress only",
        ("{}",),
        (f"x/a > {OUT}", "x/a > y/a", "y/a > y/b"),
        ("y/a > x/a", "x/a > x/b", f"{OUT} > x/c", f"{OUT6} > x/c"),
    ),
    Case(
        "an empty podSelector selects all pods of the namespace", ("podSelector: {}",), (), ("y/a > x/a", "y/a > x/c")
    ),
    Case(
        "an empty list of rules is the same as none",
        ("{policyTypes: [Ingress], ingress: []}",),
        ("x/a > y/a",),
        ("y/a > x/a",),
    ),
    Case("egress: [] does not turn on Egress", ("egress: []",), ("x/a > y/a",), ("y/a > x/a",)),
    Case(
        "one empty rule allows everything",
        ("ingress: [{}]",),
        ("y/a > x/a", f"{OUT} > x/a", f"{OUT6} > x/a", "y/a > x/a 53/UDP", "y/a > x/a ICMP", "n2 > x/a GRE"),
    ),
    Case(
        "an absent from matches every peer, in or out of the cluster",
        ("ingress: [{ports: [{port: 80}]}]",),
        ("y/a > x/a", f"{OUT} > x/a", f"{OUT6} > x/a", "n2 > x/a"),
        ("y/a > x/a 81/TCP",),
    ),
    Case(
        "from: [] is the same as absent",
        ("ingress: [{from: [], ports: [{port: 80}]}]",),
        ("y/a > x/a", f"{OUT} > x/a"),
        ("y/a > x/a 81/TCP",),
    ),
    Case(
        "to: [] is the same as absent",
        ("egress: [{to: [], ports: [{port: 80}]}]",),
        ("x/a > y/a", f"x/a > {OUT}", f"x/a > {OUT6}"),
        (f"x/a > {OUT} 81/TCP",),
    ),
    Case(
        "absent ports match every port and protocol",
        ("ingress: [{from: [{podSelector: {}}]}]",),
        ("x/b > x/a 1/TCP", "x/b > x/a 65535/UDP", "x/b > x/a 7/SCTP", "x/b > x/a ICMP", "x/b > x/a GRE"),
        ("y/b > x/a",),
    ),
    Case(
        "ports: [] is the same as absent",
        ("ingress: [{from: [{podSelector: {}}], ports: []}]",),
        ("x/b > x/a 1/TCP", "x/b > x/a ICMP"),
        ("y/b > x/a",),
    ),
    Case(
        "a peer's empty podSelector is all pods of the policy's namespace",
        ("ingress: [{from: [{podSelector: {}}]}]",),
        ("x/b > x/a",),
        ("y/a > x/a", "z/a > x/a", f"{OUT} > x/a", "n2 > x/a"),
    ),
    Case(
        "a peer's empty namespaceSelector is all pods of all namespaces, declared or not, and nothing else",
        ("ingress: [{from: [{namespaceSelector: {}}]}]",),
        ("x/b > x/a", "y/a > x/a", "z/a > x/a", "z/a > x/a@6"),
        (f"{OUT} > x/a", "n2 > x/a", f"{OUT6} > x/a"),
    ),
    Case(
        "both empty: all pods of all namespaces",
        ("ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]",),
        ("x/b > x/a", "z/a > x/a"),
        (f"{OUT} > x/a",),
    ),
    Case(
        "a port without protocol is TCP", ("ingress: [{ports: [{port: 80}]}]",), ("y/a > x/a",), ("y/a > x/a 80/UDP",)
    ),
    Case(
        "a protocol without port is all ports of that protocol and only of that",
        ("ingress: [{ports: [{protocol: UDP}]}]",),
        ("y/a > x/a 1/UDP", "y/a > x/a 65535/UDP"),
        ("y/a > x/a 53/TCP", "y/a > x/a 53/SCTP", "y/a > x/a ICMP"),
    ),
    Case(
        "an item of ports without anything is all of TCP",
        ("ingress: [{ports: [{}]}]",),
        ("y/a > x/a 1/TCP", "y/a > x/a 65535/TCP"),
        ("y/a > x/a 1/UDP",),
    ),
    Case(
        "a number in quotes is a name, which no port has",
        ("ingress: [{ports: [{port: '80'}]}]",),
        (),
        ("y/a > x/a",),
    ),
)

DEFAULTS = (  # kubernetes-api.md 1.2
    Case(
        "egress rules without policyTypes isolate in both directions",
        ("egress: [{to: [{podSelector: {}}]}]",),
        (),
        ("x/a > y/a", "y/a > x/a", "x/a > x/b"),
    ),
    Case(
        "policyTypes [Egress] leaves ingress alone",
        ("policyTypes: [Egress]",),
        ("y/a > x/a",),
        ("x/a > y/a", f"x/a > {OUT}", "x/a > x/b"),
    ),
    Case(
        "ingress rules are ignored where policyTypes lacks Ingress",
        ("{policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}",),
        ("y/a > x/a",),
        ("x/a > y/a",),
    ),
    Case(
        "egress rules are ignored where policyTypes lacks Egress",
        ("{policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}",),
        ("x/a > y/a",),
        ("y/a > x/a",),
    ),
    Case("policyTypes may repeat itself", ("policyTypes: [Ingress, Ingress]",), ("x/a > y/a",), ("y/a > x/a",)),
    Case(
        "every namespace has its name as a label, declared or not",
        (
            (
                "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: z}}},"
                " {namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In,"
                " values: [y]}]}}]}]"
            ),
        ),
        ("z/a > x/a", "y/a > x/a"),
        ("x/b > x/a",),
    ),
    Case(
        "the name label cannot be set to anything else",
        (
            namespace("y", "kubernetes.io/metadata.name=z"),
            "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: z}}}]}]",
        ),
        ("z/a > x/a",),
        ("y/a > x/a",),
    ),
)

SELECTING = (  # kubernetes-api.md 1.3
    Case(
        "a policy selects only pods of its own namespace",
        ("podSelector: {matchLabels: {pod: a}}",),
        ("x/b > y/a", "x/a > x/b"),
        ("x/b > x/a",),
    ),
    Case(
        "an isolated client and an unisolated server are decided by the client only",
        ("{policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {pod: b}}}]}]}",),
        ("x/a > x/b", "y/a > x/c"),
        ("x/a > x/c", "x/a > y/b"),
    ),
    Case(
        "an unisolated client and an isolated server are decided by the server only",
        ("{podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]}",),
        ("x/b > x/a",),
        ("x/c > x/a", "y/b > x/a"),
    ),
    Case(
        "both ends must allow",
        (
            (
                "{podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress],"
                " egress: [{to: [{podSelector: {matchLabels: {pod: b}}}, {namespaceSelector: {}}]}]}"
            ),
            "{podSelector: {matchLabels: {pod: b}}, ingress: [{from: [{podSelector: {matchLabels: {pod: c}}}]}]}",
        ),
        ("x/a > x/c", "x/c > x/b"),
        ("x/a > x/b", f"x/a > {OUT}"),
    ),
    Case(
        "policies add up, in whatever order",
        (
            "podSelector: {}",
            "ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]",
            "ingress: [{ports: [{port: 81}]}]",
        ),
        ("x/b > x/a", "y/a > x/a 81/TCP", "x/b > x/a 81/TCP"),
        ("y/a > x/a",),
    ),
    Case(
        "rules add up, but peers of one do not combine with ports of another",
        (
            (
                "ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}], ports: [{port: 80}]},"
                " {from: [{podSelector: {matchLabels: {pod: c}}}], ports: [{port: 81}]}]"
            ),
        ),
        ("x/b > x/a 80/TCP", "x/c > x/a 81/TCP"),
        ("x/b > x/a 81/TCP", "x/c > x/a 80/TCP"),
    ),
    Case(
        "two items of from are alternatives",
        (
            (
                "{podSelector: {matchLabels: {pod: a}}, ingress: [{from: ["
                "{namespaceSelector: {matchLabels: {team: blue}}}, {podSelector: {matchLabels: {pod: b}}}]}]}"
            ),
        ),
        ("y/a > x/a", "y/b > x/a", "x/b > x/a"),
        ("x/c > x/a", "z/b > x/a"),
    ),
    Case(
        "two selectors in one item must both match",
        (
            (
                "{podSelector: {matchLabels: {pod: a}}, ingress: [{from: ["
                "{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchLabels: {pod: b}}}]}]}"
            ),
        ),
        ("y/b > x/a", "y/b > x/a@6"),
        ("y/a > x/a", "x/b > x/a", "z/b > x/a"),
    ),
    Case(
        "In",
        ("ingress: [{from: [{podSelector: {matchExpressions: [{key: pod, operator: In, values: [b, c]}]}}]}]",),
        ("x/b > x/a", "x/c > x/b"),
        ("x/a > x/b",),
    ),
    Case(
        "NotIn matches what lacks the key: z has no team",
        (
            (
                "ingress: [{from: [{namespaceSelector: {matchExpressions:"
                " [{key: team, operator: NotIn, values: [red]}]}}]}]"
            ),
        ),
        ("y/a > x/a", "z/a > x/a"),
        ("x/b > x/a",),
    ),
    Case(
        "DoesNotExist matches what lacks the key",
        ("ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]",),
        ("z/a > x/a",),
        ("x/b > x/a", "y/a > x/a"),
    ),
    Case(
        "NotIn and DoesNotExist select subjects that lack the key",
        (
            (
                "podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]},"
                " {key: app, operator: DoesNotExist}]}"
            ),
        ),
        (),
        ("y/a > x/a",),
    ),
    Case(
        "Exists",
        ("ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: ns2, operator: Exists}]}}]}]",),
        ("y/a > x/a",),
        ("x/b > x/a", "z/a > x/a"),
    ),
    Case(
        "all expressions of a selector must hold",
        (
            (
                "ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue},"
                " matchExpressions: [{key: ns2, operator: DoesNotExist}]}}]}]"
            ),
        ),
        (),
        ("y/a > x/a",),
    ),
)

PORTS = (
    Case(
        "the port is the destination's, for ingress",
        ("ingress: [{ports: [{port: 81}]}]",),
        ("y/a > x/a 81/TCP", "y/a > x/a@6 81/TCP"),
        ("y/a > x/a 80/TCP", "y/a > x/a 82/TCP", "y/a > x/a 81/UDP", "y/a > x/a 81/SCTP", "y/a > x/a ICMP"),
    ),
    Case(
        "the port is the destination's, for egress",
        ("{policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}",),
        ("x/a > y/a 53/UDP", f"x/a > {OUT} 53/UDP"),
        ("x/a > y/a 53/TCP", f"x/a > {OUT} 54/UDP"),
    ),
    Case(
        "any item of ports",
        ("ingress: [{ports: [{port: 80}, {port: 53, protocol: UDP}]}]",),
        ("y/a > x/a 80/TCP", "y/a > x/a 53/UDP"),
        ("y/a > x/a 53/TCP", "y/a > x/a 80/UDP"),
    ),
    Case(
        "endPort is included",
        ("ingress: [{ports: [{port: 8000, endPort: 8002}]}]",),
        ("y/a > x/a 8000/TCP", "y/a > x/a 8001/TCP", "y/a > x/a 8002/TCP"),
        ("y/a > x/a 7999/TCP", "y/a > x/a 8003/TCP", "y/a > x/a 8001/UDP"),
    ),
    Case(
        "endPort may equal port",
        ("ingress: [{ports: [{port: 80, endPort: 80}]}]",),
        ("y/a > x/a",),
        ("y/a > x/a 81/TCP",),
    ),
    Case(
        "the highest port is a port",
        ("ingress: [{ports: [{port: 65535}, {port: 65000, endPort: 65535, protocol: UDP}]}]",),
        ("y/a > x/a 65535/TCP", "y/a > x/a 65535/UDP", "y/a > x/a 65000/UDP"),
        ("y/a > x/a 65534/TCP", "y/a > x/a 64999/UDP"),
    ),
    Case(
        "an SCTP rule is not read as TCP, and isolates",
        ("ingress: [{ports: [{port: 80, protocol: SCTP}]}]",),
        ("y/a > x/a 80/SCTP",),
        ("y/a > x/a 80/TCP", "y/a > x/a 81/TCP", "y/a > x/a 81/SCTP"),
    ),
    Case(
        "a name is resolved on the selected pod for ingress",
        ("ingress: [{ports: [{port: web}]}]",),
        ("y/a > x/a 80/TCP", f"{OUT} > x/a 80/TCP", f"{OUT6} > x/a 80/TCP"),
        ("y/a > x/a 8080/TCP", "y/a > x/a 80/UDP", "y/a > x/a 80/SCTP"),
    ),
    Case(
        "a name is resolved on each remote pod for egress, to different numbers",
        (
            (
                "{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: blue}}}],"
                " ports: [{port: web}]}]}"
            ),
        ),
        ("x/a > y/a 80/TCP", "x/a > y/c 8080/TCP", "x/a > y/c@6 8080/TCP"),
        ("x/a > y/a 8080/TCP", "x/a > y/a 80/UDP", "x/a > y/c 80/TCP", "x/a > z/a 80/TCP"),
    ),
    Case(
        "a name is resolved for its protocol",
        ("ingress: [{ports: [{port: web, protocol: UDP}, {port: dns}, {port: sig, protocol: SCTP}]}]",),
        ("y/a > x/a 80/SCTP",),
        ("y/a > x/a 80/UDP", "y/a > x/a 80/TCP", "y/a > x/a 53/TCP", "y/a > x/a 53/UDP"),
    ),
    Case(
        "a name that two containers or two ports have means all their numbers",
        ("ingress: [{ports: [{port: twice}]}]",),
        ("y/a > x/a 8001/TCP", "y/a > x/a 9000/TCP", "y/a > x/b 8002/TCP"),
        ("y/a > x/a 8002/TCP", "y/a > x/a 80/TCP"),
    ),
    Case(
        "two containers of a pod may give one name different numbers",
        (pod("x/a", V4["x/a"], ports=("web=1/TCP", "web=2/TCP")), "ingress: [{ports: [{port: web}]}]"),
        ("y/a > x/a 1/TCP", "y/a > x/a 2/TCP"),
        ("y/a > x/a 80/TCP",),
    ),
    Case(
        "a container port that is no port has no name",
        (pod("x/a", V4["x/a"], ports=("web=0/TCP web=65536/TCP",)), "ingress: [{ports: [{port: web}]}]"),
        (),
        ("y/a > x/a 0/TCP", "y/a > x/a 80/TCP"),
    ),
    Case(
        "a pod without the name matches nothing, but is isolated",
        ("ingress: [{ports: [{port: nowhere}]}]",),
        (),
        ("y/a > x/a", "y/a > x/a 1/TCP"),
    ),
    Case(
        "a remote pod without the name matches nothing",
        ("{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: dns, protocol: UDP}]}]}",),
        ("x/a > y/a 53/UDP",),
        ("x/a > y/c 53/UDP", f"x/a > {OUT} 53/UDP"),
    ),
    Case(
        "a name without to means any pod that has it, and no address outside",
        ("{policyTypes: [Egress], egress: [{ports: [{port: web}]}]}",),
        ("x/a > x/b 80/TCP", "x/a > y/c 8080/TCP", "x/a > z/a 80/TCP"),
        (f"x/a > {OUT} 80/TCP", "x/a > n2 80/TCP", "x/a > y/c 80/TCP"),
    ),
    Case(
        "a name to an ipBlock is each pod's own; other addresses have no names",
        ("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: web}, {port: 443}]}]}",),
        (f"x/a > {OUT} 443/TCP", "x/a > y/a 443/TCP", "x/a > y/a 80/TCP", "x/a > n2 443/TCP"),
        (f"x/a > {OUT} 80/TCP", "x/a > n2 80/TCP"),
    ),
    Case(
        "a name to an ipBlock is not that of pods outside it, in an exception or of the other family",
        (
            (
                "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [Y_A/32]}}],"
                " ports: [{port: web}]}]}"
            ).replace("Y_A", V4["y/a"]),
        ),
        ("x/a > z/a 80/TCP",),
        ("x/a > y/a 80/TCP", f"x/a > {V6['z/a']} 80/TCP"),
    ),
    Case(
        "a name to an ipBlock and to a selector is the name of either",
        (
            (
                "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}},"
                " {namespaceSelector: {matchLabels: {team: blue}}}], ports: [{port: web}]}]}"
            ),
        ),
        ("x/a > y/a 80/TCP", "x/a > z/a 80/TCP", f"x/a > {V6['y/a']} 80/TCP"),
        (f"x/a > {V6['z/a']} 80/TCP", f"x/a > {OUT} 80/TCP"),
    ),
    Case(
        "a name from an ipBlock is the selected pod's",
        ("ingress: [{from: [{ipBlock: {cidr: 8.0.0.0/8}}], ports: [{port: web}]}]",),
        (f"{OUT} > x/a 80/TCP",),
        ("y/a > x/a 80/TCP", f"{OUT} > x/a 81/TCP"),
    ),
    Case(
        "a name beside a number",
        ("ingress: [{ports: [{port: web}, {port: 443}]}]",),
        ("y/a > x/a 80/TCP", "y/a > x/a 443/TCP"),
        ("y/a > x/a 81/TCP",),
    ),
    Case(
        "a port without a name is no port by name",
        (pod("x/a", V4["x/a"], ports=("=80/TCP",)), "ingress: [{ports: [{port: web}]}]"),
        (),
        ("y/a > x/a 80/TCP",),
    ),
    Case(
        "ICMP and other protocols pass only by a rule without ports",
        (
            (
                "ingress: [{from: [{podSelector: {}}], ports: [{protocol: TCP}, {protocol: UDP}, {protocol: SCTP}]},"
                " {from: [{namespaceSelector: {matchLabels: {team: blue}}}]}]"
            ),
        ),
        ("y/a > x/a ICMP", "y/a > x/a GRE", "y/a > x/a@6 ICMPv6"),
        ("x/b > x/a ICMP", "x/b > x/a GRE", "x/b > x/a@6 ICMPv6"),
    ),
)

BLOCKS = (
    Case(
        "in the CIDR and in no except",
        ("ingress: [{from: [{ipBlock: {cidr: 8.8.0.0/16, except: [8.8.8.0/24, 8.8.9.1/32]}}]}]",),
        ("8.8.0.0 > x/a", "8.8.255.255 > x/a", "8.8.7.255 > x/a", "8.8.9.0 > x/a", "8.8.9.2 > x/a"),
        ("8.8.8.0 > x/a", "8.8.8.255 > x/a", "8.8.9.1 > x/a", "8.7.255.255 > x/a", "8.9.0.0 > x/a"),
    ),
    Case(
        "an except subtracts from its own ipBlock only",
        (
            "ingress: [{from: [{ipBlock: {cidr: 8.8.0.0/16, except: [8.8.8.0/24]}}, {ipBlock: {cidr: 8.8.8.8/32}}]}]",
            "ingress: [{from: [{ipBlock: {cidr: 8.8.8.9/32}}]}]",
        ),
        ("8.8.8.8 > x/a", "8.8.8.9 > x/a"),
        ("8.8.8.10 > x/a",),
    ),
    Case(
        "families never cross",
        ("ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",),
        (f"{OUT} > x/a", "0.0.0.0 > x/a", "255.255.255.255 > x/a"),
        (f"{OUT6} > x/a", "y/a > x/a@6", ":: > x/a", "::ffff:8.8.8.8 > x/a"),
    ),
    Case(
        "::/0 is every IPv6 address and none of IPv4",
        ("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '::/0'}}]}]}",),
        (f"x/a > {OUT6}", "x/a > y/a@6"),
        (f"x/a > {OUT}", "x/a > y/a"),
    ),
    Case(
        "ipBlock matches pod addresses",
        (f"{{policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: {V4['y/b']}/32}}}}]}}]}}",),
        ("x/a > y/b",),
        ("x/a > y/a", "x/a > y/b@6"),
    ),
    Case(
        "bits beyond the prefix do not count",
        ("ingress: [{from: [{ipBlock: {cidr: 8.9.10.11/8, except: [8.8.8.8/24]}}]}]",),
        ("8.0.0.0 > x/a", "8.255.255.255 > x/a"),
        ("8.8.8.1 > x/a", "9.0.0.0 > x/a"),
    ),
    Case(
        "leading zeros are decimal",
        ("ingress: [{from: [{ipBlock: {cidr: 010.000.02.000/024}}]}]",),
        ("y/a > x/a",),
        ("z/a > x/a", "8.0.2.1 > x/a"),
    ),
    Case(
        "an IPv4-mapped CIDR is IPv4",
        ("ingress: [{from: [{ipBlock: {cidr: '::ffff:10.0.2.0/120', except: ['::ffff:10.0.2.2/128']}}]}]",),
        ("y/a > x/a", "y/c > x/a"),
        ("y/b > x/a", "z/a > x/a", "y/a > x/a@6"),
    ),
    Case(
        "an IPv4-mapped CIDR may have leading zeros",
        ("ingress: [{from: [{ipBlock: {cidr: '::ffff:010.00.02.0/120'}}]}]",),
        ("y/a > x/a",),
        ("z/a > x/a",),
    ),
    Case(
        "an except of the other family takes nothing out",
        ("ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: ['::/0']}}]}]",),
        (f"{OUT} > x/a",),
        (f"{OUT6} > x/a",),
    ),
    Case(
        "IPv6 with an except",
        ("ingress: [{from: [{ipBlock: {cidr: 'fd00::/16', except: ['fd00::2:2/128']}}]}]",),
        ("y/a > x/a@6",),
        ("y/b > x/a@6", f"{OUT6} > x/a", "y/a > x/a"),
    ),
)

_DENY = "policyTypes: [Ingress, Egress]"
SPECIAL = (  # kubernetes-api.md 1.3 and design section 10
    Case("a pod reaches itself", (_DENY,), ("x/a > x/a", "x/a > x/a@6", "x/a > x/a ICMP"), ("x/a > x/b",)),
    Case(
        "a node reaches its own pods, not the pods of other nodes",
        (_DENY,),
        ("n1 > x/a", "n1 > x/a@6", "n1 > x/a ICMP", "n2 > x/b 53/UDP"),
        ("n2 > x/a", "n1 > x/b"),
    ),
    Case(
        "a pod reaches its own node, not others",
        (_DENY,),
        ("x/a > n1", "x/a > n1@6", "x/b > n2"),
        ("x/a > n2", "x/b > n1"),
    ),
    Case(
        "pods on the host's network are no subjects",
        (_DENY,),
        (f"x/host > {OUT}", f"{OUT} > x/host", "x/host > y/a"),
    ),
    Case(
        "pods on the host's network are no peers of selectors",
        ("ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}]}]",),
        ("x/b > x/a", "x/host > x/a"),  # x/a and x/host are on one node
        ("y/host > x/a", "x/host > x/b"),
    ),
    Case(
        "the traffic of pods on the host's network is the node's: ipBlocks and rules for everyone mean it",
        ("ingress: [{from: [{ipBlock: {cidr: 172.16.0.2/32}}]}, {ports: [{port: 81}]}]",),
        ("y/host > x/a", "n2 > x/a", "y/host > x/a 81/TCP"),
        ("x/host > x/b",),
    ),
    Case(
        "pods on the host's network have no port names",
        ("{policyTypes: [Egress], egress: [{ports: [{port: web}]}]}",),
        ("x/a > y/a",),
        ("x/a > y/host", "x/b > x/host"),
    ),
    Case(
        "a completed pod is neither subject nor peer; its address is the live pod's",
        (
            "podSelector: {matchLabels: {pod: done}}",
            "{podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{podSelector: {matchLabels: {pod: live}}}]}]}",
            "{podSelector: {matchLabels: {pod: b}}, ingress: [{from: [{podSelector: {matchLabels: {pod: done}}}]}]}",
        ),
        ("y/a > x/live", "x/live > x/a"),
        ("x/live > x/b",),
    ),
    Case(
        "a failed pod is as good as gone",
        (pod("x/a", V4["x/a"], marks="pod=a", phase="Failed"), _DENY),
        (f"{OUT} > x/a", f"x/a > {OUT}"),
        ("x/a > x/b",),
    ),
    Case(
        "a pending pod with an address is policed",
        (pod("x/a", V4["x/a"], marks="pod=a", phase="Pending"), _DENY),
        (),
        ("y/a > x/a",),
    ),
    Case(
        "a disputed address belongs to nobody and is closed, policies or not",
        (pod("z/thief", V4["y/a"], "10.0.9.9"), "ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"),
        ("10.0.9.9 > x/a", "x/a > 10.0.9.9", "y/a > z/b@6"),
        ("y/a > x/a", "x/a > y/a", f"{OUT} > y/a", "y/a > y/a", f"y/a > {OUT}"),
    ),
    Case(
        "all addresses of a pod are its addresses",
        (
            pod("x/b", V4["x/b"], "10.0.9.8", marks="pod=b"),
            "ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]",
        ),
        ("x/b > x/a", "10.0.9.8 > x/a", "10.0.9.8 > x/b"),
        ("10.0.9.7 > x/a", "y/a > 10.0.9.8"),
    ),
    Case(
        "an address that cannot be read is nobody's, one as stored of old is somebody's",
        (
            pod("x/a", "nonsense", "10.0.0.1/8", "010.0.1.001", marks="pod=a"),
            pod("x/b", "::ffff:10.0.1.2", marks="pod=b"),
            "ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]",
        ),
        ("x/b > x/a",),
        ("x/a > x/b", "y/a > x/b"),
    ),
    Case(
        "an unreadable node address is nobody's",
        (node("n1", "worker-1", "172.16.0.1"), _DENY),
        ("n1 > x/a",),
        ("n2 > x/a",),
    ),
)

_NEXT = "{from: [{podSelector: {matchLabels: {pod: c}}}]}"


def _unreadable(what: str, part: str) -> Case:
    """A rule with a part that means nothing allows nothing; the rule and the policy beside it do."""
    rules = f"ingress: [{{{part}}}, {_NEXT}]"
    return Case(
        f"a rule with {what} allows nothing; the one beside it counts",
        (rules, "ingress: [{ports: [{port: 7}]}]"),
        ("x/c > x/a", "y/a > x/a 7/TCP", "x/a > y/a"),
        ("x/b > x/a", "y/a > x/a", f"{OUT} > x/a", f"{OUT6} > x/a", "x/b > x/a 443/TCP", "x/b > x/a ICMP"),
    )


_ALSO = "{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}"
UNREADABLE = (
    _unreadable("a peer that names nobody", f"from: [{_ALSO}, {{}}]"),
    _unreadable(
        "a peer of ipBlock and selector", f"from: [{_ALSO}, {{podSelector: {{}}, ipBlock: {{cidr: 8.0.0.0/8}}}}]"
    ),
    _unreadable(
        "a peer of ipBlock and namespaces",
        f"from: [{_ALSO}, {{namespaceSelector: {{}}, ipBlock: {{cidr: 8.0.0.0/8}}}}]",
    ),
    *(
        _unreadable(f"the CIDR {cidr!r}", f"from: [{_ALSO}, {{ipBlock: {{cidr: '{cidr}'}}}}]")
        for cidr in ("", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "fe80::%1/64", "10.0.0.0/255.0.0.0")
    ),
    *(
        _unreadable(f"the CIDR {cidr!r}", f"from: [{_ALSO}, {{ipBlock: {{cidr: '{cidr}'}}}}]")
        for cidr in ("300.0.0.0/8", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.0/8/8", " 10.0.0.0/8", "x/8")
    ),
    _unreadable("an unreadable except", "from: [{ipBlock: {cidr: 0.0.0.0/0, except: [8.8.8.8]}}]"),
    _unreadable(
        "an unknown operator", f"from: [{_ALSO}, {{podSelector: {{matchExpressions: [{{key: a, operator: Gt}}]}}}}]"
    ),
    _unreadable(
        "an unknown operator on namespaces",
        f"from: [{_ALSO}, {{namespaceSelector: {{matchExpressions: [{{key: a, operator: in, values: [b]}}]}}}}]",
    ),
    _unreadable(
        "In without values", f"from: [{_ALSO}, {{podSelector: {{matchExpressions: [{{key: a, operator: In}}]}}}}]"
    ),
    _unreadable(
        "NotIn without values", f"from: [{_ALSO}, {{podSelector: {{matchExpressions: [{{key: a, operator: NotIn}}]}}}}]"
    ),
    _unreadable(
        "Exists with values",
        f"from: [{_ALSO}, {{podSelector: {{matchExpressions: [{{key: pod, operator: Exists, values: [a]}}]}}}}]",
    ),
    _unreadable(
        "DoesNotExist with values",
        f"from: [{_ALSO}, {{podSelector: {{matchExpressions: [{{key: q, operator: DoesNotExist, values: [a]}}]}}}}]",
    ),
    *(
        _unreadable(f"the port {port}", f"ports: [{{port: 443}}, {{protocol: TCP}}, {port}]")
        for port in (
            "{protocol: ICMP}",
            "{protocol: ''}",
            "{protocol: tcp, port: 80}",
            "{port: 0}",
            "{port: -1}",
            "{port: 65536}",
            "{port: ''}",
            "{port: 80, endPort: 79}",
            "{port: 80, endPort: 0}",
            "{port: 80, endPort: 65536}",
            "{port: web, endPort: 90}",
            "{endPort: 90}",
        )
    ),
    Case(
        "a pod selector of which a part is unreadable selects what the rest selects, and allows nothing",
        (
            (
                "{podSelector: {matchLabels: {pod: a}, matchExpressions: [{key: q, operator: Gt, values: ['1']}]},"
                " ingress: [{}], egress: [{}]}"
            ),
        ),
        ("y/a > x/b", "x/b > y/a"),
        ("y/a > x/a", "x/a > y/a"),
    ),
    Case(
        "an unreadable pod selector cannot take away what another policy allows",
        ("podSelector: {matchExpressions: [{key: q, operator: Gt}]}", "ingress: [{from: [{podSelector: {}}]}]"),
        ("x/b > x/a",),
        ("y/a > x/a",),
    ),
    Case(
        "unreadable policyTypes isolate in both directions and allow nothing",
        ("{policyTypes: [Ingress, egress], ingress: [{}], egress: [{}]}",),
        (),
        ("y/a > x/a", "x/a > y/a"),
    ),
    Case(
        "an unreadable rule of a direction that does not count changes nothing",
        ("{policyTypes: [Ingress], ingress: [{}], egress: [{to: [{}]}]}",),
        ("y/a > x/a", "x/a > y/a"),
    ),
)

CASES = (*FIELDS, *DEFAULTS, *SELECTING, *PORTS, *BLOCKS, *SPECIAL, *UNREADABLE)
