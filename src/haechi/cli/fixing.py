"""`haechi lint --fix`: fixes of findings, written into the files.

Promises that a file is written as a whole or not at all, keeps its mode, and is not written if it has changed since it
was read. Findings that cannot be fixed are returned with the reason.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haechi.analysis.lint import Finding
from haechi.model import Edit, Loaded, Manifests, Object, RewriteError, Source, document_edits, rewrite

_Places = Mapping[str, Loaded[Object]]  # by display name
_DocumentSpan = tuple[int, int, bool]  # first byte, end, whether it is JSON


@dataclass
class FixOutcome:
    """What fixes were written.

    Attributes:
        fixed: the findings whose fixes were written.
        files: the files that were written.
        left: the findings whose fixes were not written, each with the reason.
    """

    fixed: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    left: list[tuple[Finding, str]] = field(default_factory=list)


def fix(manifests: Manifests, findings: Iterable[Finding]) -> FixOutcome:
    """Write the fixes of some findings into the files from which `manifests` were read.

    Of fixes that change the same item only the first is made: the next run finds the others.
    """
    outcome = FixOutcome()
    places = {loaded.object.display_name: loaded for loaded in manifests.objects}
    by_source: dict[int, tuple[Source, list[Finding]]] = {}
    for finding in findings:
        if finding.fix is not None:
            source = places[finding.subject].place.source
            by_source.setdefault(id(source), (source, []))[1].append(finding)
    for source, listed in by_source.values():
        _fix_file(source, listed, places, outcome)
    return outcome


def _fix_file(source: Source, findings: list[Finding], places: _Places, outcome: FixOutcome) -> None:
    documents: dict[_DocumentSpan, list[Finding]] = {}
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
        except (OSError, RewriteError) as error:
            why = str(error) if isinstance(error, RewriteError) else (error.strerror or str(error)).lower()
            outcome.left += [(finding, why) for finding in fixed]
        else:
            outcome.fixed += fixed
            outcome.files.append(source.name)


def _fix_document(
    text: str, is_json: bool, findings: list[Finding], places: _Places, outcome: FixOutcome
) -> tuple[str, list[Finding]]:
    """The document after every fix that can be made in it, and the findings that these fix."""
    edits: list[Edit] = []
    fixed: list[Finding] = []
    best = text
    for finding in findings:
        assert finding.fix is not None
        new = list(document_edits(places[finding.subject].place, finding.fix.edits))
        if any(_overlap(one, other) for one in new for other in edits):
            continue
        try:
            best = rewrite(text, [*edits, *new], is_json=is_json)
        except RewriteError as error:
            outcome.left.append((finding, str(error)))
        else:
            edits += new
            fixed.append(finding)
    return best, fixed


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether one is within the other."""
    shared = min(len(one.path), len(other.path))
    return one.path[:shared] == other.path[:shared]


def _write(path: Path, old: bytes, new: bytes) -> None:
    """Replace the content of a file, following links, if it is still the old one.

    Raises:
        RewriteError: it is not.
        OSError: it cannot be written.
    """
    real = path.resolve(strict=True)
    if real.read_bytes() != old:
        raise RewriteError("the file has changed meanwhile")
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
