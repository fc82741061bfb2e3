"""A rule of a tier in which something cannot be read fails closed, and no other rule changes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from haechi.engine import OrderedPolicy, OrderedRule
from haechi.model import Action, Code, Direction, Loaded, Problem, Source, TierPolicy, check_one, read_manifests
from tests.conformance.objects import CUSTOM, Case, Kind, Pairs, at, misread

SEEDS = range(100)


def read(kind: Kind, data: Any) -> tuple[TierPolicy, bool, tuple[Problem, ...]]:
    """The policy, whether it is closed, and what is wrong with it."""
    (found,) = read_manifests([Source("x.json", Case(kind, data, is_yaml=False).text.encode())]).objects
    assert isinstance(found, Loaded)
    assert isinstance(found.object, TierPolicy)
    return found.object, bool(found.problems), check_one(found)


def rules_of(policy: TierPolicy, direction: Direction) -> dict[int, OrderedRule]:
    return {rule.ref.index: rule for rule in OrderedPolicy.read(policy).rules(direction)}


def good(kind: Kind, random: Random, name: str) -> Any:
    """A policy of which nothing is wrong, with rules in a direction."""
    while True:
        data = {"apiVersion": kind.api_version, "kind": kind.name, **kind.make(random), "metadata": {"name": "default"}}
        if data["spec"].get(name) and not any(one.severity == "error" for one in read(kind, data)[2]):
            return data


def is_unreadable(problem: Problem, data: Any) -> bool:
    """Whether the server could not even have stored the field; null stands for an absent one."""
    if problem.code is Code.UNKNOWN_FIELD:
        return at(data, problem.steps) is not None
    return " must be of type " in problem.message and '"null"' not in problem.message


@pytest.mark.parametrize("kind", CUSTOM, ids=lambda kind: kind.name)
def test_a_rule_in_which_something_cannot_be_read_fails_closed(kind: Kind) -> None:
    closed = 0
    for seed in SEEDS:
        random = Random(f"closed/{kind.name}/{seed}")
        direction = random.choice([*Direction])
        name = direction.value.lower()
        data = good(kind, random, name)
        before = rules_of(read(kind, data)[0], direction)
        index = random.randrange(len(data["spec"][name]))
        rule = data["spec"][name][index] = misread(random, data["spec"][name][index])
        policy, is_closed, problems = read(kind, data)
        assert is_closed or not any(is_unreadable(one, data) for one in problems), (data, problems)
        if is_closed:
            closed += 1
            after = rules_of(policy, direction)
            own = after.pop(index, None)
            before.pop(index, None)
            assert after == before, data
            fields = dict(rule) if isinstance(rule, dict | Pairs) else {}
            accepts = fields.get("action") in ("Accept", "Allow")
            assert (own is None) if accepts else (own is not None and own.action is Action.DENY), data
            assert own is None or own.peers.anywhere
    assert closed > len(SEEDS) / 3
