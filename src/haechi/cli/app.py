"""The commands: their names, their help and where they live. Nothing of them is imported before it is used."""

from __future__ import annotations

from cyclopts import App

from haechi import __version__

_EXIT = """\
Exit codes: 0 good, 1 a finding or a mismatch, 2 unusable input or arguments, 130 after Ctrl-C."""

_ROOT = """\
Kubernetes NetworkPolicies: what they mean, enforced in the Linux kernel, proved on real packets.

PATH is a file, a folder (all *.yaml, *.yml and *.json in it, recursively) or - for standard input."""
_ROOT_EXAMPLE = f"""\
Example: see what the policies of a folder allow, on real packets, without root:

    haechi lab run examples/test-network-policy

{_EXIT}"""

_LAB = "A cluster of network namespaces on this machine, with the same kernel rules as a real one."
_RUN = """\
Build the cluster of some manifests, enforce its policies and try every connection.

Pods without addresses get some, workloads get their replicas, and every ipBlock gets outside hosts in and around it.
The table shows what the policies say and whether the packets agree. No root is needed, and nothing leaves the lab.

SEL is namespace/pod, host/NAME, outside/ADDRESS (each with * and ?), an address, or labels such as app=web,tier in (a,b)
or shop:app=web for those in a namespace."""
_RUN_EXAMPLE = f"""\
Examples:

    haechi lab run examples/test-network-policy
    haechi lab run policies/ pods.yaml --from 'shop:app=web' --to shop/db --port 5432 --port 53/UDP
    kubectl get netpol,pod,ns,node -A -o json | haechi lab run - -o junit > lab.xml

{_EXIT}"""

_VALIDATE = """\
Check manifests as the API server would: every error of every object at once, with its place.

A NetworkPolicy is validated completely, the other kinds as far as Haechi relies on them."""
_VALIDATE_EXAMPLE = f"""\
Examples:

    haechi validate policies/
    haechi validate policies/ -o sarif > haechi.sarif
    helm template chart | haechi validate - --kubernetes-version 1.33

{_EXIT}"""

_COMPILE = """\
Print the kernel rules that a node would get.

Pods count as they are given: those with status.podIPs and spec.nodeName, as a running cluster has them."""
_COMPILE_EXAMPLE = f"""\
Example: the rules of a node of the present cluster, as nft -f reads them:

    kubectl get netpol,pod,ns,node -A -o json | haechi compile - --node worker-1

{_EXIT}"""

app = App(name="haechi", help=_ROOT, help_epilogue=_ROOT_EXAMPLE, help_format="plaintext", version=__version__)
lab = App(name="lab", help=_LAB, help_epilogue=_RUN_EXAMPLE)
app.command(lab)
lab.command("haechi.cli.lab:run", name="run", help=_RUN, help_epilogue=_RUN_EXAMPLE)
app.command("haechi.cli.validate:validate", name="validate", help=_VALIDATE, help_epilogue=_VALIDATE_EXAMPLE)
app.command("haechi.cli.compile:compile_node", name="compile", help=_COMPILE, help_epilogue=_COMPILE_EXAMPLE)
