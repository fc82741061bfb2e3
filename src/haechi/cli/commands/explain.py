"""`haechi explain`: a policy or a pod in words, English or Korean, or as kubectl describes it.

A first argument `policy/NAME` or `pod/NAME` chooses what is explained, unless a file or folder has that name; without
one all policies are. Names count in `--namespace`, else in every namespace; `policy/NAMESPACE/NAME` is one of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import Gates, Paths, Strict, Version

Output = Literal["text", "describe", "json"]
Lang = Literal["en", "ko"]


def explain(
    *paths: Annotated[Paths, Parameter(help="Files, folders or -; before them policy/NAME or pod/NAME.")],
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    lang: Annotated[Lang | None, Parameter(show_default=False)] = None,
    namespace: Annotated[str | None, Parameter(name=("--namespace", "-n"), metavar="NAME", show_default=False)] = None,
    strict: Strict = False,
    kubernetes_version: Version = None,
    feature_gates: Gates = (),
) -> int:
    """Explain policies or pods.

    Args:
        *paths: Files, folders or - for standard input; before them policy/NAME or pod/NAME.
        output: Sentences, what kubectl describe netpol prints, or JSON for programs.
        lang: English or Korean; that of LC_ALL, LC_MESSAGES or LANG if absent.
        namespace: Only what is in this namespace.
        strict: Refuse input with an error in it, or with a document that would be skipped.
        kubernetes_version: By whose rules the input is judged, such as 1.33; the newest known if absent.
        feature_gates: Feature gates of that API server: SCTPSupport=false, StrictIPCIDRValidation=true.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.explain import Language
    from haechi.cli import terminal
    from haechi.cli.explanation_text import as_json, chosen, explained, stored, write_described, write_text
    from haechi.cli.failure import ExitCode
    from haechi.cli.input import Rules, answered, read_on
    from haechi.cli.waiting import Waiting

    target, files = _split(paths)
    with Waiting(terminal.errors()) as told:
        found = read_on(files, Rules.parse(kubernetes_version, feature_gates), strict, told)
        told("understanding policies")
        cluster = Cluster.of(found.manifests)
        choice = chosen(cluster, found.objects, target, namespace)
        if output == "describe":
            choice = stored(choice, found.broken)
        explanations = None if output == "describe" else explained(cluster, choice, told)
    remarks = terminal.errors()
    for note in cluster.notes:
        remarks.line(note, terminal.Style.DIM)
    language = Language(lang or spoken(os.environ))
    if explanations is None:
        write_described(terminal.output(), cluster, choice)
    elif output == "json":
        terminal.output().write(as_json(explanations, language))
    else:
        write_text(terminal.output(), explanations, language)
    return answered(ExitCode.GOOD, found)


def spoken(environment: os._Environ[str] | dict[str, str]) -> Lang:
    """The language of the environment, by the order of POSIX (XBD 8.2): the first of these that is set."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    value = next((environment[name] for name in names if environment.get(name)), "")
    return "ko" if value.startswith("ko") else "en"


def _split(paths: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The thing to explain, if the first argument is one, and the files."""
    from haechi.cli.explanation_text import is_target
    from haechi.cli.failure import Unusable

    first, *rest = paths
    if not is_target(first) or os.path.lexists(first):
        return None, tuple(paths)
    if not rest:
        raise Unusable(f"{first!r} needs a PATH to look in", "PATH", (f"as in: haechi explain {first} manifests/",))
    return first, tuple(rest)
