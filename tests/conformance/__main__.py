"""Compare `haechi validate` with a real API server on random objects, and print every difference at its smallest.

python -m tests.conformance [--count N] [--seed N] [--kind KIND]...
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, count, islice
from random import Random

from tests.conformance.answers import (
    Answer,
    answer_of_haechi,
    answer_of_haechi_to_update,
    answer_of_server,
    ask,
    ask_to_update,
)
from tests.conformance.definitions import install, lenient, published
from tests.conformance.objects import (
    CUSTOM,
    FURTHER,
    KINDS,
    Case,
    Kind,
    Path,
    case,
    changed,
    job_update,
    kept_case,
    places,
    update_case,
)
from tests.conformance.recorded import SAMPLE, Recorded, write_recorded
from tests.conformance.server import ApiServer, NotAvailable, api_server

Update = tuple[Case, Answer, str]
"""An update, the server's answer to it and what it was to replace."""
_KEPT = 20  # updates of wrong objects of each custom kind in the sample
_SHOWN = 12
_STEPS = 150
_VALUES = re.compile(r'"(?:[^"\\]|\\.)*"|\d+')


def main() -> int:
    """Run; 1 if there is a difference, 0 if there is none or no server can be had."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000, help="objects of each kind")
    parser.add_argument("--seed", type=int, default=Random().randrange(10**9), help="of the first object")
    parser.add_argument("--kind", action="append", choices=[kind.name for kind in KINDS])
    parser.add_argument("--record", action="store_true", help="write the sample instead")
    options = parser.parse_args()
    kinds = [kind for kind in KINDS if not options.kind or kind.name in options.kind]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="haechi-conformance-") as folder,
            api_server(pathlib.Path(folder)) as server,
        ):
            if options.record:
                record(server, options.seed)
                return 0
            seeds = range(options.seed, options.seed + options.count)
            counts = [compare_all(server, kind, seeds) for kind in kinds]
    except NotAvailable as problem:
        print(f"skipped: {problem}")
        return 0
    return 1 if any(counts) else 0


def compare_all(server: ApiServer, kind: Kind, seeds: range) -> int:
    """How many creates and updates of objects of a kind the two disagree about, in all versions and channels."""
    some = seeds[: len(seeds) // 5]
    if not kind.is_custom:
        return compare(server, kind, seeds) + compare_updates(server, kind, some)
    total = 0
    try:
        for one in (kind, *(further for further in FURTHER if further.name == kind.name)):
            install(server, published(one))
            total += compare(server, one, seeds if one is kind else some) + compare_updates(server, one, some)
            total += compare_kept(server, one, some)
    except NotAvailable as problem:
        print(f"{kind.name}: skipped: {problem}")
    return total


def record(server: ApiServer, seed: int) -> None:
    """Write the server's answers to as many objects of each kind as make a sample."""
    for kind in CUSTOM:
        install(server, published(kind))
    cases = [case(kind, seed + number) for number in range(SAMPLE // len(KINDS) + 1) for kind in KINDS][:SAMPLE]
    creates = (Recorded(one.text, one.is_yaml, answer_of_server(ask(server, one), one)) for one in cases)
    good = (update for number in count(seed) for kind in KINDS for update in stored_updates(server, kind, number))
    seeds = range(seed, seed + _KEPT)
    kept = (update for kind in CUSTOM for _, update in kept_updates(server, kind, seeds))
    found = chain(islice(good, SAMPLE - _KEPT * len(CUSTOM)), kept)
    updates = (Recorded(new.text, new.is_yaml, theirs, stored) for new, theirs, stored in found)
    write_recorded([*creates, *islice(updates, SAMPLE)])


def stored_updates(server: ApiServer, kind: Kind, seed: int) -> Iterator[Update]:
    """An update; nothing if the seed's object is refused."""
    old, new = update_case(kind, seed)
    stored = server.ask("POST", old.kind.path, old.text.encode())
    if stored.status == 201:
        if kind.is_custom:  # updates of custom resources must name the version that they replace
            new.data["metadata"].setdefault("resourceVersion", stored.body["metadata"]["resourceVersion"])
        if kind.name == "Job":
            new = job_update(stored.body, seed, new.is_yaml)
        yield new, answer_of_server(ask_to_update(server, new), new), json.dumps(stored.body)
        server.ask("DELETE", f"{old.kind.path}/{old.data['metadata']['name']}?gracePeriodSeconds=0")


def compare(server: ApiServer, kind: Kind, seeds: range) -> int:
    """How many of the seeds' objects the two disagree about; one of each sort of difference is printed."""
    start = time.monotonic()
    sorts: dict[str, int] = {}
    accepted = 0
    for seed in seeds:
        one = case(kind, seed)
        theirs, ours = answer_of_server(ask(server, one), one), _ours(one)
        accepted += theirs.sort == "accepted"
        if theirs.agrees(ours):
            continue
        sort = _sort(theirs, ours)
        sorts[sort] = sorts.get(sort, 0) + 1
        if sorts[sort] == 1 and len(sorts) <= _SHOWN:
            _show(seed, _smallest(server, one))
    total = sum(sorts.values())
    seconds = time.monotonic() - start
    print(f"{kind}: {len(seeds)} objects from seed {seeds[0]}, {accepted} accepted, {total} differences "
          f"of {len(sorts)} sorts, {seconds:.0f} s", flush=True)  # fmt: skip
    return total


def compare_updates(server: ApiServer, kind: Kind, seeds: range) -> int:
    """How many updates of stored objects the two disagree about."""
    updates = ((seed, update) for seed in seeds for update in stored_updates(server, kind, seed))
    return _compare_updates(f"{kind}: %d updates from seed {seeds[0]}", updates)


def compare_kept(server: ApiServer, kind: Kind, seeds: range) -> int:
    """The same for objects of a custom kind that were stored when its definition took everything."""
    return _compare_updates(
        f"{kind}: %d updates of wrong objects from seed {seeds[0]}", kept_updates(server, kind, seeds)
    )


def kept_updates(server: ApiServer, kind: Kind, seeds: Iterable[int]) -> Iterator[tuple[int, Update]]:
    """Updates of objects that the definition of their kind refuses; for each its seed."""
    install(server, lenient(published(kind)))
    cases = [(seed, *kept_case(kind, seed)) for seed in seeds]
    stored = [one for one in cases if server.ask("POST", kind.path, one[1].text.encode()).status == 201]
    install(server, published(kind))
    for seed, _, new in stored:
        path = f"{kind.path}/{new.data['metadata']['name']}"
        body = server.ask("GET", path).body
        new.data["metadata"]["resourceVersion"] = body["metadata"]["resourceVersion"]
        theirs = answer_of_server(ask_to_update(server, new), new)
        yield seed, (new, theirs, json.dumps(body))
        server.ask("DELETE", path)


def _compare_updates(title: str, updates: Iterable[tuple[int, Update]]) -> int:
    """How many of the updates the two disagree about; the first few are printed."""
    start = time.monotonic()
    judged = accepted = differences = 0
    for seed, (new, theirs, stored) in updates:
        ours = answer_of_haechi_to_update(stored, new.text, is_yaml=new.is_yaml, channel=new.kind.channel)
        judged += 1
        accepted += theirs.sort == "accepted"
        if not theirs.agrees(ours):
            differences += 1
            if differences <= _SHOWN // 3:
                print(f"  stored: {stored[:1500]}")
                _show(seed, (new, theirs, ours))
    seconds = time.monotonic() - start
    print(f"{title % judged}, {accepted} accepted, {differences} differences, {seconds:.0f} s", flush=True)
    return differences


def _ours(one: Case) -> Answer:
    return answer_of_haechi(one.text, is_yaml=one.is_yaml, channel=one.kind.channel)


def _sort(theirs: Answer, ours: Answer) -> str:
    differing = sorted({*theirs.texts} ^ {*ours.texts})
    return _VALUES.sub("", f"{theirs.sort[:20]} {ours.sort} {differing[:1]}")


def _smallest(server: ApiServer, one: Case) -> tuple[Case, Answer, Answer]:
    """The object with everything left out that the difference does not need."""

    def answers(candidate: Case) -> tuple[Answer, Answer]:
        return answer_of_server(ask(server, candidate), candidate), _ours(candidate)

    theirs, ours = answers(one)
    wanted = _sort(theirs, ours)
    tried: set[Path] = set()
    for _ in range(_STEPS):
        path = next((path for path in places(one.data) if path not in tried), None)
        if path is None:
            break
        tried.add(path)
        smaller = replace(one, data=changed(one.data, path, lambda holder, step: holder.pop(step)))
        their, our = answers(smaller)
        if not their.agrees(our) and _sort(their, our) == wanted:
            one, theirs, ours = smaller, their, our
    return one, theirs, ours


def _show(seed: int, found: tuple[Case, Answer, Answer]) -> None:
    one, theirs, ours = found
    print(f"--- {one.kind.name} {seed}{' as YAML' if one.is_yaml else ''}: {one.text[:1500]}")
    print(f"  server: {theirs.sort} {[*theirs.fields]}")
    print(f"  haechi: {ours.sort} {[*ours.fields]}")
    for sign, texts, others in (("server only", theirs.texts, ours.texts), ("haechi only", ours.texts, theirs.texts)):
        for text in texts:
            if text not in others:
                print(f"  {sign}: {text[:400]}")


if __name__ == "__main__":
    sys.exit(main())
