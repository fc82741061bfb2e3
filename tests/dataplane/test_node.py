"""A node's ruleset follows the engine: what is in the kernel is a function of the present state."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.netlink import Nftables
from haechi.nft import Ruleset
from haechi.testing import FakeNftables
from haechi.verify import Prover
from tests import building, clusters
from tests.dataplane.cases import CASES
from tests.netlink.namespace import in_namespace, in_user_namespace
from tests.netlink.tool import nft
from tests.verify.proved import assert_proved, assert_still_proved

Object = Namespace | Node | Pod | NetworkPolicy
Step = tuple[str, Object]


def steps(length: int) -> st.SearchStrategy[list[Step]]:
    """Objects that are put, three times in four, or deleted; after some the transaction is committed."""
    verbs = st.sampled_from(("put", "put", "put", "put, commit", "put, commit", "delete", "delete, commit"))
    return st.lists(st.tuples(verbs, clusters.objects()), min_size=1, max_size=length)


def follow(found: list[Step], nftables: FakeNftables | Nftables) -> Ruleset:
    """Do the steps one by one, commit as they say and at the end; the ruleset of the last state, built at once.

    What is committed is proved each time.
    """
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    prover = Prover("n0")
    present: dict[tuple[type, str], Object] = {}
    for verb, one in found:
        if verb.startswith("put"):
            node.apply(engine.put(one))
            prover.put(one)
            present[type(one), one.key] = one
        else:
            node.apply(engine.delete(type(one), one.namespace, one.name))
            prover.delete(type(one), one.namespace, one.name)
            present.pop((type(one), one.key), None)
        if verb.endswith("commit"):
            nftables.commit(node.transaction())
            node.committed()
            assert_still_proved(nftables, prover)
    nftables.commit(node.transaction())
    node.committed()
    assert_still_proved(nftables, prover)
    assert len(node.transaction()) == 0
    desired = NodeRuleset(Engine.of(present.values()), "n0").ruleset()
    assert node.ruleset() == desired
    return desired


@given(steps(20))
@settings(max_examples=150)
def test_transactions_lead_to_the_ruleset_of_the_present_state(found: list[Step]) -> None:
    fake = FakeNftables()
    desired = follow(found, fake)
    assert fake.ruleset(TABLE.name) == desired


@in_namespace
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(found=steps(30))
def test_the_kernel_takes_every_transaction_and_holds_the_present_state(found: list[Step]) -> None:
    with Nftables() as nftables:
        desired = follow(found, nftables)
        assert nftables.ruleset(TABLE.name) == desired


@in_user_namespace
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(found=steps(30))
def test_it_needs_no_root_of_the_machine(found: list[Step]) -> None:
    with Nftables() as nftables:
        desired = follow(found, nftables)
        assert nftables.ruleset(TABLE.name) == desired


# -- what happens to a node, case by case --------------------------------------------------------------------------

OPEN_TO_B = building.policy(
    "{podSelector: {matchLabels: {r: a}}, ingress: [{from: [{podSelector: {matchLabels: {r: b}}}]}]}"
)
NAMED = building.policy(
    "{podSelector: {matchLabels: {r: a}}, policyTypes: [Egress],"
    " egress: [{to: [{podSelector: {}}], ports: [{port: web}]}]}",
    name="named",
)
A = building.pod("x/a", "10.0.0.1", "fd00::1", marks="r=a", node="n")
B = building.pod("x/b", "10.0.0.2", "fd00::2", marks="r=b", node="m")
BASE: tuple[Object, ...] = (A, B, OPEN_TO_B)


class Following:
    """A node, its engine and a kernel, proved at every commit and checked against a node that has no past."""

    def __init__(self, *found: Object, name: str = "n") -> None:
        self.present = {(type(one), one.key): one for one in found}
        self.engine = Engine.of(found)
        self.node = NodeRuleset(self.engine, name)
        self.kernel = FakeNftables()
        self.commit()

    def put(self, one: Object) -> None:
        self.present[type(one), one.key] = one
        self.node.apply(self.engine.put(one))

    def delete(self, one: Object) -> None:
        del self.present[type(one), one.key]
        self.node.apply(self.engine.delete(type(one), one.namespace, one.name))

    def commit(self) -> str:
        """What was sent, as nft commands."""
        sent = str(self.node.transaction())
        self.kernel.commit(self.node.transaction())
        self.node.committed()
        fresh = NodeRuleset(Engine.of(self.present.values()), self.node.node).ruleset()
        assert self.kernel.ruleset(TABLE.name) == self.node.ruleset() == fresh
        assert_proved(fresh, self.present.values(), self.node.node)
        assert len(self.node.transaction()) == 0
        return sent

    def targets(self, name: str) -> dict[str, str]:
        """A map's addresses and where they lead, without digests."""
        found = self.kernel.ruleset(TABLE.name)
        assert found is not None
        return {
            str(ip_address(each.key)): each.verdict.chain.partition("_")[0]
            for each in found.maps[name].elements
            if each.verdict is not None
        }

    def members(self, kind: str) -> set[str]:
        """The addresses in the one set of a kind, such as pods4."""
        found = self.kernel.ruleset(TABLE.name)
        assert found is not None
        (one,) = (each for each in found.sets.values() if each.name.startswith(f"{kind}_"))
        return self.elements(one.name)

    def elements(self, name: str) -> set[str]:
        """The elements of a set."""
        found = self.kernel.ruleset(TABLE.name)
        assert found is not None
        return {found.sets[name].shape.print(each) for each in found.sets[name].elements}


