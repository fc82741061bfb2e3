"""What the kernel must offer is asked in words."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from haechi.netns import MissingFeature, isolated, require_ipv6, require_nf_tables


@pytest.mark.kernel
def test_a_kernel_that_has_everything_passes() -> None:
    def work() -> None:
        require_ipv6()
        require_nf_tables()

    isolated(work)


class NoNetfilter(socket.socket):
    """A kernel without nf_tables: netlink answers NLMSG_ERROR with EINVAL."""

    def __init__(self, *arguments: int) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_DGRAM)

    def send(self, *arguments: object) -> int:
        return 20

    def recv(self, *arguments: object) -> bytes:
        return struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -errno.EINVAL)


def test_a_kernel_without_nf_tables_is_told_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", NoNetfilter)
    with pytest.raises(MissingFeature, match="modprobe nf_tables"):
        require_nf_tables()
