"""Transactions that succeed or are refused, one table for the kernel and for the fake."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from haechi.nft import (
    ACCEPT,
    DROP,
    BaseChain,
    Chain,
    ChainPolicy,
    DataType,
    Element,
    Lookup,
    Map,
    Rule,
    Set,
    SetFlags,
    Transaction,
    VerdictMap,
    ipv4,
    jump,
)
from tests.nft.examples import CLIENT

ADDRESS: Final = (DataType.IPV4_ADDR,)
ONE: Final = Element(ipv4(1))
TWO: Final = Element(ipv4(2))
PEERS: Final = Set("peers", ADDRESS, elements=frozenset({ONE}))
SPANS: Final = Set("spans", ADDRESS, SetFlags.INTERVAL, frozenset({Element(ipv4(10), ipv4(19))}))
SIDE: Final = Chain("side")
CLIENTS: Final = Map("clients", ADDRESS, elements=frozenset({Element(ipv4(1), verdict=jump("side"))}))
JUDGE: Final = Chain("judge", (Rule((Lookup((CLIENT,), "peers"), jump("side"))),), BaseChain())
BASE: Final = Chain("base", (), BaseChain())
CONSTANT: Final = Set("fixed", ADDRESS, SetFlags.CONSTANT)


def start(transaction: Transaction) -> None:
    """What is there before each case."""
    transaction.add_table()
    for each in (PEERS, SPANS, SIDE, CLIENTS, JUDGE, BASE, Chain("idle"), CONSTANT, Map("empty", ADDRESS)):
        transaction.add(each)
    transaction.add_rules("base", [Rule((Lookup((CLIENT,), "fixed"), DROP)), Rule((VerdictMap((CLIENT,), "empty"),))])


@dataclass(frozen=True)
class Case:
    """Something to do, and the error and operation with which it is refused, if it is."""

    do: Callable[[Transaction], None]
    errno: int = 0
    operation: str = ""


def _twice(transaction: Transaction) -> None:
    transaction.add_elements(PEERS, [TWO])
    transaction.delete_elements(PEERS, [Element(ipv4(99))])


def _replace(transaction: Transaction) -> None:
    transaction.replace_rules("judge", [Rule((ACCEPT,))])
    transaction.delete(PEERS)


def _unwind(transaction: Transaction) -> None:
    transaction.flush_chain("judge")
    transaction.delete_elements(CLIENTS, CLIENTS.elements)
    transaction.delete(SIDE)


def _rebuild(transaction: Transaction) -> None:
    transaction.destroy_table()
    transaction.add_table()
    transaction.add(PEERS)


def _resize(transaction: Transaction) -> None:
    transaction.delete_elements(SPANS, SPANS.elements)
    transaction.add_elements(SPANS, [Element(ipv4(10), ipv4(30))])


CASES: Final[dict[str, Case]] = {
    "nothing": Case(lambda t: None),
    "add a table again": Case(lambda t: t.add_table()),
    "delete the table": Case(lambda t: t.delete_table()),
    "destroy the table": Case(lambda t: t.destroy_table()),
    "rebuild the table": Case(_rebuild),
    "add a chain": Case(lambda t: t.add(Chain("more", (Rule((ACCEPT,)),)))),
    "add a chain again": Case(lambda t: t.add(SIDE)),
    "add rules to a chain that is there": Case(lambda t: t.add(Chain("side", (Rule((ACCEPT,)),)))),
    "create a chain again": Case(lambda t: t.create(SIDE), errno.EEXIST, "create chain side"),
    "change a policy": Case(lambda t: t.add(Chain("base", (), BaseChain(policy=ChainPolicy.DROP)))),
    "change a priority": Case(
        lambda t: t.add(Chain("base", (), BaseChain(priority=5))), errno.EOPNOTSUPP, "add chain base"
    ),
    "hook a chain that is there": Case(
        lambda t: t.add(Chain("side", (), BaseChain())), errno.EOPNOTSUPP, "add chain side"
    ),
    "delete a chain": Case(lambda t: t.delete(Chain("idle"))),
    "delete a chain that is not there": Case(lambda t: t.delete(Chain("none")), errno.ENOENT, "delete chain none"),
    "delete a chain that is jumped to": Case(lambda t: t.delete(SIDE), errno.EBUSY, "delete chain side"),
    "delete a chain with rules": Case(lambda t: t.delete(JUDGE)),
    "delete a chain after what jumps to it": Case(_unwind),
    "flush a chain": Case(lambda t: t.flush_chain("judge")),
    "flush a chain that is not there": Case(lambda t: t.flush_chain("none"), errno.ENOENT, "flush chain none"),
    "rules for a chain that is not there": Case(
        lambda t: t.add_rules("none", [Rule((ACCEPT,))]), errno.ENOENT, "add rules of chain none"
    ),
    "jump to a chain that is not there": Case(
        lambda t: t.add_rules("side", [Rule((jump("none"),))]), errno.ENOENT, "add rules of chain side"
    ),
    "jump to a base chain": Case(
        lambda t: t.add_rules("side", [Rule((jump("base"),))]), errno.EOPNOTSUPP, "add rules of chain side"
    ),
    "look into a set that is not there": Case(
        lambda t: t.add_rules("side", [Rule((Lookup((CLIENT,), "none"), DROP))]),
        errno.ENOENT,
        "add rules of chain side",
    ),
    "ask a set for a verdict": Case(
        lambda t: t.add_rules("side", [Rule((VerdictMap((CLIENT,), "peers"),))]),
        errno.EINVAL,
        "add rules of chain side",
    ),
    "jump in a circle": Case(
        lambda t: t.add_rules("side", [Rule((jump("side"),))]), errno.ELOOP, "add rules of chain side"
    ),
    "be led in a circle": Case(
        lambda t: t.add_rules("side", [Rule((VerdictMap((CLIENT,), "clients"),))]),
        errno.ELOOP,
        "add rules of chain side",
    ),
    "replace rules, then delete their set": Case(_replace),
    "add a set": Case(lambda t: t.add(Set("more", ADDRESS, elements=frozenset({ONE, TWO})))),
    "add a set again": Case(lambda t: t.add(PEERS)),
    "add a set of another type": Case(lambda t: t.add(Set("peers", (DataType.MARK,))), errno.EEXIST, "add set peers"),
    "add a set with other flags": Case(
        lambda t: t.add(Set("peers", ADDRESS, SetFlags.INTERVAL)), errno.EEXIST, "add set peers"
    ),
    "add a map called as a set": Case(lambda t: t.add(Map("peers", ADDRESS)), errno.EEXIST, "add map peers"),
    "create a set again": Case(lambda t: t.create(PEERS), errno.EEXIST, "create set peers"),
    "delete a set": Case(lambda t: t.delete(SPANS)),
    "delete a set that is not there": Case(lambda t: t.delete(Set("none", ADDRESS)), errno.ENOENT, "delete set none"),
    "delete a set that is looked into": Case(lambda t: t.delete(PEERS), errno.EBUSY, "delete set peers"),
    "delete a map": Case(lambda t: t.delete(CLIENTS)),
    "delete a map that is asked": Case(lambda t: t.delete(Map("empty", ADDRESS)), errno.EBUSY, "delete map empty"),
    "flush a set": Case(lambda t: t.flush_elements(SPANS)),
    "flush a map": Case(lambda t: t.flush_elements(CLIENTS)),
    "add an element": Case(lambda t: t.add_elements(PEERS, [TWO])),
    "add an element again": Case(lambda t: t.add_elements(PEERS, [ONE])),
    "delete an element": Case(lambda t: t.delete_elements(PEERS, [ONE])),
    "delete an element that is not there": Case(
        lambda t: t.delete_elements(PEERS, [TWO]), errno.ENOENT, "delete elements of set peers"
    ),
    "elements of a set that is not there": Case(
        lambda t: t.add_elements(Set("none", ADDRESS), [ONE]), errno.ENOENT, "add elements of set none"
    ),
    "nothing of it when one is refused": Case(_twice, errno.ENOENT, "delete elements of set peers"),
    "add an interval": Case(lambda t: t.add_elements(SPANS, [Element(ipv4(20), ipv4(29)), Element(ipv4(5))])),
    "add an interval again": Case(lambda t: t.add_elements(SPANS, SPANS.elements)),
    "delete an interval": Case(lambda t: t.delete_elements(SPANS, SPANS.elements)),
    "put an interval in the place of another": Case(_resize),
    "answer otherwise": Case(
        lambda t: t.add_elements(CLIENTS, [Element(ipv4(1), verdict=DROP)]), errno.EEXIST, "add elements of map clients"
    ),
    "delete an answer": Case(lambda t: t.delete_elements(CLIENTS, [Element(ipv4(1), verdict=ACCEPT)])),
    "answer with a chain that is not there": Case(
        lambda t: t.add_elements(CLIENTS, [Element(ipv4(2), verdict=jump("none"))]),
        errno.ENOENT,
        "add elements of map clients",
    ),
    "change a constant set in use": Case(
        lambda t: t.add_elements(CONSTANT, [ONE]), errno.EBUSY, "add elements of set fixed"
    ),
}
