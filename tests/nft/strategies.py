"""Random rulesets: everything that Haechi speaks, put together in ways that nft can read."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

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
    CtKey,
    CtState,
    CtStatus,
    DataType,
    Element,
    Expression,
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
    Operator,
    Payload,
    Reject,
    RejectKind,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    SetMark,
    Table,
    Verdict,
    VerdictMap,
    concatenate,
    goto,
    interface,
    jump,
    protocol,
)
from haechi.nft.names import KEYWORDS
from tests.nft.examples import SAMPLES, loads

NAMES: Final = st.from_regex(r"[a-zA-Z][a-zA-Z0-9/_.-]{0,20}", fullmatch=True).filter(lambda name: name not in KEYWORDS)
TEXT: Final = st.text(st.characters(exclude_characters='"', exclude_categories=("Cc", "Cs")), max_size=30)
PREFIX: Final = st.text(st.characters(exclude_characters='"$\\', exclude_categories=("Cc", "Cs")), max_size=30)
INTERFACES: Final = st.from_regex(r"[a-z][a-z0-9._-]{0,14}", fullmatch=True)
KEY_TYPES: Final = sorted(SAMPLES, key=lambda each: each.code)
SORTABLE: Final = [each for each in KEY_TYPES if not each.host_order and each is not DataType.IFNAME]


def values(type: DataType) -> st.SearchStrategy[bytes]:  # noqa: A002
    """Values of a type."""
    if type is DataType.IFNAME:
        return INTERFACES.map(interface)
    if type in (DataType.NF_PROTO, DataType.CT_DIR):
        return st.sampled_from(SAMPLES[type])
    return st.binary(min_size=type.width, max_size=type.width)


@st.composite
def ranges(draw: st.DrawFn, type: DataType) -> tuple[bytes, bytes]:  # noqa: A002
    """Two values, the first not above the last."""
    low, high = sorted((draw(values(type)), draw(values(type))))
    return low, high


@st.composite
def elements(draw: st.DrawFn, types: tuple[DataType, ...], interval: bool) -> frozenset[Element]:
    """Members of a set."""
    if not interval:
        keys = st.tuples(*map(values, types)).map(lambda fields: concatenate(*fields) if len(types) > 1 else fields[0])
        return frozenset(map(Element, draw(st.frozensets(keys, max_size=6))))
    if len(types) > 1:
        pairs = [draw(ranges(each)) for each in types]
        return frozenset({Element(concatenate(*(low for low, _ in pairs)), concatenate(*(high for _, high in pairs)))})
    points = sorted(draw(st.frozensets(values(types[0]), max_size=8)))
    spans = zip(points[::2], points[1::2], strict=False)
    return frozenset(Element(low, high) for low, high in spans) | frozenset(map(Element, points[len(points) & ~1 :]))


@st.composite
def declarations(draw: st.DrawFn, name: str, types: tuple[DataType, ...] | None = None) -> Set:
    """A set with members."""
    interval = draw(st.booleans())
    pool = SORTABLE if interval else KEY_TYPES
    chosen = types or tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3)))
    interval = interval and set(chosen) <= set(SORTABLE)
    flags = SetFlags.INTERVAL if interval else SetFlags(0)
    return Set(name, chosen, flags, draw(elements(chosen, interval)), draw(TEXT))


@st.composite
def maps(draw: st.DrawFn, name: str, verdicts: st.SearchStrategy[Verdict]) -> Map:
    """A verdict map with members."""
    like = draw(declarations(name))
    members = frozenset(each._replace(verdict=draw(verdicts)) for each in sorted(like.elements, key=lambda e: e.key))
    return Map(name, like.key, like.flags, members, like.comment)


_ASKED: Final = [each for each in loads() if each.type in SAMPLES and not isinstance(each, Payload)]
_LEARNT: Final = (Meta(MetaKey.L4PROTO), Meta(MetaKey.NFPROTO), Ct(CtKey.L3PROTOCOL))


_OTHER: Final = {"ip": "ip6 ", "ip6": "ip "}


def _askable(transport: bool, family: str) -> list[Load]:
    """What a rule may ask: ports after a transport protocol, addresses of one family."""
    excluded = [key for key in CtKey if key.words.startswith(_OTHER[family])]
    excluded += [] if transport else [CtKey.PROTO_SRC, CtKey.PROTO_DST]
    return [each for each in _ASKED if not (isinstance(each, Ct) and each.key in excluded)]


@st.composite
def comparisons(draw: st.DrawFn, load: Load) -> Expression:
    """A comparison of a load."""
    ordered = not load.type.host_order and load.type is not DataType.IFNAME
    if ordered and draw(st.booleans()):
        low, high = draw(ranges(load.type).filter(lambda pair: pair[0] < pair[1]))
        return InRange(load, low, high, draw(st.booleans()))
    operators = [Operator.NE] if load in _LEARNT else [Operator.EQ, Operator.NE]
    return Compare(load, draw(st.sampled_from(operators)), draw(values(load.type)))


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    """A limit."""
    kind = draw(st.sampled_from(LimitKind))
    burst = draw(st.integers(0 if kind is LimitKind.BYTES else 1, 1_000))
    return Limit(draw(st.integers(1, 10_000)), draw(st.sampled_from(LimitUnit)), burst, draw(st.booleans()), kind)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log statement."""
    if draw(st.booleans()):
        return Log(draw(PREFIX), level=draw(st.sampled_from(LogLevel)))
    return Log(
        draw(PREFIX),
        draw(st.integers(0, 0xFFFF)),
        draw(st.integers(0, 0xFFFF)),
        queue_threshold=draw(st.integers(0, 99)),
    )


