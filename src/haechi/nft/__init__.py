"""nf_tables in nouns: Table, Chain, Rule, Set, Map, Element and the expressions of rules.

Every noun is a frozen value that validates itself, encodes to netlink, decodes from a kernel dump and prints as nft
syntax; encode → kernel → decode is the identity, and the print loads again with ``nft -f``. This package is pure: the
socket is `haechi.netlink`. What it does not support is reported, never guessed (`Unknown`, `NounError`, `DecodeError`).
The interface is that of linux/netfilter/nf_tables.h, kernels 5.10 and later.
"""

from __future__ import annotations

from haechi.nft.attributes import Fields, text
from haechi.nft.chain import BaseChain, Chain, ChainPolicy, Hook
from haechi.nft.compare import Compare, CtState, CtStatus, HasState, HasStatus, InRange, Operator
from haechi.nft.datatype import DataType, concatenate, interface, ipv4, ipv6, mark, port, protocol
from haechi.nft.element import Element
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.expression import Expression
from haechi.nft.load import Ct, CtDirection, CtKey, Load, Meta, MetaKey, Payload, PayloadField
from haechi.nft.lookup import Lookup, VerdictMap
from haechi.nft.map import Map
from haechi.nft.message import MessageType, NetlinkMessage, encode_request, read_messages
from haechi.nft.parsing import ParseError, parse, tables
from haechi.nft.rule import Rule
from haechi.nft.ruleset import Ruleset
from haechi.nft.set import Set, SetFlags
from haechi.nft.shape import Shape
from haechi.nft.statement import (
    Counter,
    Limit,
    LimitKind,
    LimitUnit,
    Log,
    LogLevel,
    Notrack,
    Reject,
    RejectKind,
    SetMark,
)
from haechi.nft.table import Family, Table, TableFlags
from haechi.nft.transaction import ChainRules, Elements, Operation, Transaction, Verb
from haechi.nft.unknown import Unknown
from haechi.nft.verdict import ACCEPT, CONTINUE, DROP, RETURN, Verdict, VerdictKind, goto, jump

__all__ = [
    "ACCEPT", "CONTINUE", "DROP", "RETURN", "BaseChain", "Chain", "ChainPolicy", "ChainRules", "Compare", "Counter",
    "Ct", "CtDirection", "CtKey", "CtState", "CtStatus", "DataType", "DecodeError", "Element", "Elements",
    "Expression", "Family", "Fields", "HasState", "HasStatus", "Hook", "InRange", "Limit", "LimitKind", "LimitUnit",
    "Load", "Log", "LogLevel", "Lookup", "Map", "MessageType", "Meta", "MetaKey", "NetlinkMessage", "Notrack",
    "NounError", "Operation", "Operator", "ParseError", "Payload", "PayloadField", "Reject", "RejectKind", "Rule",
    "Ruleset", "Set", "SetFlags", "SetMark", "Shape", "Table", "TableFlags", "Transaction", "Unknown", "Verb",
    "Verdict", "VerdictKind", "VerdictMap", "concatenate", "encode_request", "goto", "interface", "ipv4", "ipv6",
    "jump", "mark", "parse", "port", "protocol", "read_messages", "tables", "text",
]  # fmt: skip
