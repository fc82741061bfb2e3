"""`haechi lab run`, on real packets."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from haechi.cli.lab import session
from haechi.lab import ChosenConnections
from haechi.lab.topology import TopologyError
from haechi.netlink import NetlinkError
from haechi.netns import RAISE_OPEN_FILES, IsolationRefused, RefusalReason
from haechi.report import LabRun
from tests.cli import manifests
from tests.cli.conftest import Haechi
from tests.cli.goldens import TextFile
from tests.cli.ordinary import as_ordinary_user
from tests.cli.reports import shop
from tests.signals import with_signals

EXAMPLES = Path(__file__).parents[3] / "examples"
DOCUMENT = EXAMPLES / "test-network-policy"
HAECHI = (sys.executable, "-m", "haechi")


@pytest.mark.kernel
def test_the_documents_own_example(haechi: Haechi, snapshot: SnapshotAssertion) -> None:
    outcome = haechi("lab", "run", DOCUMENT)
    assert (outcome.code, outcome.err) == (0, "")
    timeless = re.sub(r"in \d+\.\d seconds", "in 0.0 seconds", outcome.out)
    assert timeless == snapshot.use_extension(TextFile)


@pytest.mark.kernel
def test_json_of_an_example_has_every_connection(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", DOCUMENT, "-o", "json", "--port", "6379", "--port", "53/UDP", "--ip-family", "4")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert {(row["protocol"], row["port"]) for row in document["results"]} == {("TCP", 6379), ("UDP", 53)}
    assert {row["family"] for row in document["results"]} == {4}
    assert document["summary"] == {"connections": len(document["results"]), "mismatches": 0}
    synthesized = {(one["object"]["kind"], one["object"]["name"]): one for one in document["synthesized"]}
    assert not synthesized["Node", "node-1"]["inInput"]
    assert synthesized["Pod", "worker-0"]["owner"] == {"kind": "Deployment", "namespace": "myproject", "name": "worker"}
    assert synthesized["Pod", "frontend"]["inInput"]
    assert ("ExternalHost", "in-block") not in synthesized
    allowed = {row["source"] for row in document["results"] if row["destination"] == "default/db" and row["arrived"]}
    assert allowed == {
        "default/frontend",
        "myproject/worker-0",
        "myproject/worker-1",
        "host/in-block",
        "host/in-block-end",
    }


@pytest.mark.kernel
def test_junit_of_some_pairs_on_one_node(haechi: Haechi) -> None:
    outcome = haechi(
        *("lab", "run", DOCUMENT, "-o", "junit", "--nodes", 1),
        *("--from", "role=frontend", "--to", "default/db", "--port", "6379"),
    )
    assert outcome.code == 0
    assert set(re.findall(r'testsuite name="([^"]*)"', outcome.out)) == {
        "default/frontend → default/db",
        "elsewhere/frontend → default/db",
        "proof",
    }


@pytest.mark.kernel
def test_standard_input_and_a_named_port(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", "-", "--port", "http", "-o", "json", stdin=manifests.CLUSTER)
    assert outcome.code == 0
    assert {row["port"] for row in json.loads(outcome.out)["results"]} == {8080}


@pytest.mark.kernel
def test_an_ordinary_user_gets_the_same_answer(haechi: Haechi) -> None:
    arguments = ("lab", "run", "-", "-o", "json")
    mine = json.loads(haechi(*arguments, stdin=manifests.CLUSTER).out)
    outcome = as_ordinary_user(*arguments, stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.err) == (0, "")
    theirs = json.loads(outcome.out)
    assert theirs["results"] == mine["results"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--from", "shop/wbe"],
            "--from: 'shop/wbe' is not the name, address or labels of a pod, workload, Service or host",
        ),
        (["--to", "app=nobody"], "--to: 'app=nobody' is not"),
        (["--port", "htpt"], "--port: 'htpt' is not the name of a port of any container"),
        (["--port", "0"], "--port: '0' is not a port between 1 and 65535"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(haechi: Haechi, arguments: list[str], words: str) -> None:
    outcome = haechi("lab", "run", "-", *arguments, stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"haechi: error: {words}")


def test_policies_without_pods_have_nothing_to_show(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", "-", stdin=manifests.GOOD)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("haechi: error: there is no pod in the input\n  policies need pods")


@pytest.mark.kernel
def test_a_choice_of_nothing_to_try_is_refused(haechi: Haechi) -> None:
    both = ("--from", "shop/web", "--to", "shop/web")
    outcome = haechi("lab", "run", "-", *both, stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("haechi: error: there is no connection to try\n")


def test_two_pods_with_one_address_cannot_be_built(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", "-", stdin=manifests.CLUSTER.replace("10.0.0.2", "10.0.0.1"))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("haechi: error: the lab cannot be built: ")
    assert "10.0.0.1" in outcome.err


def _failing(error: Exception) -> Callable[..., object]:
    def run(*_: object) -> object:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            IsolationRefused(
                "unshare", 1, RefusalReason.USER_NAMESPACES_OFF, ("sudo sysctl -w x=1", "or run it as root")
            ),
            [
                "haechi: error: cannot create a network namespace: user namespaces are switched off for ordinary users",
                "  sudo sysctl -w x=1",
                "  or run it as root",
            ],
        ),
        (NetlinkError("no memory"), ["haechi: error: the kernel rejects the rules: no memory"]),
        (TopologyError("a/b", "is odd"), ["haechi: error: the lab cannot be built: a/b: is odd"]),
        (
            OSError(errno.EMFILE, "Too many open files"),
            ["haechi: error: the lab cannot be built: Too many open files", f"  {RAISE_OPEN_FILES}"],
        ),
        (OSError(errno.EIO, "Input/output error"), ["haechi: error: the lab cannot be built: Input/output error"]),
    ],
)
def test_missing_privileges_or_features_are_an_error_with_the_remedy(
    haechi: Haechi, monkeypatch: pytest.MonkeyPatch, error: Exception, words: list[str]
) -> None:
    monkeypatch.setattr(session, "run_lab", _failing(error))
    outcome = haechi("lab", "run", "-", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    lines = outcome.err.splitlines()
    assert lines[0].startswith(words[0])
    assert lines[1:] == words[1:]


def test_a_mismatch_is_an_exit_code(haechi: Haechi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "run_lab", lambda *_: shop(broken=[("TCP", 80)]))
    outcome = haechi("lab", "run", "-", stdin=manifests.CLUSTER)
    assert outcome.code == 1
    assert "MISMATCH shop/web-0 → shop/db over IPv4, TCP 80" in outcome.out
    monkeypatch.setattr(session, "run_lab", lambda *_: replace(shop(), results=shop().results[:4]))
    assert haechi("lab", "run", "-", stdin=manifests.CLUSTER).code == 0


@pytest.mark.kernel
def test_a_kept_lab_can_be_entered_and_goes_at_ctrl_c() -> None:
    command = with_signals([*HAECHI, "lab", "run", str(DOCUMENT), "--keep", "--port", "80"])
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = list(iter(process.stderr.readline, "Ctrl-C or SIGTERM stops the lab.\n"))
        (entry,) = [line for line in lines if line.startswith("  default/db ")]
        found = re.search(r"nsenter (.*--net=/proc/(\d+)/fd/\d+)", entry)
        assert found is not None
        addresses = subprocess.run(
            ["nsenter", *found[1].split(), "cat", "/proc/net/fib_trie"], check=True, capture_output=True, text=True
        ).stdout
        process.send_signal(signal.SIGINT)
        table = process.stdout.read()
    assert process.returncode == 130
    assert "10.244.0.1" in addresses
    assert "all match the policies" in table
    assert not Path(f"/proc/{found[2]}").exists()


@pytest.mark.kernel
def test_signals_that_were_ignored_at_the_start_stay_ignored() -> None:
    """As `nohup` and a script's `&` leave them: the lab outlives its terminal and Ctrl-C, and ends at SIGTERM."""
    ignored = (signal.SIGHUP, signal.SIGINT)
    command = with_signals([*HAECHI, "lab", "run", str(DOCUMENT), "--keep", "--port", "80"], ignored=ignored)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "SIGTERM stops the lab.\n" in iter(process.stderr.readline, "")
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        masks = [_ignored(pid) for pid in (process.pid, int(child))]
        with os.fdopen(os.pidfd_open(int(child))) as watched:
            for number in (*ignored, signal.SIGTERM):
                process.send_signal(number)
            assert select.select([watched], [], [], 10)[0], "the lab is still there"
    assert all(mask.issuperset(ignored) for mask in masks)
    assert process.returncode == -signal.SIGTERM


