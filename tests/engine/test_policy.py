"""Policies are read once; what cannot be read is told with its path and closes what depends on it."""

from __future__ import annotations

import pytest

from haechi.engine.policy import Policy, PolicyRule
from haechi.engine.selection import ANY_POD, ANYWHERE, NamedPeer, Peers, PodSelection
from haechi.model.verdict import Direction, PolicyKey
from haechi.select import EVERYTHING, Selector
from haechi.sets import AddressSet, PortSet
from tests.building import policy, selector

APP = Selector.parse(selector("{matchLabels: {app: web}}"))
_RULES = "ingress: [{}], egress: [{}]"


def read(spec: str) -> Policy:
    return Policy.read(policy(spec))


def test_the_document_s_example() -> None:
    found = read(
        """
        podSelector: {matchLabels: {app: web}}
        policyTypes: [Ingress, Egress]
        ingress:
        - from:
          - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
          - namespaceSelector: {matchLabels: {app: web}}
          - podSelector: {matchLabels: {app: web}}
          ports: [{protocol: TCP, port: 6379}]
        egress:
        - to: [{ipBlock: {cidr: 10.0.0.0/24}}]
          ports: [{protocol: TCP, port: 5978}]
        """
    )
    blocks = AddressSet.from_cidr("172.17.0.0/16") - AddressSet.from_cidr("172.17.1.0/24")
    selections = frozenset({PodSelection(APP, EVERYTHING), PodSelection("x", APP)})
    assert found == Policy(
        PolicyKey("x", "p"),
        PodSelection("x", APP),
        frozenset(Direction),
        (PolicyRule(Peers(selections=selections, blocks=blocks), PortSet.tcp(6379)),),
        (PolicyRule(Peers(blocks=AddressSet.from_cidr("10.0.0.0/24")), PortSet.tcp(5978)),),
    )
    assert found.selections() == selections | {found.subject}


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        ("{}", {"Ingress"}),
        ("{egress: []}", {"Ingress"}),
        ("{egress: [{}]}", {"Ingress", "Egress"}),
        ("{policyTypes: [Egress]}", {"Egress"}),
        ("{policyTypes: [Ingress], egress: [{}]}", {"Ingress"}),
        ("{policyTypes: [Ingress, Ingress]}", {"Ingress"}),
        ("{policyTypes: [egress]}", {"Ingress", "Egress"}),
    ],
)
def test_directions(spec: str, directions: set[str]) -> None:
    assert read(spec).directions == directions


def test_rules_and_selections_of_a_direction_that_does_not_count_do_not_count() -> None:
    found = read("{policyTypes: [Egress], ingress: [{from: [{namespaceSelector: {}}]}]}")
    assert found.ingress
    assert found.rules(Direction.INGRESS) == ()
    assert found.selections() == {found.subject}


@pytest.mark.parametrize(
    ("ports", "expected", "names"),
    [
        ("[]", PortSet.ALL, ()),
        ("[{}]", PortSet.protocol(6), ()),
        ("[{protocol: SCTP}]", PortSet.protocol(132), ()),
        ("[{port: 80}, {port: 81, endPort: 90, protocol: UDP}]", PortSet.tcp(80) | PortSet.udp(81, 90), ()),
        ("[{port: 65535}]", PortSet.tcp(65535), ()),
        ("[{port: web}, {port: web}, {port: dns, protocol: UDP}]", PortSet.NONE, ((6, "web"), (17, "dns"))),
        ("[{port: web}, {port: 80}]", PortSet.tcp(80), ((6, "web"),)),
    ],
)
def test_ports(ports: str, expected: PortSet, names: tuple[tuple[int, str], ...]) -> None:
    assert read(f"ingress: [{{ports: {ports}}}]").ingress == (PolicyRule(ANYWHERE, expected, names),)


def test_named_peers_are_the_selections_the_pods_in_blocks_or_any_pod() -> None:
    (somewhere, everywhere) = read(
        "egress: [{to: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: web}]},"
        " {ports: [{port: web}]}]"
    ).egress
    assert set(somewhere.named_peers()) == {
        NamedPeer(PodSelection("x", EVERYTHING), 6, "web"),
        NamedPeer(ANY_POD, 6, "web", AddressSet.from_cidr("10.0.0.0/8")),
    }
    assert set(everywhere.named_peers()) == {NamedPeer(ANY_POD, 6, "web")}


