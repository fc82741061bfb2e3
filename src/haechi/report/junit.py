"""JUnit XML, the form of test results that every CI shows. Elements and attributes are those that all readers know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from haechi.model import Location, printable
from haechi.report.document import problem_text

if TYPE_CHECKING:
    from haechi.report.document import Basis


class JUnitFailure(NamedTuple):
    """Why a case fails: the kind of failure, and the reasons, the first of which is the message.

    An `error` is a case that could not be judged.
    """

    type: str
    lines: tuple[str, ...]
    error: bool = False


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


def junit_text(name: str, suites: Iterable[JUnitSuite], basis: Basis, seconds: float | None = None) -> str:
    """The suites as XML text, then the caveats of the basis; `seconds` is how long all of them took."""
    listed = [*suites, *_input(basis)]
    time = "" if seconds is None else f' time="{seconds:.3f}"'
    cases = [case for suite in listed for case in suite.cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_attribute(name)}{_counts(cases)}{time}>"]
    for suite in listed:
        lines += _suite(suite)
    return "\n".join([*lines, "</testsuites>", ""])


def _input(basis: Basis) -> Iterator[JUnitSuite]:
    """A suite with an error for what could not be read, and a line of output for each other caveat."""
    if basis.caveats:
        cases = [
            JUnitCase(str(one.location), JUnitFailure("unreadable", (problem_text(one),), error=True), one.location)
            for one in basis.unreadable
        ]
        yield JUnitSuite("input", tuple(cases), tuple(basis.caveat_lines))


def _suite(suite: JUnitSuite) -> Iterator[str]:
    yield f"  <testsuite name={_attribute(suite.name)}{_counts(suite.cases)}>"
    for case in suite.cases:
        place = case.location
        where = "" if place is None else f' file={_attribute(place.file)} line="{place.line}"'
        begin = f"    <testcase classname={_attribute(suite.name)} name={_attribute(case.name)}{where}"
        if case.failure is None:
            yield f"{begin}/>"
            continue
        kind, lines, error = case.failure
        element = "error" if error else "failure"
        yield f"{begin}>"
        yield f"      <{element} type={_attribute(kind)} message={_attribute(lines[0])}>{_text(lines)}</{element}>"
        yield "    </testcase>"
    if suite.output:
        yield f"    <system-out>{_text(suite.output)}</system-out>"
    yield "  </testsuite>"


def _counts(cases: Iterable[JUnitCase]) -> str:
    listed = list(cases)
    failures = [case.failure for case in listed if case.failure is not None]
    errors = sum(failure.error for failure in failures)
    return f' tests="{len(listed)}" failures="{len(failures) - errors}" errors="{errors}"'


def _attribute(text: str) -> str:
    return f'"{_escaped(text)}"'


def _text(lines: Iterable[str]) -> str:
    return "\n".join(map(_escaped, lines))


def _escaped(text: str) -> str:
    """As content or attribute. The standard library's would import all of urllib."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