def _ignored(pid: int) -> set[int]:
    """The signals that a process ignores."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    mask = int(status.partition("\nSigIgn:")[2].split()[0], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


@pytest.mark.kernel
def test_enter_takes_a_kept_lab_down() -> None:
    command = [*HAECHI, "lab", "run", str(DOCUMENT), "--keep", "--port", "80"]
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        os.close(terminal)
        assert b"Enter stops the lab.\n" in iter(process.stderr.readline, b"")
        os.write(keyboard, b"\n")
    os.close(keyboard)
    assert process.returncode == 0


@pytest.mark.kernel
def test_ctrl_c_in_the_middle_leaves_no_process_and_a_tidy_terminal() -> None:
    command = with_signals([*HAECHI, "lab", "run", str(DOCUMENT)])
    screen, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while b"sending packets" not in shown:
            shown += os.read(screen, 4096)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    shown = _rest(screen)
    assert process.returncode == 130
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert shown.endswith(b"\r\x1b[K")


def _rest(screen: int) -> bytes:
    """What is still to be read from a terminal whose other end is closed (the read fails with EIO at its end)."""
    shown = b""
    try:
        while part := os.read(screen, 4096):
            shown += part
    except OSError:
        pass
    os.close(screen)
    return shown


@pytest.mark.kernel
def test_the_proof_of_every_node_is_shown_beside_the_packets(haechi: Haechi) -> None:
    proofs = json.loads(haechi("lab", "run", DOCUMENT, "-o", "json").out)["proofs"]
    assert [(proof["node"], proof["holds"], proof["pods"]) for proof in proofs] == [
        ("node-1", True, 3),
        ("node-2", True, 3),
    ]
    assert haechi("lab", "run", DOCUMENT).out.count("for every possible packet: the kernel's rules match") == 2


MANY = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 6
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop}
spec: {hostNetwork: true, containers: [{name: main, image: agent}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: []}
"""


