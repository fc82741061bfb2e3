"""Explanations as indented sentences, or as what `kubectl describe` prints."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from haechi.analysis.explain import Explanations, Language, Sentence, describe_all, in_words
from haechi.cli.terminal import Style, Terminal, abridged, fold
from haechi.model import NetworkPolicy, printable

MOST_ITEMS = 20
"""Peers, or ports, of a rule that are written, without --verbose."""
_LISTS = ("peers.item", "ports.item")
_ITEMS = (
    "peers.item", "ports.item", "because.rule", "because.no_rule", "stage.rule.in", "stage.rule.out",
    "stage.closed.accept", "stage.closed.deny",
)  # fmt: skip


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


def write_text(
    terminal: Terminal, explanations: Explanations, language: Language, most: int | None = MOST_ITEMS
) -> None:
    """Indented sentences, each with its place; an empty line between explanations. Of lists the first `most` items."""
    terminal = terminal.of_tables
    for number, title in enumerate(explanations.sentences):
        if number:
            terminal.line()
        _write(terminal, title, language, most, 0)
    terminal.line()
    for note in explanations.notes:
        terminal.paragraph(in_words(note, language), Style.DIM)


def _write(terminal: Terminal, sentence: Sentence, language: Language, most: int | None, depth: int) -> None:
    mark = "- " if sentence.key in _ITEMS else ""
    text = mark + printable(abridged(in_words(sentence, language)))
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
    for is_list, run in groupby(sentence.below, lambda each: each.key in _LISTS):
        listed = list(run)
        shown = len(listed) if most is None or not is_list or len(listed) <= most + 1 else most
        for each in listed[:shown]:
            _write(terminal, each, language, most, depth + 1)
        if shown < len(listed):
            more = Sentence.of("items.more", number=len(listed) - shown)
            _write(terminal, more, language, most, depth + 1)


def _folded(text: str, width: int, indent: str) -> list[str]:
    first, *rest = fold(text, width - len(indent), "  ")
    return [indent + first, *(indent + line for line in rest)]
