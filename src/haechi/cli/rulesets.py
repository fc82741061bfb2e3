"""The ruleset of a node from plain objects, with remarks about its pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from haechi.cli.failure import CommandError, unknown_name
from haechi.cli.wording import counted
from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Object, Pod, TierPolicy, Workload

if TYPE_CHECKING:
    from haechi.cli.input import Input
    from haechi.nft import Ruleset
    from haechi.report import Basis


def ruleset(objects: Sequence[Object], node: str) -> Ruleset:
    """The table of the node.

    Raises:
        CommandError: no object knows a node of this name.
    """
    check_node(objects, node)
    return NodeRuleset(Engine.of(state(objects)), node).ruleset()


def state(objects: Iterable[Object]) -> list[Namespace | Node | Pod | NetworkPolicy | TierPolicy]:
    """The objects that the rules of a node depend on."""
    return [one for one in objects if isinstance(one, Namespace | Node | Pod | NetworkPolicy | TierPolicy)]


def check_node(objects: Sequence[Object], node: str) -> None:
    """Raise `CommandError` unless some object knows a node of this name."""
    known = {one.name for one in objects if isinstance(one, Node)}
    known |= {one.spec.node_name for one in objects if isinstance(one, Pod)} - {""}
    if not known:
        hint = "set spec.nodeName of the Pods or add the Node, or use the output of kubectl get pods,nodes -A -o yaml"
        raise CommandError("no object of the input has a node", "--node", (hint,))
    if node not in known:
        raise unknown_name("--node", node, known, "a node of the input, nor the node of any pod")


def remarks(objects: Sequence[Object], node: str) -> Iterator[str]:
    """How many pods the ruleset covers, and which it cannot cover."""
    pods = [one for one in objects if isinstance(one, Pod)]
    policed = [pod for pod in pods if not pod.completed and not pod.spec.host_network]
    here = [pod for pod in policed if pod.spec.node_name == node]
    yield f"node {node}: {counted(len(here), 'pod')} of {len(policed)}"
    without = [pod for pod in policed if not pod.addresses]
    if without:
        yield f"{counted(len(without), 'pod')} without an address (status.podIPs): in no rule"
    homeless = [pod for pod in policed if not pod.spec.node_name]
    if homeless:
        yield f"{counted(len(homeless), 'pod')} without a node (spec.nodeName): peers only"
    ignored = len(pods) - len(policed)
    if ignored:
        yield f"{counted(ignored, 'pod')} completed or on the host's network: policies ignore them"
    if any(isinstance(one, TierPolicy) for one in objects):
        from haechi.analysis.cluster import domain_name_rules

        names = domain_name_rules(objects)
        if names:
            yield f"{counted(names, 'rule')} with domain names: not enforced, as they match no address"
    workloads = sum(isinstance(one, Workload) for one in objects)
    if workloads and not pods:
        yield f"{counted(workloads, 'workload')} without pods: only Pods with addresses are in rules"


def rests_on(found: Input, node: str) -> Basis:
    """What a document about a node of the input rests on; nothing is synthesized."""
    from haechi.analysis.cluster import Assumption, Cluster
    from haechi.report import basis

    always = (Assumption.OWN_NODE, Assumption.ITSELF, Assumption.IPBLOCK_PODS, Assumption.OTHER_PROTOCOLS)
    own = [one for one in Cluster.of(found.manifests).assumptions if one is not Assumption.SYNTHETIC]
    return basis(
        assumptions=[*always, *own], skipped=found.unused, notes=(*found.manifests.notes, *remarks(found.objects, node))
    )
