"""`haechi can`: may one reach another, and why.

The answer is 0 if it may, 1 if it may not, 2 if the question or the input cannot be used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import QUESTION_OPTIONS, PathText, QuestionOptions
from haechi.sets import PROTOCOL_NAMES

if TYPE_CHECKING:
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.why import Answer, Change, PacketAnswer, ResolvedService, SideAnswer
    from haechi.cli.input import Input
    from haechi.cli.terminal import Terminal
    from haechi.model import RuleRef
    from haechi.report import Basis

Output = Literal["text", "json"]
Changes = dict["PacketAnswer", tuple[tuple["Change", ...], ...]]
_PORT = re.compile(r"[0-9]+(/[A-Za-z]+)?|[a-z0-9-]{1,15}(/[A-Za-z]+)?|ICMP(v6)?")

_ARGUMENTS = {"source": "SRC", "destination": "DST"}


def can(
    src: Annotated[str, Parameter(name="SRC", allow_leading_hyphen=False)],
    dst: Annotated[str, Parameter(name="DST", allow_leading_hyphen=False)],
    /,
    *paths: Annotated[
        PathText,
        Parameter(name="[PORT] PATH", allow_leading_hyphen=False, help="A port, then the input."),
    ],
    what_if: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: QuestionOptions = QUESTION_OPTIONS,
) -> int:
    """Answer whether a connection is allowed.

    Args:
        src: The source.
        dst: The destination.
        *paths: A port, then files, folders or - for standard input.
        what_if: Also propose the smallest changes that would reverse the answer.
        output: Sentences for people or JSON for programs.
        options: How input is read and validated.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.why import can as ask
    from haechi.analysis.why import smallest_changes
    from haechi.cli import terminal
    from haechi.cli.failure import ExitCode, named_by
    from haechi.cli.input import answered, read_on, write_remarks
    from haechi.cli.progress import ProgressLine

    port, inputs = _split(paths, options)
    with ProgressLine(terminal.errors()) as progress:
        found = read_on(inputs, options, progress)
        progress("understanding policies")
        cluster = Cluster.of(found.manifests)
        progress("judging")
        with named_by(_ARGUMENTS):
            answer = ask(cluster, src, dst, port)
        progress("trying changes")
        changes_by_packet = {one: smallest_changes(cluster, one) for one in _shown(answer)} if what_if else {}
    if output == "json":
        from haechi.report import answer_json

        terminal.output().write(answer_json(answer, _basis(found, cluster, answer), changes_by_packet))
    else:
        _text(terminal.output(), answer, changes_by_packet if what_if else None)
        write_remarks(terminal.output(), found.verbosity, cluster.notes, answer.assumptions)
    return answered(ExitCode.GOOD if answer.allowed else ExitCode.FOUND, found)


def _split(paths: tuple[str, ...], options: QuestionOptions) -> tuple[str | None, tuple[str, ...]]:
    """The port, if the first word is one and no file, and the paths."""
    first, rest = (*paths[:1], "")[0], paths[1:]
    if (
        (rest or options.is_live(rest))
        and _PORT.fullmatch(first)
        and (first.split("/")[0].isdigit() or not Path(first).exists())
    ):
        return first, rest
    return None, paths


def _shown(answer: Answer) -> list[PacketAnswer]:
    """Of packets that differ in nothing but their addresses, one."""
    return list(
        {
            (one.source, one.destination, one.packet.protocol, one.packet.port, one.egress, one.ingress): one
            for pair in answer.pairs
            for one in reversed(pair)
        }.values()
    )


# -- text --------------------------------------------------------------------------------------------------------------


def _text(out: Terminal, answer: Answer, changes_by_packet: Changes | None) -> None:
    from haechi.cli.terminal import Style

    packets = _shown(answer)
    word, style = ("allowed", Style.GREEN) if answer.allowed else ("denied", Style.RED)
    out.line(word, style)
    if answer.service is not None:
        _service(out, answer.service)
    if not packets:
        out.line(f"{answer.source} and {answer.destination} have no address of the same family")
    for one in packets:
        _packet(out, one)
        for changes in (changes_by_packet or {}).get(one, ()):
            out.line(f"  would be {'denied' if one.allowed else 'allowed'}: {'; '.join(map(str, changes))}")
        if changes_by_packet is not None and not changes_by_packet.get(one):
            out.line(f"  no small change would make it {'denied' if one.allowed else 'allowed'}")


def _service(out: Terminal, service: ResolvedService) -> None:
    """`svc/shop/db:5432 → pods shop/db-0 TCP 5432 and shop/db-1 TCP 5432`."""
    from haechi.cli.wording import first_names

    backends = first_names(list(map(str, service.backends)))
    out.line(f"{service} → {'pod' if len(service.backends) == 1 else 'pods'} {backends}")
    for note in service.notes:
        out.line(f"  {note}")


def _packet(out: Terminal, one: PacketAnswer) -> None:
    from haechi.sets import protocol_text

    port = f" {one.packet.port}" if one.packet.protocol in PROTOCOL_NAMES else ""
    ends = [
        f"{name} ({address})" if name else str(address)
        for name, address in ((one.source, one.packet.source), (one.destination, one.packet.destination))
    ]
    on = f"{protocol_text(one.packet.protocol)}{port}"
    out.line(f"{ends[0]} -> {ends[1]} on {on}: {'allowed' if one.allowed else 'denied'}")
    for side, address in ((one.egress, one.packet.source), (one.ingress, one.packet.destination)):
        _side(out, side, str(side.subject or address))


def _side(out: Terminal, side: SideAnswer, who: str) -> None:
    direction = side.direction.lower()
    verdict = "allowed" if side.allowed else "denied"
    if not side.isolating:
        reason = "no policy applies" if side.allowed else "several pods claim an address"
        out.line(f"  {direction} of {who}: {verdict}, {reason}")
        return
    out.line(f"  {direction} of {who}: {verdict}")
    for policy, location in side.isolating:
        out.line(f"    isolated by {policy}{_at(location)}")
    for rule in side.allowing:
        out.line(f"    allowed by {_ref(rule.rule)}")
        for part in (*rule.peers, *rule.ports):
            out.line(f"      through {part.path}{_at(part.location)}")
    if side.nearest is not None:
        mismatches = "; ".join(mismatch.words for mismatch in side.nearest.mismatches)
        out.line(f"    nearest is {_ref(side.nearest.rule)}: {mismatches}")
        if (peer := side.nearest.nearest_peer) is not None:
            out.line(f"      nearest peer is {peer.path}{_at(peer.location)}")
    elif not side.allowed:
        out.line("    none of them has a rule for this direction")


def _at(location: object) -> str:
    return "" if location is None else f" at {location}"


def _ref(rule: RuleRef) -> str:
    return f"{rule.policy} {rule.path}{_at(rule.location)}"


# -- JSON --------------------------------------------------------------------------------------------------------------


def _basis(found: Input, cluster: Cluster, answer: Answer) -> Basis:
    """What the answer rests on; only the pods that it is about count as synthesized."""
    from haechi.report import basis, synthesized

    pods = dict.fromkeys(key for pair in answer.pairs for one in pair for key in (one.source, one.destination))
    return basis(
        assumptions=answer.assumptions,
        skipped=found.unused,
        unreadable=found.errors,
        synthesized=synthesized([cluster.pods[key] for key in pods if key is not None], cluster.given),
        notes=cluster.notes,
    )
