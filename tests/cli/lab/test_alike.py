"""A sampled run is shown by classes, so that the table claims nothing of a connection that was not tried."""

from __future__ import annotations

import io
from dataclasses import replace

from haechi.cli.lab.alike import by_class
from haechi.cli.lab.table import isolation, write_table
from haechi.cli.terminal import Terminal
from haechi.model import ClusterPolicyKey
from haechi.report import LabRun, LabSample, ProbeResult, SampledClass
from tests.cli.reports import rows, shop, side

CLASSES = (
    SampledClass(("a/x1", "a/x2", "a/x3"), ("a/x1", "a/x2")),
    SampledClass(("a/y1", "a/y2"), ("a/y1",)),
    SampledClass(("a/z",), ("a/z",)),
)
HALF = side(False, "a/out")


def sampled(*found: ProbeResult, host_network: tuple[str, ...] = ()) -> LabRun:
    """The x may send to y, not to z; x1 was tried with the one, x2 with the other."""
    endpoints: dict[str, tuple[str, ...]] = {name: () for each in CLASSES for name in each.members}
    nodes = {"n1": ("a/x1", "a/x3", "a/y1", "a/z"), "n2": ("a/x2", "a/y2")}
    sample = LabSample(1000, 7, CLASSES)
    return LabRun(found, endpoints, nodes=nodes, notes=("a sample",), host_network=host_network, sample=sample)


RUN = sampled(*rows("a/x1", "a/y1", egress=side(True, "a/out")), *rows("a/x2", "a/z", egress=HALF))


def text_of(run: LabRun) -> list[str]:
    stream = io.StringIO()
    write_table(Terminal(stream), run, chosen=False)
    return stream.getvalue().splitlines()


def test_what_was_tried_of_one_is_said_of_its_class() -> None:
    lines = text_of(RUN)
    assert "to a/y1 and 1 alike: not isolated for ingress" in lines
    assert "to a/z: not isolated for ingress" in lines
    assert not any("x2" in line for line in lines)
    assert "a/x1 and 2 alike sends only what policy a/out allows." in lines
    assert any(line.startswith("Alike: ") for line in lines)
    assert "Note: a sample." in lines


def test_a_mismatch_of_one_marks_the_row_of_its_class_and_names_the_one() -> None:
    broken = rows("a/x2", "a/y1", egress=side(True, "a/out"), broken=[("TCP", 80)])
    lines = text_of(sampled(*RUN.results, *broken))
    assert any(line.startswith("  a/x1 and 2 alike") and line.endswith("MISMATCH") for line in lines)
    assert any(line.startswith("MISMATCH a/x2 → a/y1 over IPv4, TCP 80: ") for line in lines)


def test_pods_that_no_policy_selects_are_all_counted() -> None:
    grouped, sizes = by_class(sampled(*rows("a/x1", "a/y1"), *rows("a/y1", "a/x1")))
    assert list(isolation(grouped, sizes)) == [
        "No policy selects the 5 pods: only the policies of the other end restrict them."
    ]


def test_a_host_network_pod_is_shown_for_its_own_node_and_for_others() -> None:
    closed = rows("a/z", "a/y2", (), ingress=("a/in",))
    run = sampled(*rows("a/z", "a/y1", ingress=("a/in",)), *closed, host_network=("a/z",))
    lines = text_of(run)
    assert any(line.startswith("  a/z (same node)     everything") for line in lines)
    assert any(line.startswith("  a/z (another node)  nothing") for line in lines)
    assert not any("No policy selects" in line for line in lines)


def test_a_run_of_everything_is_not_changed() -> None:
    run = shop()
    assert by_class(run) == (run, {})


def test_host_network_pods_are_listed_with_the_reason() -> None:
    run = LabRun(tuple(rows("a/x", "a/y")), {"a/x": (), "a/y": ()}, host_network=("a/x",))
    (line,) = [each for each in text_of(run) if "hostNetwork" in each]
    assert line.startswith("NetworkPolicies do not apply to pods with hostNetwork: a/x. ")


def test_nodes_and_the_subjects_of_tiers_keep_their_words() -> None:
    near, far = rows("a/y1", "node/n1"), rows("a/y2", "node/n1", egress=side(False))
    classes = (*CLASSES, SampledClass(("node/n1", "node/n2"), ("node/n1",)))
    admin = ClusterPolicyKey("ClusterNetworkPolicy", "admin")
    run = replace(
        sampled(*near, *far, host_network=("node/n1", "node/n2")),
        descriptions={"node/n1": "the node itself", "node/n2": "the node itself"},
        sample=LabSample(1000, 7, classes),
        subjects={"a/y1": (admin,), "a/y2": (admin,)},
    )
    lines = text_of(run)
    assert "to node/n1 and 1 alike (another node): nodes" in lines
    assert "to node/n1 and 1 alike (same node): nodes" in lines
    assert "a/y1 and 1 alike are subject to tiers: ClusterNetworkPolicy/admin." in lines
    assert not any("hostNetwork" in line or "No policy selects" in line for line in lines)
