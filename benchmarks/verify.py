"""The proof of a node's table in a cluster of 100,000 pods and 10,000 policies, and again after many changes."""

from __future__ import annotations

from random import Random

import msgspec

from benchmarks import cluster
from benchmarks.engine import NODE, objects
from benchmarks.measure import Figure, pause_collector, peak_megabytes, percentile, seconds
from haechi.dataplane import NodeRuleset
from haechi.engine import Endpoint, Engine
from haechi.model import NetworkPolicy, Pod, PodIP, PodStatus
from haechi.model.verdict import Direction, PolicyKey
from haechi.nft import Ruleset
from haechi.verify import Prover

CHANGES = 20


def verifying() -> list[Figure]:
    """From a decoded table and objects in memory to the proof; then pod by pod, of the cluster and of the node."""
    found = objects()
    pause_collector()
    engine = Engine.of(found)
    node = NodeRuleset(engine, NODE)
    ruleset = node.ruleset()
    taken: dict[str, float] = {}
    prover: list[Prover] = []
    taken["read"] = seconds(lambda: prover.append(Prover(NODE, found)))
    taken["prove"] = seconds(lambda: _proved(prover[0], ruleset))
    figures = [
        Figure("prove a node with 110 pods of that cluster, its objects read before", taken["prove"], "s"),
        Figure("read the cluster's objects and prove that node", taken["read"] + taken["prove"], "s", 3.0),
        Figure("peak memory of that, its input and the engine included", peak_megabytes(), "MB", 400.0),
    ]
    pods = [one for one in found if isinstance(one, Pod)]
    local = [pod for pod in pods if pod.spec.node_name == NODE]
    following = _Following(engine, node, prover[0])
    figures += following.changes("one pod of the cluster gets other labels", pods, _relabelled)
    figures += following.changes("one pod of the node gets other labels", local, _relabelled)
    figures += following.changes("one pod of the node gets another address", local, _moved)
    isolating = {key for each in engine.endpoints if each.node == NODE for key in _isolating(engine, each)}
    some = [one for one in found if isinstance(one, NetworkPolicy) and _key(one) in isolating]
    figures += following.changes("one policy of pods of the node loses rules", some, _cut, limit=None)
    return figures


class _Following:
    def __init__(self, engine: Engine, node: NodeRuleset, prover: Prover) -> None:
        self.engine, self.node, self.prover = engine, node, prover

    def changes(
        self, name: str, some: list[Pod] | list[NetworkPolicy], change: object, limit: float | None = 0.3
    ) -> list[Figure]:
        """Change one after the other; the time from the decoded table to the proof."""
        assert callable(change)
        random = Random(7)
        taken: list[float] = []
        for _ in range(CHANGES):
            changed = change(random.choice(some), random)
            self.node.apply(self.engine.put(changed))
            ruleset = self.node.ruleset()

            def prove(changed: Pod | NetworkPolicy = changed, ruleset: Ruleset = ruleset) -> None:
                self.prover.put(changed)
                _proved(self.prover, ruleset)

            taken.append(seconds(prove))
            del prove, ruleset  # a dump goes when it is proved
        return [
            Figure(f"prove again: {name}, p50", percentile(taken, 0.5), "s"),
            Figure(f"prove again: {name}, most", max(taken), "s", limit),
        ]


def _proved(prover: Prover, ruleset: Ruleset) -> None:
    proof = prover.prove(ruleset)
    assert proof.holds, proof


def _isolating(engine: Engine, endpoint: Endpoint) -> frozenset[PolicyKey]:
    return engine.policies_of(endpoint, Direction.EGRESS) | engine.policies_of(endpoint, Direction.INGRESS)


def _key(policy: NetworkPolicy) -> PolicyKey:
    return PolicyKey(policy.namespace, policy.name)


def _relabelled(pod: Pod, random: Random) -> Pod:
    labels = {**pod.labels, "app": f"app-{random.randrange(cluster.WORKLOADS_OF_NAMESPACE)}"}
    return msgspec.structs.replace(pod, metadata=msgspec.structs.replace(pod.metadata, labels=labels))


def _moved(pod: Pod, random: Random) -> Pod:
    ips = (PodIP(ip=f"10.200.{random.randrange(256)}.{random.randrange(256)}"),)
    return msgspec.structs.replace(pod, status=PodStatus(phase="Running", pod_ips=ips))


def _cut(policy: NetworkPolicy, random: Random) -> NetworkPolicy:
    """Some of its rules are gone."""
    ingress = tuple(rule for rule in policy.spec.ingress if random.random() < 0.5)
    return msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, ingress=ingress))
