"""Checks of port names: each destination pod defines the number of a name, or has no port with this name.

Names are resolved on the destination pods: for ingress those that the policy selects, for egress the peers. Where the
input may lack some of these, nothing is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pyroaring import BitMap

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review, Server, WrittenPolicy, WrittenPort, WrittenRule
from haechi.analysis.lint.wording import name_list
from haechi.engine import ANY_POD, PodSelection, PolicyRule
from haechi.model import Direction, Severity
from haechi.sets import PROTOCOL_NAMES

_MOST_COMPARED, _LONGEST = 200, 63  # names that a guess compares, and their characters
_Named = tuple[WrittenPort, int, str]  # an item of `ports` with its IP protocol and its name


def _names(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenRule, PolicyRule, _Named]]:
    """Every port name of rules in force."""
    for policy in review.policies:
        for rule, read in policy.effective:
            for port in rule.ports:
                for protocol, name in port.names:
                    yield policy, rule, read, (port, protocol, name)


def _served(review: Review) -> Iterator[tuple[WrittenPolicy, _Named, frozenset[PodSelection], frozenset[Server]]]:
    """Every port name, with all pods on which it is resolved."""
    for policy, rule, read, named in _names(review):
        selections = review.destinations(policy, rule, read)
        if selections is not None:
            yield policy, named, selections, review.servers.of(selections)


def _pods(review: Review, selections: Iterable[PodSelection]) -> list[int]:
    return sorted({number for selection in selections for number in review.pods(selection)})


def _workloads(review: Review, pods: Iterable[int]) -> str:
    return name_list(sorted(str(owner) for owner, _ in review.inventory.workloads_of(BitMap(pods))))


@check(
    "named-port-unknown",
    Severity.ERROR,
    "No container of the destination pods has a port with this name.",
)
def named_port_unknown(review: Review) -> Iterator[Diagnostic]:
    """Names that none of the destination pods has."""
    for policy, (port, protocol, name), selections, servers in _served(review):
        known = [one for server in servers for one in server.listed if one.name]
        if any(one.name == name for one in known):
            continue
        names = sorted({one.name for one in known if one.protocol == protocol} or {one.name for one in known})
        near, workloads = _nearest(name, names), _workloads(review, _pods(review, selections))
        yield Diagnostic(
            policy.object,
            port.path,
            f"no container of {workloads} has a port named {name}, so this allows nothing",
            f"did you mean {near}?" if near else _alternative(names),
        )


def _nearest(name: str, names: list[str]) -> str:
    """The name that looks most like it, if one does; valid names have at most 15 characters."""
    short = [one for one in names[:_MOST_COMPARED] if len(one) <= _LONGEST]
    return next(iter(get_close_matches(name, short, 1)), "") if len(name) <= _LONGEST else ""


def _alternative(names: list[str]) -> str:
    return (
        f"their ports are named {name_list(names)}" if names else "use the number, or name the port in the containers"
    )


@check(
    "named-port-protocol",
    Severity.ERROR,
    "The port with this name has another protocol.",
)
def named_port_protocol(review: Review) -> Iterator[Diagnostic]:
    """Names that the destination pods have only for other protocols."""
    for policy, (port, protocol, name), selections, servers in _served(review):
        protocols = {one.protocol for server in servers for one in server.listed if one.name == name}
        if protocols and protocol not in protocols:
            words = name_list(sorted(PROTOCOL_NAMES[one] for one in protocols))
            default = "" if port.written.protocol else ", the default"
            yield Diagnostic(
                policy.object,
                port.path,
                f"{name} is a {words} port of {_with_port(review, selections, name)}, "
                f"not {PROTOCOL_NAMES[protocol]}{default}",
                f"write protocol: {words}" if len(protocols) == 1 else f"write one item for each of {words}",
            )


def _with_port(review: Review, selections: Iterable[PodSelection], name: str) -> str:
    """The workloads whose pods list a port with a name, in words."""
    numbers = _pods(review, selections)
    found = [n for n in numbers if any(port.name == name for port in review.servers.at(n).listed)]
    return _workloads(review, found)


@check(
    "named-port-to-ipblock",
    Severity.WARNING,
    "Only pods have port names, so the name allows nothing to other addresses of the ipBlock.",
)
def named_port_to_ipblock(review: Review) -> Iterator[Diagnostic]:
    """Egress rules with port names and ipBlocks."""
    for policy, rule, read, (port, _, name) in _names(review):
        if rule.direction is Direction.EGRESS and read.peers.blocks:
            blocks = [peer.written.ip_block.cidr for peer in rule.peers if peer.written.ip_block is not None]
            yield Diagnostic(
                policy.object,
                port.path,
                f"only pods have named ports, so {name} allows nothing to other addresses of {name_list(blocks)}",
                "use the number",
            )


@check(
    "named-port-differs",
    Severity.NOTE,
    "The name is a different number on different pods.",
    on_request=True,
)
def named_port_differs(review: Review) -> Iterator[Diagnostic]:
    """Names by which a rule allows more than one number."""
    for policy, rule, read, (port, protocol, name) in _names(review):
        ingress = rule.direction is Direction.INGRESS
        selections = [policy.policy.subject] if ingress else [*read.peers.selections]
        if read.peers.anywhere and not ingress:
            selections = [ANY_POD]
        servers = review.servers.of(selections)
        if len({one.number for server in servers for one in server.listed if one[:2] == (protocol, name)}) > 1:
            examples = name_list(_examples(review, selections, protocol, name))
            yield Diagnostic(policy.object, port.path, f"{name} is a different number on different pods: {examples}")


def _examples(review: Review, selections: Iterable[PodSelection], protocol: int, name: str) -> Iterator[str]:
    """A pod for each number of a name, in words."""
    numbers: dict[int, int] = {}
    for pod in _pods(review, selections):
        for port in review.servers.at(pod).listed:
            if port[:2] == (protocol, name):
                numbers.setdefault(port.number, pod)
    for number, pod in sorted(numbers.items()):
        yield f"{number} on {review.endpoints([pod])[0].key}"


CHECKS: tuple[Check, ...] = (
    named_port_unknown,
    named_port_protocol,
    named_port_to_ipblock,
    named_port_differs,
)
