"""The tracker knows each attempt by its number, whatever came of the others."""

from __future__ import annotations

from haechi.lab.probe import Observation, Probe
from haechi.lab.tracker import FIRST_PORT, LAST_PORT, ProbeTracker

PROBES = [Probe("a", "b", "10.0.0.1", "10.0.0.2", "TCP", port) for port in (80, 81)]


def test_ports_of_listeners_are_never_source_ports_and_all_others_come_before_one_comes_again() -> None:
    tracker = ProbeTracker(PROBES, {FIRST_PORT, 20000})
    ports = [tracker.new_port(0) for _ in range(LAST_PORT - FIRST_PORT - 1)]
    assert len(set(ports)) == len(ports)
    assert not {FIRST_PORT, 20000} & set(ports)
    assert tracker.new_port(0) == ports[0]


def test_every_attempt_counts_for_its_own_probe() -> None:
    tracker = ProbeTracker(PROBES, set())
    first, second = tracker.new_port(0), tracker.new_token(1)
    tracker.new_port(0)
    tracker.port_arrived(first)
    assert tracker.token_arrived(second)
    assert (bytes(tracker.arrived), bytes(tracker.replied)) == (b"\1\1", b"\0\0")
    tracker.token_replied(second)
    tracker.token_replied(second)
    assert (tracker.finished, tracker.unfinished(range(2))) == (1, [0])


def test_unknown_numbers_change_nothing() -> None:
    tracker = ProbeTracker(PROBES, set())
    tracker.port_arrived(1)
    assert not tracker.token_arrived(77)
    tracker.token_replied(77)
    assert tracker.observations() == [Observation(probe, False, False, 0) for probe in PROBES]


def test_an_error_counts_only_without_a_reply() -> None:
    tracker = ProbeTracker(PROBES, set())
    tracker.fail(0, "ECONNREFUSED")
    tracker.fail(1, "ECONNREFUSED")
    tracker.reply(1)
    assert [observation.error for observation in tracker.observations()] == ["ECONNREFUSED", None]
