"""What later definitions refuse of policies of tiers."""

from __future__ import annotations

import pytest

from haechi.model import (
    AdminNetworkPolicy,
    AdminNetworkPolicyEgressRule,
    AdminNetworkPolicySpec,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicySpec,
    refused_later,
)


def texts(tier: str, action: str, *, networks: tuple[str, ...] = (), domain_names: tuple[str, ...] = ()) -> list[str]:
    peer = ClusterNetworkPolicyEgressPeer(networks=networks, domain_names=domain_names)
    rule = ClusterNetworkPolicyEgressRule(action=action, to=(peer,))
    policy = ClusterNetworkPolicy(spec=ClusterNetworkPolicySpec(tier=tier, egress=(rule,)))
    return [text.removeprefix("spec.egress[0].to[0].") for _, text in refused_later(policy)]


@pytest.mark.parametrize(
    ("text", "masked"), [("10.0.0.5/8", "10.0.0.0/8"), ("fd00::1/64", "fd00::/64"), ("10.0.0.0/8", ""), ("x", "")]
)
def test_host_bits(text: str, masked: str) -> None:
    words = "has bits set beyond the prefix length, which network-policy-api refuses since v0.3.0: use"
    expected = [f'networks[0]: "{text}" {words} "{masked}"'] if masked else []
    assert texts("Baseline", "Deny", networks=(text,)) == expected


@pytest.mark.parametrize(
    ("name", "is_odd"),
    [("a.example", False), ("*.a_b.example", False), ("_a.example", True), ("a.[", True), ("?", False)],
)
def test_characters_of_domain_names(name: str, is_odd: bool) -> None:
    words = f'domainNames[0]: "{name}" has a character that is no letter, which network-policy-api refuses since v0.3.0'
    assert texts("Admin", "Accept", domain_names=(name,)) == ([words] if is_odd else [])


def test_where_domain_names_may_be() -> None:
    names = ("a.example",)
    assert texts("Admin", "Accept", domain_names=names) == []
    (denied,) = texts("Admin", "Deny", domain_names=names)
    assert denied.startswith("domainNames: domain names are supported with the action Accept only; beside Deny")
    (baseline,) = texts("Baseline", "Accept", domain_names=names)
    assert baseline.startswith("domainNames: domain names in the tier Baseline may be refused later")
    assert len(texts("Baseline", "Pass", domain_names=names)) == 2


def test_the_same_of_v1alpha1() -> None:
    rule = AdminNetworkPolicyEgressRule(action="Allow", to=(ClusterNetworkPolicyEgressPeer(networks=("10.0.0.1/8",)),))
    policy = AdminNetworkPolicy(spec=AdminNetworkPolicySpec(egress=(rule,)))
    assert [path for path, _ in refused_later(policy)] == [("spec", "egress", 0, "to", 0, "networks", 0)]