def bits() -> st.SearchStrategy[Expression]:
    """Questions about states."""
    states = st.sampled_from(CtState).filter(bool)  # Hypothesis combines flags by itself
    status = st.sampled_from(CtStatus).filter(bool)
    return st.builds(HasState, states, st.booleans()) | st.builds(HasStatus, status, st.booleans())


@st.composite
def rules(draw: st.DrawFn, sets: list[Set], maps: list[Map], verdicts: st.SearchStrategy[Verdict]) -> Rule:
    """A rule."""
    transport, family = draw(st.booleans()), draw(st.sampled_from(["ip", "ip6"]))
    found: list[Expression] = []
    if transport:
        number = draw(st.sampled_from([6, 17, 132]))
        found.append(Compare(Meta(MetaKey.L4PROTO), Operator.EQ, protocol(number)))
    asked = st.sampled_from(_askable(transport, family)).flatmap(comparisons)
    counters = st.builds(Counter, st.integers(0, 9), st.integers(0, 9))
    marks = st.builds(SetMark, st.integers(0, 0xFFFFFFFF))
    found += draw(st.lists(asked | bits() | counters | limits() | logs() | marks, max_size=4))
    for each in sets:
        if draw(st.booleans()) and (picked := _loads_for(draw, each.key, transport, family)):
            found.append(Lookup(picked, each.name, draw(st.booleans())))
    end: list[Expression] = [draw(verdicts)]
    for each_map in maps:
        if draw(st.booleans()) and (picked := _loads_for(draw, each_map.key, transport, family)):
            end = [VerdictMap(picked, each_map.name)]
    if draw(st.booleans()):
        end = [Reject(draw(st.sampled_from([each for each in RejectKind if each is not RejectKind.TCP_RESET])))]
    return Rule((*found, *end), draw(TEXT))


def _loads_for(draw: st.DrawFn, types: tuple[DataType, ...], transport: bool, family: str) -> tuple[Load, ...]:
    chosen = []
    for each in types:
        fitting = [load for load in _askable(transport, family) if load.type is each]
        if not fitting:
            return ()
        chosen.append(draw(st.sampled_from(fitting)))
    return tuple(chosen)


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """A whole table."""
    names = draw(st.lists(NAMES, min_size=8, max_size=8, unique_by=str.lower))
    chain_names, set_names, map_names = names[:4], names[4:6], names[6:]
    sets = [draw(declarations(name)) for name in set_names]
    final = st.sampled_from([ACCEPT, DROP, RETURN, CONTINUE])
    to_last = final | st.sampled_from([jump(chain_names[3]), goto(chain_names[3])])
    both = [draw(maps(name, to_last)) for name in map_names]
    chains = []
    for number, name in enumerate(chain_names):
        later = [make(other) for other in chain_names[number + 1 :] for make in (jump, goto)]
        verdicts = final | st.sampled_from(later) if later else final
        usable = [] if number == 3 else both
        listed = tuple(draw(st.lists(rules(sets, usable, verdicts), max_size=3)))
        base = None
        if number == 0:
            hook = draw(st.sampled_from([Hook.INPUT, Hook.FORWARD, Hook.OUTPUT]))
            base = BaseChain("filter", hook, draw(st.integers(-400, 400)), draw(st.sampled_from(ChainPolicy)))
        chains.append(Chain(name, listed, base, draw(TEXT)))
    return Ruleset.of(Table("haechi", comment=draw(TEXT)), *chains, *sets, *both)
