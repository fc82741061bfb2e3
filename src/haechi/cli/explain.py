"""`haechi explain`: a policy or a pod in words, English or Korean, or as kubectl describes it.

A first argument `policy/NAME` or `pod/NAME` chooses what is explained, unless a file or folder has that name; without
one all policies are. Names count in `--namespace`, else in every namespace; `policy/NAMESPACE/NAME` is one of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import Gates, Paths, Version

Output = Literal["text", "describe", "json"]
Lang = Literal["en", "ko"]


def explain(
    *paths: Annotated[Paths, Parameter(help="Files, folders or -; before them policy/NAME or pod/NAME.")],
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    lang: Annotated[Lang | None, Parameter(show_default=False)] = None,
    namespace: Annotated[str | None, Parameter(name=("--namespace", "-n"), metavar="NAME", show_default=False)] = None,
    kubernetes_version: Version = None,
    feature_gates: Gates = (),
) -> int:
    """Explain policies or pods.

    Args:
        *paths: Files, folders or - for standard input; before them policy/NAME or pod/NAME.
        output: Sentences, what kubectl describe netpol prints, or JSON for programs.
        lang: English or Korean; that of LC_ALL, LC_MESSAGES or LANG if absent.
        namespace: Only what is in this namespace.
        kubernetes_version: By whose rules the input is judged, such as 1.33; the newest known if absent.
        feature_gates: Feature gates of that API server: SCTPSupport=false, StrictIPCIDRValidation=true.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.explain_sentence import Language
    from haechi.cli import terminal
    from haechi.cli.explaining import as_json, chosen, explained, write_described, write_text
    from haechi.cli.loading import Rules, read_sound

    target, files = _split(paths)
    found = read_sound(files, Rules.parse(kubernetes_version, feature_gates))
    cluster = Cluster.of(found.manifests)
    remarks = terminal.errors()
    for note in cluster.notes:
        remarks.line(note, terminal.Style.DIM)
    choice = chosen(cluster, found.objects, target, namespace)
    if output == "describe":
        write_described(terminal.output(), cluster, choice)
        return 0
    language = Language(lang or spoken(os.environ))
    told = explained(cluster, choice)
    if output == "json":
        terminal.output().write(as_json(told, language))
    else:
        write_text(terminal.output(), told, language)
    return 0


def spoken(environment: os._Environ[str] | dict[str, str]) -> Lang:
    """The language of the environment, by the order of POSIX (XBD 8.2): the first of these that is set."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    value = next((environment[name] for name in names if environment.get(name)), "")
    return "ko" if value.startswith("ko") else "en"


def _split(paths: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The thing to explain, if the first argument is one, and the files."""
    from haechi.cli.explaining import is_target
    from haechi.cli.failure import Unusable

    first, *rest = paths
    if not is_target(first) or os.path.lexists(first):
        return None, tuple(paths)
    if not rest:
        raise Unusable(f"{first!r} needs a PATH to look in", "PATH", (f"as in: haechi explain {first} manifests/",))
    return first, tuple(rest)
