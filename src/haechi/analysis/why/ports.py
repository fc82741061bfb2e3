"""The port of a question: `80`, `53/UDP`, `http`, `http/UDP`, `ICMP`."""

from __future__ import annotations

from dataclasses import dataclass

from haechi.engine import Endpoint
from haechi.errors import HaechiError
from haechi.sets import PROTOCOL_NUMBERS

_WITHOUT_PORTS = {"ICMP": 1, "ICMPV6": 58}


class UnknownPort(HaechiError, ValueError):
    """A port that cannot be read, or that the destination does not have.

    Attributes:
        text: as given.
        reason: why.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        super().__init__(text, reason)

    def __str__(self) -> str:
        return f"{self.text!r} {self.reason}"


@dataclass(frozen=True, slots=True)
class AskedPort:
    """A port by number, or by the name that the receiving pod gives it (`number` is then None)."""

    text: str
    protocol: int | None
    number: int | None
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> AskedPort:
        """Read a port; TCP where a number has no protocol.

        Raises:
            UnknownPort: it is none.
        """
        if text.upper() in _WITHOUT_PORTS:
            return cls(text, _WITHOUT_PORTS[text.upper()], 0)
        port, slash, word = text.partition("/")
        protocol = PROTOCOL_NUMBERS.get(word.upper())
        if slash and protocol is None:
            raise UnknownPort(text, "has a protocol other than TCP, UDP and SCTP")
        if port.isascii() and port.isdigit():
            if len(port) > 5 or not 1 <= int(port) <= 65535:
                raise UnknownPort(text, "is not a port between 1 and 65535")
            return cls(text, protocol or PROTOCOL_NUMBERS["TCP"], int(port))
        if not port:
            raise UnknownPort(text, "is not a port")
        return cls(text, protocol, None, port)

    def on(self, server: Endpoint | None) -> tuple[int, int]:
        """Protocol and number at a receiver; None is an address outside the pods.

        Raises:
            UnknownPort: the receiver has no port of that name.
        """
        if self.number is not None:
            return self.protocol or 0, self.number
        for port in server.ports if server else ():
            if port.name == self.name and self.protocol in (None, port.protocol):
                return port.protocol, port.number
        who = "an address outside the pods" if server is None else f"pod {server.key}"
        raise UnknownPort(self.text, f"is not the name of a port of {who}")
