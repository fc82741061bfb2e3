"""Small changes of a cluster, tried on the engine and reverted.

"What would have to change" is answered by changing it and asking the engine again, never by a second interpretation of
policies. When `tried` ends, however it ends, the engine is as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import msgspec

from haechi.analysis.cluster import Cluster
from haechi.model import (
    Direction,
    Edit,
    Namespace,
    NetworkPolicy,
    NetworkPolicySpec,
    ObjectMeta,
    Path,
    Pod,
    PodKey,
    PolicyKey,
    RuleRef,
    apply_edits,
    path_text,
)

_Changed = dict[tuple[str, PodKey | PolicyKey], Pod | Namespace | NetworkPolicy | None]


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

    policy: PolicyKey

    def __str__(self) -> str:
        """In words."""
        return f"delete policy {self.policy}"


@dataclass(frozen=True, slots=True)
class RuleDeletion:
    """A rule of a policy is deleted; the policy isolates as before."""

    rule: RuleRef

    def __str__(self) -> str:
        """In words."""
        return f"delete {self.rule.path} of policy {self.rule.policy}"


@dataclass(frozen=True)
class PolicyAddition:
    """An item is added to a list of a policy, or a policy is created.

    Attributes:
        policy: to which, or the new one.
        path: where in it: a place at the end of a list, or a field that had no items; empty for a new policy.
        value: plain data, as in a manifest: the item, the items of the field, or the new policy.
    """

    policy: PolicyKey
    path: Path
    value: object

    def __hash__(self) -> int:
        return hash((self.policy, self.path))

    @property
    def is_new(self) -> bool:
        """Whether it is a policy."""
        return not self.path

    @property
    def field(self) -> str:
        """Where it is added, such as `spec.ingress[0].from`; empty for a new policy."""
        path = self.path[:-1] if self.path and isinstance(self.path[-1], int) else self.path
        return path_text(path)

    def __str__(self) -> str:
        """In words."""
        if self.is_new:
            return f"create policy {self.policy}"
        what = {"from": "peer", "to": "peer", "ports": "port"}.get(self.field.rpartition(".")[2], "rule")
        return f"add a {what} to {self.field} of policy {self.policy}"

    def renamed(self, name: str) -> PolicyAddition:
        """The same with another name for the new policy."""
        assert isinstance(self.value, dict)
        value = {**self.value, "metadata": {**self.value["metadata"], "name": name}}
        return PolicyAddition(PolicyKey(self.policy.namespace, name), self.path, value)

    def applied(self, old: NetworkPolicy | None) -> NetworkPolicy:
        """The policy with it."""
        if old is None:
            return msgspec.convert(self.value, NetworkPolicy)
        spec = msgspec.json.decode(msgspec.json.encode(old.spec))
        apply_edits({"spec": spec}, [Edit(self.path, self.value)])
        return msgspec.structs.replace(old, spec=msgspec.convert(spec, NetworkPolicySpec))


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


def _original(cluster: Cluster, kind: str, key: PodKey | PolicyKey) -> Pod | Namespace | NetworkPolicy | None:
    if kind == "Pod":
        return cluster.pods[PodKey(*key)]
    if kind == "NetworkPolicy":
        return cluster.policies.get(PolicyKey(*key))
    return next((one for one in cluster.namespaces if one.name == key.name), None)


def _put(cluster: Cluster, kind: str, key: PodKey | PolicyKey, one: Pod | Namespace | NetworkPolicy | None) -> None:
    if one is not None:
        cluster.engine.put(one)
    else:
        cluster.engine.delete(NetworkPolicy if kind == "NetworkPolicy" else Namespace, key.namespace, key.name)


def _make(cluster: Cluster, change: Change, changed: _Changed) -> None:
    if isinstance(change, LabelChange):
        place: tuple[str, PodKey | PolicyKey] = (change.kind, change.of)
    else:
        policy = change.rule.policy if isinstance(change, RuleDeletion) else change.policy
        place = ("NetworkPolicy", policy)
    one = changed[place] if place in changed else _original(cluster, *place)
    match change:
        case PolicyAddition():
            assert one is None or isinstance(one, NetworkPolicy)
            changed[place] = change.applied(one)
        case PolicyDeletion():
            changed[place] = None
        case RuleDeletion():
            if isinstance(one, NetworkPolicy):
                changed[place] = _without_rule(one, change.rule)
        case LabelChange():
            if one is None:
                one = Namespace(metadata=ObjectMeta(name=change.of.name))
            labels = {**one.labels} if change.value is None else {**one.labels, change.key: change.value}
            if change.value is None:
                labels.pop(change.key, None)
            changed[place] = msgspec.structs.replace(one, metadata=msgspec.structs.replace(one.metadata, labels=labels))


def _without_rule(policy: NetworkPolicy, rule: RuleRef) -> NetworkPolicy:
    """The policy without a rule, with explicit policyTypes: they must not depend on the rules that are left."""
    spec = policy.spec
    types = spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))
    if rule.direction is Direction.INGRESS:
        rules = (*spec.ingress[: rule.index], *spec.ingress[rule.index + 1 :])
        spec = msgspec.structs.replace(spec, ingress=rules, policy_types=types)
    else:
        ahead = (*spec.egress[: rule.index], *spec.egress[rule.index + 1 :])
        spec = msgspec.structs.replace(spec, egress=ahead, policy_types=types)
    return msgspec.structs.replace(policy, spec=spec)
