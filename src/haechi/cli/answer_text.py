"""The answer of `haechi can` in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from haechi.analysis.cluster import ports_text
from haechi.analysis.why import kubectl_command, yaml_text
from haechi.cli.terminal import Style, Terminal
from haechi.cli.wording import first_names
from haechi.model import Action, printable
from haechi.sets import PROTOCOL_NAMES, protocol_text

if TYPE_CHECKING:
    from haechi.analysis.reach import Difference
    from haechi.analysis.why import Answer, PacketAnswer, ResolvedService, SideAnswer, TierAnswer, WhatIf
    from haechi.model import AnyRuleRef

_MOST = 5
"""Connections that are listed of what a proposal opens."""


def write_text(out: Terminal, answer: Answer, what_ifs: Mapping[PacketAnswer, WhatIf]) -> None:
    """The verdict, the Service if it is about one, and each packet with its reasons and what could be changed."""
    packets = answer.shown
    word, style = ("allowed", Style.GREEN) if answer.allowed else ("denied", Style.RED)
    out.line(word, style)
    if answer.service is not None:
        _service(out, answer.service)
    if not packets:
        out.line(f"{answer.source} and {answer.destination} have no address of the same family")
    for one in packets:
        _packet(out, one)
        if one in what_ifs:
            _what_if(out, one, what_ifs[one])


def _what_if(out: Terminal, one: PacketAnswer, found: WhatIf) -> None:
    """Additions, each with all that it opens, then changes that open more."""
    for proposal in found.proposals:
        whose = ", by a policy of the whole cluster" if proposal.is_cluster_wide else ""
        out.line(f"  would be allowed{whose}: {' and '.join(map(str, proposal.additions))}")
        for number, addition in enumerate(proposal.additions, 1):
            if len(proposal.additions) > 1:
                out.line(f"    {number} of {len(proposal.additions)}: {addition}")
            for line in yaml_text(addition).splitlines():
                out.line(f"      {line}")
        _opened(out, "also opens", proposal.further, "nothing else")
        _opened(out, "and for pods to come", proposal.exposed, "nothing")
        if proposal.patch:
            out.line("    as a patch (patch -p0):")
            for line in proposal.patch.removesuffix("\n").split("\n"):
                out.write(f"      {printable(line)}\n")
        else:
            for addition in proposal.additions:
                out.line(f"    in a cluster: {kubectl_command(addition)}")
    words = "would be denied" if one.allowed else "would be allowed, but opens more"
    for changes in found.changes:
        out.line(f"  {words}: {'; '.join(map(str, changes))}")
    if not found.proposals and not found.changes:
        out.line(f"  no small change would make it {'denied' if one.allowed else 'allowed'}")


def _opened(out: Terminal, words: str, found: Sequence[Difference], nothing: str) -> None:
    if not found:
        out.line(f"    {words}: {nothing}")
    for one in found[:_MOST]:
        out.line(f"    {words}: {one.source} -> {one.destination}: {ports_text(one.after - one.before)}")
    if len(found) > _MOST:
        out.line(f"    {words}: and {len(found) - _MOST} more (-o json lists all)")


def _service(out: Terminal, service: ResolvedService) -> None:
    """`svc/shop/db:5432 → pods shop/db-0 TCP 5432 and shop/db-1 TCP 5432`."""
    backends = first_names(list(map(str, service.backends)))
    out.line(f"{service} → {'pod' if len(service.backends) == 1 else 'pods'} {backends}")
    for note in service.notes:
        out.line(f"  {note}")


def _packet(out: Terminal, one: PacketAnswer) -> None:
    port = f" {one.packet.port}" if one.packet.protocol in PROTOCOL_NAMES else ""
    ends = [
        f"{name} ({address})" if name else str(address)
        for name, address in ((one.source, one.packet.source), (one.destination, one.packet.destination))
    ]
    on = f"{protocol_text(one.packet.protocol)}{port}"
    out.line(f"{ends[0]} -> {ends[1]} on {on}: {'allowed' if one.allowed else 'denied'}")
    for side, address in ((one.egress, one.packet.source), (one.ingress, one.packet.destination)):
        _side(out, side, str(side.subject or address))


def _side(out: Terminal, side: SideAnswer, who: str) -> None:
    direction = side.direction.lower()
    verdict = "allowed" if side.allowed else "denied"
    if not side.isolating and not side.tiers:
        reason = "no policy applies" if side.allowed else "several pods claim an address"
        out.line(f"  {direction} of {who}: {verdict}, {reason}")
        return
    out.line(f"  {direction} of {who}: {verdict}")
    if side.tiers:
        out.line(f"    {side.trace}")
    for tier in side.tiers:
        _tier(out, tier, is_denied=not side.allowed)
    if side.decided_by is None and side.isolating:
        _isolated(out, side)


_DONE = {Action.ACCEPT: "accepted", Action.DENY: "denied", Action.PASS: "passed on"}


def _tier(out: Terminal, tier: TierAnswer, *, is_denied: bool) -> None:
    if tier.rule is not None and tier.action is not None:
        out.line(f"    {_DONE[tier.action]} by {_ref(tier.rule)}")
        for part in (*tier.peers, *tier.ports):
            out.line(f"      through {part.path}{_at(part.location)}")
        for defect in tier.defects:
            out.line(f"      cannot be read and so denies everything: {defect}")
    for rule in tier.by_name if is_denied else ():
        out.line(f"    an Accept by name matches no address here: {_ref(rule)}")


def _isolated(out: Terminal, side: SideAnswer) -> None:
    for policy, location in side.isolating:
        out.line(f"    isolated by {policy}{_at(location)}")
    for rule in side.allowing:
        out.line(f"    allowed by {_ref(rule.rule)}")
        for part in (*rule.peers, *rule.ports):
            out.line(f"      through {part.path}{_at(part.location)}")
    if side.nearest is not None:
        mismatches = "; ".join(mismatch.words for mismatch in side.nearest.mismatches)
        out.line(f"    nearest is {_ref(side.nearest.rule)}: {mismatches}")
        if (peer := side.nearest.nearest_peer) is not None:
            out.line(f"      nearest peer is {peer.path}{_at(peer.location)}")
    elif not side.allowed:
        out.line("    none of them has a rule for this direction")


def _at(location: object) -> str:
    return "" if location is None else f" at {location}"


def _ref(rule: AnyRuleRef) -> str:
    return f"{rule.policy} {rule.path}{_at(rule.location)}"