def test_two_local_pods_with_one_address_are_both_closed_until_one_goes() -> None:
    lab = Following(*BASE)
    twin = building.pod("x/twin", "10.0.0.1", node="n")
    lab.put(twin)
    lab.commit()
    assert lab.targets("clients4") == lab.targets("servers4") == {"10.0.0.1": "disputed"}
    assert lab.targets("servers6") == {"fd00::1": "in"}
    lab.delete(twin)
    lab.commit()
    assert lab.targets("clients4") == {}
    assert lab.targets("servers4") == {"10.0.0.1": "in"}


def test_a_pod_elsewhere_with_a_local_pods_address_closes_it_and_leaves_peer_sets() -> None:
    lab = Following(*BASE, building.pod("x/c", "10.0.0.3", marks="r=b", node="n"))
    assert lab.members("pods4") == {"10.0.0.2", "10.0.0.3"}
    lab.put(building.pod("x/d", "10.0.0.3", marks="r=b", node="m"))
    lab.commit()
    assert lab.targets("servers4") == {"10.0.0.1": "in", "10.0.0.3": "disputed"}
    assert lab.members("pods4") == {"10.0.0.2"}


def test_a_local_pod_that_takes_the_address_of_a_pod_elsewhere_is_closed_until_it_moves() -> None:
    lab = Following(*BASE)
    lab.put(building.pod("x/thief", "10.0.0.2", node="n"))
    lab.commit()
    assert lab.targets("clients4") == {"10.0.0.2": "disputed"}
    lab.put(building.pod("x/thief", "10.0.0.2", node="m"))
    lab.commit()
    assert lab.targets("clients4") == {}


def test_a_dispute_between_strangers_is_none_of_a_nodes_business() -> None:
    lab = Following(*BASE)
    lab.put(building.pod("x/far", "10.0.0.9", node="m"))
    lab.put(building.pod("x/farther", "10.0.0.9", node="o"))
    assert lab.commit() == ""


def test_a_pods_addresses_of_one_family_are_paired_as_long_as_they_are_its_alone() -> None:
    lab = Following(*BASE, building.pod("x/w", "10.0.0.7", "10.0.0.8", "fd00::7", marks="r=a", node="n"))
    w, a = {f"10.0.0.{one} . 10.0.0.{other}" for one in (7, 8) for other in (7, 8)}, "10.0.0.1 . 10.0.0.1"
    assert lab.elements("self4") == {a, *w}
    assert lab.elements("self6") == {"fd00::1 . fd00::1", "fd00::7 . fd00::7"}
    twin = building.pod("x/twin", "10.0.0.8", node="m")
    lab.put(twin)
    lab.commit()
    assert lab.elements("self4") == {a, "10.0.0.7 . 10.0.0.7"}
    lab.delete(twin)
    lab.commit()
    assert lab.elements("self4") == {a, *w}
    lab.put(building.pod("x/w", "10.0.0.8", "fd00::7", "fd00::8", marks="r=a", node="n"))
    lab.commit()
    assert lab.elements("self4") == {a, "10.0.0.8 . 10.0.0.8"}
    assert len(lab.elements("self6")) == 5


