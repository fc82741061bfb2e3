"""One small fault in a correct table: every kind of it.

Each kind is a function from a table and a source of chance to tables that differ in one thing. What the kernel's nouns
refuse is no mutant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from haechi.nft import (
    ACCEPT,
    CONTINUE,
    DROP,
    RETURN,
    BaseChain,
    Chain,
    ChainPolicy,
    Compare,
    Ct,
    CtDirection,
    CtKey,
    CtState,
    Element,
    Expression,
    HasState,
    Hook,
    InRange,
    Lookup,
    Map,
    NounError,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    TableFlags,
    Verdict,
    VerdictMap,
    goto,
    jump,
)

Kind = Callable[[Ruleset, Random], Ruleset | None]
PROTOCOLS = (1, 6, 17, 47, 58, 132)


def mutants(kind: Kind, ruleset: Ruleset, random: Random, count: int) -> Iterator[Ruleset]:
    """`count` mutants of one kind, none equal to the table itself; fewer if chance does not find them."""
    for _ in range(count * 4):
        try:
            found = kind(ruleset, random)
        except NounError:
            continue
        if found is not None and found != ruleset and not _circles(found):
            yield found
            count -= 1
            if not count:
                return


def _circles(ruleset: Ruleset) -> bool:
    """Whether a chain leads back to itself, which the kernel refuses (ELOOP)."""
    onward: dict[str, set[str]] = {}
    for chain in ruleset.chains.values():
        maps = [each.map for rule in chain.rules for each in rule.lookups() if isinstance(each, VerdictMap)]
        keyed = {each.verdict.chain for name in maps for each in ruleset.maps[name].elements if each.verdict}
        onward[chain.name] = {target for rule in chain.rules for target in rule.targets()} | keyed - {""}
    while onward:
        ends = [name for name, targets in onward.items() if not targets & onward.keys()]
        if not ends:
            return True
        for name in ends:
            del onward[name]
    return False


def _noun(ruleset: Ruleset, noun: Set | Map | Chain) -> Ruleset:
    if isinstance(noun, Chain):
        return replace(ruleset, chains={**ruleset.chains, noun.name: noun})
    if isinstance(noun, Set):
        return replace(ruleset, sets={**ruleset.sets, noun.name: noun})
    return replace(ruleset, maps={**ruleset.maps, noun.name: noun})


def _containers(ruleset: Ruleset) -> list[Set | Map]:
    return [*ruleset.sets.values(), *ruleset.maps.values()]


def _filled(random: Random, nouns: list[Set] | list[Map]) -> Set | Map | None:
    found = [each for each in nouns if each.elements]
    return random.choice(found) if found else None


def _element(random: Random, container: Set | Map) -> Element:
    return random.choice(sorted(container.elements, key=repr))


def _key_of(random: Random, ruleset: Ruleset, container: Set | Map) -> bytes | None:
    """A key that could be in a set: one of another set of its types, or a neighbour of one of its own."""
    like = [each for each in _containers(ruleset) if each.key == container.key]
    keys = sorted(
        {element.key for each in like for element in each.elements} - {each.key for each in container.elements}
    )
    if keys and random.random() < 0.7:
        return random.choice(keys)
    if not container.elements:
        return None
    key = _element(random, container).key
    place = random.choice(list(_ends(container)))
    step = random.choice((-1, 1))
    value = (int.from_bytes(key[:place], "big") + step) % (1 << 8 * place)
    return value.to_bytes(place, "big") + key[place:]


def _ends(container: Set | Map) -> Iterator[int]:
    """Where the bytes of each field of a key end, without padding."""
    offset = 0
    for kind, width in zip(container.shape.types, container.shape.field_widths, strict=True):
        yield offset + kind.width
        offset += width


def _verdict(random: Random, ruleset: Ruleset) -> Verdict:
    chains = [name for name, chain in ruleset.chains.items() if chain.base is None]
    ways = [ACCEPT, DROP, RETURN, CONTINUE, goto(random.choice(chains)), jump(random.choice(chains))]
    return random.choice(ways)


# -- sets and maps ---------------------------------------------------------------------------------------------------


def set_element_removed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    container = _filled(random, list(ruleset.sets.values()))
    if container is None:
        return None
    return _noun(ruleset, replace(container, elements=container.elements - {_element(random, container)}))


def set_element_added(ruleset: Ruleset, random: Random) -> Ruleset | None:
    container = random.choice(list(ruleset.sets.values()))
    key = _key_of(random, ruleset, container)
    return None if key is None else _noun(ruleset, replace(container, elements=container.elements | {Element(key)}))


def set_element_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    container = _filled(random, list(ruleset.sets.values()))
    key = _key_of(random, ruleset, container) if container else None
    if container is None or key is None:
        return None
    return _noun(
        ruleset, replace(container, elements=container.elements - {_element(random, container)} | {Element(key)})
    )


def interval_end_moved(ruleset: Ruleset, random: Random) -> Ruleset | None:
    found = [each for each in _containers(ruleset) if SetFlags.INTERVAL in each.flags and each.elements]
    if not found:
        return None
    container = random.choice(found)
    element = _element(random, container)
    width, step = len(element.key), random.choice((-1, 1))
    last = element.last or element.key
    first, end = int.from_bytes(element.key, "big"), int.from_bytes(last, "big")
    if random.random() < 0.5:
        first += step
    else:
        end += step
    if not 0 <= first <= end < 1 << 8 * width:
        return None
    moved = Element(first.to_bytes(width, "big"), end.to_bytes(width, "big"), element.verdict)
    return _noun(ruleset, replace(container, elements=container.elements - {element} | {moved}))


def map_element_removed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    container = _filled(random, list(ruleset.maps.values()))
    if container is None:
        return None
    return _noun(ruleset, replace(container, elements=container.elements - {_element(random, container)}))


def map_element_added(ruleset: Ruleset, random: Random) -> Ruleset | None:
    container = random.choice(list(ruleset.maps.values()))
    key = _key_of(random, ruleset, container)
    if key is None:
        return None
    added = Element(key, None, _verdict(random, ruleset))
    return _noun(ruleset, replace(container, elements=container.elements | {added}))


def map_key_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    """Ports and addresses alike."""
    container = _filled(random, list(ruleset.maps.values()))
    key = _key_of(random, ruleset, container) if container else None
    if container is None or key is None:
        return None
    old = _element(random, container)
    return _noun(ruleset, replace(container, elements=container.elements - {old} | {Element(key, None, old.verdict)}))


def map_verdict_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    container = _filled(random, list(ruleset.maps.values()))
    if container is None:
        return None
    old = _element(random, container)
    return _noun(
        ruleset,
        replace(container, elements=container.elements - {old} | {old._replace(verdict=_verdict(random, ruleset))}),
    )


# -- rules -----------------------------------------------------------------------------------------------------------


def _with_rules(ruleset: Ruleset, chain: Chain, rules: list[Rule]) -> Ruleset:
    return _noun(ruleset, replace(chain, rules=tuple(rules)))


def _chain(random: Random, ruleset: Ruleset, least: int = 1) -> Chain | None:
    found = [each for each in ruleset.chains.values() if len(each.rules) >= least]
    return random.choice(found) if found else None


def rule_removed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    chain = _chain(random, ruleset)
    if chain is None:
        return None
    rules = list(chain.rules)
    del rules[random.randrange(len(rules))]
    return _with_rules(ruleset, chain, rules)


def rules_swapped(ruleset: Ruleset, random: Random) -> Ruleset | None:
    chain = _chain(random, ruleset, 2)
    if chain is None:
        return None
    rules = list(chain.rules)
    one, other = random.sample(range(len(rules)), 2)
    rules[one], rules[other] = rules[other], rules[one]
    return _with_rules(ruleset, chain, rules)


def rule_moved_to_another_chain(ruleset: Ruleset, random: Random) -> Ruleset | None:
    chain, other = _chain(random, ruleset), _chain(random, ruleset)
    if chain is None or other is None:
        return None
    rules = list(other.rules)
    rules.insert(random.randrange(len(rules) + 1), random.choice(chain.rules))
    return _with_rules(ruleset, other, rules)


def _expression_changed(
    ruleset: Ruleset, random: Random, kinds: type | tuple[type, ...], change: Callable[..., Expression | None]
) -> Ruleset | None:
    """Change one expression of a kind, somewhere."""
    found = [
        (chain, number, place)
        for chain in ruleset.chains.values()
        for number, rule in enumerate(chain.rules)
        for place, each in enumerate(rule.expressions)
        if isinstance(each, kinds)
    ]
    if not found:
        return None
    chain, number, place = random.choice(found)
    expressions = list(chain.rules[number].expressions)
    new = change(expressions[place])
    if new is None:
        return None
    expressions[place] = new
    rules = list(chain.rules)
    rules[number] = replace(rules[number], expressions=tuple(expressions))
    return _with_rules(ruleset, chain, rules)


def verdict_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    return _expression_changed(ruleset, random, Verdict, lambda _: _verdict(random, ruleset))


def condition_removed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    found = [
        (chain, number, place)
        for chain in ruleset.chains.values()
        for number, rule in enumerate(chain.rules)
        for place, each in enumerate(rule.expressions)
        if isinstance(each, Compare | InRange | HasState | Lookup) and len(rule.expressions) > 1
    ]
    chain, number, place = random.choice(found)
    expressions = list(chain.rules[number].expressions)
    del expressions[place]
    rules = list(chain.rules)
    rules[number] = replace(rules[number], expressions=tuple(expressions))
    return _with_rules(ruleset, chain, rules)


def protocol_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    """Of `meta l4proto`, and families of `meta nfproto`."""

    def change(asked: Compare) -> Expression:
        numbers = (2, 10) if asked.load.type.keyword == "nf_proto" else PROTOCOLS
        return replace(asked, value=bytes((random.choice(numbers),)))

    return _expression_changed(ruleset, random, Compare, change)


def condition_negated(ruleset: Ruleset, random: Random) -> Ruleset | None:
    def change(asked: Lookup | HasState | InRange) -> Expression:
        return replace(asked, negated=not asked.negated)

    return _expression_changed(ruleset, random, (Lookup, HasState, InRange), change)


def states_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    def change(asked: HasState) -> Expression:
        return replace(asked, states=asked.states ^ random.choice(list(CtState)))

    return _expression_changed(ruleset, random, HasState, change)


def range_moved(ruleset: Ruleset, random: Random) -> Ruleset | None:
    def change(asked: InRange) -> Expression:
        step = random.choice((-1, 1))
        if random.random() < 0.5:
            return replace(asked, first=bytes((asked.first[0] + step,)))
        return replace(asked, last=bytes((asked.last[0] + step,)))

    return _expression_changed(ruleset, random, InRange, change)


def another_set(ruleset: Ruleset, random: Random) -> Ruleset | None:
    def change(asked: Lookup) -> Expression:
        key = ruleset.sets[asked.set].key
        return replace(asked, set=random.choice([each.name for each in ruleset.sets.values() if each.key == key]))

    return _expression_changed(ruleset, random, Lookup, change)


def another_map(ruleset: Ruleset, random: Random) -> Ruleset | None:
    def change(asked: VerdictMap) -> Expression:
        key = ruleset.maps[asked.map].key
        return replace(asked, map=random.choice([each.name for each in ruleset.maps.values() if each.key == key]))

    return _expression_changed(ruleset, random, VerdictMap, change)


def direction_turned(ruleset: Ruleset, random: Random) -> Ruleset | None:
    def change(asked: Lookup | VerdictMap) -> Expression | None:
        loads = list(asked.loads)
        place = random.randrange(len(loads))
        load = loads[place]
        if not isinstance(load, Ct) or load.direction is None:
            return None
        loads[place] = replace(load, direction=CtDirection(1 - load.direction))
        return replace(asked, loads=tuple(loads))

    return _expression_changed(ruleset, random, (Lookup, VerdictMap), change)


def address_mistaken(ruleset: Ruleset, random: Random) -> Ruleset | None:
    """Sources for destinations, ports of the client for the server's."""
    other = {
        CtKey.SADDR_IP: CtKey.DADDR_IP, CtKey.SADDR_IP6: CtKey.DADDR_IP6, CtKey.PROTO_SRC: CtKey.PROTO_DST,
    }  # fmt: skip

    def change(asked: Lookup | VerdictMap) -> Expression | None:
        loads = [
            replace(load, key=other.get(load.key, load.key)) if isinstance(load, Ct) else load for load in asked.loads
        ]
        return replace(asked, loads=tuple(loads))

    return _expression_changed(ruleset, random, (Lookup, VerdictMap), change)


