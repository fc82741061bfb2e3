"""What a policy of a tier may say today, but not by later definitions, published or proposed.

An API server is silent about all of it. Sections of https://github.com/kubernetes-sigs/network-policy-api: v0.3.0 for
networks and names; pull requests 366 and 368 for where names may be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from haechi.model.adminnetworkpolicy import TierPolicy, as_cluster_network_policy
from haechi.model.cidr import CidrError, parse_cidr
from haechi.model.clusternetworkpolicy import ClusterNetworkPolicyEgressPeer
from haechi.model.definitions import DOMAIN, LOOSE_DOMAIN
from haechi.model.problem import Path, path_text
from haechi.model.quoting import quoted

_REFUSED = "which network-policy-api refuses since v0.3.0"


def refused_later(policy: TierPolicy) -> Iterator[tuple[Path, str]]:
    """The path and text of each value that later definitions refuse, or may refuse."""
    spec = as_cluster_network_policy(policy).spec
    for index, rule in enumerate(spec.egress):
        for number, peer in enumerate(rule.to):
            path: Path = ("spec", "egress", index, "to", number)
            yield from _values(peer, path)
            if peer.domain_names:
                yield from _names(spec.tier, rule.action, (*path, "domainNames"))


def _values(peer: ClusterNetworkPolicyEgressPeer, path: Path) -> Iterator[tuple[Path, str]]:
    for index, text in enumerate(peer.networks):
        masked = _masked(text)
        if masked:
            where = (*path, "networks", index)
            words = f"{quoted(text)} has bits set beyond the prefix length, {_REFUSED}: use {quoted(masked)}"
            yield where, f"{path_text(where)}: {words}"
    for index, name in enumerate(peer.domain_names):
        if re.search(LOOSE_DOMAIN, name) and not re.search(DOMAIN, name):
            where = (*path, "domainNames", index)
            yield where, f"{path_text(where)}: {quoted(name)} has a character that is no letter, {_REFUSED}"


def _masked(text: str) -> str:
    """The network of a CIDR with host bits; "" for any other text."""
    try:
        cidr = parse_cidr(text)
    except CidrError:
        return ""
    return cidr.canonical if cidr.has_host_bits else ""


def _names(tier: str, action: str, path: Path) -> Iterator[tuple[Path, str]]:
    if action in ("Deny", "Pass"):
        words = f"domain names are supported with the action Accept only; beside {action} they may be refused later"
        yield path, f"{path_text(path)}: {words}"
    if tier == "Baseline":
        words = "domain names in the tier Baseline may be refused later: a NetworkPolicy cannot override them"
        yield path, f"{path_text(path)}: {words}"
