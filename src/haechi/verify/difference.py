"""One packet that the kernel and the policies judge differently, with what each of them says.

Why: a proof that fails must show a packet that can be sent, the kernel's rule that decided and the rules of the
manifests. Facts stand in fields; the words come last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.model import Direction, PodKey, PolicyKey
from haechi.sets import ICMP, ICMPV6, AddressSet, PortSet, point_to_text
from haechi.verify.finding import Place
from haechi.verify.meaning import Meaning, RuleOf
from haechi.verify.space import Context

_MESSAGES: Final = (ICMP, ICMPV6)
_ODD: Final = AddressSet.from_cidrs(("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe00::/7"))
"""Addresses that no host has, or that are never forwarded."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a packet's connection.

    Attributes:
        address: its address.
        pods: the pods that claim it, as `namespace/name`; more than one: it is disputed.
    """

    address: str
    pods: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.pods[0] if len(self.pods) == 1 else self.address


@dataclass(frozen=True, slots=True)
class Opinion:
    """What policies say at one end.

    Attributes:
        pod: the isolated pod, as `namespace/name`.
        direction: `Ingress` or `Egress`.
        policies: the policies that isolate it, as `namespace/name`.
        rules: those of their rules that allow the packet: policy and path (`spec.ingress[0]`).
    """

    pod: str
    direction: str
    policies: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        if self.rules:
            allowing = ", ".join(f"{policy} {path}" for policy, path in self.rules)
            return f"{self.direction.lower()} of {self.pod} is allowed by {allowing}"
        isolating = ", ".join(self.policies)
        return f"{self.direction.lower()} of {self.pod} is isolated by {isolating}, none of whose rules allows it"


@dataclass(frozen=True, slots=True)
class Difference:
    """A packet that is judged differently.

    Attributes:
        client: who began the connection (of a packet without one: its source).
        server: whom the connection was begun to (its destination).
        protocol: the IP protocol number.
        port: the server's port; of ICMP and ICMPv6 without a connection, type × 256 + code.
        context: what connection tracking knows: `new`, `forth`, `back`, `error`, `untracked`, …
        accepted: whether the kernel accepts it, and policies do not; else the other way round.
        place: the kernel's rule that decided.
        opinions: what policies say at the isolated ends on this node.
    """

    client: End
    server: End
    protocol: int
    port: int
    context: str
    accepted: bool
    place: Place
    opinions: tuple[Opinion, ...]

    def __str__(self) -> str:
        kernel, policies = ("accepts", "deny") if self.accepted else ("drops", "allow")
        return f"{self.client} → {self.server} {self.packet}: kernel {kernel}, policies {policies}"

    @property
    def packet(self) -> str:
        """What is sent, such as `TCP 5432`."""
        if self.context == "error":
            return "error about the connection"
        words = protocol_and_port(self.protocol, self.port)
        if self.context in ("invalid", "untracked"):
            return f"{_message(self.protocol, self.port) or words}, without a connection"
        return words if self.context == "new" else f"{words}, {self.context.replace('_', ' ')}"

    def explanation(self) -> str:
        """All of it, a line for each fact."""
        lines = [str(self), f"  kernel: {self.place}"]
        lines += [f"  policies: {each}" for each in self.opinions] or ["  policies: no pod here is isolated"]
        return "\n".join(lines)


def protocol_and_port(protocol: int, port: int) -> str:
    """A protocol by name and, where it has ports, the port."""
    try:
        return str(PortSet.port(protocol, port))
    except ValueError:
        return str(PortSet.protocol(protocol)).removeprefix("all of ")


def _message(protocol: int, port: int) -> str:
    return f"{protocol_and_port(protocol, 0)} type {port >> 8}" if protocol in _MESSAGES else ""


def likely(addresses: AddressSet, meaning: Meaning) -> int:
    """The address of a set by which a person sees best what is wrong: a pod's, else one that hosts have."""
    for address, _ in meaning.population.owners_within(addresses):
        return min((each for each, _ in meaning.population.owners_within(addresses)), default=address)
    plain = addresses - _ODD
    return (plain or addresses).min


def end(address: int, meaning: Meaning) -> End:
    """One end, with the pods that claim it."""
    return End(point_to_text(address), tuple(map(str, sorted(meaning.population.claimants(address)))))


def opinions(meaning: Meaning, node: str, client: int, server: int, protocol: int, port: int) -> tuple[Opinion, ...]:
    """What policies say of a packet at its ends on a node."""
    found: list[Opinion] = []
    for near, far, direction in ((client, server, Direction.EGRESS), (server, client, Direction.INGRESS)):
        key = meaning.population.owner(near)
        if key is None or meaning.population.residents()[key].node != node:
            continue
        policies, allowing = meaning.rules_for(key, direction, far, protocol, port)
        if policies:
            found.append(_opinion(key, direction, policies, allowing))
    return tuple(found)


def _opinion(key: PodKey, direction: Direction, policies: list[PolicyKey], allowing: list[RuleOf]) -> Opinion:
    rules = tuple((str(each.policy), each.path) for each in allowing)
    return Opinion(str(key), direction.value, tuple(map(str, policies)), rules)


def context_word(contexts: int) -> str:
    """The first of some contexts (bits), in words."""
    bit = contexts & -contexts
    return str(Context(bit).name).lower()
