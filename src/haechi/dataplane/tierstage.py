"""A tier as chains, and the chain that asks the stages of a side in order.

Why: rules of a tier are ordered, but a packet should meet as few of them as possible. `TierSet` has the shortest lists;
each entry is look-ups in sets of peers. Rules of tiers select whole teams and many of them, so each selection is a set
of its own: united in each entry, they would be a set for every list. A packet that the tier does not decide returns, so
a tier is the same chain whatever comes after it.

    eg_…      (the side: admin tier, then NetworkPolicies or the baseline tier)
      jump admin_eg_…
      goto eg_… of the policy set, or baseline_eg_…
    admin_eg_…
      ct reply proto-src vmap @admin_eg_…_tcp ──▶ admin_eg_…_p…      ports with entries of their own
      peer in @pods… ▶ goto admitted                                 Accept
      peer in @blocks… ▶ goto admin_eg_…_deny                        Deny
      peer in @nodes… ▶ return                                       Pass
    admin_eg_…_deny: log; count; drop
    admitted
      the server's ingress stage, as in judge; accept

An accepted client must not meet the rest of its side, and nothing unwinds two chains at once; so it goes to `admitted`,
where the server is judged and the packet ends. An accepted server ends at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haechi.dataplane.family import FAMILIES
from haechi.dataplane.judge import server_rules
from haechi.dataplane.names import comment, content_name, named_peer_text, selection_text
from haechi.dataplane.peerset import NamedSet, PeerSet, block_sets, node_sets, pod_sets
from haechi.dataplane.stage import (
    PEER_TUPLE,
    PORT,
    Stage,
    denied,
    is_protocol,
    peers_text,
    port_maps,
)
from haechi.engine import PolicySet, TierEntry, TierSet
from haechi.model import Action, Direction
from haechi.nft import ACCEPT, RETURN, Chain, Ct, Lookup, Map, Rule, Verdict, VerdictMap, goto, jump
from haechi.sets import PortSet

ADMITTED_NAME = "admitted"
_LETTERS = {Direction.EGRESS: "eg", Direction.INGRESS: "in"}


@dataclass(frozen=True, slots=True)
class Admitted:
    """Where an accepted client's packet goes: to the server's side, and no further."""

    def stage(self) -> Stage:
        """Its chain."""
        chain = Chain(ADMITTED_NAME, (*server_rules(), Rule((ACCEPT,))), comment="accepted by a tier as client")
        return Stage(ADMITTED_NAME, (chain,), frozenset())


@dataclass(frozen=True, slots=True)
class SideStages:
    """A tier, and what comes after it."""

    first: TierSet
    second: PolicySet | TierSet

    def stage(self, first: str, second: str) -> Stage:
        """The chain that asks the stages with these names."""
        name = content_name(f"side_{_LETTERS[self.first.direction]}", (first, second))
        chain = Chain(name, (Rule((jump(first),)), Rule((goto(second),))))
        return Stage(name, (chain,), frozenset(), (first, second))


def tier_stage(tier_set: TierSet) -> Stage:
    """The stage of a tier; it depends on nothing else."""
    return _TierWriting(tier_set).stage()


class _TierWriting:
    """A stage while it is being written."""

    def __init__(self, tier_set: TierSet) -> None:
        self.tier_set = tier_set
        kind = f"{tier_set.tier.lower()}_{_LETTERS[tier_set.direction]}"
        self.name = content_name(kind, _definition(tier_set))
        self.deny = f"{self.name}_deny"
        self.tuple = PEER_TUPLE[tier_set.direction]
        self.peer_sets: set[PeerSet] = set()
        self.words = comment(f"{tier_set.tier} {tier_set.direction.lower()}", [key.name for key in tier_set.policies])
        admitted = goto(ADMITTED_NAME) if tier_set.direction is Direction.EGRESS else ACCEPT
        self.verdicts = {Action.ACCEPT: admitted, Action.DENY: goto(self.deny), Action.PASS: RETURN}

    def stage(self) -> Stage:
        actions = {entry.action for entries in self.tier_set.lists() for entry in entries}
        nouns: list[Chain | Map] = [denied(self.deny, self.name, self.words)] if Action.DENY in actions else []
        targets: list[tuple[PortSet, Verdict]] = []
        for ports, entries in self.tier_set.by_ports:
            name = content_name(f"{self.name}_p", [_entry_text(entry) for entry in entries])
            nouns.append(Chain(name, tuple(self._rules(entries))))
            targets.append((ports, goto(name)))
        maps = dict(port_maps(self.name, targets))
        nouns += maps.values()
        lookups = [Rule((is_protocol(number), VerdictMap((PORT,), each.name))) for number, each in maps.items()]
        nouns.append(Chain(self.name, (*lookups, *self._rules(self.tier_set.everywhere)), comment=self.words))
        is_admitting = Action.ACCEPT in actions and self.tier_set.direction is Direction.EGRESS
        return Stage(self.name, tuple(nouns), frozenset(self.peer_sets), (ADMITTED_NAME,) if is_admitting else ())

    def _rules(self, entries: tuple[TierEntry, ...]) -> Iterator[Rule]:
        for entry in entries:
            verdict, peers = self.verdicts[entry.action], entry.peers
            if peers.anywhere:
                yield Rule((verdict,))
                return
            selections = sorted(peers.selections, key=selection_text)
            sets: list[PeerSet] = [
                *(each for one in selections for each in pod_sets(FAMILIES, frozenset((one,)))),
                *block_sets(FAMILIES, peers.blocks),
                *node_sets(FAMILIES, peers.nodes),
            ]
            for each in sets:
                self.peer_sets.add(each)
                yield Rule((Lookup((Ct(each.family.ct, self.tuple),), each.name), verdict))
            for number in sorted({named.protocol for named in entry.named}):
                own = frozenset(named for named in entry.named if named.protocol == number)
                for family in FAMILIES:
                    named_set = NamedSet(family, number, own)
                    self.peer_sets.add(named_set)
                    loads = (Ct(family.ct, self.tuple), PORT)
                    yield Rule((is_protocol(number), Lookup(loads, named_set.name), verdict))


def _definition(tier_set: TierSet) -> object:
    """Everything that the stage depends on, as plain values, whose `repr` does not depend on the order of sets."""
    by_ports = [(ports.intervals, [*map(_entry_text, entries)]) for ports, entries in tier_set.by_ports]
    keys = [tuple(key) for key in tier_set.policies]
    return tier_set.tier.value, tier_set.direction.value, keys, [*map(_entry_text, tier_set.everywhere)], by_ports


def _entry_text(entry: TierEntry) -> object:
    return entry.action.value, peers_text(entry.peers), sorted(map(named_peer_text, entry.named))
