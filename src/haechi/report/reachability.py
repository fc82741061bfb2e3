"""Whether one may reach another, with the rules behind it, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from haechi.report.diff import ConnectionChange, connection_changes
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    NamespacedName,
    ObjectReference,
    PolicyField,
    document_text,
    named,
    policy_reference,
    policy_rule,
    protocol_and_port,
)

if TYPE_CHECKING:
    from haechi.analysis.why import (
        Answer,
        Change,
        ItemRef,
        PacketAnswer,
        PolicyAddition,
        Proposal,
        ResolvedService,
        RuleAnswer,
        SideAnswer,
        TierAnswer,
        WhatIf,
    )
    from haechi.model import AnyPolicyKey


class RuleMatch(JsonValue, frozen=True):
    """A rule, and its peers and ports that match the packet.

    `mismatches`: why the rule does not allow the packet; `nearestPeer`: then, the nearest of its peers.
    """

    rule: PolicyField
    peers: list[PolicyField]
    ports: list[PolicyField]
    mismatches: list[str]
    nearest_peer: PolicyField | None


class TierVerdict(JsonValue, frozen=True):
    """What a tier does: the first of its rules that matches the packet, null if none does, and what that one does.

    `name` is the rule's and may be empty; `action` is Accept, Deny or Pass, empty without a rule. `peers` and `ports`
    are those of its items that match. `defects`: why it cannot be read, so that it denies everything. `byName`: rules
    before it that would accept an address outside by a domain name, which no address is known to have.
    """

    tier: Literal["Admin", "Baseline"]
    rule: PolicyField | None
    name: str
    action: str
    peers: list[PolicyField]
    ports: list[PolicyField]
    defects: list[str]
    by_name: list[PolicyField]


class SideVerdict(JsonValue, frozen=True):
    """One end: the selectors of policies that isolate it, the rules that allow, and of a denial the nearest rule.

    `tiers` are those that have rules about the pod and were asked, in order; if the last one accepts or denies, the
    policies that isolate were not asked. `trace` is the same in words, empty without tiers.
    """

    allowed: bool
    isolating: list[PolicyField]
    allowing: list[RuleMatch]
    nearest: RuleMatch | None
    tiers: list[TierVerdict]
    trace: str


class ProposedChange(JsonValue, frozen=True):
    """The field at `path` becomes `value`, or goes if that is null; an empty path is the object as a whole.

    `widening`: it allows more than was asked for.
    """

    object: ObjectReference
    path: str
    value: str | None
    message: str
    widening: bool


class AdditionJson(JsonValue, frozen=True):
    """What is added to a policy: an item to the list at `path`, or the list if it is empty, or a policy if `isNew`.

    `jsonPatch` does it by RFC 6902; empty for a new policy, which is `value`. A rule of a tier comes before another.
    """

    policy: ObjectReference
    is_new: bool
    path: str
    value: Any
    yaml: str
    json_patch: list[dict[str, Any]]
    message: str


class ProposalJson(JsonValue, frozen=True):
    """Additions that together allow the packet, one for each side that denies it.

    `patch` is a unified diff of the files, empty if they are not known. `opened` are all connections that become
    possible, `further` those without that of the question, `exposed` those with pods that need not exist.
    `clusterWide`: an addition is to a policy of a tier, or one.
    """

    additions: list[AdditionJson]
    patch: str
    opened: list[ConnectionChange]
    further: list[ConnectionChange]
    exposed: list[ConnectionChange]
    cluster_wide: bool


class BackendJson(JsonValue, frozen=True):
    """A pod behind a Service, and where it receives what is sent to the Service's port. `port` is null for ICMP."""

    pod: NamespacedName
    protocol: str
    port: int | None


class ServiceJson(JsonValue, frozen=True):
    """A Service as destination. `port` as asked, empty for all its ports; `notes` are remarks in words."""

    service: NamespacedName
    port: str
    backends: list[BackendJson]
    notes: list[str]


class PacketVerdictJson(JsonValue, frozen=True):
    """One packet. `source` and `destination` are null for addresses that no pod has, `port` for ICMP and the like.

    Of a denied packet, `proposals` are what to add to policies. Each item of `whatIf` is a set of changes that together
    would reverse the verdict.
    """

    source: NamespacedName | None
    source_address: str
    destination: NamespacedName | None
    destination_address: str
    protocol: str
    port: int | None
    allowed: bool
    egress: SideVerdict
    ingress: SideVerdict
    proposals: list[ProposalJson]
    what_if: list[list[ProposedChange]]


