"""One ruleset for every noun and every value of every enumeration, small enough to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from haechi.nft import (
    ACCEPT,
    CONTINUE,
    DROP,
    RETURN,
    BaseChain,
    Chain,
    ChainPolicy,
    Compare,
    Counter,
    Ct,
    CtDirection,
    CtKey,
    CtState,
    CtStatus,
    DataType,
    Element,
    Expression,
    Family,
    HasState,
    HasStatus,
    Hook,
    InRange,
    Limit,
    LimitKind,
    LimitUnit,
    Load,
    Log,
    LogLevel,
    Lookup,
    Map,
    Meta,
    MetaKey,
    Notrack,
    Operator,
    Payload,
    PayloadField,
    Reject,
    RejectKind,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    SetMark,
    Table,
    TableFlags,
    VerdictMap,
    concatenate,
    goto,
    interface,
    ipv4,
    ipv6,
    jump,
    mark,
    port,
    protocol,
)

TABLE: Final = Table("haechi")
L4PROTO: Final = Meta(MetaKey.L4PROTO)
CLIENT: Final = Ct(CtKey.SADDR_IP, CtDirection.ORIGINAL)
SERVER: Final = Ct(CtKey.SADDR_IP, CtDirection.REPLY)
SERVER_PORT: Final = Ct(CtKey.PROTO_SRC, CtDirection.REPLY)
TCP: Final = Compare(L4PROTO, Operator.EQ, protocol(6))
IPV4: Final = Compare(Meta(MetaKey.NFPROTO), Operator.EQ, bytes((2,)))
IPV6: Final = Compare(Meta(MetaKey.NFPROTO), Operator.EQ, bytes((10,)))

SAMPLES: Final[dict[DataType, tuple[bytes, bytes]]] = {
    DataType.IPV4_ADDR: (ipv4(0x0A000000), ipv4(0x0A0000FF)),
    DataType.IPV6_ADDR: (ipv6(0xFD00 << 112), ipv6((0xFD00 << 112) + 0xFFFF)),
    DataType.INET_PROTO: (protocol(6), protocol(17)),
    DataType.INET_SERVICE: (port(80), port(443)),
    DataType.MARK: (mark(1), mark(0x12345678)),
    DataType.ICMP_TYPE: (b"\x03", b"\x08"),
    DataType.ICMPV6_TYPE: (b"\x85", b"\x88"),
    DataType.IFNAME: (interface("eth0"), interface("lo")),
    DataType.NF_PROTO: (b"\x02", b"\x0a"),
    DataType.CT_DIR: (b"\x00", b"\x01"),
}
"""Two values of each type that sets can hold, in ascending order."""


def needs(load: Load) -> tuple[Compare, ...]:
    """The questions that a rule must ask before this one."""
    if isinstance(load, Ct) and load.key in (CtKey.PROTO_SRC, CtKey.PROTO_DST):
        return (TCP,)
    if not isinstance(load, Payload):
        return ()
    family = {2: (IPV4,), 10: (IPV6,), None: ()}[load.field.family]
    if load.field.protocol is None:
        return family
    return (*family, Compare(L4PROTO, Operator.EQ, protocol(load.field.protocol)))


def ruleset(*expressions: Expression, others: Iterable[Chain | Set | Map] = (), comment: str = "") -> Ruleset:
    """A ruleset of one rule in a base chain."""
    chain = Chain("judge", (Rule(tuple(expressions), comment),), BaseChain())
    return Ruleset.of(TABLE, chain, *others)


def loads() -> list[Load]:
    """Every load."""
    directed = [Ct(key, each) for key in CtKey if key.directed for each in CtDirection]
    plain: list[Load] = [Ct(key) for key in CtKey if not key.directed]
    return [*map(Meta, MetaKey), *plain, *directed, *map(Payload, PayloadField)]


def _comparisons() -> dict[str, Ruleset]:
    found = {}
    for load in loads():
        if load.type not in SAMPLES:
            continue
        low, high = SAMPLES[load.type]
        found[f"{load} equal"] = ruleset(*needs(load), Compare(load, Operator.EQ, high))
        found[f"{load} not equal"] = ruleset(*needs(load), Compare(load, Operator.NE, low))
        if not load.type.host_order and load.type is not DataType.IFNAME:
            found[f"{load} in range"] = ruleset(*needs(load), InRange(load, low, high))
            found[f"{load} not in range"] = ruleset(*needs(load), InRange(load, low, high, negated=True))
        found[f"{load} in set"] = ruleset(
            *needs(load), Lookup((load,), "members"), others=[Set("members", (load.type,), elements=_elements(low))]
        )
    return found


def _elements(*keys: bytes) -> frozenset[Element]:
    return frozenset(map(Element, keys))


def _operators() -> dict[str, Ruleset]:
    return {f"operator {each.name}": ruleset(TCP, Compare(SERVER_PORT, each, port(80))) for each in Operator}


def _states() -> dict[str, Ruleset]:
    found = {f"state {each.name}": ruleset(HasState(each), ACCEPT) for each in CtState}
    found |= {f"status {each.name}": ruleset(HasStatus(each), ACCEPT) for each in CtStatus}
    found["states"] = ruleset(HasState(CtState.INVALID | CtState.UNTRACKED), DROP)
    found["no state"] = ruleset(HasState(CtState.NEW | CtState.RELATED, negated=True), DROP)
    found["no status"] = ruleset(HasStatus(CtStatus.SNAT | CtStatus.DNAT, negated=True), DROP)
    return found


def _statements() -> dict[str, Ruleset]:
    side = Chain("side", (Rule((Counter(7, 800),)),))
    found = {
        "accept": ruleset(ACCEPT),
        "drop": ruleset(DROP),
        "return": ruleset(RETURN),
        "continue": ruleset(CONTINUE),
        "jump": ruleset(jump("side"), others=[side]),
        "goto": ruleset(goto("side"), others=[side]),
        "counter": ruleset(Counter(1, 2)),
        "limit over": ruleset(Limit(5, over=True)),
        "limit bytes": ruleset(Limit(1000, kind=LimitKind.BYTES, burst=0)),
        "limit bytes burst": ruleset(Limit(1000, kind=LimitKind.BYTES, burst=3000, over=True)),
        "log": ruleset(Log()),
        "log group": ruleset(Log("denied: ", group=3, snaplen=128, queue_threshold=10)),
        "log group 0": ruleset(Log(group=0)),
        "mark": ruleset(SetMark(0xDEADBEEF)),
        "comment": ruleset(ACCEPT, comment="why: ä → ü, " + "x" * 100),
    }
    found |= {f"limit per {each.name}": ruleset(Limit(3, each, 9)) for each in LimitUnit}
    found |= {f"log level {each.name}": ruleset(Log("x", level=each)) for each in LogLevel}
    found |= {f"reject {each.name}": ruleset(TCP, Reject(each)) for each in RejectKind}
    before = Chain("raw", (Rule((Notrack(),)),), BaseChain(hook=Hook.PREROUTING, priority=-300))
    found["notrack"] = Ruleset.of(TABLE, before)
    return found


def _chains() -> dict[str, Ruleset]:
    found = {f"hook {each.name}": Ruleset.of(TABLE, Chain("base", (), BaseChain(hook=each))) for each in Hook}
    found |= {
        f"policy {each.name}": Ruleset.of(TABLE, Chain("base", (), BaseChain(policy=each))) for each in ChainPolicy
    }
    found["type nat"] = Ruleset.of(TABLE, Chain("base", (), BaseChain("nat", Hook.POSTROUTING, 100)))
    found["type route"] = Ruleset.of(TABLE, Chain("base", (), BaseChain("route", Hook.OUTPUT, -150)))
    found["priority"] = Ruleset.of(TABLE, Chain("base", (), BaseChain(priority=-(1 << 31))))
    found["chain comment"] = Ruleset.of(TABLE, Chain("base", (), BaseChain(), "über " * 20), Chain("c2", comment="c"))
    return found


def _tables() -> dict[str, Ruleset]:
    found = {f"family {each.name}": Ruleset(Table("haechi", each)) for each in Family}
    found["table comment"] = Ruleset(Table("haechi", comment="made by a test"))
    found["table dormant"] = Ruleset(Table("haechi", flags=TableFlags.DORMANT))
    return found


def _sets() -> dict[str, Ruleset]:
    found: dict[str, Ruleset] = {}
    for each, (low, high) in SAMPLES.items():
        found[f"set of {each}"] = Ruleset.of(TABLE, Set("s", (each,), elements=_elements(low, high)))
        pair = frozenset({Element(low, verdict=ACCEPT), Element(high, verdict=DROP)})
        found[f"map of {each}"] = Ruleset.of(TABLE, Map("m", (each,), elements=pair))
        if each.host_order or each is DataType.IFNAME:
            continue
        spans = frozenset({Element(low, high), Element(b"\xfe" + bytes(each.width - 1), b"\xff" * each.width)})
        found[f"intervals of {each}"] = Ruleset.of(TABLE, Set("s", (each,), SetFlags.INTERVAL, spans))
        verdicts = frozenset(span._replace(verdict=RETURN) for span in spans)
        found[f"interval map of {each}"] = Ruleset.of(TABLE, Map("m", (each,), SetFlags.INTERVAL, verdicts))
    peer = (DataType.IPV4_ADDR, DataType.INET_PROTO, DataType.INET_SERVICE)
    key = concatenate(ipv4(0x0A000001), protocol(6), port(80))
    end = concatenate(ipv4(0x0A0000FF), protocol(17), port(90))
    asked = (CLIENT, L4PROTO, SERVER_PORT)
    one = Set("s", peer, elements=frozenset({Element(key), Element(end)}), comment="peers")
    found["concatenation"] = ruleset(TCP, Lookup(asked, "s"), ACCEPT, others=[one])
    found["not in concatenation"] = ruleset(TCP, Lookup(asked, "s", negated=True), DROP, others=[one])
    several = Set(
        "s", peer, SetFlags.INTERVAL, frozenset({Element(key, end), Element(concatenate(ipv4(9), b"\0", b"\0\7"))})
    )
    found["concatenated intervals"] = ruleset(TCP, Lookup(asked, "s"), ACCEPT, others=[several])
    target = Chain("target")
    cases = frozenset({Element(key, verdict=jump("target")), Element(end, verdict=goto("target"))})
    found["verdict map"] = ruleset(
        TCP, VerdictMap(asked, "m"), others=[target, Map("m", peer, elements=cases, comment="c")]
    )
    ranges = Map("m", peer, SetFlags.INTERVAL, frozenset({Element(key, end, jump("target"))}))
    found["interval verdict map"] = ruleset(TCP, VerdictMap(asked, "m"), others=[target, ranges])
    adjacent = frozenset(
        {Element(ipv4(1), ipv4(5)), Element(ipv4(6)), Element(ipv4(7), ipv4(7)), Element(ipv4(8), ipv4(15))}
    )
    found["adjacent intervals"] = Ruleset.of(TABLE, Set("s", (DataType.IPV4_ADDR,), SetFlags.INTERVAL, adjacent))
    whole = frozenset({Element(ipv4(0), ipv4(0xFFFFFFFF))})
    found["everything"] = Ruleset.of(TABLE, Set("s", (DataType.IPV4_ADDR,), SetFlags.INTERVAL, whole))
    found["widest"] = Ruleset.of(
        TABLE,
        Set("s", (DataType.IPV6_ADDR,) * 4, elements=_elements(b"".join(map(ipv6, (1, 2, 3, 4))))),
        Set("five", (DataType.IPV6_ADDR, DataType.INET_PROTO, DataType.INET_SERVICE, DataType.MARK, DataType.IFNAME)),
    )
    found["constant"] = Ruleset.of(TABLE, Set("s", (DataType.MARK,), SetFlags.CONSTANT, _elements(mark(5))))
    found["dynamic"] = Ruleset.of(TABLE, Set("s", (DataType.IPV4_ADDR,), SetFlags.DYNAMIC))
    return found


RULESETS: Final[dict[str, Ruleset]] = {
    "empty": Ruleset(TABLE),
    **_comparisons(),
    **_operators(),
    **_states(),
    **_statements(),
    **_chains(),
    **_tables(),
    **_sets(),
}
"""Every example by name."""
