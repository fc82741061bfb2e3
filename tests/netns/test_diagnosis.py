"""The reason behind an errno is read off /proc."""

from __future__ import annotations

import errno

import pytest

from haechi.netns import RefusalReason
from haechi.netns.diagnosis import diagnose

USERNS = "/proc/sys/user/max_user_namespaces"
CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

CASES: list[tuple[int, dict[str, str], RefusalReason, str]] = [
    (errno.EPERM, {CLONE: "0"}, RefusalReason.USER_NAMESPACES_OFF, "kernel.unprivileged_userns_clone=1"),
    (errno.EPERM, {CLONE: "1", APPARMOR: "1"}, RefusalReason.APPARMOR, "apparmor_restrict_unprivileged_userns=0"),
    (errno.EACCES, {APPARMOR: "1"}, RefusalReason.APPARMOR, "apparmor_restrict_unprivileged_userns=0"),
    (errno.EPERM, {APPARMOR: "0", "/.dockerenv": ""}, RefusalReason.CONTAINER, "--privileged"),
    (errno.EPERM, {"/run/.containerenv": ""}, RefusalReason.CONTAINER, "--privileged"),
    (errno.EPERM, {"/proc/self/status": "Name:\tx\nSeccomp:\t2\n"}, RefusalReason.CONTAINER, "--privileged"),
    (errno.EPERM, {"/proc/self/status": "Name:\tx\nSeccomp:\t0\n"}, RefusalReason.UNKNOWN, "as root"),
    (errno.EPERM, {}, RefusalReason.UNKNOWN, "as root"),
    (errno.ENOSPC, {USERNS: "0"}, RefusalReason.USER_NAMESPACES_OFF, "user.max_user_namespaces=10000"),
    (errno.ENOSPC, {"/proc/sys/user/max_net_namespaces": "0"}, RefusalReason.NO_NETWORK_NAMESPACES_LEFT, "max_net_"),
    (errno.ENOSPC, {USERNS: "5"}, RefusalReason.NO_USER_NAMESPACES_LEFT, "raise"),
    (errno.EUSERS, {}, RefusalReason.NO_USER_NAMESPACES_LEFT, "raise"),
    (errno.ENOSYS, {}, RefusalReason.NOT_BUILT_IN, "CONFIG_USER_NS"),
    (errno.EINVAL, {}, RefusalReason.NOT_BUILT_IN, "CONFIG_USER_NS"),
    (errno.ENOMEM, {}, RefusalReason.NO_MEMORY, "program"),
]


@pytest.mark.parametrize(("number", "files", "reason", "remedy"), CASES)
def test_the_cause_is_named_with_a_remedy(
    number: int, files: dict[str, str], reason: RefusalReason, remedy: str
) -> None:
    error = diagnose("unshare", number, files.get)
    assert (error.step, error.errno, error.reason) == ("unshare", number, reason)
    assert remedy in "\n".join(error.remedy)


def test_every_cause_is_tested() -> None:
    assert {reason for _, _, reason, _ in CASES} == set(RefusalReason)


def test_the_real_proc_can_be_read() -> None:
    assert diagnose("unshare", errno.EPERM).remedy
