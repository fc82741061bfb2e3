"""The words of the table: ports, names and policies, as short as possible. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from haechi.cli.lab.sections import PortOutcomes, TableRow, TableSection
from haechi.cli.wording import first_names
from haechi.lab import PROTOCOLS, Port
from haechi.model import AnyPolicyKey

MOST = 4
"""Names in a cell; of more, the first three and how many more."""
EVERYTHING, NOTHING, ELSE = "everything", "nothing", "everything else"


def ports(some: Collection[Port], of: Collection[Port]) -> str:
    """Some of the probed ports: `TCP 80, 443; UDP 53`, `all SCTP`, `everything` or `nothing`."""
    if not some:
        return NOTHING
    if len(some) == len(of):
        return EVERYTHING
    parts = []
    for protocol in PROTOCOLS:
        numbers = sorted(number for each, number in some if each == protocol)
        every = sum(each == protocol for each, _ in of)
        if numbers:
            whole = len(numbers) == every and every > 1
            parts.append(f"all {protocol}" if whole else f"{protocol} {', '.join(map(str, numbers))}")
    return "; ".join(parts)


def allowed_and_denied(outcomes: PortOutcomes) -> tuple[str, str]:
    """The two columns of ports, by IP version where they differ."""
    texts = []
    for version in sorted({version for version, _, _ in outcomes}):
        allowed = {port for each, port, outcome in outcomes if each == version and outcome.allowed}
        every = {port for each, port, _ in outcomes if each == version}
        texts.append((f"IPv{version}: " if version else "", *_two_sides(allowed, every)))
    return (
        ", ".join(prefix + allowed for prefix, allowed, _ in texts),
        ", ".join(prefix + denied for prefix, _, denied in texts),
    )


def _two_sides(allowed: set[Port], every: set[Port]) -> tuple[str, str]:
    denied = every - allowed
    if not allowed or not denied:
        return ports(allowed, every), ports(denied, every)
    one, other = ports(allowed, every), ports(denied, every)
    return (one, ELSE) if len(allowed) <= len(denied) else (ELSE, other)


def names(some: Iterable[str], everyone: Iterable[str]) -> str:
    """Names; all names of a namespace, or all hosts of a kind, as `namespace/*`; of many the first."""
    members: dict[str, set[str]] = {}
    for name in everyone:
        members.setdefault(name.partition("/")[0], set()).add(name)
    chosen = set(some)
    parts = []
    for space, all_of_it in sorted(members.items()):
        here = sorted(chosen & all_of_it)
        parts += [f"{space}/*"] if len(here) == len(all_of_it) > 2 else here
    return ", ".join(parts) if len(parts) <= MOST else first_names(parts)


def sources(row: TableRow, section: TableSection, everyone: Collection[str]) -> str:
    """The sources, in one column; the rest, if they are many, as `anyone else`.

    Args:
        row: whose sources.
        section: the section of the row.
        everyone: all possible sources of the section. If some of them were not probed, the rest is named too.
    """
    probed = {name for each in section.rows for name in each.sources}
    if row.is_rest and len(row.sources) > 3 and probed.union(section.destinations).issuperset(everyone):
        words = ("any pod", "any other pod") if section.outside else ("anyone", "anyone else")
        return words[len(section.rows) > 1]
    here = [name for name in everyone if name not in section.destinations or name in row.sources]
    return names(row.sources, here)


def policies(keys: Sequence[AnyPolicyKey], most: int = 3) -> str:
    """Policies by comma; of many the first and how many more."""
    return first_names(list(map(str, keys)), most)


def deniers(row: TableRow) -> str:
    """The direction that denies what is denied: egress, ingress, both, or sometimes one, sometimes the other."""
    if all(outcome.allowed for _, _, outcome in row.outcomes):
        return ""
    return "either" if not row.deniers else "both" if len(row.deniers) == 2 else min(row.deniers).lower()
