"""What the kernel refuses is reported in its own words, and a missing driver with what to do."""

from __future__ import annotations

import errno
import pickle

import pytest

from haechi import rtnetlink
from haechi.netns import MissingFeature
from haechi.rtnetlink import LOOPBACK, RtnetlinkError, VethEnd
from haechi.rtnetlink.routesocket import refusal

VETH = rtnetlink.veth(VethEnd("near", 7, bytes(6)), VethEnd("far", 9, bytes(6)), 3)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("why", "the kernel refused a route: EINVAL, Invalid argument: why"),
        ("", "the kernel refused a route: EINVAL, Invalid argument"),
    ],
)
def test_an_error_is_put_into_words_and_survives_pickling(message: str, words: str) -> None:
    error = RtnetlinkError("a route", errno.EINVAL, message)
    assert str(error) == words
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again)) == (RtnetlinkError, vars(error))


def test_a_missing_driver_is_named_with_what_to_do() -> None:
    error = refusal(VETH, errno.EOPNOTSUPP, "")
    assert isinstance(error, MissingFeature)
    assert str(error) == "this kernel does not have veth: load it: sudo modprobe veth"


def test_only_a_request_that_needs_a_driver_misses_one() -> None:
    assert isinstance(refusal(VETH, errno.EEXIST, ""), RtnetlinkError)
    assert isinstance(refusal(rtnetlink.link_up(LOOPBACK), errno.EOPNOTSUPP, ""), RtnetlinkError)
