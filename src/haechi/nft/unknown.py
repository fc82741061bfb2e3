"""What a dump contains and this package does not speak.

It is kept, shown and compared, never assumed to be harmless: a rule that holds an `Unknown` may do anything from
there on. It is never sent to the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from haechi.nft.errors import NounError


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that was read and not understood.

    Attributes:
        what: the kind of thing and its name, such as ``expressions xt`` or ``set __set0``.
        raw: its bytes in the dump.
        reason: why it is not understood.
    """

    what: str
    raw: bytes
    reason: str = field(default="", compare=False)

    def __str__(self) -> str:
        words = f"{self.what}: {self.reason}" if self.reason else self.what
        return "# not understood: " + "".join(each if each.isprintable() else "?" for each in words)

    def encode(self) -> bytes:
        """Refused. Raises `NounError`."""
        raise NounError("unknown", "what", self.what, "cannot be sent to the kernel")
