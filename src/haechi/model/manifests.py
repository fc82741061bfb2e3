"""Manifests: texts become objects, and everything else about them becomes problems.

`read_manifests` reads YAML streams, JSON (several documents in a row too), lists of any kind and whole dumps of
`kubectl get -o json`. Every object knows the place of its fields. One bad document, item or file never hides the
others, and nothing is left out without a problem that says so. Repeated keys are refused in the kinds that are decoded
strictly (policies, ExternalHost), a warning in other YAML, and not looked for in other JSON, which programs have
written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar, cast

import msgspec

from haechi.model.admission import Admission, Progress, silent
from haechi.model.base import ObjectMeta, Resource
from haechi.model.defaulting import DEFAULT_NAMESPACE, NAME_LABEL
from haechi.model.documents import read
from haechi.model.loaded import Loaded
from haechi.model.objects import Namespace, Object
from haechi.model.problem import Code, Location, Problem, Severity
from haechi.model.source import Source

K = TypeVar("K", bound=Object)


@dataclass(frozen=True)
class Manifests:
    """What was loaded, in the order of the input."""

    objects: tuple[Loaded[Object], ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    """Remarks in words about where it comes from."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make an object, or the whole, unusable."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def loaded(self, kind: type[K]) -> tuple[Loaded[K], ...]:
        """The objects of exactly this kind, with their places."""
        return cast("tuple[Loaded[K], ...]", self._by_kind.get(kind, ()))

    def all(self, kind: type[K]) -> tuple[K, ...]:
        """The objects of exactly this kind."""
        return tuple(loaded.object for loaded in self.loaded(kind))

    @cached_property
    def _by_kind(self) -> dict[type[Resource], tuple[Loaded[Object], ...]]:
        found: dict[type[Resource], list[Loaded[Object]]] = {}
        for loaded in self.objects:
            found.setdefault(type(loaded.object), []).append(loaded)
        return {kind: tuple(objects) for kind, objects in found.items()}

    def distinct(self) -> Manifests:
        """The same, with a name for every object that has none (generateName): one that no other object can have.

        The API server would give each a name of its own; without one they would stand for each other.
        """
        if all(loaded.object.name for loaded in self.objects):
            return self
        named = (one if one.object.name else _named(one, number) for number, one in enumerate(self.objects, 1))
        return replace(self, objects=tuple(named))

    def namespaces(self) -> tuple[Namespace, ...]:
        """All namespaces: the declared ones, then those that only occur as metadata.namespace, by name."""
        declared = self.all(Namespace)
        names = {loaded.object.metadata.namespace for loaded in self.objects if loaded.object.namespaced}
        implied = sorted(names - {namespace.name for namespace in declared})
        return declared + tuple(Namespace(metadata=ObjectMeta(name=n, labels={NAME_LABEL: n})) for n in implied)


def _named(loaded: Loaded[Object], number: int) -> Loaded[Object]:
    metadata = loaded.object.metadata
    metadata = msgspec.structs.replace(metadata, name=f"{metadata.generate_name}#{number}")
    return replace(loaded, object=msgspec.structs.replace(loaded.object, metadata=metadata))


def read_manifests(
    sources: Iterable[Source | Problem],
    namespace: str = DEFAULT_NAMESPACE,
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> Manifests:
    """The objects of some texts, in order, and the problems with them; a problem stands for a text that is missing.

    Objects that name no namespace are in `namespace`. With `strict`, unknown and repeated fields are errors in every
    kind, as they are to the API server. `progress` is called with the source that is being read and the bytes of it
    that were.

    Never raises for what it finds there: look at `Manifests.problems`. `haechi.files.load` finds the texts.
    """
    admission = Admission(namespace, strict=strict, progress=progress)
    last: Source | None = None
    for found in sources:
        if last is not None:
            last.parsed = None  # of all trees only the last one stays, whose places are often asked for
        if isinstance(found, Problem):
            admission.report(found)
        else:
            read(found, admission)
            last = found
    problems = tuple(admission.problems)
    if not admission.objects and not any(problem.severity is Severity.ERROR for problem in problems):
        where = problems[0].location if problems else Location("input")
        problems += (Problem(Severity.ERROR, Code.EMPTY, "no objects found", where),)
    return Manifests(tuple(admission.objects), problems)
