"""A child process in namespaces of its own, which end with it.

```
  caller ── fork ──▶ child: unshare user + network (root: network) ─▶ work() ─▶ pickle ─▶ pipe ──▶ caller
     └─ Ctrl-C or error: SIGTERM, then SIGKILL          └─ the caller dies: SIGKILL by the kernel
```

The caller's namespaces stay as they are, the child never outlives its caller, and Ctrl-C reaches the child exactly
once, as a `KeyboardInterrupt` in `work`. The child is a fork, not a new interpreter: the user that it becomes need not
be able to read what the caller has loaded.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from haechi.netns.diagnosis import diagnose
from haechi.netns.errors import ChildDied
from haechi.netns.syscalls import CLONE_NEWNET, CLONE_NEWUSER, die_with_parent, unshare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

Result = TypeVar("Result")

GRACE_SECONDS = 5.0  # time for an interrupted child to reset the terminal before SIGKILL
_POLL_SECONDS = 0.5  # between two checks for interrupts that another thread of the caller has received
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def isolated(work: Callable[[], Result]) -> Result:
    """Run `work` in a child process that has a user and a network namespace of its own, and return its result.

    Args:
        work: what to do; its result and its exception have to be picklable.

    Returns:
        What `work` returned.

    Raises:
        IsolationRefused: the child may not have namespaces of its own; with the reason and what to do.
        ChildDied: it ended without a result.
        BaseException: whatever `work` raised, with the child's traceback as a note.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    caller = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        child = _fork()
        if child == 0:
            os.close(reading)
            _be_child(work, writing, caller)
        os.close(writing)
        result, status = _attend(child, reading, before)
    finally:
        os.close(reading)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return cast("Result", _unpack(result, status))


def enter() -> None:
    """Move the calling process, which must have one thread only, into namespaces of its own.

    Real root gets a network namespace; every other user, and root in a container that forbids it, gets a user namespace
    as well and is root in it.

    Raises:
        IsolationRefused: the kernel refuses, with the reason.
    """
    if os.geteuid() == 0 and _own_network():
        return
    user, group = os.geteuid(), os.getegid()
    step = "unshare(CLONE_NEWUSER)"
    try:
        unshare(CLONE_NEWUSER)
        step = "unshare(CLONE_NEWNET)"  # on its own, so that its errno is about network namespaces
        unshare(CLONE_NEWNET)
        step = "/proc/self/uid_map"
        Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1\n", encoding="utf-8")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1\n", encoding="utf-8")
    except OSError as error:
        raise diagnose(step, error.errno or 0) from error


def _own_network() -> bool:
    try:
        unshare(CLONE_NEWNET)
    except PermissionError:
        return False  # root in a container without CAP_SYS_ADMIN: a user namespace may still be allowed
    except OSError as error:
        raise diagnose("unshare(CLONE_NEWNET)", error.errno or 0) from error
    return True


def _fork() -> int:
    """Fork, even from a process with several threads.

    The child runs Python code only and never touches a lock of another thread, which is what the warning of
    Python 3.12 is about.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _be_child(work: Callable[[], object], writing: int, caller: int) -> NoReturn:
    result: tuple[bool, object]
    try:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # the terminal sends it to both; the caller passes it on as SIGTERM
        signal.signal(signal.SIGTERM, _interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
        enter()
        die_with_parent(signal.SIGKILL)
        if os.getppid() != caller:
            os._exit(1)  # the caller ended before prctl(2)
        result = True, work()
    except BaseException as error:
        error.add_note("".join(traceback.format_exception(error)))
        result = False, error
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _write(writing, _pack(result))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (the signature of a handler)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once: nothing may interrupt the cleanup
    raise KeyboardInterrupt


def _attend(child: int, reading: int, before: set[signal.Signals] | set[int]) -> tuple[bytes, int]:
    """Read the child's result until it ends; end it if anything interrupts the caller."""
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        result = b"".join(_parts(reading))
    except BaseException:
        _end(child, reading)
        raise
    _, status = os.waitpid(child, 0)
    return result, os.waitstatus_to_exitcode(status)


def _parts(reading: int) -> Iterator[bytes]:
    """Yield what comes through a pipe. A blocking read would not notice an interrupt that another thread receives."""
    while True:
        if select.select([reading], [], [], _POLL_SECONDS)[0]:
            part = os.read(reading, 1 << 16)
            if not part:
                return
            yield part


def _end(child: int, reading: int) -> None:
    """Terminate the child, kill it after `GRACE_SECONDS` or at a second interrupt, and wait for it."""
    try:
        os.kill(child, signal.SIGTERM)
        while select.select([reading], [], [], GRACE_SECONDS)[0] and os.read(reading, 1 << 16):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _pack(result: tuple[bool, object]) -> bytes:
    try:
        packed = pickle.dumps(result)
        if not result[0]:
            pickle.loads(packed)  # some exceptions can be pickled but not unpickled
    except Exception:
        value = result[1]
        error = isinstance(value, BaseException)
        kind = f"{type(value).__name__}: {value}" if error else f"a result of type {type(value).__name__}"
        return pickle.dumps((False, RuntimeError(f"the lab's process cannot return {kind}")))
    return packed


def _unpack(result: bytes, status: int) -> object:
    if not result or status != 0:
        raise ChildDied(status)
    good, value = pickle.loads(result)
    if not good:
        raise cast("BaseException", value)
    return value


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
