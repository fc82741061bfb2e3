"""Ignores: what people write beside an object or an item to suppress a check there, and those that suppress nothing.

    # haechi: ignore tenant-label                      on top of a document: for all of it
    apiVersion: networking.k8s.io/v1
    metadata:
      annotations:
        haechi/lint-ignore: tenant-*                   for the object, also in a cluster
    spec:
      ingress:
      # haechi: ignore dash-trap, one-family -- reason   alone on a line: for the next one
      - from:
        - podSelector: {}  # haechi: ignore redundant-peer

Whether an ignore suppresses anything is decided by its checks, selected or not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review
from haechi.model import (
    Comment,
    Loaded,
    Location,
    Object,
    Path,
    Resource,
    Severity,
    Source,
    split_yaml,
    yaml_comments,
)

ALL = "all"
IGNORE_ANNOTATION = "haechi/lint-ignore"
"""An object with this annotation suppresses the codes or patterns in its value, separated by commas."""
_DIRECTIVE = re.compile(r"#\s*haechi:\s*ignore(?:\s+(?P<codes>.*))?$")
_REASON = re.compile(r"(?:^|\s)--(?:\s.*)?$")
_WORD = b"haechi:"


def matches_code(code: str, pattern: str) -> bool:
    """Whether a code, a pattern such as `named-port-*` or `all` means a check."""
    return pattern == ALL or fnmatchcase(code, pattern)


@dataclass(frozen=True, slots=True, eq=False)
class Ignore:
    """An ignore as it is written.

    Attributes:
        object: what it is reported with.
        codes: codes or patterns.
        path: the annotation; empty for a comment.
        location: the comment; None for an annotation.
        line: the line whose findings it suppresses; 0 for all of the object or document.
    """

    object: Resource
    codes: tuple[str, ...]
    path: Path = ()
    location: Location | None = None
    line: int = 0


class Ignores:
    """All ignores in a cluster."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._by_object: dict[int, list[Ignore]] = {}
        for one in review.objects:
            if IGNORE_ANNOTATION in one.metadata.annotations:
                codes = _codes(one.metadata.annotations[IGNORE_ANNOTATION])
                self._by_object[id(one)] = [Ignore(one, codes, ("metadata", "annotations", IGNORE_ANNOTATION))]
        manifests = review.cluster.manifests
        if manifests is not None:
            for objects, ignores in _commented(zip(review.objects, manifests.objects, strict=True)):
                for one in objects:
                    self._by_object.setdefault(id(one), []).extend(ignores)

    def __iter__(self) -> Iterator[Ignore]:
        """Each ignore once."""
        return iter(dict.fromkeys(ignore for ignores in self._by_object.values() for ignore in ignores))

    def suppressing(self, code: str, found: Diagnostic) -> Iterator[tuple[Ignore, str]]:
        """The ignores that suppress a result of a check, each with the code or pattern that does."""
        for ignore in self._by_object.get(id(found.object), ()):
            for pattern in ignore.codes:
                if matches_code(code, pattern) and (not ignore.line or ignore.line == self._line(found)):
                    yield ignore, pattern

    def _line(self, found: Diagnostic) -> int:
        location = found.location or self._review.location(found.object, found.path)
        return 0 if location is None else location.line


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code for code in (code.strip() for code in text.split(",")) if code)


# -- comments ----------------------------------------------------------------------------------------------------------


def _commented(
    loaded: Iterable[tuple[Object, Loaded[Object]]],
) -> Iterator[tuple[list[Object], list[Ignore]]]:
    """The objects of each document that has comments that are ignores, and these."""
    sources: dict[int, tuple[Source, dict[tuple[int, int], list[Object]]]] = {}
    for one, each in loaded:
        place = each.place
        if not place.is_json:
            documents = sources.setdefault(id(place.source), (place.source, {}))[1]
            documents.setdefault((place.begin, place.end), []).append(one)
    for source, documents in sources.values():
        if _WORD not in source.data:
            continue
        mark = len(BOM_UTF8) if source.data.startswith(BOM_UTF8) else 0
        ends = sorted({mark, *(end for _, end in split_yaml(source.data, mark)), *(end for _, end in documents)})
        for (begin, end), objects in documents.items():
            lead = ends[bisect_right(ends, begin) - 1]  # comments before the `---` line belong to the document
            if source.data.find(_WORD, lead, end) >= 0:
                yield objects, [*_in_comments(source, lead, end, objects[0])]


def _in_comments(source: Source, begin: int, end: int, one: Object) -> Iterator[Ignore]:
    comments = [(source.at(comment.offset), comment) for comment in yaml_comments(source.data, begin, end)]
    alone = {location.line for location, comment in comments if comment.alone}
    for location, comment in comments:
        directive = _DIRECTIVE.search(comment.text)
        if directive is not None:
            codes = _codes(_REASON.sub("", directive["codes"] or "", count=1))
            yield Ignore(one, codes, (), location, _line(location.line, comment, alone))


def _line(line: int, comment: Comment, alone: set[int]) -> int:
    """The line that a comment is about: its own, or the next that is not a comment; 0 for the document."""
    if comment.on_top:
        return 0
    while line in alone:
        line += 1
    return line


# -- the check ---------------------------------------------------------------------------------------------------------


def unused_ignore(checks: Iterable[Check]) -> Check:
    """The check of ignores themselves; `checks` are all others."""
    known = tuple(checks)

    @check("unused-ignore", Severity.NOTE, "A comment or annotation ignores a check that finds nothing there.")
    def unused(review: Review) -> Iterator[Diagnostic]:
        ignores = Ignores(review)
        listed = list(ignores)
        patterns = {pattern for ignore in listed for pattern in ignore.codes}
        used: set[tuple[Ignore, str]] = set()
        for one in known:
            if any(matches_code(one.code, pattern) for pattern in patterns):
                for found in one.function(review):
                    used.update(ignores.suppressing(one.code, found))
        for ignore in listed:
            if not ignore.codes:
                yield _unused(ignore, "this names no check", "write haechi: ignore CODE, CODE -- reason")
            for pattern in ignore.codes:
                if not any(matches_code(one.code, pattern) for one in known):
                    yield _unused(
                        ignore, f"no check matches {pattern!r}", "commas separate codes, -- begins the reason"
                    )
                elif (ignore, pattern) not in used:
                    yield _unused(ignore, f"{pattern} finds nothing here", "delete it")

    return unused


def _unused(ignore: Ignore, message: str, hint: str) -> Diagnostic:
    return Diagnostic(ignore.object, ignore.path, message, hint, location=ignore.location)
