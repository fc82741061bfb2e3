"""A policy set as chains: one stage of a side's verdict.

Why: a packet's path through the stage must not grow with the number of policies. A packet that the policy set allows
returns to `judge`; every other one is dropped, counted and, at a limited rate, logged. The number of look-ups is fixed:
one for peers allowed on every port, one for port names, one for the port and one for the peers of that port.

    eg_…                      (in_… for ingress)
      peer in everywhere ────────────────────────────────▶ return
      peer and port in named ────────────────────────────▶ return
      ct reply proto-src vmap eg_…_tcp ──▶ eg_…_p…
                                             peer in set ▶ return
                                             goto eg_…_deny
      goto eg_…_deny
    eg_…_deny: a pod to itself (through a Service, or from another of its addresses) ▶ return; log; count; drop

For example, ingress from Z on every port, and `by_ports` with {TCP 80-84: X} and {TCP 85-90, UDP 53: X and Y}:

    in_…       saddr @Z return;  tcp vmap @in_…_tcp;  udp vmap @in_…_udp;  goto in_…_deny
    in_…_tcp   { 80-84 : goto p1, 85-90 : goto p2 }              a map for each protocol, since its key is the port
    in_…_udp   { 53 : goto p2 }
    p1         saddr @X return;  goto in_…_deny                  a chain for each distinct set of peers
    p2         saddr @X_Y return;  goto in_…_deny

Maps go to chains with `goto`, so `return` from there ends the stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from haechi.dataplane.family import FAMILIES
from haechi.dataplane.names import comment, content_name, named_peer_text, selection_text
from haechi.dataplane.peerset import PROTOCOL_WORDS, BlockSet, NamedSet, PeerSet, PodSet, block_sets, pod_sets
from haechi.engine import Peers, PolicySet
from haechi.model import Direction
from haechi.nft import (
    DROP,
    RETURN,
    Chain,
    Compare,
    Counter,
    Ct,
    CtDirection,
    CtKey,
    DataType,
    Element,
    Limit,
    Log,
    Lookup,
    Map,
    Meta,
    MetaKey,
    Operator,
    Rule,
    SetFlags,
    Verdict,
    VerdictMap,
    goto,
    port,
    protocol,
)
from haechi.sets import PortSet

SELF_SETS = {4: "self4", 6: "self6"}
LOG_GROUP = 4242
"""The nfnetlink_log group of denials."""
LOG_RATE = 10
"""Denials logged in a second, at most, for each policy set."""

_L4PROTO = Meta(MetaKey.L4PROTO)
PORT = Ct(CtKey.PROTO_SRC, CtDirection.REPLY)
_LETTERS = {Direction.EGRESS: "eg", Direction.INGRESS: "in"}
PEER_TUPLE = {Direction.EGRESS: CtDirection.REPLY, Direction.INGRESS: CtDirection.ORIGINAL}


@dataclass(frozen=True, slots=True)
class Stage:
    """The chains and maps of one policy set, in an order in which they can be created, and the sets that they need.

    Attributes:
        name: of the first chain.
        nouns: each refers only to those before it.
        peer_sets: must exist first.
    """

    name: str
    nouns: tuple[Chain | Map, ...]
    peer_sets: frozenset[PeerSet]

    @classmethod
    def of(cls, policies: PolicySet) -> Stage:
        """The stage of a policy set; it depends on nothing else."""
        return _Writing(policies).stage()


def definition(policies: PolicySet) -> object:
    """Everything that the stage depends on, as plain values, whose `repr` does not depend on the order of sets."""
    by_ports = [(ports.intervals, _peers(peers)) for ports, peers in policies.by_ports]
    named = sorted(map(named_peer_text, policies.named))
    keys = [tuple(key) for key in policies.policies]
    return (policies.direction.value, keys, _peers(policies.everywhere), by_ports, named)


def _peers(peers: Peers) -> object:
    return (peers.anywhere, sorted(map(selection_text, peers.selections)), peers.blocks.intervals)


class _Writing:
    """A stage while it is being written."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self.name = content_name(_LETTERS[policies.direction], definition(policies))
        self.deny = f"{self.name}_deny"
        self.tuple = PEER_TUPLE[policies.direction]
        self.peer_sets: set[PeerSet] = set()
        self.words = comment(policies.direction.value.lower(), policies.policies)

    def stage(self) -> Stage:
        everywhere = self.policies.everywhere
        if everywhere.anywhere:
            return Stage(self.name, (Chain(self.name, (Rule((RETURN,)),), comment=self.words),), frozenset())
        nouns: list[Chain | Map] = [self._denial()]
        ports = self._port_chains()
        nouns += ports.values()
        maps = dict(self._maps(ports))
        nouns += maps.values()
        lookups = [Rule((is_protocol(number), VerdictMap((PORT,), each.name))) for number, each in maps.items()]
        rules = [*self._returns(everywhere), *self._named(), *lookups, Rule((goto(self.deny),))]
        nouns.append(Chain(self.name, tuple(rules), comment=self.words))
        return Stage(self.name, tuple(nouns), frozenset(self.peer_sets))

    def _denial(self) -> Chain:
        selves = [
            Rule((Lookup((Ct(f.ct, CtDirection.ORIGINAL), Ct(f.ct, CtDirection.REPLY)), SELF_SETS[f.number]), RETURN))
            for f in FAMILIES
        ]
        return denied(self.deny, self.name, self.words, selves)

    def _port_chains(self) -> dict[Peers, Chain]:
        """One chain for each distinct set of peers on some ports."""
        chains: dict[Peers, Chain] = {}
        for _, peers in self.policies.by_ports:
            if not peers.anywhere:
                rules = (*self._returns(peers), Rule((goto(self.deny),)))
                chains[peers] = Chain(content_name(f"{self.name}_p", _peers(peers)), rules)
        return chains

    def _maps(self, chains: dict[Peers, Chain]) -> Iterator[tuple[int, Map]]:
        verdicts = [
            (ports, RETURN if peers.anywhere else goto(chains[peers].name)) for ports, peers in self.policies.by_ports
        ]
        return port_maps(self.name, verdicts)

    def _returns(self, peers: Peers) -> Iterator[Rule]:
        """Rules that let these peers pass."""
        found: list[PodSet | BlockSet] = [*pod_sets(FAMILIES, peers.selections), *block_sets(FAMILIES, peers.blocks)]
        for each in found:
            self.peer_sets.add(each)
            yield Rule((Lookup((Ct(each.family.ct, self.tuple),), each.name), RETURN))

    def _named(self) -> Iterator[Rule]:
        """Rules that let pods pass on their numbers of port names."""
        for number in sorted({peer.protocol for peer in self.policies.named}):
            peers = frozenset(peer for peer in self.policies.named if peer.protocol == number)
            for family in FAMILIES:
                each = NamedSet(family, number, peers)
                self.peer_sets.add(each)
                loads = (Ct(family.ct, self.tuple), PORT)
                yield Rule((is_protocol(number), Lookup(loads, each.name), RETURN))


