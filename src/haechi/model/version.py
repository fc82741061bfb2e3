"""Which Kubernetes judges: what changed in validation between minor versions.

1.30 to 1.38 are known. Only what a NetworkPolicy's validation depends on is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from haechi.errors import HaechiError

_TEXT = re.compile(r"v?1\.([0-9]{1,4})(?:\.[0-9]+)?(?:[-+].*)?", re.ASCII)
OLDEST_MINOR = 30
NEWEST_MINOR = 38


class VersionError(HaechiError, ValueError):
    """A text that is not a version between the oldest and the newest known."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a Kubernetes version from 1.{OLDEST_MINOR} to 1.{NEWEST_MINOR}")
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class KubernetesVersion:
    """A minor version: ``KubernetesVersion(36)`` is 1.36."""

    minor: int = NEWEST_MINOR

    @classmethod
    def parse(cls, text: str) -> KubernetesVersion:
        """Read `1.36`, `v1.36` or `1.36.2`.

        Raises:
            VersionError: another text, or an unknown version.
        """
        match = _TEXT.fullmatch(text)
        if match is None or not OLDEST_MINOR <= int(match[1]) <= NEWEST_MINOR:
            raise VersionError(text)
        return cls(int(match[1]))

    def __str__(self) -> str:
        """`1.36`."""
        return f"1.{self.minor}"

    @property
    def strict_cidrs(self) -> bool:
        """StrictIPCIDRValidation (KEP-4858), on since 1.36: doubtful CIDR blocks are errors, not warnings."""
        return self.minor >= 36

    @property
    def cidrs_called_invalid(self) -> bool:
        """Since 1.36 a warning says that a non-standard CIDR block is invalid; before, that it will be."""
        return self.minor >= 36

    @property
    def label_length_unit(self) -> str:
        """In what a label's length is told: `bytes` since 1.35."""
        return "bytes" if self.minor >= 35 else "characters"

    @property
    def label_key_name(self) -> str:
        """What a label key is called: since 1.35 `a valid label key`."""
        return "a valid label key" if self.minor >= 35 else "a qualified name"

    @property
    def too_long_words(self) -> str:
        """How a limit of bytes is worded; changed in 1.32."""
        return "may not be more than" if self.minor >= 32 else "must have at most"
