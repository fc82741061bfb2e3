"""`haechi list`: every connection that policies allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths, Verbosity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from haechi.analysis.cluster import Assumption, Cluster
    from haechi.analysis.reach import Connection, Exposure, ExposureEntry, Listing
    from haechi.cli.input import Input
    from haechi.cli.progress import ProgressLine
    from haechi.cli.rows import Wording
    from haechi.model import AnyRuleRef, PodKey
    from haechi.sets import AddressSet, PortSet

Output = Literal["text", "json", "csv", "md", "dot", "mermaid"]
By = Literal["workload", "pod", "class"]
MAX_LINES = 10_000_000
"""Connections that a listing may have."""
MOST_PEERS = 20
"""Peers of an exposure with the same ports that are listed, without --verbose."""
_CHUNK = 4096  # pieces of text that are written together
_VERBS = {"Accept": "accepts", "Deny": "denies", "Pass": "passes"}


def list_connections(
    *paths: Paths,
    by: By = "workload",
    focus: Annotated[tuple[str, ...], Parameter(metavar="SEL", negative="", show_default=False)] = (),
    no_external: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    exposure: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    ipblock_matches_pods: Annotated[bool | None, Parameter(show_default=False)] = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """List the connections that policies allow.

    Args:
        *paths: Files, folders or - for standard input.
        by: What a line stands for: a workload, a pod, or all pods that behave alike.
        focus: Only connections of these.
        no_external: Without connections from and to outside addresses.
        exposure: Instead, which pods may connect, whether or not they exist yet, and what no policy protects.
        ipblock_matches_pods: Whether an ipBlock means pods with its addresses; on some networks it never does.
        output: Lines for people, JSON or CSV for programs, a Markdown table, or a graph.
        options: How input is read and validated.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.reach import Listing
    from haechi.cli import terminal
    from haechi.cli.configuration import Configuration
    from haechi.cli.failure import CommandError, ExitCode
    from haechi.cli.input import answered, listing_assumptions, read_on, write_remarks, write_warning
    from haechi.cli.progress import ProgressLine
    from haechi.cli.rows import FEW, Wording

    if exposure and output not in ("text", "json"):
        raise CommandError("exposure is written as text or json", "--output")
    matches_pods = Configuration.find(ipblock_matches_pods=ipblock_matches_pods).ipblock_matches_pods
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        narrowed_to = () if focus else options.namespaces
        found = read_on(paths, options.for_reading(paths), progress, narrowed_to=narrowed_to)
        progress("understanding policies")
        cluster = Cluster.of(found.manifests, ipblock_matches_pods=matches_pods)
        pods, addresses = _focused(cluster, focus, options.namespaces)
        assumptions = listing_assumptions(cluster)
        progress("listing connections")
        listing = Listing.of(cluster, by)
        if not exposure:
            _check_size(listing, pods)
        names = [group.name for group in listing.groups]
        wording = Wording(names, by, None if found.verbosity is Verbosity.VERBOSE else FEW)
        width = terminal.output().of_tables.width
        if exposure:
            namespaces = None if focus else options.namespaces
            _write(_exposure(found, cluster, listing, pods, namespaces, assumptions, output, wording, width), progress)
        else:
            lines = listing.connections(
                external=not no_external,
                focus=None if pods is None else lambda group: not pods.isdisjoint(group.pods),
                address=addresses,
            )
            _write(_rendered(found, cluster, listing, lines, pods, by, assumptions, output, wording, width), progress)
    write_remarks(terminal.errors(), found.verbosity, cluster.notes, assumptions)
    if not cluster.pods:
        write_warning(
            "there are no pods in the input" + ("" if exposure else ", see --exposure for what policies allow")
        )
    return answered(ExitCode.GOOD, found)


