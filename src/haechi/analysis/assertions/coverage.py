"""Which rules assertions exercise.

A rule that no test exercises can be lost without a test failing. A rule is exercised if a packet that some assertion
asks about, and that passes, is one that the rule allows at the end that its policy isolates. So without all the other
rules together (their policies isolating as before) every asserted packet has the same verdict. If several rules allow
one packet, all of them are exercised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from haechi.analysis.assertions.check import AddressQuestion
from haechi.analysis.assertions.kinds import Kinds
from haechi.analysis.assertions.world import World
from haechi.analysis.reach import AddressKind
from haechi.model import Direction, PolicyKey
from haechi.sets import AddressSet, PortSet, Traffic


class RuleCoverage:
    """The rules that no asserted packet has exercised so far.

    Attributes:
        waiting: those rules.
    """

    def __init__(self, world: World, kinds: Kinds) -> None:
        self._world = world
        self._kinds = kinds
        self.waiting = set(world.rules)
        self._senders: dict[PolicyKey, AddressSet] = {}

    # -- one address of a pod ----------------------------------------------------------------------------------------

    def exercise(self, question: AddressQuestion, passing: Traffic) -> None:
        """Remove the rules that a passing packet exercises from `waiting`."""
        if not passing or not self.waiting or question.endpoint is None:
            return
        for key in self._world.rules_of(question.endpoint, question.direction):
            if key in self.waiting and passing & self._world.allowed_by(key, question.endpoint):
                self.waiting.discard(key)
        if question.direction is Direction.INGRESS:
            for key in [key for key in self.waiting if key.direction is Direction.EGRESS]:
                ports = self._world.allowed_by(key).at(question.address)
                if ports and passing.restricted(self._subjects(key.policy), ports):
                    self.waiting.discard(key)

    def _subjects(self, policy: PolicyKey) -> AddressSet:
        found = self._senders.get(policy)
        if found is None:
            engine = self._world.engine
            members = engine.members(engine.policies[policy].subject)
            found = self._senders[policy] = AddressSet.of(*[a for _, addresses in members for a in addresses])
        return found

    # -- all addresses of a kind -------------------------------------------------------------------------------------

    def exercise_between(self, server: AddressKind, passing: Mapping[AddressKind, PortSet]) -> None:
        """The same for all packets to a kind of address, by the kind of their sources."""
        if not passing or not self.waiting:
            return
        kinds = self._kinds
        for key in kinds.rules_of(server, Direction.INGRESS):
            if key in self.waiting and _meet(passing, kinds.row(kinds.alone(key, server))):
                self.waiting.discard(key)
        for rule, ports, senders in kinds.reached(server):
            if rule in self.waiting and any(sender in passing and passing[sender] & ports for sender in senders):
                self.waiting.discard(rule)

    def exercise_outside(self, kind: AddressKind, direction: Direction, passing: Traffic, pods: Sequence[int]) -> None:
        """The same for the packets between some addresses of a kind, and addresses outside the pods.

        Args:
            kind: the kind.
            direction: of the packets, as the pods see it.
            passing: by the address of the other end; not meant are a pod and its own node.
            pods: the addresses of the pods.
        """
        for key in self._kinds.rules_of(kind, direction) if passing else ():
            if key in self.waiting:
                matched = passing & self._kinds.outside(self._kinds.alone(key, kind))
                if any(True for _ in beyond(self._world, matched.addresses, pods)):
                    self.waiting.discard(key)


def _meet(one: Mapping[AddressKind, PortSet], other: Mapping[AddressKind, PortSet]) -> bool:
    """Whether the two have a packet in common."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return any(kind in many and many[kind] & ports for kind, ports in few.items())


def beyond(world: World, addresses: AddressSet, pods: Sequence[int]) -> Sequence[int]:
    """Those of some pods' addresses for which some of `addresses` is not their own node's."""
    if not addresses or not addresses <= world.nodes:
        return pods if addresses else ()
    owners = ((pod, world.engine.owner(pod)) for pod in pods)
    return [pod for pod, owner in owners if owner is not None and addresses - world.near(owner)]
