"""What people call a pod, a workload or a Service: one way of naming for every command and the library.

    web                       the only one of that name
    shop/web                  in a namespace
    deploy/web                of a kind: any of kubectl's words for it, in any case
    shop/deploy/web           both; also deploy/shop/web, and shop/web[Deployment] as listings write it

Without a kind, a name means a pod, else a workload, else a Service. What still means several is an error that lists
them, never a choice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.cluster.owners import Owner, Owners
from haechi.analysis.cluster.services import pods_behind
from haechi.errors import HaechiError, suggestion
from haechi.model import Object, Pod, PodKey, Service, Workload
from haechi.sets import AddressError, text_to_point

_WORDS = {
    "Pod": ("pod", "po", "pods"),
    "Deployment": ("deploy", "deployment", "deployments"),
    "StatefulSet": ("sts", "statefulset", "statefulsets"),
    "DaemonSet": ("ds", "daemonset", "daemonsets"),
    "ReplicaSet": ("rs", "replicaset", "replicasets"),
    "ReplicationController": ("rc", "replicationcontroller", "replicationcontrollers"),
    "Job": ("job", "jobs"),
    "CronJob": ("cj", "cronjob", "cronjobs"),
    "Service": ("svc", "service", "services"),
    "NetworkPolicy": ("netpol", "policy", "policies", "networkpolicy", "networkpolicies"),
    "ClusterNetworkPolicy": ("cnp", "clusternetworkpolicy", "clusternetworkpolicies"),
    "AdminNetworkPolicy": ("anp", "adminnetworkpolicy", "adminnetworkpolicies"),
    "BaselineAdminNetworkPolicy": ("banp", "baselineadminnetworkpolicy", "baselineadminnetworkpolicies"),
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words}
_LISTED = re.compile(r"([^\[\]/]+)/([^\[\]/]+)\[([A-Za-z]+)\]")
_SHOWN = 8


def kind_named(word: str) -> str | None:
    """The kind that a word such as `deploy` or `StatefulSets` stands for; None for any other word."""
    return _KINDS.get(word.partition(".")[0].lower())


class NameText(NamedTuple):
    """A name as it was written; what was not written is empty. `kind` is as in objects if the word is known."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def readings(cls, text: str) -> tuple[Self, ...]:
        """What a text may be: `a/b` is a name in a namespace or of a kind."""
        listed = _LISTED.fullmatch(text)
        if listed is not None:
            return (cls(listed[3], listed[1], listed[2]),)
        parts = text.split("/")
        if not all(parts) or len(parts) > 3:
            return ()
        if len(parts) == 1:
            return (cls("", "", text),)
        first, *rest = parts
        if len(parts) == 2:
            return cls("", first, rest[0]), cls(kind_named(first) or first, "", rest[0])
        found = cls(kind_named(rest[0]) or rest[0], first, rest[1])
        kind = kind_named(first)
        return (found,) if kind is None else (found, cls(kind, *rest))

    @classmethod
    def of_kind(cls, text: str) -> Self | None:
        """What a text with a known kind in it means; None for any other text."""
        return next((one for one in cls.readings(text) if one.kind in _WORDS), None)

    def means(self, one: Owner) -> bool:
        """Whether it can be this one."""
        return (
            one.name == self.name
            and self.namespace in ("", one.namespace)
            and self.kind.lower() in ("", one.kind.lower())
        )


def full_name(one: Owner) -> str:
    """`shop/deploy/web`."""
    return f"{one.namespace}/{_WORDS.get(one.kind, (one.kind.lower(),))[0]}/{one.name}"


