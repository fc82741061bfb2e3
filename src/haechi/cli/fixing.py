"""Fixes of findings: the texts that they make, and writing these into the files.

Promises that nothing is written before all fixes are known, that a file is written as a whole or not at all, keeps its
mode, and is not written if it has changed since it was read. Findings that cannot be fixed are returned with the
reason.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from haechi.analysis.lint import Finding
from haechi.model import Edit, Loaded, Manifests, Object, RewriteError, Source, document_edits, rewrite

ROUNDS = 10
"""Of fixes that make others possible."""
_Places = Mapping[str, Loaded[Object]]  # by display name
_DocumentSpan = tuple[int, int, bool]  # first byte, end, whether it is JSON
_Unfixed = list[tuple[Finding, str]]
Relint = Callable[[list[Source]], tuple[Manifests, Iterable[Finding]]]
"""Reads some sources, and returns the manifests with their findings."""


class FixedText(NamedTuple):
    """A source as it was read, what fixes make of it, and the findings that these fix."""

    source: Source
    data: bytes
    findings: tuple[Finding, ...]


@dataclass
class Fixes:
    """What can be fixed.

    Attributes:
        texts: the sources that change, by name.
        left: the findings whose fixes cannot be made, each with the reason.
    """

    texts: dict[str, FixedText] = field(default_factory=dict)
    left: _Unfixed = field(default_factory=list)

    @property
    def fixed(self) -> list[Finding]:
        """The findings that are fixed."""
        return [finding for text in self.texts.values() for finding in text.findings]


def all_fixes(manifests: Manifests, findings: Iterable[Finding], relint: Relint) -> Fixes:
    """The fixes of some findings, and of those that show up in the fixed text; nothing is written."""
    found = Fixes()
    for _ in range(ROUNDS):
        more = fixes(manifests, findings)
        found.left = more.left
        if not more.texts:
            break
        for name, text in more.texts.items():
            before = found.texts.get(name, FixedText(text.source, b"", ()))
            found.texts[name] = FixedText(before.source, text.data, before.findings + text.findings)
        sources = {loaded.place.source.name: loaded.place.source for loaded in manifests.objects}
        sources |= {name: Source(name, text.data) for name, text in more.texts.items()}
        manifests, findings = relint(list(sources.values()))
    return found


def fixes(manifests: Manifests, findings: Iterable[Finding]) -> Fixes:
    """The fixes of some findings in the texts from which `manifests` were read.

    Of fixes that change the same item only the first is made: the next round finds the others.
    """
    found = Fixes()
    places = {loaded.object.display_name: loaded for loaded in manifests.objects}
    by_source: dict[str, tuple[Source, list[Finding]]] = {}
    for finding in findings:
        if finding.fix is not None:
            source = places[finding.subject].place.source
            by_source.setdefault(source.name, (source, []))[1].append(finding)
    for name, (source, listed) in by_source.items():
        text = _fixed(source, listed, places, found.left)
        if text.findings:
            found.texts[name] = text
    return found


def _fixed(source: Source, findings: list[Finding], places: _Places, left: _Unfixed) -> FixedText:
    documents: dict[_DocumentSpan, list[Finding]] = {}
    for finding in findings:
        place = places[finding.subject].place
        documents.setdefault((place.begin, place.end, place.is_json), []).append(finding)
    data, fixed = source.data, []
    for (begin, end, is_json), listed in sorted(documents.items(), reverse=True):
        text, done = _fix_document(data[begin:end].decode(), is_json, listed, places, left)
        data = data[:begin] + text.encode() + data[end:]
        fixed += done
    return FixedText(source, data, tuple(fixed))


def _fix_document(
    text: str, is_json: bool, findings: list[Finding], places: _Places, left: _Unfixed
) -> tuple[str, list[Finding]]:
    """The document after every fix that can be made in it, and the findings that these fix.

    All are tried at once, and if that fails, each half: a document has thousands, and hardly one that cannot be made.
    """
    edits: list[Edit] = []
    fixed: list[Finding] = []
    best = text
    waiting = [findings]
    while waiting:
        some = waiting.pop()
        chosen, new = _compatible(some, edits, places)
        if not chosen:
            continue
        try:
            best = rewrite(text, [*edits, *new], is_json=is_json)
        except RewriteError as error:
            if len(some) == 1:
                left.append((some[0], str(error)))
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
        else:
            edits += new
            fixed += chosen
    return best, fixed


def _compatible(
    findings: Iterable[Finding], edits: Iterable[Edit], places: _Places
) -> tuple[list[Finding], list[Edit]]:
    """The findings whose edits are neither within others nor contain some, and their edits."""
    whole = {edit.path for edit in edits}
    above = {prefix for path in whole for prefix in _prefixes(path)}
    chosen: list[Finding] = []
    made: list[Edit] = []
    for finding in findings:
        assert finding.fix is not None
        new = list(document_edits(places[finding.subject].place, finding.fix.edits))
        if any(edit.path in above or not whole.isdisjoint(_prefixes(edit.path)) for edit in new):
            continue
        chosen.append(finding)
        made += new
        whole |= {edit.path for edit in new}
        above |= {prefix for edit in new for prefix in _prefixes(edit.path)}
    return chosen, made


def _prefixes(path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of all that a field is in, and its own."""
    return (path[:length] for length in range(len(path) + 1))


def write_fixes(found: Fixes) -> Fixes:
    """Write the texts into their files: those that were written, and in `left` also the findings of all others."""
    written = Fixes(left=[*found.left])
    for name, text in found.texts.items():
        try:
            replace_file(Path(name), text.source.data, text.data)
        except (OSError, RewriteError) as error:
            why = str(error) if isinstance(error, RewriteError) else (error.strerror or str(error)).lower()
            written.left += [(finding, why) for finding in text.findings]
        else:
            written.texts[name] = text
    return written


def replace_file(path: Path, old: bytes, new: bytes) -> None:
    """Replace the content of a file, following links, if it is still the old one.

    Raises:
        RewriteError: it is not.
        OSError: it cannot be written.
    """
    real = path.resolve(strict=True)
    if real.read_bytes() != old:
        raise RewriteError("the file has changed meanwhile")
    write_whole(real, new)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, following links: all of it or nothing. One that is there keeps its mode.

    Raises:
        OSError: it cannot be written.
    """
    real = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            shutil.copymode(real, name)
        else:
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