@pytest.mark.kernel
def test_a_run_beyond_its_budget_is_a_sample_and_the_result_says_so(haechi: Haechi) -> None:
    arguments = ("lab", "run", "-", "--budget", "0.01s", "--port", "80", "--ip-family", "4")
    outcome = haechi(*arguments, "-o", "json", "--seed", "5", stdin=MANY)
    assert (outcome.code, outcome.err) == (0, "")
    document = json.loads(outcome.out)
    assert document["sampled"]["connections"] == 6 * 5 + 2 * 6 * 2
    assert document["sampled"]["seed"] == 5
    classes = sorted(each["members"] for each in document["sampled"]["classes"])
    assert [len(members) for members in classes] == [1, 1, 6]
    assert document["summary"] == {"connections": len(document["results"]), "mismatches": 0}
    assert len(document["results"]) == 1 + 2 + 2 * 2
    assert sum("a sample of 7 of 54 connections was tried (seed 5)" in note for note in document["notes"]) == 1
    text = haechi(*arguments, stdin=MANY)
    assert text.code == 0
    assert "to shop/web-0 and 5 alike: isolated for ingress by shop/none" in text.out
    assert "Note: a sample of 7 of 54 connections was tried (seed 0): " in text.out
    assert "a sample of 7 of 54 connections" in haechi(*arguments, "-o", "junit", stdin=MANY).out


@pytest.mark.kernel
def test_services_and_host_network_pods_are_explained(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", "-", "--port", "80", "--ip-family", "4", "--budget", "none", stdin=MANY)
    assert (outcome.code, outcome.err) == (0, "")
    assert "NetworkPolicies do not apply to pods with hostNetwork: shop/agent. " in outcome.out
    assert "No policy selects" not in outcome.out
    assert "Note: 1 Service not tried: " in outcome.out


def test_too_many_connections_are_an_error_with_the_remedy(haechi: Haechi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haechi.lab.plan.MOST_CONNECTIONS", 10)
    outcome = haechi("lab", "run", "-", "--budget", "none", stdin=MANY)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(
        "haechi: error: 324 connections, and one run can try 10\n  try fewer of them with --from"
    )


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_the_size_of_a_long_run_is_reported_before_it_begins(
    haechi: Haechi, monkeypatch: pytest.MonkeyPatch, quiet: tuple[str, ...]
) -> None:
    def run_lab(*arguments: Any) -> LabRun:
        arguments[-1](ChosenConnections((), (), 100, 300_000, 300_000))
        return shop()

    monkeypatch.setattr(session, "run_lab", run_lab)
    outcome = haechi("lab", "run", "-", *quiet, stdin=MANY)
    assert outcome.err == ("" if quiet else "a lab of 100 pods, 300000 connections: about 1 min 31 s\n")
