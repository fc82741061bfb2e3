"""What the input knows of namespaces, and of labels that are there or will be.

Why: a selector that means nobody is a mistake only if the input would show whom it should mean. Promises to say how
much the input shows: whether it is a whole cluster, which namespaces a selector means (also those whose pods policies
do not see), and which labels occur where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import get_args

from pyroaring import BitMap

from haechi.analysis.cluster import Cluster, Owner, Owners
from haechi.analysis.lint.facts.labelled import Carrier, Carriers
from haechi.analysis.lint.facts.vocabulary import Vocabulary
from haechi.engine import Endpoint, PodSelection
from haechi.model import NAME_LABEL, Namespace, Pod, Service, Workload
from haechi.select import EVERYTHING, LabelIndex, Selector

ALWAYS = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that every cluster has."""
_WORKLOADS = get_args(Workload)


class Population:
    """Namespaces, and whatever has labels in them.

    Args:
        cluster: the input, completed.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.given
        self._engine = cluster.engine
        self._owners = cluster.owners
        self._scopes: dict[Selector, tuple[str, ...]] = {}
        self._vocabularies: dict[tuple[str, ...], Vocabulary] = {}

    # -- namespaces --------------------------------------------------------------------------------------------------

    @cached_property
    def declared(self) -> frozenset[str]:
        """The namespaces that are objects of the input: the labels of others are unknown."""
        return frozenset(one.name for one in self._objects if isinstance(one, Namespace))

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """By name, the labels of all namespaces that are declared or that something is in; the name's own included."""
        given = {one.name: one.labels for one in self._objects if isinstance(one, Namespace)}
        names = {*given, *(one.namespace for one in self._objects if isinstance(one, (Pod, *_WORKLOADS)))}
        return {name: {**given.get(name, {}), NAME_LABEL: name} for name in sorted(names)}

    @property
    def is_whole(self) -> bool:
        """Whether the input is a whole cluster's, as `kubectl get ns -A` gives it: its own namespaces are there too."""
        return "kube-system" in self.declared and self.labels.keys() <= self.declared

    def namespaces(self, scope: str | Selector) -> tuple[str, ...]:
        """The namespaces of the input, sorted, that a name or a selector means."""
        if isinstance(scope, str):
            return (scope,) if scope in self.labels else ()
        found = self._scopes.get(scope)
        if found is None:
            names, index = self._indexed
            found = self._scopes[scope] = tuple([names[number] for number in index.select(scope)])
        return found

    @cached_property
    def _indexed(self) -> tuple[list[str], LabelIndex]:
        index = LabelIndex()
        for number, labels in enumerate(self.labels.values()):
            index.add(number, labels)
        return list(self.labels), index

    @cached_property
    def namespace_vocabulary(self) -> Vocabulary:
        """The labels of namespaces."""
        return Vocabulary(self.labels.values())

    # -- pods --------------------------------------------------------------------------------------------------------

    def within(self, scope: str | Selector) -> BitMap:
        """The numbers of all pods of some namespaces; not to be changed by the caller."""
        return self._engine.select(PodSelection(scope, EVERYTHING))

    @cached_property
    def workloads(self) -> Mapping[int, tuple[Owner, BitMap]]:
        """By the number of each pod, its workload with the numbers of all its pods."""
        members: dict[Owner, BitMap] = {}
        owners = {number: self._owners[self._engine.numbered(number).key] for number in self.within(EVERYTHING)}
        for number, owner in owners.items():
            members.setdefault(owner, BitMap()).add(number)
        return {number: (owner, members[owner]) for number, owner in owners.items()}

    def workloads_of(self, pods: BitMap) -> Iterator[tuple[Owner, BitMap]]:
        """The workloads of some pods, each with all its pods."""
        left = BitMap(pods)
        while left:
            owner, members = self.workloads[left.min()]
            yield owner, members
            left -= members

    def namespaces_of(self, pods: BitMap) -> tuple[str, ...]:
        """The namespaces, sorted, of some pods by their numbers."""
        left, found = BitMap(pods), []
        while left:
            found.append(self._engine.numbered(left.min()).key.namespace)
            left -= self.within(found[-1])
        return tuple(sorted(found))

    def shows_others(self, subject: PodSelection) -> bool:
        """Whether a policy's namespace has other pods than its own: manifests of one application show no others."""
        return subject.pods == EVERYTHING or bool(self.within(subject.namespaces) - self._engine.select(subject))

    def vocabulary(self, scope: str | Selector) -> Vocabulary:
        """The labels of the pods of some namespaces."""
        names = self.namespaces(scope)
        found = self._vocabularies.get(names)
        if found is None:
            endpoints = map(self._engine.numbered, self.within(scope))
            found = self._vocabularies[names] = Vocabulary(_distinct(endpoints))
        return found

    @cached_property
    def on_host(self) -> Carriers:
        """Pods on the host's network, and workloads that would make such pods."""
        return Carriers(self._on_host())

    def _on_host(self) -> Iterator[Carrier]:
        owners = Owners(self._objects)
        for one in self._objects:
            if isinstance(one, Pod) and one.spec.host_network and not one.completed:
                yield Carrier(one.namespace, one.labels, str(owners.of(one)))
            elif isinstance(one, _WORKLOADS) and one.pod_template.spec.host_network and not _is_owned(one):
                owner = Owner(one.namespace, one.name, one.kind)
                yield Carrier(one.namespace, one.pod_template.metadata.labels, str(owner))

    @cached_property
    def to_come(self) -> Carriers:
        """Completed pods, templates of workloads and selectors of Services that may have no pod now: some may come."""
        return Carriers(self._to_come())

    def _to_come(self) -> Iterator[Carrier]:
        for one in self._objects:
            if isinstance(one, Pod) and one.completed:
                yield Carrier(one.namespace, one.labels, one.key)
            elif isinstance(one, _WORKLOADS):
                yield Carrier(one.namespace, one.pod_template.metadata.labels, one.key)
            elif isinstance(one, Service) and one.spec.selector:
                yield Carrier(one.namespace, one.spec.selector, one.key)


def _is_owned(one: Workload) -> bool:
    return bool(one.metadata.owner_references)


def _distinct(endpoints: Iterable[Endpoint]) -> Iterable[Mapping[str, str]]:
    """Each mapping of labels once: pods of one workload share theirs."""
    return {id(endpoint.labels): endpoint.labels for endpoint in endpoints}.values()
