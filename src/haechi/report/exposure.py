"""What pods that do not exist yet could reach or be reached by, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from haechi.model import Direction
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    PortRange,
    document_text,
    port_ranges_json,
)

if TYPE_CHECKING:
    from haechi.analysis.reach import Exposure


class ExposedPeers(JsonValue, frozen=True):
    """Pods, by selector, and the ports; `portName` is empty where ports are numbers, else it is each pod's own."""

    pods: str
    port_name: str
    ports: list[PortRange]


class ExposureJson(JsonValue, frozen=True):
    """One direction of a workload: not protected by any policy, or open to `peers` only."""

    name: str
    direction: Direction
    protected: bool
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
            one.protected,
            [ExposedPeers(term.peers, term.name, port_ranges_json(term.ports)) for term in one.terms],
        )
        for one in found
    ]
    return document_text(ExposureList(API_VERSION, "ExposureList", *basis, exposures))
