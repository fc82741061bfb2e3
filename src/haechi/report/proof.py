"""Whether a node's table enforces the policies, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from haechi.model import Direction
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    NamespacedName,
    ObjectReference,
    Places,
    PolicyField,
    document_text,
    named,
    placed_rule,
    policy_reference,
    protocol_and_port,
)

if TYPE_CHECKING:
    from haechi.verify import Counterexample, PacketEnd, PolicyDecision, Proof, ProofGap, RulePosition


class TableRule(JsonValue, frozen=True):
    """A rule of a table, in nft's words. `rule` counts from 0; null is the end of the chain or the chain as a whole."""

    chain: str
    rule: int | None
    text: str


class PacketEndJson(JsonValue, frozen=True):
    """An address, and the pods that claim it: none for an outside address, several where it is disputed."""

    address: str
    pods: list[NamespacedName]


class PolicyDecisionJson(JsonValue, frozen=True):
    """What the policies about a pod decide: `rules` are those of their rules that allow the packet.

    If a rule of a tier decides, it is `tierRule`, and `action` is Accept or Deny.
    """

    pod: NamespacedName
    direction: Direction
    policies: list[ObjectReference]
    rules: list[PolicyField]
    tier_rule: PolicyField | None
    action: str


class CounterexampleJson(JsonValue, frozen=True):
    """A packet that kernel and policies judge differently. `context` is what connection tracking knows about it."""

    source: PacketEndJson
    destination: PacketEndJson
    protocol: str
    port: int | None
    context: str
    kernel: Literal["accepts", "drops"]
    rule: TableRule
    decisions: list[PolicyDecisionJson]
    reasons: list[str]


class ProofGapJson(JsonValue, frozen=True):
    """Something in the table that the proof does not cover; `rule` is null for the table as a whole."""

    kind: str
    reason: str
    rule: TableRule | None


class ProofJson(JsonValue, frozen=True):
    """What was compared on a node. It holds if there is neither a counterexample nor a gap."""

    node: str
    holds: bool
    pods: int
    addresses: int
    comparisons: int
    counterexamples: list[CounterexampleJson]
    gaps: list[ProofGapJson]


class ProofReport(Document, frozen=True):
    """Whether the table of one node enforces the policies for every packet."""

    kind: Literal["ProofReport"]
    proof: ProofJson
    seconds: float


def proof_report_json(proof: Proof, places: Places, seconds: float, basis: Basis) -> str:
    """The proof as JSON text; `seconds` is how long it took."""
    found = proof_json(proof, places)
    return document_text(ProofReport(API_VERSION, "ProofReport", *basis, found, round(seconds, 3)))


def proof_json(proof: Proof, places: Places) -> ProofJson:
    """The proof as a part of a document."""
    return ProofJson(
        proof.node,
        proof.holds,
        proof.pods,
        proof.addresses,
        proof.comparisons,
        [_counterexample(one, places) for one in proof.counterexamples],
        [_gap(one) for one in proof.gaps],
    )


def _counterexample(one: Counterexample, places: Places) -> CounterexampleJson:
    return CounterexampleJson(
        _end(one.source),
        _end(one.destination),
        *protocol_and_port(one.protocol, one.port),
        str(one.context.name).lower(),
        "accepts" if one.accepted else "drops",
        _rule(one.position),
        [_decision(decision, places) for decision in one.decisions],
        list(one.reasons()),
    )


def _end(end: PacketEnd) -> PacketEndJson:
    return PacketEndJson(end.address, [*map(named, end.pods)])


def _decision(one: PolicyDecision, places: Places) -> PolicyDecisionJson:
    return PolicyDecisionJson(
        named(one.pod),
        one.direction,
        [*map(policy_reference, one.policies)],
        [placed_rule(rule, places) for rule in one.rules],
        None if one.tier_rule is None else placed_rule(one.tier_rule, places),
        "" if one.action is None else one.action.value,
    )


def _gap(one: ProofGap) -> ProofGapJson:
    return ProofGapJson(one.kind.value, one.reason, None if one.position is None else _rule(one.position))


def _rule(position: RulePosition) -> TableRule:
    return TableRule(position.chain, position.rule, position.text)
