"""What differs between two tables, and that what is equal stays the same object."""

from __future__ import annotations

from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import Chain, Element, Map, Ruleset, Set
from haechi.verify.cached import CachedRuleset, RulesetChange, set_or_map
from tests.verify import small
from tests.verify.mutants import KINDS, Kind, mutants


def table(seed: str) -> Ruleset:
    """The table of a small random cluster."""
    return NodeRuleset(Engine.of(small.objects(Random(seed), pods=5, policies=4, tidy=True)), small.NODE).ruleset()


def dumped(ruleset: Ruleset) -> Ruleset:
    """An equal ruleset of new values."""
    chains = [Chain(each.name, tuple(each.rules), each.base, each.comment) for each in ruleset.chains.values()]
    sets = [Set(each.name, each.key, each.flags, again(each), each.comment) for each in ruleset.sets.values()]
    maps = [Map(each.name, each.key, each.flags, again(each), each.comment) for each in ruleset.maps.values()]
    return Ruleset.of(ruleset.table, *chains, *sets, *maps)


def again(container: Set | Map) -> frozenset[Element]:
    """The same elements as new values."""
    return frozenset([Element(bytes(bytearray(key)), last, verdict) for key, last, verdict in container.elements])


def assert_change(old: Ruleset, new: Ruleset) -> None:
    """Exactly what differs is reported; the rest is the old table's, the whole equals the new one."""
    change = RulesetChange.between(old, new)
    assert change.chains == {
        name for name in {*old.chains, *new.chains} if old.chains.get(name) != new.chains.get(name)
    }
    names = {*old.sets, *old.maps, *new.sets, *new.maps}
    assert change.containers.keys() == {name for name in names if set_or_map(old, name) != set_or_map(new, name)}
    for name, elements in change.containers.items():
        one, other = set_or_map(old, name), set_or_map(new, name)
        if elements is None:
            assert one is None or other is None or one.shape != other.shape
        else:
            assert one is not None
            assert other is not None
            assert elements == one.elements ^ other.elements
    cached = change.cached(old, new)
    assert isinstance(cached, CachedRuleset)
    assert (cached.table, cached.chains, cached.sets, cached.maps) == (new.table, new.chains, new.sets, new.maps)
    assert all(cached.chains[name] is old.chains[name] for name in cached.chains.keys() - change.chains)
    assert all(
        set_or_map(cached, name) is set_or_map(old, name)
        for name in {*cached.sets, *cached.maps} - change.containers.keys()
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_new_dump_of_the_same_table_changes_nothing_and_is_not_cached(seed: int) -> None:
    old = table(f"cached {seed}")
    new = dumped(old)
    assert RulesetChange.between(old, new) == RulesetChange(frozenset(), {})
    assert_change(old, new)


@pytest.mark.parametrize("seed", range(5))
def test_tables_of_different_clusters(seed: int) -> None:
    assert_change(table(f"one {seed}"), table(f"other {seed}"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_changed_table(kind: Kind) -> None:
    old = table(f"cached {kind.__name__}")
    for mutant in mutants(kind, old, Random(kind.__name__), 5):
        assert_change(old, mutant)
        assert_change(dumped(mutant), old)
