"""A sampled run with a name for each class of endpoints instead of their own names.

Why: of two pods that policies cannot tell apart one may have been tried with one destination and the other with
another, so a table of pods would have gaps; a table of classes has none. Host-network pods are allowed to the pods of
their own node, so their names also state whether the other end is on it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from haechi.report import LabRun


def by_class(run: LabRun) -> tuple[LabRun, Mapping[str, int]]:
    """The run with the names of classes, and how many endpoints each of these names stands for."""
    if run.sample is None:
        return run, {}
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for each in run.sample.classes:
        first, *others = each.members
        name = f"{first} and {len(others)} alike" if others else first
        names |= dict.fromkeys(each.members, name)
        sizes[name] = len(each.members)
    homes = run.homes
    outside = {names[host]: description for host, description in run.descriptions.items() if host in names}
    shared: set[str] = set()

    def named(endpoint: str, other: str) -> str:
        if endpoint not in run.host_network:
            return names[endpoint]
        name = f"{names[endpoint]} ({'same' if homes[endpoint] == homes.get(other) else 'another'} node)"
        shared.add(name)
        if endpoint in run.descriptions:
            outside[name] = run.descriptions[endpoint]
        return name

    results = tuple(
        replace(one, source=named(one.source, one.destination), destination=named(one.destination, one.source))
        for one in run.results
    )
    present = {name for one in results for name in (one.source, one.destination)}
    found = replace(
        run,
        results=results,
        endpoints=dict.fromkeys(sorted(present), ()),
        descriptions=outside,
        host_network=tuple(sorted(shared)),
        subjects={names[pod]: policies for pod, policies in run.subjects.items() if pod in names},
    )
    return found, sizes
