"""The commands: their names, their help and where they live. Nothing of them is imported before it is used."""

from __future__ import annotations

from cyclopts import App

from haechi._version import __version__

_EXIT = """\
Exit codes: 0 good, 1 a finding or a mismatch,
2 unusable input or arguments, 130 after Ctrl-C."""

_ROOT = """\
Kubernetes NetworkPolicies, enforced in the Linux kernel, proved on packets.

PATH is a file, a folder (every *.yaml, *.yml and *.json in it, recursively)
or - for standard input. Every command can read a live cluster instead
(--context), or apply PATHs over it in thought. Without both, the paths of the
nearest haechi.toml are read."""
_ROOT_EXAMPLE = f"""\
Example: what the policies of a folder allow, on real packets, without root:

    haechi lab run examples/test-network-policy

{_EXIT}"""

_LAB = "A cluster of network namespaces on this machine."
_RUN = """\
Build a cluster from manifests, enforce its policies, try every connection.

Workloads get their replicas, pods without addresses get some, and every
ipBlock gets outside hosts in and around it. The table shows what the policies
allow and whether real packets match. Needs no root; nothing leaves the lab.

SEL is one of

    a pod, workload or Service: web, shop/web, deploy/web, shop/svc/web
    shop/ for all of a namespace, host/NAME or outside/ADDRESS, with * and ?
    an address
    labels: app=web,tier in (a,b) or, in one namespace, shop:app=web"""
_RUN_EXAMPLE = f"""\
Examples:

    haechi lab run examples/test-network-policy
    haechi lab run policies/ pods.yaml --to shop/db --port 5432 --port 53/UDP
    haechi lab run policies/ pods.yaml -o junit > lab.xml
    haechi lab run --context prod

{_EXIT}"""

_VALIDATE = """\
Check manifests as the API server would.

All errors of all objects are reported at once, each with its place.
NetworkPolicies and policies of tiers are checked completely, other kinds as far
as Haechi uses them."""
_VALIDATE_EXAMPLE = f"""\
Examples:

    haechi validate policies/
    haechi validate policies/ -o sarif > haechi.sarif
    helm template chart | haechi validate - --kubernetes-version 1.33

{_EXIT}"""

_COMPILE = """\
Print the kernel rules that a node would get.

Pods need status.podIPs and spec.nodeName, as in a running cluster."""
_COMPILE_EXAMPLE = f"""\
Example: the rules of a node of the present cluster, as nft -f reads them:

    haechi compile --context prod --node worker-1

{_EXIT}"""

_LIST = """\
List every connection that policies allow, between workloads and with outside.

SEL is a pod, workload or Service (web, shop/web, deploy/web, shop/svc/web),
shop/ for all of a namespace, an address, or labels such as
app=web,tier in (a,b) or shop:app=web for those in a namespace. Pods are made
from workloads, and pods without addresses get one outside every ipBlock."""
_LIST_EXAMPLE = f"""\
Examples:

    haechi list policies/ workloads.yaml
    haechi list examples/test-network-policy --focus default/backend --no-external
    haechi list --context prod --by class -o json

{_EXIT}"""

_EXPLAIN = """\
Explain a policy or a pod in plain sentences with file:line:column.

Before the PATHs, policy/NAME, pod/NAME, deploy/NAME or the like chooses what
is explained; without it, all policies are.
A file or folder of that name counts as a PATH. -o describe prints what
kubectl describe netpol does of a policy as the API server stores it."""
_EXPLAIN_EXAMPLE = f"""\
Examples:

    haechi explain examples/test-network-policy
    haechi explain pod/db policies/ workloads.yaml --lang ko
    haechi explain policy/web -n shop

{_EXIT}"""

_TEST = """\
Check assertions about connectivity: what policies must allow and deny.

TESTS is a file or folder of ConnectivityTests (docs/assertions.md shows the
form). Every address and port that an assertion is about is checked; no packet
is sent (haechi lab run --tests does that). Rules that no assertion exercises are
listed."""
_TEST_EXAMPLE = f"""\
Examples:

    haechi test tests.yaml policies/ pods.yaml
    haechi test tests.yaml policies/ pods.yaml -o junit > assertions.xml
    haechi test tests.yaml --context prod

{_EXIT}"""

_CAN = """\
Whether one endpoint may reach another, and why.

Lists every rule that allows the connection, or the nearest rule and what does
not match. SRC and DST are a pod or workload (web, shop/web, deploy/web,
shop/sts/db) or an address; DST may be a Service (svc/db), which is resolved to
its pods and their ports. PORT is a number or the name of a port of DST, TCP
unless a protocol is given, or ICMP; without PORT, any port counts."""
_CAN_EXAMPLE = """\
Examples:

    haechi can default/frontend default/db 6379 examples/test-network-policy
    haechi can web svc/db 5432 shop/
    haechi can 8.8.8.8 shop/deploy/web 443 policies/ workloads.yaml --what-if
    haechi can shop/web svc/db 5432 --context prod

Exit codes: 0 allowed, 1 denied, 2 unusable input or arguments, 130 after Ctrl-C."""

