"""Chains: ordered rules, hooked into the path of packets (base chains) or jumped to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.names import check_comment, check_name, decode_comment, encode_userdata
from haechi.nft.rule import Rule

TABLE, NAME, HOOK, POLICY, TYPE, CHAIN_FLAGS, USERDATA = 1, 3, 4, 5, 7, 10, 12
_HOOKNUM, _PRIORITY = 1, 2
_COMMENT: Final = 0
_BASE_FLAG: Final = 1
_LOWEST, _HIGHEST = -(1 << 31), (1 << 31) - 1


class Hook(IntEnum):
    """`enum nf_inet_hooks`."""

    PREROUTING = 0
    INPUT = 1
    FORWARD = 2
    OUTPUT = 3
    POSTROUTING = 4


class ChainPolicy(IntEnum):
    """What happens to packets that reach the end of a base chain."""

    DROP = 0
    ACCEPT = 1


@dataclass(frozen=True, slots=True)
class BaseChain:
    """Where a base chain is hooked.

    Attributes:
        type: ``filter``, ``nat`` or ``route``.
        hook: the point on a packet's path.
        priority: the order of the chains of a hook, lowest first; ``filter`` is 0.
        policy: the verdict at the chain's end.

    Raises:
        NounError: a combination that the kernel refuses.
    """

    type: str = "filter"
    hook: Hook = Hook.FORWARD
    priority: int = 0
    policy: ChainPolicy = ChainPolicy.ACCEPT

    def __post_init__(self) -> None:
        if self.type not in ("filter", "nat", "route"):
            raise NounError("base chain", "type", self.type, "must be filter, nat or route")
        if not _LOWEST <= self.priority <= _HIGHEST:
            raise NounError("base chain", "priority", self.priority, "must be a signed 32-bit number")
        if self.type == "route" and self.hook is not Hook.OUTPUT:
            raise NounError("base chain", "hook", self.hook.name.lower(), "route chains hook output only")
        if self.type == "nat" and (self.hook is Hook.FORWARD or self.priority <= -200):
            raise NounError("base chain", "hook", self.hook.name.lower(), "nat chains follow conntrack, not forward")

    def __str__(self) -> str:
        hook, policy = self.hook.name.lower(), self.policy.name.lower()
        return f"type {self.type} hook {hook} priority {self.priority}; policy {policy};"


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain.

    Attributes:
        name: unique in its table.
        rules: evaluated in order.
        base: where it is hooked; None for a chain that is jumped to.
        comment: at most 128 bytes.

    Raises:
        NounError: an impossible name or comment.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    base: BaseChain | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        check_name("chain", self.name)
        check_comment("chain", self.comment)

    def __str__(self) -> str:
        lines = self.lines() + [str(rule) for rule in self.rules]
        return "\n".join([f"chain {self.name} {{", *(f"\t{line}" for line in lines), "}"])

    def lines(self) -> list[str]:
        """The lines about the chain itself inside its braces."""
        base = [str(self.base)] if self.base else []
        return base + ([f'comment "{self.comment}"'] if self.comment else [])

    def encode(self, table: str) -> bytes:
        """The attributes of NFT_MSG_NEWCHAIN, without rules."""
        parts = [attributes.text(TABLE, table), attributes.text(NAME, self.name)]
        if self.base is not None:
            hook = attributes.u32(_HOOKNUM, self.base.hook) + attributes.u32(_PRIORITY, self.base.priority)
            parts += [
                attributes.nested(HOOK, hook),
                attributes.u32(POLICY, self.base.policy),
                attributes.text(TYPE, self.base.type),
            ]
        if self.comment:
            parts.append(attributes.attribute(USERDATA, encode_userdata(_COMMENT, self.comment)))
        return b"".join(parts)

    @classmethod
    def decode(cls, fields: Fields) -> Chain:
        """A chain of a dump, without rules. Raises `DecodeError` or `NounError`."""
        flags = fields.u32(CHAIN_FLAGS, 0)
        if flags & ~_BASE_FLAG:
            raise DecodeError("chain", f"flags {flags:#x} are not supported")
        comment = decode_comment(fields.raw(USERDATA), _COMMENT, "chain") if USERDATA in fields else ""
        return cls(fields.text(NAME), (), _decode_base(fields) if HOOK in fields else None, comment)


def _decode_base(fields: Fields) -> BaseChain:
    where = fields.nest(HOOK)
    if where.kinds() - {_HOOKNUM, _PRIORITY}:
        raise DecodeError("chain", "hooks of devices are not supported")
    hook, priority, policy = where.u32(_HOOKNUM), where.u32(_PRIORITY), fields.u32(POLICY, ChainPolicy.ACCEPT)
    if hook not in list(Hook) or policy not in list(ChainPolicy):
        raise DecodeError("chain", f"hook {hook} with policy {policy}")
    signed = priority - (1 << 32) if priority >> 31 else priority
    return BaseChain(fields.text(TYPE), Hook(hook), signed, ChainPolicy(policy))
