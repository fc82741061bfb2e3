"""Validation of a NetworkPolicy: every error of the API server, in its order and words.

The rules are those of `pkg/apis/networking/validation` and of its strategy's warnings. The policy is judged as stored,
after defaulting, so absent protocols and policyTypes are never wrong. All errors are reported at once.
`haechi.model.decoding` reports what cannot even be decoded.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.model.cidr import Cidr, CidrError, parse_cidr
from haechi.model.defaulting import default
from haechi.model.fielderror import FieldError, forbidden, invalid, invalid_json, not_supported, required
from haechi.model.gates import Gates
from haechi.model.metadata import metadata_errors, selector_errors
from haechi.model.names import port_name, port_number
from haechi.model.networkpolicy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from haechi.model.problem import Path, path_text
from haechi.model.quoting import json_list, json_text, quoted
from haechi.model.version import KubernetesVersion

NEWEST = KubernetesVersion()
DEFAULT_GATES = Gates()

_NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_POLICY_TYPES = ("Ingress", "Egress")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


def validate(
    policy: NetworkPolicy,
    version: KubernetesVersion = NEWEST,
    gates: Gates = DEFAULT_GATES,
    kept: frozenset[str] = frozenset(),
) -> tuple[FieldError, ...]:
    """All errors that a create of the policy would be refused with.

    Args:
        policy: with or without defaults.
        version: whose rules and words.
        gates: the server's feature gates.
        kept: texts of ipBlocks that the policy has already and may keep.
    """
    policy = default(policy)
    check = _Check(version, gates, kept)
    return (*metadata_errors(policy.metadata, version, namespaced=True), *check.spec(policy.spec, ("spec",)))


def warnings(
    policy: NetworkPolicy,
    version: KubernetesVersion = NEWEST,
    gates: Gates = DEFAULT_GATES,
    kept: frozenset[str] = frozenset(),
) -> tuple[tuple[Path, str], ...]:
    """The path and full text of each warning that the server sends along with accepting the policy.

    `kept` are texts of ipBlocks that the policy has already: they are warned of where new ones are errors.
    """
    return tuple(
        (path, text)
        for path, cidr in policy_cidrs(policy.spec)
        for text in _cidr_warnings(path, cidr, version, strict=_is_strict(version, gates) and cidr not in kept)
    )


def _is_strict(version: KubernetesVersion, gates: Gates) -> bool:
    return version.strict_cidrs if gates.strict_cidrs is None else gates.strict_cidrs


def _rules(spec: NetworkPolicySpec) -> Iterator[tuple[Path, Path, NetworkPolicyIngressRule | NetworkPolicyEgressRule]]:
    """Each rule with the paths of the rule and of its list of peers, within spec."""
    for index, ingress in enumerate(spec.ingress):
        yield ("ingress", index), ("ingress", index, "from"), ingress
    for index, egress in enumerate(spec.egress):
        yield ("egress", index), ("egress", index, "to"), egress


class _Check:
    """The rules of one server."""

    def __init__(self, version: KubernetesVersion, gates: Gates, kept: frozenset[str]) -> None:
        self.kept = kept
        self.version = version
        self.protocols = _PROTOCOLS if gates.sctp else _PROTOCOLS[:2]
        self.strict = _is_strict(version, gates)

    def spec(self, spec: NetworkPolicySpec, path: Path) -> Iterator[FieldError]:
        yield from selector_errors(spec.pod_selector, (*path, "podSelector"), self.version)
        for rule_path, peers_path, rule in _rules(spec):
            for index, port in enumerate(rule.ports):
                yield from self.port(port, (*path, *rule_path, "ports", index))
            for index, peer in enumerate(rule.peers):
                yield from self.peer(peer, (*path, *peers_path, index))
        yield from _policy_type_errors(spec.policy_types, (*path, "policyTypes"))

    def port(self, port: NetworkPolicyPort, path: Path) -> Iterator[FieldError]:
        if port.protocol is not None and port.protocol not in self.protocols:
            yield not_supported((*path, "protocol"), json_text(port.protocol), self.protocols)
        end_path = (*path, "endPort")
        if isinstance(port.port, int):
            yield from (invalid((*path, "port"), port.port, message) for message in port_number(port.port))
            if port.end_port is not None:
                if port.end_port < port.port:
                    yield invalid(end_path, port.end_port, "must be greater than or equal to `port`")
                yield from (invalid(end_path, port.end_port, message) for message in port_number(port.end_port))
            return
        if port.end_port is not None:
            what = "not specified" if port.port is None else "non-numeric"
            yield invalid(end_path, port.end_port, f"may not be specified when `port` is {what}")
        if port.port is not None:
            yield from (invalid((*path, "port"), port.port, message) for message in port_name(port.port))

    def peer(self, peer: NetworkPolicyPeer, path: Path) -> Iterator[FieldError]:
        selectors = (("podSelector", peer.pod_selector), ("namespaceSelector", peer.namespace_selector))
        for name, selector in selectors:
            if selector is not None:
                yield from selector_errors(selector, (*path, name), self.version)
        selecting = peer.pod_selector is not None or peer.namespace_selector is not None
        if peer.ip_block is not None:
            yield from self.ip_block(peer.ip_block, (*path, "ipBlock"))
            if selecting:
                yield forbidden(path, "may not specify both ipBlock and another peer")
        elif not selecting:
            yield required(path, "must specify a peer")

    def ip_block(self, block: IPBlock, path: Path) -> Iterator[FieldError]:
        if not block.cidr:
            yield required((*path, "cidr"))
            return
        yield from self.cidr(block.cidr, (*path, "cidr"))
        whole = _parsed(block.cidr)
        if whole is None:
            return
        for index, text in enumerate(block.except_):
            except_path = (*path, "except", index)
            yield from self.cidr(text, except_path)
            part = _parsed(text)
            if part is not None and not part.is_strict_subset(whole):
                yield invalid(except_path, text, "must be a strict subset of `cidr`")

    def cidr(self, text: str, path: Path) -> Iterator[FieldError]:
        if text in self.kept:
            return
        cidr = _parsed(text)
        if cidr is None:
            yield invalid(path, text, _NOT_A_CIDR)
        elif self.strict:
            doubt = _doubt(cidr)
            if doubt:
                yield invalid(path, text, doubt)


def _policy_type_errors(types: tuple[str, ...], path: Path) -> Iterator[FieldError]:
    if len(types) > len(_POLICY_TYPES):
        yield invalid_json(path, json_list(types), "may not specify more than two policyTypes")
        return
    for index, text in enumerate(types):
        if text not in _POLICY_TYPES:
            yield not_supported((*path, index), json_text(text), _POLICY_TYPES)


def _parsed(text: str) -> Cidr | None:
    try:
        return parse_cidr(text)
    except CidrError:
        return None


def _doubt(cidr: Cidr) -> str:
    """What a strict server has against the block, the first that applies."""
    if not cidr.plain:
        return "must not have leading 0s in IP or prefix length"
    if cidr.mapped:
        return "must not have an IPv4-mapped IPv6 address"
    return "must not have bits set beyond the prefix length" if cidr.has_host_bits else ""


def policy_cidrs(spec: NetworkPolicySpec) -> Iterator[tuple[Path, str]]:
    """The text of each CIDR of the ipBlocks, with its path."""
    for _, peers_path, rule in _rules(spec):
        for index, peer in enumerate(rule.peers):
            if peer.ip_block is not None:
                path: Path = ("spec", *peers_path, index, "ipBlock")
                yield (*path, "cidr"), peer.ip_block.cidr
                yield from (((*path, "except", i), text) for i, text in enumerate(peer.ip_block.except_))


def _cidr_warnings(path: Path, text: str, version: KubernetesVersion, *, strict: bool) -> Iterator[str]:
    cidr = _parsed(text)
    if cidr is None or (strict and _doubt(cidr)):
        return  # an error, and a refused object has no warnings
    field = path_text(path)
    if cidr.has_host_bits:
        choices = f"should be {quoted(cidr.canonical)} or {quoted(cidr.single)}?"
        yield f"{field}: CIDR value {quoted(text)} is ambiguous in this context ({choices})"
    if not cidr.standard:
        verdict = "is" if version.cidrs_called_invalid else "will be considered"
        when = "" if version.cidrs_called_invalid else " in a future Kubernetes release"
        yield f"{field}: non-standard CIDR value {quoted(text)} {verdict} invalid{when}: use {quoted(cidr.canonical)}"
    elif not cidr.has_host_bits and cidr.bits == 128 and cidr.unmasked != text:
        form = "should be in RFC 5952 canonical format"
        yield f"{field}: IPv6 CIDR value {quoted(text)} {form} ({quoted(cidr.unmasked)})"
