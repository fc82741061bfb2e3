"""What the input shows of a cluster: its namespaces, its pods by workload, and the labels in use.

Why: a selector that selects nothing is a mistake only if the input would show what it should select. So
checks ask here how much that is: whether the input is a complete cluster, which namespaces a selector selects
(including those whose pods policies ignore), and which labels are in use where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from pyroaring import BitMap

from haechi.analysis.cluster import Cluster, Owner, Owners
from haechi.analysis.lint.facts.labelled import LabelledObject, LabelledObjects
from haechi.analysis.lint.facts.vocabulary import Vocabulary
from haechi.engine import Endpoint, PodSelection
from haechi.model import NAME_LABEL, Namespace, Pod, Service, Workload
from haechi.select import EVERYTHING, LabelIndex, Selector

INITIAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that every cluster has."""


class Inventory:
    """Namespaces and labels of a cluster.

    Args:
        cluster: the input, completed.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.given
        self._engine = cluster.engine
        self._owners = cluster.owners
        self._namespaces: dict[Selector, tuple[str, ...]] = {}
        self._vocabularies: dict[tuple[str, ...], Vocabulary] = {}

    # -- namespaces --------------------------------------------------------------------------------------------------

    @cached_property
    def declared(self) -> frozenset[str]:
        """The namespaces that are objects of the input; the labels of others are unknown."""
        return frozenset(one.name for one in self._objects if isinstance(one, Namespace))

    @cached_property
    def populated(self) -> frozenset[str]:
        """The namespaces with pods or workloads, including pods that policies ignore."""
        return frozenset(one.namespace for one in self._objects if isinstance(one, Pod | Workload))

    @cached_property
    def namespace_labels(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of all namespaces that are declared or populated, by name, with the name's own label."""
        given = {one.name: one.labels for one in self._objects if isinstance(one, Namespace)}
        return {name: {**given.get(name, {}), NAME_LABEL: name} for name in sorted({*given, *self.populated})}

    @property
    def is_complete(self) -> bool:
        """Whether the input is a complete cluster, as `kubectl get ns,pod -A` gives it: `kube-system` is there too."""
        return "kube-system" in self.declared and self.namespace_labels.keys() <= self.declared

    def namespaces(self, scope: str | Selector) -> tuple[str, ...]:
        """The sorted namespaces of the input that have a name or that a selector selects."""
        if isinstance(scope, str):
            return (scope,) if scope in self.namespace_labels else ()
        found = self._namespaces.get(scope)
        if found is None:
            names, index = self._namespace_index
            found = self._namespaces[scope] = tuple([names[number] for number in index.select(scope)])
        return found

    @cached_property
    def _namespace_index(self) -> tuple[list[str], LabelIndex]:
        index = LabelIndex()
        for number, labels in enumerate(self.namespace_labels.values()):
            index.add(number, labels)
        return list(self.namespace_labels), index

    @cached_property
    def namespace_vocabulary(self) -> Vocabulary:
        """The labels of namespaces."""
        return Vocabulary(self.namespace_labels.values())

    # -- pods --------------------------------------------------------------------------------------------------------

    def pods_in(self, scope: str | Selector) -> BitMap:
        """The numbers of all pods in some namespaces; not to be changed by the caller."""
        return self._engine.select(PodSelection(scope, EVERYTHING))

    @cached_property
    def _workloads(self) -> Mapping[int, tuple[Owner, BitMap]]:
        """By the number of each pod, its workload with the numbers of all its pods."""
        members: dict[Owner, BitMap] = {}
        owners = {number: self._owners[self._engine.numbered(number).key] for number in self.pods_in(EVERYTHING)}
        for number, owner in owners.items():
            members.setdefault(owner, BitMap()).add(number)
        return {number: (owner, members[owner]) for number, owner in owners.items()}

    def workloads_of(self, pods: BitMap) -> Iterator[tuple[Owner, BitMap]]:
        """The workloads of some pods, each with all its pods."""
        left = BitMap(pods)
        while left:
            owner, members = self._workloads[left.min()]
            yield owner, members
            left -= members

    def namespaces_of(self, pods: BitMap) -> tuple[str, ...]:
        """The sorted namespaces of some pods."""
        left, found = BitMap(pods), []
        while left:
            found.append(self._engine.numbered(left.min()).key.namespace)
            left -= self.pods_in(found[-1])
        return tuple(sorted(found))

    def has_other_pods(self, subject: PodSelection) -> bool:
        """Whether a policy's namespace has other pods than those it selects: manifests of one application have none."""
        return subject.pods == EVERYTHING or bool(self.pods_in(subject.namespaces) - self._engine.select(subject))

    def vocabulary(self, scope: str | Selector) -> Vocabulary:
        """The labels of the pods in some namespaces."""
        names = self.namespaces(scope)
        found = self._vocabularies.get(names)
        if found is None:
            endpoints = map(self._engine.numbered, self.pods_in(scope))
            found = self._vocabularies[names] = Vocabulary(_distinct(endpoints))
        return found

    @cached_property
    def host_network(self) -> LabelledObjects:
        """Pods on the host network, and workloads that would create such pods."""
        return LabelledObjects(self._host_network())

    def _host_network(self) -> Iterator[LabelledObject]:
        owners = Owners(self._objects)
        for one in self._objects:
            if isinstance(one, Pod) and one.spec.host_network and not one.completed:
                yield LabelledObject(one.namespace, one.labels, str(owners.of(one)))
            elif isinstance(one, Workload) and one.pod_template.spec.host_network and not _is_owned(one):
                owner = Owner(one.namespace, one.name, one.kind)
                yield LabelledObject(one.namespace, one.pod_template.metadata.labels, str(owner))

    @cached_property
    def expected(self) -> LabelledObjects:
        """Completed pods, templates of workloads and selectors of Services: pods with these labels may be created."""
        return LabelledObjects(self._expected())

    def _expected(self) -> Iterator[LabelledObject]:
        for one in self._objects:
            if isinstance(one, Pod) and one.completed:
                yield LabelledObject(one.namespace, one.labels, one.key)
            elif isinstance(one, Workload):
                yield LabelledObject(one.namespace, one.pod_template.metadata.labels, one.key)
            elif isinstance(one, Service) and one.spec.selector:
                yield LabelledObject(one.namespace, one.spec.selector, one.key)


def _is_owned(one: Workload) -> bool:
    return bool(one.metadata.owner_references)


def _distinct(endpoints: Iterable[Endpoint]) -> Iterable[Mapping[str, str]]:
    """Each mapping of labels once: pods of one workload share theirs."""
    return {id(endpoint.labels): endpoint.labels for endpoint in endpoints}.values()
