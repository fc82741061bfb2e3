"""The chains of tiers.

Why: rules of tiers are ordered, and a packet should meet as few of them as possible. The engine resolves the order for
each class of peers, so the kernel only has to find the class of a packet's peer, and then what one local pod's rules
decide about it. Which class an address has is found digit by digit of the class's digest, since a rule can ask of a set
no more than yes or no; verdict maps are no alternative, because the kernel checks every path through them whenever an
element is added, and pods come and go.

    judge, judge_servers
      client in @tier_clients4 ▶ jump tiers_eg4            a local pod that rules of tiers are about
    tiers_eg4
      server in @peers4_0 … f ▶ goto peers4_eg_0 … f       the first digit; a chain of its own for few classes only
      server in @networks4_0 … ▶ …                         addresses that are no peer pod's and no node's
      client vmap @others4_eg                              addresses of no class
    peers4_eg_0
      server in @peers4_<digest> ▶ goto peers4_eg_<digest>
    peers4_eg_<digest>
      client vmap @peers4_eg_<digest>                      ▶ accept, goto tiers_eg_deny or goto ports_eg_…
    ports_eg_…
      ct reply proto-src vmap @ports_eg_…_tcp ▶ accept, return, goto tiers_eg_deny

What tiers do not decide returns. An accepted client must still meet the server's rules: so there are two base chains,
`judge` for clients and `judge_servers` after it, and each ends with its own accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from haechi.dataplane.family import FAMILIES, AddressFamily
from haechi.dataplane.names import definition_digest, named_port_text, selection_text, selector_text
from haechi.dataplane.stage import PEER_TUPLE, PORT, denied, is_protocol, port_maps
from haechi.engine import PeerClass, PodSelection, PortDecisions
from haechi.model import Direction
from haechi.nft import (
    ACCEPT,
    RETURN,
    Chain,
    Compare,
    Ct,
    CtDirection,
    InRange,
    Lookup,
    Map,
    Operator,
    Rule,
    Set,
    SetFlags,
    Verdict,
    VerdictMap,
    goto,
    jump,
    port,
)
from haechi.select import Selector
from haechi.sets import PortSet

LETTERS = {Direction.EGRESS: "eg", Direction.INGRESS: "in"}
OWN_TUPLE = {Direction.EGRESS: CtDirection.ORIGINAL, Direction.INGRESS: CtDirection.REPLY}
SUBJECTS = {Direction.EGRESS: "tier_clients", Direction.INGRESS: "tier_servers"}
_FEW_PORTS = 6
"""Ranges of ports up to which a chain compares with one after the other."""
_FEW = 16
"""Classes up to which a chain asks for one after the other."""


@dataclass(frozen=True, eq=False)
class Branch:
    """Addresses of one family whose classes are found together.

    Attributes:
        family: which family.
        is_network: addresses of networks alone, as intervals; or single addresses of pods and nodes.
    """

    family: AddressFamily
    is_network: bool

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Those in which rules can mean them."""
        return (Direction.EGRESS,) if self.is_network else tuple(Direction)

    @property
    def name(self) -> str:
        """The beginning of its names."""
        return f"{'networks' if self.is_network else 'peers'}{self.family.number}"

    def set_name(self, digits: str) -> str:
        """The set of the addresses of the classes whose digests begin with some digits."""
        return f"{self.name}_{digits}"

    def declaration(self, digits: str) -> Set:
        """That set, empty."""
        flags = SetFlags.INTERVAL if self.is_network else SetFlags(0)
        return Set(self.set_name(digits), (self.family.type,), flags)

    def chain_name(self, direction: Direction, digits: str) -> str:
        """The chain of the classes whose digests begin with some digits."""
        return f"{self.name}_{LETTERS[direction]}_{digits}"


BRANCHES = {
    (family.number, is_network): Branch(family, is_network) for family in FAMILIES for is_network in (False, True)
}
"""All of them."""
Layout = dict[str, tuple[str, ...]]
"""How classes are found: digits that are known, and the longer digits among which the next chain distinguishes."""


def layout(digests: Iterable[str]) -> Layout:
    """The layout for classes with these digests, all of one length."""
    found: Layout = {}

    def visit(digits: str, own: list[str]) -> None:
        if len(own) <= _FEW:
            found[digits] = tuple(own)
            return
        groups: dict[str, list[str]] = {}
        for digest in own:
            groups.setdefault(digest[: len(digits) + 1], []).append(digest)
        found[digits] = tuple(group[0] if len(group) == 1 else longer for longer, group in groups.items())
        for longer, group in groups.items():
            if len(group) > 1:
                visit(longer, group)

    visit("", sorted(digests))
    return found


