"""What each load reads in each context is what a packet there has, whatever NAT and the client choose."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from haechi.nft import Ct, CtDirection, CtKey, CtState, Load, Meta, MetaKey, Payload, PayloadField
from haechi.verify.coordinate import NEVER_TRACKED, Coordinate, contexts_of, coordinates, family_of, joint_coordinates
from haechi.verify.packets import ALL_CONTEXTS, Context
from tests.verify.universe import V6, Chosen, Sent, Universe

LOADS: tuple[Load, ...] = (
    *map(Meta, MetaKey),
    *(Ct(key, direction) for key in CtKey if key.directed for direction in CtDirection),
    *(Ct(key) for key in CtKey if not key.directed),
    *map(Payload, PayloadField),
)
NOT_IN_THE_UNIVERSE = (
    *(Meta(key) for key in (MetaKey.MARK, MetaKey.IIFNAME, MetaKey.OIFNAME)),
    *(Ct(key) for key in CtKey if not key.directed),
    *(Payload(field) for field in (PayloadField.TH_SPORT, PayloadField.TH_DPORT)),
)
UNIVERSES = (
    Universe(4, {0x0A000001, 0x0A000002, 0x0A000003}, {80, 443}),
    Universe(6, {V6 + 1, V6 + 2, V6 + 3}, {80, 443}),
)


def in_context(load: Load, context: Context) -> Coordinate:
    (found,) = (coordinate for contexts, coordinate in coordinates(load) if contexts & context)
    return found


@pytest.mark.parametrize("load", LOADS, ids=str)
def test_every_load_reads_one_thing_in_every_context(load: Load) -> None:
    seen = 0
    for contexts, _ in coordinates(load):
        assert not seen & contexts
        seen |= contexts
    assert seen == ALL_CONTEXTS


def known(coordinate: Coordinate, universe: Universe, client: int, server: int, sent: Sent) -> bytes | None:
    """The value that a coordinate has, as the kernel has it; None if there is none."""
    family = universe.family
    addresses = {Coordinate.CLIENT: client, Coordinate.SERVER: server}
    if coordinate in addresses:
        value = addresses[coordinate]
        return value.to_bytes(4, "big") if family == 4 else (value - V6).to_bytes(16, "big")
    return {
        Coordinate.FAMILY: bytes((2 if family == 4 else 10,)),
        Coordinate.PROTOCOL: bytes((sent.protocol,)),
        Coordinate.PORT: sent.port.to_bytes(2, "big"),
        Coordinate.ICMP_TYPE: bytes((sent.message,)),
        Coordinate.NEVER: None,
    }[coordinate]


def is_of_family(load: Load, family: int) -> bool:
    return family_of(load.type) in (None, family)


@pytest.mark.parametrize("load", [load for load in LOADS if load not in NOT_IN_THE_UNIVERSE], ids=str)
def test_a_load_reads_what_the_packet_has(load: Load) -> None:
    for universe in UNIVERSES:
        for chosen in (Chosen(), Chosen(0x0A000001, 80, 0x0A000002, 443)):
            universe.chosen = chosen
            values = universe.values(load)
            for number, (context, client, server, sent) in universe.numbered():
                coordinate = in_context(load, context)
                if coordinate in (Coordinate.FREE, Coordinate.TRACKED_ICMP_TYPE):
                    continue
                found = [value for value, bits in values.items() if bits >> number & 1]
                expected = known(coordinate, universe, client, server, sent)
                if not is_of_family(load, universe.family):
                    expected = None
                assert found == ([] if expected is None else [expected]), (context, client, server, sent)


@pytest.mark.parametrize("load", NOT_IN_THE_UNIVERSE, ids=str)
def test_what_the_tuple_does_not_hold_is_free_or_never_there(load: Load) -> None:
    fixed: dict[Load, Coordinate] = {
        Ct(CtKey.L3PROTOCOL): Coordinate.FAMILY, Ct(CtKey.PROTOCOL): Coordinate.PROTOCOL,
        Ct(CtKey.DIRECTION): Coordinate.ORIGINAL,
    }  # fmt: skip
    assert in_context(load, Context.NEW) is fixed.get(load, Coordinate.FREE)
    expected = Coordinate.NEVER if isinstance(load, Ct) else Coordinate.FREE
    assert in_context(load, Context.UNTRACKED) is in_context(load, Context.INVALID) is expected


def test_the_direction_of_a_packet_is_fixed_but_for_errors() -> None:
    found = [in_context(Ct(CtKey.DIRECTION), context) for context in Context]
    original, reply, free, never = Coordinate.ORIGINAL, Coordinate.REPLY, Coordinate.FREE, Coordinate.NEVER
    assert found == [original, original, reply, original, reply, free, never, never]


def test_an_error_has_the_tuple_of_its_connection_and_addresses_of_its_own() -> None:
    assert in_context(Ct(CtKey.SADDR_IP, CtDirection.REPLY), Context.ERROR) is Coordinate.SERVER
    assert in_context(Payload(PayloadField.IP_SADDR), Context.ERROR) is Coordinate.FREE


@pytest.mark.parametrize(
    ("states", "contexts"),
    [
        (CtState.NEW, Context.NEW),
        (CtState.ESTABLISHED, Context.ORIGINAL | Context.REPLY),
        (CtState.RELATED, Context.RELATED | Context.RELATED_REPLY | Context.ERROR),
        (CtState.INVALID | CtState.UNTRACKED, Context.INVALID | Context.UNTRACKED),
    ],
)
def test_a_state_is_some_contexts(states: CtState, contexts: Context) -> None:
    assert contexts_of(states) == contexts


def test_joint_coordinates_are_those_of_each_load() -> None:
    loads = (Payload(PayloadField.IP_SADDR), Ct(CtKey.PROTO_SRC, CtDirection.REPLY), Ct(CtKey.DIRECTION))
    seen = 0
    for contexts, read in joint_coordinates(loads):
        assert not seen & contexts
        seen |= contexts
        for context in members(contexts):
            assert read == tuple(in_context(load, context) for load in loads)
    assert seen == ALL_CONTEXTS


def members(contexts: int) -> Iterator[Context]:
    return (context for context in Context if contexts & context)


def test_discovery_belongs_to_no_connection() -> None:
    """nf_conntrack_icmpv6_error: types 130-137 and 143 are untracked, echo is not."""
    assert {130, 133, 135, 137, 143} <= NEVER_TRACKED
    assert not {128, 129, 138} & NEVER_TRACKED
