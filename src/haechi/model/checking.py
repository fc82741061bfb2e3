"""Loaded manifests against the rules of a Kubernetes version: field errors and warnings with their places."""

from __future__ import annotations

from collections.abc import Iterator

from haechi.model.admission import MAX_OF_ONE, and_more
from haechi.model.gates import Gates
from haechi.model.loaded import Loaded
from haechi.model.manifests import Manifests
from haechi.model.networkpolicy import NetworkPolicy
from haechi.model.objects import Object
from haechi.model.problem import Code, Path, Problem, Severity
from haechi.model.soundness import errors
from haechi.model.validation import DEFAULT_GATES, NEWEST, warnings
from haechi.model.version import KubernetesVersion


def check(
    manifests: Manifests, version: KubernetesVersion = NEWEST, gates: Gates = DEFAULT_GATES
) -> tuple[Problem, ...]:
    """The errors and warnings of the objects; what could not be read as an object is in `Manifests.problems`.

    A server that finds decoding errors reports nothing else; here all errors of an object are reported at once.
    """
    return tuple(problem for loaded in manifests.objects for problem in check_one(loaded, version, gates))


def check_one(
    loaded: Loaded[Object], version: KubernetesVersion = NEWEST, gates: Gates = DEFAULT_GATES
) -> tuple[Problem, ...]:
    """What is wrong or doubtful in one object; like the server, warnings only if nothing is wrong."""
    wrong = tuple(_errors(loaded, version, gates))
    return wrong or tuple(_warnings(loaded, version, gates) if not loaded.problems else ())


def _errors(loaded: Loaded[Object], version: KubernetesVersion, gates: Gates) -> Iterator[Problem]:
    found = errors(loaded.written or loaded.object, version, gates)
    unread = [problem.steps for problem in loaded.problems]
    found = tuple(error for error in found if not any(_is_near(error.path, path) for path in unread))
    if len(found) > MAX_OF_ONE:
        yield and_more(len(found) - MAX_OF_ONE, loaded.object, loaded.place)
    for error in found[:MAX_OF_ONE]:
        location, name = loaded.location(error.path), loaded.object.object_name
        yield Problem(Severity.ERROR, Code.INVALID, str(error), location, name, error.path)


def _is_near(path: Path, unread: Path) -> bool:
    """Whether one is within the other: what was not decoded has the zero value, which says nothing."""
    shared = min(len(path), len(unread))
    return path[:shared] == unread[:shared]


def _warnings(loaded: Loaded[Object], version: KubernetesVersion, gates: Gates) -> Iterator[Problem]:
    if isinstance(loaded.object, NetworkPolicy):
        for path, text in warnings(loaded.object, version, gates):
            location, name = loaded.location(path), loaded.object.object_name
            yield Problem(Severity.WARNING, Code.DOUBTFUL, text, location, name, path)
