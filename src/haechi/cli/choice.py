"""`--from` and `--to`: the endpoints of a lab that a text selects.

In this order: a whole name (`namespace/pod`, `host/NAME`, `outside/ADDRESS`), a pod's name in namespace default, an
address, a pattern with `*` or `?` on whole names, and labels as kubectl writes them (`app=web,tier in (a,b),!old`),
those of one namespace with `namespace:` before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address

from haechi.cli.failure import unknown_name
from haechi.model import Pod
from haechi.select import Requirement, Selector, SelectorOperator

_KEY = r"[A-Za-z0-9][-A-Za-z0-9_./]*"
_VALUE = r"[-A-Za-z0-9_.]*"
_TERMS = re.compile(
    rf"""\s*(?:
        !\s*(?P<absent>{_KEY})
      | (?P<key>{_KEY})\s*(?:
            (?P<equal>==?|!=)\s*(?P<value>{_VALUE})
          | \s(?P<among>in|notin)\s*\((?P<values>[^()]*)\)
        )?
    )\s*(?:,|$)""",
    re.VERBOSE,
)


def choose(
    argument: str, texts: Iterable[str], endpoints: Mapping[str, tuple[str, ...]], pods: Iterable[Pod]
) -> frozenset[str] | None:
    """The names of all endpoints that the texts select; None if there is no text.

    Args:
        argument: `--from` or `--to`, for messages.
        texts: what was given.
        endpoints: the addresses of every endpoint, by name.
        pods: the endpoints that have labels.

    Raises:
        CommandError: a text selects nothing.
    """
    listed = list(pods)
    found = [_selected(argument, text, endpoints, listed) for text in texts]
    return frozenset[str]().union(*found) if found else None


def _selected(argument: str, text: str, endpoints: Mapping[str, tuple[str, ...]], pods: list[Pod]) -> frozenset[str]:
    found = _by_name(text, endpoints)
    if found:
        return found
    namespace, colon, labels = text.rpartition(":")
    selector = None if _is_address(text) else parse_selector(labels)
    if selector is not None and not (colon and not namespace):
        found = frozenset(
            pod.key for pod in pods if (not colon or pod.namespace == namespace) and selector.matches(pod.labels)
        )
    if not found:
        raise unknown_name(argument, text, endpoints, "the name, address or labels of a pod or host in the lab")
    return found


def _by_name(text: str, endpoints: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    for name in (text, f"default/{text}"):
        if name in endpoints:
            return frozenset((name,))
    if _is_address(text):
        return frozenset(name for name, addresses in endpoints.items() if _same(text, addresses))
    if "/" in text and ("*" in text or "?" in text):
        return frozenset(name for name in endpoints if fnmatchcase(name, text))
    return frozenset()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _same(text: str, addresses: Iterable[str]) -> bool:
    return any(ip_address(text) == ip_address(each) for each in addresses)


def parse_selector(text: str) -> Selector | None:
    """A label selector as kubectl writes it; None for any other text."""
    requirements: list[Requirement] = []
    position = 0
    while position < len(text):
        match = _TERMS.match(text, position)
        if match is None:
            return None
        requirements.append(_requirement(match))
        position = match.end()
    return Selector.all_of(requirements) if requirements and not text.rstrip().endswith(",") else None


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent"], SelectorOperator.DOES_NOT_EXIST)
    key = match["key"]
    if match["equal"]:
        operator = SelectorOperator.NOT_IN if match["equal"] == "!=" else SelectorOperator.IN
        return Requirement(key, operator, (match["value"],))
    if match["among"]:
        values = sorted({value.strip() for value in match["values"].split(",")})
        return Requirement(
            key, SelectorOperator.IN if match["among"] == "in" else SelectorOperator.NOT_IN, tuple(values)
        )
    return Requirement(key, SelectorOperator.EXISTS)
