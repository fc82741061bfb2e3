"""Policies that the API server rejects: repeated fields, and excepts outside their cidr."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import run_checks
from haechi.analysis.lint.checks.invalid import except_outside
from tests.analysis.lint.linting import found
from tests.building import policy

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec:
"""


@pytest.mark.parametrize(
    ("fields", "message", "place"),
    [
        (("podSelector: {}", "podSelector: {matchLabels: {app: web}}"), "podSelector is given twice", "6:3"),
        (
            ("podSelector:", "  matchLabels:", "    app.example/name: web", "    app.example/name: db"),
            "app.example/name is given twice",
            "8:7",
        ),
    ],
)
def test_a_repeated_field_is_reported_at_its_second_place(fields: tuple[str, ...], message: str, place: str) -> None:
    (finding,) = found(POLICY + "".join(f"  {line}\n" for line in fields), "duplicate-field")
    assert finding.message == f"{message}: most tools silently drop one of the two"
    assert str(finding.location) == f"<stdin>:{place}"


def test_a_repeated_field_of_a_policy_of_a_tier_is_reported() -> None:
    head = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec:\n"
    fields = "  tier: Admin\n  priority: 1\n  priority: 2\n  subject: {namespaces: {}}\n"
    (finding,) = found(head + fields, "duplicate-field")
    assert (finding.path, str(finding.location)) == ("spec.priority", "<stdin>:7:3")


CIDRS = [f"10.0.{third}.0/{length}" for third in (0, 1, 128) for length in (16, 17, 24, 25)] + ["fd00::/64", "nonsense"]


@given(st.sampled_from(CIDRS), st.lists(st.sampled_from(CIDRS), max_size=4))
def test_excepts_are_reported_exactly_if_they_are_no_strict_subnets(cidr: str, excepts: list[str]) -> None:
    one = policy(f"{{ingress: [{{from: [{{ipBlock: {{cidr: '{cidr}', except: {excepts}}}}}]}}]}}")
    reported = {finding.path for finding in run_checks(Cluster.of([one]), [except_outside])}
    assert reported == {
        f"spec.ingress[0].from[0].ipBlock.except[{number}]"
        for number, text in enumerate(excepts)
        if "nonsense" not in (cidr, text) and not _is_strict_subnet(text, cidr)
    }


def _is_strict_subnet(text: str, cidr: str) -> bool:
    part, whole = ip_network(text, strict=False), ip_network(cidr, strict=False)
    return (
        part.version == whole.version
        and part.network_address in whole
        and part.broadcast_address in whole
        and part.num_addresses < whole.num_addresses
    )
