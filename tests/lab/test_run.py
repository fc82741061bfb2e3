"""A run asks every question once, finds out when the kernel does something else, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine
from haechi.lab.cluster import lab_cluster
from haechi.lab.network import Network, build
from haechi.lab.plan import ProbePlan, chosen_connections
from haechi.lab.probe import Probe
from haechi.lab.run import enforce, expectations, node_proofs, observe, run_lab
from haechi.lab.topology import TopologyError
from haechi.model import Object, PacketVerdict
from haechi.netlink import Nftables
from haechi.netns import ChildDied, isolated
from haechi.nft import Transaction
from haechi.report import LabRun, ProbeResult
from haechi.verify import Proof
from tests.building import namespace, node, pod, policy
from tests.signals import interruptible

pytestmark = pytest.mark.kernel
PORT = ProbePlan((("TCP", 80),))
OBJECTS: list[Object] = [
    namespace("x"),
    pod("x/server", "10.0.0.1", "fd00::1", marks="app=server", node="n"),
    pod("x/client", "10.0.0.2", "fd00::2", marks="app=client", node="n"),
    pod("x/other", "10.0.0.3", node="m"),
    pod("x/host", node="m", host_network=True),
    policy(
        "{podSelector: {matchLabels: {app: server}},"
        " ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: 80}]}]}"
    ),
]
CLUSTER = lab_cluster(OBJECTS)
EVERYONE = {endpoint.name for endpoint in CLUSTER.topology().endpoints}


def asked_of(questions: ProbePlan) -> dict[Probe, PacketVerdict]:
    engine = Engine.of(CLUSTER.objects)
    return expectations(engine, chosen_connections(engine, CLUSTER.topology().endpoints, questions))


def pairs(questions: ProbePlan) -> set[tuple[str, str]]:
    return {(probe.source, probe.destination) for probe in asked_of(questions)}


# -- the questions ----------------------------------------------------------------------------------------------------


def test_every_pair_is_probed_but_where_no_node_forwards() -> None:
    """Not on their own, not from outside to outside, not from a node to a node."""
    outside = {name for name in EVERYONE if name.startswith("outside/")}
    pods = {"x/server", "x/client", "x/other"}
    wanted = {(one, other) for one in EVERYONE for other in EVERYONE if one != other and {one, other} & pods}
    four, six = (next(name for name in outside if (":" in name) is sixth) for sixth in (False, True))
    assert pairs(PORT) == wanted - {("x/other", six), (six, "x/other")}
    assert ("x/other", four) in wanted


def test_sources_and_destinations_can_be_chosen() -> None:
    some = ProbePlan(PORT.ports, sources={"x/client", "x/other"}, destinations={"x/server", "x/client"})
    assert pairs(some) == {("x/client", "x/server"), ("x/other", "x/server"), ("x/other", "x/client")}
    assert pairs(ProbePlan(PORT.ports, sources=())) == set()
    assert pairs(ProbePlan(PORT.ports, destinations={"x/server"})) == {
        (source, destination) for source, destination in pairs(PORT) if destination == "x/server"
    }


def test_a_pair_is_asked_for_every_family_that_both_have_and_every_port() -> None:
    ports = ProbePlan((("TCP", 80), ("UDP", 80), ("TCP", 81)), {"x/client", "x/other"}, {"x/server"})
    asked = asked_of(ports)
    found = [(probe.source, probe.destination_address, probe.protocol, probe.port) for probe in asked]
    every = [("TCP", 80), ("UDP", 80), ("TCP", 81)]
    assert sorted(found) == sorted(
        (source, address, protocol, number)
        for source, addresses in (("x/client", ("10.0.0.1", "fd00::1")), ("x/other", ("10.0.0.1",)))
        for address in addresses
        for protocol, number in every
    )
    assert {probe.port for probe, answer in asked.items() if probe.source == "x/client" and answer.allowed} == {80}
    assert not any(answer.allowed for probe, answer in asked.items() if probe.source == "x/other")


# -- the run ----------------------------------------------------------------------------------------------------------


def test_packets_do_what_is_expected_in_a_stable_order() -> None:
    steps: list[tuple[str, int, int]] = []
    first, second = (run_lab(CLUSTER, PORT, lambda *step: steps.append(step)) for _ in range(2))
    assert first.mismatches == ()
    assert first.holds
    assert [*map(question, first.results)] == [*map(question, second.results)]
    assert {row.source for row in first.results} == {row.destination for row in first.results} == EVERYONE
    assert first.endpoints == {pod.key: pod.addresses for pod in CLUSTER.pods} | CLUSTER.hosts
    assert first.nodes == {"m": ("x/other", "x/host"), "n": ("x/server", "x/client")}
    assert first.descriptions == CLUSTER.descriptions
    assert steps == []  # they are reported in the child


def question(row: ProbeResult) -> tuple[str, str, int, str, int]:
    return row.source, row.destination, row.family, row.protocol, row.port


def test_progress_tells_every_step_and_a_kept_lab_is_there_with_its_report() -> None:
    steps: list[tuple[str, int, int]] = []

    def keep(network: Network, report: LabRun) -> None:
        assert report.results
        with network.node("n"), Nftables() as nftables:
            assert nftables.ruleset(TABLE.name) == NodeRuleset(Engine.of(CLUSTER.objects), "n").ruleset()
        raise Reported(steps)

    with pytest.raises(Reported) as caught:
        run_lab(CLUSTER, PORT, lambda *step: steps.append(step), keep)
    (said,) = caught.value.args
    words = [words for words, _, _ in said]
    assert list(dict.fromkeys(words)) == ["building the lab", "loading the rules", "sending packets", "proving"]
    assert ("building the lab", len(EVERYONE) - 1, len(EVERYONE)) in said
    assert ("sending packets", len(pairs_of_addresses()), len(pairs_of_addresses())) in said
    assert words[-2:] == ["proving", "proving"]


class Reported(Exception):
    """What the child has to say."""


def pairs_of_addresses() -> list[object]:
    return [*asked_of(PORT)]


def test_the_same_port_asked_twice_is_one_question() -> None:
    twice = ProbePlan(PORT.ports * 2, {"x/client"}, {"x/server"})
    assert len(run_lab(CLUSTER, twice).results) == 2


def test_nothing_to_ask_is_an_empty_report() -> None:
    assert run_lab(CLUSTER, ProbePlan(PORT.ports, sources=())).results == ()


def test_a_cluster_that_cannot_be_built_is_refused_before_anything_is() -> None:
    twins: list[Object] = [pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.1"), node("n")]
    with pytest.raises(TopologyError, match=r"pod x/b: has the address 10\.0\.0\.1 of pod x/a"):
        run_lab(lab_cluster(twins), PORT)


# -- the lab can fail -------------------------------------------------------------------------------------------------


def sabotaged(change: Callable[[Transaction], None], questions: ProbePlan) -> list[tuple[str, str, int, bool]]:
    """The mismatches, with what was observed, after a change of the table of node n."""
    topology, engine = CLUSTER.topology(), Engine.of(CLUSTER.objects)

    def work() -> list[tuple[str, str, int, bool]]:
        with build(topology) as network:
            for each in topology.nodes:
                enforce(network, NodeRuleset(engine, each.name))
            assert all(proof.holds for proof in node_proofs(network, CLUSTER, lambda *_: None))
            transaction = Transaction(TABLE)
            change(transaction)
            with network.node("n"), Nftables() as nftables:
                nftables.commit(transaction)
            asked = asked_of(questions)
            rows = observe(network, asked, questions.ports, lambda *_: None)
            return [(row.source, row.destination, row.family, row.arrived) for row in rows if not row.is_as_expected]

    return isolated(work)


def desired(name: str) -> NodeRuleset:
    return NodeRuleset(Engine.of(CLUSTER.objects), name)


def test_a_denial_that_is_missing_in_the_kernel_is_found() -> None:
    servers = desired("n").ruleset().maps["servers4"]
    found = sabotaged(lambda transaction: transaction.delete_elements(servers, servers.elements), PORT)
    denied = {source for source, destination in pairs(PORT) if destination == "x/server" and source != "x/client"}
    reaching = {source for source in denied if not source.startswith("outside/") or ":" not in source}
    assert set(found) == {(source, "x/server", 4, True) for source in reaching}


def test_an_allowance_that_is_missing_in_the_kernel_is_found() -> None:
    peers = next(each for name, each in desired("n").ruleset().sets.items() if name.startswith("pods6_"))
    only = ProbePlan(PORT.ports, {"x/client", "x/other"}, {"x/server"})
    found = sabotaged(lambda transaction: transaction.flush_elements(peers), only)
    assert found == [("x/client", "x/server", 6, False)]


# -- nothing is left --------------------------------------------------------------------------------------------------


def left() -> tuple[set[str], set[str], set[str], set[str]]:
    """This process's children, descriptors, links and namespaces."""
    children = {
        pid for thread in Path("/proc/self/task").iterdir() for pid in (thread / "children").read_text().split()
    }
    links = {line.split(":")[0] for line in Path("/proc/self/net/dev").read_text().splitlines()[2:]}
    namespaces = {f"{each.name} {each.readlink()}" for each in Path("/proc/self/ns").iterdir()}
    return children, {each.name for each in Path("/proc/self/fd").iterdir()}, links, namespaces


