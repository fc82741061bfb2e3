"""Small changes of a cluster, tried on the engine and reverted.

"What would have to change" is answered by changing it and asking the engine again, never by a second interpretation of
policies. When `tried` ends, however it ends, the engine is as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from haechi.analysis.cluster import Cluster
from haechi.model import (
    AnyPolicyKey,
    AnyRuleRef,
    ClusterPolicyKey,
    Edit,
    Namespace,
    NetworkPolicy,
    ObjectMeta,
    Path,
    Pod,
    PodKey,
    PolicyKey,
    TierPolicy,
    apply_edits,
    path_text,
)

AnyPolicy = NetworkPolicy | TierPolicy
_Place = tuple[str, PodKey | AnyPolicyKey]  # a kind and a key
_Object = Pod | Namespace | AnyPolicy
_Changed = dict[_Place, _Object | None]
_KINDS: dict[str, type[AnyPolicy]] = {one.kind: one for one in (NetworkPolicy, *get_args(TierPolicy))}


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A label is set, or removed if `value` is None. The key of a Namespace is its name, with an empty namespace."""

    kind: Literal["Pod", "Namespace"]
    of: PodKey
    key: str
    value: str | None

    def __str__(self) -> str:
        """In words."""
        who = f"pod {self.of}" if self.kind == "Pod" else f"namespace {self.of.name}"
        return f"remove label {self.key} from {who}" if self.value is None else f"label {who} {self.key}={self.value}"


@dataclass(frozen=True, slots=True)
class PolicyDeletion:
    """A policy is deleted."""

    policy: AnyPolicyKey

    def __str__(self) -> str:
        """In words."""
        return f"delete policy {self.policy}"


@dataclass(frozen=True, slots=True)
class RuleDeletion:
    """A rule of a policy is deleted; the policy isolates as before."""

    rule: AnyRuleRef

    def __str__(self) -> str:
        """In words."""
        return f"delete {self.rule.path} of policy {self.rule.policy}"


@dataclass(frozen=True)
class PolicyAddition:
    """An item is added to a list of a policy, or a policy is created.

    Attributes:
        policy: to which, or the new one.
        path: where in it: a place at the end of a list, or a field that had no items; of a policy of a tier the rule
            before which it is inserted; empty for a new policy.
        value: plain data, as in a manifest: the item, the items of the field, or the new policy.
    """

    policy: AnyPolicyKey
    path: Path
    value: object

    def __hash__(self) -> int:
        return hash((self.policy, self.path))

    @property
    def is_new(self) -> bool:
        """Whether it is a policy."""
        return not self.path

    @property
    def is_cluster_wide(self) -> bool:
        """Whether the policy is one of a tier."""
        return isinstance(self.policy, ClusterPolicyKey)

    @property
    def edit(self) -> Edit:
        """The same as an edit of the policy."""
        return Edit(self.path, self.value, inserted=self.is_cluster_wide)

    @property
    def field(self) -> str:
        """Where it is added, such as `spec.ingress[0].from`; empty for a new policy."""
        path = self.path[:-1] if self.path and isinstance(self.path[-1], int) else self.path
        return path_text(path)

    def __str__(self) -> str:
        """In words."""
        if self.is_new:
            return f"create policy {self.policy}"
        if self.is_cluster_wide:
            return f"insert a rule before {path_text(self.path)} of policy {self.policy}"
        what = {"from": "peer", "to": "peer", "ports": "port"}.get(self.field.rpartition(".")[2], "rule")
        return f"add a {what} to {self.field} of policy {self.policy}"

    def renamed(self, name: str) -> PolicyAddition:
        """The same with another name for the new policy."""
        assert isinstance(self.value, dict)
        value = {**self.value, "metadata": {**self.value["metadata"], "name": name}}
        return PolicyAddition(self.policy._replace(name=name), self.path, value)

    def applied(self, old: AnyPolicy | None) -> AnyPolicy:
        """The policy with it."""
        if old is None:
            return msgspec.convert(self.value, _KINDS[_kind(self.policy)])
        spec = msgspec.json.decode(msgspec.json.encode(old.spec))
        apply_edits({"spec": spec}, [self.edit])
        new: AnyPolicy = msgspec.structs.replace(old, spec=msgspec.convert(spec, type(old.spec)))
        return new


