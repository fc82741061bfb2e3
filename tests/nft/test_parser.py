"""Reading nft syntax: what is printed comes back, what is hidden is put back, what is not understood stays visible."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import (
    ACCEPT,
    BaseChain,
    Chain,
    ChainPolicy,
    DataType,
    Element,
    Family,
    Hook,
    Map,
    ParseError,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    Table,
    TableFlags,
    Unknown,
    concatenate,
    interface,
    ipv4,
    ipv6,
    jump,
    parse,
    port,
    protocol,
    tables,
)
from tests import clusters
from tests.dataplane.cases import CASES
from tests.nft.examples import RULESETS
from tests.nft.strategies import rulesets

SETS = """
    set s { type ipv4_addr; }
    set s6 { type ipv6_addr; }
    set c { type ipv4_addr . inet_service; }
    set d { type inet_service . ipv4_addr; }
    map m { type ipv4_addr : verdict; }
    chain side { }
"""


def table_of(rule: str, family: str = "inet") -> str:
    return f"table {family} t {{ {SETS} chain x {{\n{rule}\n}} }}"


def rules_of(text: str, family: str = "inet") -> tuple[Rule, ...]:
    return parse(table_of(text, family)).chains["x"].rules


def shown(text: str, family: str = "inet") -> str:
    """The one rule of a text as Haechi prints it."""
    (rule,) = rules_of(text, family)
    assert not unknown(rule), rule
    return str(rule)


def unknown(rule: Rule) -> list[Unknown]:
    return [each for each in rule.expressions if isinstance(each, Unknown)]


def inside(text: str) -> Ruleset:
    return parse(f"table inet t {{\n{text}\n}}\n")


# -- what is printed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULESETS)
def test_every_example_comes_back_from_its_print(name: str) -> None:
    assert parse(str(RULESETS[name])) == RULESETS[name]


@given(rulesets())
def test_random_rulesets_come_back_from_their_print(ruleset: Ruleset) -> None:
    assert parse(str(ruleset)) == ruleset
    assert parse(str(ruleset).encode(), ruleset.table.name, ruleset.table.family) == ruleset


@pytest.mark.parametrize("name", CASES)
def test_the_ruleset_of_a_node_comes_back_from_its_print(name: str) -> None:
    ruleset = NodeRuleset(Engine.of(CASES[name]), "n").ruleset()
    assert parse(str(ruleset)) == ruleset


@given(st.lists(clusters.objects(), max_size=20))
@settings(max_examples=30)
def test_the_rulesets_of_random_nodes_come_back_from_their_print(found: list[object]) -> None:
    ruleset = NodeRuleset(Engine.of(found), "n0").ruleset()  # type: ignore[arg-type]
    assert parse(str(ruleset)) == ruleset


def test_an_empty_table_may_stand_in_one_line() -> None:
    assert parse("table inet t { }") == Ruleset(Table("t"))
    assert parse("table t{}") == Ruleset(Table("t", Family.IP))


# -- what nft leaves out ---------------------------------------------------------------------------------------------

HIDDEN = {
    "ip saddr @s": "meta nfproto ipv4 ip saddr @s",
    "ip saddr @s ip daddr @s": "meta nfproto ipv4 ip saddr @s ip daddr @s",
    "ip6 saddr != @s6 accept": "meta nfproto ipv6 ip6 saddr != @s6 accept",
    "ct state new ip saddr @s": "ct state new meta nfproto ipv4 ip saddr @s",
    "meta nfproto ipv4 ct state new ip saddr @s": "meta nfproto ipv4 ct state new ip saddr @s",
    "ct l3proto ipv4 ip saddr @s": "ct l3proto ipv4 ip saddr @s",
    "tcp dport 80": "meta l4proto tcp th dport 80",
    "meta l4proto tcp tcp dport 80": "meta l4proto tcp th dport 80",
    "meta l4proto tcp th dport 80": "meta l4proto tcp th dport 80",
    "th dport 80": "th dport 80",
    "udp sport 53-60": "meta l4proto udp th sport 53-60",
    "sctp dport >= 5": "meta l4proto sctp th dport >= 5",
    "dccp sport 5": "meta l4proto dccp th sport 5",
    "udplite dport != 5": "meta l4proto udplite th dport != 5",
    "ip saddr . tcp dport @c": "meta nfproto ipv4 meta l4proto tcp ip saddr . th dport @c",
    "tcp dport . ip saddr @d": "meta l4proto tcp meta nfproto ipv4 th dport . ip saddr @d",
    "icmp type echo-request": "meta nfproto ipv4 meta l4proto icmp icmp type echo-request",
    "icmpv6 type 133-137": "meta nfproto ipv6 meta l4proto icmpv6 icmpv6 type 133-137",
    "ip saddr @s icmp type 8": "meta nfproto ipv4 ip saddr @s meta l4proto icmp icmp type echo-request",
    "ip saddr vmap @m": "meta nfproto ipv4 ip saddr vmap @m",
    "reject with tcp reset": "meta l4proto tcp reject with tcp reset",
    "tcp dport 80 reject with tcp reset": "meta l4proto tcp th dport 80 reject with tcp reset",
}


@pytest.mark.parametrize("text", HIDDEN)
def test_questions_that_nft_leaves_out_are_put_back_where_it_puts_them(text: str) -> None:
    assert shown(text) == HIDDEN[text]


def test_tables_of_one_family_need_no_question_of_the_family() -> None:
    rule = "ip saddr 1.2.3.4 tcp dport 80"
    assert shown(rule, "ip") == "ip saddr 1.2.3.4 meta l4proto tcp th dport 80"
    assert unknown(rules_of(rule, "ip6")[0])
    assert unknown(rules_of("ip saddr 1.2.3.4", "bridge")[0])


NOTATIONS = {
    "ct state 0x8,0x2": "ct state established,new",
    "ct state ! 0x1,64": "ct state ! invalid,untracked",
    "ct state related , established": "ct state established,related",
    "ct status dnat,snat": "ct status snat,dnat",
    "ct direction 1": "ct direction reply",
    "meta l4proto ipv6-icmp": "meta l4proto icmpv6",
    "meta l4proto vrrp": "meta l4proto 112",
    "meta nfproto 2": "meta nfproto ipv4",
    "meta iifname eth0": 'iifname "eth0"',
    "meta mark == 7": "meta mark 0x00000007",
    "ip6 saddr ::ffff:1.2.3.4": "meta nfproto ipv6 ip6 saddr ::ffff:102:304",
    "limit rate 10/second": "limit rate 10/second burst 5 packets",
    "limit rate over 1 mbytes/minute burst 2 kbytes": "limit rate over 1048576 bytes/minute burst 2048 bytes",
    "limit rate 1 kbytes/day": "limit rate 1024 bytes/day",
    "counter": "counter packets 0 bytes 0",
    'log group 7 prefix "x # } ;"': 'log prefix "x # } ;" group 7',
    "reject": "reject with icmpx port-unreachable",
    "reject with icmpx 0": "reject with icmpx no-route",
    "reject with icmpx type admin-prohibited": "reject with icmpx admin-prohibited",
    "meta mark set 0x10": "meta mark set 0x00000010",
    "accept # handle 7": "accept",
    'drop comment "a { # } b; c"': 'drop comment "a { # } b; c"',
    "ct state new \\\n\taccept": "ct state new accept",
}


@pytest.mark.parametrize("text", NOTATIONS)
def test_other_notations_mean_the_same(text: str) -> None:
    assert shown(text) == NOTATIONS[text]


def test_statements_end_with_lines_and_semicolons() -> None:
    assert [str(each) for each in rules_of("accept; drop\n\n;\njump side")] == ["accept", "drop", "jump side"]


# -- what is not understood ------------------------------------------------------------------------------------------

RULES_NOT_UNDERSTOOD = [
    "meta l4proto { tcp, udp } accept",
    "tcp dport { 80,\n 443 } accept",
    "ip saddr . ip daddr vmap { 1.1.1.1 . 2.2.2.2 : drop }",
    "ip saddr 10.0.0.0/8",
    "ip saddr 1.2.3.4-1.2.3.4",
    "ip saddr 1.2.3.9-1.2.3.4",
    "ip saddr 1.2.3.4, 1.2.3.5",
    "ip saddr 01.2.3.4",
    "ip6 saddr fe80::1%eth0",
    "tcp dport 0x50-080",
    "tcp dport 65536",
    "tcp dport 080",
    "tcp dport http",
    'tcp dport "http"',
    "tcp dport",
    "tcp dport 80 udp dport 80",
    "tcp flags syn",
    "th sport 1 th dport 2",
    "tcp sport != 1 tcp dport != 2",
    "tcp sport != 1 ct state new tcp dport != 2",
    "tcp dport >= 80 tcp dport <= 90",
    "tcp dport > 80-90",
    "tcp dport < @s",
    "ip protocol tcp tcp dport 80",
    "ip saddr @s ip6 saddr ::1",
    "meta l4proto tcp meta l4proto tcp",
    "meta l4proto icmpv6 icmpv6 type 133",
    "meta l4proto nonsense",
    "meta mark 1 | 2",
    "meta mark & 0xff == 1",
    "meta mark set meta mark & 0xff",
    "ct mark set 4",
    "ct reply proto-src 80",
    "ct reply proto-src 80 tcp dport 80",
    "ct state != new",
    "ct state { new, established }",
    "ct state",
    "ct state new,",
    "ct state 0x80",
    "ct state 0x1_0",
    "ct state vmap { new : accept }",
    "ct original ip saddr . ct reply ip saddr 1.1.1.1",
    "ct helper ftp",
    'iifname "eth*"',
    'iifname "a\\*"',
    "iifname $wan",
    'iif "lo"',
    "ip saddr @none",
    "ip saddr @",
    "ip saddr @m",
    "ip saddr vmap @s",
    "ip saddr vmap s",
    "ip6 saddr @s",
    "ip saddr vmap @m accept",
    "accept drop",
    "jump",
    "jump none",
    "jump x y",
    "goto @side",
    "queue to 1",
    "counter name foo",
    "counter packets 1",
    "counter packets 99999999999999999999 bytes 1",
    "limit rate 10/fortnight",
    "limit rate 10/second burst 5 bytes",
    "limit rate 1 gbytes/second",
    "limit name x",
    "limit rate 0/second",
    'log prefix "a" flags all',
    "log level audit",
    "log prefix x",
    'log prefix "$x"',
    "log group 1 level debug",
    "reject with icmp host-unreachable",
    "reject with nothing much",
    "reject with",
    "masquerade",
    "dnat to 1.2.3.4",
    'accept comment "a" "b"',
    "accept comment a",
    f'accept comment "{"x" * 129}"',
    "# not understood: rule xt match",
    "accept # not understood: expressions objref",
    "# not understood:",
    "accept " * 3000,
    "add rule inet t x accept",
]


@pytest.mark.parametrize("text", RULES_NOT_UNDERSTOOD, ids=lambda text: text[:40])
def test_a_rule_that_is_not_understood_stays_in_its_place_with_its_text(text: str) -> None:
    first, found, last = rules_of(f"ct state new\n{text}\ncounter")
    assert not unknown(first)
    assert not unknown(last)
    (what,) = unknown(found)
    assert found.expressions == (what,)
    assert what.raw.decode().split() == text.split()
    assert what.reason


@pytest.mark.parametrize("text", ["reject", "reject with icmpx"])
def test_a_reject_by_icmp_of_one_family_is_not_understood(text: str) -> None:
    assert unknown(rules_of(text, "ip")[0])


def test_what_was_not_understood_once_is_not_forgotten_by_printing() -> None:
    ruleset = inside("chain x { accept; xt match; }\nset s { type ipv4_addr; timeout 1h; }\nflowtable f { }")
    again = parse(str(ruleset))
    assert len(again.unknown) == len(ruleset.unknown) == 2
    assert [bool(unknown(rule)) for rule in again.chains["x"].rules] == [False, True]


SETS_NOT_UNDERSTOOD = [
    "type ipv4_addr; timeout 1h",
    "type ipv4_addr; flags timeout",
    "type ipv4_addr; flags interval,",
    "type ipv4_addr; flags interval constant",
    "type ipv4_addr; flags",
    "type ipv4_addr; size 10",
    "type ipv4_addr; size",
    "type ipv4_addr; counter",
    "type ipv4_addr; policy memory",
    "type ipv4_addr; gc-interval 1s",
    "type ipv4_addr; auto-merge 1",
    "type ipv4_addr; comment x",
    "type ipv4_addr; type ipv4_addr",
    "type ipv4_addr; elements = { 1.1.1.1 }; elements = { 1.1.1.2 }",
    "type ipv4_addr; elements = { 1.1.1.1 timeout 1h expires 5m }",
    'type ipv4_addr; elements = { 1.1.1.1 comment "a, } b" }',
    "type ipv4_addr; elements = { 1.1.1.1 counter packets 0 bytes 0 }",
    "type ipv4_addr; elements = { 1.1.1.1-1.1.1.2 }",
    "type ipv4_addr; elements = { 1.1.1.0/24 }",
    "type ipv4_addr; elements = { 1.1.1.1 : accept }",
    "type ipv4_addr; elements = { 1.1.1.1 . 80 }",
    "type ipv4_addr; elements = { ::1 }",
    "type ipv4_addr; elements = { * }",
    "type ipv4_addr; elements = { $peers }",
    "type ipv4_addr; elements = { 1.1.1.1,, 1.1.1.2 }",
    "type ipv4_addr; elements = { 1.1.1.1 1.1.1.2 }",
    "type ipv4_addr; elements = { { 1.1.1.1 } }",
    "type ipv4_addr; elements = { 1.1.1.1; 1.1.1.2 }",
    "type ipv4_addr; elements = { 1.1.1.1\u00a0}",
    "type ipv4_addr; elements { 1.1.1.1 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.1/24 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.0/33 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.0/+8 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.0/024 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.9-1.1.1.1 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.1-1.1.1.9, 1.1.1.5 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.1-1.1.1.9-1.1.1.10 }",
    "type ipv4_addr; flags interval; elements = { 1.1.1.0-1.1.1.8/29 }",
    "type ipv4_addr . inet_service; elements = { 1.1.1.1 }",
    "type ipv4_addr . inet_service; elements = { 1.1.1.1 . 80 . 81 }",
    "type ipv4_addr . inet_service; elements = { 1.1.1.1 : 80 }",
    "type ipv4_addr inet_service",
    "type ipv4_addr .",
    "type",
    "type ether_addr",
    "type mark; flags interval",
    "typeof vlan id",
    "typeof ip saddr tcp",
    "elements = { 1.1.1.1 }",
    "",
    'type inet_service; elements = { "http" }',
    'type ifname; elements = { "eth*" }',
    'type ifname . ifname; elements = { "a . b" }',
    'type ifname; elements = { "a" "b" }',
    'type ifname; elements = { "a"; "b" }',
    "type ipv4_addr; elements = { 1.1.1.1 # not understood: more\n }",
    "type ipv4_addr; # not understood: more\n",
]


@pytest.mark.parametrize("text", SETS_NOT_UNDERSTOOD, ids=lambda text: text[:60])
def test_a_set_that_is_not_understood_is_kept_with_its_text(text: str) -> None:
    found = inside(f"set s {{ {text} }}\nset good {{ type ipv4_addr; }}\nchain x {{ ip saddr @s; }}")
    assert set(found.sets) == {"good"}
    (what,) = found.unknown
    assert what.what == "set s"
    assert what.raw.decode() == f"set s {{ {text} }}"
    assert what.reason
    assert unknown(found.chains["x"].rules[0]), "and so is what looks into it"


@pytest.mark.parametrize(
    "text",
    [
        "type ipv4_addr : ipv4_addr",
        "type ipv4_addr",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : jump }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : jump none }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : jump base }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : accept drop }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : accept, 1.1.1.1 : drop }",
        "type ipv4_addr : verdict; elements = { 1.1.1.1 : queue }",
        "type ipv4_addr : verdict; flags interval; elements = { 1.1.1.1 : accept, * : drop }",
    ],
)
def test_a_map_that_is_not_understood_is_kept(text: str) -> None:
    found = inside(f"map m {{ {text}; }}\nchain base {{ type filter hook forward priority 0; }}")
    assert not found.maps
    assert [each.what for each in found.unknown] == ["set m"]


@pytest.mark.parametrize(
    "text",
    [
        'type filter hook ingress device "lo" priority 0; policy accept;',
        "type filter hook forward priority 0; policy queue;",
        "type filter hook forward priority nonsense;",
        "type filter hook forward priority filter * 2;",
        "type filter hook forward priority filter + x;",
        "type filter hook forward priority 4294967296;",
        "type filter hook forward;",
        "type nat hook forward priority 0;",
        "type filter hook forward priority 0; type filter hook input priority 0;",
        "type filter hook forward priority 0; policy accept; policy drop;",
        "policy drop;",
        "flags offload;",
        f'comment "{"x" * 129}";',
    ],
)
def test_a_chain_that_is_not_understood_is_kept_and_nothing_leads_to_it(text: str) -> None:
    found = inside(f"chain c {{\n{text}\naccept\n}}\nchain x {{ jump c; }}")
    assert set(found.chains) == {"x"}
    (what,) = found.unknown
    assert what.what == "chain c"
    assert what.raw.decode() == f"chain c {{\n{text}\naccept\n}}"
    assert unknown(found.chains["x"].rules[0])


def test_a_jump_to_a_base_chain_is_not_understood() -> None:
    found = inside("chain c { type filter hook forward priority 0; }\nchain x { jump c; }")
    assert unknown(found.chains["x"].rules[0])


def test_hooks_that_other_families_number_otherwise_are_not_understood() -> None:
    assert parse("table arp t { chain c { type filter hook input priority 0; }\n }").unknown
    assert not parse("table bridge t { chain c { type filter hook input priority -200; }\n }").unknown


@pytest.mark.parametrize(
    "text", ["counter c { packets 1 bytes 2\n }", "flowtable f { hook ingress priority 0; }", "frobnicate", "flags odd"]
)
def test_other_things_in_a_table_are_kept(text: str) -> None:
    (what,) = inside(f"{text}\nchain x {{ }}").unknown
    assert what.raw.decode() == text


# -- tables, chains, sets --------------------------------------------------------------------------------------------


def test_a_table_has_flags_and_a_comment() -> None:
    found = inside('flags dormant,owner\ncomment "hey"')
    assert found.table == Table("t", Family.INET, TableFlags.DORMANT | TableFlags.OWNER, "hey")


@pytest.mark.parametrize(
    ("words", "priority"),
    [("filter", 0), ("raw + 11", -289), ("mangle - 5", -155), ("srcnat", 100), ("security", 50), ("-300", -300)],
)
def test_priorities_have_names(words: str, priority: int) -> None:
    found = inside(f'chain c {{ comment "why"\n type filter hook postrouting priority {words}; policy drop;\n}}')
    base = BaseChain("filter", Hook.POSTROUTING, priority, ChainPolicy.DROP)
    assert found.chains["c"] == Chain("c", (), base, "why")


def test_bridges_have_priorities_of_their_own() -> None:
    found = parse("table bridge t { chain c { type filter hook forward priority filter; }\n }")
    assert found.chains["c"].base == BaseChain(priority=-200)


def test_elements_may_spread_over_lines_and_intervals_may_be_prefixes_and_ranges() -> None:
    found = inside(
        """set s { # handle 3
            type ipv4_addr
            flags interval
            auto-merge
            elements = { 10.0.0.0/24, 10.0.2.0-10.0.2.9,
                         10.0.3.0/32, 10.0.4.4-10.0.4.4, }
        }"""
    ).sets["s"]
    spans = {Element(ipv4(0x0A000000), ipv4(0x0A0000FF)), Element(ipv4(0x0A000200), ipv4(0x0A000209))}
    ones = {Element(ipv4(0x0A000300)), Element(ipv4(0x0A000404))}
    assert found == Set("s", (DataType.IPV4_ADDR,), SetFlags.INTERVAL, frozenset(spans | ones))


def test_keys_may_be_concatenated_and_told_by_what_is_asked() -> None:
    found = inside(
        """map m {
            typeof ct original ip saddr . meta l4proto . tcp dport : verdict
            flags interval
            elements = { 10.0.0.0/8 . tcp . 80-90 : jump c,
                         10.0.0.1 . 17 . 53 : accept }
        }
        chain c { }"""
    ).maps["m"]
    first = concatenate(ipv4(10 << 24), protocol(6), port(80))
    last = concatenate(ipv4((11 << 24) - 1), protocol(6), port(90))
    one = Element(concatenate(ipv4((10 << 24) + 1), protocol(17), port(53)), None, ACCEPT)
    assert found == Map(
        "m",
        (DataType.IPV4_ADDR, DataType.INET_PROTO, DataType.INET_SERVICE),
        SetFlags.INTERVAL,
        frozenset({Element(first, last, jump("c")), one}),
    )


def test_quoted_elements_are_names() -> None:
    found = inside('set s { type ifname; elements = { "eth0", # a comment\n "a-b" } }').sets["s"]
    assert found.elements == frozenset(map(Element, (interface("eth0"), interface("a-b"))))


def test_ipv6_elements_may_end_in_an_ipv4_address() -> None:
    found = inside("set s { type ipv6_addr; elements = { ::ffff:1.2.3.4, fd00:: } }").sets["s"]
    assert found.elements == frozenset({Element(ipv6(0xFFFF01020304)), Element(ipv6(0xFD << 120))})


def test_constant_sets_may_have_a_size() -> None:
    assert inside("set s { type ipv4_addr; flags constant; size 1; elements = { 1.1.1.1 } }").sets["s"].elements


# -- files -----------------------------------------------------------------------------------------------------------

FILE = """#!/usr/sbin/nft -f
# Warning: table ip nat is managed by iptables-nft, do not touch!
flush ruleset

