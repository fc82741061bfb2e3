"""What is in use is a function of the users that are there: nothing too early, nothing too long, nothing left."""

from __future__ import annotations

from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from haechi.dataplane.peerset import PeerSet
from haechi.dataplane.stage import Stage
from haechi.dataplane.uses import Uses
from haechi.engine import Engine, PolicySet
from haechi.model.verdict import Direction
from tests.building import namespace, pod, policy

PEERS = (
    "{podSelector: {}}",
    "{podSelector: {matchLabels: {a: b}}}",
    "{namespaceSelector: {}}",
    "{ipBlock: {cidr: 10.0.0.0/8}}",
)


@cache
def policy_sets() -> tuple[PolicySet, ...]:
    """Policy sets that share peers with each other."""
    found: list[PolicySet] = []
    for one in PEERS:
        for other in PEERS:
            spec = f"{{podSelector: {{}}, ingress: [{{from: [{one}]}}, {{from: [{other}], ports: [{{port: 80}}]}}]}}"
            engine = Engine.of([namespace("x"), pod("x/a", "10.0.0.1"), policy(spec)])
            (endpoint,) = engine.endpoints
            policies = engine.policy_set(endpoint, Direction.INGRESS)
            assert policies is not None
            found.append(policies)
    return tuple(found)


class Using(RuleBasedStateMachine):
    """`Uses` beside a list of users."""

    def __init__(self) -> None:
        super().__init__()
        self.uses = Uses()
        self.users: list[PolicySet] = []
        self.settled: tuple[set[str], set[PeerSet]] = (set(), set())

    @rule(policies=st.sampled_from(policy_sets()))
    def acquire(self, policies: PolicySet) -> None:
        assert self.uses.acquire(policies) == Stage.of(policies).name
        self.users.append(policies)

    @precondition(lambda self: bool(self.users))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        policies = self.users.pop(data.draw(st.integers(0, len(self.users) - 1)))
        self.uses.release(Stage.of(policies).name)

    @rule(name=st.sampled_from(("", "disputed", "eg_nobody")))
    def release_what_nobody_uses(self, name: str) -> None:
        self.uses.release(name)

    @rule()
    def settle(self) -> None:
        self.uses.settle()
        self.settled = (set(self.uses.stages), set(self.uses.peers))

    @invariant()
    def what_is_used_is_there(self) -> None:
        stages = {stage.name: stage for stage in map(Stage.of, self.users)}
        assert self.uses.stages == stages
        assert self.uses.peers == {each for stage in stages.values() for each in stage.peer_sets}

    @invariant()
    def peer_sets_are_found_by_their_selections(self) -> None:
        for selection in {each for policies in policy_sets() for each in policies.selections()}:
            wanted = {each for each in self.uses.peers if selection in each.selections}
            assert self.uses.peers_of([selection]) == wanted

    @invariant()
    def every_change_is_touched(self) -> None:
        stages, peers = self.settled
        assert self.uses.touched_stages >= stages ^ set(self.uses.stages)
        assert self.uses.touched_peers >= peers ^ set(self.uses.peers)
        assert self.uses.stale_peers <= self.uses.touched_peers

    def teardown(self) -> None:
        """When the last user has gone, nothing is left, not even in the books."""
        for policies in self.users:
            self.uses.release(Stage.of(policies).name)
        self.uses.settle()
        assert vars(self.uses) == vars(Uses())


TestUsing = Using.TestCase
TestUsing.settings = settings(max_examples=40, stateful_step_count=25)


def test_a_set_that_comes_back_before_it_was_settled_is_stale() -> None:
    """Its elements were not followed while nobody used it."""
    uses = Uses()
    name = uses.acquire(policy_sets()[0])
    uses.settle()
    uses.release(name)
    uses.acquire(policy_sets()[0])
    assert uses.stale_peers == set(uses.peers) != set()
    uses.settle()
    assert not uses.stale_peers
    assert not uses.touched_stages


def test_a_second_user_touches_nothing() -> None:
    uses = Uses()
    name = uses.acquire(policy_sets()[0])
    uses.settle()
    assert uses.acquire(policy_sets()[0]) == name
    uses.release(name)
    assert not uses.touched_stages
    assert not uses.touched_peers
    assert name in uses.stages
