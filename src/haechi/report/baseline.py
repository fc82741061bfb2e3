"""The baseline of lint: known findings, which later runs leave out. A file that is kept with the manifests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from haechi.report.document import API_VERSION, ApiVersion, JsonValue, ObjectReference

if TYPE_CHECKING:
    from haechi.analysis.lint import Finding


class KnownFinding(JsonValue, frozen=True):
    """A known finding. Only `fingerprint` and `code` count, the rest is for people."""

    fingerprint: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    code: str
    object: ObjectReference
    message: str


class LintBaseline(JsonValue, frozen=True):
    """Known findings, in an order that does not depend on files or lines."""

    api_version: ApiVersion
    kind: Literal["LintBaseline"]
    findings: list[KnownFinding]

    @classmethod
    def of(cls, findings: Iterable[Finding], others: Iterable[KnownFinding] = ()) -> LintBaseline:
        """The baseline of some findings, and of others that are known."""
        known = [KnownFinding(one.fingerprint, one.code, ObjectReference(*one.object), one.message) for one in findings]
        return cls(API_VERSION, "LintBaseline", sorted([*known, *others], key=_order))

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of all of them."""
        return frozenset(one.fingerprint for one in self.findings)

    @classmethod
    def parse(cls, data: bytes) -> LintBaseline:
        """A baseline of the form that its schema describes.

        Raises:
            msgspec.DecodeError: it is none.
        """
        return msgspec.json.decode(data, type=cls)

    def text(self) -> str:
        """The baseline as JSON text."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1).decode() + "\n"


def _order(one: KnownFinding) -> tuple[str, ...]:
    return one.object.kind, one.object.namespace, one.object.name, one.code, one.fingerprint
