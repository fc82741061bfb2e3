"""The reason behind an errno is read off /proc."""

from __future__ import annotations

import errno

import pytest

from haechi.netns import RefusalReason
from haechi.netns.diagnosis import diagnose

NETNS = "/proc/sys/user/max_net_namespaces"
USERNS = "/proc/sys/user/max_user_namespaces"
CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

NEW_USER, NEW_NET = "unshare(CLONE_NEWUSER)", "unshare(CLONE_NEWNET)"
UNLIMITED = "2147483647"
CASES: list[tuple[str, int, dict[str, str], RefusalReason, str]] = [
    (NEW_USER, errno.EPERM, {CLONE: "0"}, RefusalReason.USER_NAMESPACES_OFF, "kernel.unprivileged_userns_clone=1"),
    (
        NEW_USER,
        errno.EPERM,
        {CLONE: "1", APPARMOR: "1"},
        RefusalReason.APPARMOR,
        "restrict_unprivileged_userns=0",
    ),
    (NEW_USER, errno.EACCES, {APPARMOR: "1"}, RefusalReason.APPARMOR, "restrict_unprivileged_userns=0"),
    (NEW_USER, errno.EPERM, {APPARMOR: "0", "/.dockerenv": ""}, RefusalReason.CONTAINER, "--privileged"),
    (NEW_USER, errno.EPERM, {"/run/.containerenv": ""}, RefusalReason.CONTAINER, "--privileged"),
    (NEW_USER, errno.EPERM, {"/proc/self/status": "Name:\tx\nSeccomp:\t2\n"}, RefusalReason.CONTAINER, "--privileged"),
    (NEW_USER, errno.EPERM, {"/proc/self/status": "Name:\tx\nSeccomp:\t0\n"}, RefusalReason.UNKNOWN, "as root"),
    (NEW_USER, errno.EPERM, {}, RefusalReason.UNKNOWN, "as root"),
    (NEW_USER, errno.ENOSPC, {USERNS: "0", NETNS: "9"}, RefusalReason.USER_NAMESPACES_OFF, "user_namespaces=10000"),
    (
        NEW_USER,
        errno.ENOSPC,
        {USERNS: "9", NETNS: "0"},
        RefusalReason.NO_USER_NAMESPACES_LEFT,
        "user_namespaces=10000",
    ),
    (NEW_USER, errno.EUSERS, {}, RefusalReason.NO_USER_NAMESPACES_LEFT, "max_user_namespaces=100000, on the host"),
    (
        NEW_NET,
        errno.ENOSPC,
        {USERNS: "0", NETNS: "9"},
        RefusalReason.NO_NETWORK_NAMESPACES_LEFT,
        "net_namespaces=10000",
    ),
    (NEW_NET, errno.ENOSPC, {NETNS: "40000"}, RefusalReason.NO_NETWORK_NAMESPACES_LEFT, "max_net_namespaces=80000"),
    (
        NEW_NET,
        errno.ENOSPC,
        {NETNS: UNLIMITED},
        RefusalReason.NO_NETWORK_NAMESPACES_LEFT,
        "net_namespaces=100000, on",
    ),
    (NEW_NET, errno.EMFILE, {}, RefusalReason.NO_OPEN_FILES_LEFT, "ulimit -n"),
    (NEW_NET, errno.ENFILE, {}, RefusalReason.NO_OPEN_FILES_LEFT, "ulimit -n"),
    (NEW_USER, errno.ENOSYS, {}, RefusalReason.NOT_BUILT_IN, "CONFIG_USER_NS"),
    (NEW_USER, errno.EINVAL, {}, RefusalReason.NOT_BUILT_IN, "CONFIG_USER_NS"),
    (NEW_USER, errno.ENOMEM, {}, RefusalReason.NO_MEMORY, "program"),
]


@pytest.mark.parametrize(("step", "number", "files", "reason", "remedy"), CASES)
def test_the_cause_is_named_with_a_remedy(
    step: str, number: int, files: dict[str, str], reason: RefusalReason, remedy: str
) -> None:
    error = diagnose(step, number, files.get)
    assert (error.step, error.errno, error.reason) == (step, number, reason)
    assert remedy in "\n".join(error.remedy)


def test_every_cause_is_tested() -> None:
    assert {reason for _, _, _, reason, _ in CASES} == set(RefusalReason)


def test_the_real_proc_can_be_read() -> None:
    assert diagnose("unshare", errno.EPERM).remedy
