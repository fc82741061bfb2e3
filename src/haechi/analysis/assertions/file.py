"""Files of assertions about connectivity: the kind ConnectivityTest of haechi/v1alpha1, read strictly.

A test that silently checks less than it seems to is worse than none. So every mistake of a document is reported
at once with its place, and that a `Suite` has none: names, selectors, addresses and ports in it can be read. Refuses
unknown and repeated fields, other kinds of haechi/v1alpha1, and assertions that could mean two things. Documents of
foreign kinds are skipped with a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from haechi.analysis.cluster import NameText
from haechi.model import (
    Code,
    Data,
    DecodingProblem,
    KubernetesVersion,
    LabelSelector,
    Location,
    ParsedDocument,
    Path,
    Problem,
    Resource,
    Severity,
    Source,
    Struct,
    SyntaxProblem,
    decode_struct,
    dns_label,
    label_key,
    label_value,
    parse_yaml,
    split_yaml,
)
from haechi.select import InvalidSelector, Selector
from haechi.sets import AddressError, AddressSet

API_VERSION = "haechi/v1alpha1"
PROTOCOLS = ("TCP", "UDP", "SCTP")
_PORT_TEXT = re.compile(r"(?P<port>[^/]+?)(?:/(?P<protocol>[^/]*))?")


class Anyone(Struct, frozen=True, kw_only=True):
    """`anyone: {}`; it has no fields."""


class Party(Struct, frozen=True, kw_only=True):
    """One end of the connections that an assertion is about: exactly one of the fields is given.

    `pod` is the name of a pod, or of a workload or Service, which stand for their pods.
    `namespace` or `namespace_selector` and `pod_selector` together are one way. Without either of the first two, the
    pods of every namespace are meant, or those of the test's own namespace if it has one.
    """

    pod: str = ""
    host: str = ""
    ip: str = ""
    anyone: Anyone | None = None
    namespace: str = ""
    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None


class Port(Struct, frozen=True, kw_only=True):
    """Destination ports as in a NetworkPolicyPort: number, first to `end_port`, name, or all of the protocol."""

    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class Assertion(Struct, frozen=True, kw_only=True):
    """One assertion: `from_`, `to` and `expect`; or one end and `only`, who alone may be the other."""

    name: str = ""
    from_: Party | None = msgspec.field(default=None, name="from")
    to: Party | None = None
    ports: tuple[Port, ...] = ()
    expect: str = ""
    only: tuple[Party, ...] | None = None
    allow_empty: bool = False

    def title(self, number: int) -> str:
        """Its name, or its place among the assertions of its test."""
        return self.name or f"assertion {number + 1}"


class ConnectivityTestSpec(Struct, frozen=True, kw_only=True):
    """The assertions, all of which have to hold."""

    assertions: tuple[Assertion, ...] = ()


class ConnectivityTest(Resource, frozen=True, kw_only=True):
    """haechi/v1alpha1 ConnectivityTest. `metadata.namespace` is where a lone podSelector looks."""

    kind: ClassVar[str] = "ConnectivityTest"
    api_version: ClassVar[str] = API_VERSION

    spec: ConnectivityTestSpec = ConnectivityTestSpec()


@dataclass(frozen=True, slots=True)
class Suite:
    """A ConnectivityTest without mistakes, with the place of each of its assertions."""

    name: str
    namespace: str
    assertions: tuple[Assertion, ...]
    locations: tuple[Location, ...]


def read_suites(source: Source) -> tuple[tuple[Suite, ...], tuple[Problem, ...]]:
    """The tests of a file, and all mistakes in it. A test with a mistake is not returned."""
    suites: list[Suite] = []
    problems: list[Problem] = []
    for begin, end in split_yaml(source.data):
        try:
            tree = parse_yaml(source.data, begin, end)
        except SyntaxProblem as error:
            problems.append(Problem(Severity.ERROR, Code.SYNTAX, error.message, source.at(error.offset)))
            continue
        if tree.data is not None:
            _SuiteReader(source, tree, suites, problems).read()
    return tuple(suites), tuple(problems)


@dataclass(frozen=True)
class _SuiteReader:
    """One document, and where to put what it holds."""

    source: Source
    tree: ParsedDocument
    suites: list[Suite]
    problems: list[Problem]

    def read(self) -> None:
        data = self.tree.data
        if not isinstance(data, dict):
            self._tell(DecodingProblem((), Code.NOT_AN_OBJECT, "must be an object"))
        elif (data.get("apiVersion"), data.get("kind")) != (API_VERSION, ConnectivityTest.kind):
            self._refuse(data.get("apiVersion"), data.get("kind"))
        else:
            self._read(data)

    def _read(self, data: dict[str, Data]) -> None:
        _spread_ports(data)
        found, mistakes = decode_struct(ConnectivityTest, data, strict=True)
        assert isinstance(found, ConnectivityTest)
        paths = [mistake.path for mistake in mistakes]
        # What follows from a misspelt field is no mistake of its own
        own = [one for one in _mistakes(found) if not any(path[: len(one.path)] == one.path for path in paths)]
        wrong = [*mistakes, *own]
        for mistake in wrong:
            self._tell(mistake)
        if not wrong:
            locations = tuple(
                self._location(("spec", "assertions", number)) for number in range(len(found.spec.assertions))
            )
            name, namespace = found.metadata.name, found.metadata.namespace
            self.suites.append(Suite(name, namespace, found.spec.assertions, locations))

    def _refuse(self, api_version: Data, kind: Data) -> None:
        given = f"{kind or 'an object without kind'} of {api_version or 'no apiVersion'}"
        words = f"{given} is not a ConnectivityTest of {API_VERSION}"
        ours = kind == ConnectivityTest.kind or (api_version == API_VERSION and kind != "ExternalHost")
        if not isinstance(kind, str) or not isinstance(api_version, str) or ours:
            self._tell(DecodingProblem((), Code.API_VERSION, words))
        else:
            self.problems.append(Problem(Severity.SKIPPED, Code.UNKNOWN_KIND, words, self._location(())))

    def _tell(self, mistake: DecodingProblem) -> None:
        place = self._location(mistake.path)
        problem = Problem(Severity.ERROR, mistake.code, mistake.message, place, steps=mistake.path, hint=mistake.hint)
        self.problems.append(problem)

    def _location(self, path: Path) -> Location:
        return self.source.at(self.tree.offset(path))


def _spread_ports(data: dict[str, Data]) -> None:
    """Write the ports that are given as a number or a text as the mapping that they stand for, in place."""
    spec = data.get("spec")
    assertions = spec.get("assertions") if isinstance(spec, dict) else None
    for assertion in assertions if isinstance(assertions, list) else ():
        ports = assertion.get("ports") if isinstance(assertion, dict) else None
        if isinstance(ports, list):
            ports[:] = [_port_mapping(port) for port in ports]


def _port_mapping(port: Data) -> Data:
    """`5432`, `53/UDP` or `http/TCP` as the fields of a `Port`; anything else as it is."""
    if isinstance(port, int) and not isinstance(port, bool):
        return {"port": port}
    match = _PORT_TEXT.fullmatch(port) if isinstance(port, str) else None
    if match is None:
        return port
    number = match["port"]
    fields: dict[str, Data] = {"port": int(number) if number.isascii() and number.isdigit() else number}
    return fields if match["protocol"] is None else {**fields, "protocol": match["protocol"].upper()}


def _mistakes(test: ConnectivityTest) -> Iterator[DecodingProblem]:
    """What cannot be meant, although its types are right."""
    if not test.metadata.name:
        yield _invalid(("metadata", "name"), "metadata.name is missing")
    if not test.spec.assertions:
        yield _invalid(("spec", "assertions"), "there is no assertion")
    for number, assertion in enumerate(test.spec.assertions):
        path: Path = ("spec", "assertions", number)
        yield from _of_assertion(assertion, path)
        for field, party in (("from", assertion.from_), ("to", assertion.to)):
            if party is not None:
                yield from _of_party(party, (*path, field))
        for place, party in enumerate(assertion.only or ()):
            yield from _of_party(party, (*path, "only", place))
        for place, port in enumerate(assertion.ports):
            yield from _of_port(port, (*path, "ports", place))


def _of_assertion(assertion: Assertion, path: Path) -> Iterator[DecodingProblem]:
    ends = [end for end in (assertion.from_, assertion.to) if end is not None]
    if assertion.only is not None:
        if len(ends) != 1:
            yield _invalid(path, "only needs exactly one of from and to: the other end is who it is about")
        if assertion.expect:
            yield _invalid((*path, "expect"), "only says by itself what is expected")
        if any(party.anyone is not None for party in assertion.only):
            yield _invalid((*path, "only"), "only anyone would exclude nobody")
        return
    if len(ends) != 2:
        yield _invalid(path, "needs both from and to, or one of them and only")
    if assertion.expect not in ("allow", "deny"):
        yield _invalid((*path, "expect"), f"expect must be allow or deny, not {assertion.expect!r}")


def _of_party(party: Party, path: Path) -> Iterator[DecodingProblem]:
    selected = party.namespace or party.namespace_selector or party.pod_selector
    ways = [party.pod, party.host, party.ip, party.anyone is not None, selected is not None and selected != ""]
    if sum(map(bool, ways)) != 1:
        yield _invalid(path, "must say exactly one of pod, host, ip, anyone, or a namespace and selectors")
    if party.namespace and party.namespace_selector is not None:
        yield _invalid(path, "namespace and namespaceSelector exclude each other")
    if party.pod and not NameText.readings(party.pod):
        yield _invalid((*path, "pod"), f"{party.pod!r} is not NAME, NAMESPACE/NAME, KIND/NAME or NAMESPACE/KIND/NAME")
    if party.namespace and (messages := dns_label(party.namespace)):
        yield _invalid((*path, "namespace"), f"{party.namespace!r}: {messages[0]}")
    if party.ip:
        try:
            AddressSet.from_cidr(party.ip)
        except AddressError as error:
            yield _invalid((*path, "ip"), str(error))
    for field, selector in (("podSelector", party.pod_selector), ("namespaceSelector", party.namespace_selector)):
        if selector is not None:
            yield from _of_selector(selector, (*path, field))


def _of_selector(selector: LabelSelector, path: Path) -> Iterator[DecodingProblem]:
    """A label that no object can have is a misspelling, and so is an unknown operator."""
    version = KubernetesVersion()
    for key, value in selector.match_labels.items():
        for message in (*label_key(key, version), *label_value(value, version)):
            yield _invalid((*path, "matchLabels", key), f"{key}={value}: {message}")
    for number, expression in enumerate(selector.match_expressions):
        for message in label_key(expression.key, version):
            yield _invalid((*path, "matchExpressions", number, "key"), f"{expression.key!r}: {message}")
    try:
        Selector.parse(selector)
    except InvalidSelector as error:
        yield _invalid(path, str(error))


def _of_port(port: Port, path: Path) -> Iterator[DecodingProblem]:
    if port.protocol not in PROTOCOLS:
        yield _invalid(path, f"protocol {port.protocol!r} is not TCP, UDP or SCTP")
    if isinstance(port.port, int):
        last = port.port if port.end_port is None else port.end_port
        if not 1 <= port.port <= last <= 65535:
            yield _invalid(path, "ports must be from 1 to 65535, the last not below the first")
    elif port.end_port is not None:
        yield _invalid(path, "endPort needs a number as port")
    elif port.port == "":
        yield _invalid(path, "a port has an empty name")


def _invalid(path: Path, message: str) -> DecodingProblem:
    return DecodingProblem(path, Code.INVALID, message)