def interrupting(network: Network | None, report: LabRun | None) -> None:
    os.kill(os.getppid(), signal.SIGINT)
    signal.pause()


def dying(network: Network, report: LabRun) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def failing(network: Network, report: LabRun) -> None:
    raise Reported(sorted(each.name for each in network.topology.nodes))


@pytest.mark.parametrize(
    "end", [interrupting, dying, failing, None], ids=["interrupted", "killed", "failed", "finished"]
)
def test_nothing_is_left_however_a_run_ends(end: Callable[[Network, LabRun], None] | None) -> None:
    few = ProbePlan(PORT.ports, {"x/client"}, {"x/server"})
    before = left()
    errors: dict[Callable[[Network, LabRun], None], type[BaseException]] = {
        interrupting: KeyboardInterrupt,
        dying: ChildDied,
        failing: Reported,
    }
    if end is None:
        run_lab(CLUSTER, few)
    else:
        with interruptible(), pytest.raises(errors[end]):
            run_lab(CLUSTER, few, on_finished=end)
    assert left() == before


@pytest.mark.parametrize("step", ["building the lab", "sending packets"])
def test_an_error_or_ctrl_c_in_the_middle_leaves_nothing(step: str) -> None:
    before = left()

    def progress(words: str, done: int, total: int) -> None:
        if words == step and done:
            raise Reported(words)

    def interrupt(words: str, done: int, total: int) -> None:
        if words == step and done:
            interrupting(None, None)

    with pytest.raises(Reported, match=step):
        run_lab(CLUSTER, PORT, progress)
    with interruptible(), pytest.raises(KeyboardInterrupt):
        run_lab(CLUSTER, PORT, interrupt)
    assert left() == before


