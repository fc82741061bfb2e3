"""Errors of invalid nouns and of bytes that cannot be decoded, with the facts in fields.

What the kernel refuses is a `haechi.netlink.NftError` instead.
"""

from __future__ import annotations

from haechi.errors import HaechiError


class NounError(HaechiError, ValueError):
    """A noun that is impossible in nftables, or that would not load again from its own print.

    Attributes:
        noun: the kind of noun, such as ``chain``.
        field: which part of it is wrong, such as ``name``.
        value: that part, as text.
        reason: what is wrong with it.
    """

    def __init__(self, noun: str, field: str, value: object, reason: str) -> None:
        super().__init__(noun, field, value, reason)
        self.noun = noun
        self.field = field
        self.value = str(value)
        self.reason = reason

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= 80 else self.value[:77] + "..."
        return f"{self.noun}: {self.field} {shown!r}: {self.reason}"


class DecodeError(HaechiError, ValueError):
    """Bytes that are not a valid netlink message of the expected kind.

    Attributes:
        what: what was being read.
        reason: what is wrong with the bytes.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return f"netlink {self.what}: {self.reason}"
