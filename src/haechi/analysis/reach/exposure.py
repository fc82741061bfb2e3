"""What pods that do not exist yet could reach, or be reached by; and what no policy protects.

Why: connections list the pods of today; tomorrow's pod with the right labels gets in as well. Promises for each group
and direction all that policies say of pods, by selection, whether or not such a pod exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from haechi.analysis.cluster import protocol_text
from haechi.analysis.reach.classes import PodClass
from haechi.analysis.reach.groups import Group
from haechi.engine import ANY_POD, Peers, PolicySet
from haechi.model import Direction
from haechi.sets import PortSet


@dataclass(frozen=True, slots=True)
class Term:
    """Some pods on some ports. `peers` is `namespace: labels`, `[labels of namespaces]: labels` or `any pod`.

    `name` is the port name where the number is each peer's own; `ports` is then its whole protocol.
    """

    peers: str
    ports: PortSet
    name: str = ""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One direction of a group: unprotected, or open to the pods of `terms`."""

    group: str
    direction: Direction
    protected: bool
    terms: tuple[Term, ...] = ()


def exposures(groups: Iterable[Group], classes: tuple[PodClass, ...]) -> tuple[Exposure, ...]:
    """Both directions of every group, in order."""
    found: list[Exposure] = []
    for group in groups:
        one = classes[group.number]
        for direction, policies in ((Direction.EGRESS, one.egress), (Direction.INGRESS, one.ingress)):
            terms = () if policies is None else tuple(_terms(policies))
            found.append(Exposure(group.name, direction, policies is not None, terms))
    return tuple(found)


def _terms(policies: PolicySet) -> Iterator[Term]:
    by_peers: dict[str, list[PortSet]] = {}
    for ports, peers in ((PortSet.ALL, policies.everywhere), *policies.by_ports):
        for words in _words(peers):
            by_peers.setdefault(words, []).append(ports)
    for words in sorted(by_peers):
        yield Term(words, PortSet.union_all(by_peers[words]))
    for named in sorted(policies.named, key=str):
        words = "any pod" if named.selection == ANY_POD else str(named.selection)
        yield Term(words, PortSet.protocol(named.protocol), f"{protocol_text(named.protocol)} {named.name}")


def _words(peers: Peers) -> Iterator[str]:
    if peers.anywhere or ANY_POD in peers.selections:
        yield "any pod"
    else:
        yield from map(str, peers.selections)