@dataclass(frozen=True)
class Names:
    """Everything in a cluster that has a name.

    Attributes:
        pods: by key.
        owners: the workload of each.
        services: all of them.
        others: pods and workloads that policies do not treat as pods, each with the reason.
    """

    pods: Mapping[PodKey, Pod]
    owners: Mapping[PodKey, Owner]
    services: tuple[Service, ...] = ()
    others: Mapping[Owner, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cluster: Cluster) -> Self:
        """Those of a cluster."""
        return cls(cluster.pods, cluster.owners, cluster.services, dict(_others(cluster.given)))

    @classmethod
    def among(cls, pods: Iterable[Pod], objects: Iterable[Object]) -> Self:
        """Those of some pods, with the workloads and Services among some objects."""
        listed = list(objects)
        owners = Owners(listed)
        found = {PodKey(pod.namespace, pod.name): pod for pod in pods}
        services = tuple(one for one in listed if isinstance(one, Service))
        return cls(found, {key: owners.of(pod) for key, pod in found.items()}, services)

    @cached_property
    def _known(self) -> dict[str, set[Owner]]:
        """By name."""
        found: dict[str, set[Owner]] = {}
        services = (Owner(one.namespace, one.name, one.kind) for one in self.services)
        for one in (*(Owner(*key, "Pod") for key in self.pods), *self.owners.values(), *services):
            found.setdefault(one.name, set()).add(one)
        return found

    @cached_property
    def _members(self) -> dict[Owner, list[PodKey]]:
        found: dict[Owner, list[PodKey]] = {}
        for key, owner in self.owners.items():
            found.setdefault(owner, []).append(key)
        return found

    def find(self, text: str, argument: str = "", namespaces: Collection[str] = ()) -> Owner:
        """The pod, workload or Service that a text names.

        Args:
            text: the name.
            argument: the parameter that it was given for, for errors.
            namespaces: where a name without a namespace is looked for; everywhere if there are none.

        Raises:
            UnknownName: there is none.
            AmbiguousName: there are several.
        """
        found = self._meant(text, namespaces)
        if not found:
            raise UnknownName(argument, text, self._suggestion(text))
        if len(found) > 1:
            raise AmbiguousName(argument, text, tuple(sorted(map(full_name, found))))
        return found[0]

    def members(self, one: Owner) -> tuple[PodKey, ...]:
        """The pods of one that was found, sorted; of a Service, those behind it."""
        if one.kind == "Pod":
            return (PodKey(one.namespace, one.name),)
        if one.kind == Service.kind:
            services = (each for each in self.services if (each.namespace, each.name) == one[:2])
            return tuple(sorted({key for each in services for key in pods_behind(each, self.pods)}))
        return tuple(sorted(self._members.get(one, ())))

    def pods_named(self, text: str, argument: str = "", namespaces: Collection[str] = ()) -> tuple[PodKey, ...]:
        """The pods of what a text names. Raises as `find`."""
        return self.members(self.find(text, argument, namespaces))

    def _meant(self, text: str, namespaces: Collection[str]) -> list[Owner]:
        found: set[Owner] = set()
        for reading in NameText.readings(text):
            here = [one for one in self._known.get(reading.name, ()) if reading.means(one)]
            if not reading.namespace and namespaces:
                here = [one for one in here if one.namespace in namespaces]
            if not reading.kind:
                here = list(_nearest(here))
            found.update(here)
        return list(found)

    def _suggestion(self, text: str) -> str:
        """Names of the same form that are close, and the same name elsewhere."""
        readings = NameText.readings(text)
        for one, reason in self.others.items():
            if any(reading.means(one) for reading in readings):
                return f"{full_name(one)} {reason}"
        if not readings:
            return "a name is NAME, NAMESPACE/NAME, KIND/NAME or NAMESPACE/KIND/NAME"
        same = {one for reading in readings for one in self._known.get(reading.name, ())}
        if same:
            return f"did you mean {' or '.join(sorted(map(full_name, same))[:_SHOWN])}?"
        known = [one for some in self._known.values() for one in some]
        return suggestion(text, (name for one in known for name in _forms(one, text)))


def _others(objects: Iterable[Object]) -> Iterator[tuple[Owner, str]]:
    """Completed pods, and pods and workloads on the host network."""
    for one in objects:
        if isinstance(one, Pod | Workload):
            name = Owner(one.namespace, one.name, one.kind)
            if isinstance(one, Pod) and one.completed:
                yield name, "is completed: policies ignore it"
            elif (one if isinstance(one, Pod) else one.pod_template).spec.host_network:
                yield name, "is on the host network: policies see the address of its node"


def _nearest(some: Iterable[Owner]) -> Iterator[Owner]:
    """Of each namespace: a pod, else workloads, else a Service."""
    by_namespace: dict[str, dict[int, list[Owner]]] = {}
    for one in some:
        rank = ("Pod", Service.kind).index(one.kind) * 2 if one.kind in ("Pod", Service.kind) else 1
        by_namespace.setdefault(one.namespace, {}).setdefault(rank, []).append(one)
    for ranks in by_namespace.values():
        yield from ranks[min(ranks)]


def _forms(one: Owner, like: str) -> Iterator[str]:
    """The name in the form of a text."""
    slashes = like.count("/")
    if slashes == 0:
        yield one.name
    elif slashes == 1:
        kind = kind_named(like.partition("/")[0])
        yield f"{one.namespace}/{one.name}"
        if kind == one.kind:
            yield f"{like.partition('/')[0]}/{one.name}"
    else:
        yield full_name(one)


def address_named(text: str) -> int | None:
    """The point of a single address; None for any other text."""
    try:
        return text_to_point(text)
    except AddressError:
        return None


class UnknownName(HaechiError, LookupError):
    """A text that names no pod, workload, Service or address.

    Attributes:
        argument: the parameter that it was given for: `source` or `destination`.
        text: as given.
        hint: names that are close.
    """

    def __init__(self, argument: str, text: str, hint: str = "") -> None:
        self.argument = argument
        self.text = text
        self.hint = hint
        super().__init__(argument, text, hint)

    @property
    def reason(self) -> str:
        """What is wrong, without the argument and the hint."""
        return f"{self.text!r} does not match any pod, workload, Service or address"

    def __str__(self) -> str:
        words = f"{self.argument}: {self.reason}" if self.argument else self.reason
        return f"{words}; {self.hint}" if self.hint else words


class AmbiguousName(HaechiError, LookupError):
    """A text that names several pods, workloads or Services.

    Attributes:
        argument: the parameter that it was given for.
        text: as given.
        candidates: what it names, each by a name that is not ambiguous.
    """

    def __init__(self, argument: str, text: str, candidates: tuple[str, ...]) -> None:
        self.argument = argument
        self.text = text
        self.candidates = candidates
        super().__init__(argument, text, candidates)

    @property
    def reason(self) -> str:
        """What is wrong, without the argument."""
        shown = ", ".join(self.candidates[:_SHOWN])
        more = f" and {len(self.candidates) - _SHOWN} more" if len(self.candidates) > _SHOWN else ""
        return f"{self.text!r} is ambiguous: it is {shown}{more}"

    def __str__(self) -> str:
        return f"{self.argument}: {self.reason}" if self.argument else self.reason
