"""Errors of the nf_tables socket, with the facts in fields."""

from __future__ import annotations

import errno
import os

from haechi.errors import HaechiError


class NetlinkError(HaechiError):
    """Communication with the kernel failed: the request may or may not have been carried out."""


class NftError(NetlinkError):
    """The kernel refused a request: nothing was changed.

    Attributes:
        errno: the kernel's error number.
        verb: the refused operation, such as ``add``.
        noun: what it was to be done to, such as ``chain judge``.
        message: the kernel's explanation (extended acknowledgement), often empty.
        offset: the offset of the fault in the netlink message, 0 if it is not known.
    """

    def __init__(self, errno: int, verb: str, noun: str, message: str = "", offset: int = 0) -> None:
        super().__init__(errno, verb, noun, message, offset)
        self.errno = errno
        self.verb = verb
        self.noun = noun
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        words = f"nf_tables: {self.verb} {self.noun}: {os.strerror(self.errno)} ({self.name})"
        return f"{words}: {self.message}" if self.message else words

    @property
    def name(self) -> str:
        """The error's name, such as ``ENOENT``."""
        return errno.errorcode.get(self.errno, str(self.errno))

    @property
    def is_not_found(self) -> bool:
        """Whether something that was to be changed or referred to does not exist."""
        return self.errno == errno.ENOENT

    @property
    def is_exists(self) -> bool:
        """Whether something that was to be created exists already."""
        return self.errno == errno.EEXIST

    @property
    def is_busy(self) -> bool:
        """Whether something that was to be removed is in use."""
        return self.errno == errno.EBUSY

    @property
    def is_not_permitted(self) -> bool:
        """Whether the caller may not change nf_tables here, or another socket owns the table."""
        return self.errno in (errno.EPERM, errno.EACCES)

    @property
    def is_too_large(self) -> bool:
        """Whether the transaction does not fit into the socket's buffer, whose size is limited."""
        return self.errno == errno.EMSGSIZE

    @property
    def is_stale(self) -> bool:
        """Whether the ruleset has changed since the given generation."""
        return self.errno == errno.ERESTART


class BusyError(NetlinkError):
    """The ruleset changed during every attempt to read it."""


class InterruptedDumpError(NetlinkError):
    """The ruleset changed while it was read."""
