"""What the nft tool prints is read as what the kernel holds.

ruleset ── encode ──▶ kernel ── nft list ──▶ text ── parse ──▶ the same ruleset
text ── nft -f ──▶ kernel ── decode ──▶ a ruleset ◀── parse ── the same text
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.netlink import Nftables
from haechi.nft import (
    DataType,
    Element,
    Family,
    Map,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    Table,
    TableFlags,
    Transaction,
    Unknown,
    jump,
    parse,
    tables,
)
from haechi.nft.chain import Chain
from tests.dataplane.cases import CASES
from tests.netlink.namespace import in_namespace
from tests.netlink.test_roundtrip import install, read
from tests.netlink.tool import attempt, nft
from tests.nft.examples import RULESETS
from tests.nft.strategies import rulesets

HOW = {
    "plain": (), "without counts": ("--stateless",), "numeric": ("--numeric",), "with handles": ("--handle",),
    "numeric protocols": ("--numeric-protocol",), "numeric priorities": ("--numeric-priority",),
}  # fmt: skip


def listed(ruleset: Ruleset, *how: str) -> str:
    return nft(*how, "list", "table", str(ruleset.table.family), ruleset.table.name)


@pytest.mark.parametrize("how", HOW)
@in_namespace
def test_every_example_comes_back_from_what_nft_prints(how: str) -> None:
    with Nftables() as nftables:
        for ruleset in RULESETS.values():
            install(nftables, ruleset)
            assert parse(listed(ruleset, *HOW[how])) == ruleset


@in_namespace
def test_random_rulesets_come_back_from_what_nft_prints() -> None:
    with Nftables() as nftables:

        @settings(max_examples=60)
        @given(rulesets())
        def check(ruleset: Ruleset) -> None:
            install(nftables, ruleset)
            assert parse(listed(ruleset)) == ruleset == read(nftables, ruleset.table)
            assert parse(listed(ruleset, "--numeric", "--handle")) == ruleset

        check()


@pytest.mark.parametrize("name", CASES)
@in_namespace
def test_the_ruleset_of_a_node_comes_back_from_a_list_of_all_tables(name: str) -> None:
    ruleset = NodeRuleset(Engine.of(CASES[name]), "n").ruleset()
    with Nftables() as nftables:
        nft("-f", "-", feed="table ip a {\n}\ntable inet b {\n}")
        install(nftables, ruleset)
        text = nft("list", "ruleset")
        assert tables(text) == ("ip a", "inet b", "inet haechi")
        assert parse(text, "haechi") == ruleset == read(nftables, ruleset.table)


@in_namespace
def test_a_table_with_an_owner_is_read() -> None:
    table = Table("haechi", flags=TableFlags.OWNER, comment="ours")
    with Nftables() as nftables:
        transaction = Transaction(table)
        transaction.add_table()
        nftables.commit(transaction)
        assert parse(nft("list", "ruleset")).table == table


BYTES = [DataType.INET_PROTO, DataType.ICMP_TYPE, DataType.ICMPV6_TYPE, DataType.NF_PROTO, DataType.CT_DIR]


@pytest.mark.parametrize("type", BYTES)
@in_namespace
def test_every_value_of_a_byte_is_read_as_nft_prints_it(type: DataType) -> None:  # noqa: A002
    every = [bytes((number,)) for number in range(256)]
    one = Set("s", (type,), elements=frozenset(map(Element, every)))
    spans = Map(
        "m",
        (type, DataType.INET_SERVICE),
        SetFlags.INTERVAL,
        frozenset(
            Element(low + b"\0\0\0\0\1\0\0", high + b"\0\0\0\0\7\0\0", jump("c"))
            for low, high in zip(every[::2], every[1::2], strict=True)
        ),
    )
    ruleset = Ruleset.of(Table("haechi"), one, spans, Chain("c"))
    with Nftables() as nftables:
        install(nftables, ruleset)
        assert parse(listed(ruleset)) == ruleset


@in_namespace
def test_names_of_services_and_terse_lists_are_not_taken_for_more_than_they_say() -> None:
    members = frozenset({Element(b"\0\x50")})
    ruleset = Ruleset.of(Table("haechi"), Set("s", (DataType.INET_SERVICE,), elements=members))
    with Nftables() as nftables:
        install(nftables, ruleset)
        named = parse(listed(ruleset, "--service"))
        assert [each.what for each in named.unknown] == ["set s"]
        assert parse(listed(ruleset, "--terse")).sets["s"].elements == frozenset()


# -- text that nft loads ---------------------------------------------------------------------------------------------

RULES = """
meta nfproto ipv4 ct state new ip saddr 1.2.3.4 accept
ct state new ip saddr 1.2.3.4 accept
ip saddr @s ip daddr @s accept
ip saddr 1.2.3.4 ip daddr 1.2.3.5 accept
ip saddr 1.2.3.4 ip daddr != 1.2.3.5
ip saddr != 1.2.3.4 ip daddr != 1.2.3.5
ip6 saddr ::1 ip6 daddr ::2
meta l4proto tcp ct state new th dport 80 accept
tcp dport 80 tcp sport 81
tcp dport != 80 tcp sport != 81
tcp dport != 80 ct state new tcp sport != 81
tcp sport != 1 tcp dport < 2
ip saddr . tcp dport @c accept
tcp dport . ip saddr @d accept
icmp type echo-request
icmp type 3-8 ip saddr @s
icmpv6 type echo-request
meta l4proto icmpv6 icmpv6 type 133-137
meta nfproto ipv6 icmpv6 type 133-137
meta l4proto icmp icmp type 8
meta nfproto ipv4 icmp type 8
ip saddr @s icmp type 8
reject
reject with icmp host-unreachable
reject with icmpx admin-prohibited
reject with icmpx type no-route
reject with tcp reset
tcp dport 80 reject with tcp reset
tcp dport 80 reject
limit rate 10/second
limit rate over 10/minute
limit rate 1024 bytes/second
limit rate 10 mbytes/second burst 3 kbytes
log prefix "x y" group 3 snaplen 128 queue-threshold 10
log level audit
log prefix "a" flags all
meta l4proto vrrp accept
meta l4proto {tcp, udp} accept
meta mark 5 meta mark set 7
meta mark set mark and 0xff
ct mark set 4
iifname "eth*"
iifname lo accept
iif lo accept
ct state != new accept
ct state new,established accept
ct state { new, established } accept
ct state ! new
ct status ! dnat
ip saddr 10.0.0.0/8
ip saddr 10.0.0.0/9
ip6 saddr ::1.2.3.4
ip protocol tcp tcp dport 80
ip6 nexthdr tcp tcp dport 80
ct l3proto ipv4 ct original ip saddr 1.2.3.4
ct l3proto ipv4 ip saddr @s
ct l3proto != ipv4 ip saddr @s
ct original ip saddr @s accept
ct original ip saddr @s ip saddr @s accept
ct original ip saddr @s meta nfproto ipv4 ip saddr @s
ct original ip saddr @s icmp type 8
meta nfproto ipv4 meta l4proto tcp ip saddr @s tcp dport 80
meta l4proto tcp meta nfproto ipv4 ip saddr @s tcp dport 80
ip saddr @s meta l4proto tcp th dport 80
tcp dport 80 ct reply proto-src 80
ct protocol tcp tcp dport 80
th sport . th dport @p
th dport 80 th sport 90
counter name foo
meta nfproto ipv4 counter packets 0 bytes 0 ip saddr @s
meta l4proto tcp meta l4proto tcp accept
meta nfproto != ipv4 ip saddr @s
tcp dport >= 80 tcp dport <= 90
tcp dport 80-90
tcp flags syn
ip saddr 1.2.3.4-1.2.3.4
ip daddr vmap @v
ip saddr . ip daddr vmap { 1.1.1.1 . 2.2.2.2 : drop }
ct l3proto ipv4 icmp type 8
ct l3proto ipv6 tcp dport 80
ct protocol icmp icmp type 8
meta nfproto ipv4 ct protocol tcp tcp dport 80
accept comment "x { # } y; z"
""".strip().splitlines()

AROUND = """table {family} t {{
	counter foo {{ }}
	set s {{ type ipv4_addr; }}
	set c {{ type ipv4_addr . inet_service; }}
	set d {{ type inet_service . ipv4_addr; }}
	set p {{ type inet_service . inet_service; }}
	map v {{ type ipv4_addr : verdict; }}
	chain x {{
		type filter hook forward priority 0;
		{rule}
	}}
}}
"""


def understood(rule: Rule) -> bool:
    return not any(isinstance(each, Unknown) for each in rule.expressions)


def loaded(nftables: Nftables, text: str, family: Family) -> tuple[Rule, Rule, Rule] | None:
    """The rule of a text: as read, as the kernel has it, as read from nft's list. None if nft refuses it."""
    if attempt("-f", "-", feed=text).returncode:
        return None
    found = nftables.ruleset("t", family)
    assert found is not None
    again = parse(nft("list", "table", str(family), "t"))
    nft("delete", "table", str(family), "t")
    (one,), (two,), (three,) = (each.chains["x"].rules for each in (parse(text), found, again))
    return one, two, three


