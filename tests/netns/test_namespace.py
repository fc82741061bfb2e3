"""A namespace is entered and left, whatever happens inside."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from haechi.netns import NetworkNamespace, SysctlRefused, isolated

pytestmark = pytest.mark.kernel


def _here() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_a_thread_enters_and_returns_even_after_an_error() -> None:
    def work() -> None:
        home = _here()
        namespace = NetworkNamespace.create("a")
        assert _here() == home
        inside = []

        def fail() -> None:
            inside.append(_here())
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            namespace.run(fail)
        assert inside == [os.fstat(namespace.descriptor).st_ino] != [home]
        assert _here() == home

    isolated(work)


def test_entering_can_be_nested() -> None:
    def work() -> None:
        home = _here()
        first, second = NetworkNamespace.create("a"), NetworkNamespace.create("b")
        with first, second:
            assert _here() == os.fstat(second.descriptor).st_ino
            with first:
                assert _here() == os.fstat(first.descriptor).st_ino
            assert _here() == os.fstat(second.descriptor).st_ino
        assert _here() == home
        assert first.run(_here) == os.fstat(first.descriptor).st_ino

    isolated(work)


def test_only_the_entering_thread_moves() -> None:
    def work() -> None:
        home, seen = _here(), []
        with NetworkNamespace.create("a"):
            thread = threading.Thread(target=lambda: seen.append(_here()))
            # A thread begins where its maker is; one that was there before stays where it was.
            thread.start()
            thread.join()
            assert seen == [_here()]
        assert _here() == home

    isolated(work)


def test_a_new_namespace_has_nothing_but_its_loopback() -> None:
    names = isolated(lambda: NetworkNamespace.create("a").run(socket.if_nameindex))
    assert (1, "lo") in names
    assert not [name for _, name in names if name.startswith(("eth", "en", "wl", "veth", "docker"))]


def test_a_closed_namespace_cannot_be_entered_and_closes_twice() -> None:
    def work() -> None:
        home = _here()
        namespace = NetworkNamespace.create("a")
        namespace.close()
        namespace.close()
        with pytest.raises(OSError), namespace:
            pass
        assert _here() == home

    isolated(work)


def test_a_setting_is_written_for_one_namespace_only() -> None:
    def work() -> None:
        first, second = NetworkNamespace.create("a"), NetworkNamespace.create("b")
        path = Path("/proc/sys/net/ipv4/ip_forward")
        second.sysctl("net.ipv4.ip_forward", 0)
        first.sysctl("net.ipv4.ip_forward", 1)
        assert first.run(path.read_text) == "1\n"
        assert second.run(path.read_text) == "0\n"

    isolated(work)


def test_an_unknown_setting_is_a_typed_error() -> None:
    def work() -> None:
        NetworkNamespace.create("a").sysctl("net.ipv4.there_is_no_such_thing", 1)

    with pytest.raises(SysctlRefused, match=r"net\.ipv4\.there_is_no_such_thing: ENOENT"):
        isolated(work)
