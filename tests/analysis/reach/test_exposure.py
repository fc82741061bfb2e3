"""Who could come who is not there yet."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.exposure import Exposure, Term, exposures
from haechi.analysis.reach.listing import Listing
from haechi.model.verdict import Direction
from haechi.sets import PortSet
from tests.building import pod, policy

TCP80 = PortSet.tcp(80)
TEAM = "{namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: web}}}"


def exposure(spec: str, direction: Direction, *, ports: tuple[str, ...] = ()) -> Exposure:
    """One direction of the only pod, which the policy selects."""
    listing = Listing.of(Cluster.of([pod("x/db", "10.0.0.1", ports=ports), policy(spec)]), "pod")
    found = exposures(listing.groups, listing.reach.classes)
    assert [one.direction for one in found] == [Direction.EGRESS, Direction.INGRESS]
    return next(one for one in found if one.direction is direction)


@pytest.mark.parametrize(
    ("rules", "terms"),
    [
        ("", ()),  # protected, and nobody may come
        ("{}", (Term("any pod", PortSet.ALL),)),
        ("{from: [{namespaceSelector: {}}], ports: [{port: 80}]}", (Term("any pod", TCP80),)),
        ("{from: [{podSelector: {}}]}", (Term("x: <none>", PortSet.ALL),)),
        (f"{{from: [{TEAM}], ports: [{{port: 80}}]}}", (Term("[team=a]: app=web", TCP80),)),
        ("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}", ()),  # addresses are no pods
        (f"{{from: [{TEAM}], ports: [{{port: 80}}]}}, {{from: [{TEAM}]}}", (Term("[team=a]: app=web", PortSet.ALL),)),
        (
            f"{{from: [{TEAM}], ports: [{{port: 80}}]}}, {{from: [{TEAM}], ports: [{{port: 81}}]}}",
            (Term("[team=a]: app=web", PortSet.tcp(80, 81)),),
        ),
    ],
)
def test_what_policies_say_of_pods_that_may_come(rules: str, terms: tuple[Term, ...]) -> None:
    found = exposure(f"{{ingress: [{rules}]}}", Direction.INGRESS)
    assert found == Exposure("x/db[Pod]", Direction.INGRESS, True, terms)


def test_a_direction_that_no_policy_isolates_is_unprotected() -> None:
    assert exposure("{ingress: [{}]}", Direction.EGRESS) == Exposure("x/db[Pod]", Direction.EGRESS, False)


def test_a_port_name_is_each_peers_own_towards_others_and_the_pods_own_towards_it() -> None:
    ahead = exposure("{policyTypes: [Egress], egress: [{ports: [{port: web}]}]}", Direction.EGRESS)
    assert ahead.terms == (Term("any pod", PortSet.protocol(6), "TCP web"),)
    back = exposure("{ingress: [{ports: [{port: web}]}]}", Direction.INGRESS, ports=("web=80/TCP",))
    assert back.terms == (Term("any pod", TCP80),)
