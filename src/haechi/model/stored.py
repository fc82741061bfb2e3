"""Objects as an API server lists them: decoded as those of files, and called `networkpolicies/shop/db`.

Only structs are kept, page by page, never the text: a dump of 10,000 pods has 60 MB.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from haechi.model import jsontext
from haechi.model.admission import STRICT, Admission
from haechi.model.kinds import Unusable, kind_of
from haechi.model.loaded import Place
from haechi.model.manifests import Manifests
from haechi.model.objects import Object
from haechi.model.problem import Code, ObjectName, Problem, Severity
from haechi.model.source import Source
from haechi.model.tree import SyntaxProblem


class _Identity(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""


class _Head(msgspec.Struct, frozen=True):
    metadata: _Identity = _Identity()


_HEADS = msgspec.json.Decoder(_Head)


class StoredObjects:
    """The objects of a list of the API, and the problems with them.

    Args:
        resource: the plural name of the kind, for places.
        api_version: of the items.
        kind: of the items, which say neither themselves.
    """

    def __init__(self, resource: str, api_version: str, kind: str) -> None:
        self._resource = resource
        self._kind = kind
        self._found = kind_of(api_version, kind)
        self._admission = Admission()

    @property
    def are_decoded(self) -> bool:
        """Whether the kind has a struct; without one only the names of its objects are needed."""
        return not isinstance(self._found, Unusable)

    def add(self, items: Iterable[bytes | msgspec.Raw]) -> None:
        """Read the items of a page, each the JSON of an object."""
        for item in items:
            self._add(bytes(item))

    def _add(self, text: bytes) -> None:
        head = _head(text).metadata
        place = Place(Source("/".join(filter(None, (self._resource, head.namespace, head.name)))), 0, 0, is_json=True)
        found = self._found
        if isinstance(found, Unusable):
            self._admission.refuse(found, place, ObjectName(self._kind, head.namespace, head.name))
        elif found in STRICT or not self._admission.admit_json(found, text, place):
            self._admit(found, text, place)

    def _admit(self, kind: type[Object], text: bytes, place: Place) -> None:
        try:
            data = jsontext.parse(text, 0)
        except SyntaxProblem as problem:
            self._admission.report(Problem(Severity.ERROR, Code.SYNTAX, problem.message, place.location()))
            return
        if isinstance(data, dict):
            self._admission.admit(kind, data, place)
        else:
            self._admission.refuse(Unusable(Severity.ERROR, Code.NOT_AN_OBJECT, "an item is not an object"), place)

    @property
    def manifests(self) -> Manifests:
        """What was read so far."""
        return Manifests(tuple(self._admission.objects), tuple(self._admission.problems))


def _head(text: bytes) -> _Head:
    try:
        return _HEADS.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _Head()
