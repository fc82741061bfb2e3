"""The API server's feature gates that decide about NetworkPolicies, as given to `--feature-gates`."""

from __future__ import annotations

from dataclasses import dataclass

from haechi.errors import HaechiError
from haechi.model.definitions import ReleaseChannel

_VALUES = {"true": True, "false": False}
_NAMES = {"SCTPSupport": "sctp", "StrictIPCIDRValidation": "strict_cidrs"}


class GateError(HaechiError, ValueError):
    """Text that sets no known gate to true or false."""

    def __init__(self, text: str) -> None:
        known = ", ".join(_NAMES)
        super().__init__(f"{text!r} is not NAME=true or NAME=false with a feature gate that matters here ({known})")
        self.text = text


@dataclass(frozen=True, slots=True)
class Gates:
    """Settings of the gates.

    Attributes:
        sctp: SCTPSupport, off by default before 1.19; off, the protocol SCTP is refused.
        strict_cidrs: StrictIPCIDRValidation (KEP-4858); None leaves it to the version, where it is on since 1.36.
        channel: of the definitions of policies of tiers that are installed there; no gate.
    """

    sctp: bool = True
    strict_cidrs: bool | None = None
    channel: ReleaseChannel = ReleaseChannel.EXPERIMENTAL

    @classmethod
    def parse(cls, text: str) -> Gates:
        """Read `SCTPSupport=false,StrictIPCIDRValidation=true`.

        Raises:
            GateError: for the first part that is neither.
        """
        settings: dict[str, bool] = {}
        for part in filter(None, text.split(",")):
            name, _, value = part.strip().partition("=")
            if name not in _NAMES or value not in _VALUES:
                raise GateError(part)
            settings[_NAMES[name]] = _VALUES[value]
        return cls(sctp=settings.get("sctp", True), strict_cidrs=settings.get("strict_cidrs"))
