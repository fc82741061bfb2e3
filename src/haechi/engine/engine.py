"""The state of a cluster and the meaning of its policies.

Why: questions, enforcement and proof use one engine, so policies have one meaning. Results depend on the present state
only, never on the order of updates (tested against `haechi.reference`). Every update returns its delta. Where part of
an object cannot be read, what depends on that part fails closed, and nothing else. API objects are not stored, only
what verdicts depend on.

    Namespace ──▶ Scopes ─────────┐
                                  ▼
    Pod ──▶ Endpoint ──▶ Memberships ──▶ pods of each selection ──┐
              │                   ▲                               ├──▶ PolicySet of a class ──▶ PacketVerdict, Traffic
              └──▶ Claims         │ selections                    │
    NetworkPolicy ──▶ Policy ─────┴───────────────────────────────┘
    policy of a tier ──▶ OrderedPolicy, in the same way ──▶ TierRules, TierSet of a class
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from pyroaring import BitMap

from haechi.engine.claims import Claims
from haechi.engine.classes import Classes
from haechi.engine.delta import Delta, PodChange, PodState
from haechi.engine.endpoint import Endpoint, NamedPort, points
from haechi.engine.membership import Memberships
from haechi.engine.policy import Policy
from haechi.engine.policyset import PolicySet
from haechi.engine.selection import PodSelection
from haechi.engine.tierpolicy import OrderedPolicy
from haechi.engine.tierrules import TierRules
from haechi.engine.tierset import TierSet
from haechi.model import (
    ClusterPolicyKey,
    Direction,
    Namespace,
    NetworkPolicy,
    Node,
    Pod,
    PodKey,
    PolicyKey,
    Tier,
    TierPolicy,
)
from haechi.select import Selector
from haechi.sets import AddressSet

_NO_KEYS: frozenset[PolicyKey] = frozenset()
Stages = tuple[()] | tuple[PolicySet | TierSet] | tuple[TierSet, PolicySet | TierSet]
"""What judges a side: a tier, then a policy set or the baseline tier. Undecided by all of them is allowed."""
_EngineObject = Namespace | Node | Pod | NetworkPolicy | TierPolicy
_TierClass = tuple[Tier, Direction, tuple[ClusterPolicyKey, ...], tuple[NamedPort, ...]]
_RulesClass = tuple[Direction, tuple[ClusterPolicyKey, ...], tuple[NamedPort, ...]]


class Engine:
    """A cluster: its namespaces, nodes, pods and policies.

    `put` and `delete` accept objects in any order. `of` builds the same state from many objects at once, faster.

    Args:
        ipblock_matches_pods: whether an ipBlock matches pods whose addresses it contains, as `haechi.reference` and the
            kernel's rules have it. Without that, questions are answered for networks on which it never does.
    """

    def __init__(self, *, ipblock_matches_pods: bool = True) -> None:
        self.ipblock_matches_pods = ipblock_matches_pods
        self._numbers: dict[PodKey, int] = {}
        self._endpoints: dict[int, Endpoint] = {}
        self._free: list[int] = []
        self._fresh = count()
        self._claims = Claims()
        self._memberships = Memberships()
        self._nodes: dict[str, tuple[Mapping[str, str], tuple[int, ...]]] = {}
        self._policies: dict[PolicyKey, Policy] = {}
        self._by_subject: dict[PodSelection, dict[Direction, frozenset[PolicyKey]]] = {}
        self._classes = Classes()
        self._tier_policies: dict[ClusterPolicyKey, OrderedPolicy] = {}
        self._by_tier_subject: dict[PodSelection, set[ClusterPolicyKey]] = {}
        self._tier_classes: dict[_TierClass, TierSet] = {}
        self._known_stages: dict[tuple[int, ...], Stages] = {}  # by the identities of its members
        self._tier_rules: dict[_RulesClass, TierRules] = {}
        self._by_port_name: dict[tuple[int, str], list[tuple[int, int]]] = {}
        self._pod_addresses: AddressSet | None = None

    @classmethod
    def of(cls, objects: Iterable[_EngineObject], *, ipblock_matches_pods: bool = True) -> Engine:
        """The engine of a whole cluster. Of several objects with one key the last is used."""
        engine = cls(ipblock_matches_pods=ipblock_matches_pods)
        endpoints: dict[PodKey, Endpoint] = {}
        policies: dict[PolicyKey, NetworkPolicy] = {}
        tier_policies: dict[ClusterPolicyKey, TierPolicy] = {}
        for one in objects:
            match one:
                case Pod():
                    endpoint = Endpoint.of(one)
                    if endpoint is None:
                        endpoints.pop(PodKey(one.namespace, one.name), None)
                    else:
                        endpoints[endpoint.key] = endpoint
                case NetworkPolicy():
                    policies[PolicyKey(one.namespace, one.name)] = one
                case Namespace() | Node():
                    engine.put(one)
                case _:
                    tier_policies[ClusterPolicyKey(one.kind, one.name)] = one
        engine._extend(endpoints)
        for policy in policies.values():
            engine._put_policy(policy)
        for tier_policy in tier_policies.values():
            engine._put_tier_policy(tier_policy)
        return engine

    # -- the state ---------------------------------------------------------------------------------------------------

    @property
    def policies(self) -> Mapping[PolicyKey, Policy]:
        """All policies; callers must not change them."""
        return self._policies

    @property
    def tier_policies(self) -> Mapping[ClusterPolicyKey, OrderedPolicy]:
        """All policies of tiers; callers must not change them."""
        return self._tier_policies

    @property
    def endpoints(self) -> Iterable[Endpoint]:
        """All pods that policies apply to."""
        return self._endpoints.values()

    def endpoint(self, key: PodKey) -> Endpoint | None:
        """One pod; None if there is none that policies apply to."""
        number = self._numbers.get(key)
        return None if number is None else self._endpoints[number]

    def numbered(self, number: int) -> Endpoint:
        """The pod with this number in the bitmaps of this engine."""
        return self._endpoints[number]

    def owner(self, address: int) -> Endpoint | None:
        """The pod that an address belongs to; None if no pod or several pods claim it."""
        number = self._claims.owner(address)
        return None if number is None else self._endpoints[number]

    def claimants(self, address: int) -> tuple[Endpoint, ...]:
        """The pods that claim an address, sorted by key: more than one if it is disputed."""
        found = [self._endpoints[number] for number in self._claims.claimants(address)]
        return tuple(sorted(found, key=lambda endpoint: endpoint.key))

    @property
    def pod_addresses(self) -> AddressSet:
        """All addresses of pods, disputed ones included."""
        if self._pod_addresses is None:
            self._pod_addresses = AddressSet.of(*{one for each in self.endpoints for one in each.addresses})
        return self._pod_addresses

    def node_addresses(self, name: str) -> tuple[int, ...]:
        """The addresses of a node, from its object."""
        return self._nodes[name][1] if name in self._nodes else ()

    def addresses_of_nodes(self, selectors: Iterable[Selector]) -> frozenset[int]:
        """The addresses of all nodes whose labels any of these selectors matches."""
        listed = list(selectors)
        return frozenset(
            point for labels, own in self._nodes.values() if any(one.matches(labels) for one in listed) for point in own
        )

    def members(self, selection: PodSelection) -> Iterator[tuple[Endpoint, tuple[int, ...]]]:
        """The pods that a selection in use matches, each with its addresses that are not disputed."""
        endpoints, split = self._endpoints, self._claims.split
        for number in self._memberships.members(selection):
            endpoint = endpoints[number]
            yield endpoint, split(endpoint.addresses)[0]

    def select(self, selection: PodSelection) -> BitMap:
        """The numbers of the pods that a selection matches, in use or not; callers must not change the bitmap."""
        return self._memberships.select(selection)

    def namespaces(self, selector: Selector) -> tuple[str, ...]:
        """The namespaces, declared or with pods, that a namespace selector matches, sorted."""
        return tuple(sorted(self._memberships.scopes.namespaces(selector)))

    def addresses(self, selections: Iterable[PodSelection]) -> list[int]:
        """The undisputed addresses, each once, of the pods that any of these selections, which are in use, matches."""
        numbers = BitMap.union(BitMap(), *[self._memberships.members(selection) for selection in selections])
        endpoints = self._endpoints
        if not self._claims.has_disputes:
            return [address for number in numbers for address in endpoints[number].addresses]
        return [a for number in numbers for a in self._claims.split(endpoints[number].addresses)[0]]

    def named_ports(self, protocol: int, name: str, within: AddressSet) -> Iterator[tuple[int, int]]:
        """The undisputed addresses among some, each with a number that its pod gives to a port name."""
        known = self._by_port_name.get((protocol, name))
        if known is None:
            known = self._by_port_name[protocol, name] = sorted(
                (address, port.number)
                for endpoint in self._endpoints.values()
                for port in endpoint.ports
                if (port.protocol, port.name) == (protocol, name)
                for address in self._claims.split(endpoint.addresses)[0]
            )
        for first, last in within.intervals:
            yield from known[bisect_left(known, (first, 0)) : bisect_left(known, (last + 1, 0))]

    def selections_of(self, endpoint: Endpoint) -> frozenset[PodSelection]:
        """The selections in use that match a pod."""
        return self._memberships.of(endpoint)

    def partition(self, selections: Iterable[PodSelection]) -> Iterator[tuple[frozenset[PodSelection], list[Endpoint]]]:
        """The pods that any of these selections matches, grouped by all of them that do."""
        groups: list[frozenset[PodSelection]] = [frozenset()]
        places: dict[int, int] = {}
        for selection in selections:
            moved: dict[int, int] = {}
            for number in self._memberships.select(selection):
                old = places.get(number, 0)
                new = moved.get(old)
                if new is None:
                    new = moved[old] = len(groups)
                    groups.append(groups[old] | {selection})
                places[number] = new
        members: list[list[Endpoint]] = [[] for _ in groups]
        endpoints = self._endpoints
        for number, place in places.items():
            members[place].append(endpoints[number])
        return ((group, own) for group, own in zip(groups, members, strict=True) if own)

    def own_addresses(self, endpoints: Iterable[Endpoint]) -> list[tuple[Endpoint, int]]:
        """The addresses of pods that no other pod claims, each with its pod."""
        if not self._claims.has_disputes:
            return [(endpoint, address) for endpoint in endpoints for address in endpoint.addresses]
        split = self._claims.split
        return [(endpoint, address) for endpoint in endpoints for address in split(endpoint.addresses)[0]]

    def is_member(self, endpoint: Endpoint, selection: PodSelection) -> bool:
        """Whether a selection in use matches this pod."""
        return self._numbers[endpoint.key] in self._memberships.members(selection)

    # -- the meaning -------------------------------------------------------------------------------------------------

    def policies_of(self, endpoint: Endpoint, direction: Direction) -> frozenset[PolicyKey]:
        """The policies that isolate a pod in one direction."""
        return self._isolating(self._memberships.of(endpoint), direction)

    def policy_set(self, endpoint: Endpoint, direction: Direction) -> PolicySet | None:
        """What policies allow a pod in one direction; None if it is not isolated."""
        keys = self.policies_of(endpoint, direction)
        return self._classes.get(direction, keys, self._policies, endpoint.ports) if keys else None

    def policy_sets(self, endpoint: Endpoint) -> tuple[PolicySet | None, PolicySet | None]:
        """Egress and ingress of a pod."""
        selections = self._memberships.of(endpoint)
        sets = []
        for direction in (Direction.EGRESS, Direction.INGRESS):
            keys = self._isolating(selections, direction)
            sets.append(self._classes.get(direction, keys, self._policies, endpoint.ports) if keys else None)
        return sets[0], sets[1]

    def tier_policies_of(self, endpoint: Endpoint, tier: Tier) -> list[OrderedPolicy]:
        """The policies of a tier that are about a pod, in the order in which they are asked."""
        return [one for one in self._tier_policies_about(endpoint) if one.tier is tier]

    def _tier_policies_about(self, endpoint: Endpoint) -> list[OrderedPolicy]:
        subjects = self._by_tier_subject
        selections = self._memberships.of(endpoint) & subjects.keys() if subjects else ()
        found = [self._tier_policies[key] for selection in selections for key in subjects[selection]]
        return sorted(found, key=lambda one: one.order)

    def tier_set(self, endpoint: Endpoint, tier: Tier, direction: Direction) -> TierSet | None:
        """What a tier decides about a pod in one direction; None if it has no rules about it."""
        policies = [one for one in self.tier_policies_of(endpoint, tier) if direction in one.directions]
        if not policies:
            return None
        keys = tuple(policy.key for policy in policies)
        ports = self._named(endpoint, direction, policies)
        known = self._tier_classes.get((tier, direction, keys, ports))
        if known is None:
            known = self._tier_classes[tier, direction, keys, ports] = TierSet.of(tier, direction, policies, ports)
        return known

    def stages(self, endpoint: Endpoint) -> tuple[Stages, Stages]:
        """Egress and ingress of a pod: what judges its connections, in order. Equal ones are one object."""
        egress, ingress = self.policy_sets(endpoint)
        return self._stages(endpoint, Direction.EGRESS, egress), self._stages(endpoint, Direction.INGRESS, ingress)

    def _stages(self, endpoint: Endpoint, direction: Direction, policies: PolicySet | None) -> Stages:
        found: Stages = () if policies is None else (policies,)
        if self._tier_policies:
            admin = self.tier_set(endpoint, Tier.ADMIN, direction)
            last = self.tier_set(endpoint, Tier.BASELINE, direction) if policies is None else policies
            found = () if last is None else (last,)
            if admin is not None:
                found = (admin,) if last is None else (admin, last)
        return self._known_stages.setdefault(tuple(map(id, found)), found)

    def tier_rules(self, endpoint: Endpoint) -> tuple[TierRules | None, TierRules | None]:
        """All rules of tiers that judge a pod, egress and ingress; None if there are none.

        Those of the baseline tier are among them where no NetworkPolicy isolates the pod.
        """
        if not self._tier_policies:
            return None, None
        about = self._tier_policies_about(endpoint)
        admin, baseline = ([one for one in about if one.tier is tier] for tier in Tier)

        def rules(direction: Direction) -> TierRules | None:
            isolated = self.policies_of(endpoint, direction)
            return self._rules_of(endpoint, direction, admin if isolated else [*admin, *baseline])

        return rules(Direction.EGRESS), rules(Direction.INGRESS)

    def _rules_of(self, endpoint: Endpoint, direction: Direction, policies: list[OrderedPolicy]) -> TierRules | None:
        chosen = [policy for policy in policies if direction in policy.directions]
        if not chosen:
            return None
        ports = self._named(endpoint, direction, chosen)
        keys = direction, tuple(policy.key for policy in chosen), ports
        found = self._tier_rules.get(keys)
        if found is None:
            rules = [(policy.tier, rule) for policy in chosen for rule in policy.rules(direction)]
            found = self._tier_rules[keys] = TierRules(direction, rules, ports)
        return found

    @staticmethod
    def _named(endpoint: Endpoint, direction: Direction, policies: list[OrderedPolicy]) -> tuple[NamedPort, ...]:
        """The named ports of a pod that occur in rules for connections to it."""
        if direction is Direction.EGRESS or not endpoint.ports:
            return ()
        names = {name for policy in policies for rule in policy.rules(direction) for name in rule.names}
        return tuple(port for port in endpoint.ports if port.name in names)

    def _isolating(self, selections: Iterable[PodSelection], direction: Direction) -> frozenset[PolicyKey]:
        subjects = self._by_subject
        found = [subjects[selection].get(direction, _NO_KEYS) for selection in selections if selection in subjects]
        return found[0] if len(found) == 1 else frozenset().union(*found)

    # -- updates -----------------------------------------------------------------------------------------------------

    def put(self, one: _EngineObject) -> Delta:
        """Add an object, or replace the one with its key."""
        match one:
            case Pod():
                return self._put_endpoint(PodKey(one.namespace, one.name), Endpoint.of(one))
            case NetworkPolicy():
                return Delta(subjects=self._put_policy(one))
            case Namespace():
                return self._declare(one.name, one.labels)
            case Node():
                new = one.labels, points(one.addresses)
                changed = self._nodes.get(one.name) != new
                self._nodes[one.name] = new
                return Delta(nodes=changed and self._means_nodes())
            case _:
                return Delta(subjects=self._put_tier_policy(one))

    def delete(self, kind: type[_EngineObject], namespace: str, name: str) -> Delta:
        """Delete an object; nothing happens if there is none. `namespace` is `""` for cluster-scoped kinds."""
        if kind is Pod:
            return self._put_endpoint(PodKey(namespace, name), None)
        if kind is NetworkPolicy:
            return Delta(subjects=self._delete_policy(PolicyKey(namespace, name)))
        if kind is Namespace:
            return self._declare(name, None)
        if kind is Node:
            return Delta(nodes=self._nodes.pop(name, None) is not None and self._means_nodes())
        return Delta(subjects=self._delete_tier_policy(ClusterPolicyKey(kind.kind, name)))

    def _put_endpoint(self, key: PodKey, endpoint: Endpoint | None) -> Delta:
        number = self._numbers.get(key)
        old = None if number is None else self._endpoints[number]
        if old == endpoint:
            return Delta()
        if number is None:
            number = self._free.pop() if self._free else next(self._fresh)
        claimed = (old.addresses if old else ()) + (endpoint.addresses if endpoint else ())
        rivals = self._claims.rivals(claimed, number)
        before = {rival: self._state(rival) for rival in (*rivals, number)}
        if old is not None:
            self._remove(number, old)
        if endpoint is not None:
            self._add(number, endpoint)
        else:
            self._free.append(number)
        changes = [PodChange(self._endpoints[rival].key, before[rival], self._state(rival)) for rival in sorted(rivals)]
        return Delta.of([PodChange(key, before[number], self._state(number)), *changes])

    def _state(self, number: int) -> PodState | None:
        endpoint = self._endpoints.get(number)
        if endpoint is None:
            return None
        own, disputed = self._claims.split(endpoint.addresses)
        return PodState(endpoint.node, own, disputed, endpoint.ports, self._memberships.of(endpoint))

    def _add(self, number: int, endpoint: Endpoint) -> None:
        self._by_port_name.clear()
        self._pod_addresses = None
        self._numbers[endpoint.key] = number
        self._endpoints[number] = endpoint
        self._claims.add(number, endpoint.addresses)
        self._memberships.add(number, endpoint, self._memberships.of(endpoint))

    def _remove(self, number: int, endpoint: Endpoint) -> None:
        self._by_port_name.clear()
        self._pod_addresses = None
        self._memberships.remove(number, endpoint, self._memberships.of(endpoint))
        self._claims.remove(number, endpoint.addresses)
        del self._numbers[endpoint.key], self._endpoints[number]

    def _extend(self, endpoints: Mapping[PodKey, Endpoint]) -> None:
        for number, (key, endpoint) in enumerate(endpoints.items()):
            self._numbers[key] = number
            self._endpoints[number] = endpoint
        self._fresh = count(len(endpoints))
        self._claims.extend((number, endpoint.addresses) for number, endpoint in self._endpoints.items())
        self._memberships.extend(self._endpoints.items())

    def _declare(self, name: str, labels: Mapping[str, str] | None) -> Delta:
        memberships = self._memberships
        if not memberships.scopes.flips(name, labels):
            memberships.scopes.declare(name, labels)
            return Delta()
        numbers = list(memberships.pods_of(name))
        before = {number: self._state(number) for number in numbers}
        memberships.scopes.declare(name, labels)
        changes = []
        for number in numbers:
            endpoint, old, new = self._endpoints[number], before[number], self._state(number)
            assert old is not None  # the pod exists before and after
            assert new is not None
            memberships.move(number, old.selections, new.selections)
            changes.append(PodChange(endpoint.key, old, new))
        return Delta.of(changes)

    def _put_policy(self, policy: NetworkPolicy) -> BitMap:
        new = Policy.read(policy, ipblock_matches_pods=self.ipblock_matches_pods)
        old = self._policies.get(new.key)
        if old == new:
            return BitMap()
        for selection in new.selections():  # before the old ones are released, so that shared ones stay in use
            self._memberships.acquire(selection)
        changed = self._delete_policy(new.key)
        self._policies[new.key] = new
        self._index(new)
        return changed | self._memberships.members(new.subject)

    def _delete_policy(self, key: PolicyKey) -> BitMap:
        old = self._policies.pop(key, None)
        if old is None:
            return BitMap()
        self._classes.forget(key)
        self._known_stages.clear()
        self._unindex(old)
        changed = BitMap(self._memberships.members(old.subject))
        for selection in old.selections():
            self._memberships.release(selection)
        return changed

    def _means_nodes(self) -> bool:
        return any(rule.peers.nodes for policy in self._tier_policies.values() for rule in policy.egress)

    def _put_tier_policy(self, policy: TierPolicy) -> BitMap:
        new = OrderedPolicy.read(policy)
        if self._tier_policies.get(new.key) == new:
            return BitMap()
        for selection in new.selections():
            self._memberships.acquire(selection)
        changed = self._delete_tier_policy(new.key)
        self._tier_policies[new.key] = new
        if new.subject is not None:
            self._by_tier_subject.setdefault(new.subject, set()).add(new.key)
            changed |= self._memberships.members(new.subject)
        return changed

    def _delete_tier_policy(self, key: ClusterPolicyKey) -> BitMap:
        old = self._tier_policies.pop(key, None)
        if old is None:
            return BitMap()
        self._tier_classes.clear()
        self._known_stages.clear()
        self._tier_rules.clear()
        changed = BitMap()
        if old.subject is not None:
            changed |= self._memberships.members(old.subject)
            self._by_tier_subject[old.subject].discard(key)
            if not self._by_tier_subject[old.subject]:
                del self._by_tier_subject[old.subject]
        for selection in old.selections():
            self._memberships.release(selection)
        return changed

    def _index(self, policy: Policy) -> None:
        by_direction = self._by_subject.setdefault(policy.subject, {})
        for direction in policy.directions:
            by_direction[direction] = by_direction.get(direction, _NO_KEYS) | {policy.key}

    def _unindex(self, policy: Policy) -> None:
        by_direction = self._by_subject[policy.subject]
        for direction in policy.directions:
            by_direction[direction] -= {policy.key}
        if not any(by_direction.values()):
            del self._by_subject[policy.subject]
