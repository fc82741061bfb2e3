"""What all JSON documents have in common: the head that says what a document rests on, and the values that they share.

Keys are lowerCamelCase, as in Kubernetes. A pod is `{namespace, name}`, a policy `{kind, namespace, name}`, a place in
a file `{file, line, column}`, a rule or another field of a policy `{policy, path, location}`. A text that does not
apply is empty, any other value null; no key is ever left out. A struct's docstring is its description in the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from haechi.analysis.cluster import Assumption
from haechi.model import (
    AnyPolicyKey,
    AnyRuleRef,
    Code,
    ExternalHost,
    Location,
    Node,
    ObjectName,
    Pod,
    PodKey,
    PolicyKey,
    Severity,
    shortened,
)

if TYPE_CHECKING:
    from haechi.analysis.cluster import Cluster
    from haechi.model import Object, Problem
    from haechi.sets import AddressSet, PortSet

ApiVersion = Literal["haechi/v1"]
API_VERSION: ApiVersion = "haechi/v1"
Places = Callable[[AnyPolicyKey, str], Location | None]
"""Where a field of a policy was read; `""` is the policy itself."""


class JsonValue(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Base of all parts of documents."""


class NamespacedName(JsonValue, frozen=True):
    """A pod or a Service."""

    namespace: str
    name: str


class ObjectReference(JsonValue, frozen=True):
    """An object. `namespace` is empty for kinds that have none."""

    kind: str
    namespace: str
    name: str


class PolicyField(JsonValue, frozen=True):
    """A field of a policy, such as the rule `spec.ingress[0]`. `location` is where it was read, null if it was not."""

    policy: ObjectReference
    path: str
    location: Location | None


class PortRange(JsonValue, frozen=True):
    """Ports from `first` to `last`. `protocol` is TCP, UDP, SCTP, `any`, or the number of another IP protocol."""

    protocol: str
    first: int
    last: int


class AssumptionJson(JsonValue, frozen=True):
    """What is assumed where the specification is silent. `name` is stable."""

    name: str
    message: str


class ProblemJson(JsonValue, frozen=True):
    """What is wrong with the input. `object` is null for what is no object; line 0 is the file as a whole."""

    location: Location
    severity: Severity
    code: Code
    object: ObjectReference | None
    path: str
    message: str
    hint: str


class SynthesizedJson(JsonValue, frozen=True):
    """An object that is not in the input (`inInput` false), or one whose addresses are not. `owner` is its workload."""

    object: ObjectReference
    in_input: bool
    owner: ObjectReference | None
    addresses: list[str]


class Basis(NamedTuple):
    """What a document rests on: its head after `apiVersion` and `kind`."""

    partial: bool
    assumptions: list[AssumptionJson]
    skipped: list[ProblemJson]
    unreadable: list[ProblemJson]
    synthesized: list[SynthesizedJson]
    notes: list[str]

    @property
    def caveats(self) -> list[ProblemJson]:
        """What the answer lacks: input that cannot be read, and policies of other kinds. Every form carries them."""
        return [*self.unreadable, *(one for one in self.skipped if one.code is Code.OTHER_POLICY)]

    @property
    def caveat_lines(self) -> list[str]:
        """A line that the answer is partial, if it is, and one for each caveat; nothing for a complete answer."""
        lines = [f"{one.location}: {one.severity}: {problem_text(one)}" for one in self.caveats]
        return ["partial: the answer excludes unreadable input", *lines] if self.partial else lines


class Document(JsonValue, frozen=True):
    """Base of all documents.

    `partial` is true if something is in `unreadable`: the rest of the document excludes it. `skipped` are documents of
    the input that are not for Haechi. `notes` are remarks in words.
    """

    api_version: ApiVersion
    kind: str
    partial: bool
    assumptions: Sequence[AssumptionJson]
    skipped: Sequence[ProblemJson]
    unreadable: Sequence[ProblemJson]
    synthesized: Sequence[SynthesizedJson]
    notes: Sequence[str]


def basis(
    *,
    assumptions: Iterable[Assumption] = (),
    skipped: Iterable[Problem] = (),
    unreadable: Iterable[Problem] = (),
    synthesized: Iterable[SynthesizedJson] = (),
    notes: Iterable[str] = (),
) -> Basis:
    """What a document rests on; assumptions are put in their own order, each once."""
    assumed = set(assumptions)
    missing = [problem(one) for one in unreadable]
    return Basis(
        bool(missing),
        [AssumptionJson(one.value, one.words) for one in Assumption if one in assumed],
        [problem(one) for one in skipped],
        missing,
        list(synthesized),
        list(notes),
    )


