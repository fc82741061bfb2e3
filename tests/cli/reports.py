"""Lab reports without a lab: what a few pods would be told, and strategies for any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from hypothesis import strategies as st

from haechi.lab.probe import Protocol
from haechi.model.verdict import PacketVerdict, PolicyKey, Side
from haechi.report import LabRun, ProbeResult

OPEN = Side(allowed=True)
PORTS: tuple[tuple[Protocol, int], ...] = (("TCP", 80), ("UDP", 80), ("SCTP", 80), ("TCP", 5432))


def side(allowed: bool, *policies: str) -> Side:
    """An isolated side; `policies` are `namespace/name`."""
    keys = tuple(PolicyKey(*text.split("/")) for text in policies)
    return Side(allowed, isolated=bool(keys), policies=keys)


def rows(
    source: str,
    destination: str,
    allowed: Iterable[tuple[str, int]] | None = None,
    *,
    egress: Side = OPEN,
    ingress: tuple[str, ...] = (),
    families: tuple[int, ...] = (4, 6),
    broken: Iterable[tuple[str, int]] = (),
) -> list[ProbeResult]:
    """All rows of a pair; on `broken` ports packets do the opposite. Ingress allows `allowed`, None is everything."""
    passing = set(PORTS if allowed is None else allowed)
    found = []
    for protocol, port in PORTS:
        for family in families:
            verdict = PacketVerdict(egress, side((protocol, port) in passing, *ingress))
            arrived = verdict.allowed != ((protocol, port) in set(broken))
            found.append(ProbeResult(source, destination, family, protocol, port, verdict, arrived, arrived))
    return found


def shop(*, broken: Iterable[tuple[str, int]] = ()) -> LabRun:
    """Three pods of a shop and an outside host: the database takes TCP 5432 from the web pods, and sends nothing."""
    policy = ("shop/db",)
    closed = side(False, "shop/db")
    found = [
        *rows("host/office", "shop/db", (), ingress=policy, families=(4,)),
        *rows("host/office", "shop/web-0", families=(4,)),
        *rows("host/office", "shop/web-1", families=(4,)),
        *rows("shop/db", "host/office", egress=closed, families=(4,)),
        *rows("shop/db", "shop/web-0", egress=closed),
        *rows("shop/db", "shop/web-1", egress=closed),
        *rows("shop/web-0", "host/office", families=(4,)),
        *rows("shop/web-0", "shop/db", [("TCP", 5432)], ingress=policy, broken=broken),
        *rows("shop/web-0", "shop/web-1"),
        *rows("shop/web-1", "host/office", families=(4,)),
        *rows("shop/web-1", "shop/db", [("TCP", 5432)], ingress=policy),
        *rows("shop/web-1", "shop/web-0"),
    ]
    endpoints = {
        "shop/db": ("10.0.0.1", "fd00::1"),
        "shop/web-0": ("10.0.0.2", "fd00::2"),
        "shop/web-1": ("10.0.0.3", "fd00::3"),
        "host/office": ("192.0.2.7",),
    }
    nodes = {"node-1": ("shop/db", "shop/web-1"), "node-2": ("shop/web-0",)}
    notes = ("pod shop/old has completed, so policies ignore it: left out",)
    return LabRun(tuple(found), endpoints, {"host/office": "outside host"}, nodes, notes, 0.25)


@st.composite
def reports(draw: st.DrawFn) -> LabRun:
    """Any answers between up to six endpoints, some of them outside."""
    pods = [f"{space}/{name}" for space in "ab" for name in "xyz"]
    names = draw(st.lists(st.sampled_from([*pods, "host/h", "outside/192.0.2.1"]), min_size=2, max_size=6, unique=True))
    keys = st.sampled_from([(), ("a/p",), ("a/p", "b/q")])
    found: list[ProbeResult] = []
    ingress = {name: draw(keys) for name in names}
    egress = {name: draw(keys) for name in names}
    outside = [name for name in names if name.startswith(("host/", "outside/"))]
    for source in names:
        for destination in names:
            if source == destination or (source in outside and destination in outside):
                continue
            for protocol, port in (("TCP", 80), ("UDP", 53)):
                verdict = PacketVerdict(
                    side(draw(st.booleans()) or not egress[source], *egress[source]),
                    side(draw(st.booleans()) or not ingress[destination], *ingress[destination]),
                )
                arrived = draw(st.sampled_from([verdict.allowed, verdict.allowed, not verdict.allowed]))
                word = cast("Protocol", protocol)
                for family in draw(st.sampled_from([(4,), (6,), (4, 6)])):
                    found.append(ProbeResult(source, destination, family, word, port, verdict, arrived, arrived))
    return LabRun(tuple(found), dict.fromkeys(names, ("192.0.2.9",)), dict.fromkeys(outside, "outside host"))
