"""A NetworkPolicy as `kubectl describe netpol` prints it, byte for byte.

Why: people know this form and compare with it. Promises the bytes of kubectl 1.37 for any policy that the API server
would store, with the defaults that the server sets, since kubectl never sees a policy without them. The caller provides
the local time zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from haechi.analysis.explain.tabwriter import aligned
from haechi.model import (
    LabelSelector,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    default,
)
from haechi.select import InvalidSelector, Selector, SelectorOperator

Local = Callable[[datetime], datetime]
"""Converts a time to the local time zone, such as `datetime.astimezone`."""

MAX_ANNOTATION = 140  # bytes of key, value and what is between them, on one line
_SKIPPED = "kubectl.kubernetes.io/last-applied-configuration"
_NEVER = "0001-01-01 00:00:00 +0000 UTC"  # time.Time{}.String()
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:\d\d)")
_BETWEEN = "    ----------\n"


def describe(policy: NetworkPolicy, local: Local = lambda moment: moment.astimezone(UTC)) -> str:
    """The text for one policy, with a line break at its end.

    Where kubectl cuts a character between its bytes, these are surrogates: encode with `surrogateescape`.
    """
    stored = default(policy)
    meta = stored.metadata
    lines = [
        f"Name:\t{meta.name}\n",
        f"Namespace:\t{meta.namespace}\n",
        f"Created on:\t{_created(meta.creation_timestamp, local)}\n",
        *_labels(meta.labels),
        *_annotations(meta.annotations),
        *_spec(stored),
    ]
    return aligned("".join(lines).replace("\x1b", "^[").replace("\r", "\\r"))


def describe_all(policies: Iterable[NetworkPolicy], local: Local = lambda moment: moment.astimezone(UTC)) -> str:
    """The text for some policies in their order, with two empty lines between them as kubectl prints them."""
    return "\n\n".join(describe(policy, local) for policy in policies)


def format_selector(selector: LabelSelector) -> str:
    """A selector as written (metav1.FormatLabelSelector): sorted by key, `<none>` if empty, `<error>` if unreadable."""
    try:
        Selector.parse(selector)
    except InvalidSelector:
        return "<error>"
    terms = [(key, f"{key}={value}") for key, value in selector.match_labels.items()]
    for item in selector.match_expressions:
        values = ",".join(sorted(item.values))
        text = {
            SelectorOperator.IN: f"{item.key} in ({values})",
            SelectorOperator.NOT_IN: f"{item.key} notin ({values})",
            SelectorOperator.EXISTS: item.key,
            SelectorOperator.DOES_NOT_EXIST: f"!{item.key}",
        }[SelectorOperator(item.operator)]
        terms.append((item.key, text))
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0].encode())) or "<none>"


# -- the header ------------------------------------------------------------------------------------------------------


def _created(timestamp: str | None, local: Local) -> str:
    """Go's time.String(): the fraction without its last zeros, the offset in minutes, the zone's abbreviation."""
    match = _RFC3339.fullmatch(timestamp or "")
    if match is None:
        return _NEVER
    whole, fraction, zone = match[1].upper(), (match[2] or "")[:9].rstrip("0"), match[3].upper()
    try:
        given = datetime.fromisoformat(whole + zone)
        moment = local(given)
    except (ValueError, OverflowError):
        return _NEVER
    # Every time but the very first is printed in the local zone.
    if not fraction and given.astimezone(UTC) == datetime(1, 1, 1, tzinfo=UTC):
        return _NEVER
    minutes = int((moment.utcoffset() or timedelta()) / timedelta(minutes=1))
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    digits = f".{fraction}" if fraction else ""
    return f"{moment:%H:%M:%S}".join([f"{moment.year:04}-{moment:%m-%d} ", f"{digits} {offset} {moment.tzname()}"])


def _labels(labels: Mapping[str, str]) -> Iterator[str]:
    ordered = sorted(labels.items(), key=lambda item: item[0].encode())
    first, *rest = [f"{key}={value}\n" for key, value in ordered] or ["<none>\n"]
    yield f"Labels:\t{first}"
    for line in rest:
        yield f"\t{line}"


def _annotations(annotations: Mapping[str, str]) -> Iterator[str]:
    shown = sorted((item for item in annotations.items() if item[0] != _SKIPPED), key=lambda item: item[0].encode())
    yield "Annotations:\t"
    if not shown:
        yield "<none>\n"
    for number, (key, text) in enumerate(shown):
        value = text.removesuffix("\n")
        yield "\t" if number else ""
        if len(key.encode()) + len(value.encode()) + 2 > MAX_ANNOTATION or "\n" in value:
            yield f"{key}:\n"
            for line in value.split("\n"):
                yield f"\t  {_shortened(line)}\n"
        else:
            yield f"{key}: {value}\n"


def _shortened(line: str) -> str:
    """At most 138 bytes, even if that cuts a character: the rest of it becomes surrogates (PEP 383)."""
    data = line.encode()
    if len(data) <= MAX_ANNOTATION - 2:
        return line
    return data[: MAX_ANNOTATION - 2].decode(errors="surrogateescape") + "..."


# -- the specification -----------------------------------------------------------------------------------------------


def _spec(policy: NetworkPolicy) -> Iterator[str]:
    spec = policy.spec
    everything = spec.pod_selector == LabelSelector()
    chosen = "<none> (Allowing the specific traffic to all pods in this namespace)"
    yield "Spec:\n"
    yield f"  PodSelector:     {chosen if everything else format_selector(spec.pod_selector)}\n"
    yield from _direction("ingress", "Ingress" in spec.policy_types, spec.ingress)
    yield from _direction("egress", "Egress" in spec.policy_types, spec.egress)
    yield f"  Policy Types: {', '.join(spec.policy_types) or '<none>'}\n"


def _direction(
    word: str, affected: bool, rules: Sequence[NetworkPolicyIngressRule | NetworkPolicyEgressRule]
) -> Iterator[str]:
    if not affected:
        yield f"  Not affecting {word} traffic\n"
        return
    yield f"  Allowing {word} traffic:\n"
    if not rules:
        yield f"    <none> (Selected pods are isolated for {word} connectivity)\n"
    end, kind = ("From", "source") if word == "ingress" else ("To", "destination")
    for number, rule in enumerate(rules):
        yield _BETWEEN if number else ""
        if not rule.ports:
            yield "    To Port: <any> (traffic allowed to all ports)\n"
        for port in rule.ports:
            yield _port(port)
        if not rule.peers:
            yield f"    {end}: <any> (traffic not restricted by {kind})\n"
        for peer in rule.peers:
            yield f"    {end}:\n"
            yield from _peer(peer)


def _port(port: NetworkPolicyPort) -> str:
    number = "<nil>" if port.port is None else port.port
    if port.end_port is None:
        return f"    To Port: {number}/{port.protocol}\n"
    return f"    To Port Range: {number}-{port.end_port}/{port.protocol}\n"


def _peer(peer: NetworkPolicyPeer) -> Iterator[str]:
    if peer.namespace_selector is not None:
        yield f"      NamespaceSelector: {format_selector(peer.namespace_selector)}\n"
    if peer.pod_selector is not None:
        yield f"      PodSelector: {format_selector(peer.pod_selector)}\n"
    if peer.ip_block is not None and peer.namespace_selector is None and peer.pod_selector is None:
        yield "      IPBlock:\n"
        yield f"        CIDR: {peer.ip_block.cidr}\n"
        yield f"        Except: {', '.join(peer.ip_block.except_)}\n"
