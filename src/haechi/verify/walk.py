"""Packets on their way through a table, all of a region at once.

Why: what happens to every packet has to be known, so regions are divided at each condition, as nf_tables divides
packets. Promises nf_tables' own semantics (nft_do_chain): rules in order, `jump` comes back, `goto` does not, the end
of a base chain is its policy, base chains of a hook in the order of their priorities, a packet accepted by one goes on
to the next. Where what happens depends on something that a packet's place does not say, both ways are walked: a packet
that may be accepted and may be dropped is undecided, and so is everything after something unknown, and everything once
the budget is spent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import is_
from typing import Final

from haechi.nft import Chain, ChainPolicy, Family, Hook, TableFlags, Verdict, VerdictKind
from haechi.sets import AddressSet, Traffic
from haechi.verify.budget import Budget, extent
from haechi.verify.finding import Finding, FindingKind, Place
from haechi.verify.kept import Held
from haechi.verify.reading import Branches, Dispatches, Reading, Step
from haechi.verify.space import EVERY, Piece, merged, overlap

_DEEPEST: Final = 16  # NFT_JUMP_STACK_SIZE


@dataclass(slots=True)
class Outcome:
    """What happened to the packets of a region.

    Attributes:
        accepted: with the rule that did it.
        dropped: with the rule that did it; incomplete where a walk was `hasty`.
        returned: packets that came back from a chain, or are past its end.
        undecided: packets of which this cannot be said, with why.
        forks: the rules that depend on something else than a packet's place.
    """

    accepted: list[tuple[Piece, Place]] = field(default_factory=list)
    dropped: list[tuple[Piece, Place]] = field(default_factory=list)
    returned: list[Piece] = field(default_factory=list)
    undecided: list[tuple[Piece, Finding]] = field(default_factory=list)
    forks: list[Place] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """What happened to other packets, but for those that came back."""
        self.accepted += other.accepted
        self.dropped += other.dropped
        self.undecided += other.undecided
        self.forks += other.forks

    def settle(self, budget: Budget) -> None:
        """Packets that may be accepted and may be dropped are undecided."""
        places = dict.fromkeys(self.forks)
        if not places or not budget.take(len(self.accepted) * len(self.dropped) * len(places)):
            return
        reason = "whether packets pass depends on something else than their connection's addresses, protocol and port"
        findings = [Finding(FindingKind.UNDECIDED, reason, place) for place in places]
        both = overlap([piece for piece, _ in self.accepted], [piece for piece, _ in self.dropped])
        self.undecided += [(piece, finding) for piece in both for finding in findings]


class Walk:
    """Walks through one ruleset.

    `hasty` walks remember the way of each client through its chain for all servers at once. They do not tell all that
    was dropped where packets may go two ways; whoever sees `forks` in an outcome walks again without haste.
    """

    def __init__(self, reading: Reading, budget: Budget, *, hasty: bool = False) -> None:
        self.reading = reading
        self.budget = budget
        self.hasty = hasty
        self._ways: dict[tuple[str, AddressSet], Outcome] = {}

    def forward(self, pieces: Iterable[Piece]) -> Outcome:
        """What happens to packets where they are forwarded; once the budget is spent, nobody knows."""
        region = list(pieces)
        found = self._forward(region)
        if not self.budget.is_spent:
            return found
        finding = Finding(FindingKind.UNKNOWN, str(self.budget))
        return Outcome(undecided=[(piece, finding) for piece in region])

    def _forward(self, pieces: list[Piece]) -> Outcome:
        judged, others = _judged(self.reading.held, pieces)
        whole = Outcome()
        through = judged
        for chain in base_chains(self.reading.held):
            step = self._base(chain, through)
            whole.dropped += step.dropped
            whole.undecided += step.undecided
            whole.forks += step.forks
            whole.accepted = step.accepted
            through = merged([piece for piece, _ in step.accepted])
        if not base_chains(self.reading.held):
            others = judged + others
        nowhere = Place("", None, "no chain of the table judges it")
        whole.accepted += [(piece, nowhere) for piece in others]
        whole.settle(self.budget)
        return whole

    def _base(self, chain: Chain, pieces: list[Piece]) -> Outcome:
        found = self._run(chain.name, pieces, (chain.name,))
        assert chain.base is not None  # that is what makes it a base chain
        end = Place(chain.name, None, f"policy {chain.base.policy.name.lower()}")
        to = found.accepted if chain.base.policy is ChainPolicy.ACCEPT else found.dropped
        to += [(piece, end) for piece in found.returned]
        found.returned = []
        return found

    def _run(self, chain: str, pieces: list[Piece], path: tuple[str, ...]) -> Outcome:
        out = Outcome()
        region, extents = pieces, sum(map(extent, pieces))
        for step in self.reading.steps(chain):
            if not region or not self.budget.take(step.weight * len(region) + extents):
                return out
            left = self._step(step, region, out, path)
            if left is not region:
                region, extents = left, sum(map(extent, left))
        out.returned = merged(out.returned + region)
        return out

    def _step(self, step: Step, region: list[Piece], out: Outcome, path: tuple[str, ...]) -> list[Piece]:
        """Send packets through one rule; those that go on to the next, as the same list if that is all of them."""
        whole = region
        missed: list[Piece] = []
        for condition in step.conditions:
            region, more, free = _divide(condition, region)
            missed += more
            if free:
                out.forks.append(step.place)
            if not region:
                same = len(missed) == len(whole) and all(map(is_, missed, whole))
                return whole if same else merged(missed)
        if step.unknown:
            finding = Finding(FindingKind.UNKNOWN, step.unknown, step.place)
            out.undecided += [(piece, finding) for piece in region]
        elif step.action is None:
            missed += region
        elif isinstance(step.action, Dispatches):
            missed += self._dispatch(step.action, step.place, region, out, path)
        elif isinstance(step.action, Verdict):
            missed += self._verdict(step.action, step.place, region, out, path)
        else:
            out.dropped += [(piece, step.place) for piece in region]  # reject: drop and tell the sender
        return merged(missed)

    def _dispatch(
        self, action: Dispatches, place: Place, region: list[Piece], out: Outcome, path: tuple[str, ...]
    ) -> list[Piece]:
        onward: list[Piece] = []
        for contexts, dispatch in action.branches:
            for piece in region:
                if not piece.contexts & contexts:
                    continue
                narrowed = (
                    piece if not piece.contexts & ~contexts else piece._replace(contexts=piece.contexts & contexts)
                )
                answered, missed, free = dispatch.split(narrowed)
                onward += missed
                if free and answered:
                    out.forks.append(place)
                single = dispatch.clients is not None
                for verdict, found in answered:
                    onward += self._verdict(verdict, place, found, out, path, by_client=single)
        return onward

    def _verdict(
        self,
        verdict: Verdict,
        place: Place,
        region: list[Piece],
        out: Outcome,
        path: tuple[str, ...],
        *,
        by_client: bool = False,
    ) -> list[Piece]:
        """Do what a verdict says; the packets that go on to the next rule."""
        match verdict.kind:
            case VerdictKind.ACCEPT:
                out.accepted += [(piece, place) for piece in region]
            case VerdictKind.DROP:
                out.dropped += [(piece, place) for piece in region]
            case VerdictKind.RETURN:
                out.returned += region
            case VerdictKind.CONTINUE:
                return region
            case VerdictKind.JUMP | VerdictKind.GOTO:
                found = self._visit(verdict.chain, place, region, path, by_client)
                out.add(found)
                if verdict.kind is VerdictKind.JUMP:
                    return found.returned
                out.returned += found.returned
        return []

    def _visit(self, chain: str, place: Place, region: list[Piece], path: tuple[str, ...], by_client: bool) -> Outcome:
        if chain in path or len(path) > _DEEPEST:
            finding = Finding(FindingKind.UNKNOWN, f"leads back to chain {chain}, or too deep", place)
            return Outcome(undecided=[(piece, finding) for piece in region])
        if not self.hasty or not by_client:
            return self._run(chain, region, (*path, chain))
        found = Outcome()
        for piece in region:
            key = (chain, piece.clients)
            way = self._ways.get(key)
            if way is None:
                everything = Piece(EVERY, piece.clients, Traffic.ALL)
                way = self._ways[key] = self._run(chain, [everything], (*path, chain))
            _restrict(way, piece, found)
        return found


def _restrict(way: Outcome, piece: Piece, out: Outcome) -> None:
    """Add what happens on a way to the packets of `piece`, whose clients the way is for."""
    contexts, clients, traffic = piece
    for wide in way.returned:
        both = _common(traffic, wide.traffic)
        if wide.contexts & contexts and both:
            out.returned.append(Piece(wide.contexts & contexts, clients & wide.clients, both))
    for wide, place in way.accepted:
        both = _common(traffic, wide.traffic)
        if wide.contexts & contexts and both:
            out.accepted.append((Piece(wide.contexts & contexts, clients & wide.clients, both), place))
    for wide, finding in way.undecided:
        both = _common(traffic, wide.traffic)
        if wide.contexts & contexts and both:
            out.undecided.append((Piece(wide.contexts & contexts, clients & wide.clients, both), finding))
    out.forks += way.forks


def _common(one: Traffic, other: Traffic) -> Traffic:
    return one if other is Traffic.ALL else one & other


def _divide(condition: Branches, region: list[Piece]) -> tuple[list[Piece], list[Piece], bool]:
    """The packets for which a condition holds, those for which it does not, and whether that is free."""
    inside: list[Piece] = []
    outside: list[Piece] = []
    free = False
    for piece in region:
        left = piece.contexts
        for contexts, relation in condition:
            now = left & contexts
            if not now:
                continue
            left &= ~now
            yes, no = relation.split(piece if now == piece.contexts else piece._replace(contexts=now))
            inside += yes
            outside += no
            free = free or (relation.free and bool(yes))
        if left:
            outside.append(piece if left == piece.contexts else piece._replace(contexts=left))
    return inside, outside, free


def base_chains(held: Held) -> list[Chain]:
    """The chains that judge forwarded packets, in the order in which the kernel asks them."""
    if TableFlags.DORMANT in held.table.flags:
        return []
    chains = held.chains.values()
    found = [each for each in chains if each.base is not None and each.base.hook is Hook.FORWARD]
    return sorted(found, key=lambda each: each.base.priority if each.base else 0)


def _judged(held: Held, pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The packets that a table of this family sees, and the others."""
    seen = {Family.INET: AddressSet.ALL, Family.IP: AddressSet.V4, Family.IP6: AddressSet.V6}
    family = seen.get(held.table.family, AddressSet.NONE)
    if family is AddressSet.ALL:
        return pieces, []
    judged = [piece._replace(clients=piece.clients & family) for piece in pieces]
    others = [piece._replace(clients=piece.clients - family) for piece in pieces]
    return [piece for piece in judged if piece.clients], [piece for piece in others if piece.clients]


def unmodelled(held: Held) -> list[Finding]:
    """What a table holds besides that this package does not model."""
    found = [Finding(FindingKind.UNKNOWN, str(each)) for each in sorted(held.unknown, key=lambda each: each.what)]
    for chain in held.chains.values():
        if chain.base is not None and (chain.base.hook is not Hook.FORWARD or chain.base.type != "filter"):
            reason = f"judges packets at {chain.base.type} {chain.base.hook.name.lower()}"
            found.append(Finding(FindingKind.HOOK, reason, Place(chain.name)))
    return found