def test_a_pod_that_moves_to_another_node_is_judged_there_alone() -> None:
    here, there = Following(*BASE), Following(*BASE, name="m")
    for lab in (here, there):
        lab.put(building.pod("x/a", "10.0.0.1", "fd00::1", marks="r=a", node="m"))
        lab.commit()
    assert here.targets("servers4") == {}
    assert there.targets("servers4") == {"10.0.0.1": "in"}
    assert "pods4_" not in str(here.kernel.ruleset(TABLE.name))


def test_a_pod_gains_and_loses_a_family() -> None:
    lab = Following(*BASE)
    lab.put(building.pod("x/a", "10.0.0.1", marks="r=a", node="n"))
    lab.put(building.pod("x/b", "fd00::2", marks="r=b", node="m"))
    lab.commit()
    assert (lab.targets("servers4"), lab.targets("servers6")) == ({"10.0.0.1": "in"}, {})
    assert (lab.members("pods4"), lab.members("pods6")) == (set(), {"fd00::2"})
    lab.put(A)
    lab.put(B)
    lab.commit()
    assert lab.targets("servers6") == {"fd00::1": "in"}
    assert lab.members("pods4") == {"10.0.0.2"}


def test_a_peer_that_comes_and_goes_between_two_commits_leaves_nothing_to_send() -> None:
    """To delete an element that never came to the kernel would be refused, with all that is sent beside it."""
    lab = Following(*BASE)
    c = building.pod("x/c", "10.0.0.3", marks="r=b", node="m")
    lab.put(c)
    lab.delete(c)
    assert lab.commit() == ""
    lab.delete(B)
    lab.put(B)
    assert lab.commit() == ""


def test_an_address_goes_from_one_pod_to_another_between_two_commits() -> None:
    lab = Following(*BASE)
    lab.delete(B)
    lab.put(building.pod("x/c", "10.0.0.2", marks="r=b", node="m"))
    assert lab.commit().splitlines() == [f"delete element inet haechi {pods6(lab)} {{ fd00::2 }}"]


def pods6(lab: Following) -> str:
    (found,) = (name for name in lab.node.ruleset().sets if name.startswith("pods6_"))
    return found


def test_a_policy_that_goes_and_comes_back_fills_its_sets_anew() -> None:
    """Pods change while nobody follows the set."""
    lab = Following(*BASE, NAMED, building.pod("x/w", "10.0.0.7", ports=("web=80/TCP",), node="m"))
    lab.delete(OPEN_TO_B)
    lab.delete(NAMED)
    lab.delete(B)
    lab.put(building.pod("x/c", "10.0.0.3", marks="r=b", node="m", ports=("web=81/TCP",)))
    lab.put(building.pod("x/w", "10.0.0.7", ports=("web=82/TCP",), node="m"))
    lab.put(OPEN_TO_B)
    lab.put(NAMED)
    sent = lab.commit()
    assert "flush set" in sent
    assert "chain" not in sent
    assert lab.members("pods4") == {"10.0.0.3"}
    assert lab.members("named4_tcp") == {"10.0.0.3 . 81", "10.0.0.7 . 82"}


def test_what_was_followed_before_a_set_went_does_not_count_when_it_is_back() -> None:
    """The pod's leaving was noted; filled anew, the set never had it."""
    lab = Following(*BASE)
    lab.delete(B)
    lab.delete(OPEN_TO_B)
    lab.put(OPEN_TO_B)
    lab.commit()
    assert lab.members("pods4") == set()


def test_blocks_that_come_back_are_not_sent_again() -> None:
    blocks = building.policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}")
    lab = Following(A, blocks)
    lab.delete(blocks)
    lab.put(blocks)
    assert lab.commit() == ""


