"""Errors of namespaces, with the facts in fields.

They can be pickled, because they are passed from the lab's process to its parent.
"""

from __future__ import annotations

import enum
import errno as errnos
import os
import signal

from haechi.errors import HaechiError

RAISE_OPEN_FILES = (
    "raise it as root: ulimit -n 65536, docker run --ulimit nofile=65536, or LimitNOFILE=65536 of a systemd unit"
)
"""What to do if too few files may be open."""


class NetnsError(HaechiError):
    """The root of the errors of this package."""


class RefusalReason(enum.Enum):
    """Why the kernel refuses a namespace."""

    USER_NAMESPACES_OFF = "user namespaces are switched off for ordinary users"
    NO_USER_NAMESPACES_LEFT = "the limit of user namespaces is reached"
    NO_NETWORK_NAMESPACES_LEFT = "the limit of network namespaces is reached"
    APPARMOR = "AppArmor does not permit ordinary users a user namespace"
    CONTAINER = "the container around this process forbids namespaces"
    NOT_BUILT_IN = "the kernel was built without namespaces"
    NO_MEMORY = "out of memory"
    NO_OPEN_FILES_LEFT = "the limit of open files is reached"
    UNKNOWN = "the kernel does not permit it"


class IsolationRefused(NetnsError):
    """The kernel or the surrounding container does not permit this process namespaces of its own.

    Attributes:
        step: what failed, for example `unshare(CLONE_NEWUSER | CLONE_NEWNET)`.
        errno: the kernel's error number.
        reason: why, as far as it can be found out.
        remedy: what to do about it, one sentence or command per entry.
    """

    def __init__(self, step: str, errno: int, reason: RefusalReason, remedy: tuple[str, ...]) -> None:
        super().__init__(step, errno, reason, remedy)
        self.step = step
        self.errno = errno
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [f"cannot create a network namespace: {self.reason.value} ({self.step}: {_name(self.errno)})"]
        return "\n".join([*lines, *(f"  {line}" for line in self.remedy)])


class MissingFeature(NetnsError):
    """The running kernel does not have a feature that is needed.

    Attributes:
        feature: the kernel's name for it, for example `nf_tables`.
        remedy: what to do about it.
    """

    def __init__(self, feature: str, remedy: str) -> None:
        super().__init__(feature, remedy)
        self.feature = feature
        self.remedy = remedy

    def __str__(self) -> str:
        return f"this kernel does not have {self.feature}: {self.remedy}"


class TooFewOpenFiles(NetnsError):
    """The process may not open as many files as there will be namespaces and sockets.

    Attributes:
        needed: how many.
        left: how many it may still open.
    """

    def __init__(self, needed: int, left: int) -> None:
        super().__init__(needed, left)
        self.needed = needed
        self.left = left

    def __str__(self) -> str:
        words = f"{self.needed} open files are needed, and the limit (ulimit -Hn) leaves {max(self.left, 0)}"
        return f"{words}\n  {RAISE_OPEN_FILES}"


class SysctlRefused(NetnsError):
    """A kernel setting of a namespace could not be written.

    Attributes:
        name: the setting in dotted form.
        errno: the kernel's error number.
    """

    def __init__(self, name: str, errno: int) -> None:
        super().__init__(name, errno)
        self.name = name
        self.errno = errno

    def __str__(self) -> str:
        words = f"cannot set {self.name}: {_name(self.errno)}"
        if self.errno in (errnos.EROFS, errnos.EACCES, errnos.EPERM):
            words += "; /proc/sys is read-only here, as in a container: start it with --privileged"
        return words


class ChildDied(NetnsError):
    """The lab's process ended without a result.

    Attributes:
        status: its exit code, or the negative number of the signal that ended it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        if self.status < 0:
            return f"the lab's process was ended by {signal.Signals(-self.status).name}"
        return f"the lab's process ended without a result (exit code {self.status})"


def _name(number: int) -> str:
    return f"{errnos.errorcode.get(number, number)}, {os.strerror(number)}"


class NoSuchNamespace(NetnsError):
    """A network namespace cannot be opened.

    Attributes:
        name: a process number or a name.
        reason: why it cannot.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"no network namespace {self.name}: {self.reason}"
