"""The conformance cases of ClusterNetworkPolicy, transcribed: policies, step by step, and which connections pass.

The cluster is that of the suite: four namespaces ("houses") with two pods each and one with pods on the host network.
`G0>S1 80` is a connection from the first pod of gryffindor to the second one of slytherin, on TCP port 80 (declared,
named `web`) or 8080, UDP 53 (named `dns`) or 5353, SCTP 9003 or 9005, over both families.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import product

from haechi.model import ClusterNetworkPolicy, Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Packet
from tests.building import namespace, node, pod, policy, tier_policy

Object = Namespace | Node | Pod | NetworkPolicy | ClusterNetworkPolicy
HOUSES = {"G": "gryffindor", "S": "slytherin", "H": "hufflepuff", "R": "ravenclaw", "F": "forest"}
PORTS = {"80": 6, "8080": 6, "53": 17, "5353": 17, "9003": 132, "9005": 132}
V4 = {f"{house}{number}": f"10.0.{place}.{number + 1}" for (place, house), number in product(enumerate("GSHR"), (0, 1))}
V6 = {key: text.replace("10.0.", "fd00::").replace(".", ":") for key, text in V4.items()}
NODES = {"F0": ("172.16.0.1", "fd01::1"), "F1": ("172.16.0.2", "fd01::2")}


def labelled(house: str) -> str:
    return f"house={HOUSES[house]}"


def world() -> tuple[Object, ...]:
    pods = [
        pod(
            f"{HOUSES[key[0]]}/pod-{key[1]}", V4[key], V6[key], marks=labelled(key[0]),
            ports=("web=80/TCP dns=53/UDP",), node="n0" if key[1] == "0" else "n1",
        )
        for key in V4
    ]  # fmt: skip
    hosts = [
        pod(f"forest/pod-{number}", *NODES[f"F{number}"], marks=labelled("F"), node=f"n{number}", host_network=True)
        for number in (0, 1)
    ]
    nodes = [node(f"n{key[1]}", *addresses, marks="os=linux") for key, addresses in NODES.items()]
    return (*(namespace(name, labelled(house)) for house, name in HOUSES.items()), *nodes, *pods, *hosts)


@dataclass(frozen=True)
class TierCase:
    """One step of a case: `passes` and `blocked` are connections."""

    name: str
    objects: tuple[Object, ...]
    passes: tuple[str, ...]
    blocked: tuple[str, ...]

    def connections(self) -> Iterator[tuple[str, Packet, bool]]:
        """In words, as a packet of each family, and whether it passes."""
        for text in (*self.passes, *self.blocked):
            ends, _, port = text.partition(" ")
            source, _, destination = ends.partition(">")
            number, _, word = port.partition("/")
            protocol = {"": PORTS.get(number, 6), "TCP": 6, "UDP": 17, "SCTP": 132}[word]
            for family in (0, 1):
                texts = [
                    NODES[each][family] if each in NODES else (V4, V6)[family][each] for each in (source, destination)
                ]
                one, other = map(ip_address, texts)
                yield text, Packet(one, other, protocol, int(number)), text in self.passes


def house(key: str) -> str:
    return f"{{namespaces: {{matchLabels: {{house: {HOUSES[key]}}}}}}}"


def protocols(*ports: str) -> str:
    words = {6: "tcp", 17: "udp", 132: "sctp"}
    return ", ".join(f"{{{words[PORTS[port]]}: {{destinationPort: {{number: {port}}}}}}}" for port in ports)


def rule(end: str, action: str, peer: str, *ports: str, named: str = "") -> str:
    given = protocols(*ports) or (f"{{destinationNamedPort: {named}}}" if named else "")
    limit = f", protocols: [{given}]" if given else ""
    return f"{{action: {action}, {end}: [{house(peer) if peer in HOUSES else peer}]{limit}}}"


def rules_of(
    end: str, trio: str, fifth: str, sixth: str, denied: tuple[str, ...], accepted: tuple[str, ...]
) -> list[str]:
    """Accept, Deny, Pass of one peer; Deny, Pass of another on some ports; Accept of a third on some, then Deny."""
    return [
        *(rule(end, action, trio) for action in ("Accept", "Deny", "Pass")),
        rule(end, "Deny", fifth, *denied),
        rule(end, "Pass", fifth, *denied),
        rule(end, "Accept", sixth, *accepted),
        rule(end, "Deny", sixth),
    ]


def swapped(rules: list[str], one: int, other: int) -> list[str]:
    found = list(rules)
    found[one], found[other] = found[other], found[one]
    return found


def passed(rules: list[str]) -> list[str]:
    return [rules[0].replace("action: Deny", "action: Pass").replace("action: Accept", "action: Pass"), *rules[1:]]


def with_rules(direction: str, rules: list[str], subject: str, tier: str) -> ClusterNetworkPolicy:
    return tier_policy(f"{{tier: {tier}, priority: 3, subject: {house(subject)}, {direction}: [{', '.join(rules)}]}}")


def arrow(direction: str, own: str, peer: str, port: str) -> str:
    return f"{peer}>{own} {port}" if direction == "ingress" else f"{own}>{peer} {port}"


def one_way(
    tier: str,
    direction: str,
    subject: str,
    trio: str,
    fifth: str,
    sixth: str,
    ports: tuple[str, str],
    denied: str,
    accepted: str,
) -> Iterator[TierCase]:
    """CNP{Admin,Baseline}Tier{Ingress,Egress}{TCP,UDP,SCTP}: four steps, and a fifth one with Pass."""
    end = "from" if direction == "ingress" else "to"
    rules = rules_of(end, trio, fifth, sixth, (denied,), (accepted,))
    if tier == "Baseline":  # without Pass rules the places stay
        rules = [each for each in rules if "Pass" not in each]
    other = {one: next(port for port in ports if port != one) for one in ports}
    deny, accept = rules.index(rule(end, "Deny", fifth, denied)), rules.index(rule(end, "Accept", sixth, accepted))

    def step(name: str, rules: list[str], passes: list[str], blocked: list[str]) -> TierCase:
        objects = (*world(), with_rules(direction, rules, subject, tier))
        return TierCase(f"{tier} {direction} {ports[0]}: {name}", objects, tuple(passes), tuple(blocked))

    def of(peer: str, port: str, pair: int = 0) -> str:
        return arrow(direction, f"{subject}{pair}", f"{peer}{pair}", port)

    both = [of(trio, ports[0]), of(trio, ports[1], 1)]
    yield step("accept", rules, both, [])
    yield step("accept on a port", rules, [of(sixth, accepted)], [of(sixth, other[accepted], 1)])
    yield step("deny first", swapped(rules, 0, 1), [], both)
    yield step("deny on a port", rules, [of(fifth, other[denied], 1)], [of(fifth, denied)])
    if tier == "Admin":
        yield step("pass", passed(rules), both, [])
        free = [of(fifth, port) for port in ports]
        yield step("pass on a port", swapped(rules, deny, deny + 1), free, [])
    assert accept


def integration() -> Iterator[TierCase]:
    """CNPAdminTierIntegration and CNPAdminTierPriorityField."""

    def two_ways(tier: str, ingress: str, egress: str, name: str, priority: int = 10) -> ClusterNetworkPolicy:
        rules = f"ingress: [{rule('from', ingress, 'S')}], egress: [{rule('to', egress, 'S')}]"
        spec = f"{{tier: {tier}, priority: {priority}, subject: {house('G')}, {rules}}}"
        return tier_policy(spec, name=name)

    from_s = "{namespaceSelector: {matchLabels: {house: slytherin}}}"
    allow = policy(
        f"{{policyTypes: [Ingress, Egress], ingress: [{{from: [{from_s}]}}], egress: [{{to: [{from_s}]}}]}}",
        namespace="gryffindor",
    )
    into, out = tuple(f"S0>G0 {port}" for port in PORTS), tuple(f"G0>S0 {port}" for port in PORTS)
    baseline = two_ways("Baseline", "Deny", "Deny", "default")
    for ingress, egress, others, passes in (
        ("Deny", "Deny", (allow, baseline), ()),
        ("Pass", "Deny", (allow, baseline), into),
        ("Pass", "Pass", (allow, baseline), into + out),
        ("Pass", "Pass", (baseline,), ()),
        ("Pass", "Pass", (), into + out),
    ):
        objects = (*world(), two_ways("Admin", ingress, egress, "admin"), *others)
        blocked = tuple(each for each in into + out if each not in passes)
        yield TierCase(f"integration {ingress} {egress} {len(others)}", objects, passes, blocked)
    for priority, passes in ((60, ()), (40, into + out)):
        accept = two_ways("Baseline", "Accept", "Accept", "accepting")
        admins = two_ways("Admin", "Deny", "Deny", "old", 50), two_ways("Admin", "Pass", "Pass", "new", priority)
        blocked = tuple(each for each in into + out if each not in passes)
        yield TierCase(f"priority {priority}", (*world(), *admins, accept), passes, blocked)


def networks(tier: str) -> Iterator[TierCase]:
    """CNP{Admin,Baseline}TierEgressInlineCIDRPeers."""
    everything = "{networks: ['0.0.0.0/0', '::/0']}"
    rules = [rule("to", "Accept", "S"), rule("to", "Deny", everything)]
    ports = ("80", "53", "9003")
    denied = tuple(f"G0>{key}0 {port}" for key in "RH" for port in ports)
    to_s = tuple(f"G0>S0 {port}" for port in ports)

    def step(
        name: str, rules: list[str], passes: tuple[str, ...], blocked: tuple[str, ...], s: str = "slytherin"
    ) -> TierCase:
        objects = tuple(
            namespace("slytherin", f"house={s}") if isinstance(one, Namespace) and one.name == "slytherin" else one
            for one in world()
        )
        return TierCase(f"{tier} networks: {name}", (*objects, with_rules("egress", rules, "G", tier)), passes, blocked)

    yield step("deny", rules, to_s, denied)
    yield step("relabelled", rules, (), denied + to_s, "other")
    yield step("labelled as before", rules, to_s, denied)
    two = [f"{each[key]}/{size}" for each, size in ((V4, 32), (V6, 128)) for key in ("R0", "H0")]
    chosen = rule("to", "Accept", f"{{networks: {two}}}")
    others = tuple(f"G1>{key}1 {port}" for key in "RH" for port in ports)
    yield step("some accepted", [chosen, *rules], denied, others)


def nodes(tier: str) -> Iterator[TierCase]:
    """CNP{Admin,Baseline}TierEgressNodePeers."""
    linux = "{nodes: {matchLabels: {os: linux}}}"
    span = "protocols: [{tcp: {destinationPort: {range: {start: 34345, end: 34346}}}}]"
    rules = [
        f"{{action: Accept, to: [{linux}], {span}}}",
        f"{{action: Pass, to: [{linux}], protocols: [{{udp: {{destinationPort: {{number: 34347}}}}}}]}}",
        f"{{action: Deny, to: [{house('S')}, {linux}, {{networks: ['0.0.0.0/0', '::/0']}}]}}",
    ]
    yield TierCase(
        f"{tier} nodes",
        (*world(), with_rules("egress", rules, "G", tier)),
        ("G0>F1 34345/TCP", "G0>F1 34346/TCP", "G0>F1 34347/UDP"),
        ("G0>F1 34348/TCP", "G0>F1 34349/UDP", "G0>F1 34351/SCTP", "G0>S0 80", "G0>R0 80"),
    )


def named(tier: str) -> Iterator[TierCase]:
    """CNP{Admin,Baseline}Tier{Ingress,Egress}NamedPort."""
    for direction, end in (("egress", "to"), ("ingress", "from")):
        for name, port, other in (("web", "80", "8080"), ("dns", "53", "5353")):
            rules = [rule(end, "Accept", "H", named=name), rule(end, "Deny", "H")]
            yield TierCase(
                f"{tier} {direction} named port {name}",
                (*world(), with_rules(direction, rules, "G", tier)),
                (arrow(direction, "G0", "H1", port),),
                (arrow(direction, "G1", "H1", other),),
            )


def both_directions(tier: str) -> Iterator[TierCase]:
    """CNP{Admin,Baseline}TierGress."""
    three = ("80", "53", "9003")
    egress = rules_of("to", "R", "S", "H", three, ("8080", "5353", "9003"))
    ingress = rules_of("from", "R", "S", "H", three, ("80", "5353", "9003"))
    if tier == "Baseline":
        egress, ingress = ([each for each in rules if "Pass" not in each] for rules in (egress, ingress))
    with_r = (*(f"R0>G0 {port}" for port in PORTS), *(f"G0>R0 {port}" for port in PORTS))
    with_h = (*("G0>H1 8080", "G0>H1 5353", "G0>H1 9003", "H1>G1 80", "H1>G1 5353", "H1>G1 9003"),)
    not_h = (*("G0>H1 80", "G0>H1 53", "G0>H1 9005", "H1>G1 8080", "H1>G1 53", "H1>G1 9005"),)
    with_s = (*("S1>G0 8080", "S1>G0 5353", "S1>G0 9005", "G0>S1 8080", "G0>S1 5353", "G0>S1 9005"),)
    not_s = (*("S0>G0 80", "S0>G0 53", "S0>G0 9003", "G1>S1 80", "G1>S1 53", "G1>S1 9003"),)

    def step(
        name: str, change: Callable[[list[str]], list[str]], passes: tuple[str, ...], blocked: tuple[str, ...]
    ) -> TierCase:
        rules = f"ingress: [{', '.join(change(ingress))}], egress: [{', '.join(change(egress))}]"
        spec = f"{{tier: {tier}, priority: 15, subject: {house('G')}, {rules}}}"
        return TierCase(f"{tier} both directions{name}", (*world(), tier_policy(spec)), passes, blocked)

    yield step("", list, (*with_r, *with_h, *with_s), (*not_h, *not_s))
    yield step(": deny first", lambda rules: swapped(rules, 0, 1), (*with_h, *with_s), (*with_r, *not_h, *not_s))
    if tier == "Admin":
        yield step(": pass", passed, (*with_r, *with_h, *with_s), (*not_h, *not_s))
        yield step(": pass on ports", lambda rules: swapped(rules, 3, 4), (*with_r, *with_h, *with_s, *not_s), not_h)


def cases() -> Iterator[TierCase]:
    for tier in ("Admin", "Baseline"):
        for direction in ("ingress", "egress"):
            yield from one_way(
                tier, direction, "G", "R", "S", "H", ("80", "8080"), "80", "80" if direction == "ingress" else "8080"
            )
            yield from one_way(tier, direction, "H", "R", "S", "G", ("53", "5353"), "5353", "53")
            yield from one_way(tier, direction, "R", "G", "S", "H", ("9003", "9005"), "9003", "9003")
        yield from both_directions(tier)
        yield from networks(tier)
        yield from nodes(tier)
        yield from named(tier)
    yield from integration()


TIER_CASES = tuple(cases())
