"""The ruleset of one node: what it should be, and what has to be sent.

Why: an update must cost what changed. The desired ruleset is a function of the engine's present state (tested: built
step by step it equals the one built at once), and a transaction is the difference between it and what was last
committed: new sets and chains first, then elements, then removals. Whoever commits the transaction calls `committed`.

    Delta ──▶ changed pods ──▶ elements of peer sets ────────────────┐
          ├─▶ local pods whose verdict may have changed              ├─▶ Transaction ──▶ committed
          │       ├─▶ chains of each address ──▶ stages in use ──────┤
          └───────┴─▶ classes of peers, and what tiers decide ───────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

from haechi.dataplane.family import family_of
from haechi.dataplane.judge import (
    DISPUTED,
    TABLE,
    base_chains,
    chains,
    declarations,
    isolated_name,
    map_name,
    self_element,
)
from haechi.dataplane.peerset import BlockSet, PeerSet
from haechi.dataplane.stage import SELF_SETS, Stage
from haechi.dataplane.tiers import NodeTiers
from haechi.dataplane.uses import Uses
from haechi.engine import Delta, Endpoint, Engine, PodChange, PodSelection, PodState, PolicySet
from haechi.model import Direction
from haechi.nft import Chain, CtDirection, Element, Map, Ruleset, Set, Transaction, jump


class AddressChains(NamedTuple):
    """The chains for the packets of an address.

    Attributes:
        client: the chain for its connections as a client; `""` where it is not isolated.
        server: the chain for its connections as a server; `""` where it is not isolated.
        siblings: the undisputed addresses of its pod and family, itself among them; none where it is disputed.
    """

    client: str
    server: str
    siblings: tuple[int, ...] = ()


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_OPEN = AddressChains("", "")
_CLOSED = AddressChains(DISPUTED, DISPUTED)


class NodeRuleset:
    """The table of one node, desired and as last committed."""

    def __init__(self, engine: Engine, node: str) -> None:
        """The desired table for the pods on `node`; nothing is committed yet."""
        self.engine = engine
        self.node = node
        self._uses = Uses()
        self._tiers = NodeTiers(engine)
        self._addresses: dict[int, AddressChains] = {}
        self._fixed = {each.name: each for each in declarations()}
        self._committed_base: tuple[Chain, ...] = ()
        self._committed_stages: dict[str, Stage] = {}
        self._committed_peers: set[PeerSet] = set()
        self._committed_addresses: dict[int, AddressChains] = {}
        self._toggled: dict[PeerSet, dict[Element, bool]] = {}
        self._touched: set[int] = set()
        for endpoint in engine.endpoints:
            if endpoint.node == node:
                self._update(endpoint.addresses)

    # -- following the engine ----------------------------------------------------------------------------------------

    def apply(self, delta: Delta) -> None:
        """Apply an update: to be called after each update of the engine, with its delta."""
        for change in delta.pods:
            self._toggle(change)
        for change in delta.pods:
            for state in (change.before, change.after):
                if state is not None and state.node == self.node:
                    self._update((*state.addresses, *state.disputed))
        for number in delta.subjects:
            endpoint = self.engine.numbered(number)
            if endpoint.node == self.node:
                self._update(endpoint.addresses)
        self._tiers.follow(delta)

    def _toggle(self, change: PodChange) -> None:
        """Record the elements that a pod adds to and removes from peer sets."""
        before, after = change.before, change.after
        for each in self._uses.peers_of(_selections(before) | _selections(after)):
            old, new = each.elements_of(before), each.elements_of(after)
            if old != new:
                toggled = self._toggled.setdefault(each, {})
                for element in old ^ new:
                    if toggled.pop(element, None) is None:  # otherwise it is again as in the kernel
                        toggled[element] = element in new

    def _update(self, addresses: Iterable[int]) -> None:
        """Update the chains of addresses; new uses are acquired before old ones are released."""
        for address in addresses:
            old, new = self._addresses.pop(address, _OPEN), self._chains_of(address)
            for name in (old.client, old.server):
                self._uses.release(name)
            if new != _OPEN:
                self._addresses[address] = new
            if new != old:
                self._touched.add(address)

    def _chains_of(self, address: int) -> AddressChains:
        for direction in Direction:
            self._tiers.put(direction, address, None)
        claimants = self.engine.claimants(address)
        local = [endpoint for endpoint in claimants if endpoint.node == self.node]
        if not local:
            return _OPEN
        if len(claimants) > 1:
            return _CLOSED
        egress, ingress = self.engine.policy_sets(local[0])
        tiers = dict(zip((Direction.EGRESS, Direction.INGRESS), self.engine.tier_rules(local[0]), strict=True))
        if egress is None and ingress is None and not any(tiers.values()):
            return _OPEN
        for direction, rules in tiers.items():
            self._tiers.put(direction, address, rules)
        return AddressChains(self._acquire(egress), self._acquire(ingress), self._siblings(address, local[0]))

    def _siblings(self, address: int, endpoint: Endpoint) -> tuple[int, ...]:
        family = family_of(address)
        return tuple(each for each in endpoint.addresses if family.holds(each) and self.engine.owner(each) is not None)

    def _acquire(self, policies: PolicySet | None) -> str:
        return "" if policies is None else self._uses.acquire(policies)

    # -- the whole ---------------------------------------------------------------------------------------------------

    def ruleset(self) -> Ruleset:
        """The desired table, whole."""
        self._tiers.refresh()
        nouns: list[Chain | Set | Map] = [*chains(with_tiers=self._tiers.is_used), *self._tiers.nouns.nouns()]
        for fixed in self._fixed.values():
            nouns.append(replace(fixed, elements=frozenset(self._fixed_elements(fixed.name))))
        for each in self._uses.peers:
            nouns.append(replace(each.declaration(), elements=each.elements(self.engine)))
        for stage in self._uses.stages.values():
            nouns += stage.nouns
        return Ruleset.of(TABLE, *nouns)

    def _fixed_elements(self, name: str) -> Iterator[Element]:
        for address, found in self._addresses.items():
            for fixed, element in _elements(address, found):
                if fixed == name:
                    yield element

    # -- the difference ----------------------------------------------------------------------------------------------

    def transaction(self) -> Transaction:
        """The changes that turn the committed table into the desired one; empty if they are equal."""
        self._tiers.refresh()
        uses = self._uses
        transaction = Transaction(TABLE)
        if not self._committed_base:
            self._make(transaction)
        gone = [name for name in sorted(uses.touched_stages) if self._is_gone(name)]
        new = [name for name in sorted(uses.touched_stages) if name in uses.stages and not self._is_there(name)]
        peers = sorted(uses.touched_peers, key=lambda each: each.name)
        for each in peers:
            if each in uses.peers:
                self._renew(transaction, each)
        for name in new:
            for noun in uses.stages[name].nouns:
                transaction.create(noun)
        self._tiers.nouns.make(transaction)
        self._send_base(transaction)
        self._send_toggled(transaction)
        self._send_addresses(transaction)
        for name in gone:
            _remove(transaction, self._committed_stages[name])
        self._tiers.nouns.unmake(transaction)
        for each in peers:
            if each in self._committed_peers and each not in uses.peers:
                transaction.delete(each.declaration())
        return transaction

    def committed(self) -> None:
        """Record that the last transaction is in the kernel."""
        uses = self._uses
        self._committed_base = self._base_chains()
        self._tiers.nouns.settle()
        for name in uses.touched_stages:
            _settle(self._committed_stages, name, uses.stages.get(name))
        self._committed_peers = {*(self._committed_peers - uses.touched_peers), *(uses.touched_peers & uses.peers)}
        for address in self._touched:
            _settle(self._committed_addresses, address, self._addresses.get(address))
        uses.settle()
        self._toggled.clear()
        self._touched.clear()

    def _is_there(self, name: str) -> bool:
        return name in self._committed_stages

    def _is_gone(self, name: str) -> bool:
        return self._is_there(name) and name not in self._uses.stages

    def _make(self, transaction: Transaction) -> None:
        transaction.destroy_table()
        transaction.add_table()
        for noun in (*self._fixed.values(), *(chain for chain in chains() if chain.base is None)):
            transaction.create(noun)

    def _base_chains(self) -> tuple[Chain, ...]:
        return base_chains(with_tiers=self._tiers.is_used)

    def _send_base(self, transaction: Transaction) -> None:
        """Create the base chains, or change them because tiers came into or went out of use."""
        if self._committed_base == self._base_chains():
            return
        old, new = ({chain.name: chain for chain in chains} for chains in (self._committed_base, self._base_chains()))
        for name, chain in new.items():
            if name not in old:
                transaction.create(chain)
            elif old[name] != chain:
                transaction.replace_rules(name, chain.rules)
        for name in old.keys() - new.keys():
            transaction.flush_chain(name)
            transaction.delete(old[name])

    def _renew(self, transaction: Transaction, each: PeerSet) -> None:
        """Create a set that came into use; refill one that went out of use and came back."""
        declaration = replace(each.declaration(), elements=each.elements(self.engine))
        if each not in self._committed_peers:
            transaction.create(declaration)
        elif each in self._uses.stale_peers and not isinstance(each, BlockSet):  # blocks do not change
            transaction.flush_elements(declaration)
            transaction.add_elements(declaration, declaration.elements)

    def _send_toggled(self, transaction: Transaction) -> None:
        for each in sorted(self._toggled, key=lambda each: each.name):
            if each not in self._committed_peers or each not in self._uses.peers or each in self._uses.stale_peers:
                continue
            declaration, toggled = each.declaration(), self._toggled[each]
            transaction.delete_elements(declaration, [element for element, there in toggled.items() if not there])
            transaction.add_elements(declaration, [element for element, there in toggled.items() if there])

    def _send_addresses(self, transaction: Transaction) -> None:
        old: dict[str, set[Element]] = {}
        new: dict[str, set[Element]] = {}
        for address in self._touched:
            for addresses, elements in ((self._committed_addresses, old), (self._addresses, new)):
                for name, element in _elements(address, addresses.get(address, _OPEN)):
                    elements.setdefault(name, set()).add(element)
        for name, fixed in self._fixed.items():
            was, is_now = old.get(name, set()), new.get(name, set())
            transaction.delete_elements(fixed, was - is_now)
            transaction.add_elements(fixed, is_now - was)


def _elements(address: int, found: AddressChains) -> Iterator[tuple[str, Element]]:
    """The elements of an address, each with the name of its set or map."""
    if found == _OPEN:
        return
    family = family_of(address)
    key = family.key(address)
    for direction, chain in ((CtDirection.ORIGINAL, found.client), (CtDirection.REPLY, found.server)):
        if chain:
            yield map_name(direction, family), Element(key, None, jump(chain))
    yield isolated_name(family), Element(key)
    for server in found.siblings:
        yield SELF_SETS[family.number], self_element(family, address, server)


def _remove(transaction: Transaction, stage: Stage) -> None:
    """Delete the nouns of a stage, those that refer to others first."""
    for noun in reversed(stage.nouns):
        if isinstance(noun, Chain):
            transaction.flush_chain(noun.name)
        transaction.delete(noun)


def _selections(state: PodState | None) -> frozenset[PodSelection]:
    return frozenset() if state is None else state.selections


def _settle(committed: dict[_Key, _Value], key: _Key, value: _Value | None) -> None:
    if value is None:
        committed.pop(key, None)
    else:
        committed[key] = value
