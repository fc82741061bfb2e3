"""A network namespace without a name, held open by a file descriptor.

Promises that a thread which enters comes back, whatever happens inside, and that nothing remains of the namespace once
its descriptor, its sockets and the threads inside are gone. Refuses to be entered after `close`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from haechi.netns.diagnosis import diagnose
from haechi.netns.errors import NoSuchNamespace, SysctlRefused
from haechi.netns.syscalls import CLONE_NEWNET, setns, unshare

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Result = TypeVar("Result")

_OWN = "/proc/thread-self/ns/net"  # not /proc/self: that is the main thread's


class NetworkNamespace:
    """One network namespace.

    `with namespace:` moves the calling thread into it and back; entering may be nested, in one thread at a time.

    Attributes:
        name: what people call it; the kernel knows no name.
        descriptor: the file descriptor that holds it open.
    """

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self._outer: list[int] = []

    @classmethod
    def create(cls, name: str) -> NetworkNamespace:
        """Make a new, empty namespace; the calling thread stays where it is.

        Raises:
            IsolationRefused: the kernel refuses, with the reason.
        """
        outer = _open_own()
        try:
            unshare(CLONE_NEWNET)
            try:
                return cls(name, _open_own())
            finally:
                setns(outer, CLONE_NEWNET)
        except OSError as error:
            raise diagnose("unshare(CLONE_NEWNET)", error.errno or 0) from error
        finally:
            os.close(outer)

    @classmethod
    def current(cls, name: str) -> NetworkNamespace:
        """Hold the namespace in which the calling thread is."""
        return cls(name, _open_own())

    @classmethod
    def find(cls, name: str) -> NetworkNamespace:
        """Open the namespace of a process, given by its number, or one that `ip netns` has named.

        Raises:
            NoSuchNamespace: there is none, or it may not be opened.
        """
        path = f"/proc/{name}/ns/net" if name.isascii() and name.isdigit() else f"/run/netns/{name}"
        if "/" in name or name in ("", ".", ".."):
            raise NoSuchNamespace(name, "it is neither a process number nor a name")
        try:
            return cls(name, os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            raise NoSuchNamespace(name, f"{path}: {error.strerror}") from error

    def __enter__(self) -> NetworkNamespace:
        outer = _open_own()
        try:
            setns(self.descriptor, CLONE_NEWNET)
        except OSError:
            os.close(outer)
            raise
        self._outer.append(outer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outer = self._outer.pop()
        try:
            setns(outer, CLONE_NEWNET)
        finally:
            os.close(outer)

    def run(self, work: Callable[[], Result]) -> Result:
        """Call `work` inside and return what it returns."""
        with self:
            return work()

    def sysctl(self, name: str, value: int) -> None:
        """Make sure that one of the namespace's kernel settings, for example `net.ipv4.ip_forward`, has a value.

        It is written only where it differs: /proc/sys may be read-only and yet say what is wanted.

        Raises:
            SysctlRefused: it does not exist, or may not be written here.
        """
        path = Path("/proc/sys") / name.replace(".", "/")
        try:
            with self:
                if path.read_text(encoding="utf-8").strip() != str(value):
                    path.write_text(f"{value}\n", encoding="utf-8")
        except OSError as error:
            raise SysctlRefused(name, error.errno or 0) from error

    def close(self) -> None:
        """Let go of it. Closing twice is allowed."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __repr__(self) -> str:
        return f"Namespace({self.name!r}, {self.descriptor})"


def _open_own() -> int:
    return os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
