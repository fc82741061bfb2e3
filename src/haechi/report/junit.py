"""JUnit XML, the form of test results that every CI shows. Elements and attributes are those that all readers know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from haechi.model import Location, printable


class JUnitFailure(NamedTuple):
    """Why a case fails: the kind of failure, and the reasons, the first of which is the message."""

    type: str
    lines: tuple[str, ...]


class JUnitCase(NamedTuple):
    """A case, with the place of its source if it has one."""

    name: str
    failure: JUnitFailure | None = None
    location: Location | None = None


class JUnitSuite(NamedTuple):
    """A suite; `output` are lines beside its cases."""

    name: str
    cases: tuple[JUnitCase, ...] = ()
    output: tuple[str, ...] = ()


def junit_text(name: str, suites: Iterable[JUnitSuite], seconds: float | None = None) -> str:
    """The suites as XML text; `seconds` is how long all of them took."""
    listed = list(suites)
    time = "" if seconds is None else f' time="{seconds:.3f}"'
    cases = [case for suite in listed for case in suite.cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_attribute(name)}{_counts(cases)}{time}>"]
    for suite in listed:
        lines += _suite(suite)
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(suite: JUnitSuite) -> Iterator[str]:
    yield f"  <testsuite name={_attribute(suite.name)}{_counts(suite.cases)}>"
    for case in suite.cases:
        place = case.location
        where = "" if place is None else f' file={_attribute(place.file)} line="{place.line}"'
        begin = f"    <testcase classname={_attribute(suite.name)} name={_attribute(case.name)}{where}"
        if case.failure is None:
            yield f"{begin}/>"
            continue
        kind, lines = case.failure
        yield f"{begin}>"
        yield f"      <failure type={_attribute(kind)} message={_attribute(lines[0])}>{_text(lines)}</failure>"
        yield "    </testcase>"
    if suite.output:
        yield f"    <system-out>{_text(suite.output)}</system-out>"
    yield "  </testsuite>"


def _counts(cases: Iterable[JUnitCase]) -> str:
    listed = list(cases)
    failures = sum(case.failure is not None for case in listed)
    return f' tests="{len(listed)}" failures="{failures}" errors="0"'


def _attribute(text: str) -> str:
    return f'"{_escaped(text)}"'


def _text(lines: Iterable[str]) -> str:
    return "\n".join(map(_escaped, lines))


def _escaped(text: str) -> str:
    """As content or attribute. The standard library's would import all of urllib."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
