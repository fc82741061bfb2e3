"""Random sequences of updates, proved after every commit, restarts of the agent among them."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.testing import FakeNftables
from haechi.verify import Prover
from tests import clusters
from tests.verify.proved import assert_still_proved

Object = Namespace | Node | Pod | NetworkPolicy


class Updates(RuleBasedStateMachine):
    """A node's agent and a prover that see the same updates."""

    @initialize(objects=st.lists(clusters.objects(), max_size=12))
    def start(self, objects: list[Object]) -> None:
        self.engine = Engine.of(objects)
        self.node = NodeRuleset(self.engine, "n0")
        self.nftables = FakeNftables()
        self.prover = Prover("n0", objects)

    @rule(one=clusters.objects())
    def put(self, one: Object) -> None:
        self.node.apply(self.engine.put(one))
        self.prover.put(one)

    @rule(one=clusters.objects())
    def delete(self, one: Object) -> None:
        self.node.apply(self.engine.delete(type(one), one.namespace, one.name))
        self.prover.delete(type(one), one.namespace, one.name)

    @rule()
    def restart(self) -> None:
        """The agent comes back to a kernel that has its table of before."""
        self.node = NodeRuleset(self.engine, "n0")

    @rule()
    def flush(self) -> None:
        """The agent comes back to a kernel without its table, the prover to one that it has never seen."""
        self.nftables = FakeNftables()
        self.node = NodeRuleset(self.engine, "n0")
        self.prover.forget()

    @invariant()
    def what_is_committed_is_proved(self) -> None:
        if hasattr(self, "node"):
            self.nftables.commit(self.node.transaction())
            self.node.committed()
            assert_still_proved(self.nftables, self.prover)


TestUpdates = Updates.TestCase
TestUpdates.settings = settings(max_examples=40, stateful_step_count=20)