def port_maps(name: str, verdicts: Iterable[tuple[PortSet, Verdict]]) -> Iterator[tuple[int, Map]]:
    """The number of each protocol that has ports of its own, with its map from ports to verdicts."""
    elements: dict[int, list[Element]] = {}
    for ports, verdict in verdicts:
        for number, first, last in _parts(ports):
            end = port(last) if last != first else None
            elements.setdefault(number, []).append(Element(port(first), end, verdict))
    for number in sorted(elements):
        ranges = any(element.last is not None for element in elements[number])
        flags = SetFlags.INTERVAL if ranges else SetFlags(0)
        map_name = f"{name}_{PROTOCOL_WORDS[number]}"
        yield number, Map(map_name, (DataType.INET_SERVICE,), flags, frozenset(elements[number]))


def denied(name: str, stage: str, words: str, exceptions: Iterable[Rule] = ()) -> Chain:
    """The chain that drops packets, counts them and logs some, unless one of the exceptions returns."""
    log = Rule((Limit(LOG_RATE), Log(prefix=f"haechi {stage} ", group=LOG_GROUP)))
    return Chain(name, (*exceptions, log, Rule((Counter(), DROP))), comment=words)


def is_protocol(number: int) -> Compare:
    """Matches packets of an IP protocol."""
    return Compare(_L4PROTO, Operator.EQ, protocol(number))


def _parts(ports: PortSet) -> Iterator[tuple[int, int, int]]:
    """Protocol, first and last port; a NetworkPolicy names ports of three protocols only."""
    for number, first, last in ports.parts():
        if number not in PROTOCOL_WORDS:
            raise ValueError(f"ports of protocol {number} cannot be allowed on their own")
        yield number, first, last