def test_a_name_for_anybody_depends_on_every_pod() -> None:
    assert ANY_POD in read("{policyTypes: [Egress], egress: [{ports: [{port: web}]}]}").selections()
    to_block = "to: [{ipBlock: {cidr: 10.0.0.0/8}}]"
    assert ANY_POD in read(f"{{policyTypes: [Egress], egress: [{{{to_block}, ports: [{{port: web}}]}}]}}").selections()
    assert ANY_POD not in read("{policyTypes: [Egress], egress: [{ports: [{port: 80}]}]}").selections()
    assert ANY_POD not in read("{ingress: [{ports: [{port: web}]}]}").selections()


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ("ingress: [{from: [{podSelector: {}}, {}]}]", ["spec.ingress[0].from[1]"]),
        ("egress: [{}, {to: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]", ["spec.egress[1].to[0]"]),
        ("ingress: [{ports: [{port: 0}, {port: 80}, {port: ''}]}]",
         ["spec.ingress[0].ports[0]", "spec.ingress[0].ports[2]"]),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}], ports: [{protocol: ICMP}]}]",
         ["spec.ingress[0].from[0]", "spec.ingress[0].ports[0]"]),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [x]}}]}]", ["spec.ingress[0].from[0]"]),
        ("ingress: [{from: [{podSelector: {matchExpressions: [{key: a, operator: Gt}]}}]}]",
         ["spec.ingress[0].from[0]"]),
        ("ingress: [{ports: [{endPort: 9}, {port: w, endPort: 9}, {port: 9, endPort: 8}]}]",
         ["spec.ingress[0].ports[0]", "spec.ingress[0].ports[1]", "spec.ingress[0].ports[2]"]),
        ("ingress: [{from: [{}]}, {from: [{}]}]", ["spec.ingress[0].from[0]", "spec.ingress[1].from[0]"]),
        (f"{{podSelector: {{matchExpressions: [{{key: a, operator: In}}]}}, {_RULES}}}", ["spec.podSelector"]),
        (f"{{policyTypes: [Ingress, X], {_RULES}}}", ["spec.policyTypes[1]"]),
    ],
)  # fmt: skip
def test_defects_have_paths_and_reasons(spec: str, paths: list[str]) -> None:
    found = read(spec)
    assert [defect.path for defect in found.defects] == paths
    assert all(defect.reason for defect in found.defects)


def test_the_rule_around_a_defect_is_closed_and_the_others_stay() -> None:
    found = read("ingress: [{from: [{}], ports: [{port: 80}]}, {ports: [{port: 81}]}]")
    assert found.ingress == (PolicyRule(ANYWHERE, PortSet.tcp(81)),)
    assert found.directions == {Direction.INGRESS}


def test_an_unreadable_pod_selector_selects_by_its_readable_part() -> None:
    found = read(
        "{podSelector: {matchLabels: {app: web},"
        " matchExpressions: [{key: a, operator: Gt}, {key: b, operator: Exists}]},"
        f" {_RULES}}}"
    )
    readable = selector("{matchLabels: {app: web}, matchExpressions: [{key: b, operator: Exists}]}")
    assert found.subject == PodSelection("x", Selector.parse(readable))
    assert (found.ingress, found.egress) == ((), ())


def test_unreadable_policy_types_close_everything() -> None:
    found = read(f"{{policyTypes: [Ingress, X], {_RULES}}}")
    assert (found.ingress, found.egress) == ((), ())


def test_reading_is_canonical_where_it_can_tell() -> None:
    one = read("{podSelector: {matchLabels: {a: b}}, ingress: [{from: [{podSelector: {matchLabels: {c: d}}}]}]}")
    expressions = "[{key: c, operator: In, values: [d, d]}, {key: c, operator: Exists}]"
    other = read(
        "{podSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}, policyTypes: [Ingress],"
        f" ingress: [{{from: [{{podSelector: {{matchExpressions: {expressions}}}}}]}}]}}"
    )
    assert one == other
