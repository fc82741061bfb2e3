"""What two tables differ in, and that what is equal is kept as it was."""

from __future__ import annotations

from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import Chain, Element, Map, Ruleset, Set
from haechi.verify.kept import Change, Kept, noun
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


def again(held: Set | Map) -> frozenset[Element]:
    """The same elements as new values."""
    return frozenset([Element(bytes(bytearray(key)), last, verdict) for key, last, verdict in held.elements])


def assert_change(old: Ruleset, new: Ruleset) -> None:
    """Exactly what differs is said to differ; the rest is the old table's, the whole equals the new one."""
    change = Change.between(old, new)
    assert change.chains == {
        name for name in {*old.chains, *new.chains} if old.chains.get(name) != new.chains.get(name)
    }
    names = {*old.sets, *old.maps, *new.sets, *new.maps}
    assert change.nouns.keys() == {name for name in names if noun(old, name) != noun(new, name)}
    for name, elements in change.nouns.items():
        one, other = noun(old, name), noun(new, name)
        if elements is None:
            assert one is None or other is None or one.shape != other.shape
        else:
            assert one is not None
            assert other is not None
            assert elements == one.elements ^ other.elements
    kept = change.kept(old, new)
    assert isinstance(kept, Kept)
    assert (kept.table, kept.chains, kept.sets, kept.maps) == (new.table, new.chains, new.sets, new.maps)
    assert all(kept.chains[name] is old.chains[name] for name in kept.chains.keys() - change.chains)
    assert all(noun(kept, name) is noun(old, name) for name in {*kept.sets, *kept.maps} - change.nouns.keys())


@pytest.mark.parametrize("seed", range(5))
def test_a_new_dump_of_the_same_table_changes_nothing_and_is_not_kept(seed: int) -> None:
    old = table(f"kept {seed}")
    new = dumped(old)
    assert Change.between(old, new) == Change(frozenset(), {})
    assert_change(old, new)


@pytest.mark.parametrize("seed", range(5))
def test_tables_of_different_clusters(seed: int) -> None:
    assert_change(table(f"one {seed}"), table(f"other {seed}"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_changed_table(kind: Kind) -> None:
    old = table(f"kept {kind.__name__}")
    for mutant in mutants(kind, old, Random(kind.__name__), 5):
        assert_change(old, mutant)
        assert_change(dumped(mutant), old)
