"""What can be wrong with an nftables noun or with bytes that claim to be one.

Facts are in the fields; ``str()`` puts them into words. Neither error is raised by the kernel: what the kernel refuses
is `haechi.netlink.NftError`.
"""

from __future__ import annotations


class NounError(ValueError):
    """A noun that nftables could not hold, or that would not load again from its own print.

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


class DecodeError(ValueError):
    """Bytes that are not the netlink message that they claim to be.

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
