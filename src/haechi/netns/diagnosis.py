"""Why the kernel refuses a namespace, according to /proc.

unshare(2) fails with an errno that has half a dozen causes. `diagnose` reads the settings that are known to cause it
and returns an error with the cause and the remedy. It depends only on the errno and on the files that it reads.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.netns.errors import RAISE_OPEN_FILES, IsolationRefused, RefusalReason

if TYPE_CHECKING:
    from collections.abc import Callable

_UNLIMITED = 2**31 - 1  # the value in a new user namespace
_END_OTHERS = "or end programs that use namespaces"
AS_ROOT = "or run it as root"
DOCKER = "docker run --privileged …, or --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined"


def diagnose(step: str, number: int, read: Callable[[str], str | None] | None = None) -> IsolationRefused:
    """Turn the errno of a refused namespace into a reason and a remedy.

    Args:
        step: what was tried, for the message.
        number: the errno.
        read: returns the stripped content of a file, or None if it cannot be read.

    Returns:
        The error to raise.
    """
    reason, *remedy = _cause(step, number, read or _content)
    return IsolationRefused(step, number, reason, tuple(remedy))


def _cause(step: str, number: int, read: Callable[[str], str | None]) -> tuple[RefusalReason, *tuple[str, ...]]:
    if number in (errno.ENOSYS, errno.EINVAL):
        return RefusalReason.NOT_BUILT_IN, "a kernel with CONFIG_USER_NS and CONFIG_NET_NS is needed"
    if number == errno.ENOMEM:
        return RefusalReason.NO_MEMORY, "end another program and try again"
    if number in (errno.EMFILE, errno.ENFILE):
        return RefusalReason.NO_OPEN_FILES_LEFT, RAISE_OPEN_FILES
    if number in (errno.ENOSPC, errno.EUSERS):
        return _limit(step, read)
    return _permission(read)


def _limit(step: str, read: Callable[[str], str | None]) -> tuple[RefusalReason, *tuple[str, ...]]:
    """The limit of the kind of namespace that the step is about (namespaces(7)).

    The kernel counts a namespace in the caller's user namespace and in all around it. A value that is no limit means
    that it is one of those.
    """
    kind = "user" if "CLONE_NEWUSER" in step else "net"
    value = read(f"/proc/sys/user/max_{kind}_namespaces") or ""
    number = int(value) if value.isascii() and value.isdigit() else _UNLIMITED
    if number >= _UNLIMITED:
        remedy = f"sudo sysctl -w user.max_{kind}_namespaces=100000, on the host if this is a container"
    else:
        remedy = f"sudo sysctl -w user.max_{kind}_namespaces={max(10_000, 2 * number)}"
    if kind == "net":
        return RefusalReason.NO_NETWORK_NAMESPACES_LEFT, remedy, _END_OTHERS
    if number == 0:
        return RefusalReason.USER_NAMESPACES_OFF, remedy, AS_ROOT
    return RefusalReason.NO_USER_NAMESPACES_LEFT, remedy, _END_OTHERS


def _permission(read: Callable[[str], str | None]) -> tuple[RefusalReason, *tuple[str, ...]]:
    if read("/proc/sys/kernel/unprivileged_userns_clone") == "0":  # a patch of Debian and Arch
        return RefusalReason.USER_NAMESPACES_OFF, "sudo sysctl -w kernel.unprivileged_userns_clone=1", AS_ROOT
    if read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":  # Ubuntu 23.10 and later
        return RefusalReason.APPARMOR, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", AS_ROOT
    if _in_container(read):
        return RefusalReason.CONTAINER, DOCKER
    return (RefusalReason.UNKNOWN, "run it as root, outside of any chroot, sandbox or container")


def _in_container(read: Callable[[str], str | None]) -> bool:
    """Whether there are marks of a container runtime or a system call filter (proc(5), Seccomp: 2)."""
    if read("/.dockerenv") is not None or read("/run/.containerenv") is not None:
        return True
    status = (read("/proc/self/status") or "").splitlines()
    return any(line.split() == ["Seccomp:", "2"] for line in status)


def _content(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
