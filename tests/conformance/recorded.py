"""A sample of objects and of what a real API server answered to them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conformance.answers import Answer

SAMPLE = 500
"""Creates, and as many updates."""
_FILE = Path(__file__).with_name("recorded.jsonl.gz")


class Recorded(NamedTuple):
    """An object as it was sent, and the server's answer; `stored` is what it was to replace, "" if it was new."""

    text: str
    is_yaml: bool
    answer: Answer
    stored: str = ""


def write_recorded(sample: Iterable[Recorded]) -> None:
    """Replace the sample."""
    lines = (
        json.dumps([one.text, one.is_yaml, one.answer.sort, one.answer.texts, one.answer.fields, one.stored])
        for one in sample
    )
    _FILE.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def recorded() -> Iterator[Recorded]:
    """The sample."""
    for line in gzip.decompress(_FILE.read_bytes()).decode().splitlines():
        text, is_yaml, sort, texts, fields, stored = json.loads(line)
        yield Recorded(text, is_yaml, Answer(sort, tuple(texts), tuple(fields)), stored)
