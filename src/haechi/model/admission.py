"""Where documents become objects: decoding, defaults that every object gets, and the first of each name wins.

A NetworkPolicy that cannot be decoded as the API server would is admitted *closed*: with its identity and as much of
its pod selector and directions as can be trusted, but without rules, so that whoever overlooks its problems isolates
pods rather than opening them. In a policy of a tier, the rules that cannot be decoded lose their peers, which no reader
takes for everyone. Any other object that cannot be decoded is left out, with its problems.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from typing import get_args

import msgspec

from haechi.model.base import Struct
from haechi.model.customresource import CUSTOM, meaningful, plain_data, repeated_keys, unknown_field
from haechi.model.decoding import DecodingProblem, decode_struct
from haechi.model.defaulting import DEFAULT_NAMESPACE, default, with_name_label, with_namespace
from haechi.model.interning import Interner
from haechi.model.kinds import Unusable
from haechi.model.loaded import Loaded, Place
from haechi.model.networkpolicy import LabelSelector, NetworkPolicy, NetworkPolicySpec
from haechi.model.objects import (
    AdminNetworkPolicyEgressRule,
    AdminNetworkPolicyIngressRule,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressRule,
    ExternalHost,
    Namespace,
    Object,
    Pod,
    Route,
    TierPolicy,
)
from haechi.model.problem import Code, ObjectName, Path, Problem, Severity, path_text
from haechi.model.source import Source
from haechi.model.tree import Data, LimitProblem

STRICT: frozenset[type[Object]] = frozenset({NetworkPolicy, *get_args(TierPolicy), ExternalHost})
"""Kinds whose unknown and repeated fields are errors, as with `kubectl apply`."""

LOOSE: frozenset[type[Object]] = frozenset(get_args(Route))
"""Kinds of which only some fields are known here, so that no field is an error for being unknown."""

MAX_OF_ONE = 1000
"""How many problems of one object are reported; the others are counted."""

Progress = Callable[[Source, int], None]
"""Called now and then with what is being read, and how many bytes of it were."""

_BOTH = ("Ingress", "Egress")


def silent(source: Source, done: int) -> None:
    """No progress."""


class Admission:
    """The objects admitted so far, and the problems met.

    With `strict`, unknown and repeated fields are errors, except in `LOOSE` kinds, and annotations of pods stay.
    """

    def __init__(
        self, namespace: str = DEFAULT_NAMESPACE, *, strict: bool = False, progress: Progress = silent
    ) -> None:
        self.strict = strict
        self.progress = progress
        self.objects: list[Loaded[Object]] = []
        self.problems: list[Problem] = []
        self.error_count = 0
        self._first: dict[tuple[str, str], Place] = {}
        self._interner = Interner()
        self._namespace = namespace

    def report(self, problem: Problem) -> None:
        """Add a problem."""
        self.problems.append(problem)
        self.error_count += problem.severity is Severity.ERROR

    def refuse(self, why: Unusable, place: Place, name: ObjectName | None = None) -> None:
        """Report an object that has no struct."""
        self.report(Problem(why.severity, why.code, why.message, place.location(), name, hint=why.hint))

    def admit_json(self, kind: type[Object], text: bytes, place: Place) -> bool:
        """Admit an object from its JSON; False if it needs `admit`."""
        if self.strict or kind in STRICT:
            return False
        try:
            resource = _decoder(kind).decode(text)
        except (msgspec.DecodeError, RecursionError):
            return False
        self._add(resource, place, ())
        return True

    def admit(self, kind: type[Object], data: Data, place: Place) -> None:
        """Admit an object from plain data, or report why not."""
        strict = (self.strict and kind not in LOOSE) or kind in STRICT
        if kind in CUSTOM:
            self._admit_custom(kind, data, place)
            return
        struct, mistakes = decode_struct(kind, data, strict=strict, whole_numbers=self.strict and place.is_json)
        assert isinstance(struct, kind)
        if not strict and kind not in LOOSE:
            self._warn(kind, data, {mistake.path for mistake in mistakes}, place)
        problems = tuple(_problem(mistake, struct, place, self.strict) for mistake in mistakes[:MAX_OF_ONE])
        if len(mistakes) > MAX_OF_ONE:
            problems += (and_more(len(mistakes) - MAX_OF_ONE, struct, place),)
        for problem in problems:
            self.report(problem)
        errors = tuple(problem for problem in problems if problem.severity is Severity.ERROR)
        if isinstance(struct, NetworkPolicy) and errors:
            self._add(
                _closed(struct, [mistake.path for mistake in mistakes]),
                place,
                errors,
                with_namespace(struct, self._namespace),
            )
        elif not errors:
            self._add(struct, place, ())

    def _admit_custom(self, kind: type[Object], data: Data, place: Place) -> None:
        """Admit a custom resource; what is wrong outside its metadata is found by its definition, not here."""
        try:
            plain = plain_data(data, is_json=place.is_json)
        except LimitProblem as error:
            self.report(Problem(Severity.ERROR, Code.LIMIT, error.message, place.location()))
            return
        repeated, data = tuple(repeated_keys(data)), plain
        struct, mistakes = decode_struct(kind, meaningful(data), strict=True)
        assert isinstance(struct, TierPolicy)
        found = (unknown_field(one.path) if one.code is Code.UNKNOWN_FIELD else one for one in mistakes)
        reported = [*repeated]
        others: list[DecodingProblem] = []
        for mistake in found:
            (reported if mistake.path[0] == "metadata" else others).append(mistake)
        wrong = [*reported, *others]
        problems = tuple(_problem(one, struct, place, self.strict) for one in wrong[:MAX_OF_ONE])
        for problem in problems[: len(reported)]:
            self.report(problem)
        if len(reported) > MAX_OF_ONE:
            self.report(and_more(len(reported) - MAX_OF_ONE, struct, place))
        closed = _without_peers(struct, [one.path for one in wrong])
        self._add(closed, place, problems, struct if problems else None, data)

    def _add(
        self,
        resource: Object,
        place: Place,
        problems: tuple[Problem, ...],
        written: Object | None = None,
        data: Data = None,
    ) -> None:
        if isinstance(resource, Pod) and not self.strict:
            self._interner.pod(resource)
        resource = with_namespace(resource, self._namespace)
        if isinstance(resource, Namespace):
            resource = with_name_label(resource)
        first = self._first.setdefault((resource.kind, resource.key), place)
        if first is not place and resource.metadata.name:
            message = f"{resource.display_name} is already defined at {first.location()}; the first counts"
            location = place.location(("metadata", "name"))
            self.report(Problem(Severity.ERROR, Code.DUPLICATE_OBJECT, message, location, resource.object_name))
            return
        self.objects.append(Loaded(resource, place, problems, written, data))

    def _warn(self, kind: type[Object], data: Data, wrong: Collection[Path], place: Place) -> None:
        """Warn of what would be an error if the kind were strict."""
        struct, mistakes = decode_struct(kind, data, strict=True)
        assert isinstance(struct, kind)
        for mistake in [one for one in mistakes if one.path not in wrong][:MAX_OF_ONE]:
            message = mistake.message.removeprefix("strict decoding error: ")
            if mistake.code is Code.DUPLICATE_FIELD:
                message = f'key "{path_text(mistake.path)}" is repeated; the last one counts'
            location, name = place.location(mistake.path), struct.object_name
            self.report(Problem(Severity.WARNING, mistake.code, message, location, name, mistake.path, mistake.hint))


@cache
def _decoder(kind: type[Object]) -> msgspec.json.Decoder[Object]:
    return msgspec.json.Decoder(kind)


def and_more(count: int, resource: Object, place: Place) -> Problem:
    """What stands for the problems of an object beyond `MAX_OF_ONE`."""
    message = f"and {count} more like these"
    return Problem(Severity.ERROR, Code.LIMIT, message, place.location(), resource.object_name)


def _problem(mistake: DecodingProblem, resource: Object, place: Place, strict: bool) -> Problem:
    # Clusters of 1.24 to 1.27 stored a status, which kubectl get still prints and newer servers drop
    harmless = not strict and mistake.code is Code.UNKNOWN_FIELD and mistake.path == ("status",)
    return Problem(
        Severity.WARNING if harmless else Severity.ERROR,
        mistake.code,
        mistake.message,
        place.location(mistake.path),
        resource.object_name,
        mistake.path,
        mistake.hint,
    )


def _without_peers(policy: TierPolicy, wrong: list[Path]) -> TierPolicy:
    """The policy with no peers in the rules in which something is wrong; in all of them if it may concern all.

    A list of rules that cannot be read at all has one rule, without an action.
    """
    inside = [path[1:] for path in wrong if path[:1] == ("spec",)]
    for_all = any(path[:1] not in (("ingress",), ("egress",)) for path in inside)

    def rules(field: str, given: tuple[Struct, ...], unread: Struct) -> tuple[Struct, ...]:
        if (field,) in inside and not given:
            return (unread,)
        lost = {path[1] if len(path) > 1 else None for path in inside if path[:1] == (field,)}
        peers = "from_" if field == "ingress" else "to"
        return tuple(
            msgspec.structs.replace(rule, **{peers: ()}) if for_all or not lost.isdisjoint({number, None}) else rule
            for number, rule in enumerate(given)
        )

    if isinstance(policy, ClusterNetworkPolicy):
        unread: tuple[Struct, Struct] = ClusterNetworkPolicyIngressRule(), ClusterNetworkPolicyEgressRule()
    else:
        unread = AdminNetworkPolicyIngressRule(), AdminNetworkPolicyEgressRule()
    ingress = rules("ingress", policy.spec.ingress, unread[0])
    egress = rules("egress", policy.spec.egress, unread[1])
    return msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, ingress=ingress, egress=egress))


def _closed(policy: NetworkPolicy, wrong: list[Path]) -> NetworkPolicy:
    """The policy without rules; its pods and directions only if nothing is wrong near them, else all."""
    near = {path[1:2] for path in wrong if path[:1] == ("spec",)}
    types = default(policy).spec.policy_types
    # An empty step is spec itself; an unknown field of spec may be a misspelt policyTypes or egress
    types_good = near <= {("ingress",), ("podSelector",)} and set(types) <= set(_BOTH)
    closed = NetworkPolicySpec(
        pod_selector=policy.spec.pod_selector if near.isdisjoint({(), ("podSelector",)}) else LabelSelector(),
        policy_types=types if types_good else _BOTH,
    )
    return msgspec.structs.replace(policy, spec=closed)
