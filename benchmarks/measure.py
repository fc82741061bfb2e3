"""How a figure is taken: in a process of its own, so that memory and garbage of one do not weigh on the next."""

from __future__ import annotations

import gc
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: what was measured.
        value: how much, in `unit`.
        unit: s, ms, MB or × (a ratio).
        limit: what it may be at most; None: told for information.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the figure is within its limit."""
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        limit = "" if self.limit is None else f"≤ {self.limit:g} {self.unit}"
        mark = "" if self.is_met else "   OVER THE LIMIT"
        return f"{self.name:<70} {self.value:>10.3f} {self.unit:<3} {limit}{mark}"


def alone(work: Callable[[], list[Figure]]) -> list[Figure]:
    """The figures that `work` takes in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work)


def pause_collector() -> None:
    """Stop the cycle collector, as a long-running reader does while it loads: nothing here makes cycles."""
    gc.collect()
    gc.freeze()
    gc.disable()


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak_megabytes(status: str = "") -> float:
    """The most memory that a process has had resident, in 10^6 bytes; without `status` (proc_pid_status(5)), this one.

    getrusage(2) would count what the process was before it became another program.
    """
    text = status or Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"^VmHWM:\s*(\d+) kB$", text, re.MULTILINE)
    assert found is not None, text
    return int(found[1]) * 1024 / 1e6


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` (0.99) of `values` are."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]
