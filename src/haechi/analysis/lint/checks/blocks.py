"""Checks of ipBlocks: the addresses that they include by mistake, and the ones that they exclude.

Synthetic addresses of pods are ignored. A block that is a whole family (`0.0.0.0/0`, `::/0`) is meant for everyone and
includes nothing by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import (
    AddressOwners,
    Backends,
    Review,
    WrittenPeer,
    WrittenPolicy,
    WrittenRule,
    addressed_pods,
    pod_addresses,
    pod_ranges,
    redundant_sets,
    service_addresses,
)
from haechi.analysis.lint.finding import Fix
from haechi.analysis.lint.wording import name_list
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
    Severity,
    parse_cidr,
)
from haechi.sets import AddressSet, point_to_text

_FAMILIES = {4: AddressSet.V4, 6: AddressSet.V6}


@check(
    "ipblock-covers-pods",
    Severity.WARNING,
    "An ipBlock includes addresses of pods; whether it applies to pods depends on the network plugin.",
)
def ipblock_covers_pods(review: Review) -> Iterator[Diagnostic]:
    """Blocks, other than whole families, with an address of a pod or from the `podCIDRs` of a node."""
    pods = pod_addresses(review.cluster)
    ranges = [(node.name, own) for node in review.cluster.nodes for own in pod_ranges(node)]
    known: dict[AddressSet, str] = {}
    for policy, peer, block in _narrow(review):
        if block not in known:
            known[block] = _included(block, pods, ranges)
        if known[block]:
            dependence = "whether an ipBlock applies to pods depends on the network plugin"
            message = f"{_cidr(peer)} includes {known[block]}; {dependence}"
            hint = "select pods by podSelector and namespaceSelector, or exclude their addresses with except"
            yield Diagnostic(policy.object, (*peer.path, "ipBlock"), message, hint)


def _included(block: AddressSet, pods: AddressOwners[PodKey], ranges: list[tuple[str, AddressSet]]) -> str:
    """The addresses of pods in a block, in words; empty if it has none."""
    for point, key in pods.within(block):
        others = pods.count(block) - 1
        more = f" and {others} other pod addresses" if others > 1 else " and another pod address"
        return f"{point_to_text(point)} of pod {key}{more if others else ''}"
    for name, own in ranges:
        if not own.isdisjoint(block):
            return f"addresses that node {name} assigns to its pods ({own})"
    return ""


@check(
    "ipblock-covers-services",
    Severity.WARNING,
    "An egress ipBlock includes the address of a Service, but policies apply to the pods behind it.",
)
def ipblock_covers_services(review: Review) -> Iterator[Diagnostic]:
    """Egress blocks with an address of a Service, but not of the pods behind it as far as they are known."""
    services, backends = service_addresses(review.cluster), Backends(review.cluster)
    known: dict[AddressSet, tuple[str, str]] = {}
    for policy, peer, block in _narrow(review, Direction.EGRESS):
        if block not in known:
            useless = ((point, one) for point, one in services.within(block) if not backends.may_be_in(one, block))
            known[block] = next((_service_words(point, one) for point, one in useless), ("", ""))
        words, hint = known[block]
        if words:
            message = (
                f"{_cidr(peer)} includes {words}, but policies apply to the pods behind a Service, not its address"
            )
            yield Diagnostic(policy.object, (*peer.path, "ipBlock"), message, hint)


def _service_words(point: int, service: Service) -> tuple[str, str]:
    """The address in the block, and what to allow instead."""
    backends = "pods behind it by podSelector and namespaceSelector" if service.spec.selector else "addresses behind it"
    return f"{point_to_text(point)} of Service {service.key}", f"allow the {backends}"


@check("ipblock-empty", Severity.ERROR, "The excepts of an ipBlock exclude all of it, so it allows nothing.")
def ipblock_empty(review: Review) -> Iterator[Diagnostic]:
    """Blocks whose excepts together cover the cidr."""
    for policy, _, peer, block in _readable(review):
        if not block:
            message = f"the excepts exclude all of {_cidr(peer)}, so this item allows nothing"
            yield Diagnostic(policy.object, (*peer.path, "ipBlock"), message, "delete an except, or the item")


@check("redundant-except", Severity.WARNING, "An except is covered by the other excepts of its ipBlock.")
def redundant_except(review: Review) -> Iterator[Diagnostic]:
    """Excepts that can be deleted."""
    for policy, _, peer, _ in _readable(review):
        excepts = _block(peer).except_
        for number, others in _redundant(peer).items():
            path = (*peer.path, "ipBlock", "except", number)
            message = f"{excepts[number]} is already excluded by {name_list(excepts[n] for n in others)}"
            yield Diagnostic(policy.object, path, message, "delete it", Fix("delete the except", (Edit(path),)))


@check("cidr-host-bits", Severity.WARNING, "A CIDR has bits set beyond its prefix length; they are ignored.")
def cidr_host_bits(review: Review) -> Iterator[Diagnostic]:
    """CIDRs such as 10.0.0.5/24, which is 10.0.0.0/24."""
    for policy, _, peer in _blocks(review):
        block = _block(peer)
        path = (*peer.path, "ipBlock")
        yield from _host_bits(policy.object, (*path, "cidr"), block.cidr)
        for number, text in enumerate(block.except_):
            yield from _host_bits(policy.object, (*path, "except", number), text)


def _host_bits(policy: NetworkPolicy, path: Path, text: str) -> Iterator[Diagnostic]:
    """No fix: the network would hide that one address may have been meant, and the address changes verdicts."""
    cidr = _parsed(text)
    if cidr is not None and cidr.has_host_bits:
        message = f"{text} is {cidr.canonical}: bits beyond the prefix length are ignored"
        one = "" if cidr.mapped else f", or {cidr.single} for the single address"
        yield Diagnostic(policy, path, message, f"write {cidr.canonical}{one}")


@check(
    "one-family",
    Severity.WARNING,
    "A rule allows every address of one IP family and none of the other, but pods have both.",
)
def one_family(review: Review) -> Iterator[Diagnostic]:
    """Rules with `0.0.0.0/0` or `::/0` and no ipBlock of the other family, where pods have addresses of both."""
    pods = (AddressSet.of(*one.addresses) for one in addressed_pods(review.cluster))
    if not any(own.v4 and own.v6 for own in pods):
        return
    for policy in review.policies:
        for rule, _ in policy.effective:
            found = [(peer, family) for peer in _blocks_of(rule) for family in _FAMILIES if _is_whole(peer, family)]
            allowed = AddressSet.union_all([AddressSet.from_cidr(_cidr(peer)) for peer in _blocks_of(rule)])
            for peer, family in found[:1]:
                other = 4 if family == 6 else 6
                if allowed.isdisjoint(_FAMILIES[other]):
                    missing = f"no ipBlock of this rule has IPv{other} addresses"
                    message = f"{_cidr(peer)} is every IPv{family} address, but {missing}"
                    hint = f"add {_FAMILIES[other]}, or a part of it: the pods have addresses of both families"
                    yield Diagnostic(policy.object, (*peer.path, "ipBlock"), message, hint)


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
    """Every item with a readable ipBlock, and its addresses."""
    for policy, rule, peer in _blocks(review):
        if peer.peers is not None:
            yield policy, rule, peer, peer.peers.blocks


def _narrow(
    review: Review, direction: Direction | None = None
) -> Iterator[tuple[WrittenPolicy, WrittenPeer, AddressSet]]:
    """The blocks of rules in force, without whole families."""
    for policy, rule, peer, block in _readable(review):
        is_relevant = rule.in_force and rule.direction is (direction or rule.direction)
        if is_relevant and not any(_is_whole(peer, family) for family in _FAMILIES):
            yield policy, peer, block


def _is_whole(peer: WrittenPeer, family: int) -> bool:
    return AddressSet.from_cidr(_cidr(peer)) == _FAMILIES[family]


def _block(peer: WrittenPeer) -> IPBlock:
    return peer.written.ip_block or IPBlock()


def _cidr(peer: WrittenPeer) -> str:
    return _block(peer).cidr


def _redundant(peer: WrittenPeer) -> dict[int, tuple[int, ...]]:
    """The indexes of excepts of a readable block that the others cover, each with those of the others."""
    excepts = _block(peer).except_
    if peer.peers is None or len(excepts) < 2:
        return {}
    return redundant_sets([AddressSet.from_cidr(text) for text in excepts])


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
