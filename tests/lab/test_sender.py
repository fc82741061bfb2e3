"""What arrived, and what did not."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.lab.network import Network, build
from haechi.lab.probe import Observation, Probe, ProbeError, Protocol
from haechi.lab.sender import batches, send
from haechi.netns import isolated
from tests.lab.labs import EVERYTHING, PODS, PROTOCOLS, listeners, pairs
from tests.netlink.tool import nft
from tests.netns.descriptors import open_descriptors

if TYPE_CHECKING:
    from collections.abc import Callable

kernel = pytest.mark.kernel

A_TO_B = [probe for probe in pairs(PODS, ports=(80, 81)) if (probe.source, probe.destination) == ("a", "b")]


class Summary(NamedTuple):
    arrived: bool
    replied: bool
    attempts: int
    error: str | None


def summary(observation: Observation) -> Summary:
    return Summary(observation.arrived, observation.replied, observation.attempts, observation.error)


def observed(probes: list[Probe], prepare: Callable[[Network], object]) -> list[Observation]:
    def work() -> list[Observation]:
        with build(EVERYTHING) as network:
            prepare(network)
            return send(network, probes, listeners(probes), quiet=0.1)

    return isolated(work)


def rule(network: Network, node: str, text: str) -> None:
    table = f"table inet t {{ chain f {{ type filter hook forward priority 0; {text}\n}}\n}}\n"
    network.node(node).run(lambda: nft("-f", "-", feed=table))


@kernel
def test_what_a_deaf_pod_is_sent_never_arrives_and_is_tried_twice() -> None:
    observations = observed(A_TO_B, lambda network: network.blackhole("b"))
    assert {summary(observation) for observation in observations} == {Summary(False, False, 2, None)}
    assert Counter(observation.probe.protocol for observation in observations) == dict.fromkeys(PROTOCOLS, 4)


@kernel
def test_what_arrives_without_its_answer_getting_back_has_arrived_all_the_same() -> None:
    """A TCP connection never comes about here, and yet its SYN is at the listener."""
    observations = observed(A_TO_B, lambda network: network.blackhole("a"))
    assert {summary(observation) for observation in observations} == {Summary(True, False, 2, None)}


@kernel
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dropped_port_is_denied_and_nothing_else(family: int, protocol: Protocol) -> None:
    source, destination = ("ip saddr 10.1.0.1", "10.1.0.2") if family == 4 else ("ip6 saddr fd00:1::1", "fd00:1::2")
    text = f"{source} {protocol.lower()} dport 80 {'ip' if family == 4 else 'ip6'} daddr {destination} drop"
    probes = pairs(PODS, ports=(80, 81))
    denied = [o.probe for o in observed(probes, lambda network: rule(network, "n1", text)) if not o.arrived]
    assert [(p.source, p.destination_address, p.protocol, p.port) for p in denied] == [("a", destination, protocol, 80)]


@kernel
def test_a_rejected_connection_has_not_arrived_and_has_the_error_of_the_sender() -> None:
    text = "tcp dport 80 reject with tcp reset; tcp dport 81 reject with icmpx admin-prohibited"
    probes = [probe for probe in A_TO_B if probe.protocol == "TCP"]
    observations = observed(probes, lambda network: rule(network, "n1", text))
    by_reset = [observation for observation in observations if observation.probe.port == 80]
    by_icmp = [observation for observation in observations if observation.probe.port == 81]
    assert [summary(observation) for observation in by_reset] == [Summary(False, False, 2, "ECONNREFUSED")] * 2
    assert [(observation.arrived, observation.attempts) for observation in by_icmp] == [(False, 2)] * 2


@kernel
def test_an_expected_probe_that_is_lost_at_first_is_tried_again() -> None:
    """Three of four new connections are lost; a probe that is not expected is given up after two attempts."""
    text = "ct state new numgen inc mod 4 < 3 drop"
    probe = next(probe for probe in A_TO_B if probe.protocol == "UDP")

    def work() -> list[Observation]:
        with build(EVERYTHING) as network:
            rule(network, "n1", text)
            return send(network, [probe], listeners([probe]), expected={probe: True}, quiet=0.05, patience=1)

    (observation,) = isolated(work)
    assert summary(observation) == Summary(True, True, 4, None)


@kernel
def test_everything_is_found_even_if_few_sockets_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haechi.lab.sender._budget", lambda: 12)
    observations = observed(pairs(PODS, ports=(80, 81)), lambda network: network.blackhole("c"))
    assert {o.probe.destination for o in observations if not o.arrived} == {"c"}
    assert {o.probe.source for o in observations if o.arrived and not o.replied} == {"c"}
    assert [o.probe for o in observations] == pairs(PODS, ports=(80, 81))


@kernel
def test_progress_rises_to_the_total() -> None:
    def work() -> list[tuple[int, int]]:
        seen: list[tuple[int, int]] = []
        with build(EVERYTHING) as network:
            send(network, A_TO_B, listeners(A_TO_B), lambda done, total: seen.append((done, total)))
        return seen

    seen = isolated(work)
    assert seen == sorted(seen)
    assert seen[-1] == (len(A_TO_B), len(A_TO_B))


@kernel
def test_no_probes_give_no_observations() -> None:
    assert observed([], lambda network: None) == []


@kernel
def test_nothing_is_left_open() -> None:
    def work() -> bool:
        with build(EVERYTHING) as network:
            before = open_descriptors()
            send(network, A_TO_B, listeners(A_TO_B), quiet=0.1)
            return before == open_descriptors()

    assert isolated(work)


@kernel
@pytest.mark.parametrize(
    ("probe", "fault"),
    [
        (Probe("a", "b", "10.1.0.1", "10.1.0.2", "TCP", 99), "a → b TCP 99: nothing listens there"),
        (Probe("a", "b", "10.1.0.9", "10.1.0.2", "TCP", 80), "a → b TCP 80: a has no address 10.1.0.9"),
        (Probe("a", "b", "10.1.0.1", "10.1.0.9", "TCP", 80), "a → b TCP 80: b has no address 10.1.0.9"),
        (
            Probe("a", "b", "10.1.0.1", "fd00:1::2", "TCP", 80),
            "a → b TCP 80: its two addresses are of different families",
        ),
    ],
)
def test_a_probe_that_would_mean_nothing_is_refused(probe: Probe, fault: str) -> None:
    def work() -> None:
        with build(EVERYTHING) as network:
            send(network, [probe], {"b": {("TCP", 80)}})

    with pytest.raises(ProbeError) as caught:
        isolated(work)
    assert str(caught.value) == fault


@given(st.lists(st.frozensets(st.integers(0, 8), max_size=4), max_size=60), st.integers(4, 20))
def test_batches_hold_every_probe_once_and_keep_to_the_budget(needs: list[frozenset[int]], budget: int) -> None:
    divided = list(batches(range(len(needs)), needs, budget))
    assert [position for batch in divided for position in batch] == list(range(len(needs)))
    assert all(batch for batch in divided)
    opened = [frozenset[int]().union(*(needs[position] for position in batch)) for batch in divided]
    assert all(len(each) <= budget for each in opened)
    for one, other in pairwise(range(len(divided))):
        assert len(opened[one] | needs[divided[other][0]]) > budget  # no batch is smaller than it must be


@kernel
def test_no_batch_opens_more_sockets_than_its_budget() -> None:
    """Judged by the descriptors that are really open."""

    def work() -> int:
        most = 0

        def look(done: int, total: int) -> None:
            nonlocal most
            most = max(most, len(open_descriptors()))

        with build(EVERYTHING) as network:
            before = len(open_descriptors())
            send(network, asked, listeners(asked), look, quiet=0.05)
            return most - before

    asked = pairs(PODS, ports=(80, 81))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haechi.lab.sender._budget", lambda: 20)
        assert 10 <= isolated(work) <= 20 + 1  # and epoll
