"""Run a test inside a network namespace of its own, as root or, in a user namespace, as anybody.

The test runs in a forked child, so that nothing of it is left in the test process or after it.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import traceback
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import pytest

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

P = ParamSpec("P")


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")


def _enter(user: bool, network: bool) -> None:
    """A new network namespace; in a new user namespace in which we are root where needed or asked for."""
    if not user and os.geteuid() == 0:
        _unshare(_CLONE_NEWNET)
        return
    uid, gid = os.geteuid(), os.getegid()
    _unshare(_CLONE_NEWUSER | (_CLONE_NEWNET if network else 0))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def run(body: Callable[[], object], *, user: bool = False, network: bool = True) -> None:
    """Run ``body`` in a fresh namespace and fail with its report if it fails.

    With ``user`` and without ``network`` it is root of nothing but itself: it has no rights in its network namespace.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: fork beside xdist's thread
        child = os.fork()
    if child == 0:
        report = ""
        try:
            os.close(reading)
            _enter(user, network)
            body()
        except BaseException:  # the report crosses the fork as text
            report = traceback.format_exc()
        finally:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(report, pipe)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    report = pickle.loads(data) if data else "the child died without a word"
    if report:
        pytest.fail(report, pytrace=False)


def in_namespace(test: Callable[P, None]) -> Callable[P, None]:
    """Decorate a test that needs nf_tables of its own."""

    @pytest.mark.kernel
    @wraps(test)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        run(lambda: test(*args, **kwargs))

    return wrapper


def in_user_namespace(test: Callable[P, None]) -> Callable[P, None]:
    """Decorate a test that must hold for an ordinary user, who has no capability outside a user namespace."""

    @pytest.mark.kernel
    @wraps(test)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        run(lambda: test(*args, **kwargs), user=True)

    return wrapper
