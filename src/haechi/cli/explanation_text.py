"""What `haechi explain` is about, and how it is written: lines with places, kubectl's form, or JSON (docs/cli.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeVar

import msgspec

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain import (
    Language,
    PodExplanation,
    PolicyExplanation,
    Present,
    Sentence,
    describe_all,
    explain_pod,
    explain_policy,
    in_words,
    say,
    unseen,
)
from haechi.cli.failure import Unusable, unknown_name
from haechi.cli.terminal import Style, Terminal, fold
from haechi.cli.waiting import Waiting
from haechi.model import NetworkPolicy, Object, Pod, PodKey, PolicyKey, printable

VERSION: Final = 1
_ITEMS = ("peers.item", "ports.item", "because.rule", "because.no_rule")
K = TypeVar("K", PolicyKey, PodKey)
_TARGET = re.compile(
    r"(?:(?P<policy>policy|policies|netpol|networkpolicy|networkpolicies)|pod|pods|po)/"
    r"(?:(?P<namespace>[^/]+)/)?(?P<name>[^/]+)"
)


@dataclass(frozen=True)
class Choice:
    """What to explain: policies, or pods if there are any; `bare` are pods that policies do not see."""

    policies: tuple[PolicyKey, ...] = ()
    pods: tuple[PodKey, ...] = ()
    bare: tuple[Pod, ...] = ()


@dataclass(frozen=True)
class Told:
    """The explanations."""

    policies: tuple[PolicyExplanation, ...]
    pods: tuple[PodExplanation, ...]


class SentenceOut(msgspec.Struct, frozen=True):
    """A sentence: its key, its words, where it stands (`file:line:column`, empty if nowhere), and those below it."""

    key: str
    text: str
    location: str
    below: list[SentenceOut]


class PolicyOut(msgspec.Struct, frozen=True):
    """A policy: `selected` are pods as `namespace/name`, `isolates` is Ingress, Egress or both."""

    namespace: str
    name: str
    selected: list[str]
    isolates: list[str]
    explanation: SentenceOut


class PodOut(msgspec.Struct, frozen=True):
    """A pod, with the policies that isolate it in each direction as `namespace/name`."""

    namespace: str
    name: str
    ingress: list[str]
    egress: list[str]
    explanation: SentenceOut


class Document(msgspec.Struct, frozen=True):
    """The document."""

    version: Literal[1]
    language: str
    policies: list[PolicyOut]
    pods: list[PodOut]
    notes: list[str]


def is_target(text: str) -> bool:
    """Whether a text is `policy/NAME`, `pod/NAME` or one of their other spellings."""
    return _TARGET.fullmatch(text) is not None


def chosen(cluster: Cluster, objects: Iterable[Object], target: str | None, namespace: str | None) -> Choice:
    """What a target means; all policies without one.

    Raises:
        Unusable: nothing has that name, or there is no policy to explain.
    """
    match = None if target is None else _TARGET.fullmatch(target)
    if match is None:
        keys = tuple(sorted(key for key in cluster.policies if namespace in (None, key.namespace)))
        if not keys:
            raise Unusable(f"there is no policy in {f'namespace {namespace}' if namespace else 'the input'}")
        return Choice(policies=keys)
    name, space = match["name"], match["namespace"] or namespace
    if match["policy"]:
        return Choice(policies=_named(cluster.policies, name, space, "a policy"))
    bare = {_key(one): one for one in objects if isinstance(one, Pod) and _key(one) not in cluster.pods}
    keys_of_pods = _named([*cluster.pods, *bare], name, space, "a pod")
    return Choice(
        pods=tuple(key for key in keys_of_pods if key not in bare),
        bare=tuple(bare[key] for key in keys_of_pods if key in bare),
    )


def stored(choice: Choice, broken: Iterable[NetworkPolicy]) -> Choice:
    """The choice without broken policies: the API server would refuse them, and has nothing to describe.

    Raises:
        Unusable: no policy is left of those that were chosen.
    """
    refused = {PolicyKey(policy.namespace, policy.name) for policy in broken}
    left = tuple(key for key in choice.policies if key not in refused)
    if choice.policies and not left:
        raise Unusable("the API server would refuse all of these policies and store none that could be described")
    return replace(choice, policies=left)


def _key(pod: Pod) -> PodKey:
    return PodKey(pod.namespace, pod.name)


def _named(known: Iterable[K], name: str, namespace: str | None, what: str) -> tuple[K, ...]:
    keys = sorted(known)
    found = tuple(key for key in keys if key.name == name and namespace in (None, key.namespace))
    if not found:
        given = f"{namespace}/{name}" if namespace else name
        names = [str(key) if namespace else key.name for key in keys]
        raise unknown_name("", given, names, what)
    return found


def explained(cluster: Cluster, choice: Choice, waiting: Waiting | None = None) -> Told:
    """The explanations of a choice. `waiting` hears which one is made."""
    present = Present(cluster)
    say = Waiting.unseen() if waiting is None else waiting
    policies, pods = [], []
    for number, key in enumerate(choice.policies, 1):
        say("explaining policy", number, len(choice.policies))
        policies.append(explain_policy(cluster, key, present))
    for number, pod in enumerate(choice.pods, 1):
        say("explaining pod", number, len(choice.pods))
        pods.append(explain_pod(cluster, pod, present))
    return Told(tuple(policies), (*pods, *map(unseen, choice.bare)))


# -- writing ---------------------------------------------------------------------------------------------------------


def write_described(terminal: Terminal, cluster: Cluster, choice: Choice) -> None:
    """As kubectl does, in the zone of this process; bytes, since kubectl cuts annotations between bytes.

    Raises:
        Unusable: pods were chosen.
    """
    if not choice.policies:
        raise Unusable("describe is for policies only", "--output", ("a pod is explained with -o text or -o json",))
    text = describe_all((cluster.policies[key] for key in choice.policies), datetime.astimezone)
    data = text.encode(errors="surrogateescape")
    buffer = getattr(terminal.stream, "buffer", None)
    if buffer is None:
        terminal.write(data.decode(errors="replace"))
    else:
        terminal.stream.flush()
        buffer.write(data)
        buffer.flush()


def write_text(terminal: Terminal, told: Told, language: Language) -> None:
    """Indented sentences, each with its place; an empty line between explanations."""
    explanations = [*(one.told for one in told.policies), *(one.told for one in told.pods)]
    for number, one in enumerate(explanations):
        if number:
            terminal.line()
        _write(terminal, one, language, 0)
    terminal.line()
    for note in _notes(told):
        terminal.paragraph(in_words(note, language), Style.DIM)


def _notes(told: Told) -> Iterator[Sentence]:
    yield say("note.ends")
    if told.pods:
        yield say("note.always")


def _write(terminal: Terminal, sentence: Sentence, language: Language, depth: int) -> None:
    mark = "- " if sentence.key in _ITEMS else ""
    text = mark + printable(in_words(sentence, language))
    place = f" ({printable(str(sentence.location))})" if sentence.location else ""
    indent = "  " * depth
    lines = [indent + text] if terminal.width is None else _folded(text, terminal.width, indent)
    for line in lines[:-1]:
        terminal.line(line, Style.PLAIN if depth else Style.BOLD)
    fits = terminal.width is None or len(lines[-1]) + len(place) <= terminal.width
    last = terminal.paint(lines[-1], Style.PLAIN if depth else Style.BOLD)
    terminal.write(last + (terminal.paint(place, Style.DIM) if fits else "") + "\n")
    if not fits:
        terminal.line(f"{indent}   {place}", Style.DIM)
    for each in sentence.below:
        _write(terminal, each, language, depth + 1)


def _folded(text: str, width: int, indent: str) -> list[str]:
    first, *rest = fold(text, width - len(indent), "  ")
    return [indent + first, *(indent + line for line in rest)]


def as_json(told: Told, language: Language) -> str:
    """The document as JSON text."""
    document = Document(
        VERSION,
        language.value,
        [_policy(one, language) for one in told.policies],
        [_pod(one, language) for one in told.pods],
        [in_words(note, language) for note in _notes(told)],
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _policy(one: PolicyExplanation, language: Language) -> PolicyOut:
    selected = [str(key) for key in one.selected]
    isolates = [direction.value for direction in one.isolates]
    return PolicyOut(one.key.namespace, one.key.name, selected, isolates, _sentence(one.told, language))


def _pod(one: PodExplanation, language: Language) -> PodOut:
    ingress, egress = ([str(key) for key in keys] for keys in (one.ingress, one.egress))
    return PodOut(one.key.namespace, one.key.name, ingress, egress, _sentence(one.told, language))


def _sentence(one: Sentence, language: Language) -> SentenceOut:
    place = "" if one.location is None else str(one.location)
    below = [_sentence(each, language) for each in one.below]
    return SentenceOut(one.key, in_words(one, language), place, below)
