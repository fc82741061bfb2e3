"""`--from`, `--to` and `--focus`: the endpoints that a text selects.

In this order: a whole name (`namespace/pod`, `host/NAME`, `outside/ADDRESS`), an address, all of a namespace
(`shop/`), a pattern with `*` or `?` on whole names, any other name of a pod, workload or Service
(`haechi.analysis.cluster.names`), and labels as kubectl writes them (`app=web,tier in (a,b),!old`), those of one
namespace with `namespace:` before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase

from haechi.analysis.cluster import AmbiguousName, Names, UnknownName, address_named
from haechi.cli.failure import CommandError
from haechi.errors import suggestion
from haechi.model import PodKey
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
    argument: str,
    texts: Iterable[str],
    endpoints: Mapping[str, tuple[str, ...]],
    names: Names,
    namespaces: Collection[str] = (),
) -> frozenset[str] | None:
    """The names of all endpoints that the texts select; None if there is no text.

    Args:
        argument: `--from` or `--to`, for messages.
        texts: what was given.
        endpoints: the addresses of every endpoint, by name.
        names: the pods, workloads and Services.
        namespaces: where names without a namespace are looked for; everywhere if there are none.

    Raises:
        CommandError: a text selects nothing, or could be several.
    """
    found = [_selected(argument, text, endpoints, names, namespaces) for text in texts]
    return frozenset[str]().union(*found) if found else None


def _selected(
    argument: str, text: str, endpoints: Mapping[str, tuple[str, ...]], names: Names, namespaces: Collection[str]
) -> frozenset[str]:
    if text in endpoints:
        return frozenset((text,))
    point = address_named(text)
    if point is not None:
        found = frozenset(name for name, addresses in endpoints.items() if point in map(address_named, addresses))
    else:
        found = _matching(text, endpoints)
    return found or frozenset(map(str, choose_pods(argument, text, names, namespaces, endpoints)))


def choose_pods(
    argument: str, text: str, names: Names, namespaces: Collection[str] = (), others: Iterable[str] = ()
) -> frozenset[PodKey]:
    """The pods that a text selects: `namespace/`, a pattern, a name, or labels.

    Args:
        argument: the option, for messages.
        text: what was given.
        names: the pods, workloads and Services.
        namespaces: where names without a namespace are looked for; everywhere if there are none.
        others: further names to suggest.

    Raises:
        CommandError: it selects nothing, or could be several.
    """
    matching = _matching(text, map(str, names.pods))
    if matching:
        return frozenset(key for key in names.pods if str(key) in matching)
    try:
        return frozenset(names.pods_named(text, namespaces=namespaces))
    except AmbiguousName as error:
        raise CommandError(error.reason, argument) from error
    except UnknownName as error:
        found = _labelled(text, names)
        if not found:
            close = error.hint.startswith("did you mean")
            hint = error.hint if close else suggestion(text, (*others, *map(str, names.pods)))
            message = f"{text!r} is not the name, address or labels of a pod, workload, Service or host"
            raise CommandError(message, argument, (hint,)) from error
        return found


def _matching(text: str, names: Iterable[str]) -> frozenset[str]:
    """The names that a pattern matches; `shop/` is everything in shop, as is `shop/*`, which shells may expand."""
    pattern = f"{text}*" if text.endswith("/") else text
    if "/" not in text or not ("*" in pattern or "?" in pattern):
        return frozenset()
    return frozenset(name for name in names if fnmatchcase(name, pattern))


def _labelled(text: str, names: Names) -> frozenset[PodKey]:
    """The pods with some labels, of one namespace if the text begins with it and a colon."""
    namespace, colon, labels = text.rpartition(":")
    selector = None if (colon and not namespace) or address_named(text) is not None else parse_selector(labels)
    if selector is None:
        return frozenset()
    pods = names.pods.items()
    return frozenset(
        key for key, pod in pods if (not colon or key.namespace == namespace) and selector.matches(pod.labels)
    )


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
