"""What can go wrong with namespaces: facts in fields, words last.

Every error survives pickling, because it may have to travel from the lab's process to the one that people see.
"""

from __future__ import annotations

import enum
import errno as errnos
import os
import signal


class NetnsError(Exception):
    """The root of everything that this package raises on purpose."""


class RefusalReason(enum.Enum):
    """Why the kernel refuses a namespace, as far as it can be found out."""

    USER_NAMESPACES_OFF = "user namespaces are switched off for ordinary users"
    NO_USER_NAMESPACES_LEFT = "the limit of user namespaces is reached"
    NO_NETWORK_NAMESPACES_LEFT = "the limit of network namespaces is reached"
    APPARMOR = "AppArmor does not let ordinary users use a user namespace"
    CONTAINER = "the container around this process forbids namespaces"
    NOT_BUILT_IN = "the kernel is built without them"
    NO_MEMORY = "the machine has no memory left"
    UNKNOWN = "the kernel does not permit it"


class IsolationRefused(NetnsError):
    """The kernel or the container around us does not let this process have namespaces of its own.

    Attributes:
        step: what was tried, for example `unshare(CLONE_NEWUSER | CLONE_NEWNET)`.
        errno: the kernel's answer.
        reason: why, as far as it can be found out.
        remedy: what a person can do about it, one sentence or command per entry.
    """

    def __init__(self, step: str, errno: int, reason: RefusalReason, remedy: tuple[str, ...]) -> None:
        super().__init__(step, errno, reason, remedy)
        self.step = step
        self.errno = errno
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [f"no network namespace of its own: {self.reason.value} ({self.step}: {_name(self.errno)})"]
        return "\n".join([*lines, *(f"  {line}" for line in self.remedy)])


class MissingFeature(NetnsError):
    """The running kernel lacks something that the lab needs.

    Attributes:
        feature: the kernel's name for it, for example `nf_tables`.
        remedy: what a person can do about it.
    """

    def __init__(self, feature: str, remedy: str) -> None:
        super().__init__(feature, remedy)
        self.feature = feature
        self.remedy = remedy

    def __str__(self) -> str:
        return f"this kernel offers no {self.feature}: {self.remedy}"


class SysctlRefused(NetnsError):
    """A kernel setting of a namespace could not be written.

    Attributes:
        name: the setting in dotted form.
        errno: the kernel's answer.
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
    """The lab's process ended without an answer.

    Attributes:
        status: its exit code, or minus the signal that ended it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        if self.status < 0:
            return f"the lab's process was ended by {signal.Signals(-self.status).name}"
        return f"the lab's process ended without an answer (exit code {self.status})"


def _name(number: int) -> str:
    return f"{errnos.errorcode.get(number, number)}, {os.strerror(number)}"


class NoSuchNamespace(NetnsError):
    """A network namespace that was asked for cannot be opened.

    Attributes:
        name: a process number or a name, as it was given.
        reason: why not.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"no network namespace {self.name}: {self.reason}"
