"""Errors say what happened in words, and survive the way from the lab's process."""

from __future__ import annotations

import errno
import pickle
import signal

import pytest

from haechi.netns import (
    RAISE_OPEN_FILES,
    ChildDied,
    IsolationRefused,
    MissingFeature,
    NetnsError,
    NoSuchNamespace,
    RefusalReason,
    SysctlRefused,
    TooFewOpenFiles,
    errors,
)

ERRORS = [
    (
        IsolationRefused("unshare", errno.EPERM, RefusalReason.APPARMOR, ("do this",)),
        (
            "cannot create a network namespace: AppArmor does not permit ordinary users a user namespace "
            "(unshare: EPERM, Operation not permitted)\n  do this"
        ),
    ),
    (
        TooFewOpenFiles(1200, 300),
        f"1200 open files are needed, and the limit (ulimit -Hn) leaves 300\n  {RAISE_OPEN_FILES}",
    ),
    (MissingFeature("veth", "load it"), "this kernel does not have veth: load it"),
    (SysctlRefused("net.a", errno.ENOENT), "cannot set net.a: ENOENT, No such file or directory"),
    (
        SysctlRefused("net.a", errno.EROFS),
        (
            "cannot set net.a: EROFS, Read-only file system; "
            "/proc/sys is read-only here, as in a container: start it with --privileged"
        ),
    ),
    (NoSuchNamespace("blue", "it is not there"), "no network namespace blue: it is not there"),
    (ChildDied(-signal.SIGKILL), "the lab's process was ended by SIGKILL"),
    (ChildDied(3), "the lab's process ended without a result (exit code 3)"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_an_error_is_put_into_words(error: NetnsError, words: str) -> None:
    assert str(error) == words


@pytest.mark.parametrize("error", [error for error, _ in ERRORS])
def test_an_error_survives_pickling(error: NetnsError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)


def test_every_error_is_tested() -> None:
    own = {each for each in NetnsError.__subclasses__() if each.__module__ == errors.__name__}
    assert {type(error) for error, _ in ERRORS} == own