def peer_digest(peer: PeerClass) -> str:
    """The digest of a class."""
    selections = sorted(selection_text(item) for item in peer.items if isinstance(item, PodSelection))
    nodes = sorted(selector_text(item) for item in peer.items if isinstance(item, Selector))
    networks = sorted(item.intervals for item in peer.items if not isinstance(item, PodSelection | Selector))
    return definition_digest((selections, nodes, networks, [*map(named_port_text, peer.ports)]))


def finding_rules(branch: Branch, direction: Direction, tests: Iterable[str]) -> Iterator[Rule]:
    """The rules that distinguish among digits."""
    load = Ct(branch.family.ct, PEER_TUPLE[direction])
    for digits in tests:
        yield Rule((Lookup((load,), branch.set_name(digits)), goto(branch.chain_name(direction, digits))))


def row_rule(family: AddressFamily, direction: Direction, name: str) -> Rule:
    """The rule that leads local pods to what is decided about them and a class."""
    return Rule((VerdictMap((Ct(family.ct, OWN_TUPLE[direction]),), name),))


def row_map(family: AddressFamily, name: str) -> Map:
    """The map from local pods to what is decided about them and a class, empty."""
    return Map(name, (family.type,))


def subjects_name(direction: Direction, family: AddressFamily) -> str:
    """The set of the local pods that rules of tiers are about."""
    return f"{SUBJECTS[direction]}{family.number}"


def tiers_name(direction: Direction, family: AddressFamily) -> str:
    """The chain that finds the class of the peer."""
    return f"tiers_{LETTERS[direction]}{family.number}"


def subject_rules(direction: Direction) -> Iterator[Rule]:
    """The rules that lead to the tiers, for packets of local pods that they are about."""
    for family in FAMILIES:
        lookup = Lookup((Ct(family.ct, OWN_TUPLE[direction]),), subjects_name(direction, family))
        yield Rule((lookup, jump(tiers_name(direction, family))))


def others_name(direction: Direction, family: AddressFamily) -> str:
    """The map from local pods to what is decided about peers of no class."""
    return f"others{family.number}_{LETTERS[direction]}"


def denial(direction: Direction) -> Chain:
    """The chain that drops what tiers deny."""
    name = f"tiers_{LETTERS[direction]}"
    return denied(f"{name}_deny", name, f"{direction.lower()} that tiers deny")


class PortChain(NamedTuple):
    """What is decided by port.

    Attributes:
        verdict: for packets of the class; None if nothing is decided.
        chain: the chain that the verdict leads to, unless it is the same on all ports.
        maps: the maps that the chain asks.
    """

    verdict: Verdict | None
    chain: Chain | None = None
    maps: tuple[Map, ...] = ()


@lru_cache(maxsize=16_384)
def port_chain(direction: Direction, decisions: PortDecisions) -> PortChain:
    """The chain of some decisions. Protocols without ports have one verdict."""
    undecided = PortSet.ALL - decisions.accepted - decisions.denied
    cases = ((decisions.accepted, ACCEPT), (decisions.denied, goto(denial(direction).name)), (undecided, RETURN))
    default = next(verdict for ports, verdict in cases if ports.contains(0, 0))
    limited = [(ports, verdict) for ports, verdict in cases if verdict != default and ports]
    if not limited:
        return PortChain(None if default == RETURN else default)
    definition = decisions.accepted.intervals, decisions.denied.intervals
    name = f"ports_{LETTERS[direction]}_{definition_digest(definition)}"
    if sum(len(ports.parts()) for ports, _ in limited) <= _FEW_PORTS:
        rules = [_port_rule(part, verdict) for ports, verdict in limited for part in ports.parts()]
        return PortChain(goto(name), Chain(name, (*rules, Rule((default,)))))
    maps = dict(port_maps(name, limited))
    lookups = [Rule((is_protocol(number), VerdictMap((PORT,), each.name))) for number, each in maps.items()]
    return PortChain(goto(name), Chain(name, (*lookups, Rule((default,)))), tuple(maps.values()))


@lru_cache(maxsize=16_384)
def _port_rule(part: tuple[int, int, int], verdict: Verdict) -> Rule:
    number, first, last = part
    asked = Compare(PORT, Operator.EQ, port(first)) if first == last else InRange(PORT, port(first), port(last))
    return Rule((is_protocol(number), asked, verdict))
