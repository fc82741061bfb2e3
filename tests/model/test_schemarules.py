"""The CEL rules of the definitions; `tests/conformance` compares whole answers with a real server."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model.schemarules import HOLDS, IS_CIDR, IS_DEFAULT, IS_MASKED_CIDR, IS_RANGE, NoAnswer, no_port_names


def holds(rule: str, data: object) -> bool:
    return HOLDS[rule](data)


@pytest.mark.parametrize(
    "text",
    [
        "", "/8", "::/", "10.0.0.0", "10.0.0/8", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/33", "010.0.0.0/8",
        "10.0.0.0/8\n", "\u0661.0.0.0/8", "::ffff:10.0.0.0/104", "fe80::1%a/64", "::/129", " ::/0", "1::2::/8",
        "1:2:3:4:5:6:7/64",
    ],
)  # fmt: skip
def test_what_go_does_not_read_is_no_cidr(text: str) -> None:
    assert not holds(IS_CIDR, text)


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_cidr_may_have_host_bits_unless_it_must_be_masked(address: object, length: int) -> None:
    text = f"{address}/{length}"
    try:
        masked = ip_network(text, strict=False)
    except ValueError:
        assert not holds(IS_CIDR, text)
        return
    is_mapped = masked.version == 6 and getattr(address, "ipv4_mapped", None) is not None
    assert holds(IS_CIDR, text) is not is_mapped
    assert holds(IS_MASKED_CIDR, text) is (not is_mapped and masked.network_address == address)


def test_a_range_has_two_ports() -> None:
    assert holds(IS_RANGE, {"start": 1, "end": 2})
    assert not holds(IS_RANGE, {"start": 2, "end": 2})
    with pytest.raises(NoAnswer, match="no such key: end"):
        holds(IS_RANGE, {"start": 1})


def test_port_names_exclude_peers_without_port_names() -> None:
    rule = no_port_names("ports", "port", "namedPort", ("networks", "nodes"))
    named, networks = {"ports": [{"namedPort": "web"}]}, {"to": [{"pods": {}}, {"networks": []}]}
    assert not holds(rule, {**named, **networks})
    assert holds(rule, {**named, "to": [{"pods": {}}, {"domainNames": []}]})
    assert holds(rule, {"ports": [{"portNumber": {}}], **networks})
    with pytest.raises(NoAnswer, match="no such key: to"):
        holds(rule, named)
    with pytest.raises(NoAnswer, match="got null"):
        holds(rule, {"ports": [None], **networks})
    with pytest.raises(NoAnswer, match="got null"):
        holds(rule, {**named, "to": [None]})
    assert holds(rule, {"ports": [None], "to": [{"pods": {}}]})
    assert not holds(rule, {"ports": [None, {"namedPort": "web"}], **networks})


def test_a_baseline_policy_is_called_default() -> None:
    assert holds(IS_DEFAULT, {"metadata": {"name": "default"}})
    assert not holds(IS_DEFAULT, {"metadata": {}})
