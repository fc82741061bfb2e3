"""Fingerprints of findings: what recognises a finding of an earlier run, in baselines and in code scanning.

A fingerprint is a digest of the check, the object, the field, and, for a field in an item of a list, its value. Line
numbers, indexes and messages are no part of it, so a finding stays the same while anything around it changes:

    NetworkPolicy/shop/web  dash-trap  spec.ingress[].from[]  {"podSelector": {"matchLabels": {"app": "web"}}}
"""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256

import msgspec

from haechi.model import Path, Resource

_LENGTH = 32  # hexadecimal digits


class Fingerprints:
    """Gives the findings of one run their fingerprints, in order: equal ones are numbered."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._plain: tuple[Resource, object] | None = None  # the object that was last asked for, as plain data

    def of(self, code: str, one: Resource, path: Path) -> str:
        """The fingerprint of a finding of a check about a field of an object."""
        field = "".join("[]" if isinstance(step, int) else f".{step}" for step in path)
        value = self._value(one, path) if "[]" in field else None
        identity = json.dumps([code, one.display_name, field, value], sort_keys=True)
        digest = sha256(identity.encode()).hexdigest()[:_LENGTH]
        self._seen[digest] += 1
        number = self._seen[digest]
        return digest if number == 1 else f"{digest}-{number}"

    def _value(self, one: Resource, path: Path) -> object:
        """The value of a field; None if there is none, as of a policy that cannot be read."""
        if self._plain is None or self._plain[0] is not one:
            self._plain = one, msgspec.to_builtins(one)
        value = self._plain[1]
        for step in path:
            try:
                value = value[step]  # type: ignore[index]
            except (LookupError, TypeError):
                return None
        return value
