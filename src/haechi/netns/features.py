"""Checks for kernel features, made before anything is built.

A missing one is a `MissingFeature` with what to do, instead of an errno in the middle of the work.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
import struct
from pathlib import Path

from haechi.netns.errors import MissingFeature, TooFewOpenFiles

_NETLINK_NETFILTER = 12
_NFT_GETGEN = (10 << 8) | 16  # NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN (linux/netfilter/nf_tables.h)
_REQUEST = 1


def require_ipv6() -> None:
    """Check that the calling thread's namespace has IPv6.

    Raises:
        MissingFeature: the kernel was built or booted without it.
    """
    if not Path("/proc/sys/net/ipv6").is_dir():
        raise MissingFeature("IPv6", "boot without ipv6.disable=1, or ask for IPv4 alone (--ip-family 4)")


def require_nf_tables() -> None:
    """Check that the calling thread's namespace has nf_tables; the kernel loads the module if it can.

    Raises:
        MissingFeature: there is no nf_tables.
    """
    request = struct.pack("=IHHIIBBH", 20, _NFT_GETGEN, _REQUEST, 1, 0, 0, 0, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netfilter:
            netfilter.send(request)
            reply = netfilter.recv(4096)
    except OSError as error:
        number = error.errno or errno.EPROTONOSUPPORT
    else:
        number = _errno(reply)
    if number:
        raise MissingFeature(f"nf_tables ({os.strerror(number)})", "load it: sudo modprobe nf_tables")


def require_open_files(count: int) -> None:
    """Check that the process may open `count` more files, after raising its own limit as far as it may.

    Raises:
        TooFewOpenFiles: it may not.
    """
    left = open_files_left()
    if left < count:
        raise TooFewOpenFiles(count, left)


def open_files_left() -> int:
    """How many more files the process may open, once its soft limit (RLIMIT_NOFILE) is the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    limit = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    return limit - sum(1 for _ in Path("/proc/self/fd").iterdir())


def _errno(reply: bytes) -> int:
    """Return the errno of an NLMSG_ERROR (type 2), or 0 for any other message."""
    kind, code = struct.unpack_from("=H10xi", reply, 4)
    return -int(code) if kind == 2 else 0
