"""What can go wrong between the kernel and us. Facts are in the fields; ``str()`` puts them into words."""

from __future__ import annotations

import errno
import os


class NetlinkError(Exception):
    """The conversation with the kernel failed: whatever was asked for may or may not have happened."""


class NftError(NetlinkError):
    """The kernel refused: nothing was changed.

    Attributes:
        errno: the kernel's error number.
        verb: what was asked for, such as ``add``.
        noun: what it was asked for, such as ``chain judge``.
        message: the kernel's own words (extended acknowledgement), often empty.
        offset: where in the message the kernel found fault, 0 if it does not say.
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
        """Whether something that was to be changed or referred to is not there."""
        return self.errno == errno.ENOENT

    @property
    def is_exists(self) -> bool:
        """Whether something that was to be made is there already."""
        return self.errno == errno.EEXIST

    @property
    def is_busy(self) -> bool:
        """Whether something that was to be removed is referred to."""
        return self.errno == errno.EBUSY

    @property
    def is_not_permitted(self) -> bool:
        """Whether the caller may not change nf_tables here, or another socket owns the table."""
        return self.errno in (errno.EPERM, errno.EACCES)

    @property
    def is_too_large(self) -> bool:
        """Whether the transaction is larger than the socket's buffer may become."""
        return self.errno == errno.EMSGSIZE

    @property
    def is_stale(self) -> bool:
        """Whether somebody else has changed the ruleset since the generation that was given."""
        return self.errno == errno.ERESTART


class BusyError(NetlinkError):
    """The ruleset changed during every attempt to read it."""


class InterruptedDumpError(NetlinkError):
    """What was being read changed meanwhile."""