Change = LabelChange | PolicyDeletion | RuleDeletion | PolicyAddition


@contextmanager
def tried(cluster: Cluster, changes: Iterable[Change]) -> Iterator[None]:
    """Apply changes to the cluster's engine for the duration of the context."""
    changed: _Changed = {}
    for change in sorted(changes, key=_last_rule_first):
        _make(cluster, change, changed)
    try:
        for (kind, key), one in changed.items():
            _put(cluster, kind, key, one)
        yield
    finally:
        for kind, key in changed:
            _put(cluster, kind, key, _original(cluster, kind, key))


def _last_rule_first(change: Change) -> int:
    """Delete from the end, so that the indexes of rules still to be deleted stay valid."""
    return -change.rule.index if isinstance(change, RuleDeletion) else 0


def _kind(policy: AnyPolicyKey) -> str:
    return policy.kind if isinstance(policy, ClusterPolicyKey) else NetworkPolicy.kind


def policy_of(cluster: Cluster, key: AnyPolicyKey) -> AnyPolicy | None:
    """A policy as given; None if there is none."""
    return cluster.tier_policies.get(key) if isinstance(key, ClusterPolicyKey) else cluster.policies.get(key)


def _original(cluster: Cluster, kind: str, key: PodKey | AnyPolicyKey) -> _Object | None:
    if kind in _KINDS:
        return policy_of(cluster, key if isinstance(key, ClusterPolicyKey) else PolicyKey(*key))
    if kind == "Pod":
        return cluster.pods[PodKey(*key)]
    return next((one for one in cluster.namespaces if one.name == key.name), None)


def _put(cluster: Cluster, kind: str, key: PodKey | AnyPolicyKey, one: _Object | None) -> None:
    if one is not None:
        cluster.engine.put(one)
    else:
        namespace = "" if isinstance(key, ClusterPolicyKey) else key.namespace
        cluster.engine.delete(_KINDS.get(kind, Namespace), namespace, key.name)


def _make(cluster: Cluster, change: Change, changed: _Changed) -> None:
    if isinstance(change, LabelChange):
        place: _Place = (change.kind, change.of)
    else:
        policy = change.rule.policy if isinstance(change, RuleDeletion) else change.policy
        place = (_kind(policy), policy)
    one = changed[place] if place in changed else _original(cluster, *place)
    match change:
        case PolicyAddition():
            assert not isinstance(one, Pod | Namespace)
            changed[place] = change.applied(one)
        case PolicyDeletion():
            changed[place] = None
        case RuleDeletion():
            if isinstance(one, AnyPolicy):
                changed[place] = _without_rule(one, change.rule)
        case LabelChange():
            if one is None:
                one = Namespace(metadata=ObjectMeta(name=change.of.name))
            labels = {**one.labels} if change.value is None else {**one.labels, change.key: change.value}
            if change.value is None:
                labels.pop(change.key, None)
            changed[place] = msgspec.structs.replace(one, metadata=msgspec.structs.replace(one.metadata, labels=labels))


def _without_rule(policy: AnyPolicy, rule: AnyRuleRef) -> AnyPolicy:
    """The policy without a rule; policyTypes become explicit, as they must not depend on the rules that are left."""
    field = rule.direction.lower()
    rules = getattr(policy.spec, field)
    spec = msgspec.structs.replace(policy.spec, **{field: (*rules[: rule.index], *rules[rule.index + 1 :])})
    if isinstance(policy, NetworkPolicy) and not policy.spec.policy_types:
        types = ("Ingress", "Egress") if policy.spec.egress else ("Ingress",)
        spec = msgspec.structs.replace(spec, policy_types=types)
    new: AnyPolicy = msgspec.structs.replace(policy, spec=spec)
    return new
