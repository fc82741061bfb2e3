"""The few CEL rules that the definitions of policies of tiers have, by their text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import Final

from haechi.model.cidr import parse_cidr
from haechi.model.tree import Data

ABSENT: Final = object()
"""In place of an old value: there is none to compare with."""

_NULL = "invalid data, got null for schema with nullable=false"
_IPV4_PREFIX = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|(?=/))){4}(?<!\.)/(?:3[0-2]|[12]?\d)", re.ASCII)
_IPV6_PREFIX = re.compile(r"([0-9a-fA-F:.]+)/(?:12[0-8]|1[01]\d|[1-9]?\d)", re.ASCII)


class NoAnswer(Exception):
    """A rule that cannot be evaluated, for the reason that CEL gives."""


def field_of(data: Data, name: str) -> Data:
    """A field of a mapping; `ABSENT` if there is none."""
    return data.get(name, ABSENT) if isinstance(data, dict) else ABSENT


def _is_cidr(text: Data) -> bool:
    """Whether Go's `netip.ParsePrefix` reads the text, and it is no IPv4-mapped address."""
    if not isinstance(text, str):
        return True
    if _IPV4_PREFIX.fullmatch(text):
        return True
    found = _IPV6_PREFIX.fullmatch(text)
    if found is None or ":" not in found[1]:
        return False
    try:
        return IPv6Address(found[1]).ipv4_mapped is None
    except ValueError:
        return False


def _is_masked_cidr(text: Data) -> bool:
    return _is_cidr(text) and not (isinstance(text, str) and parse_cidr(text).has_host_bits)


def _starts_before_its_end(ports: Data) -> bool:
    start, end = (_number(field_of(ports, name), name) for name in ("start", "end"))
    return start < end


def _number(data: Data, name: str) -> int:
    if data is ABSENT:
        raise NoAnswer(f"no such key: {name}")
    if isinstance(data, float):
        raise NoAnswer("invalid data, expected int, got float64")
    return data if isinstance(data, int) else 0


def _names_ports_of_pods_only(ports: str, name: str, fields: tuple[str, ...]) -> Callable[[Data], bool]:
    def holds(rule: Data) -> bool:
        named = _some_has(field_of(rule, ports), (name,))
        if named is False:
            return True
        peers = field_of(rule, "to")
        if peers is ABSENT:
            raise NoAnswer("no such key: to")
        without = _some_has(peers, fields)
        if without is not False and None in (named, without):
            raise NoAnswer(_NULL)
        return not without

    return holds


def _some_has(items: Data, names: tuple[str, ...]) -> bool | None:
    """Whether an item of a list has one of the fields; None if that cannot be evaluated because one is null."""
    if not isinstance(items, list):
        return False
    if any(field_of(item, name) is not ABSENT for item in items for name in names):
        return True
    return None if None in items else False


def _is_called_default(data: Data) -> bool:
    return field_of(field_of(data, "metadata"), "name") == "default"


IS_CIDR = "isCIDR(self)"
IS_MASKED_CIDR = "isCIDR(self) && cidr(self) == cidr(self).masked()"
IS_RANGE = "self.start < self.end"
IS_DEFAULT = "self.metadata.name == 'default'"


def no_port_names(ports: str, item: str, name: str, fields: tuple[str, ...]) -> str:
    """The text of the rule that egress peers with one of `fields` exclude an item of `ports` with `name`."""
    peers = " || ".join(f"has(peer.{field})" for field in fields)
    return f"!(self.to.exists(peer, {peers}) && has(self.{ports}) && self.{ports}.exists({item}, has({item}.{name})))"


_ADDRESSES = ("networks", "nodes", "domainNames")
HOLDS: Mapping[str, Callable[[Data], bool]] = {
    IS_CIDR: _is_cidr,
    IS_MASKED_CIDR: _is_masked_cidr,
    IS_RANGE: _starts_before_its_end,
    IS_DEFAULT: _is_called_default,
    **{
        no_port_names(ports, item, name, fields): _names_ports_of_pods_only(ports, name, fields)
        for ports, item, name in (("protocols", "protocol", "destinationNamedPort"), ("ports", "port", "namedPort"))
        for fields in (_ADDRESSES, _ADDRESSES[:2])
    },
}
"""Whether the rule of a text holds for data of the right types; raises `NoAnswer` where it cannot be evaluated."""
