"""`--keep`: print how to enter a finished lab, and wait before it is torn down.

The namespaces have no names: they are open files of the lab's process, which `nsenter` reaches through /proc. An
ordinary user has to enter that process's user namespace first.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from haechi.cli.terminal import Style, Terminal
from haechi.lab import Network
from haechi.netns import NetworkNamespace


@dataclass(frozen=True)
class Caller:
    """The process that started the lab, as far as its lab process has to know it.

    Attributes:
        user_namespace: its user namespace, in which the printed commands are given.
        interruptible: whether Ctrl-C reaches it: `nohup` and a script's `&` start programs that ignore it.
    """

    user_namespace: int
    interruptible: bool

    @classmethod
    def present(cls) -> Self:
        """The calling process."""
        return cls(_user_namespace(), signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)


def _user_namespace() -> int:
    return Path("/proc/self/ns/user").stat().st_ino


def commands(network: Network, caller: Caller) -> Iterator[tuple[str, str, str]]:
    """For every node and endpoint of the calling process's lab: its name, its addresses, and a command for a shell."""
    same = _user_namespace() == caller.user_namespace
    user = "" if same else f"--user=/proc/{os.getpid()}/ns/user --preserve-credentials "

    def command(namespace: NetworkNamespace) -> str:
        return f"nsenter {user}--net=/proc/{os.getpid()}/fd/{namespace.descriptor}"

    for node in network.topology.nodes:
        yield f"node {node.name}", " ".join(node.addresses), command(network.node(node.name))
    for endpoint in network.topology.endpoints:
        yield endpoint.name, " ".join(endpoint.addresses), command(network.namespace_of(endpoint.name))


def wait(terminal: Terminal, network: Network, caller: Caller) -> None:
    """Print how to enter the lab, and return at Enter; without a keyboard, wait for a signal."""
    terminal.line()
    terminal.line("The lab is still running. To open a shell with the addresses of:", Style.BOLD)
    found = list(commands(network, caller))
    name_width = max(len(name) for name, _, _ in found)
    for name, addresses, command in found:
        terminal.line(f"  {name:{name_width}}  {command}  # {addresses}")
    terminal.line("Outside hosts share one namespace: choose the source address there, as in ping -I ADDRESS.")
    keyboard = sys.stdin is not None and sys.stdin.isatty()
    signals = "Ctrl-C or SIGTERM" if caller.interruptible else "SIGTERM"
    terminal.line(f"{'Enter' if keyboard else signals} stops the lab.", Style.BOLD)
    terminal.stream.flush()
    if keyboard:
        sys.stdin.readline()
    else:
        while True:
            signal.pause()
