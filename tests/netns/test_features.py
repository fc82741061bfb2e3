"""What the kernel must offer is asked in words."""

from __future__ import annotations

import errno
import resource
import socket
import struct
from collections.abc import Callable

import pytest

from haechi.netns import MissingFeature, TooFewOpenFiles, isolated, require_ipv6, require_nf_tables, require_open_files


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


def with_limits(soft: int, hard: int, work: Callable[[], int]) -> int:
    """What `work` returns in a process with these limits of open files."""

    def limited() -> int:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return work()

    return isolated(limited)


@pytest.mark.kernel
def test_the_soft_limit_of_open_files_is_raised_where_that_suffices() -> None:
    def work() -> int:
        require_open_files(200)
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    assert with_limits(64, 256, work) == 256


@pytest.mark.kernel
def test_too_low_a_hard_limit_of_open_files_is_an_error_before_anything_is_opened() -> None:
    def work() -> int:
        require_open_files(256)
        return 0

    with pytest.raises(TooFewOpenFiles) as caught:
        with_limits(64, 256, work)
    assert caught.value.needed == 256
    assert 200 < caught.value.left < 256