def test_a_policy_that_becomes_another_sends_no_third_state() -> None:
    """The pod stays isolated: its map element changes in the same transaction that makes the new chain."""
    lab = Following(*BASE)
    before = lab.node.ruleset()
    lab.put(building.policy("{podSelector: {matchLabels: {r: a}}, ingress: []}"))
    sent = lab.commit().splitlines()
    verbs = [line.split(" inet haechi ")[0] for line in sent]
    first_removal = min(number for number, verb in enumerate(verbs) if verb in ("delete element", "flush chain"))
    assert all(verb.startswith(("create", "add")) for verb in verbs[:first_removal])
    assert verbs[first_removal : first_removal + 4] == ["delete element", "add element"] * 2
    assert all(
        verb in ("flush chain", "delete chain", "delete map", "delete set") for verb in verbs[first_removal + 4 :]
    )
    assert lab.node.ruleset().sets["isolated4"] == before.sets["isolated4"]


def test_the_port_name_of_a_local_server_changes_its_stage_alone() -> None:
    web = building.policy("{podSelector: {matchLabels: {r: a}}, ingress: [{ports: [{port: web}]}]}")
    lab = Following(building.pod("x/a", "10.0.0.1", marks="r=a", node="n", ports=("web=80/TCP",)), B, web)
    (first,) = lab.node.ruleset().maps["servers4"].elements
    lab.put(building.pod("x/a", "10.0.0.1", marks="r=a", node="n", ports=("web=81/TCP",)))
    lab.commit()
    (second,) = lab.node.ruleset().maps["servers4"].elements
    assert first.verdict != second.verdict


def test_a_change_elsewhere_costs_its_elements_only() -> None:
    lab = Following(*BASE)
    lab.put(building.pod("x/c", "10.0.0.3", marks="r=b", node="m"))
    assert lab.commit().count("\n") == 1


def test_a_transaction_may_be_asked_for_twice() -> None:
    lab = Following(*BASE)
    lab.delete(OPEN_TO_B)
    lab.put(NAMED)
    assert str(lab.node.transaction()) == str(lab.node.transaction()) != ""


def test_what_was_not_committed_is_sent_again_with_what_came_after() -> None:
    """A commit that the kernel refused is as if it had not been tried."""
    lab = Following(*BASE)
    lab.put(NAMED)
    assert len(lab.node.transaction())
    lab.put(building.pod("x/c", "10.0.0.3", marks="r=b", node="n"))
    lab.commit()


def test_a_node_that_begins_anew_takes_the_place_of_its_table() -> None:
    lab = Following(*BASE)
    again = NodeRuleset(Engine.of([A, NAMED]), "n")
    lab.kernel.commit(again.transaction())
    assert lab.kernel.ruleset(TABLE.name) == again.ruleset()
    assert_proved(again.ruleset(), [A, NAMED], "n")


def test_pods_without_a_node_are_judged_nowhere() -> None:
    lab = Following(building.pod("x/a", "10.0.0.1", marks="r=a"), B, OPEN_TO_B)
    assert lab.targets("servers4") == {}


# -- what is printed is what is sent ----------------------------------------------------------------------------------


@in_namespace
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(found=steps(16))
def test_the_nft_tool_does_the_same_with_the_printed_transactions(found: list[Step]) -> None:
    """Every transaction goes to the kernel as text, through nft; what it leaves there is what is desired."""
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    prover = Prover("n0")
    with Nftables() as nftables:
        for verb, one in (*found, ("put, commit", clusters_end())):
            if verb.startswith("put"):
                node.apply(engine.put(one))
                prover.put(one)
            else:
                node.apply(engine.delete(type(one), one.namespace, one.name))
                prover.delete(type(one), one.namespace, one.name)
            if verb.endswith("commit"):
                nft("-f", "-", feed=str(node.transaction()))
                node.committed()
                assert_still_proved(nftables, prover)
        assert nftables.ruleset(TABLE.name) == node.ruleset()


def clusters_end() -> Object:
    """An object that makes the last step."""
    return building.policy("{podSelector: {}, policyTypes: [Ingress, Egress]}", name="end", namespace="a")


@in_namespace
def test_a_printed_ruleset_loads_to_itself() -> None:
    with Nftables() as nftables:
        for found in CASES.values():
            desired = NodeRuleset(Engine.of(found), "n").ruleset()
            nft("flush ruleset")
            nft("-f", "-", feed=str(desired))
            assert nftables.ruleset(TABLE.name) == desired
            assert_proved(desired, found, "n")
