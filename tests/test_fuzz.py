"""The fuzzer itself: what it finds, how it says so, and that it ends."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from random import Random

import pytest

from haechi.nft import Family, Ruleset, Transaction
from haechi.testing import FakeNftables
from tests import fuzz
from tests.fuzz import Tally, main

NEVER = 1e9
ALONE = ("--processes", "1")


class Recording(FakeNftables):
    """Keeps what is committed, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def commit(self, transaction: Transaction, generation: int | None = None) -> None:
        self.sent.append(str(transaction))
        super().commit(transaction, generation)


class Forgetful(FakeNftables):
    """Loses the way to one isolated server: its ingress is open."""

    def ruleset(self, name: str, family: Family = Family.INET) -> Ruleset | None:
        found = super().ruleset(name, family)
        if found is None:
            return None
        servers = found.maps["servers4"]
        left = frozenset(sorted(servers.elements)[1:])
        return replace(found, maps={**found.maps, "servers4": replace(servers, elements=left)})


def faked(seeds: range) -> Tally:
    return fuzz.fuzz(seeds, FakeNftables(), NEVER)


def forgotten(seeds: range) -> Tally:
    return fuzz.fuzz(seeds, Forgetful(), NEVER)


def counted(seeds: range) -> Tally:
    return Tally(len(seeds), sum(seeds))


def commits(seed: int) -> list[str]:
    kernel = Recording()
    fuzz.one_cluster(seed, kernel)
    return kernel.sent


def test_equal_seeds_give_equal_clusters_and_updates_and_others_do_not() -> None:
    assert commits(7) == commits(7) != commits(8)
    assert fuzz.objects(Random(7)) == fuzz.objects(Random(7))


def test_what_is_right_is_told_with_the_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "40", "--clusters", "3", *ALONE], work=faked) == 0
    assert capsys.readouterr().out == "seed 40\n3 clusters, 24 of a fake kernel's tables proved\n"


def test_a_seed_is_chosen_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    tried: list[range] = []

    def work(seeds: range) -> Tally:
        tried.append(seeds)
        return Tally(len(seeds))

    for _ in range(2):
        assert main(["--clusters", "1", *ALONE], work=work) == 0
    told = re.findall(r"^seed (\d+)$", capsys.readouterr().out, re.MULTILINE)
    assert [range(int(seed), int(seed) + 1) for seed in told] == tried
    assert tried[0] != tried[1]


def test_a_planted_defect_is_found_and_told_with_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "100", "--clusters", "20", *ALONE], work=forgotten) == 1
    said = capsys.readouterr().out
    (seed,) = re.findall(r"^seed (\d+): Differ: ", said, re.MULTILINE)
    assert "the kernel's table is not the one that the present state asks for" in said
    assert "kernel accepts, policies deny" in said  # the proof sees it, too
    assert main(["--seed", seed, "--clusters", "1", *ALONE], work=forgotten) == 1
    assert f"seed {seed}: Differ: " in capsys.readouterr().out
    assert main(["--seed", seed, "--clusters", "1", *ALONE], work=faked) == 0


def test_whatever_breaks_is_told_with_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(FakeNftables):
        def commit(self, transaction: Transaction, generation: int | None = None) -> None:
            raise OverflowError("too much")

    assert main(["--seed", "9", "--clusters", "2", *ALONE], work=lambda seeds: fuzz.fuzz(seeds, Broken(), NEVER)) == 1
    assert "seed 9: OverflowError: too much\n0 clusters" in capsys.readouterr().out


def test_no_cluster_is_begun_when_the_time_is_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Each look at the clock takes a second."""
    ticks = count()
    tally = fuzz.fuzz(range(50), FakeNftables(), 3, clock=lambda: next(ticks))
    assert (tally.clusters, tally.wrong) == (3, "")
    ticks = count()
    arguments = ["--seed", "1", "--clusters", "5000", "--seconds", "4", *ALONE]
    assert main(arguments, work=counted, clock=lambda: next(ticks)) == 0
    assert f"the time was up before 5000 clusters\n{4 * fuzz.AT_ONCE} clusters" in capsys.readouterr().out


def test_several_processes_try_each_seed_once(capsys: pytest.CaptureFixture[str]) -> None:
    clusters = 2 * fuzz.AT_ONCE + 1
    assert main(["--seed", "5", "--clusters", str(clusters), "--processes", "2"], work=counted) == 0
    assert f"{clusters} clusters, {sum(range(5, 5 + clusters))} of" in capsys.readouterr().out


@pytest.mark.kernel
def test_the_kernels_own_tables_are_proved() -> None:
    tally = fuzz.in_a_namespace(range(3), end=NEVER)
    assert (tally.clusters, tally.proofs, tally.labs, tally.wrong) == (3, 24, 1, "")
