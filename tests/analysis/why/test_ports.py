"""The port of a question, read and looked up on the receiver."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.why.ports import AskedPort, UnknownPort
from haechi.engine import Endpoint, NamedPort
from haechi.model.verdict import PodKey

SERVER = Endpoint(
    PodKey("x", "db"), {}, ports=(NamedPort(6, "sql", 5432), NamedPort(6, "web", 80), NamedPort(17, "web", 81))
)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("80", (6, 80)),
        ("080", (6, 80)),
        ("53/udp", (17, 53)),
        ("9/SCTP", (132, 9)),
        ("65535/TCP", (6, 65535)),
        ("sql", (6, 5432)),
        ("web/UDP", (17, 81)),
        ("web", (6, 80)),  # the first of that name
        ("ICMP", (1, 0)),
        ("icmpv6", (58, 0)),
    ],
)
def test_what_a_text_means_on_a_pod(text: str, on: tuple[int, int]) -> None:
    assert AskedPort.parse(text).on(SERVER) == on


@given(st.integers(1, 65535), st.sampled_from((("", 6), ("/TCP", 6), ("/UDP", 17), ("/SCTP", 132))))
def test_a_number_is_the_same_on_every_receiver(number: int, protocol: tuple[str, int]) -> None:
    asked = AskedPort.parse(f"{number}{protocol[0]}")
    assert asked.on(SERVER) == asked.on(None) == (protocol[1], number)


@pytest.mark.parametrize("text", ["", "/TCP", "0", "65536", "999999", "80/ICMP", "80/", "http/tls", "٣"])
def test_a_text_that_is_no_port_is_refused_or_no_pods_port(text: str) -> None:
    with pytest.raises(UnknownPort):
        AskedPort.parse(text).on(SERVER)


@pytest.mark.parametrize(
    ("text", "server", "words"),
    [
        ("http", SERVER, "'http' is not the name of a port of pod x/db"),
        ("sql/UDP", SERVER, "'sql/UDP' is not the name of a port of pod x/db"),
        ("sql", None, "'sql' is not the name of a port of an address outside the pods"),
    ],
)
def test_a_name_that_the_receiver_lacks_is_told_with_the_receiver(
    text: str, server: Endpoint | None, words: str
) -> None:
    with pytest.raises(UnknownPort) as caught:
        AskedPort.parse(text).on(server)
    assert str(caught.value) == words
