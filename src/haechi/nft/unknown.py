"""Contents of a dump that this package does not support.

An `Unknown` is printed and compared and never assumed to be harmless: a rule may do anything from its `Unknown` on. It
is never sent to the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from haechi.nft.errors import NounError


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that was read but is not supported.

    Attributes:
        what: its kind and name, such as ``expressions xt`` or ``set __set0``.
        raw: its bytes in the dump.
        reason: why it is not supported.
    """

    what: str
    raw: bytes
    reason: str = field(default="", compare=False)

    def __str__(self) -> str:
        words = f"{self.what}: {self.reason}" if self.reason else self.what
        return "# not understood: " + "".join(each if each.isprintable() else "?" for each in words)

    def encode(self) -> bytes:
        """Always raises `NounError`."""
        raise NounError("unknown", "what", self.what, "cannot be sent to the kernel")
