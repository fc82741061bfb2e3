"""A network namespace without a name, kept open by a file descriptor.

A thread that enters it returns, whatever happens inside, and nothing remains of the namespace once its descriptor, its
sockets and the threads inside are gone. It cannot be entered after `close`.
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
        name: for messages; in the kernel it has none.
        descriptor: the file descriptor that keeps it open.
    """

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self._outer: list[int] = []

    @classmethod
    def create(cls, name: str) -> NetworkNamespace:
        """Create an empty namespace; the calling thread stays in its own.

        Raises:
            IsolationRefused: the kernel refuses it, with the reason.
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
        """The namespace of the calling thread."""
        return cls(name, _open_own())

    @classmethod
    def find(cls, name: str) -> NetworkNamespace:
        """The namespace of a process, given by its number, or one that `ip netns` has named.

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
        """Set a kernel setting of the namespace, for example `net.ipv4.ip_forward`.

        It is written only if it differs, because /proc/sys may be read-only.

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
        """Close the descriptor. Closing twice is allowed."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __repr__(self) -> str:
        return f"NetworkNamespace({self.name!r}, {self.descriptor})"


def _open_own() -> int:
    return os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
