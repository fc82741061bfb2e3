"""What `haechi lab run` does once its input is sound: from objects to an answer on standard output.

objects ──▶ LabCluster ──▶ ProbePlan ──▶ lab.run ──▶ LabRun ──▶ table, JSON or JUnit
                                --keep: inside the lab's own process, which then waits
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from haechi.analysis.cluster import Assumption, Cluster
from haechi.cli.choice import choose
from haechi.cli.failure import CommandError, ExitCode
from haechi.cli.lab.enter import Caller, wait
from haechi.cli.lab.ports import parse_ports
from haechi.cli.progress import ProgressLine
from haechi.cli.terminal import errors, output
from haechi.lab import LabCluster, Network, ProbePlan, TopologyError, lab_cluster, ports_to_probe, run_lab
from haechi.model import ExternalHost, ExternalHostSpec, Object, ObjectMeta, Problem
from haechi.netlink import NetlinkError
from haechi.netns import NetnsError
from haechi.report import Basis, LabRun, basis, lab_json, lab_junit, synthesized

if TYPE_CHECKING:
    from haechi.cli.input import Input


@dataclass(frozen=True)
class Request:
    """The options of `haechi lab run`, as given."""

    nodes: int
    families: tuple[int, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]
    output: Literal["table", "json", "junit"]
    keep: bool


def hold(found: Input, request: Request) -> int:
    """Run the lab and tell the outcome.

    Raises:
        CommandError: there is nothing to try, or the lab cannot be built here.
    """
    cluster = built(found.objects, request)
    questions = _questions(cluster, request)
    caller = Caller.present()
    with ProgressLine(errors(), in_child=True) as progress:

        def show(network: Network, report: LabRun) -> None:
            progress.wipe()
            _write(report, request, found, cluster)
            wait(errors(), network, caller)

        report = tried(lambda: run_lab(cluster, questions, progress, show if request.keep else None))
    if not request.keep:
        _write(report, request, found, cluster)
    return ExitCode.GOOD if report.holds else ExitCode.FOUND


def built(objects: Iterable[Object], request: Request) -> LabCluster:
    """The cluster that a lab can be made of.

    Raises:
        CommandError: it cannot be built, or nobody is in it.
    """
    try:
        cluster = lab_cluster(objects, nodes=request.nodes, families=request.families)
        cluster.topology()
    except TopologyError as error:
        raise CommandError(f"the lab cannot be built: {error}") from error
    if not cluster.pods:
        hint = "policies alone have nobody to act on: add Pods or workloads (Deployment, StatefulSet, …) to the input"
        raise CommandError("there is no pod in the input", hints=[hint])
    return cluster


def _questions(cluster: LabCluster, request: Request) -> ProbePlan:
    endpoints = {pod.key: pod.addresses for pod in cluster.pods} | cluster.hosts
    chosen = parse_ports(request.ports, cluster.pods)
    return ProbePlan(
        chosen or ports_to_probe(cluster.policies, cluster.pods),
        choose("--from", request.sources, endpoints, cluster.pods),
        choose("--to", request.destinations, endpoints, cluster.pods),
    )


def tried(work: Callable[[], LabRun]) -> LabRun:
    """What became of a run.

    Raises:
        CommandError: the machine refuses the lab, or nothing was tried in it.
    """
    try:
        report = work()
    except TopologyError as error:
        raise CommandError(f"the lab cannot be built: {error}") from error
    except NetnsError as error:
        first, *rest = str(error).split("\n")
        raise CommandError(first, hints=[line.strip() for line in rest]) from error
    except NetlinkError as error:
        raise CommandError(f"the kernel refuses the rules: {error}") from error
    except OSError as error:
        raise CommandError(f"the machine refuses the lab: {error.strerror or error}") from error
    if not report.results:
        hint = "pods do not try themselves, nor hosts each other, and both ends need addresses of one IP family"
        raise CommandError("there is no connection to try", hints=[hint])
    return report


def lab_basis(found: Input, cluster: LabCluster, skipped: Iterable[Problem] = ()) -> Basis:
    """What a document about a lab of the input rests on; `skipped` are documents that were skipped elsewhere."""
    given = Cluster.of(found.manifests)
    hosts = [
        ExternalHost(metadata=ObjectMeta(name=name.removeprefix("host/")), spec=ExternalHostSpec(addresses=addresses))
        for name, addresses in cluster.hosts.items()
    ]
    return basis(
        assumptions=(Assumption.OWN_NODE, Assumption.IPBLOCK_PODS, *given.assumptions),
        skipped=(*skipped, *found.unused),
        unreadable=found.errors,
        synthesized=synthesized((*cluster.nodes, *cluster.pods, *hosts), found.objects),
        notes=cluster.notes,
    )


def _write(report: LabRun, request: Request, found: Input, cluster: LabCluster) -> None:
    terminal = output()
    if request.output == "table":
        from haechi.cli.lab.table import write_table

        write_table(terminal, report, chosen=bool(request.ports))
    elif request.output == "json":
        terminal.write(lab_json(report, found.location, lab_basis(found, cluster)))
    else:
        terminal.write(lab_junit(report))
    terminal.stream.flush()
