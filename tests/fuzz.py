"""`make fuzz`: random clusters and updates through the whole chain, for as long as there is time.

    reference == engine == desired ruleset == kernel's ruleset == what it means, proved for every packet

Each cluster has a seed of its own, printed with what is wrong, so that one cluster can be repeated:
`python -m tests.fuzz --seed SEED --clusters 1`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random, SystemRandom

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine, verdict
from haechi.netlink import Nftables
from haechi.netns import IsolationRefused, isolated
from haechi.reference import allowed
from haechi.testing.nftables import FakeNftables
from haechi.verify import Prover, completed, prove
from tests import clusters
from tests.verify import small
from tests.verify.small import Object

UPDATES = 6


@dataclass
class Tally:
    """What was done.

    Attributes:
        clusters: how many.
        proofs: how many tables were proved.
        kernel: whether they were the real kernel's.
        wrong: the first difference, with its seed; "" if there is none.
    """

    clusters: int = 0
    proofs: int = 0
    kernel: bool = False
    wrong: str = ""


class Differ(Exception):
    """Two links of the chain do not say the same."""


def main() -> int:
    """Fuzz; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--clusters", type=int, default=10_000, help="how many at most")
    parser.add_argument("--seconds", type=float, default=600, help="for how long at most")
    parser.add_argument("--seed", type=int, default=None, help="the first cluster's; the next one's is one more")
    arguments = parser.parse_args()
    seed = SystemRandom().randrange(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    try:
        tally = isolated(lambda: fuzz(seed, arguments.clusters, arguments.seconds, kernel=True))
    except IsolationRefused as refused:
        print(f"without the kernel: {refused}", flush=True)
        tally = fuzz(seed, arguments.clusters, arguments.seconds, kernel=False)
    where = "the kernel's" if tally.kernel else "a fake kernel's"
    print(f"{tally.clusters} clusters, {tally.proofs} of {where} tables proved")
    if tally.wrong:
        print(tally.wrong)
    return 1 if tally.wrong else 0


def fuzz(seed: int, count: int, seconds: float, *, kernel: bool) -> Tally:
    """Try clusters until one is wrong, there were `count`, or the time is up."""
    tally = Tally(kernel=kernel)
    end = time.monotonic() + seconds
    with Nftables() if kernel else FakeNftables() as nftables:
        for number in range(seed, seed + count):
            if time.monotonic() > end:
                break
            try:
                tally.proofs += one_cluster(number, nftables)
            except Exception as error:  # whatever it is, it belongs to this seed
                tally.wrong = f"seed {number}: {type(error).__name__}: {error}"
                break
            tally.clusters += 1
    return tally


def one_cluster(seed: int, nftables: Nftables | FakeNftables) -> int:
    """A cluster and some updates of it; how many proofs. Raises `Differ`."""
    random = Random(seed)
    present = _objects(random)
    engine = Engine.of(present.values())
    node = NodeRuleset(engine, small.NODE)
    prover = Prover(small.NODE, present.values())
    _check(random, present, engine, node, prover, nftables)
    for _ in range(UPDATES):
        for verb, one in _update(random, present):
            if verb == "put":
                node.apply(engine.put(one))
                prover.put(one)
            else:
                node.apply(engine.delete(type(one), one.namespace, one.name))
                prover.delete(type(one), one.namespace, one.name)
        _check(random, present, engine, node, prover, nftables)
    whole = prove(nftables.ruleset(TABLE.name), present.values(), small.NODE)
    if not whole.holds:
        raise Differ(f"proved step by step, and not at once\n{whole}")
    return UPDATES + 2


def _objects(random: Random) -> dict[tuple[type, str], Object]:
    pods, policies = random.randint(2, 12), random.randint(1, 9)
    found = small.objects(random, pods=pods, policies=policies, tidy=random.random() < 0.3)
    return {(type(one), one.key): one for one in found}


def _update(random: Random, present: dict[tuple[type, str], Object]) -> Iterator[tuple[str, Object]]:
    """One or two objects come, change or go."""
    for _ in range(random.randint(1, 2)):
        if random.random() < 0.3 and present:
            yield "delete", present.pop(random.choice(list(present)))
            continue
        one: Object = random.choice((small.pod, small.policy))(random, random.randrange(9))
        if random.random() < 0.1:
            one = random.choice((small.node, small.namespace))(random)
        present[type(one), one.key] = one
        yield "put", one


def _check(
    random: Random,
    present: dict[tuple[type, str], Object],
    engine: Engine,
    node: NodeRuleset,
    prover: Prover,
    nftables: Nftables | FakeNftables,
) -> None:
    """Every link of the chain beside the next."""
    cluster = clusters.cluster(list(present.values()))
    for packet in random.sample(probes := clusters.probes(cluster, random), min(len(probes), 40)):
        if verdict(engine, packet) != allowed(cluster, packet):
            raise Differ(f"engine and reference: {packet}: {verdict(engine, packet)}, {allowed(cluster, packet)}")
    nftables.commit(node.transaction())
    node.committed()
    held = nftables.ruleset(TABLE.name)
    if held != NodeRuleset(Engine.of(present.values()), small.NODE).ruleset():
        raise Differ("the kernel's table is not the one that the present state asks for")
    proof = completed(prover, held)
    if proof is None or not proof.holds:
        raise Differ(str(proof))


if __name__ == "__main__":
    sys.exit(main())
