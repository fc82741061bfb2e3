"""`haechi verify`: the table of a node, read back from its kernel or from a file, against the policies.

Pods count as they are given, with their node and their addresses, as for `haechi compile`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths

if TYPE_CHECKING:
    from haechi.cli.input import Input
    from haechi.cli.terminal import Terminal
    from haechi.model import AnyPolicyKey
    from haechi.nft import Ruleset
    from haechi.verify import Counterexample, Proof

Output = Literal["text", "json"]


def verify(
    *paths: Paths,
    node: Annotated[str, Parameter(metavar="NAME")],
    netns: Annotated[str | None, Parameter(metavar="NAME|PID")] = None,
    ruleset: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Prove a node's table.

    Args:
        *paths: Files, folders or - for standard input.
        node: The node: one of the input, or one that a pod of the input runs on.
        netns: Whose kernel: a network namespace by name or process number; this host's if absent.
        ruleset: A saved ruleset in nft syntax, instead of a kernel.
        output: Sentences, or JSON for programs.
        options: How input is read and validated.
    """
    import time

    from haechi.cli import terminal
    from haechi.cli.failure import ExitCode
    from haechi.cli.input import read_sound
    from haechi.cli.rulesets import check_node, remarks, rests_on, state
    from haechi.verify import prove

    found = read_sound(paths, options, node=True)
    check_node(found.objects, node)
    for remark in remarks(found.objects, node):
        terminal.errors().line(remark)
    table = _from_kernel(netns) if ruleset is None else _from_file(ruleset, netns)
    begun = time.monotonic()
    proof = prove(table, state(found.objects), node)
    seconds = time.monotonic() - begun
    if output == "json":
        from haechi.report import proof_report_json

        terminal.output().write(proof_report_json(proof, found.location, seconds, rests_on(found, node)))
    else:
        _write_text(terminal.output(), proof, seconds, found)
    return ExitCode.GOOD if proof.holds else ExitCode.FOUND


def _from_kernel(netns: str | None) -> Ruleset:
    """Haechi's table of this host's kernel, or of a namespace's."""
    from contextlib import nullcontext

    from haechi.cli.failure import CommandError
    from haechi.dataplane import TABLE
    from haechi.netlink import NetlinkError, Nftables, NftError
    from haechi.netns import NetnsError, NetworkNamespace

    where = "this host" if netns is None else f"namespace {netns}"
    try:
        with NetworkNamespace.find(netns) if netns is not None else nullcontext(), Nftables() as nftables:
            table = nftables.ruleset(TABLE.name)
    except NetnsError as error:
        raise CommandError(str(error), "--netns") from error
    except NftError as error:
        hints = ("reading nf_tables needs root (CAP_NET_ADMIN) in that namespace",) if error.is_not_permitted else ()
        raise CommandError(f"the kernel of {where} cannot be read: {error}", hints=hints) from error
    except (NetlinkError, OSError) as error:
        raise CommandError(f"the kernel of {where} cannot be read: {error}") from error
    if table is None:
        raise CommandError(f"{where} has no table inet {TABLE.name}", hints=("Haechi enforces nothing there",))
    return table


def _from_file(path: Path, netns: str | None) -> Ruleset:
    """Haechi's table of a saved ruleset."""
    from haechi.cli.failure import CommandError
    from haechi.dataplane import TABLE
    from haechi.nft import ParseError, parse

    if netns is not None:
        raise CommandError("the ruleset comes from a file: there is no namespace to look into", "--netns")
    try:
        return parse(path.read_bytes(), table=TABLE.name)
    except ParseError as error:
        raise CommandError(f"{path}:{error.line}:{error.column}: {error.reason}", "--ruleset") from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", "--ruleset") from error


def _write_text(screen: Terminal, proof: Proof, seconds: float, found: Input) -> None:
    from haechi.cli.lab.table import proved
    from haechi.cli.terminal import Style

    for sentence in proved(proof):
        screen.paragraph(sentence, Style.GREEN if proof.holds else Style.RED)
    for place in sorted({place for one in proof.counterexamples for place in _places(one, found)}):
        screen.paragraph(f"see {place}")
    screen.paragraph(f"{seconds:.1f} seconds")


def _places(counterexample: Counterexample, found: Input) -> Iterable[str]:
    """Where the rules that decide about the packet, or else the policies about an end, were read."""
    for decision in counterexample.decisions:
        deciding = decision.rules if decision.tier_rule is None else (decision.tier_rule,)
        rules: list[tuple[AnyPolicyKey, str]] = [(rule.policy, rule.path) for rule in deciding]
        for policy, path in rules or [(policy, _subject(policy)) for policy in decision.policies]:
            location = found.location(policy, path)
            if location is not None:
                yield f"{location}: {policy} {path}"


def _subject(policy: AnyPolicyKey) -> str:
    from haechi.model import PolicyKey

    return "spec.podSelector" if isinstance(policy, PolicyKey) else "spec.subject"
