"""What may reach workloads or be reached by them, whether it exists or not, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from haechi.analysis.reach import PeerKind
from haechi.model import Action, Direction, Tier
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

    `pods` is a selection of pods where `peer` is `pods`, `nodes` a label selector where it is `nodes`, `addresses` are
    CIDRs where it is `addresses`. `internet` is true if they include most public addresses. `rules` are the rules
    behind it. `tier` is null for NetworkPolicies, and for what is allowed where nothing decides.
    """

    tier: Tier | None
    action: Action
    peer: PeerKind
    pods: str
    nodes: str
    addresses: list[str]
    internet: bool
    port_name: str
    ports: list[PortRange]
    rules: list[PolicyField]


class ExposureJson(JsonValue, frozen=True):
    """One direction of a workload: open to `peers` only. Where no NetworkPolicy isolates it, the last is everyone.

    Peers of tiers come first, in order: the first of a tier that matches decides, unless its action is `Pass`.
    """

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
                    each.tier,
                    each.action,
                    each.peer.kind,
                    "" if each.peer.pods is None else str(each.peer.pods),
                    "" if each.peer.nodes is None else str(each.peer.nodes),
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
