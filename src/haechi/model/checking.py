"""Loaded manifests against the rules of a Kubernetes version: field errors and warnings with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from haechi.model.admission import MAX_OF_ONE, and_more
from haechi.model.creating import create_errors, create_warnings
from haechi.model.customresource import CustomResource
from haechi.model.fielderror import FieldError
from haechi.model.gates import Gates
from haechi.model.loaded import Loaded
from haechi.model.manifests import Manifests
from haechi.model.networkpolicy import NetworkPolicy
from haechi.model.objects import Object, TierPolicy
from haechi.model.problem import Code, Path, Problem, Severity
from haechi.model.soundness import errors
from haechi.model.tierwarnings import refused_later
from haechi.model.updating import conflict, update_errors, update_warnings
from haechi.model.validation import DEFAULT_GATES, NEWEST, warnings
from haechi.model.version import KubernetesVersion
from haechi.model.workloadvalidation import Matches


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
    wrong = _wrong(loaded, errors(loaded.written or loaded.object, version, gates), gates)
    return wrong or tuple(_warnings(loaded, version, gates) if not loaded.problems else ())


def check_create(
    loaded: Loaded[Object], matches: Matches, version: KubernetesVersion = NEWEST, gates: Gates = DEFAULT_GATES
) -> tuple[Problem, ...]:
    """What the API server would say to a create of one object; `matches` is whether a selector selects labels."""
    resource = loaded.written or loaded.object
    wrong = _wrong(loaded, create_errors(resource, version, gates, matches), gates)
    if wrong or loaded.problems:
        return wrong
    return (*_doubts(loaded, create_warnings(resource, version, gates)), *_later(loaded))


def check_update(
    loaded: Loaded[Object],
    old: Loaded[Object],
    matches: Matches,
    version: KubernetesVersion = NEWEST,
    gates: Gates = DEFAULT_GATES,
) -> tuple[Problem, ...]:
    """What the API server would say to an update of the stored object `old` to one object of the same kind and name."""
    resource, before = loaded.written or loaded.object, old.object
    found = conflict(before, resource)
    if found is not None:
        path, words = found
        location, name = loaded.location(path), loaded.object.object_name
        refused = Problem(Severity.ERROR, Code.INVALID, words, location, name, path)
        return (*_unknown(loaded, gates), refused)
    wrong = _wrong(loaded, update_errors(before, resource, version, gates, matches), gates, old)
    if wrong or (loaded.problems and not _is_custom(loaded)):
        return wrong
    kept = _custom(loaded, gates).warnings(_custom(old, gates)) if _is_custom(loaded) and _is_custom(old) else ()
    doubts = ((error.path, str(error)) for error in kept)
    return (*_doubts(loaded, (*update_warnings(before, resource, version, gates), *doubts)), *_later(loaded))


def _is_custom(loaded: Loaded[Object]) -> bool:
    return loaded.data is not None


def _custom(loaded: Loaded[Object], gates: Gates) -> CustomResource:
    return CustomResource(loaded.object.kind, loaded.data, gates.channel)


def _wrong(
    loaded: Loaded[Object], found: tuple[FieldError, ...], gates: Gates, old: Loaded[Object] | None = None
) -> tuple[Problem, ...]:
    """The errors as problems, with those that the definition of a custom resource adds."""
    if not _is_custom(loaded):
        unread = [problem.steps for problem in loaded.problems]
        return tuple(_located(loaded, [one for one in found if not any(_is_near(one.path, path) for path in unread)]))
    before = _custom(old, gates) if old is not None and _is_custom(old) else None
    errors_of_data = _custom(loaded, gates).errors(found, before)
    return (*_unknown(loaded, gates), *_located(loaded, [*found, *errors_of_data]))


def _unknown(loaded: Loaded[Object], gates: Gates) -> Iterator[Problem]:
    """The fields of a custom resource that its definition does not have."""
    for one in islice(_custom(loaded, gates).unknown(), MAX_OF_ONE) if _is_custom(loaded) else ():
        location, name = loaded.location(one.path), loaded.object.object_name
        yield Problem(Severity.ERROR, one.code, one.message, location, name, one.path, one.hint)


def _located(loaded: Loaded[Object], found: list[FieldError]) -> Iterator[Problem]:
    if len(found) > MAX_OF_ONE:
        yield and_more(len(found) - MAX_OF_ONE, loaded.object, loaded.place)
    for error in found[:MAX_OF_ONE]:
        location, name = loaded.location(_written(error.path)), loaded.object.object_name
        yield Problem(Severity.ERROR, Code.INVALID, str(error), location, name, error.path)


def _written(path: Path) -> Path:
    """Where the field is in the manifest: the server leaves `metadata` out of the paths of a template's metadata."""
    for index, step in enumerate(path[1:], 1):
        if path[index - 1] == "template" and step in ("labels", "annotations"):
            return (*path[:index], "metadata", *path[index:])
    return path


def _is_near(path: Path, unread: Path) -> bool:
    """Whether one is within the other: what was not decoded has the zero value, which says nothing."""
    shared = min(len(path), len(unread))
    return path[:shared] == unread[:shared]


def _warnings(loaded: Loaded[Object], version: KubernetesVersion, gates: Gates) -> Iterator[Problem]:
    if isinstance(loaded.object, NetworkPolicy):
        yield from _doubts(loaded, warnings(loaded.object, version, gates))
    yield from _later(loaded)


def _later(loaded: Loaded[Object]) -> Iterator[Problem]:
    """What later definitions refuse."""
    if isinstance(loaded.object, TierPolicy):
        yield from _doubts(loaded, refused_later(loaded.object), Code.REFUSED_LATER)


def _doubts(loaded: Loaded[Object], found: Iterable[tuple[Path, str]], code: Code = Code.DOUBTFUL) -> Iterator[Problem]:
    for path, text in found:
        location, name = loaded.location(path), loaded.object.object_name
        yield Problem(Severity.WARNING, code, text, location, name, path)