def basis_of(
    cluster: Cluster, *, assumptions: Iterable[Assumption] = (), problems: Iterable[Problem] | None = None
) -> Basis:
    """What a document about a cluster rests on.

    Args:
        cluster: the document's.
        assumptions: instead of the cluster's, if given.
        problems: with what was loaded; None is `cluster.problems`.
    """
    found = list(cluster.problems if problems is None else problems)
    return basis(
        assumptions=assumptions or cluster.assumptions,
        skipped=[one for one in found if one.severity is Severity.SKIPPED or one.code is Code.OTHER_POLICY],
        unreadable=[one for one in found if one.severity is Severity.ERROR],
        synthesized=synthesized(cluster.pods.values(), cluster.given),
        notes=cluster.notes,
    )


def synthesized(objects: Iterable[Pod | Node | ExternalHost], given: Iterable[Object]) -> Iterator[SynthesizedJson]:
    """Those of some objects that are not among the given ones, or have addresses that they do not have there."""
    from haechi.analysis.cluster import Owners

    listed = list(given)
    same = set(map(id, listed))
    others = [one for one in objects if id(one) not in same]
    if not others:
        return
    addresses = {_reference(one): one.addresses for one in listed if isinstance(one, Pod | Node | ExternalHost)}
    owners = Owners(listed)
    for one in others:
        known = addresses.get(_reference(one))
        if known is None or not set(one.addresses) <= set(known):
            owner = owners.of(one) if isinstance(one, Pod) else None
            yield SynthesizedJson(
                _reference(one),
                known is not None,
                ObjectReference(owner.kind, owner.namespace, owner.name) if owner and owner.kind != "Pod" else None,
                list(one.addresses),
            )


def _reference(one: Object) -> ObjectReference:
    return ObjectReference(*one.object_name)


def document_text(document: Document) -> str:
    """The document as JSON text."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


# -- values ------------------------------------------------------------------------------------------------------------


def named(key: PodKey) -> NamespacedName:
    """A pod."""
    return NamespacedName(key.namespace, key.name)


def policy_reference(key: AnyPolicyKey) -> ObjectReference:
    """A policy."""
    if isinstance(key, PolicyKey):
        return ObjectReference("NetworkPolicy", key.namespace, key.name)
    return ObjectReference(key.kind, "", key.name)


def policy_rule(ref: AnyRuleRef) -> PolicyField:
    """A rule of a policy."""
    return PolicyField(policy_reference(ref.policy), ref.path, ref.location)


def placed_rule(ref: AnyRuleRef, places: Places) -> PolicyField:
    """A rule of a policy, with the place that `places` knows."""
    return PolicyField(policy_reference(ref.policy), ref.path, places(ref.policy, ref.path))


def protocol_and_port(protocol: int, port: int) -> tuple[str, int | None]:
    """The protocol by name, or its number as text, and the port; None for a protocol without ports."""
    from haechi.sets import PROTOCOL_NAMES, protocol_text

    return protocol_text(protocol).removeprefix("protocol "), port if protocol in PROTOCOL_NAMES else None


def port_ranges_json(ports: PortSet) -> list[PortRange]:
    """Ports as ranges."""
    from haechi.analysis.cluster import port_ranges

    return [PortRange(*one) for one in port_ranges(ports)]


def address_ranges(addresses: AddressSet) -> list[str]:
    """Addresses one by one or as `first-last`."""
    from haechi.sets import point_to_text

    return [
        point_to_text(first) if first == last else f"{point_to_text(first)}-{point_to_text(last)}"
        for family in (addresses.v4, addresses.v6)
        for first, last in family.intervals
    ]


def problem_text(one: ProblemJson) -> str:
    """`subject: message (hint)`."""
    about = "" if one.object is None else f"{ObjectName(*msgspec.structs.astuple(one.object))}: "
    return f"{about}{one.message}" + (f" ({one.hint})" if one.hint else "")


def problem(one: Problem) -> ProblemJson:
    """A problem of the input."""
    about = None if one.object is None else ObjectReference(*map(shortened, one.object))
    texts = map(shortened, (one.path, one.message, one.hint))
    return ProblemJson(one.location, one.severity, one.code, about, *texts)