LOST = {
    "meta l4proto icmpv6 icmpv6 type 133-137": "nft prints it as if the family had been asked for",
    "meta l4proto icmp icmp type 8": "nft prints it as if the family had been asked for",
    "ct l3proto ipv4 ip saddr @s": "nft leaves the first question out",
    "meta nfproto ipv4 ct protocol tcp tcp dport 80": "nft leaves the second question out",
    "ct l3proto ipv6 tcp dport 80": "nft leaves the first question out",
    "ct l3proto ipv4 icmp type 8": "nft leaves the first question out",
    "meta nfproto ipv4 ct state new ip saddr 1.2.3.4 accept": "nft leaves out where the family was asked for",
    "meta l4proto tcp ct state new th dport 80 accept": "nft leaves out where the protocol was asked for",
    "meta l4proto tcp meta nfproto ipv4 ip saddr @s tcp dport 80": "nft leaves out where both were asked for",
    "meta nfproto ipv4 meta l4proto tcp ip saddr @s tcp dport 80": "nft leaves out where both were asked for",
    "tcp dport >= 80 tcp dport <= 90": "nft prints a range",
}
"""Rules of which nft prints less than the kernel has."""
PRUDENT = {
    "tcp dport != 80 tcp sport != 81": "nft makes it one comparison, or has found two",
    "tcp dport != 80 ct state new tcp sport != 81": "nft makes it one comparison, or has found two",
    "meta nfproto ipv4 ct protocol tcp tcp dport 80": "nft asks for meta l4proto in inet tables only",
    "ct protocol tcp tcp dport 80": "nft asks for meta l4proto in inet tables only",
    "ct protocol icmp icmp type 8": "nft asks for meta l4proto in inet tables only",
}
"""Rules that are not read although the kernel's may be."""


@in_namespace
def test_rules_are_read_as_nft_loads_and_lists_them() -> None:
    """And not understood where the kernel's rule is not."""
    with Nftables() as nftables:
        for rule in RULES:
            rules = loaded(nftables, AROUND.format(family="inet", rule=rule), Family.INET)
            assert rules is not None, rule
            here, there, again = rules
            assert here == there or not understood(here), rule
            assert understood(here) == understood(there) or rule in PRUDENT, rule
            if rule not in LOST:
                assert again == there or not understood(again), rule
                assert understood(again) == understood(there) or rule in PRUDENT, rule


@pytest.mark.parametrize("family", [Family.IP, Family.IP6, Family.BRIDGE])
@in_namespace
def test_rules_of_other_families_are_read_as_nft_loads_them(family: Family) -> None:
    loads = 0
    with Nftables() as nftables:
        for rule in RULES:
            rules = loaded(nftables, AROUND.format(family=family, rule=rule), family)
            if rules is not None and rule not in PRUDENT:
                here, there, _ = rules
                assert here == there or not understood(here), rule
                loads += understood(here)
    assert loads > 10