table ip nat { # handle 1
	chain "odd" {
		xt match "x } {"   # } {
		meta l4proto { tcp, udp } accept
	}
}
table inet haechi {
	chain x {
		accept
	}
}
table ip haechi {
}
"""


def test_other_tables_are_passed_over_whole() -> None:
    assert parse(FILE, "haechi") == Ruleset.of(Table("haechi"), Chain("x", (Rule((ACCEPT,)),)))
    assert parse(FILE, "haechi", Family.IP) == Ruleset(Table("haechi", Family.IP))


def test_the_tables_of_a_file_are_listed() -> None:
    assert tables(FILE) == ("ip nat", "inet haechi", "ip haechi")
    assert tables("") == ()


def test_a_table_that_is_not_there_is_an_error_that_names_the_others() -> None:
    with pytest.raises(ParseError, match="no table inet nat in the text, only ip nat, inet haechi, ip haechi"):
        parse(FILE, "nat")
    with pytest.raises(ParseError, match="no table inet haechi in the text, which has no tables"):
        parse("", "haechi")


def test_a_table_must_be_the_only_one_of_its_name() -> None:
    with pytest.raises(ParseError) as caught:
        parse("table inet t { }\ntable inet u { }\ntable inet t { chain x { }\n }", "t")
    assert (caught.value.line, caught.value.column) == (3, 1)
    with pytest.raises(ParseError, match="a second table"):
        parse(FILE)


MALFORMED: dict[str, tuple[str | bytes, int, int]] = {
    "closed once too often": ("table inet t {\n}\n}", 3, 1),
    "never closed": ("table inet t {\n chain x {\n", 1, 14),
    "never closed in another table": ("table ip t {\n\ttable inet t { }", 1, 12),
    "elements never closed": ("table inet t {\n set s {\n  elements = { 1.1.1.1,\n", 1, 14),
    "a brace of nobody": ("\n {", 2, 2),
    "a string that does not end": ('table inet t {\n chain x { accept comment "x\n }\n}', 2, 27),
    "a string that does not end, at the end": ('table inet t { chain x { "', 1, 26),
    "a string that does not end between tables": ('"', 1, 1),
    "a command": ("table inet t { }\nflush ruleset", 2, 1),
    "another command": ("add table inet t", 1, 1),
    "a definition": ("define x = 5\ntable inet t { }", 1, 1),
    "an inclusion": ('include "/etc/passwd"\ntable inet t { }', 1, 1),
    "a table without braces": ("table inet t", 1, 1),
    "a table without a name": ("table { }", 1, 1),
    "a family that there is not": ("table inot t { }", 1, 1),
    "a table that cannot be": ("table inet 1t { }", 1, 1),
    "a chain twice": ("table inet t { chain x { }\n  chain x { }\n}", 2, 3),
    "a set and a map of one name": ("table inet t { set x { }\n map x { }\n}", 2, 2),
    "a lonely backslash": ("table inet t {\n chain x { \\ }\n}", 2, 12),
    "too deep": ("table inet t " + "{" * 1000, 1, 30),
    "a carriage return before": ("table inet t {\r\n }\r\n }", 3, 2),
    "a NUL": ("table inet t {\n\0}", 2, 1),
    "binary": (b"\x7fELF\x02\x01", 1, 1),
    "not UTF-8": ("table inet t {\n ä".encode() + b"\xff }", 2, 3),
    "UTF-16": ("table inet t { }".encode("utf-16"), 1, 1),
    "half a surrogate": ("table inet t { \ud800 }", 1, 16),
    "too many words": ("table inet t { chain x {\n" + "a " * 1_100_000 + "\n}}", 2, 1),
    "too many quoted words": ("table inet t { set x { elements = {" + '"a",' * 600_000 + "}}}", 1, 36),
    "too many quoted lines": ("table inet t { set x { elements = {" + '"a",\n' * 510_000 + "}}}", 510_000, 0),
    "too many statements": ("table inet t { chain x {" + "a\n" * 600_000 + "}}", 500_000, 0),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_text_that_cannot_be_followed_is_an_error_with_a_place(name: str) -> None:
    text, line, column = MALFORMED[name]
    with pytest.raises(ParseError) as caught:
        parse(text)
    assert caught.value.reason
    assert str(caught.value).startswith(f"line {caught.value.line}, column {caught.value.column}: ")
    if column:  # else a limit, reached thereabouts
        assert (caught.value.line, caught.value.column) == (line, column)


@given(st.text(st.sampled_from('{}";#\\\n=,.: @!-/ \t1aé')) | st.text() | st.binary())
def test_no_text_is_more_than_an_error(text: str | bytes) -> None:
    with suppress(ParseError):
        assert parse(text) is not None


@given(rulesets(), st.data())
def test_no_damage_to_a_ruleset_is_more_than_an_error(ruleset: Ruleset, data: st.DataObject) -> None:
    text = str(ruleset)
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 20)))
    put = data.draw(st.sampled_from(["", '"', "{", "}", "#", "\n", " ", "!= ", "drop", "\\", ",", ";", "@", "0", "-"]))
    try:
        damaged = parse(text[:start] + put + text[stop:])
    except ParseError:
        return
    again = parse(str(damaged), damaged.table.name, damaged.table.family)
    assert (
        damaged == again
        or damaged.unknown
        or any(unknown(rule) for chain in damaged.chains.values() for rule in chain.rules)
    ), "what is understood is understood again"
