"""Which packets a changed table can affect: every packet that it judges differently, and not all without need."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import (
    ACCEPT,
    DROP,
    BaseChain,
    Chain,
    ChainPolicy,
    Compare,
    Ct,
    CtDirection,
    CtKey,
    DataType,
    Element,
    Expression,
    Hook,
    Lookup,
    Map,
    Meta,
    MetaKey,
    Operator,
    Rule,
    Ruleset,
    Set,
    Table,
    TableFlags,
    Verdict,
    VerdictMap,
    goto,
    ipv4,
    jump,
    port,
)
from haechi.sets import AddressSet
from haechi.verify.cached import RulesetChange
from haechi.verify.change import EVERYTHING, NOTHING, AffectedPackets, ChainGraph, affected_packets
from haechi.verify.packets import Context
from tests.verify import small
from tests.verify.mutants import KINDS, Kind, hook_changed, mutants
from tests.verify.universe import Chosen, Universe, universes


def affected(old: Ruleset, new: Ruleset) -> AffectedPackets:
    return affected_packets(RulesetChange.between(old, new), ChainGraph.of(old), ChainGraph.of(new))


def outside(universe: Universe, packets: AffectedPackets) -> int:
    """The packets of a universe that are not affected, without ICMP errors, which are always compared."""
    clients = [address not in packets.clients for address in universe.addresses]
    servers = [address not in packets.servers for address in universe.addresses]
    contexts = sum(context for context in Context if context is not Context.ERROR)
    return universe.of(contexts, clients, servers, [True] * len(universe.sent))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_packet_that_is_judged_differently_is_affected(kind: Kind) -> None:
    """Whatever NAT and clients choose; a table that no compiler would write changes in any way."""
    seen = narrow = 0
    for seed in range(2):
        random = Random(f"change {kind.__name__} {seed}")
        objects = small.objects(random, pods=5, policies=4, tidy=True)
        honest = NodeRuleset(Engine.of(objects), small.NODE).ruleset()
        for old in (honest, *mutants(kind, honest, random, 2)):
            for new in mutants(random.choice(KINDS), old, random, 2):
                packets = affected(old, new)
                seen += 1
                narrow += not packets.is_everything
                for universe in universes(old):
                    spared = outside(universe, packets)
                    for chosen in (Chosen(), *random.sample(list(universe.choices(old)), 3)):
                        universe.chosen = chosen
                        assert not (universe.accepted(old) ^ universe.accepted(new)) & spared, f"seed {seed}"
    assert seen >= 6
    assert narrow or kind is hook_changed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_graph_that_follows_a_change_is_the_graph_of_the_new_table(kind: Kind) -> None:
    random = Random(f"graph {kind.__name__}")
    table = NodeRuleset(Engine.of(small.objects(random)), small.NODE).ruleset()
    graph = ChainGraph.of(table)
    for mutant in mutants(kind, table, random, 5):
        followed = graph.updated(mutant, RulesetChange.between(table, mutant))
        whole = ChainGraph.of(mutant)
        assert (followed.chains, followed.users) == (whole.chains, whole.users)
        assert all(followed.reaching(name) == whole.reaching(name) for name in mutant.chains)


# -- the picture of the module ----------------------------------------------------------------------------------------

CLIENT, SERVER = Ct(CtKey.SADDR_IP, CtDirection.ORIGINAL), Ct(CtKey.SADDR_IP, CtDirection.REPLY)
DIALLED, SERVER_PORT = Ct(CtKey.DADDR_IP, CtDirection.ORIGINAL), Ct(CtKey.PROTO_SRC, CtDirection.REPLY)
IPV4 = Compare(Meta(MetaKey.NFPROTO), Operator.EQ, bytes((2,)))
TCP = Compare(Meta(MetaKey.L4PROTO), Operator.EQ, bytes((6,)))
BASE = BaseChain(hook=Hook.FORWARD, priority=0, policy=ChainPolicy.ACCEPT)


def address(number: int) -> bytes:
    return ipv4(0x0A000000 + number)


def addresses(*numbers: int) -> AddressSet:
    return AddressSet.of(*(0x0A000000 + number for number in numbers))


def verdicts(name: str, chains: dict[int, Verdict]) -> Map:
    elements = frozenset(Element(address(number), None, verdict) for number, verdict in chains.items())
    return Map(name, (DataType.IPV4_ADDR,), elements=elements)


def pods(*numbers: int) -> Set:
    return Set("pods4", (DataType.IPV4_ADDR,), elements=frozenset(Element(address(number)) for number in numbers))


def ports(*numbers: int) -> Set:
    return Set("ports", (DataType.INET_SERVICE,), elements=frozenset(Element(port(number)) for number in numbers))


def chain(name: str, *rules: tuple[Expression, ...]) -> Chain:
    return Chain(name, tuple(Rule(each) for each in rules), BASE if name == "judge" else None)


JUDGE = chain("judge", (IPV4, VerdictMap((CLIENT,), "clients4")), (IPV4, VerdictMap((SERVER,), "servers4")))
CLIENTS = verdicts("clients4", {1: goto("eg_a"), 2: goto("eg_b"), 3: goto("eg_b")})
PICTURE = Ruleset.of(
    Table("haechi"), JUDGE, CLIENTS, verdicts("servers4", {1: goto("in_c")}), pods(5), ports(443),
    chain("eg_a", (IPV4, Lookup((SERVER,), "pods4"), ACCEPT), (DROP,)),
    chain("eg_b", (jump("shared"),)), chain("in_c", (jump("shared"),)),
    chain("shared", (TCP, Lookup((SERVER_PORT,), "ports"), DROP)),
)  # fmt: skip


def changed(*nouns: Chain | Set | Map, table: Ruleset = PICTURE) -> Ruleset:
    chains = {**table.chains, **{each.name: each for each in nouns if isinstance(each, Chain)}}
    sets = {**table.sets, **{each.name: each for each in nouns if isinstance(each, Set)}}
    maps = {**table.maps, **{each.name: each for each in nouns if isinstance(each, Map)}}
    return Ruleset(table.table, chains, sets, maps)


def test_a_rule_affects_what_reaches_its_chain() -> None:
    new = changed(chain("eg_b", (DROP,)))
    assert affected(PICTURE, new) == AffectedPackets(clients=addresses(2, 3))


def test_an_element_affects_its_address_where_it_is_looked_up() -> None:
    assert affected(PICTURE, changed(pods(5, 9))) == AffectedPackets(servers=addresses(9))


def test_a_port_affects_what_reaches_the_chains_that_look_it_up() -> None:
    expected = AffectedPackets(clients=addresses(2, 3), servers=addresses(1))
    assert affected(PICTURE, changed(ports(80, 443))) == expected


def test_a_verdict_affects_its_address() -> None:
    clients = verdicts("clients4", {1: goto("eg_a"), 2: goto("eg_a"), 3: goto("eg_b")})
    assert affected(PICTURE, changed(clients)) == AffectedPackets(clients=addresses(2))


def test_an_equal_table_affects_nothing() -> None:
    assert affected(PICTURE, changed(pods(5))) == NOTHING


def test_a_set_that_nothing_looks_up_affects_nothing() -> None:
    unused = Set("unused", (DataType.IPV4_ADDR,), elements=frozenset((Element(address(7)),)))
    assert affected(changed(unused), changed(replace(unused, elements=frozenset()))) == NOTHING


def test_a_set_of_addresses_that_nat_chooses_affects_everything() -> None:
    old = changed(chain("eg_a", (IPV4, Lookup((DIALLED,), "pods4"), ACCEPT), (DROP,)))
    assert affected(old, changed(pods(5, 9), table=old)) == EVERYTHING


def test_a_set_with_another_key_affects_what_reaches_the_chains_that_look_it_up() -> None:
    old = changed(chain("eg_a", (TCP, Lookup((SERVER_PORT,), "ports"), ACCEPT), (DROP,)))
    new = changed(chain("eg_a", (IPV4, Lookup((SERVER,), "pods4"), ACCEPT), (DROP,)))
    assert affected(old, new) == AffectedPackets(clients=addresses(1))


@pytest.mark.parametrize("turned", [False, True], ids=["added", "removed"])
def test_a_base_chain_affects_everything(turned: bool) -> None:
    both = PICTURE, changed(Chain("audit", (Rule((DROP,)),), BASE))
    assert affected(*(reversed(both) if turned else both)) == EVERYTHING


def test_flags_of_the_table_affect_everything() -> None:
    assert affected(PICTURE, replace(PICTURE, table=replace(PICTURE.table, flags=TableFlags.DORMANT))) == EVERYTHING


def test_chains_that_lead_back_to_themselves_are_reached_by_everything() -> None:
    """The kernel refuses them; a file may hold them."""
    circle = changed(chain("eg_a", (jump("c0"),)), chain("c0", (jump("c1"),)), chain("c1", (jump("c0"),)))
    graph = ChainGraph.of(circle)
    assert [graph.reaching(name) for name in ("c0", "c1")] == [EVERYTHING, EVERYTHING]
    assert graph.reaching("eg_a") == AffectedPackets(clients=addresses(1))
    assert graph.reaching("nowhere") == NOTHING
