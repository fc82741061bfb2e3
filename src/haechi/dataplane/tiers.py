"""What tiers decide on one node, kept up to date.

Why: a pod that changes must cost what changed of it, however many rules are about how many pods. So peers are grouped
into classes once for both directions, a class is known by its digest, and a peer that changes moves from the sets of
one class to those of another. Rows, one for each class, say what is decided about each local pod.

    local pods ──▶ TierRules ──▶ items of interest ──┐                    ┌──▶ sets of addresses, chains that find them
                       │                             ├──▶ class of peers ─┤
    changed pods, nodes ──▶ addresses ───────────────┘                    └──▶ row: local pod ──▶ decisions by port
                       └──────────────────────────────────────────────────────▲
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, product

from haechi.dataplane.changing import ChangingNouns, ElementKey
from haechi.dataplane.family import FAMILIES, AddressFamily, family_of
from haechi.dataplane.names import DIGITS, comment
from haechi.dataplane.tierchains import (
    BRANCHES,
    Branch,
    Layout,
    PortChain,
    denial,
    finding_rules,
    layout,
    others_name,
    peer_digest,
    port_chain,
    row_map,
    row_rule,
    subjects_name,
    tiers_name,
)
from haechi.engine import Delta, Endpoint, Engine, NamedPort, PeerClass, PeerItem, PodSelection, TierRules, sweep
from haechi.model import Direction
from haechi.nft import Chain, Set, Verdict
from haechi.select import Selector
from haechi.sets import V6_START, AddressSet

_MANY = 4_000
"""Addresses from which on the classes of all are found anew."""
_DEEPEST = 9
"""Digits after which a layout never cuts further: eight have room for billions of classes."""
_NO_ITEMS: frozenset[PeerItem] = frozenset()
_Subject = tuple[Direction, int]
_FamilyRules = tuple[TierRules, AddressFamily]
"""Rules, for the addresses of one family of the pods that they are about."""
_Subjects = dict[int, TierRules]
_Move = tuple[ElementKey, "PeerGroup | None", "PeerGroup | None"]


@dataclass(slots=True, eq=False)
class PeerGroup:
    """The addresses of one class that are found in one branch.

    Attributes:
        branch: where they are found.
        peer: the class.
        digest: of the class; `""` for addresses of no class, which are not listed.
        members: the addresses.
    """

    branch: Branch
    peer: PeerClass
    digest: str = ""
    members: set[ElementKey] = field(default_factory=set)

    @property
    def words(self) -> str:
        """For people: what matches the class."""
        return comment("peers", sorted(map(str, self.peer.items)))

    def row(self, direction: Direction) -> str:
        """The name of the map, and of the chain that asks it, from local pods to what is decided."""
        family = self.branch.family
        return self.branch.chain_name(direction, self.digest) if self.digest else others_name(direction, family)


class NodeTiers:
    """The tiers of one node. What changes takes effect with `refresh`.

    Attributes:
        nouns: their part of the ruleset.
        is_used: whether rules of tiers are about any local pod.
    """

    def __init__(self, engine: Engine) -> None:
        """Nothing is decided about any pod yet."""
        self.nouns = ChangingNouns()
        self.is_used = False
        self._engine = engine
        self._subjects: dict[tuple[Direction, int], _Subjects] = {
            (direction, family.number): {} for direction, family in product(Direction, FAMILIES)
        }
        self._touched: dict[_Subject, TierRules | None] = {}  # with their rules at the last refresh
        self._users: Counter[_FamilyRules] = Counter()
        self._verdicts: dict[_FamilyRules, dict[PeerGroup, PortChain]] = {}
        self._port_users: Counter[str] = Counter()
        self._items: Counter[PeerItem | str] = Counter()  # and names of ports
        self._flipped: set[PeerItem | str] = set()
        self._dirty: set[int] = set()
        self._is_stale = False
        self._others = [PeerGroup(BRANCHES[family.number, False], PeerClass()) for family in FAMILIES]
        self._forget()

    def _forget(self) -> None:
        self._of: dict[ElementKey, PeerGroup] = {}
        self._groups: dict[Branch, dict[PeerClass, PeerGroup]] = {branch: {} for branch in BRANCHES.values()}
        self._layouts: dict[Branch, Layout] = {branch: {} for branch in BRANCHES.values()}
        self._tests: dict[Branch, set[str]] = {branch: set() for branch in BRANCHES.values()}  # all of a layout
        self._selections: frozenset[PodSelection] = frozenset()
        self._names: frozenset[str] = frozenset()
        self._nodes: dict[int, frozenset[PeerItem]] = {}
        self._networks = Networks(())

    # -- what changes ------------------------------------------------------------------------------------------------

    def put(self, direction: Direction, address: int, rules: TierRules | None) -> None:
        """The rules about a local pod, by one of its addresses; None if there are none."""
        subjects = self._subjects[direction, family_of(address).number]
        old = subjects.pop(address, None)
        if old is not rules:
            self._touched.setdefault((direction, address), old)
        if rules is not None:
            subjects[address] = rules

    def _rules(self, direction: Direction, address: int) -> TierRules | None:
        return self._subjects[direction, family_of(address).number].get(address)

    def follow(self, delta: Delta) -> None:
        """Note what an update of the engine changed."""
        for change in delta.pods if self.is_used else ():
            for state in (change.before, change.after):
                if state is not None:
                    self._dirty.update(state.addresses, state.disputed)
        self._is_stale |= delta.nodes

    def refresh(self) -> None:
        """Bring the nouns up to date."""
        touched = {one: (old, self._rules(*one)) for one, old in self._touched.items()}
        touched = {one: (old, new) for one, (old, new) in touched.items() if old is not new}
        for (_, address), (_, new) in touched.items():
            if new is not None:
                self._acquire((new, family_of(address)))
        for (_, address), (old, _) in touched.items():
            if old is not None:
                self._release((old, family_of(address)))
        if any(self._subjects.values()) is not self.is_used:
            self._end() if self.is_used else self._begin()
        if self.is_used:
            rowed = [*self._all_groups()] if touched else []
            self._update_peers()
            self._update_subjects(touched, rowed)
        self._touched = {}
        self._flipped.clear()
        self._dirty.clear()
        self._is_stale = False

    def _begin(self) -> None:
        self.is_used = self._is_stale = True
        for direction, family in product(Direction, FAMILIES):
            subjects = Set(subjects_name(direction, family), (family.type,))
            self.nouns.put_container(subjects, dict.fromkeys(self._subjects[direction, family.number]))
        for direction in Direction:
            self.nouns.put_chain(denial(direction))
        for group in self._others:
            self._put_rows(group)
        for direction, family in product(Direction, FAMILIES):
            self._put_tiers(direction, family)

    def _end(self) -> None:
        self.is_used = False
        for direction, family in product(Direction, FAMILIES):
            self.nouns.drop_container(subjects_name(direction, family))
            self.nouns.drop_chain(tiers_name(direction, family))
        for direction in Direction:
            self.nouns.drop_chain(denial(direction).name)
        for group in self._others:
            self._drop_rows(group)
        self._move(dict.fromkeys(self._of))
        self._forget()

    # -- local pods --------------------------------------------------------------------------------------------------

    def _acquire(self, one: _FamilyRules) -> None:
        self._users[one] += 1
        if self._users[one] == 1:
            self._verdicts[one] = {}
            for item in (*one[0].items, *one[0].names):
                self._items[item] += 1
                if self._items[item] == 1:
                    self._flipped ^= {item}

    def _release(self, one: _FamilyRules) -> None:
        self._users[one] -= 1
        if self._users[one]:
            return
        del self._users[one]
        for ports in self._verdicts.pop(one).values():
            self._release_ports(ports)
        for item in (*one[0].items, *one[0].names):
            self._items[item] -= 1
            if not self._items[item]:
                del self._items[item]
                self._flipped ^= {item}

    def _update_subjects(self, touched: Iterable[_Subject], groups: list[PeerGroup]) -> None:
        """Update local pods in the set of them, and in the rows of the groups that already had one."""
        there = [group for group in groups if group.members or not group.digest]
        for direction, address in touched:
            rules, family = self._rules(direction, address), family_of(address)
            self._put_element(subjects_name(direction, family), address, rules is not None)
            for group in there:
                if group.branch.family is family and direction in group.branch.directions:
                    verdict = None if rules is None else self._verdict(rules, group)
                    self._put_element(group.row(direction), address, verdict is not None, verdict)

    def _put_element(self, name: str, address: int, is_there: bool, verdict: Verdict | None = None) -> None:
        if is_there:
            self.nouns.put_element(name, address, verdict)
        else:
            self.nouns.drop_element(name, address)

    def _all_groups(self) -> Iterator[PeerGroup]:
        yield from self._others
        for groups in self._groups.values():
            yield from groups.values()

    def _verdict(self, rules: TierRules, group: PeerGroup) -> Verdict | None:
        known = self._verdicts[rules, group.branch.family]
        ports = known.get(group)
        if ports is None:
            ports = known[group] = port_chain(rules.direction, rules.decisions(group.peer))
            if ports.chain is not None:
                self._port_users[ports.chain.name] += 1
                if self._port_users[ports.chain.name] == 1:
                    for each in ports.maps:
                        self.nouns.put_container(each)
                    self.nouns.put_chain(ports.chain)
        return ports.verdict

    def _release_ports(self, ports: PortChain) -> None:
        if ports.chain is None:
            return
        name = ports.chain.name
        self._port_users[name] -= 1
        if not self._port_users[name]:
            del self._port_users[name]
            self.nouns.drop_chain(name)
            for each in ports.maps:
                self.nouns.drop_container(each.name)

    # -- peers -------------------------------------------------------------------------------------------------------

    def _update_peers(self) -> None:
        if self._flipped or self._is_stale:
            self._selections = frozenset(item for item in self._items if isinstance(item, PodSelection))
        flipped = [item for item in self._flipped if isinstance(item, PodSelection)]
        if len(flipped) < len(self._flipped):
            self._is_stale = True
        elif not self._is_stale:
            for _, endpoints in self._engine.partition(flipped):
                self._dirty.update(address for endpoint in endpoints for address in endpoint.addresses)
        if self._is_stale or len(self._dirty) > _MANY:
            self._names = frozenset(item for item in self._items if isinstance(item, str))
            self._networks = Networks(item for item in self._items if isinstance(item, AddressSet))
            self._nodes = self._items_of_nodes()
            found = self._found()
            self._move({**dict.fromkeys(self._of.keys() - found.keys()), **found})
        else:
            self._move({address: self._group_of(address) for address in self._dirty})

    def _items_of_nodes(self) -> dict[int, frozenset[PeerItem]]:
        found: dict[int, frozenset[PeerItem]] = {}
        for item in self._items:
            if isinstance(item, Selector):
                for address in self._engine.addresses_of_nodes((item,)):
                    found[address] = found.get(address, _NO_ITEMS) | {item}
        return found

    def _found(self) -> dict[ElementKey, PeerGroup]:
        """The groups of all addresses."""
        found: dict[ElementKey, PeerGroup] = {}
        nodes, networks = self._nodes, self._networks
        for selections, endpoints in self._engine.partition(self._selections):
            known: dict[tuple[frozenset[PeerItem], frozenset[PeerItem], object, bool], PeerGroup] = {}
            for endpoint, address in self._engine.own_addresses(endpoints):
                more = nodes.get(address, _NO_ITEMS), networks.at(address)
                key = (*more, self._ports(endpoint) if self._names else (), address >= V6_START)
                group = known.get(key)
                if group is None:
                    group = known[key] = self._group(family_of(address), selections.union(*more), endpoint)
                found[address] = group
        for address in self._nodes.keys() - found.keys():
            found[address] = self._group(family_of(address), self._nodes[address] | self._networks.at(address))
        for family in FAMILIES:
            for items, interval in self._networks.of(family):
                found[interval] = self._group(family, items, is_network=True)
        return found

    def _group_of(self, address: int) -> PeerGroup | None:
        """The group of an address of a pod or node; None if it is neither."""
        endpoint = self._engine.owner(address)
        selections = self._engine.selections_of(endpoint) & self._selections if endpoint is not None else frozenset()
        items = selections | self._nodes.get(address, _NO_ITEMS)
        if not items:
            return None
        return self._group(family_of(address), items | self._networks.at(address), endpoint)

    def _group(
        self,
        family: AddressFamily,
        items: frozenset[PeerItem],
        endpoint: Endpoint | None = None,
        *,
        is_network: bool = False,
    ) -> PeerGroup:
        branch = BRANCHES[family.number, is_network]
        groups = self._groups[branch]
        peer = PeerClass(items, self._ports(endpoint) if endpoint is not None else ())
        group = groups.get(peer)
        if group is None:
            group = groups[peer] = PeerGroup(branch, peer, peer_digest(peer))
        return group

    def _ports(self, endpoint: Endpoint) -> tuple[NamedPort, ...]:
        return tuple(port for port in endpoint.ports if port.name in self._names) if self._names else ()

    def _move(self, groups: Mapping[ElementKey, PeerGroup | None]) -> None:
        """Move addresses to their new groups, and add and remove groups."""
        moves: dict[Branch, list[_Move]] = {branch: [] for branch in BRANCHES.values()}
        touched: set[Branch] = set()
        for key, new in groups.items():
            old = self._of.get(key)
            if old is new:
                continue
            if old is not None:
                old.members.discard(key)
                moves[old.branch].append((key, old, new))
                touched.add(old.branch)
            if new is None:
                del self._of[key]
                continue
            self._of[key] = new
            new.members.add(key)
            touched.add(new.branch)
            if self._layouts[new.branch] and (old is None or old.branch is not new.branch):
                moves[new.branch].append((key, old, new))
        for branch in BRANCHES.values():
            if branch in touched:
                self._update_branch(branch, moves[branch])

    def _update_branch(self, branch: Branch, moved: list[_Move]) -> None:
        own, before, old_layout = self._groups[branch], self._tests[branch], self._layouts[branch]
        gone = {old for _, old, _ in moved if old is not None and old.branch is branch and not old.members}
        coming = {new for _, _, new in moved if new is not None and new.branch is branch} if before else {*own.values()}
        new = [group for group in coming if group.digest not in before]
        for group in gone:
            del own[group.peer]
            self._drop_rows(group)
        for group in new:
            self._put_rows(group)
        after = before
        if new or gone:
            self._layouts[branch] = layout(group.digest for group in own.values())
            after = self._tests[branch] = {*chain.from_iterable(self._layouts[branch].values())}
        staying = before if after is before else before & after
        for key, one, other in moved if staying else ():
            for digits in _path(one, staying):
                self.nouns.drop_element(branch.set_name(digits), key)
            for digits in _path(other, staying):
                self.nouns.put_element(branch.set_name(digits), key)
        if after is not before:
            self._update_layout(branch, before, after, old_layout)

    def _update_layout(self, branch: Branch, before: set[str], after: set[str], old: Layout) -> None:
        """Add and remove sets and chains that find the groups of a branch."""
        for digits in before - after:
            self.nouns.drop_container(branch.set_name(digits))
        filled: dict[str, dict[ElementKey, Verdict | None]] = {digits: {} for digits in after - before}
        for group in self._groups[branch].values():
            for digits in _path(group, filled.keys()):
                filled[digits].update(dict.fromkeys(group.members))
        for digits, elements in filled.items():
            self.nouns.put_container(branch.declaration(digits), elements)
        new = self._layouts[branch]
        for direction in branch.directions:
            for digits in old.keys() - new.keys() - {""}:
                self.nouns.drop_chain(branch.chain_name(direction, digits))
            for digits in new.keys() - {""}:
                rules = finding_rules(branch, direction, new[digits])
                self.nouns.put_chain(Chain(branch.chain_name(direction, digits), tuple(rules)))
            if self.is_used:
                self._put_tiers(direction, branch.family)

    def _put_tiers(self, direction: Direction, family: AddressFamily) -> None:
        branches = [each for each in BRANCHES.values() if each.family is family and direction in each.directions]
        finding = [finding_rules(each, direction, self._layouts[each].get("", ())) for each in branches]
        others = row_rule(family, direction, others_name(direction, family))
        self.nouns.put_chain(Chain(tiers_name(direction, family), (*chain.from_iterable(finding), others)))

    def _put_rows(self, group: PeerGroup) -> None:
        family = group.branch.family
        for direction in group.branch.directions:
            name = group.row(direction)
            subjects = self._subjects[direction, family.number]
            verdicts = {rules: self._verdict(rules, group) for rules in {*subjects.values()}}
            rows: dict[ElementKey, Verdict | None] = {
                address: verdict for address, rules in subjects.items() if (verdict := verdicts[rules]) is not None
            }
            self.nouns.put_container(row_map(family, name), rows)
            if group.digest:
                self.nouns.put_chain(Chain(name, (row_rule(family, direction, name),), comment=group.words))

    def _drop_rows(self, group: PeerGroup) -> None:
        for direction in group.branch.directions:
            self.nouns.drop_container(group.row(direction))
            if group.digest:
                self.nouns.drop_chain(group.row(direction))
        for known in self._verdicts.values():
            if group in known:
                self._release_ports(known.pop(group))


class Networks:
    """The pieces of the line of addresses within which the same networks apply."""

    def __init__(self, networks: Iterable[AddressSet]) -> None:
        """Cut the line where any network begins or ends."""
        every = list(networks)
        pieces = [(first, last, frozenset[PeerItem](every[n] for n in places)) for first, last, places in sweep(every)]
        self._firsts = [first for first, _, _ in pieces]
        self._lasts = [last for _, last, _ in pieces]
        self._pieces = pieces

    def at(self, address: int) -> frozenset[PeerItem]:
        """The networks that an address is in."""
        place = bisect_right(self._firsts, address) - 1
        return _NO_ITEMS if place < 0 or address > self._lasts[place] else self._pieces[place][2]

    def of(self, family: AddressFamily) -> Iterator[tuple[frozenset[PeerItem], tuple[int, int]]]:
        """The pieces of one family, those with the same networks joined."""
        found: dict[frozenset[PeerItem], list[tuple[int, int]]] = {}
        for first, last, items in self._pieces:
            found.setdefault(items, []).append((first, last))
        for items, intervals in found.items():
            for interval in (AddressSet(intervals) & family.every).intervals:
                yield items, interval


def _path(group: PeerGroup | None, tests: Container[str]) -> list[str]:
    """The digits, among some, with which the digest of a group begins."""
    if group is None:
        return []
    every = [group.digest[:count] for count in (*range(1, _DEEPEST), DIGITS)]
    return [digits for digits in every if digits in tests]
