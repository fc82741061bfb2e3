"""What `haechi lab run` does once its input is sound: from objects to a result on standard output.

objects ──▶ LabCluster ──▶ ProbePlan ──▶ run_lab ──▶ LabRun ──▶ table, JSON or JUnit
                                --keep: written by the lab's own process, which then waits
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from haechi.analysis.cluster import Assumption, Cluster, Names
from haechi.cli.arguments import Verbosity
from haechi.cli.choice import choose
from haechi.cli.failure import CommandError, ExitCode
from haechi.cli.lab.budget import DEFAULT, parse_budget, size
from haechi.cli.lab.enter import Caller, wait
from haechi.cli.lab.ports import parse_ports
from haechi.cli.progress import ProgressLine
from haechi.cli.terminal import errors, output
from haechi.lab import (
    LabCluster,
    Network,
    ProbePlan,
    TooManyConnections,
    TopologyError,
    lab_cluster,
    ports_to_probe,
    run_lab,
)
from haechi.model import ExternalHost, ExternalHostSpec, Object, ObjectMeta, Problem
from haechi.netlink import NetlinkError
from haechi.netns import RAISE_OPEN_FILES, NetnsError
from haechi.report import Basis, LabRun, basis, lab_json, lab_junit, synthesized

if TYPE_CHECKING:
    from haechi.cli.input import Input
    from haechi.lab import ChosenConnections

_SHORT = 5.0
"""Seconds; the size of a run that takes less is not reported beforehand."""


@dataclass(frozen=True)
class LabOptions:
    """The options of `haechi lab run`, as given."""

    nodes: int
    families: tuple[int, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]
    output: Literal["text", "json", "junit"]
    keep: bool
    budget: str | None = None
    seed: int = 0
    namespaces: tuple[str, ...] = ()


def run_and_write(found: Input, options: LabOptions) -> int:
    """Run the lab and write the result.

    Raises:
        CommandError: there is nothing to try, or the lab cannot be built.
    """
    cluster = buildable(found.objects, options)
    plan = _plan(cluster, found.objects, options)
    caller = Caller.present()
    with progress_line(found) as progress:

        def show(network: Network, run: LabRun) -> None:
            progress.wipe()
            _write(run, options, found, cluster)
            wait(errors(), network, caller)

        at_end = show if options.keep else None
        run = finished(lambda: run_lab(cluster, plan, progress, at_end, lambda chosen: announce(chosen, found)))
    if not options.keep:
        _write(run, options, found, cluster)
    return ExitCode.GOOD if run.holds else ExitCode.FOUND


def progress_line(found: Input) -> ProgressLine:
    """The progress of the lab's process, also in logs unless `--quiet` is given."""
    return ProgressLine(errors(), in_child=True, logged=found.verbosity is not Verbosity.QUIET)


def announce(chosen: ChosenConnections, found: Input, remark: str = "") -> None:
    """Write how large the run is and how long it takes, unless it is short or `--quiet` is given."""
    if found.verbosity is not Verbosity.QUIET and chosen.seconds >= _SHORT:
        errors().line(size(chosen) + remark)


def buildable(objects: Iterable[Object], options: LabOptions) -> LabCluster:
    """The cluster of the lab.

    Raises:
        CommandError: it cannot be built, or has no pods.
    """
    try:
        cluster = lab_cluster(objects, nodes=options.nodes, families=options.families)
        cluster.topology()
    except TopologyError as error:
        raise CommandError(f"the lab cannot be built: {error}") from error
    if not cluster.pods:
        hint = "policies need pods to select: add Pods or workloads (Deployment, StatefulSet, …) to the input"
        raise CommandError("there is no pod in the input", hints=[hint])
    return cluster


def _plan(cluster: LabCluster, objects: Iterable[Object], options: LabOptions) -> ProbePlan:
    endpoints = cluster.endpoints
    names = Names.among(cluster.pods, objects)
    chosen = parse_ports(options.ports, cluster.pods)
    return ProbePlan(
        chosen or ports_to_probe(cluster.policies, cluster.pods),
        choose("--from", options.sources, endpoints, names, options.namespaces),
        choose("--to", options.destinations, endpoints, names, options.namespaces),
        parse_budget(options.budget or DEFAULT),
        options.seed,
    )


def finished(work: Callable[[], LabRun]) -> LabRun:
    """The result of a run.

    Raises:
        CommandError: the lab cannot be built, or there was nothing to try in it.
    """
    try:
        run = work()
    except TopologyError as error:
        raise CommandError(f"the lab cannot be built: {error}") from error
    except TooManyConnections as error:
        hint = "try fewer of them with --from, --to, --port or --ip-family, or a sample with --budget"
        raise CommandError(str(error), hints=[hint]) from error
    except NetnsError as error:
        first, *rest = str(error).split("\n")
        raise CommandError(first, hints=[line.strip() for line in rest]) from error
    except NetlinkError as error:
        raise CommandError(f"the kernel rejects the rules: {error}") from error
    except OSError as error:
        hints = [RAISE_OPEN_FILES] if error.errno in (errno.EMFILE, errno.ENFILE) else []
        raise CommandError(f"the lab cannot be built: {error.strerror or error}", hints=hints) from error
    if not run.results:
        hint = "a connection needs a pod at one end, another pod or a host at the other, and addresses of one IP family"
        raise CommandError("there is no connection to try", hints=[hint])
    return run


def lab_basis(found: Input, cluster: LabCluster, notes: Iterable[str], skipped: Iterable[Problem] = ()) -> Basis:
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
        notes=notes,
    )


def _write(run: LabRun, options: LabOptions, found: Input, cluster: LabCluster) -> None:
    terminal = output()
    if options.output == "text":
        from haechi.cli.lab.table import write_table

        write_table(terminal, run, chosen=bool(options.ports))
    elif options.output == "json":
        terminal.write(lab_json(run, found.location, lab_basis(found, cluster, run.notes)))
    else:
        terminal.write(lab_junit(run, lab_basis(found, cluster, run.notes)))
    terminal.stream.flush()
