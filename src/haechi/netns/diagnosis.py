"""Why the kernel refuses a namespace, according to /proc.

unshare(2) fails with an errno that has half a dozen causes. `diagnose` reads the settings that are known to cause it
and returns an error with the cause and the remedy. It depends only on the errno and on the files that it reads.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.netns.errors import IsolationRefused, RefusalReason

if TYPE_CHECKING:
    from collections.abc import Callable

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
    reason, *remedy = _cause(number, read or _content)
    return IsolationRefused(step, number, reason, tuple(remedy))


def _cause(number: int, read: Callable[[str], str | None]) -> tuple[RefusalReason, *tuple[str, ...]]:
    if number in (errno.ENOSYS, errno.EINVAL):
        return RefusalReason.NOT_BUILT_IN, "a kernel with CONFIG_USER_NS and CONFIG_NET_NS is needed"
    if number == errno.ENOMEM:
        return RefusalReason.NO_MEMORY, "end another program and try again"
    if number in (errno.ENOSPC, errno.EUSERS):
        return _limit(read)
    return _permission(read)


def _limit(read: Callable[[str], str | None]) -> tuple[RefusalReason, *tuple[str, ...]]:
    if read("/proc/sys/user/max_user_namespaces") == "0":
        return RefusalReason.USER_NAMESPACES_OFF, "sudo sysctl -w user.max_user_namespaces=10000", AS_ROOT
    if read("/proc/sys/user/max_net_namespaces") == "0":
        return RefusalReason.NO_NETWORK_NAMESPACES_LEFT, "sudo sysctl -w user.max_net_namespaces=10000"
    return (
        RefusalReason.NO_USER_NAMESPACES_LEFT,
        "raise user.max_user_namespaces and user.max_net_namespaces, or end programs that use namespaces",
    )


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