def _check_size(listing: Listing, pods: frozenset[PodKey] | None) -> None:
    """Refuse a listing that nobody can use, before it takes minutes."""
    from haechi.cli.failure import CommandError

    chosen = sum(pods is None or not pods.isdisjoint(group.pods) for group in listing.groups)
    lines = chosen * len(listing.groups)
    if lines > MAX_LINES:
        hints = ["--by class lists pods that policies treat alike as one", "--focus SEL lists the connections of some"]
        raise CommandError(
            f"{len(listing.groups)} names could make {lines} lines, more than {MAX_LINES}", "--by", hints
        )


def _rendered(
    found: Input,
    cluster: Cluster,
    listing: Listing,
    lines: Iterable[Connection],
    pods: frozenset[PodKey] | None,
    by: str,
    assumptions: Iterable[Assumption],
    output: str,
    wording: Wording,
    width: int | None,
) -> Iterator[str]:
    from haechi import report
    from haechi.analysis.reach import port_names

    if output == "text":
        yield from _text(cluster, listing, lines, pods, wording, width)
        return
    if output == "csv":
        yield from report.connections_csv(lines)
        return
    basis = found.basis(cluster, assumptions=assumptions)
    if output == "json":
        groups = {group.name: group.parts for group in listing.groups} if by == "class" else None
        yield from report.connections_json(lines, basis, groups)
    elif output == "md":
        yield from report.connections_markdown(lines, basis, port_names(cluster, listing.groups))
    else:
        yield from (report.connections_dot if output == "dot" else report.connections_mermaid)(lines, basis)


def _text(
    cluster: Cluster,
    listing: Listing,
    lines: Iterable[Connection],
    pods: frozenset[PodKey] | None,
    wording: Wording,
    width: int | None,
) -> Iterator[str]:
    """`sources -> destinations: ports`, with the names that the receiver gives to ports; then the Services of pods."""
    from haechi.analysis.cluster import NO_NAMES, ports_text
    from haechi.analysis.reach import backings, port_names
    from haechi.cli.rows import Line, grouped
    from haechi.cli.terminal import folded

    names = port_names(cluster, listing.groups)
    texts: dict[
        tuple[str, int], str
    ] = {}  # by the identity of ports: equal ones are few objects, which `listing` keeps

    def text(destination: str, ports: PortSet) -> str:
        key = (destination, id(ports))
        if key not in texts:
            texts[key] = ports_text(ports, names.get(destination, NO_NAMES))
        return texts[key]

    for row in grouped(Line(source, destination, text(destination, ports)) for source, destination, ports in lines):
        yield folded(wording.row(row), width)
    chosen = {group.name for group in listing.groups if pods is None or not pods.isdisjoint(group.pods)}
    for backing in backings(cluster, listing.groups):
        if chosen.isdisjoint(backing.groups):
            continue
        behind = wording.names(backing.groups)
        yield folded(f"service {backing.service} {backing.port}: port {backing.target} of {behind}", width)


def _exposure(
    found: Input,
    cluster: Cluster,
    listing: Listing,
    pods: frozenset[PodKey] | None,
    namespaces: tuple[str, ...] | None,
    assumptions: Iterable[Assumption],
    output: str,
    wording: Wording,
    width: int | None,
) -> Iterator[str]:
    """Those of `pods`, and of pods of `namespaces` that policies select although there are none (not if it is None)."""
    from haechi.analysis.reach import exposures, potential_exposures
    from haechi.report import exposures_json

    chosen = [group for group in listing.groups if pods is None or not pods.isdisjoint(group.pods)]
    exposed = exposures(cluster, chosen, listing.reach.classes)
    if namespaces is not None:
        exposed += tuple(potential_exposures(cluster, namespaces))
    if output == "json":
        yield exposures_json(exposed, found.basis(cluster, assumptions=assumptions))
    else:
        yield from _exposure_text(exposed, wording, width)


def _placed(ref: AnyRuleRef) -> str:
    return f"{ref.policy} {ref.path}" + (f" at {ref.location}" if ref.location else "")