class ReachabilityAnswer(Document, frozen=True):
    """The answer to a question, as asked (`port` is empty for any), with a packet for each pair and address family.

    `service` is null unless the destination is one.
    """

    kind: Literal["ReachabilityAnswer"]
    source: str
    destination: str
    port: str
    allowed: bool
    service: ServiceJson | None
    packets: list[PacketVerdictJson]


def answer_json(answer: Answer, basis: Basis, what_ifs: Mapping[PacketAnswer, WhatIf] | None = None) -> str:
    """The answer as JSON text; `what_ifs` are what would reverse the verdict on a packet."""
    known = what_ifs or {}
    packets = [_packet(one, known.get(one)) for pair in answer.pairs for one in pair]
    return document_text(
        ReachabilityAnswer(
            API_VERSION,
            "ReachabilityAnswer",
            *basis,
            answer.source,
            answer.destination,
            answer.port or "",
            answer.allowed,
            None if answer.service is None else _service(answer.service),
            packets,
        )
    )


def _service(one: ResolvedService) -> ServiceJson:
    namespace, _, name = one.service.partition("/")
    backends = [BackendJson(named(each.pod), *protocol_and_port(each.protocol, each.port)) for each in one.backends]
    return ServiceJson(NamespacedName(namespace, name), one.port or "", backends, list(one.notes))


def _packet(one: PacketAnswer, what_if: WhatIf | None) -> PacketVerdictJson:
    return PacketVerdictJson(
        None if one.source is None else named(one.source),
        str(one.packet.source),
        None if one.destination is None else named(one.destination),
        str(one.packet.destination),
        *protocol_and_port(one.packet.protocol, one.packet.port),
        one.allowed,
        _side(one.egress),
        _side(one.ingress),
        [_proposal(proposal) for proposal in what_if.proposals] if what_if else [],
        [[_change(change, widening=not one.allowed) for change in together] for together in what_if.changes]
        if what_if
        else [],
    )


def _side(side: SideAnswer) -> SideVerdict:
    return SideVerdict(
        side.allowed,
        [PolicyField(policy_reference(policy), "spec.podSelector", location) for policy, location in side.isolating],
        [_match(rule) for rule in side.allowing],
        None if side.nearest is None else _match(side.nearest),
        [_tier(one) for one in side.tiers],
        side.trace,
    )


def _tier(one: TierAnswer) -> TierVerdict:
    rule = one.rule
    return TierVerdict(
        one.tier.value,
        None if rule is None else policy_rule(rule),
        one.name,
        "" if one.action is None else one.action,
        [] if rule is None else [_item(rule.policy, item) for item in one.peers],
        [] if rule is None else [_item(rule.policy, item) for item in one.ports],
        list(one.defects),
        [policy_rule(each) for each in one.by_name],
    )


def _match(one: RuleAnswer) -> RuleMatch:
    policy = one.rule.policy
    return RuleMatch(
        policy_rule(one.rule),
        [_item(policy, item) for item in one.peers],
        [_item(policy, item) for item in one.ports],
        [mismatch.words for mismatch in one.mismatches],
        None if one.nearest_peer is None else _item(policy, one.nearest_peer),
    )


def _item(policy: AnyPolicyKey, item: ItemRef) -> PolicyField:
    return PolicyField(policy_reference(policy), item.path, item.location)


def _proposal(one: Proposal) -> ProposalJson:
    return ProposalJson(
        [_addition(addition) for addition in one.additions],
        one.patch,
        connection_changes(one.opened),
        connection_changes(one.further),
        connection_changes(one.exposed),
        one.is_cluster_wide,
    )


def _addition(one: PolicyAddition) -> AdditionJson:
    from haechi.analysis.why import json_patch, yaml_text

    return AdditionJson(
        policy_reference(one.policy), one.is_new, one.field, one.value, yaml_text(one), json_patch(one), str(one)
    )


def _change(change: Change, *, widening: bool) -> ProposedChange:
    from haechi.analysis.why import LabelChange, RuleDeletion

    words = str(change)
    if isinstance(change, LabelChange):
        changed = ObjectReference(change.kind, *change.of)
        return ProposedChange(changed, f"metadata.labels[{change.key}]", change.value, words, widening)
    policy = change.rule.policy if isinstance(change, RuleDeletion) else change.policy
    path = change.rule.path if isinstance(change, RuleDeletion) else ""
    return ProposedChange(policy_reference(policy), path, None, words, widening)
