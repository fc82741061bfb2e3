"""`make fuzz`: random clusters and updates through the whole chain, for as long as there is time.

    reference == engine == desired ruleset == kernel's ruleset == what it means, proved for every packet

One cluster of twenty is also built as a lab, and packets are sent in it.

Each cluster has a seed of its own, printed with what is wrong, so that one cluster can be repeated:
`python -m tests.fuzz --seed SEED --clusters 1`. Equal seeds give equal clusters, whatever the number of processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from random import Random, SystemRandom

from msgspec.structs import replace

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine, verdict
from haechi.lab import ProbePlan, lab_cluster, ports_to_probe, run_lab
from haechi.model import Node, NodeStatus, Pod
from haechi.netlink import Nftables
from haechi.netns import IsolationRefused, isolated
from haechi.nft import Ruleset
from haechi.reference import ClusterObjects, allowed
from haechi.report import mismatch_text
from haechi.testing import FakeNftables
from haechi.verify import Prover, prove
from tests import clusters
from tests.lab.labs import separate
from tests.verify import small
from tests.verify.small import Object

UPDATES = 6
PACKETS = 40
"""Packets of a cluster with which the reference is asked, and half as many after each update."""
AT_ONCE = 20
"""Clusters of one process before it tells how it went."""
TOLD = 500
"""Clusters between two lines of progress."""

Kernel = Nftables | FakeNftables
Clock = Callable[[], float]


@dataclass
class Tally:
    """What was done.

    Attributes:
        clusters: how many.
        proofs: how many tables were proved.
        kernel: whether they were the real kernel's.
        labs: how many clusters were tried on packets.
        wrong: the first difference, with its seed; "" if there is none.
    """

    clusters: int = 0
    proofs: int = 0
    kernel: bool = True
    wrong: str = ""
    labs: int = 0

    def add(self, other: Tally) -> None:
        self.clusters += other.clusters
        self.proofs += other.proofs
        self.kernel = self.kernel and other.kernel
        self.wrong = self.wrong or other.wrong
        self.labs += other.labs

    def __str__(self) -> str:
        where = "the kernel's" if self.kernel else "a fake kernel's"
        labs = f", {self.labs} clusters tried on packets" if self.labs else ""
        return f"{self.clusters} clusters, {self.proofs} of {where} tables proved{labs}"


Work = Callable[[range], Tally]


class Differ(Exception):
    """Two links of the chain do not say the same."""


def main(arguments: list[str] | None = None, *, clock: Clock = time.monotonic, work: Work | None = None) -> int:
    """Fuzz; 1 if anything differs.

    Args:
        arguments: of the command line.
        clock: tells seconds.
        work: tries the clusters of some seeds; the real kernel's by default.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--clusters", type=int, default=10_000, help="how many at most")
    parser.add_argument("--seconds", type=float, default=1800, help="for how long at most")
    parser.add_argument("--seed", type=int, default=None, help="the first cluster's; the next one's is one more")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at a time")
    asked = parser.parse_args(arguments)
    seed: int = SystemRandom().randrange(1 << 32) if asked.seed is None else asked.seed
    end = clock() + asked.seconds
    print(f"seed {seed}", flush=True)
    seeds = range(seed, seed + asked.clusters)
    tally = total(seeds, work or partial(in_a_namespace, end=end), asked.processes, end, clock)
    if tally.wrong:
        print(tally.wrong)
    elif tally.clusters < asked.clusters:
        print(f"the time was up before {asked.clusters} clusters")
    print(tally)
    return 1 if tally.wrong else 0


def total(seeds: range, work: Work, processes: int, end: float, clock: Clock) -> Tally:
    """Try clusters until one is wrong, all were tried or the time is up."""
    tally = Tally()
    told = 0
    parts = [seeds[first : first + AT_ONCE] for first in range(0, len(seeds), AT_ONCE)]
    processes = min(processes, len(parts))
    with pool(processes) as found:
        for part in found(work, parts):
            tally.add(part)
            if tally.wrong or clock() >= end:
                break
            if tally.clusters >= told + TOLD:
                told = tally.clusters
                print(tally, flush=True)
    return tally


def pool(processes: int) -> AbstractContextManager[Callable[[Work, list[range]], Iterable[Tally]]]:
    """What maps work to its results: in this process, or in several, which end with the context."""
    return nullcontext(map) if processes < 2 else _Several(processes)


class _Several:
    def __init__(self, processes: int) -> None:
        self._pool = multiprocessing.get_context("spawn").Pool(processes)

    def __enter__(self) -> Callable[[Work, list[range]], Iterable[Tally]]:
        return self._pool.imap_unordered

    def __exit__(self, *_: object) -> None:
        self._pool.terminate()
        self._pool.join()


def in_a_namespace(seeds: range, end: float) -> Tally:
    """Try the clusters of some seeds with the kernel, in a namespace; with the fake where there can be none.

    The first of them is also tried on packets, in a lab.
    """
    try:
        tally = isolated(lambda: fuzz(seeds, Nftables(), end))
    except IsolationRefused:
        return fuzz(seeds, FakeNftables(), end)
    if tally.clusters and not tally.wrong:
        tally.add(on_packets(seeds[0]))
    return tally


