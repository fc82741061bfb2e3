"""The answer of the API server and that of Haechi to a request, in one form that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from haechi.model import (
    Code,
    Gates,
    LabelSelector,
    Problem,
    Severity,
    Source,
    check_create,
    check_update,
    read_manifests,
)
from haechi.model.definitions import ReleaseChannel
from haechi.model.quoting import quoted
from haechi.model.version import KubernetesVersion
from haechi.select import Selector
from tests.conformance.objects import Case
from tests.conformance.server import ApiServer, Response

SERVER = KubernetesVersion(37)
UID = "00000000-0000-0000-0000-000000000000"
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INDEX = re.compile(r"\[\d+\]")
_STORAGE = re.compile(r"StorageError: .* AdditionalErrorMsg: ")
_TEMPLATE = re.compile(r"(spec\.template(?:\.spec)?: Invalid value: ).*: (field is immutable)", re.DOTALL)
_WARNINGS = 3900  # characters, about, of which the server cuts and leaves out warnings
_STRICT = "strict decoding error: "
_STRICT_PART = re.compile(
    r'unknown field ".*?"(?=, (?:unknown|duplicate) field "|, yaml: |, line |\n|\Z)'  # unquoted, of a custom resource
    r'|duplicate field "(?:[^"\\]|\\.)*"|line \d+: key "(?:[^"\\]|\\.)*" already set in map',
    re.DOTALL,
)
_GO_FIELD = re.compile(r"Go struct field \w+\.(\S+) of type")


@dataclass(frozen=True)
class Answer:
    """What was said: accepted with warnings, or refused with errors of one sort.

    `undecodable` has no texts to compare: the server stops at the first wrong type, in the words of Go's decoder.
    """

    sort: str
    texts: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def agrees(self, other: Answer) -> bool:
        """Whether the two say the same; of an undecodable object, that Haechi reports the server's field too."""
        if self.sort == "undecodable" == other.sort:
            return not self.fields or any(f"{field}.".startswith(f"{self.fields[0]}.") for field in other.fields)
        if self.sort == "accepted" == other.sort and sum(map(len, other.texts)) > _WARNINGS:
            return all(any(text.startswith(cut) for text in other.texts) for cut in self.texts)
        return (self.sort, self.texts) == (other.sort, other.texts)


def answer_of_server(response: Response, case: Case) -> Answer:
    """The server's answer."""
    if response.status in (200, 201) or response.body.get("reason") == "AlreadyExists":
        return Answer("accepted", _sorted(response.warnings, case))
    message = str(response.body.get("message", ""))
    if response.status == 422:
        causes = response.body["details"].get("causes", [])
        return Answer("invalid", _sorted((f"{one['field']}: {one['message']}" for one in causes), case))
    if response.status == 400 and _STRICT in message:
        return Answer("strict", _sorted(_STRICT_PART.findall(message.split(_STRICT, 1)[1]), case))
    if response.status == 400 and ("cannot be handled" in message or "error converting YAML" in message):
        prefix = "metadata." if case.kind.is_custom else ""
        return Answer("undecodable", fields=tuple(f"{prefix}{field}" for field in _GO_FIELD.findall(message)))
    if response.status == 409:
        return Answer("conflict", _sorted([_STORAGE.sub("", message)], case))
    return Answer(f"{response.status} {message}")


def answer_of_haechi(text: str, *, is_yaml: bool, channel: ReleaseChannel = ReleaseChannel.EXPERIMENTAL) -> Answer:
    """What `haechi validate` reports."""
    manifests = read_manifests([Source("x.yaml" if is_yaml else "x.json", text.encode())], strict=True)
    found = [*manifests.problems]
    for loaded in manifests.objects:
        found += check_create(loaded, matches, SERVER, Gates(channel=channel))
    return answer_of_problems(found)


def answer_of_haechi_to_update(
    stored: str, text: str, *, is_yaml: bool, channel: ReleaseChannel = ReleaseChannel.EXPERIMENTAL
) -> Answer:
    """What `haechi validate OLD --update NEW` reports; `stored` is the JSON of a response."""
    (old,) = read_manifests([Source("old.json", stored.encode())]).objects
    manifests = read_manifests([Source("x.yaml" if is_yaml else "x.json", text.encode())], strict=True)
    found = [*manifests.problems]
    for loaded in manifests.objects:
        found += check_update(loaded, old, matches, SERVER, Gates(channel=channel))
    return answer_of_problems(found)


def answer_of_problems(found: list[Problem]) -> Answer:
    """The problems as the server would send them: wrong types come before wrong names, and these before values."""
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    if any(problem.code in (Code.TYPE, Code.SYNTAX) for problem in errors):
        fields = (_INDEX.sub("", problem.path) for problem in errors if problem.code is Code.TYPE)
        return Answer("undecodable", fields=tuple(fields))
    strict = [one.message for one in errors if one.code in (Code.UNKNOWN_FIELD, Code.DUPLICATE_FIELD)]
    if strict:
        return Answer("strict", _once(text.removeprefix(_STRICT) for text in strict))
    if any(problem.message.startswith("Operation cannot be fulfilled") for problem in errors):
        return Answer("conflict", _once(_UID.sub(UID, problem.message) for problem in errors))
    if errors:
        return Answer("invalid", _once(_UID.sub(UID, problem.message) for problem in errors))
    said = (one for one in found if one.severity is Severity.WARNING and one.code is not Code.REFUSED_LATER)
    return Answer("accepted", _once(one.message for one in said))


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether a selector selects labels."""
    return Selector.parse(selector).matches(labels)


def ask(server: ApiServer, case: Case) -> Response:
    """Have the server judge the creation of the object."""
    content_type = "application/yaml" if case.is_yaml else "application/json"
    return server.ask("POST", f"{case.kind.path}?dryRun=All&fieldValidation=Strict", case.text.encode(), content_type)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*texts}))


def ask_to_update(server: ApiServer, case: Case) -> Response:
    """Have the server judge the update of the stored object of the same name."""
    content_type = "application/yaml" if case.is_yaml else "application/json"
    path = f"{case.kind.path}/{case.data['metadata']['name']}?dryRun=All&fieldValidation=Strict"
    return server.ask("PUT", path, case.text.encode(), content_type)


def _sorted(texts: Iterable[str], case: Case) -> tuple[str, ...]:
    """The texts, each once, in order, with everything in them that the server makes up replaced."""
    return _once(_generated(_without_difference(_UID.sub(UID, text)), case) for text in texts)


def _without_difference(text: str) -> str:
    """The text without the difference, or the template, that the server prints, of which Haechi reads a part only."""
    return text.split("\n")[0] if "pod updates may not change" in text else _TEMPLATE.sub(r"\1\2", text)


def _generated(text: str, case: Case) -> str:
    metadata = case.data.get("metadata") if isinstance(case.data, dict) else None
    prefix = metadata.get("generateName") if isinstance(metadata, dict) else None
    if not isinstance(prefix, str) or not prefix:
        return text
    cut = prefix.encode()[:58].decode(errors="ignore")
    start = f"{re.escape(cut)}|{re.escape(quoted(cut)[1:-1])}"
    return re.sub(rf"((?:{start})(?:\\x..)?)[bcdfghjklmnpqrstvwxz2456789]{{5}}(?=[\"'])", r"\1xxxxx", text)
