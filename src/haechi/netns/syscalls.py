"""The three system calls that Python 3.11 does not offer: unshare(2), setns(2) and prctl(2).

They raise `OSError` with the kernel's errno, as the standard library does.
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWUSER = 0x10000000  # linux/sched.h
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Give the calling thread new namespaces (unshare(2)).

    Raises:
        OSError: the kernel refuses.
    """
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Move the calling thread into the namespace that `descriptor` holds open (setns(2)).

    Raises:
        OSError: the kernel refuses.
    """
    _check(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def die_with_parent(signal: int) -> None:
    """Have the kernel send `signal` when the thread that forked this process ends (prctl(2), PR_SET_PDEATHSIG).

    The kernel drops the setting when the process gains credentials, so call this after entering a user namespace.

    Raises:
        OSError: the kernel refuses.
    """
    _check(_libc.prctl(ctypes.c_int(PR_SET_PDEATHSIG), ctypes.c_ulong(signal), 0, 0, 0), "prctl")


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