def on_packets(seed: int) -> Tally:
    """Build the cluster of a seed as a lab and send packets on some ports."""
    random = Random(seed)
    found = list(objects(random).values())
    pods = [one for one in found if isinstance(one, Pod)]
    nodes = [replace(one, status=NodeStatus()) for one in found if isinstance(one, Node)]
    cluster = lab_cluster([*separate(pods), *nodes, *(one for one in found if not isinstance(one, Pod | Node))])
    ports = ports_to_probe(cluster.policies, cluster.pods)
    try:
        run = run_lab(cluster, ProbePlan(tuple(random.sample(ports, 2))))
    except Exception as error:  # whatever it is, it belongs to this seed
        return Tally(wrong=f"seed {seed}, on packets: {type(error).__name__}: {error}")
    wrong = [
        f"{one.source} → {one.destination} {one.protocol} {one.port}: {mismatch_text(one)}" for one in run.mismatches
    ]
    wrong += [str(proof) for proof in run.proofs if not proof.holds]
    return Tally(labs=1, wrong=f"seed {seed}, on packets: {wrong}" if wrong else "")


def fuzz(seeds: range, nftables: Kernel, end: float, clock: Clock = time.monotonic) -> Tally:
    """Try the clusters of some seeds until one is wrong or the time is up."""
    tally = Tally(kernel=isinstance(nftables, Nftables))
    with nftables:
        for seed in seeds:
            if clock() >= end:
                break
            try:
                tally.proofs += one_cluster(seed, nftables)
            except Exception as error:  # whatever it is, it belongs to this seed
                tally.wrong = f"seed {seed}: {type(error).__name__}: {error}"
                break
            tally.clusters += 1
    return tally


def one_cluster(seed: int, nftables: Kernel) -> int:
    """A cluster and some updates of it; how many proofs. Raises `Differ`."""
    random = Random(seed)
    present = objects(random)
    engine = Engine.of(present.values())
    node = NodeRuleset(engine, small.NODE)
    prover = Prover(small.NODE, present.values())
    held = _check(random, present, engine, node, prover, nftables, PACKETS)
    for _ in range(UPDATES):
        for verb, one in _update(random, present):
            if verb == "put":
                node.apply(engine.put(one))
                prover.put(one)
            else:
                node.apply(engine.delete(type(one), one.namespace, one.name))
                prover.delete(type(one), one.namespace, one.name)
        held = _check(random, present, engine, node, prover, nftables, PACKETS // 2)
    whole = prove(held, present.values(), small.NODE)
    if not whole.holds:
        raise Differ(f"proved step by step, and not at once\n{whole}")
    return UPDATES + 2


def objects(random: Random) -> dict[tuple[type, str], Object]:
    """The objects of a cluster, by kind and key."""
    pods, policies, tiers = random.randint(2, 12), random.randint(1, 9), max(0, random.randint(-2, 5))
    found = small.objects(random, pods=pods, policies=policies, tiers=tiers, tidy=random.random() < 0.3)
    return {(type(one), one.key): one for one in found}


def _update(random: Random, present: dict[tuple[type, str], Object]) -> Iterator[tuple[str, Object]]:
    """One or two objects come, change or go."""
    for _ in range(random.randint(1, 2)):
        if random.random() < 0.3 and present:
            yield "delete", present.pop(random.choice(list(present)))
            continue
        one: Object = random.choice((small.pod, small.policy))(random, random.randrange(9))
        if random.random() < 0.1:
            one = random.choice((small.node, small.namespace, small.node_with_label))(random)
        elif random.random() < 0.4:
            one = small.tier_policy(random)
        present[type(one), one.key] = one
        yield "put", one


def _check(
    random: Random,
    present: dict[tuple[type, str], Object],
    engine: Engine,
    node: NodeRuleset,
    prover: Prover,
    nftables: Kernel,
    packets: int,
) -> Ruleset | None:
    """Every link of the chain beside the next; the kernel's table. Raises `Differ` with all that differs."""
    nftables.commit(node.transaction())
    node.committed()
    held = nftables.ruleset(TABLE.name)
    wrong = list(_judged_otherwise(random, clusters.cluster(list(present.values())), engine, packets))
    if held != NodeRuleset(Engine.of(present.values()), small.NODE).ruleset():
        wrong.append("the kernel's table is not the one that the present state asks for")
    proof = prover.prove(held)
    if not proof.holds:
        wrong.append(str(proof))
    if wrong:
        raise Differ("\n".join(wrong))
    return held


def _judged_otherwise(random: Random, cluster: ClusterObjects, engine: Engine, count: int) -> Iterator[str]:
    """The packets, of `count` random ones, that the engine and the reference judge differently."""
    probes = clusters.probes(cluster, random)
    for packet in random.sample(probes, min(len(probes), count)):
        said, wanted = verdict(engine, packet), allowed(cluster, packet)
        if said != wanted:
            yield f"engine and reference: {packet}: {said}, {wanted}"


if __name__ == "__main__":
    sys.exit(main())
