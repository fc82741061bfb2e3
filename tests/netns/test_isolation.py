"""The lab's process: what it is in, what it gives back, and that it never outlives its caller."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from haechi.netns import (
    ChildDied,
    IsolationRefused,
    MissingFeature,
    NetworkNamespace,
    RefusalReason,
    SysctlRefused,
    isolated,
)
from tests.netns.descriptors import open_descriptors
from tests.netns.ordinary import isolated_as_ordinary_user
from tests.signals import interruptible, with_signals

pytestmark = pytest.mark.kernel


def _network() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_the_child_has_a_network_of_its_own_and_the_caller_keeps_its() -> None:
    before = _network()
    assert isolated(_network) != before
    assert _network() == before


def test_an_ordinary_user_becomes_root_of_their_own_namespaces() -> None:
    user, group, network = isolated_as_ordinary_user(lambda: (os.geteuid(), os.getegid(), _network()))
    assert (user, group) == (0, 0)
    assert network != _network()


def test_results_come_back_whatever_their_size() -> None:
    assert isolated(lambda: b"x" * 10_000_000) == b"x" * 10_000_000
    assert isolated(lambda: None) is None


def test_an_exception_comes_back_with_its_facts_and_the_childs_traceback() -> None:
    def work() -> None:
        raise SysctlRefused("net.a", 30)

    with pytest.raises(SysctlRefused) as caught:
        isolated(work)
    assert (caught.value.name, caught.value.errno) == ("net.a", 30)
    assert "in work" in "".join(caught.value.__notes__)


def test_what_cannot_be_pickled_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(RuntimeError, match="cannot return a result of type function"):
        isolated(lambda: lambda: None)


def test_an_exception_that_cannot_be_made_again_is_told_in_words() -> None:
    class LocalError(Exception):
        pass

    def work() -> None:
        raise LocalError("the words")

    with pytest.raises(RuntimeError, match="LocalError: the words"):
        isolated(work)


@pytest.mark.parametrize(("end", "status"), [(lambda: os._exit(7), 7), (lambda: os.kill(os.getpid(), 9), -9)])
def test_a_child_that_dies_is_an_error(end: object, status: int) -> None:
    assert callable(end)
    with pytest.raises(ChildDied) as caught:
        isolated(end)
    assert caught.value.status == status


def test_it_works_beside_other_threads() -> None:
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        assert isolated(lambda: "done") == "done"
    finally:
        release.set()
        other.join()


def test_no_descriptor_is_left_open() -> None:
    isolated(lambda: 1)
    before = open_descriptors()
    isolated(lambda: 1)
    with pytest.raises(MissingFeature):
        isolated(_fail)
    assert open_descriptors() == before


def _fail() -> None:
    raise MissingFeature("x", "y")


def limited(limit: str, value: int, work: Callable[[], object]) -> IsolationRefused:
    """Why `isolated(work)` is refused in a user namespace of its own, where a limit harms nobody.

    The caller is root there, but one that needs a further user namespace, as in a container without CAP_SYS_ADMIN.
    """

    def inside() -> None:
        Path(f"/proc/sys/user/{limit}").write_text(str(value), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("haechi.netns.isolation._own_network", lambda: False)
            isolated(work)

    with pytest.raises(IsolationRefused) as caught:
        isolated_as_ordinary_user(inside)
    return caught.value


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("max_net_namespaces", RefusalReason.NO_NETWORK_NAMESPACES_LEFT),
        ("max_user_namespaces", RefusalReason.USER_NAMESPACES_OFF),
    ],
)
def test_a_refusal_names_the_limit_that_was_reached(limit: str, reason: RefusalReason) -> None:
    assert limited(limit, 0, lambda: None).reason is reason


def test_a_refusal_says_what_to_do() -> None:
    assert limited("max_user_namespaces", 0, lambda: None).remedy[0] == "sudo sysctl -w user.max_user_namespaces=10000"


def test_a_limit_around_the_labs_own_user_namespace_is_recognised() -> None:
    """The lab's own user namespace has no limit: it is that of the caller."""
    refused = limited("max_net_namespaces", 2, lambda: [NetworkNamespace.create(name).name for name in "ab"])
    assert refused.reason is RefusalReason.NO_NETWORK_NAMESPACES_LEFT
    assert refused.remedy[0] == "sudo sysctl -w user.max_net_namespaces=100000, on the host if this is a container"


PROGRAM = """
import os, signal
from haechi.lab.network import build
from haechi.lab.topology import LabEndpoint, LabNode, Topology
from haechi.netns import isolated

def work():
    pods = tuple(LabEndpoint(f"p{i}", "n", (f"10.0.0.{i}",)) for i in range(1, 4))
    with build(Topology((LabNode("n", ("172.18.0.1",)),), pods)):
        try:
            print(os.getpid(), flush=True)
            while True:
                signal.pause()
        finally:
            print("tidied", flush=True)

isolated(work)
"""


def _started(mark: str) -> tuple[subprocess.Popen[str], int]:
    program = subprocess.Popen(
        with_signals([sys.executable, "-c", PROGRAM]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env=os.environ | {"HAECHI_TEST": mark},
    )
    assert program.stdout
    return program, int(program.stdout.readline())


def _marked(mark: str) -> set[int]:
    """Processes that descend from a marked one. Without a process nothing holds an unnamed namespace."""
    found = set()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environment.read_bytes():
                found.add(int(environment.parent.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_child_dies_with_its_caller(number: signal.Signals) -> None:
    mark = str(uuid.uuid4())
    program, child = _started(mark)
    with program:
        watched = os.pidfd_open(child)
        try:
            assert _marked(mark) == {program.pid, child}
            program.send_signal(number)
            assert select.select([watched], [], [], 10)[0], "the child is still there"
        finally:
            os.close(watched)
        assert program.wait(10) == -number
    assert _marked(mark) == set()


@pytest.mark.parametrize("whole_group", [True, False])
def test_an_interrupt_reaches_the_child_once_and_nothing_is_left(whole_group: bool) -> None:
    """A terminal interrupts the whole group; `kill -INT` the caller alone."""
    mark = str(uuid.uuid4())
    program, child = _started(mark)
    with program:
        assert _marked(mark) == {program.pid, child}
        if whole_group:
            os.killpg(program.pid, signal.SIGINT)
        else:
            program.send_signal(signal.SIGINT)
        out, error = program.communicate(timeout=10)
    assert out == "tidied\n"
    assert "KeyboardInterrupt" in error
    assert program.returncode == -signal.SIGINT
    assert _marked(mark) == set()


def test_an_interrupt_that_another_thread_takes_is_heard() -> None:
    """The kernel may give it to any thread; only the main one raises, and only if it looks."""
    reading, writing = os.pipe()

    def take() -> None:
        os.read(reading, 1)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def work() -> None:
        os.write(writing, b"!")
        signal.pause()

    thread = threading.Thread(target=take)
    thread.start()
    with interruptible(), pytest.raises(KeyboardInterrupt):
        isolated(work)
    thread.join()
    os.close(reading)
    os.close(writing)
