"""`haechi lint --fix`: certain corrections, written into the files that they are about.

Promises that a file is written as a whole or not at all, keeps its mode, and is left alone if it is no longer what was
read. What cannot be corrected is told, and stays a finding.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haechi.analysis.lint import Finding
from haechi.model import Edit, Loaded, Manifests, Object, Source, Unwritable, place_edits, rewritten

_Document = tuple[int, int, bool]  # first byte, end, whether it is JSON


@dataclass
class Outcome:
    """What became of corrections.

    Attributes:
        fixed: the findings whose corrections were written.
        files: the files that were written.
        left: for those that were not, why; by location.
    """

    fixed: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    left: list[tuple[Finding, str]] = field(default_factory=list)


def fix(manifests: Manifests, findings: Iterable[Finding]) -> Outcome:
    """Write the corrections of some findings into the files from which `manifests` were read.

    Of corrections that touch the same item only the first is made: a next run finds what is left.
    """
    outcome = Outcome()
    places = {loaded.object.display_name: loaded for loaded in manifests.objects}
    by_source: dict[int, tuple[Source, list[Finding]]] = {}
    for finding in findings:
        if finding.fix is not None:
            source = places[finding.subject].place.source
            by_source.setdefault(id(source), (source, []))[1].append(finding)
    for source, listed in by_source.values():
        _fix_file(source, listed, places, outcome)
    return outcome


def _fix_file(source: Source, findings: list[Finding], places: Mapping[str, Loaded[Object]], outcome: Outcome) -> None:
    documents: dict[_Document, list[Finding]] = {}
    for finding in findings:
        place = places[finding.subject].place
        documents.setdefault((place.begin, place.end, place.is_json), []).append(finding)
    data, fixed = source.data, []
    for (begin, end, is_json), listed in sorted(documents.items(), reverse=True):
        text, done = _fix_document(data[begin:end].decode(), is_json, listed, places, outcome)
        data = data[:begin] + text.encode() + data[end:]
        fixed += done
    if fixed:
        try:
            _write(Path(source.name), source.data, data)
        except (OSError, Unwritable) as error:
            why = str(error) if isinstance(error, Unwritable) else (error.strerror or str(error)).lower()
            outcome.left += [(finding, why) for finding in fixed]
        else:
            outcome.fixed += fixed
            outcome.files.append(source.name)


def _fix_document(
    text: str, is_json: bool, findings: list[Finding], places: Mapping[str, Loaded[Object]], outcome: Outcome
) -> tuple[str, list[Finding]]:
    """The document with every correction that can be made in it, one after the other."""
    edits: list[Edit] = []
    fixed: list[Finding] = []
    best = text
    for finding in findings:
        assert finding.fix is not None
        new = list(place_edits(places[finding.subject].place, finding.fix.edits))
        if any(_touch(one, other) for one in new for other in edits):
            continue
        try:
            best = rewritten(text, [*edits, *new], is_json=is_json)
        except Unwritable as error:
            outcome.left.append((finding, str(error)))
        else:
            edits += new
            fixed.append(finding)
    return best, fixed


def _touch(one: Edit, other: Edit) -> bool:
    """Whether one is within the other."""
    shared = min(len(one.path), len(other.path))
    return one.path[:shared] == other.path[:shared]


def _write(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file's content, through links, if it is still the old one.

    Raises:
        Unwritable: it is not.
        OSError: the system refuses.
    """
    real = path.resolve(strict=True)
    if real.read_bytes() != old:
        raise Unwritable("the file has changed meanwhile")
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(real, name)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