_DIFF = """\
Compare what two sets of manifests allow.

Connections added, removed and with other ports, and the policies behind them.

    haechi diff OLD NEW
    haechi diff OLD... --to NEW... [--with BOTH...]
    haechi diff --git REV|A..B|A...B PATH... [--with BOTH...]
    haechi diff PATH --context NAME

Each is a file, a folder, - for standard input or a pipe such as <(...). An
empty folder or /dev/null is an empty side. --git compares two revisions as git
diff does, or REV with the files on disk, without a checkout. With a cluster,
both sides are applied over it; with one PATH the old side is as it is."""
_DIFF_EXAMPLE = """\
Examples:

    haechi diff --git main... policies/ --with cluster.yaml
    haechi diff --to policies/ --with <(kubectl get pod,ns,deploy -A -o json)
    helm template chart | haechi diff rendered.yaml - -o md --fail-on added
    haechi diff policies/ --context prod

Exit codes: 0 no difference that --fail-on names, 1 a difference, 2 unusable input or arguments, 130 after Ctrl-C."""

_LINT = """\
Mistakes in policies that the API server accepts.

What has no effect, or another effect than it seems to have. Every finding has
a code, which haechi rule CODE explains with a wrong and a right example. The
comment "# haechi: ignore CODE -- reason" suppresses it on its line or, alone on
a line, on the next one; the annotation haechi/lint-ignore on its object.
Checks that need pods, Services or namespaces use those of the input."""
_LINT_EXAMPLE = """\
Examples:

    haechi lint policies/ workloads.yaml
    haechi lint policies/ --select all --ignore unprotected-workload,tenant-*
    haechi lint policies/ --diff
    haechi lint policies/ --fix
    haechi lint policies/ --fail-on error -o github
    haechi lint policies/ --baseline known.json --write-baseline
    haechi lint policies/ --baseline known.json
    haechi lint --context prod -o sarif > lint.sarif

Exit codes: 0 no finding that --fail-on names, 1 a finding, 2 unusable input or arguments, 130 after Ctrl-C."""

_RULE = """\
Explain a check of lint: what it finds, why, a wrong and a right example.

Without CODE, a line for every check."""
_RULE_EXAMPLE = """\
Examples:

    haechi rule dash-trap
    haechi rule 'named-port-*'
    haechi rule --all -o json

Exit codes: 0 good, 2 an unknown code, 130 after Ctrl-C."""

_VERIFY = """\
Prove that a node's kernel enforces the policies, for every packet.

Haechi's table is read back from the kernel of this host or of a network
namespace, or from a file in nft syntax, and compared with the policies: every
address, protocol and port, not samples. If they differ, the first packets are
shown, with the kernel's rule and the policies that decide them."""
_VERIFY_EXAMPLE = f"""\
Examples:

    haechi verify --context prod --node worker-1
    haechi verify dump.json --node worker-1 --ruleset worker-1.nft

{_EXIT}"""

_COMPLETION = """\
Print the script that lets a shell complete commands, options and paths."""
_COMPLETION_EXAMPLE = f"""\
For the present shell, or in its startup file:

    source <(haechi completion bash)
    source <(haechi completion zsh)
    haechi completion fish | source

{_EXIT}"""


def version_text() -> str:
    """The program, its version and, if known, the commit that it was made from."""
    from haechi._commit import commit

    revision = commit()
    return f"haechi {__version__}" + (f" ({revision[:12]})" if revision else "")


app = App(name="haechi", help=_ROOT, help_epilogue=_ROOT_EXAMPLE, help_format="plaintext", version=version_text)
lab = App(name="lab", help=_LAB, help_epilogue=_RUN_EXAMPLE, version_flags=())
app.command(lab)
lab.command("haechi.cli.commands.lab:run", name="run", help=_RUN, help_epilogue=_RUN_EXAMPLE)
app.command("haechi.cli.commands.validate:validate", name="validate", help=_VALIDATE, help_epilogue=_VALIDATE_EXAMPLE)
app.command("haechi.cli.commands.compile:compile_node", name="compile", help=_COMPILE, help_epilogue=_COMPILE_EXAMPLE)
app.command("haechi.cli.commands.verify:verify", name="verify", help=_VERIFY, help_epilogue=_VERIFY_EXAMPLE)
app.command("haechi.cli.commands.list:list_connections", name="list", help=_LIST, help_epilogue=_LIST_EXAMPLE)
app.command("haechi.cli.commands.explain:explain", name="explain", help=_EXPLAIN, help_epilogue=_EXPLAIN_EXAMPLE)
app.command("haechi.cli.commands.test:judge_assertions", name="test", help=_TEST, help_epilogue=_TEST_EXAMPLE)
app.command("haechi.cli.commands.can:can", name="can", help=_CAN, help_epilogue=_CAN_EXAMPLE)
app.command("haechi.cli.commands.diff:diff", name="diff", help=_DIFF, help_epilogue=_DIFF_EXAMPLE)
app.command("haechi.cli.commands.lint:lint", name="lint", help=_LINT, help_epilogue=_LINT_EXAMPLE)
app.command("haechi.cli.commands.rule:rule", name="rule", help=_RULE, help_epilogue=_RULE_EXAMPLE)
app.command(
    "haechi.cli.commands.completion:completion",
    name="completion",
    help=_COMPLETION,
    help_epilogue=_COMPLETION_EXAMPLE,
)