# -- the proof --------------------------------------------------------------------------------------------------------


def test_a_kernel_that_does_otherwise_is_not_proved() -> None:
    """No server is judged any more: the proof names a packet that no probe need have sent."""

    def silent(words: str, done: int, total: int) -> None:
        """No progress."""

    def honest_and_sabotaged() -> tuple[list[Proof], list[Proof]]:
        with build(CLUSTER.topology()) as network:
            engine = Engine.of(CLUSTER.objects)
            for each in CLUSTER.nodes:
                enforce(network, NodeRuleset(engine, each.name))
            honest = list(node_proofs(network, CLUSTER, silent))
            for each in CLUSTER.nodes:
                with network.node(each.name), Nftables() as nftables:
                    ruleset = nftables.ruleset(TABLE.name)
                    assert ruleset is not None
                    transaction = Transaction(TABLE)
                    transaction.flush_elements(ruleset.maps["servers4"])
                    nftables.commit(transaction)
            return honest, list(node_proofs(network, CLUSTER, silent))

    honest, sabotaged = isolated(honest_and_sabotaged)
    assert all(proof.holds for proof in honest)
    assert [proof.holds for proof in sabotaged].count(False) == 1
    assert any("kernel accepts, policies deny" in str(proof) for proof in sabotaged)
