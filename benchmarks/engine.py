"""The engine and a node's ruleset in a cluster of 100,000 pods and 10,000 policies."""

from __future__ import annotations

import time
from dataclasses import replace
from random import Random

import msgspec

from benchmarks import cluster
from benchmarks.measure import Figure, pause_collector, peak_megabytes, percentile, seconds
from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import ClusterNetworkPolicy, Namespace, NetworkPolicy, Pod
from haechi.netlink import Nftables
from haechi.netns import isolated
from haechi.nft import Ruleset, Verdict, VerdictMap

PODS, POLICIES, CHANGES = 100_000, 10_000, 3_000
NODE = "node-0"

TIER_POLICIES, TIER_RULES = 200, 25
Objects = list[Namespace | NetworkPolicy | Pod | ClusterNetworkPolicy]


def objects() -> Objects:
    """The cluster, in memory."""
    found: Objects = []
    found += cluster.namespaces(PODS)
    found += cluster.pods(PODS)
    found += cluster.policies(POLICIES, PODS)
    return found


def resolving() -> list[Figure]:
    """From objects to every policy's pods, and the memory of objects and engine together."""
    found = objects()
    pause_collector()
    taken = seconds(lambda: Engine.of(found))
    return [
        Figure("resolve 10,000 policies over 100,000 pods", taken, "s", 1.0),
        Figure("peak memory of that, its input included", peak_megabytes(), "MB", 250.0),
    ]


def node() -> list[Figure]:
    """One node's table: made and loaded, then changed pod by pod, against the real kernel in a namespace."""
    found = objects()
    engine = Engine.of(found)
    pods = [one for one in found if isinstance(one, Pod)]
    pause_collector()
    return isolated(lambda: _node(engine, pods, 1.0))


def tiers() -> list[Figure]:
    """The same with policies of tiers beside: resolved, and the table of a node."""
    found = objects()
    found += cluster.tier_policies(TIER_POLICIES, TIER_RULES)
    pods = [one for one in found if isinstance(one, Pod)]
    pause_collector()
    begun = time.perf_counter()
    engine = Engine.of(found)
    taken = time.perf_counter() - begun
    what = f"{TIER_POLICIES} policies of tiers with {TIER_RULES} rules"
    pause_collector()
    found_on_node = isolated(lambda: _node(engine, pods, 1.5, label="tier"))
    ruleset = NodeRuleset(Engine.of(found), NODE).ruleset()
    path = max(_longest(ruleset, name) for name in ("tiers_eg4", "tiers_in4"))
    return [
        Figure(f"resolve {what} beside that", taken, "s", 2.0),
        *(_with_tiers(each) for each in found_on_node),
        Figure("tiers: rules that a packet meets there at most", path, ""),
    ]


def _longest(ruleset: Ruleset, chain: str) -> int:
    """The rules on the longest way through a chain and those that it leads to."""
    found = len(ruleset.chains[chain].rules)
    for number, rule in enumerate(ruleset.chains[chain].rules):
        last = rule.expressions[-1]
        verdicts = (
            {each.verdict for each in ruleset.maps[last.map].elements} if isinstance(last, VerdictMap) else {last}
        )
        for verdict in verdicts:
            if isinstance(verdict, Verdict) and verdict.chain:
                found = max(found, number + 1 + _longest(ruleset, verdict.chain))
    return found


def _with_tiers(figure: Figure) -> Figure:
    return replace(figure, name=f"tiers: {figure.name}")


def _node(engine: Engine, pods: list[Pod], limit: float, *, label: str = "app") -> list[Figure]:
    with Nftables() as nftables:
        begun = time.perf_counter()
        ruleset = NodeRuleset(engine, NODE)
        transaction = ruleset.transaction()
        compiled = time.perf_counter()
        nftables.commit(transaction)
        loaded = time.perf_counter()
        ruleset.committed()
        local = [pod for pod in pods if pod.spec.node_name == NODE]
        figures = [
            Figure(f"compile a node with {len(local)} pods of it", compiled - begun, "s"),
            Figure("compile and load that node", loaded - begun, "s", limit),
        ]
        delta_limit = 1.0 if label == "app" else None
        figures += _changes("one pod of the cluster changes", engine, ruleset, nftables, pods, label, delta_limit, 2.0)
        local_changes = CHANGES if label == "app" else CHANGES // 10
        figures += _changes(
            "one pod of the node itself changes", engine, ruleset, nftables, local, label, None, None, local_changes
        )
    return figures


def _changes(
    name: str,
    engine: Engine,
    ruleset: NodeRuleset,
    nftables: Nftables,
    pods: list[Pod],
    label: str,
    delta_limit: float | None,
    commit_limit: float | None,
    changes: int = CHANGES,
) -> list[Figure]:
    """Pods get other labels, one at a time: the time to the transaction and to the end of its commit."""
    random = Random(5)
    deltas: list[float] = []
    commits: list[float] = []
    for _ in range(changes):
        changed = _relabelled(random.choice(pods), label, random)
        begun = time.perf_counter()
        ruleset.apply(engine.put(changed))
        transaction = ruleset.transaction()
        deltas.append((time.perf_counter() - begun) * 1e3)
        nftables.commit(transaction)
        ruleset.committed()
        commits.append((time.perf_counter() - begun) * 1e3)
    return [
        Figure(f"{name}, to the transaction, p50", percentile(deltas, 0.5), "ms"),
        Figure(f"{name}, to the transaction, p99", percentile(deltas, 0.99), "ms", delta_limit),
        Figure(f"{name}, to the kernel's commit, p50", percentile(commits, 0.5), "ms"),
        Figure(f"{name}, to the kernel's commit, p99", percentile(commits, 0.99), "ms", commit_limit),
    ]


def _relabelled(pod: Pod, label: str, random: Random) -> Pod:
    values = cluster.TIERS if label == "tier" else [f"app-{n}" for n in range(cluster.WORKLOADS_OF_NAMESPACE)]
    labels = {**pod.labels, label: random.choice(values)}
    return msgspec.structs.replace(pod, metadata=msgspec.structs.replace(pod.metadata, labels=labels))
