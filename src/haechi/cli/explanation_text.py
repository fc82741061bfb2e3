"""Explanations as indented sentences, as what `kubectl describe` prints, and as JSON (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from haechi.analysis.explain import (
    Explanations,
    Language,
    PodExplanation,
    PolicyExplanation,
    Sentence,
    describe_all,
    in_words,
)
from haechi.cli.terminal import Style, Terminal, fold
from haechi.model import NetworkPolicy, printable

VERSION: Final = 1
_ITEMS = ("peers.item", "ports.item", "because.rule", "because.no_rule")


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


def write_descriptions(terminal: Terminal, policies: Iterable[NetworkPolicy]) -> None:
    """As kubectl does, in the time zone of this process; as bytes, since kubectl cuts annotations between bytes."""
    data = describe_all(policies, datetime.astimezone).encode(errors="surrogateescape")
    buffer = getattr(terminal.stream, "buffer", None)
    if buffer is None:
        terminal.write(data.decode(errors="replace"))
    else:
        terminal.stream.flush()
        buffer.write(data)
        buffer.flush()


def write_text(terminal: Terminal, explanations: Explanations, language: Language) -> None:
    """Indented sentences, each with its place; an empty line between explanations."""
    titles = [one.sentence for one in explanations.policies] + [one.sentence for one in explanations.pods]
    for number, title in enumerate(titles):
        if number:
            terminal.line()
        _write(terminal, title, language, 0)
    terminal.line()
    for note in explanations.notes:
        terminal.paragraph(in_words(note, language), Style.DIM)


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


def as_json(explanations: Explanations, language: Language) -> str:
    """The document as JSON text."""
    document = Document(
        VERSION,
        language.value,
        [_policy(one, language) for one in explanations.policies],
        [_pod(one, language) for one in explanations.pods],
        [in_words(note, language) for note in explanations.notes],
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _policy(one: PolicyExplanation, language: Language) -> PolicyOut:
    selected = [str(key) for key in one.selected]
    isolates = [direction.value for direction in one.isolates]
    return PolicyOut(one.key.namespace, one.key.name, selected, isolates, _sentence(one.sentence, language))


def _pod(one: PodExplanation, language: Language) -> PodOut:
    ingress, egress = ([str(key) for key in keys] for keys in (one.ingress, one.egress))
    return PodOut(one.key.namespace, one.key.name, ingress, egress, _sentence(one.sentence, language))


def _sentence(one: Sentence, language: Language) -> SentenceOut:
    place = "" if one.location is None else str(one.location)
    below = [_sentence(each, language) for each in one.below]
    return SentenceOut(one.key, in_words(one, language), place, below)
