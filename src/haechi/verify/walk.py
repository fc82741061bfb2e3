"""What a table does to packets: all packets of a region at once.

Why: a proof needs the fate of every packet, so a region is split at each condition, as nf_tables does with one packet:

    region ──▶ rule 1 ── matches ──▶ accept, drop, return, jump, goto
                 │ does not match
                 ▼
               rule 2 ── …                    what is left at the end of the chain returns

The semantics are those of nft_do_chain: rules run in order, `jump` comes back, `goto` does not, the end of a base chain
is its policy, base chains run in the order of their priorities, and what one of them accepts goes on to the next.

Where a rule depends on something that a packet's tuple does not hold, both ways are walked. A packet that may be
accepted and may be dropped is undecided; so is every packet that reaches something unknown, and every packet once the
budget is spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import is_
from typing import Final

from haechi.nft import Chain, ChainPolicy, Family, Hook, TableFlags, Verdict, VerdictKind
from haechi.sets import AddressSet, Traffic
from haechi.verify.budget import Budget, stretches
from haechi.verify.cached import AnyRuleset
from haechi.verify.gap import NO_CHAIN, GapKind, ProofGap, RulePosition
from haechi.verify.packets import ALL_CONTEXTS, PacketSet, intersection, merged, overlap
from haechi.verify.reading import DispatchByContext, Reading, RelationByContext, RuleStep

_DEEPEST: Final = 16  # NFT_JUMP_STACK_SIZE


@dataclass(slots=True)
class WalkResult:
    """What happened to the packets of a region.

    Attributes:
        accepted: accepted packets, with the rule that decided.
        dropped: dropped packets, with the rule that decided; incomplete if the walk reuses paths.
        returned: packets that came back from a chain, or passed its end.
        undecided: packets whose fate is not known, with the reason.
        forks: the rules that depend on something that the tuple does not hold.
    """

    accepted: list[tuple[PacketSet, RulePosition]] = field(default_factory=list)
    dropped: list[tuple[PacketSet, RulePosition]] = field(default_factory=list)
    returned: list[PacketSet] = field(default_factory=list)
    undecided: list[tuple[PacketSet, ProofGap]] = field(default_factory=list)
    forks: list[RulePosition] = field(default_factory=list)

    def add(self, other: WalkResult) -> None:
        """Add what happened to other packets, without those that returned."""
        self.accepted += other.accepted
        self.dropped += other.dropped
        self.undecided += other.undecided
        self.forks += other.forks

    def settle(self, budget: Budget) -> None:
        """Mark packets that may be accepted and may be dropped as undecided."""
        positions = dict.fromkeys(self.forks)
        if not positions or not budget.take(len(self.accepted) * len(self.dropped) * len(positions)):
            return
        reason = "whether packets pass depends on more than their connection's addresses, protocol and port"
        gaps = [ProofGap(GapKind.UNDECIDED, reason, position) for position in positions]
        both = overlap([packets for packets, _ in self.accepted], [packets for packets, _ in self.dropped])
        self.undecided += [(packets, gap) for packets in both for gap in gaps]


class Walk:
    """Walks through one table.

    With `reuse`, the path of a client through its chain is walked once for all servers and restricted to the packets at
    hand, without those that it drops. If such a result has `forks`, what is undecided is not known: walk again without.
    """

    def __init__(self, reading: Reading, budget: Budget, *, reuse: bool = False) -> None:
        self.reading = reading
        self.budget = budget
        self.reuse = reuse
        self._paths: dict[tuple[str, AddressSet], WalkResult] = {}

    def forward(self, region: Iterable[PacketSet]) -> WalkResult:
        """What happens to packets in the forward hook; all are undecided once the budget is spent."""
        packets = list(region)
        found = self._forward(packets)
        if not self.budget.is_spent:
            return found
        gap = ProofGap(GapKind.UNKNOWN, str(self.budget))
        return WalkResult(undecided=[(each, gap) for each in packets])

    def _forward(self, region: list[PacketSet]) -> WalkResult:
        chains = base_chains(self.reading.ruleset)
        judged, others = _judged(self.reading.ruleset, region)
        found = WalkResult()
        passing = judged
        for chain in chains:
            step = self._base(chain, passing)
            found.dropped += step.dropped
            found.undecided += step.undecided
            found.forks += step.forks
            found.accepted = step.accepted
            passing = merged([packets for packets, _ in step.accepted])
        if not chains:
            others = judged + others
        found.accepted += [(packets, NO_CHAIN) for packets in others]
        found.settle(self.budget)
        return found

    def _base(self, chain: Chain, region: list[PacketSet]) -> WalkResult:
        found = self._run(chain.name, region, (chain.name,))
        assert chain.base is not None  # that is what makes it a base chain
        end = RulePosition(chain.name, None, f"policy {chain.base.policy.name.lower()}")
        to = found.accepted if chain.base.policy is ChainPolicy.ACCEPT else found.dropped
        to += [(packets, end) for packets in found.returned]
        found.returned = []
        return found

    def _run(self, chain: str, region: list[PacketSet], path: tuple[str, ...]) -> WalkResult:
        out = WalkResult()
        extra = sum(map(stretches, region))
        for step in self.reading.steps(chain):
            if not region or not self.budget.take(step.weight * len(region) + extra):
                return out
            left = self._step(step, region, out, path)
            if left is not region:
                region, extra = left, sum(map(stretches, left))
        out.returned = merged(out.returned + region)
        return out

    def _step(self, step: RuleStep, region: list[PacketSet], out: WalkResult, path: tuple[str, ...]) -> list[PacketSet]:
        """Send packets through one rule; those that go on to the next, as the same list if that is all of them."""
        whole = region
        missed: list[PacketSet] = []
        for condition in step.conditions:
            region, more, free = _split(condition, region)
            missed += more
            if free:
                out.forks.append(step.position)
            if not region:
                same = len(missed) == len(whole) and all(map(is_, missed, whole))
                return whole if same else merged(missed)
        if step.unknown:
            gap = ProofGap(GapKind.UNKNOWN, step.unknown, step.position)
            out.undecided += [(packets, gap) for packets in region]
        elif step.action is None:
            missed += region
        elif isinstance(step.action, DispatchByContext):
            missed += self._dispatch(step.action, step.position, region, out, path)
        elif isinstance(step.action, Verdict):
            missed += self._verdict(step.action, step.position, region, out, path)
        else:
            out.dropped += [(packets, step.position) for packets in region]  # reject: drop and answer the sender
        return merged(missed)

    def _dispatch(
        self,
        action: DispatchByContext,
        position: RulePosition,
        region: list[PacketSet],
        out: WalkResult,
        path: tuple[str, ...],
    ) -> list[PacketSet]:
        onward: list[PacketSet] = []
        for contexts, dispatch in action.branches:
            for packets in region:
                if not packets.contexts & contexts:
                    continue
                dispatched = dispatch.split(_in_contexts(packets, packets.contexts & contexts))
                onward += dispatched.missed
                if dispatched.free and dispatched.matched:
                    out.forks.append(position)
                by_client = dispatch.clients is not None
                for verdict, found in dispatched.matched:
                    onward += self._verdict(verdict, position, found, out, path, by_client=by_client)
        return onward

    def _verdict(
        self,
        verdict: Verdict,
        position: RulePosition,
        region: list[PacketSet],
        out: WalkResult,
        path: tuple[str, ...],
        *,
        by_client: bool = False,
    ) -> list[PacketSet]:
        """Apply a verdict; the packets that go on to the next rule."""
        match verdict.kind:
            case VerdictKind.ACCEPT:
                out.accepted += [(packets, position) for packets in region]
            case VerdictKind.DROP:
                out.dropped += [(packets, position) for packets in region]
            case VerdictKind.RETURN:
                out.returned += region
            case VerdictKind.CONTINUE:
                return region
            case VerdictKind.JUMP | VerdictKind.GOTO:
                found = self._visit(verdict.chain, position, region, path, by_client)
                out.add(found)
                if verdict.kind is VerdictKind.JUMP:
                    return found.returned
                out.returned += found.returned
        return []

    def _visit(
        self, chain: str, position: RulePosition, region: list[PacketSet], path: tuple[str, ...], by_client: bool
    ) -> WalkResult:
        if chain in path or len(path) > _DEEPEST:
            gap = ProofGap(GapKind.UNKNOWN, f"leads back to chain {chain}, or jumps are nested too deeply", position)
            return WalkResult(undecided=[(packets, gap) for packets in region])
        if not self.reuse or not by_client:
            return self._run(chain, region, (*path, chain))
        found = WalkResult()
        for packets in region:
            key = (chain, packets.clients)
            known = self._paths.get(key)
            if known is None:
                everything = PacketSet(ALL_CONTEXTS, packets.clients, Traffic.ALL)
                known = self._paths[key] = self._run(chain, [everything], (*path, chain))
            _restrict(known, packets, found)
        return found


def _restrict(known: WalkResult, packets: PacketSet, out: WalkResult) -> None:
    """Add what happens to `packets` according to the path of all packets of their clients."""
    out.returned += [both for each in known.returned if (both := intersection(packets, each))]
    out.accepted += [(both, position) for each, position in known.accepted if (both := intersection(packets, each))]
    out.undecided += [(both, gap) for each, gap in known.undecided if (both := intersection(packets, each))]
    out.forks += known.forks


def _split(condition: RelationByContext, region: list[PacketSet]) -> tuple[list[PacketSet], list[PacketSet], bool]:
    """The packets for which a condition holds, those for which it does not, and whether that is free."""
    inside: list[PacketSet] = []
    outside: list[PacketSet] = []
    free = False
    for packets in region:
        left = packets.contexts
        for contexts, relation in condition:
            now = left & contexts
            if not now:
                continue
            left &= ~now
            yes, no = relation.split(_in_contexts(packets, now))
            inside += yes
            outside += no
            free = free or (relation.free and bool(yes))
        if left:
            outside.append(_in_contexts(packets, left))
    return inside, outside, free


def _in_contexts(packets: PacketSet, contexts: int) -> PacketSet:
    """The packets in some of their contexts; the same object if that is all of them."""
    return packets if contexts == packets.contexts else packets._replace(contexts=contexts)


def base_chains(ruleset: AnyRuleset) -> list[Chain]:
    """The chains that judge forwarded packets, in the order in which the kernel runs them."""
    if TableFlags.DORMANT in ruleset.table.flags:
        return []
    chains = ruleset.chains.values()
    found = [each for each in chains if each.base is not None and each.base.hook is Hook.FORWARD]
    return sorted(found, key=lambda each: each.base.priority if each.base else 0)


def _judged(ruleset: AnyRuleset, region: list[PacketSet]) -> tuple[list[PacketSet], list[PacketSet]]:
    """The packets that a table of this family sees, and the others."""
    seen = {Family.INET: AddressSet.ALL, Family.IP: AddressSet.V4, Family.IP6: AddressSet.V6}
    family = seen.get(ruleset.table.family, AddressSet.NONE)
    if family is AddressSet.ALL:
        return region, []
    judged = [packets._replace(clients=packets.clients & family) for packets in region]
    others = [packets._replace(clients=packets.clients - family) for packets in region]
    return [packets for packets in judged if packets.clients], [packets for packets in others if packets.clients]


def unmodelled(ruleset: AnyRuleset) -> Iterator[ProofGap]:
    """What a table holds that a walk through the forward hook does not cover."""
    for each in sorted(ruleset.unknown, key=lambda each: each.what):
        yield ProofGap(GapKind.UNKNOWN, str(each))
    for chain in ruleset.chains.values():
        if chain.base is not None and (chain.base.hook is not Hook.FORWARD or chain.base.type != "filter"):
            reason = f"judges packets at {chain.base.type} {chain.base.hook.name.lower()}"
            yield ProofGap(GapKind.HOOK, reason, RulePosition(chain.name))
    if ruleset.table.family not in (Family.INET, Family.IP, Family.IP6):
        yield ProofGap(GapKind.HOOK, f"a table of the family {ruleset.table.family} judges no IP packets")
