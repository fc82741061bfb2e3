"""The socket against the real kernel: errors, sizes, generations, owners, and other people's tables."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from haechi.netlink import NetlinkError, Nftables, NftError
from haechi.nft import (
    ACCEPT,
    DROP,
    Chain,
    Counter,
    DataType,
    Element,
    Family,
    Lookup,
    NounError,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    Table,
    TableFlags,
    Transaction,
    Unknown,
    ipv4,
    ipv6,
)
from tests.netlink.cases import PEERS
from tests.netlink.namespace import in_namespace, in_user_namespace, run
from tests.netlink.test_roundtrip import install
from tests.netlink.tool import attempt, nft
from tests.nft.examples import CLIENT, TABLE

MANY = 100_000
SMALL = 400_000
"""Bytes of a batch where net.core.wmem_max has its default and nobody is root."""


def addresses(count: int) -> frozenset[Element]:
    return frozenset(Element(ipv4(0x0A000000 + number)) for number in range(count))


def big_set(name: str = "big", count: int = MANY) -> Set:
    return Set(name, (DataType.IPV4_ADDR,), elements=addresses(count))


def make(nftables: Nftables, *nouns: Chain | Set) -> Ruleset:
    ruleset = Ruleset.of(TABLE, *nouns)
    transaction = Transaction(TABLE)
    transaction.add_ruleset(ruleset)
    nftables.commit(transaction)
    return ruleset


@in_namespace
def test_there_is_nothing_in_a_new_namespace() -> None:
    with Nftables() as nftables:
        assert nftables.tables() == ()
        assert nftables.ruleset("haechi") is None
        assert nftables.generation() > 0


@in_namespace
def test_an_empty_transaction_changes_nothing() -> None:
    with Nftables() as nftables:
        before = nftables.generation()
        nftables.commit(Transaction(TABLE))
        assert nftables.generation() == before


@in_namespace
def test_a_hundred_thousand_elements_go_in_and_come_out() -> None:
    with Nftables() as nftables:
        ruleset = make(nftables, big_set())
        assert nftables.ruleset(TABLE.name) == ruleset


@in_namespace
def test_large_sets_of_every_kind_come_back_whole() -> None:
    spans = frozenset(Element(ipv6(number << 8), ipv6((number << 8) + 200)) for number in range(5_000))
    pairs = frozenset(Element(ipv4(number) + b"\0\7\0\0", ipv4(number) + b"\0\x09\0\0") for number in range(3_000))
    nouns = (
        Set("spans", (DataType.IPV6_ADDR,), SetFlags.INTERVAL, spans),
        Set("pairs", (DataType.IPV4_ADDR, DataType.INET_SERVICE), SetFlags.INTERVAL, pairs),
        big_set(count=20_000),
    )
    with Nftables() as nftables:
        assert nftables.ruleset(TABLE.name) is None
        ruleset = make(nftables, *nouns)
        assert nftables.ruleset(TABLE.name) == ruleset


@in_namespace
def test_counters_are_read_and_do_not_make_rulesets_differ() -> None:
    with Nftables() as nftables:
        ruleset = make(nftables, Chain("tally", (Rule((Counter(3, 400),)),)))
        found = nftables.ruleset(TABLE.name)
        assert found == ruleset
        assert found is not None
        counter = found.chains["tally"].rules[0].expressions[0]
        assert isinstance(counter, Counter)
        assert (counter.packets, counter.bytes) == (3, 400)


@in_namespace
def test_an_error_names_what_was_refused_and_why() -> None:
    with Nftables() as nftables:
        make(nftables, PEERS)
        transaction = Transaction(TABLE)
        transaction.add(Chain("fine"))
        transaction.delete(Set("none", (DataType.MARK,)))
        with pytest.raises(NftError) as caught:
            nftables.commit(transaction)
    error = caught.value
    assert (error.verb, error.noun, error.errno, error.name) == ("delete", "set none", errno.ENOENT, "ENOENT")
    assert error.is_not_found
    others = (error.is_exists, error.is_busy, error.is_not_permitted, error.is_too_large, error.is_stale)
    assert not any(others)
    assert str(error) == "nf_tables: delete set none: No such file or directory (ENOENT)"


@in_namespace
def test_of_many_errors_the_first_is_told_and_the_socket_still_works() -> None:
    transaction = Transaction(TABLE)
    transaction.add_table()
    for number in range(20_000):
        transaction.delete(Chain(f"none{number}"))
    with Nftables() as nftables:
        for _ in range(2):
            with pytest.raises(NftError) as caught:
                nftables.commit(transaction)
            assert caught.value.noun == "chain none0"
        make(nftables, PEERS)
        assert nftables.tables() == (TABLE.name,)


@in_namespace
def test_a_stale_generation_is_refused() -> None:
    with Nftables() as nftables:
        seen = nftables.generation()
        transaction = Transaction(TABLE)
        transaction.add_table()
        nftables.commit(transaction, generation=seen)
        transaction.add(PEERS)
        with pytest.raises(NftError) as caught:
            nftables.commit(transaction, generation=seen)
        assert caught.value.is_stale
        assert nftables.ruleset(TABLE.name) == Ruleset(TABLE)


@in_namespace
def test_a_table_with_an_owner_is_refused_to_others_and_outlives_it_if_it_persists() -> None:
    owned = Table("haechi", flags=TableFlags.OWNER | TableFlags.PERSIST)
    transaction = Transaction(owned)
    transaction.add_table()
    other = Transaction(owned)
    other.delete_table()
    with Nftables() as stranger:
        with Nftables() as owner:
            try:
                owner.commit(transaction)
            except NftError as error:
                assert error.errno == errno.EOPNOTSUPP  # noqa: PT017 - kernels before 6.9
                return
            assert owner.ruleset("haechi") == Ruleset(owned)
            with pytest.raises(NftError) as caught:
                stranger.commit(other)
            assert caught.value.is_not_permitted
        assert stranger.ruleset("haechi") == Ruleset(Table("haechi", flags=TableFlags.PERSIST))
        stranger.commit(transaction)
        stranger.commit(other)
        assert stranger.tables() == ()


@in_namespace
def test_tables_of_others_are_neither_read_nor_changed() -> None:
    nft("-f", "-", feed="table ip nat { chain p { type nat hook postrouting priority 100; masquerade\n }\n }")
    before = nft("list", "ruleset")
    with Nftables() as nftables:
        ruleset = make(nftables, PEERS)
        assert nftables.ruleset(TABLE.name) == ruleset
        assert nftables.tables() == ("haechi", "nat")
        assert nftables.tables(Family.IP) == ("nat",)
        assert nftables.ruleset("nat") is None
        gone = Transaction(TABLE)
        gone.delete_table()
        nftables.commit(gone)
    assert nft("list", "ruleset") == before


FOREIGN = {
    "an anonymous set": "chain c { tcp dport { 80, 443 } accept\n }",
    "a masquerade": "chain c { type nat hook postrouting priority 100; masquerade\n }",
    "a prefix": "chain c { ip saddr 10.0.0.0/8 accept\n }",
    "an interface wildcard": 'chain c { iifname "eth*" accept\n }',
    "a quota": "chain c { quota over 5 mbytes drop\n }",
    "a set with timeouts": "set s { type ipv4_addr; timeout 1h; elements = { 1.2.3.4 }; }",
    "a set with counters": "set s { type ipv4_addr; counter; elements = { 1.2.3.4 }; }",
    "a set with a size": "set s { type ipv4_addr; size 7; }",
    "a set with policy memory": "set s { type ipv4_addr; policy memory; }",
    "a set with comments": 'set s { type ipv4_addr; elements = { 1.2.3.4 comment "x" }; }',
    "a catch-all element": "set s { type ipv4_addr; elements = { 1.2.3.4, * }; }",
    "a map of marks": "map m { type ipv4_addr : mark; elements = { 1.2.3.4 : 0x5 }; }",
    "a set of another type": "set s { type ether_addr; }",
    "log flags": "chain c { log flags all\n }",
    "a payload without its family": "chain c { @nh,96,32 0x01020304 accept\n }",
    "a chain of a device": "chain c { type filter hook ingress device lo priority 0; }",
    "a named counter": "counter k { }\nchain c { counter name k\n }",
}


@pytest.mark.parametrize("name", FOREIGN)
@in_namespace
def test_what_is_not_spoken_is_unknown_and_never_sent(name: str) -> None:
    nft("-f", "-", feed=f"table inet haechi {{\n{FOREIGN[name]}\n}}\n")
    with Nftables() as nftables:
        found = nftables.ruleset("haechi")
        assert found is not None
        rules = [each for chain in found.chains.values() for rule in chain.rules for each in rule.expressions]
        unknown = [each for each in (*found.unknown, *rules) if isinstance(each, Unknown)]
        assert unknown
        assert "# not understood" in str(found)
        with pytest.raises(NounError):
            install(nftables, found)


@in_namespace
def test_what_nft_loads_in_its_own_words_is_understood() -> None:
    text = """table inet haechi {
        set s { type ipv4_addr . inet_proto . inet_service; flags interval; elements = { 10.0.0.0/8 . tcp . 80-90 }; }
        set f { type ipv4_addr; flags constant; elements = { 1.2.3.4 }; }
        set r { type ipv4_addr; flags interval; elements = { 10.0.0.1-10.0.0.5, 224.0.0.0/3 }; }
        chain c {
            ct original ip saddr . meta l4proto . th dport @s accept
            icmpv6 type nd-neighbor-solicit accept
            limit rate 5/second reject
            tcp dport 80 meta mark set 0x7
        }
    }
    """
    nft("-f", "-", feed=text)
    with Nftables() as nftables:
        found = nftables.ruleset("haechi")
    assert found is not None
    assert "not understood" not in str(found)
    assert "icmpv6 type nd-neighbor-solicit" in str(found)


# -- without root ------------------------------------------------------------------------------------------------------


@in_user_namespace
def test_without_root_a_large_new_set_is_built_in_batches() -> None:
    with Nftables(largest=SMALL) as nftables:
        ruleset = make(nftables, big_set(), Chain("c", (Rule((Lookup((CLIENT,), "big"), ACCEPT)),)))
        assert nftables.ruleset(TABLE.name) == ruleset
        transaction = Transaction(TABLE)
        other = big_set("other", 60_000)
        transaction.add(other)
        transaction.replace_rules("c", [Rule((Lookup((CLIENT,), "other"), DROP))])
        nftables.commit(transaction, generation=nftables.generation())
        found = nftables.ruleset(TABLE.name)
        assert found is not None
        assert found.sets["other"] == other
        assert str(found.chains["c"].rules[0]) == "ct original ip saddr @other drop"


@in_user_namespace
def test_a_transaction_in_pieces_that_is_refused_leaves_nothing() -> None:
    with Nftables(largest=SMALL) as nftables:
        transaction = Transaction(TABLE)
        transaction.add_table()
        transaction.add(big_set())
        transaction.delete(Chain("none"))
        with pytest.raises(NftError) as caught:
            nftables.commit(transaction)
        assert caught.value.noun == "chain none"
        assert nftables.tables() == ()
        before = make(nftables, PEERS)
        with pytest.raises(NftError):
            nftables.commit(transaction)
        assert nftables.ruleset(TABLE.name) == before


@in_user_namespace
def test_a_transaction_that_cannot_be_divided_is_refused_whole() -> None:
    with Nftables(largest=SMALL) as nftables:
        before = make(nftables, Set("big", (DataType.IPV4_ADDR,)))
        transaction = Transaction(TABLE)
        transaction.add_elements(before.sets["big"], addresses(MANY))
        with pytest.raises(NftError) as caught:
            nftables.commit(transaction)
        assert caught.value.is_too_large
        assert nftables.ruleset(TABLE.name) == before


@in_user_namespace
def test_a_set_that_is_there_already_is_not_filled_early() -> None:
    with Nftables(largest=SMALL) as nftables:
        before = make(nftables, Set("big", (DataType.IPV4_ADDR,)))
        transaction = Transaction(TABLE)
        transaction.add(big_set())
        with pytest.raises(NftError) as caught:
            nftables.commit(transaction)
        assert caught.value.is_exists
        assert nftables.ruleset(TABLE.name) == before


@pytest.mark.kernel
def test_without_rights_the_refusal_says_so() -> None:
    def body() -> None:
        transaction = Transaction(Table("haechi-must-not-be"))
        transaction.add_table()
        with Nftables() as nftables, pytest.raises(NftError) as caught:
            nftables.commit(transaction)
        assert caught.value.is_not_permitted

    run(body, user=True, network=False)


# -- together with others ----------------------------------------------------------------------------------------------


@in_namespace
def test_a_ruleset_is_read_as_it_was_at_one_moment() -> None:
    """Two halves are always changed together, by somebody else, while they are read."""
    halves = [Set(name, (DataType.IPV4_ADDR,)) for name in ("one", "other")]
    stop = threading.Event()

    def disturb(nftables: Nftables) -> None:
        elements = addresses(50)
        while not stop.is_set():
            for change in ("add_elements", "delete_elements"):
                transaction = Transaction(TABLE)
                for half in halves:
                    getattr(transaction, change)(half, elements)
                nftables.commit(transaction)

    with Nftables() as reader, Nftables() as writer:
        make(reader, *halves)
        thread = threading.Thread(target=disturb, args=(writer,))
        thread.start()
        try:
            for _ in range(30):
                try:
                    found = reader.ruleset(TABLE.name)
                except NetlinkError:
                    continue
                assert found is not None
                assert found.sets["one"].elements == found.sets["other"].elements
        finally:
            stop.set()
            thread.join()


@in_namespace
def test_sockets_are_closed() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with Nftables() as nftables:
        nftables.tables()
    assert set(Path("/proc/self/fd").iterdir()) - before <= before | {Path("/proc/self/fd")}


@in_namespace
def test_nft_checks_what_is_refused_here_too() -> None:
    """A name that is a keyword is refused by nft: the reason for refusing it."""
    with pytest.raises(NounError):
        Chain("fwd")
    assert attempt("-c", "-f", "-", feed="table inet t {\nchain fwd {\n}\n}\n").returncode
