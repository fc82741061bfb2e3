"""Programs of others, bounded."""

from __future__ import annotations

import subprocess

import pytest

from haechi import processes


def started(script: str, *, own_session: bool = True) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ("sh", "-c", script), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=own_session
    )


@pytest.mark.parametrize("own_session", [True, False])
def test_a_process_that_ends_gives_its_output_and_code(own_session: bool) -> None:
    process = started("printf out; printf err >&2; exit 3", own_session=own_session)
    assert processes.finish(process, 3, None) == (3, b"out", b"err")


@pytest.mark.parametrize("own_session", [True, False])
def test_a_process_without_end_is_killed(own_session: bool) -> None:
    process = started("exec sleep 600", own_session=own_session)
    assert processes.finish(process, 0, 0.1) == (None, b"", b"")
    assert process.returncode == -9


@pytest.mark.parametrize("seconds", [60, None])
@pytest.mark.parametrize("own_session", [True, False])
def test_a_process_with_endless_output_is_killed(own_session: bool, seconds: float | None) -> None:
    process = started("exec cat /dev/zero", own_session=own_session)
    code, out, _ = processes.finish(process, 100_000, seconds)
    assert code is None
    assert 100_000 < len(out) < 200_000
    assert process.returncode == -9


def test_of_endless_standard_error_only_the_end_is_kept() -> None:
    process = started("head -c 1000000 /dev/zero >&2; printf end >&2")
    code, out, err = processes.finish(process, 0, 60)
    assert (code, out) == (0, b"")
    assert err.endswith(b"\0end")
    assert len(err) < 100_000


def test_a_killed_process_is_finished() -> None:
    process = started("exec sleep 600")
    processes.kill(process)
    assert processes.finish(process, 0, None) == (-9, b"", b"")
    processes.kill(process)  # it is gone: nothing to do
