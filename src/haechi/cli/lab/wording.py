"""Answers, names and sides of a lab report in words. Pure; everything here is short, so that a table stays narrow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from haechi.cli.lab.outcomes import Answers, Group, Line
from haechi.lab import PROTOCOLS, Port
from haechi.model import PolicyKey

EVERYTHING, NOTHING, ELSE = "everything", "nothing", "everything else"


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 pod`, `2 pods`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def ports(some: Collection[Port], of: Collection[Port]) -> str:
    """Some of the ports that were tried: `TCP 80, 443; UDP 53`, `all SCTP`, `everything` or `nothing`."""
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


def allowed_and_denied(answers: Answers) -> tuple[str, str]:
    """What a line says in its two columns of ports, by IP version where they differ."""
    texts = []
    for version in sorted({version for version, _, _ in answers}):
        allowed = {port for each, port, answer in answers if each == version and answer.allowed}
        every = {port for each, port, _ in answers if each == version}
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
    """Names by comma; all names of a namespace, or all hosts of a kind, as `namespace/*`."""
    members: dict[str, set[str]] = {}
    for name in everyone:
        members.setdefault(name.partition("/")[0], set()).add(name)
    chosen = set(some)
    parts = []
    for space, all_of_it in sorted(members.items()):
        here = sorted(chosen & all_of_it)
        parts += [f"{space}/*"] if len(here) == len(all_of_it) > 2 else here
    return ", ".join(parts)


def sources(line: Line, group: Group, everyone: Collection[str]) -> str:
    """Who sends, in one column; the rest, if they are many, as such.

    Args:
        line: whose sources.
        group: the group of the line.
        everyone: all who could send to the group. If some of them were not asked, the rest is named too.
    """
    asked = {name for each in group.lines for name in each.sources}
    if line.is_rest and len(line.sources) > 3 and asked.union(group.destinations).issuperset(everyone):
        words = ("any pod", "any other pod") if group.outside else ("anyone", "anyone else")
        return words[len(group.lines) > 1]
    here = [name for name in everyone if name not in group.destinations or name in line.sources]
    return names(line.sources, here)


def policies(keys: Sequence[PolicyKey], most: int = 3) -> str:
    """Policies by comma; of many the first and how many more."""
    shown = [str(key) for key in keys[:most]]
    more = [f"{len(keys) - most} more"] if len(keys) > most else []
    return joined([*shown, *more])


def deniers(line: Line) -> str:
    """Which side denies what is denied: egress (the sender's), ingress (the receiver's), both, or sometimes either."""
    if all(answer.allowed for _, _, answer in line.answers):
        return ""
    return "either" if not line.deniers else "both" if len(line.deniers) == 2 else min(line.deniers).lower()
