"""Every packet is judged by the tiers of the moment: open connections, their errors and replies, and hairpins."""

from __future__ import annotations

from itertools import product

import pytest

from haechi.lab.ports import PROTOCOLS
from haechi.model import ClusterNetworkPolicy
from haechi.netns import isolated
from tests.building import tier_policy
from tests.lab.connection import Connection
from tests.lab.enforced import PORT, SERVERS, TO_CLIENT, enforced
from tests.lab.test_enforcement import MANY, asked, reaches, translate

pytestmark = pytest.mark.kernel


def about(role: str, rules: str, *, tier: str = "Admin", name: str = "c") -> ClusterNetworkPolicy:
    """A policy about the client or the servers."""
    subject = f"{{pods: {{podSelector: {{matchLabels: {{role: {role}}}}}}}}}"
    return tier_policy(f"{{tier: {tier}, subject: {subject}, {rules}}}", name=name)


CLIENTS = "{pods: {podSelector: {matchLabels: {role: client}}}}"
IN_DENIED = f"ingress: [{{action: Deny, from: [{CLIENTS}]}}]"
OUT_DENIED = "egress: [{action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]"
STOPPING = (
    about("server", IN_DENIED),
    about("server", IN_DENIED, tier="Baseline"),
    about("client", OUT_DENIED),
)


@pytest.mark.parametrize(
    ("server", "version", "deny"),
    [
        (server, version, deny)
        for number, ((server, version), deny) in enumerate(product(product(SERVERS, (4, 6)), STOPPING))
        if number % 2 == 0
    ],
)
def test_a_new_deny_stops_a_connection_in_both_directions_and_its_end_frees_it(
    server: str, version: int, deny: ClusterNetworkPolicy
) -> None:
    def work() -> None:
        with enforced() as lab, Connection.open(lab.network, "x/client", server, PORT, version=version) as connection:
            assert connection.carry(MANY) == MANY
            lab.put(deny)
            assert connection.carry(b"to the server", quiet=0.1) == b""
            assert connection.carry(b"to the client", back=True, quiet=0.1) == b""
            lab.delete(deny)
            assert connection.carry(quiet=10) == b"to the server"
            assert connection.carry(back=True, quiet=10) == b"to the client"

    isolated(work)


def accepting() -> ClusterNetworkPolicy:
    """The client may connect to the servers' port, and to nothing else."""
    servers = "{pods: {podSelector: {matchLabels: {role: server}}}}"
    accept = f"{{action: Accept, to: [{servers}], protocols: [{{tcp: {{destinationPort: {{number: {PORT}}}}}}}]}}"
    return about("client", f"egress: [{accept}, {{action: Deny, to: [{{networks: [0.0.0.0/0, '::/0']}}]}}]")


@pytest.mark.parametrize("version", [4, 6])
def test_icmp_errors_of_an_accepted_connection_pass(version: int) -> None:
    """The path to the server narrows: without its node's ICMP errors the client would send too much for ever."""

    def work() -> None:
        with enforced() as lab:
            lab.put(accepting())
            lab.put(about("client", "ingress: [{action: Deny, from: [{namespaces: {}}]}]", name="in"))
            with Connection.open(lab.network, "x/client", "x/far", PORT, version=version) as connection:
                lab.network.set_mtu("x/far", 1300)
                assert connection.carry(MANY, quiet=10) == MANY
                assert connection.carry(MANY, back=True, quiet=10) == MANY

    isolated(work)


def test_replies_pass_although_a_tier_denies_connections_to_the_client() -> None:
    def work() -> None:
        with enforced() as lab:
            lab.put(about("client", "ingress: [{action: Deny, from: [{namespaces: {}}]}]"))
            for protocol in PROTOCOLS:
                assert asked(lab, protocol) == [(True, True)] * 4
            lab.put(about("server", IN_DENIED, name="d"))
            for protocol in PROTOCOLS:
                assert asked(lab, protocol) == [(False, False)] * 4

    isolated(work)


@pytest.mark.parametrize("version", [4, 6])
def test_a_pod_to_itself_is_judged_by_tiers_through_a_service_only(version: int) -> None:
    """NetworkPolicies never restrict it; its own address directly is judged by nothing."""
    service, own = ("10.96.0.1", "10.1.0.1") if version == 4 else ("fd96::1", "fd00:1::1")

    length = 32 if version == 4 else 128
    verdicts = {
        "ingress: [{action: Pass, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}]": True,
        IN_DENIED: False,
        f"ingress: [{{action: Accept, from: [{CLIENTS}]}}, {{action: Deny, from: [{{namespaces: {{}}}}]}}]": True,
        OUT_DENIED: False,
        f"egress: [{{action: Deny, to: [{{networks: ['{own}/{length}']}}]}}]": False,
        f"egress: [{{action: Deny, to: [{{networks: ['{service}/{length}']}}]}}]": True,
    }

    def work() -> None:
        with enforced() as lab:
            translate(lab.network, version, service, 80, own, PORT, hairpin=True)
            lab.put(TO_CLIENT)
            for rules, passes in verdicts.items():
                lab.put(about("client", rules))
                seconds = 10.0 if passes else 0.5
                assert reaches(lab.network, "x/client", version, service, 80, seconds=seconds) is passes, rules
                assert reaches(lab.network, "x/client", version, own, PORT, seconds=10)

    isolated(work)


@pytest.mark.parametrize("version", [4, 6])
def test_a_service_is_judged_by_the_pod_behind_it(version: int) -> None:
    """After DNAT: networks with the Service's address match nothing, those with the pod's do."""
    service, behind = ("10.96.0.1", "10.1.0.3") if version == 4 else ("fd96::1", "fd00:1::3")

    length = 32 if version == 4 else 128

    def work() -> None:
        with enforced() as lab:
            translate(lab.network, version, service, 80, behind, PORT)
            for address, seconds in ((service, 10.0), (behind, 0.5)):
                lab.put(about("client", f"egress: [{{action: Deny, to: [{{networks: ['{address}/{length}']}}]}}]"))
                passes = reaches(lab.network, "x/far", version, service, 80, seconds=seconds)
                assert passes is (address == service)

    isolated(work)
