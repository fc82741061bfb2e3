"""The reason behind an errno is read off /proc."""

from __future__ import annotations

import errno

import pytest

from haechi.netns.refusal import Refusal, diagnose

USERNS = "/proc/sys/user/max_user_namespaces"
CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

CASES: list[tuple[int, dict[str, str], Refusal, str]] = [
    (errno.EPERM, {CLONE: "0"}, Refusal.USER_NAMESPACES_OFF, "kernel.unprivileged_userns_clone=1"),
    (errno.EPERM, {CLONE: "1", APPARMOR: "1"}, Refusal.APPARMOR, "apparmor_restrict_unprivileged_userns=0"),
    (errno.EACCES, {APPARMOR: "1"}, Refusal.APPARMOR, "apparmor_restrict_unprivileged_userns=0"),
    (errno.EPERM, {APPARMOR: "0", "/.dockerenv": ""}, Refusal.CONTAINER, "--privileged"),
    (errno.EPERM, {"/run/.containerenv": ""}, Refusal.CONTAINER, "--privileged"),
    (errno.EPERM, {"/proc/self/status": "Name:\tx\nSeccomp:\t2\n"}, Refusal.CONTAINER, "--privileged"),
    (errno.EPERM, {"/proc/self/status": "Name:\tx\nSeccomp:\t0\n"}, Refusal.UNKNOWN, "as root"),
    (errno.EPERM, {}, Refusal.UNKNOWN, "as root"),
    (errno.ENOSPC, {USERNS: "0"}, Refusal.USER_NAMESPACES_OFF, "user.max_user_namespaces=10000"),
    (errno.ENOSPC, {"/proc/sys/user/max_net_namespaces": "0"}, Refusal.NO_NETWORK_NAMESPACES_LEFT, "max_net_"),
    (errno.ENOSPC, {USERNS: "5"}, Refusal.NO_USER_NAMESPACES_LEFT, "raise"),
    (errno.EUSERS, {}, Refusal.NO_USER_NAMESPACES_LEFT, "raise"),
    (errno.ENOSYS, {}, Refusal.NOT_BUILT_IN, "CONFIG_USER_NS"),
    (errno.EINVAL, {}, Refusal.NOT_BUILT_IN, "CONFIG_USER_NS"),
    (errno.ENOMEM, {}, Refusal.NO_MEMORY, "program"),
]


@pytest.mark.parametrize(("number", "files", "refusal", "remedy"), CASES)
def test_the_cause_is_named_with_a_remedy(number: int, files: dict[str, str], refusal: Refusal, remedy: str) -> None:
    error = diagnose("unshare", number, files.get)
    assert (error.step, error.errno, error.refusal) == ("unshare", number, refusal)
    assert remedy in "\n".join(error.remedy)


def test_every_cause_is_tested() -> None:
    assert {refusal for _, _, refusal, _ in CASES} == set(Refusal)


def test_the_real_proc_can_be_read() -> None:
    assert diagnose("unshare", errno.EPERM).remedy
