"""Checks of ipBlocks: what they hold besides what was meant.

They judge addresses as given: those that Haechi chose for pods without one say nothing. A block that is a whole family
(`0.0.0.0/0`, `::/0`) means everybody and is never said to hold somebody by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import (
    Behind,
    Holders,
    Review,
    WrittenPeer,
    WrittenPolicy,
    WrittenRule,
    addresses,
    superfluous,
)
from haechi.analysis.lint.finding import Fix, Severity
from haechi.analysis.lint.wording import several
from haechi.model import (
    Cidr,
    CidrError,
    Direction,
    Edit,
    IPBlock,
    NetworkPolicy,
    Path,
    PodKey,
    Service,
    parse_cidr,
)
from haechi.sets import AddressSet, point_to_text

_FAMILIES = {4: AddressSet.V4, 6: AddressSet.V6}


@check(
    "ipblock-covers-pods",
    Severity.WARNING,
    "An ipBlock holds addresses of pods; whether it means pods depends on the network.",
)
def ipblock_covers_pods(review: Review) -> Iterator[Found]:
    """Blocks that are no whole family and hold an address of a pod, or of those that a node gives to pods."""
    pods = addresses.pods(review.cluster)
    ranges = [(node.name, own) for node in review.cluster.nodes for own in addresses.ranges(node)]
    known: dict[AddressSet, str] = {}
    for policy, peer, block in _narrow(review):
        if block not in known:
            known[block] = _held(block, pods, ranges)
        if known[block]:
            message = f"{_cidr(peer)} holds {known[block]}; whether an ipBlock means pods depends on the network"
            hint = "mean pods by podSelector and namespaceSelector, or put their addresses under except"
            yield Found(policy.object, (*peer.path, "ipBlock"), message, hint)


def _held(block: AddressSet, pods: Holders[PodKey], ranges: list[tuple[str, AddressSet]]) -> str:
    for point, key in pods.within(block):
        others = pods.count(block) - 1
        more = f" and {others} more addresses of pods" if others > 1 else " and another address of a pod"
        return f"{point_to_text(point)} of pod {key}{more if others else ''}"
    for name, own in ranges:
        if not own.isdisjoint(block):
            return f"addresses that node {name} has for its pods ({own})"
    return ""


@check(
    "ipblock-covers-services",
    Severity.WARNING,
    "An egress ipBlock holds the address of a Service, but policies judge the pods behind it.",
)
def ipblock_covers_services(review: Review) -> Iterator[Found]:
    """Egress blocks with an address of a Service whose pods, as far as they are known, are not in the block."""
    services, behind = addresses.services(review.cluster), Behind(review.cluster)
    known: dict[AddressSet, tuple[str, str]] = {}
    for policy, peer, block in _narrow(review, Direction.EGRESS):
        if block not in known:
            missed = ((point, one) for point, one in services.within(block) if not behind.may_meet(one, block))
            known[block] = next((_service_words(point, one) for point, one in missed), ("", ""))
        words, hint = known[block]
        if words:
            message = f"{_cidr(peer)} holds {words}, but policies judge the pod behind a Service, not its address"
            yield Found(policy.object, (*peer.path, "ipBlock"), message, hint)


def _service_words(point: int, service: Service) -> tuple[str, str]:
    """What a block holds, and what to do instead."""
    whom = "pods behind it by podSelector and namespaceSelector" if service.spec.selector else "addresses behind it"
    return f"{point_to_text(point)} of Service {service.key}", f"allow the {whom}"


@check("ipblock-empty", Severity.ERROR, "The excepts of an ipBlock leave nothing of it: it means nobody.")
def ipblock_empty(review: Review) -> Iterator[Found]:
    """Blocks whose excepts together cover the cidr."""
    for policy, _, peer, block in _readable(review):
        if not block:
            message = f"the excepts leave nothing of {_cidr(peer)}, so this item means nobody"
            yield Found(policy.object, (*peer.path, "ipBlock"), message, "delete an except, or the item")


@check("redundant-except", Severity.WARNING, "An except lies within the other excepts of its ipBlock.")
def redundant_except(review: Review) -> Iterator[Found]:
    """Excepts that the others of the same block cover."""
    for policy, _, peer, _ in _readable(review):
        excepts = _block(peer).except_
        for number, others in _needless(peer).items():
            path = (*peer.path, "ipBlock", "except", number)
            message = f"{excepts[number]} is excepted by {several(excepts[n] for n in others)} already"
            yield Found(policy.object, path, message, "delete it", Fix("delete the except", (Edit(path),)))


@check("cidr-host-bits", Severity.WARNING, "A CIDR has bits beyond its prefix length; they do not count.")
def cidr_host_bits(review: Review) -> Iterator[Found]:
    """Such as 10.0.0.5/24, which means 10.0.0.0/24."""
    for policy, _, peer in _blocks(review):
        block = _block(peer)
        path = (*peer.path, "ipBlock")
        yield from _host_bits(policy.object, (*path, "cidr"), block.cidr, fixed=True)
        needless = _needless(peer)
        for number, text in enumerate(block.except_):
            yield from _host_bits(policy.object, (*path, "except", number), text, fixed=number not in needless)


def _host_bits(policy: NetworkPolicy, path: Path, text: str, *, fixed: bool) -> Iterator[Found]:
    """`fixed`: whether it is to stay, so that it can be written anew."""
    cidr = _parsed(text)
    if cidr is not None and cidr.has_host_bits:
        fix = Fix(f"write {cidr.canonical}", (Edit(path, cidr.canonical),)) if fixed else None
        message = f"{text} means {cidr.canonical}: bits beyond the prefix length do not count"
        one = "" if cidr.mapped else f", or {cidr.single} for the one address"
        yield Found(policy, path, message, f"write {cidr.canonical}{one}", fix)


@check("one-family", Severity.WARNING, "Every address of one family is meant and none of the other; pods have both.")
def one_family(review: Review) -> Iterator[Found]:
    """Rules with `0.0.0.0/0` or `::/0` and no ipBlock of the other family, where pods have addresses of both."""
    pods = (AddressSet.of(*one.addresses) for one in addresses.given(review.cluster))
    if not any(own.v4 and own.v6 for own in pods):
        return
    for policy in review.policies:
        for rule, _ in policy.effective:
            found = [(peer, family) for peer in _blocks_of(rule) for family in _FAMILIES if _is_whole(peer, family)]
            held = AddressSet.union_all([AddressSet.from_cidr(_cidr(peer)) for peer in _blocks_of(rule)])
            for peer, family in found[:1]:
                other = 4 if family == 6 else 6
                if held.isdisjoint(_FAMILIES[other]):
                    message = (
                        f"{_cidr(peer)} is every IPv{family} address, but no ipBlock of this rule has IPv{other} ones"
                    )
                    hint = f"add {_FAMILIES[other]}, or a part of it: the pods have addresses of both families"
                    yield Found(policy.object, (*peer.path, "ipBlock"), message, hint)


# -- blocks ----------------------------------------------------------------------------------------------------------


def _blocks(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenRule, WrittenPeer]]:
    """Every item with an ipBlock, readable or not."""
    for policy in review.policies:
        for rule in policy.rules:
            for peer in _blocks_of(rule):
                yield policy, rule, peer


def _blocks_of(rule: WrittenRule) -> list[WrittenPeer]:
    return [peer for peer in rule.peers if peer.written.ip_block is not None]


def _readable(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenRule, WrittenPeer, AddressSet]]:
    """Every item with an ipBlock that means something, and its addresses."""
    for policy, rule, peer in _blocks(review):
        if peer.peers is not None:
            yield policy, rule, peer, peer.peers.blocks


def _narrow(
    review: Review, direction: Direction | None = None
) -> Iterator[tuple[WrittenPolicy, WrittenPeer, AddressSet]]:
    """The blocks of rules that count, without whole families."""
    for policy, rule, peer, block in _readable(review):
        counts = rule.in_force and rule.direction is (direction or rule.direction)
        if counts and not any(_is_whole(peer, family) for family in _FAMILIES):
            yield policy, peer, block


def _is_whole(peer: WrittenPeer, family: int) -> bool:
    return AddressSet.from_cidr(_cidr(peer)) == _FAMILIES[family]


def _block(peer: WrittenPeer) -> IPBlock:
    return peer.written.ip_block or IPBlock()


def _cidr(peer: WrittenPeer) -> str:
    return _block(peer).cidr


def _needless(peer: WrittenPeer) -> dict[int, tuple[int, ...]]:
    """The excepts of a readable block that the others cover, each with those others."""
    excepts = _block(peer).except_
    if peer.peers is None or len(excepts) < 2:
        return {}
    return superfluous([AddressSet.from_cidr(text) for text in excepts])


def _parsed(text: str) -> Cidr | None:
    try:
        return parse_cidr(text)
    except CidrError:
        return None


CHECKS: tuple[Check, ...] = (
    ipblock_covers_pods,
    ipblock_covers_services,
    ipblock_empty,
    redundant_except,
    cidr_host_bits,
    one_family,
)
