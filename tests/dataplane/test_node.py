"""A node's ruleset follows the engine: what is in the kernel is a function of the present state."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.netlink import Nftables
from haechi.nft import Ruleset
from haechi.testing.nftables import FakeNftables
from tests import clusters
from tests.netlink.namespace import in_namespace, in_user_namespace

Object = Namespace | Node | Pod | NetworkPolicy
Step = tuple[str, Object]


def steps(length: int) -> st.SearchStrategy[list[Step]]:
    """Objects that are put, three times in four, or deleted; after some the transaction is committed."""
    verbs = st.sampled_from(("put", "put", "put", "put, commit", "put, commit", "delete", "delete, commit"))
    return st.lists(st.tuples(verbs, clusters.objects()), min_size=1, max_size=length)


def follow(found: list[Step], nftables: FakeNftables | Nftables) -> Ruleset:
    """Do the steps one by one, commit as they say and at the end; the ruleset of the last state, built at once."""
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    present: dict[tuple[type, str], Object] = {}
    for verb, one in found:
        if verb.startswith("put"):
            node.apply(engine.put(one))
            present[type(one), one.key] = one
        else:
            node.apply(engine.delete(type(one), one.namespace, one.name))
            present.pop((type(one), one.key), None)
        if verb.endswith("commit"):
            nftables.commit(node.transaction())
            node.committed()
    nftables.commit(node.transaction())
    node.committed()
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
