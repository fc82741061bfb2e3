"""Checks of port names: each pod that receives says itself which number a name is, or that it has none.

A name is looked up on the pods that receive: the policy's own for ingress, the peers for egress. The checks are silent
where the input may not have all of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pyroaring import BitMap

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Review, Server, WrittenPolicy, WrittenPort, WrittenRule
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.engine import ANY_POD, PodSelection, PolicyRule
from haechi.model import Direction
from haechi.sets import PROTOCOL_NAMES

_GUESSED, _LONGEST = 200, 63  # names that a guess looks at, and their characters
_Named = tuple[WrittenPort, int, str]  # an item of `ports` with its IP protocol and its name


def _names(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenRule, PolicyRule, _Named]]:
    """Every port name of rules that count."""
    for policy in review.policies:
        for rule, meaning in policy.effective:
            for port in rule.ports:
                for protocol, name in port.names:
                    yield policy, rule, meaning, (port, protocol, name)


def _served(review: Review) -> Iterator[tuple[WrittenPolicy, _Named, frozenset[PodSelection], frozenset[Server]]]:
    """Every port name, with all pods on which it is looked up."""
    for policy, rule, meaning, named in _names(review):
        selections = review.serving(policy, rule, meaning)
        if selections is not None:
            yield policy, named, selections, review.servers.of(selections)


def _pods(review: Review, selections: Iterable[PodSelection]) -> list[int]:
    return sorted({number for selection in selections for number in review.pods(selection)})


def _workloads(review: Review, pods: Iterable[int]) -> str:
    return several(sorted(str(owner) for owner, _ in review.population.workloads_of(BitMap(pods))))


@check(
    "named-port-unknown",
    Severity.ERROR,
    "No container of the pods that receive has a port of this name.",
)
def named_port_unknown(review: Review) -> Iterator[Found]:
    """Names that allow nothing."""
    for policy, (port, protocol, name), selections, servers in _served(review):
        known = [one for server in servers for one in server.listed if one.name]
        if any(one.name == name for one in known):
            continue
        names = sorted({one.name for one in known if one.protocol == protocol} or {one.name for one in known})
        likely, whose = _nearest(name, names), _workloads(review, _pods(review, selections))
        yield Found(
            policy.object,
            port.path,
            f"no container of {whose} has a port called {name}, so this allows nothing",
            f"did you mean {likely}?" if likely else _mend(names),
        )


def _nearest(name: str, names: list[str]) -> str:
    """The name that looks most like it, if one does; valid names have 15 characters."""
    short = [one for one in names[:_GUESSED] if len(one) <= _LONGEST]
    return next(iter(get_close_matches(name, short, 1)), "") if len(name) <= _LONGEST else ""


def _mend(names: list[str]) -> str:
    return f"their names are {several(names)}" if names else "use the number, or name the port in the containers"


@check(
    "named-port-protocol",
    Severity.ERROR,
    "The port of this name has another protocol.",
)
def named_port_protocol(review: Review) -> Iterator[Found]:
    """Names that the pods have, with other protocols only."""
    for policy, (port, protocol, name), selections, servers in _served(review):
        protocols = {one.protocol for server in servers for one in server.listed if one.name == name}
        if protocols and protocol not in protocols:
            words = several(sorted(PROTOCOL_NAMES[one] for one in protocols))
            default = "" if port.written.protocol else ", which is what counts where none is written"
            yield Found(
                policy.object,
                port.path,
                f"{name} is a {words} port of {_having(review, selections, name)}, "
                f"not {PROTOCOL_NAMES[protocol]}{default}",
                f"write protocol: {words}" if len(protocols) == 1 else f"write one item for each of {words}",
            )


def _having(review: Review, selections: Iterable[PodSelection], name: str) -> str:
    """The workloads whose pods list a port of a name."""
    numbers = _pods(review, selections)
    having = [n for n in numbers if any(port.name == name for port in review.servers.at(n).listed)]
    return _workloads(review, having)


@check(
    "named-port-to-ipblock",
    Severity.ERROR,
    "Addresses have no port names, so nothing is allowed to the ipBlock by this name.",
)
def named_port_to_ipblock(review: Review) -> Iterator[Found]:
    """Egress to port names of addresses."""
    for policy, rule, meaning, (port, _, name) in _names(review):
        if rule.direction is Direction.EGRESS and meaning.peers.blocks:
            blocks = [peer.written.ip_block.cidr for peer in rule.peers if peer.written.ip_block is not None]
            yield Found(
                policy.object,
                port.path,
                f"only pods have port names, so {name} allows nothing to {several(blocks)}",
                "use the number",
            )


@check(
    "named-port-differs",
    Severity.NOTE,
    "The name is another number on different pods.",
    on_request=True,
)
def named_port_differs(review: Review) -> Iterator[Found]:
    """Names by which a rule opens several numbers."""
    for policy, rule, meaning, (port, protocol, name) in _names(review):
        ingress = rule.direction is Direction.INGRESS
        selections = [policy.policy.subject] if ingress else [*meaning.peers.selections]
        if meaning.peers.anywhere and not ingress:
            selections = [ANY_POD]
        servers = review.servers.of(selections)
        if len({one.number for server in servers for one in server.listed if one[:2] == (protocol, name)}) > 1:
            examples = several(_examples(review, selections, protocol, name))
            yield Found(policy.object, port.path, f"{name} is another number on different pods: {examples}")


def _examples(review: Review, selections: Iterable[PodSelection], protocol: int, name: str) -> Iterator[str]:
    """A pod for each number of a name."""
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
