"""What tiers decide about a pod's connections with any one peer.

Why: rules of tiers are ordered, but a packet must not meet them one by one. All addresses that the same items of `from`
and `to` match are one class of peers, and for a class the order can be resolved beforehand: what is accepted and what
is denied is a set of ports each. For example, for the peers that `app=web` and 10.0.0.0/8 match, and nothing else:

    1  Deny    app=db
    2  Pass    app=web     TCP 53                 passed     TCP 53
    3  Accept  10.0.0.0/8  TCP 1-443       ──▶    accepted   TCP 1-52, 54-443
    4  Deny    app=web                            denied     everything else

A Pass in the admin tier leads to the baseline tier, which is asked only about pods that no NetworkPolicy isolates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, groupby
from typing import NamedTuple

from haechi.engine.endpoint import NamedPort
from haechi.engine.policyset import ports_by_name
from haechi.engine.selection import Peers, PodSelection
from haechi.engine.tierpolicy import OrderedRule
from haechi.model import Action, Direction, Tier
from haechi.select import Selector
from haechi.sets import AddressSet, PortSet

PeerItem = PodSelection | Selector | AddressSet
"""What a rule can mean by an item of `from` or `to`: pods, nodes or networks."""


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """What a rule does on some ports. Equal ones are one object, so that lists of them are compared quickly."""

    tier: Tier
    action: Action
    ports: PortSet


_term = lru_cache(maxsize=65_536)(_Term)


@dataclass(frozen=True, slots=True)
class PeerClass:
    """The peers that the same items match.

    Attributes:
        items: all that match them, among those that are of interest.
        ports: the named ports of their pods that are of interest.
    """

    items: frozenset[PeerItem] = frozenset()
    ports: tuple[NamedPort, ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.items, self.ports)))

    def __hash__(self) -> int:
        return self._hash


class PortDecisions(NamedTuple):
    """The ports on which connections are accepted and denied; the tiers do not decide about the others."""

    accepted: PortSet
    denied: PortSet


_UNDECIDED = PortDecisions(PortSet.NONE, PortSet.NONE)


class TierRules:
    """All rules of tiers about a pod in one direction, in order.

    Attributes:
        direction: of the connection, as the pod sees it.
        items: what the rules tell peers apart by.
        names: the port names of peers that they mention.
    """

    def __init__(
        self, direction: Direction, rules: Iterable[tuple[Tier, OrderedRule]], ports: tuple[NamedPort, ...]
    ) -> None:
        """The rules, admin tier first; `ports` are the named ports of the pod, where names of ingress are looked up."""
        self.direction = direction
        self._rules = list(rules)
        self._terms = [_term(tier, rule.action, _own_ports(rule, direction, ports)) for tier, rule in self._rules]
        self._final = {number for number, term in enumerate(self._terms) if term.ports == PortSet.ALL}
        self._everywhere = [number for number, (_, rule) in enumerate(self._rules) if rule.peers.anywhere]
        self._numbers: dict[PeerItem, list[int]] = {}
        for number, (_, rule) in enumerate(self._rules):
            for item in _items(rule.peers):
                self._numbers.setdefault(item, []).append(number)
        self.items = frozenset(self._numbers)
        names = (name for _, rule in self._rules for name in rule.names)
        self.names = frozenset(names) if direction is Direction.EGRESS else frozenset[str]()

    def decisions(self, peer: PeerClass) -> PortDecisions:
        """What they decide about connections with peers of a class."""
        found = [own for item in peer.items if (own := self._numbers.get(item))]
        if self._everywhere:
            found.append(self._everywhere)
        if not found:
            return _UNDECIDED
        numbers = found[0] if len(found) == 1 else sorted(chain.from_iterable(found))
        terms: list[_Term] = []
        passing = False
        for number in numbers:
            term = self._terms[number]
            terms.append(self._with_names(number, peer) if self.names else term)
            passing = passing or term.action is Action.PASS
            if number in self._final and not passing:
                break  # nothing is left for later rules
        return _decided(tuple(terms))

    def _with_names(self, number: int, peer: PeerClass) -> _Term:
        """The term of a rule, its port names looked up on the peer."""
        term, (_, rule) = self._terms[number], self._rules[number]
        if not rule.names:
            return term
        return _term(term.tier, term.action, term.ports | ports_by_name(peer.ports, [*rule.protocol_names()]))


@lru_cache(maxsize=65_536)
def _decided(terms: tuple[_Term, ...]) -> PortDecisions:
    accepted = denied = PortSet.NONE
    for _, of_tier in groupby(terms, key=lambda term: term.tier):
        left = PortSet.ALL - accepted - denied
        for term in of_tier:
            if term.action is Action.ACCEPT:
                accepted |= term.ports & left
            elif term.action is Action.DENY:
                denied |= term.ports & left
            left -= term.ports
    return PortDecisions(accepted, denied)


def _own_ports(rule: OrderedRule, direction: Direction, ports: tuple[NamedPort, ...]) -> PortSet:
    if not rule.names or direction is Direction.EGRESS:
        return rule.ports
    return rule.ports | ports_by_name(ports, [*rule.protocol_names()])


def _items(peers: Peers) -> Iterator[PeerItem]:
    yield from peers.selections
    yield from peers.nodes
    if peers.blocks:
        yield peers.blocks
