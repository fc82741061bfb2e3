"""The error of a refused request, with the facts in fields."""

from __future__ import annotations

import errno as errnos
import os

from haechi.netns import NetnsError


class RtnetlinkError(NetnsError):
    """The kernel refused to make a link, address, route or neighbour.

    Attributes:
        request: what was requested.
        errno: the kernel's error number.
        message: the kernel's explanation (extended acknowledgement), or empty.
    """

    def __init__(self, request: str, errno: int, message: str) -> None:
        super().__init__(request, errno, message)
        self.request = request
        self.errno = errno
        self.message = message

    def __str__(self) -> str:
        name = errnos.errorcode.get(self.errno, self.errno)
        words = f"the kernel refused {self.request}: {name}, {os.strerror(self.errno)}"
        return f"{words}: {self.message}" if self.message else words
