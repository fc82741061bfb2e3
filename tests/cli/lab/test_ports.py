"""`--port`."""

from __future__ import annotations

import pytest

from haechi.cli.failure import CommandError
from haechi.cli.lab.ports import parse_ports
from haechi.lab.ports import Port
from haechi.model import Container, ContainerPort, ObjectMeta, Pod, PodSpec

PODS = tuple(
    Pod(metadata=ObjectMeta(name=f"p{number}"), spec=PodSpec(containers=(Container(ports=ports),)))
    for number, ports in enumerate(
        [
            (ContainerPort(name="http", container_port=8080), ContainerPort(name="dns", container_port=53)),
            (
                ContainerPort(name="http", container_port=8081),
                ContainerPort(name="dns", container_port=53, protocol="UDP"),
            ),
            (ContainerPort(container_port=9),),
        ]
    )
)


@pytest.mark.parametrize(
    ("texts", "targets"),
    [
        ([], []),
        (["80"], [("TCP", 80)]),
        (["53/udp", "9/SCTP"], [("SCTP", 9), ("UDP", 53)]),
        (["http"], [("TCP", 8080), ("TCP", 8081)]),
        (["dns"], [("TCP", 53), ("UDP", 53)]),
        (["dns/UDP"], [("UDP", 53)]),
        (["443", "80", "80", "80/UDP"], [("TCP", 80), ("UDP", 80), ("TCP", 443)]),
    ],
)
def test_texts_mean_these_ports(texts: list[str], targets: list[Port]) -> None:
    assert list(parse_ports(texts, PODS)) == targets


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "-1", "80/", "80/ICMP", "/TCP", "http/SCTP", "http/ICMP", "htpt", "８０"]
)
def test_other_texts_are_refused_by_their_argument(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_ports([text], PODS)
    assert caught.value.argument == "--port"


def test_the_closest_name_of_a_port_is_offered() -> None:
    with pytest.raises(CommandError, match="htpt") as caught:
        parse_ports(["htpt"], PODS)
    assert caught.value.hints == ("did you mean http?",)