def _exposure_text(found: Iterable[Exposure], wording: Wording, width: int | None) -> Iterator[str]:
    """A line for the groups that are alike in a direction, and one for each kind of peers that they are open to."""
    from haechi.cli.terminal import folded

    alike: dict[tuple[str, tuple[ExposureEntry, ...]], list[Exposure]] = {}
    for one in found:
        has_tiers = any(each.tier is not None for each in one.entries)
        if not one.isolated:
            words = f"{one.direction}: not isolated, open to everyone" + (" whom no tier denies" if has_tiers else "")
        elif one.allows_everything:
            words = f"{one.direction}: isolated, but everything is allowed"
        else:
            words = f"{one.direction}: isolated, {'open only' if one.entries else 'nothing is allowed'}"
        judged = tuple(each for each in one.entries if one.isolated or each.tier is not None)
        if has_tiers and one.isolated:
            words += "; tier Admin decides first"
        alike.setdefault((words, judged), []).append(one)
    for (words, judged), members in alike.items():
        yield folded(f"{wording.names([one.group for one in members])} {words}", width)
        yield from (folded(line, width, "  ") for line in _entries(members[0], judged, wording))


def _entries(one: Exposure, entries: Iterable[ExposureEntry], wording: Wording) -> Iterator[str]:
    """A line for each entry; of many in a row that differ in the peer only, the first and how many more."""
    from itertools import groupby

    from haechi.analysis.cluster import ports_text

    for (_, _, name, ports), run in groupby(entries, lambda each: (each.tier, each.action, each.name, each.ports)):
        listed = list(run)
        shown = len(listed) if wording.most is None or len(listed) <= MOST_PEERS + 1 else MOST_PEERS
        yield from (_entry(one, each, wording) for each in listed[:shown])
        if shown < len(listed):
            yield f"and {len(listed) - shown} more: {name or ports_text(ports)} (-v lists them)"


def _entry(one: Exposure, entry: ExposureEntry, wording: Wording) -> str:
    from haechi.analysis.cluster import ports_text
    from haechi.cli.wording import first_names
    from haechi.model import Direction

    way = "to" if one.direction is Direction.EGRESS else "from"
    places = first_names([_placed(ref) for ref in entry.rules], wording.most)
    verb = "" if entry.tier is None else f"{entry.tier} {_VERBS[entry.action]} "
    return f"{verb}{way} {entry.peer}: {entry.name or ports_text(entry.ports)} ({places})"


def _write(pieces: Iterator[str], progress: ProgressLine) -> None:
    """Write piece by piece; the progress line stays only where it is not on the same screen."""
    from itertools import islice

    from haechi.cli import terminal

    out = terminal.output()
    while chunk := "".join(islice(pieces, _CHUNK)):
        if out.interactive:
            progress.wipe()
        out.write(chunk)


def _focused(
    cluster: Cluster, texts: Iterable[str], namespaces: tuple[str, ...]
) -> tuple[frozenset[PodKey] | None, AddressSet | None]:
    """The pods, and the outside addresses, that the texts mean, or all pods of some namespaces; None without either."""
    from haechi.analysis.cluster import Names
    from haechi.cli.choice import choose_pods
    from haechi.sets import AddressError, AddressSet

    listed = list(texts)
    if not listed:
        chosen = frozenset(key for key in cluster.pods if key.namespace in namespaces)
        return (chosen, AddressSet.NONE) if namespaces else (None, None)
    names = Names.of(cluster)
    pods: set[PodKey] = set()
    addresses: list[AddressSet] = []
    for text in listed:
        try:
            region = AddressSet.parse(text)
        except AddressError:
            pods |= choose_pods("--focus", text, names, namespaces)
        else:
            within = {
                one.key: one.addresses for one in cluster.engine.endpoints if region & AddressSet.of(*one.addresses)
            }
            pods |= within.keys()
            addresses.append(region - AddressSet.of(*(point for points in within.values() for point in points)))
    return frozenset(pods), AddressSet.union_all(addresses)
