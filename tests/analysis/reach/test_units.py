"""What is compared with what."""

from __future__ import annotations

from collections.abc import Sequence

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.classes import PodClasses
from haechi.analysis.reach.units import Unit, units
from haechi.model import Object, Pod
from tests.analysis.cluster.test_owners import owned
from tests.building import pod, policy

CLOSED = policy("{podSelector: {matchLabels: {v: '1'}}}")


def job(number: int, name: str = "work") -> Pod:
    """A pod of the Job x/work, with its number as a label and its address."""
    made = owned((("Job", "work", True),), f"v={number}", f"x/{name}-{number}")
    return Pod(metadata=made.metadata, status=pod("x/any", f"10.0.0.{number}").status)


def compared(old: Sequence[Object], new: Sequence[Object]) -> list[Unit]:
    sides = [(cluster, PodClasses.of(cluster.engine).all) for cluster in (Cluster.of(old), Cluster.of(new))]
    return list(units(*sides))


def test_a_workload_whose_pods_are_alike_is_one_unit_whatever_they_are_called() -> None:
    assert compared([job(1), job(2)], [job(1, "other"), job(3, "other")]) == [Unit("x/work[Job]", 0, 0)]


def test_a_workload_of_one_side_only_is_a_unit_without_the_other() -> None:
    assert compared([job(1)], [pod("x/a", "10.0.0.9")]) == [Unit("x/a[Pod]", None, 0), Unit("x/work[Job]", 0, None)]


def test_a_workload_is_cut_where_its_pods_differ_before_or_after() -> None:
    cut = [("x/work[Job]{v=1}", (0, 0)), ("x/work[Job]{v=2}", (0, 1))]
    assert [(unit.name, (unit.old, unit.new)) for unit in compared([job(1), job(2)], [job(1), job(2), CLOSED])] == cut
    back = compared([job(1), job(2), CLOSED], [job(1), job(2)])
    assert [(unit.name, (unit.new, unit.old)) for unit in back] == cut


def test_a_pod_that_comes_or_goes_is_a_part_of_its_own() -> None:
    found = compared([job(1), job(2), CLOSED], [job(2), job(3), CLOSED])
    assert [(unit.name, unit.old, unit.new) for unit in found] == [
        ("x/work[Job]{v=1}", 0, None),
        ("x/work[Job]{v=2}", 1, 0),
        ("x/work[Job]{v=3}", None, 0),
    ]


def test_every_pod_is_in_exactly_one_unit() -> None:
    old: list[Object] = [job(1), job(2), pod("x/a", "10.0.0.9"), CLOSED]
    found = compared(old, [job(2), job(4), pod("y/b", "10.0.0.8")])
    assert {unit.old for unit in found} == {None, 0, 1}
    assert len({(unit.old, unit.new) for unit in found if unit.name.startswith("x/work")}) == 3
    assert [unit.name for unit in found] == sorted(unit.name for unit in found)
