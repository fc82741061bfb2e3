"""The ports to probe: everything that is named, its neighbours, and one that nothing names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.lab.ports import PROTOCOLS, ports_to_probe
from haechi.model import NetworkPolicy, Pod, TierPolicy
from haechi.sets import PROTOCOL_NUMBERS
from tests import clusters
from tests.building import pod, policy, tier_policy

UNNAMED = 61_000


def numbers(*policies: NetworkPolicy | TierPolicy, pods: tuple[Pod, ...] = ()) -> list[int]:
    found = ports_to_probe(policies, pods)
    listed = sorted({number for _, number in found})
    assert list(found) == [(protocol, number) for number in listed for protocol in PROTOCOLS]
    return listed


def allowing(*ports: str, direction: str = "ingress") -> NetworkPolicy:
    return policy(f"{{podSelector: {{}}, {direction}: [{{ports: [{', '.join(ports)}]}}]}}")


def test_without_anything_there_is_one_port_that_nothing_names() -> None:
    assert numbers() == [UNNAMED]


def test_every_port_is_asked_over_every_protocol() -> None:
    assert set(ports_to_probe([allowing("{port: 80, protocol: UDP}")], [])) == {
        (protocol, number) for protocol in ("TCP", "UDP", "SCTP") for number in (80, UNNAMED)
    }


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_policies_name_ports_and_both_ends_of_ranges_with_their_neighbours(direction: str) -> None:
    assert numbers(allowing("{port: 80}", "{port: 100, endPort: 200}", direction=direction)) == [
        *(80, 99, 100, 200, 201),
        UNNAMED,
    ]


def test_a_range_of_one_port_is_a_port() -> None:
    assert numbers(allowing("{port: 80, endPort: 80}")) == [80, UNNAMED]


def test_ranges_end_at_the_ends_of_the_line() -> None:
    assert numbers(allowing("{port: 1, endPort: 65535}")) == [1, 65535]
    assert numbers(allowing("{port: 1, endPort: 60999}")) == [1, 60999, 61000, 61001]


def test_containers_name_ports_and_names_are_what_they_say() -> None:
    pods = (pod("x/a", ports=("web=8080/TCP", "=53/UDP")), pod("x/b", ports=("web=8081/TCP",)))
    assert numbers(allowing("{port: web}"), pods=pods) == [53, 8080, 8081, UNNAMED]


def test_the_unnamed_port_is_where_no_client_comes_from_or_else_lower() -> None:
    assert numbers(allowing("{port: 61000}")) == [61000, 61001]
    assert numbers(allowing("{port: 61000, endPort: 65535}"))[:1] == [1024]


def test_where_everything_is_named_there_is_no_unnamed_port() -> None:
    assert numbers(allowing("{port: 1024, endPort: 65535}")) == [1023, 1024, 65535]


@pytest.mark.parametrize(
    "port",
    ["{port: 0}", "{port: 70000}", "{port: 90, endPort: 80}", "{port: 80, endPort: 70000}", "{protocol: TCP}", "{}"],
)
def test_what_names_no_port_is_passed_over(port: str) -> None:
    assert numbers(allowing(port)) == [UNNAMED]


@given(st.lists(clusters.policies(readable=False), max_size=4), st.lists(clusters.pods(), max_size=4))
def test_some_port_is_allowed_by_no_number_and_every_number_is_a_port(
    policies: list[NetworkPolicy], pods: list[Pod]
) -> None:
    found = numbers(*policies, pods=tuple(pods))
    named = {said.container_port for each in pods for box in each.spec.containers for said in box.ports}
    for each in policies:
        for ports in [rule.ports for rule in each.spec.ingress] + [rule.ports for rule in each.spec.egress]:
            for port in ports:
                if isinstance(port.port, int):
                    named |= set(range(port.port, (port.end_port or port.port) + 1))
    assert set(found) - named
    assert all(1 <= number <= 65535 for number in found)


def test_every_protocol_has_its_number() -> None:
    assert PROTOCOL_NUMBERS == {"TCP": 6, "UDP": 17, "SCTP": 132}
    assert set(PROTOCOL_NUMBERS) == set(PROTOCOLS)


@pytest.mark.parametrize(("direction", "end"), [("ingress", "from"), ("egress", "to")])
def test_rules_of_tiers_name_ports_as_well(direction: str, end: str) -> None:
    spans = ["tcp: {destinationPort: {number: 80}}", "sctp: {destinationPort: {range: {start: 100, end: 200}}}"]
    spans += ["udp: {}", "udp: {destinationPort: {number: 0}}", "destinationNamedPort: web"]
    entries = ", ".join(f"{{{each}}}" for each in spans)
    found = tier_policy(f"{{{direction}: [{{action: Deny, {end}: [{{namespaces: {{}}}}], protocols: [{entries}]}}]}}")
    assert numbers(found, pods=(pod("x/a", ports=("web=8080/TCP",)),)) == [80, 99, 100, 200, 201, 8080, UNNAMED]
