"""Statements hold only what the kernel would give back unchanged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from haechi.nft import Counter, Limit, LimitKind, LimitUnit, Log, LogLevel, NounError, Reject, RejectKind, SetMark

IMPOSSIBLE: dict[str, Callable[[], object]] = {
    "a negative counter": lambda: Counter(-1),
    "a counter beyond 64 bits": lambda: Counter(0, 1 << 64),
    "no rate": lambda: Limit(0),
    "no burst of packets": lambda: Limit(1, burst=0),
    "a rate beyond 32 bits": lambda: Limit(1 << 32),
    "a burst of centuries": lambda: Limit(1, LimitUnit.WEEK, 1_000_000),
    "bytes beyond the kernel's arithmetic": lambda: Limit(10**8, LimitUnit.WEEK, kind=LimitKind.BYTES),
    "a long prefix": lambda: Log("x" * 128),
    "a prefix with a quote": lambda: Log('"'),
    "a prefix with a variable": lambda: Log("$x"),
    "a prefix with a backslash": lambda: Log("\\"),
    "a level for a group": lambda: Log(group=1, level=LogLevel.INFO),
    "a snaplen without a group": lambda: Log(snaplen=1),
    "a threshold without a group": lambda: Log(queue_threshold=1),
    "a group beyond 16 bits": lambda: Log(group=1 << 16),
    "a mark beyond 32 bits": lambda: SetMark(1 << 32),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_statements_are_refused(name: str) -> None:
    with pytest.raises(NounError):
        IMPOSSIBLE[name]()


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (Counter(1, 2), "counter packets 1 bytes 2"),
        (Limit(10), "limit rate 10/second burst 5 packets"),
        (Limit(9, LimitUnit.HOUR, 0, over=True, kind=LimitKind.BYTES), "limit rate over 9 bytes/hour"),
        (Log("x: ", 3, 64, queue_threshold=9), 'log prefix "x: " group 3 snaplen 64 queue-threshold 9'),
        (Log(level=LogLevel.INFO), "log level info"),
        (Reject(RejectKind.TCP_RESET), "reject with tcp reset"),
        (SetMark(1), "meta mark set 0x00000001"),
    ],
)
def test_statements_are_printed(statement: Counter | Limit | Log | Reject | SetMark, shown: str) -> None:
    assert str(statement) == shown


def test_counters_are_equal_whatever_they_counted() -> None:
    assert Counter(1, 2) == Counter(3, 4)
    assert hash(Counter(1, 2)) == hash(Counter())
