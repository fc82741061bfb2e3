"""How pods and addresses are written in what is added."""

from __future__ import annotations

import pytest

from haechi.analysis.why.values import block_text, stable_labels
from haechi.engine import Endpoint
from haechi.model import PodKey
from haechi.sets import text_to_point


@pytest.mark.parametrize(("address", "cidr"), [("8.8.8.8", "8.8.8.8/32"), ("2001:db8::1", "2001:db8::1/128")])
def test_an_address_is_a_block_of_its_own(address: str, cidr: str) -> None:
    assert block_text(text_to_point(address)) == cidr


def test_labels_that_one_pod_has_to_itself_are_left_out() -> None:
    own = {"app": "db", "statefulset.kubernetes.io/pod-name": "db-0", "pod-template-hash": "7d4b9"}
    assert stable_labels(Endpoint(PodKey("x", "db-0"), own)) == {"app": "db"}
