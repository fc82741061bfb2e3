"""`haechi verify`: the table of a node, read back from its kernel or from a file, against the policies.

Pods count as they are given, with their node and their addresses, as for `haechi compile`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter

from haechi.cli.arguments import Gates, Paths, Version

if TYPE_CHECKING:
    from haechi.cli.terminal import Terminal
    from haechi.model import Manifests
    from haechi.nft import Ruleset
    from haechi.verify import Difference, Proof

Output = Literal["text", "json"]
VERSION: Final = 1


def verify(
    *paths: Paths,
    node: Annotated[str, Parameter(metavar="NAME")],
    netns: Annotated[str | None, Parameter(metavar="NAME|PID")] = None,
    ruleset: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    kubernetes_version: Version = None,
    feature_gates: Gates = (),
) -> int:
    """Prove a node's table.

    Args:
        *paths: Files, folders or - for standard input.
        node: The node: one that is given, or that pods say they run on.
        netns: Whose kernel: a network namespace by name or process number; this host's if absent.
        ruleset: A saved ruleset in nft syntax, instead of a kernel.
        output: Sentences, or JSON for programs.
        kubernetes_version: By whose rules the input is judged, such as 1.33; the newest known if absent.
        feature_gates: Feature gates of that API server: SCTPSupport=false, StrictIPCIDRValidation=true.
    """
    import time

    from haechi.cli import terminal
    from haechi.cli.failure import ExitCode
    from haechi.cli.input import Rules, read_sound
    from haechi.cli.rulesets import check_node, remarks
    from haechi.model import Namespace, NetworkPolicy, Node, Pod
    from haechi.verify import prove

    found = read_sound(paths, Rules.parse(kubernetes_version, feature_gates))
    check_node(found.objects, node)
    for remark in remarks(found.objects, node):
        terminal.errors().line(remark)
    table = _from_kernel(netns) if ruleset is None else _from_file(ruleset, netns)
    begun = time.monotonic()
    state = [one for one in found.objects if isinstance(one, Namespace | Node | Pod | NetworkPolicy)]
    proof = prove(table, state, node)
    seconds = time.monotonic() - begun
    if output == "json":
        terminal.output().write(_json(proof, seconds))
    else:
        _tell(terminal.output(), proof, seconds, found.manifests)
    return ExitCode.GOOD if proof.holds else ExitCode.FOUND


def _from_kernel(netns: str | None) -> Ruleset:
    """Haechi's table of this host's kernel, or of a namespace's."""
    from contextlib import nullcontext

    from haechi.cli.failure import Unusable
    from haechi.dataplane import TABLE
    from haechi.netlink import NetlinkError, Nftables, NftError
    from haechi.netns import NetnsError, NetworkNamespace

    where = "this host" if netns is None else f"namespace {netns}"
    try:
        with NetworkNamespace.find(netns) if netns is not None else nullcontext(), Nftables() as nftables:
            table = nftables.ruleset(TABLE.name)
    except NetnsError as error:
        raise Unusable(str(error), "--netns") from error
    except NftError as error:
        hints = ("reading nf_tables needs root (CAP_NET_ADMIN) in that namespace",) if error.is_not_permitted else ()
        raise Unusable(f"the kernel of {where} cannot be read: {error}", hints=hints) from error
    except (NetlinkError, OSError) as error:
        raise Unusable(f"the kernel of {where} cannot be read: {error}") from error
    if table is None:
        raise Unusable(f"{where} has no table inet {TABLE.name}", hints=("Haechi enforces nothing there",))
    return table


def _from_file(path: Path, netns: str | None) -> Ruleset:
    """Haechi's table of a saved ruleset."""
    from haechi.cli.failure import Unusable
    from haechi.dataplane import TABLE
    from haechi.nft import ParseError, parse

    if netns is not None:
        raise Unusable("the ruleset comes from a file: there is no namespace to look into", "--netns")
    try:
        return parse(path.read_bytes(), table=TABLE.name)
    except ParseError as error:
        raise Unusable(f"{path}:{error.line}:{error.column}: {error.reason}", "--ruleset") from error
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}", "--ruleset") from error


def _tell(screen: Terminal, proof: Proof, seconds: float, manifests: Manifests) -> None:
    from haechi.cli.lab.table import proved
    from haechi.cli.terminal import Style

    for sentence in proved(proof):
        screen.paragraph(sentence, Style.GREEN if proof.holds else Style.RED)
    for place in sorted({place for difference in proof.differences for place in _places(difference, manifests)}):
        screen.paragraph(f"see {place}")
    screen.paragraph(f"{seconds:.1f} seconds")


def _places(difference: Difference, manifests: Manifests) -> Iterable[str]:
    """Where in the manifests the rules and policies of a difference stand."""
    from haechi.model import NetworkPolicy

    loaded = {one.object.key: one for one in manifests.loaded(NetworkPolicy)}
    for opinion in difference.opinions:
        for policy, path in opinion.rules or [(policy, "spec.podSelector") for policy in opinion.policies]:
            if policy in loaded:
                yield f"{loaded[policy].location(path)}: {policy} {path}"


def _json(proof: Proof, seconds: float) -> str:
    """Version 1 of the schema in docs/cli.md."""
    import msgspec

    document = {
        "version": VERSION,
        "node": proof.node,
        "holds": proof.holds,
        "pods": proof.pods,
        "addresses": proof.addresses,
        "boxes": proof.boxes,
        "differences": [_difference(each) for each in proof.differences],
        "findings": [
            {"kind": each.kind, "reason": each.reason, "place": str(each.place) if each.place else None}
            for each in proof.findings
        ],
        "seconds": round(seconds, 3),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _difference(each: Difference) -> dict[str, object]:
    return {
        "client": str(each.client),
        "client_address": each.client.address,
        "server": str(each.server),
        "server_address": each.server.address,
        "protocol": each.protocol,
        "port": each.port,
        "context": each.context,
        "kernel": "accepts" if each.accepted else "drops",
        "rule": str(each.place),
        "policies": [str(opinion) for opinion in each.opinions],
    }
