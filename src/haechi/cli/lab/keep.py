"""`--keep`: how to enter a lab that stays, and waiting until nobody needs it any more.

The namespaces have no names: they are open files of the lab's process, which `nsenter` reaches through /proc. An
ordinary user has to enter that process's user namespace first.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from haechi.cli.terminal import Style, Terminal
from haechi.lab import Network
from haechi.netns import NetworkNamespace


def user_namespace() -> int:
    """Which user namespace the calling process is in."""
    return Path("/proc/self/ns/user").stat().st_ino


def commands(network: Network, outer: int) -> Iterator[tuple[str, str, str]]:
    """For every node and endpoint: its name, its addresses, and the command that opens a shell there.

    Args:
        network: the lab of the calling process.
        outer: the user namespace of those who will give the command.
    """
    user = "" if user_namespace() == outer else f"--user=/proc/{os.getpid()}/ns/user --preserve-credentials "

    def command(namespace: NetworkNamespace) -> str:
        return f"nsenter {user}--net=/proc/{os.getpid()}/fd/{namespace.descriptor}"

    for node in network.topology.nodes:
        yield f"node {node.name}", " ".join(node.addresses), command(network.node(node.name))
    for endpoint in network.topology.endpoints:
        yield endpoint.name, " ".join(endpoint.addresses), command(network.home(endpoint.name))


def wait(terminal: Terminal, network: Network, outer: int) -> None:
    """Say how to enter the lab, and return when somebody presses Enter; without a keyboard, wait for a signal."""
    terminal.line()
    terminal.line("The lab stays as it is. A shell inside, with the addresses that it has there:", Style.BOLD)
    found = list(commands(network, outer))
    name_width = max(len(name) for name, _, _ in found)
    for name, addresses, command in found:
        terminal.line(f"  {name:{name_width}}  {command}  # {addresses}")
    terminal.line("Outside hosts share one namespace: choose the source address there, as in ping -I ADDRESS.")
    if sys.stdin is not None and sys.stdin.isatty():
        terminal.line("Enter takes it down.", Style.BOLD)
        terminal.stream.flush()
        sys.stdin.readline()
    else:
        terminal.line("Ctrl-C or SIGTERM takes it down.", Style.BOLD)
        terminal.stream.flush()
        while True:
            signal.pause()
