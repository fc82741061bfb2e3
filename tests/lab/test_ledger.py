"""The ledger knows each attempt by its number, whatever came of the others."""

from __future__ import annotations

from haechi.lab.ledger import FIRST_PORT, LAST_PORT, Ledger
from haechi.lab.probe import Observation, Probe

PROBES = [Probe("a", "b", "10.0.0.1", "10.0.0.2", "TCP", port) for port in (80, 81)]


def test_ports_of_listeners_are_never_source_ports_and_all_others_come_before_one_comes_again() -> None:
    ledger = Ledger(PROBES, {FIRST_PORT, 20000})
    ports = [ledger.new_port(0) for _ in range(LAST_PORT - FIRST_PORT - 1)]
    assert len(set(ports)) == len(ports)
    assert not {FIRST_PORT, 20000} & set(ports)
    assert ledger.new_port(0) == ports[0]


def test_every_attempt_counts_for_its_own_probe() -> None:
    ledger = Ledger(PROBES, set())
    first, second = ledger.new_port(0), ledger.new_token(1)
    ledger.new_port(0)
    ledger.port_arrived(first)
    assert ledger.token_arrived(second)
    assert (bytes(ledger.arrived), bytes(ledger.replied)) == (b"\1\1", b"\0\0")
    ledger.token_replied(second)
    ledger.token_replied(second)
    assert (ledger.finished, ledger.unfinished(range(2))) == (1, [0])


def test_numbers_of_nobody_change_nothing() -> None:
    ledger = Ledger(PROBES, set())
    ledger.port_arrived(1)
    assert not ledger.token_arrived(77)
    ledger.token_replied(77)
    assert ledger.observations() == [Observation(probe, False, False, 0) for probe in PROBES]


def test_an_error_counts_only_without_a_reply() -> None:
    ledger = Ledger(PROBES, set())
    ledger.fail(0, "ECONNREFUSED")
    ledger.fail(1, "ECONNREFUSED")
    ledger.reply(1)
    assert [observation.error for observation in ledger.observations()] == ["ECONNREFUSED", None]
