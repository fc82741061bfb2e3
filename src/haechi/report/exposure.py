"""What may reach workloads or be reached by them, whether it exists or not, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from haechi.analysis.reach import PeerKind
from haechi.model import Direction
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    PolicyField,
    PortRange,
    document_text,
    policy_rule,
    port_ranges_json,
)

if TYPE_CHECKING:
    from haechi.analysis.reach import Exposure


class ExposedPeers(JsonValue, frozen=True):
    """Peers and their ports; `portName` is empty where ports are numbers, else the number is each pod's own.

    `pods` is a selection of pods where `peer` is `pods`, `addresses` are CIDRs where it is `addresses`. `internet` is
    true if they include most public addresses. `rules` are the rules that allow it.
    """

    peer: PeerKind
    pods: str
    addresses: list[str]
    internet: bool
    port_name: str
    ports: list[PortRange]
    rules: list[PolicyField]


class ExposureJson(JsonValue, frozen=True):
    """One direction of a workload: open to `peers` only. Where no policy isolates it, they are everyone."""

    name: str
    direction: Direction
    isolated: bool
    peers: list[ExposedPeers]


class ExposureList(Document, frozen=True):
    """Both directions of every workload."""

    kind: Literal["ExposureList"]
    exposures: list[ExposureJson]


def exposures_json(found: Iterable[Exposure], basis: Basis) -> str:
    """The exposures as JSON text."""
    exposures = [
        ExposureJson(
            one.group,
            one.direction,
            one.isolated,
            [
                ExposedPeers(
                    each.peer.kind,
                    "" if each.peer.pods is None else str(each.peer.pods),
                    list(each.peer.addresses.cidrs()),
                    each.peer.is_internet,
                    each.name,
                    port_ranges_json(each.ports),
                    [policy_rule(ref) for ref in each.rules],
                )
                for each in one.entries
            ],
        )
        for one in found
    ]
    return document_text(ExposureList(API_VERSION, "ExposureList", *basis, exposures))
