"""An object together with the place that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from haechi.model import jsontext, yamltext
from haechi.model.base import Resource
from haechi.model.problem import Location, Path, Problem, path_steps
from haechi.model.source import Findable, Source
from haechi.model.tree import Data

R = TypeVar("R", bound=Resource, covariant=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a source an object is: its document's bytes, and for an item of a YAML list the path within it."""

    source: Source
    begin: int
    end: int
    prefix: Path = ()
    is_json: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether it is an object of a cluster, which has no text."""
        return not self.source.data

    def location(self, path: Path = ()) -> Location:
        """The place of a field: of its key, or of the item of a list; of the nearest ancestor if it is absent."""
        if self.is_stored:
            return self.source.whole
        if self.is_json and not path and not self.prefix:
            return self.source.at(self.begin)
        return self.source.at(self._document().offset(self.prefix + path))

    def _document(self) -> Findable:
        """The document parsed again, or still at hand: objects do not keep their text's tree."""
        key = (self.begin, self.end)
        if self.source.parsed is None or self.source.parsed[0] != key:
            parse = jsontext.Places if self.is_json else yamltext.parse_yaml
            self.source.parsed = (key, parse(self.source.data, self.begin, self.end))
        return self.source.parsed[1]


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """An object from a manifest.

    `problems` are its decoding errors. Only a policy can have some; it is then not what the manifest says, but closed:
    a NetworkPolicy with its identity, its pod selector and directions as far as they can be trusted, and no rules; a
    policy of a tier with no peers in the rules concerned. `written` is then what could be read of it, for further
    checks. `data` are the plain data of a custom resource whose definition is known.
    """

    object: R
    place: Place
    problems: tuple[Problem, ...] = ()
    written: R | None = None
    data: Data = None

    def location(self, path: str | Path = ()) -> Location:
        """The place of a field like `spec.ingress[0].from[1]`, or of its nearest ancestor if it is absent."""
        return self.place.location(path_steps(path) if isinstance(path, str) else path)