# -- chains and the table --------------------------------------------------------------------------------------------


def _based(ruleset: Ruleset, change: Callable[[BaseChain], BaseChain]) -> Ruleset | None:
    for chain in ruleset.chains.values():
        if chain.base is not None:
            return _noun(ruleset, replace(chain, base=change(chain.base)))
    return None


def priority_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    return _based(ruleset, lambda base: replace(base, priority=random.randrange(-400, 400)))


def policy_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    return _based(ruleset, lambda base: replace(base, policy=ChainPolicy.DROP, priority=random.randrange(9)))


def hook_changed(ruleset: Ruleset, random: Random) -> Ruleset | None:
    hooks = [each for each in Hook if each is not Hook.FORWARD]
    return _based(ruleset, lambda base: replace(base, hook=random.choice(hooks)))


def chain_emptied(ruleset: Ruleset, random: Random) -> Ruleset | None:
    chain = _chain(random, ruleset)
    return None if chain is None else _with_rules(ruleset, chain, [])


def table_dormant(ruleset: Ruleset, random: Random) -> Ruleset | None:
    return replace(
        ruleset,
        table=replace(ruleset.table, flags=random.choice((TableFlags.DORMANT, TableFlags.DORMANT | TableFlags.OWNER))),
    )


KINDS: tuple[Kind, ...] = (
    set_element_removed, set_element_added, set_element_changed, interval_end_moved,
    map_element_removed, map_element_added, map_key_changed, map_verdict_changed,
    rule_removed, rules_swapped, rule_moved_to_another_chain, verdict_changed, condition_removed, protocol_changed,
    condition_negated, states_changed, range_moved, another_set, another_map, direction_turned, address_mistaken,
    priority_changed, policy_changed, hook_changed, chain_emptied, table_dormant,
)  # fmt: skip
