"""Input that nobody should send: a clear message with its place, and nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import manifests
from tests.cli.conftest import Haechi, Outcome

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
DOCUMENTS = {
    "a malformed manifest": (b"kind: Pod\nmetadata:\n  name: [a\n", "4:1", "while parsing a flow sequence"),
    "no manifest": (b"- a\n", "1:1", "must be an object, not a list"),
    "binary data": (bytes(range(256)) * 64, "2:118", "invalid UTF-8"),
    "text that is not UTF-8": (b"kind: \xff\n", "1:7", "invalid UTF-8"),
    "UTF-16": ("kind: Pod\n".encode("utf-16"), "", "is UTF-16 text; save it as UTF-8"),
    "UTF-32": ("kind: Pod\n".encode("utf-32"), "", "is UTF-32 text; save it as UTF-8"),
    "UTF-32, big-endian": (b"\0\0\xfe\xff" + "kind: Pod\n".encode("utf-32-be"), "", "is UTF-32 text; save it as UTF-8"),
    "an alias bomb": (BOMB.encode(), "6:8", "aliases add more than 100000 nodes"),
    "nesting": (b"[" * 200_000, "1:130", "nested more than 128 deep"),
    "a policy of a removed version": (
        b"apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: a}\n",
        "1:1",
        "removed in Kubernetes 1.16",
    ),
    "a wrong CIDR": (manifests.BAD.encode(), "11:9", 'Invalid value: "10.0.0.0/33"'),
}
COMMANDS = {"validate": (["validate"], 1), "lab run": (["lab", "run"], 2), "compile": (["compile", "--node", "n"], 2)}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_bad_document_is_told_with_its_place(haechi: Haechi, tmp_path: Path, what: str, command: str) -> None:
    content, place, words = DOCUMENTS[what]
    arguments, code = COMMANDS[command]
    file = tmp_path / "input.yaml"
    file.write_bytes(content)
    outcome = haechi(*arguments, file)
    assert outcome.code == code
    told = outcome.out if command == "validate" else outcome.err
    first = told.splitlines()[0]
    assert first.startswith(f"{file}:{place}: error: " if place else f"{file}: error: ")
    assert words in first
    assert "Traceback" not in outcome.out + outcome.err
    if command != "validate":
        assert outcome.out == ""
        assert "nothing was done" in outcome.err


CLOSED = {
    "a wrong CIDR": manifests.BAD.partition("  ingress:\n")[0] + "  ingress: []\n",
}
"""What a document counts as that a question does not leave out."""
TESTS = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: shop}
spec:
  assertions:
  - {from: {pod: shop/client}, to: {pod: shop/web}, ports: [8080], expect: allow}
  - {from: {ip: 8.8.8.8}, to: {pod: shop/web}, expect: deny}
"""
QUESTIONS = {
    "can, allowed": (["can", "shop/client", "shop/web", "8080"], 0),
    "can, denied": (["can", "shop/client", "shop/web", "22"], 1),
    "list": (["list", "--by", "pod"], 0),
    "list --exposure": (["list", "--exposure"], 0),
    "diff": (["diff", "-"], 1),
    "diff --fail-on": (["diff", "-", "--fail-on", "added"], 0),
    "explain": (["explain", "policy/web"], 0),
    "test": (["test", "-"], 0),
}
"""Questions about a cluster, and the exit code if nothing is wrong with it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a sound cluster in it."""
    path = tmp_path / "manifests"
    path.mkdir()
    (path / "cluster.yaml").write_text(manifests.CLUSTER)
    return path


def ask(haechi: Haechi, question: str, path: Path, *options: str) -> Outcome:
    """Put a question about a path; `test` has its assertions, and `diff` the pods without policies, from elsewhere."""
    arguments, _ = QUESTIONS[question]
    stdin = TESTS if question == "test" else "---\n".join((manifests.POD, manifests.OTHER_POD))
    return haechi(*arguments, path, *options, stdin=stdin)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_about_a_sound_cluster_has_its_own_exit_code(haechi: Haechi, folder: Path, question: str) -> None:
    outcome = ask(haechi, question, folder)
    assert (outcome.code, bool(outcome.out)) == (QUESTIONS[question][1], True)
    assert "error" not in outcome.err
    assert ask(haechi, question, folder, "--strict") == outcome


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_question_is_answered_without_a_bad_document(haechi: Haechi, folder: Path, what: str, question: str) -> None:
    content, place, words = DOCUMENTS[what]
    file = folder / "bad.yaml"
    file.write_text(CLOSED.get(what, "# nothing\n"))
    expected = ask(haechi, question, folder)
    file.write_bytes(content)
    outcome = ask(haechi, question, folder)
    assert outcome.code == 2
    told = [line for line in outcome.err.splitlines() if line.startswith(f"{file}:") and " error: " in line]
    assert told[0].startswith(f"{file}:{place}: error: " if place else f"{file}: error: ")
    assert words in told[0]
    if what not in CLOSED or question in ("list", "diff", "test"):  # others name the policy that closes the pods
        assert outcome.out == expected.out
    last = outcome.err.splitlines()[-1]
    assert last.startswith("haechi: error: ")
    assert ", see above: the answer excludes unreadable input" in last
    assert ("treated as deny" in last) == (what in CLOSED)


def test_the_last_word_comes_after_the_answer_where_both_go_to_one_file(folder: Path) -> None:
    (folder / "bad.yaml").write_text("a: [\n")
    command = [sys.executable, "-m", "haechi", "list", str(folder), "--no-external"]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True, env=buffered
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 2
    assert "shop/web[Pod] -> shop/client[Pod]: everything" in lines[:-1]
    assert lines[-1].startswith("haechi: error: an error in the input, see above: the answer excludes ")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("what", DOCUMENTS)
def test_strict_answers_nothing_about_bad_documents(haechi: Haechi, folder: Path, what: str, question: str) -> None:
    (folder / "bad.yaml").write_bytes(DOCUMENTS[what][0])
    outcome = ask(haechi, question, folder, "--strict")
    assert (outcome.code, outcome.out) == (2, "")
    assert DOCUMENTS[what][2] in outcome.err
    assert outcome.err.splitlines()[-1].endswith(", see above; nothing was answered")


@pytest.mark.parametrize("question", QUESTIONS)
def test_strict_answers_nothing_about_skipped_documents(haechi: Haechi, folder: Path, question: str) -> None:
    file = folder / "other.yaml"
    file.write_text(manifests.SECRET)
    relaxed = ask(haechi, question, folder)
    assert relaxed.code == QUESTIONS[question][1]
    assert "skipped: 1 document of 1 kind that Haechi does not use (-v lists them)\n" in relaxed.err
    assert f"{file}:1:1: skipped: Secret of v1 is not used\n" in ask(haechi, question, folder, "-v").err
    assert "Haechi does not use" not in ask(haechi, question, folder, "--quiet").err
    outcome = ask(haechi, question, folder, "--strict")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{file}:1:1: error: Secret of v1 is not used (skipped without --strict)\n" in outcome.err


NOTHING = ["a missing file", "an empty folder", "a pipe", "a file without objects", "no text"]


@pytest.mark.parametrize(
    ("question", "what"),
    [(question, what) for question in QUESTIONS for what in NOTHING if (question[:4], what) != ("diff", NOTHING[1])],
)
def test_a_question_about_nothing_is_refused(haechi: Haechi, tmp_path: Path, what: str, question: str) -> None:
    path = tmp_path / "input.yaml"
    match what:
        case "an empty folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "a file without objects":
            path.write_text("# nothing\n")
        case "no text":
            path.write_bytes(bytes(range(256)))
    outcome = ask(haechi, question, path)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{path}" in outcome.err
    assert "nothing was answered" in outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file(haechi: Haechi, tmp_path: Path, command: str) -> None:
    outcome = haechi(*COMMANDS[command][0], tmp_path / "nothing.yaml")
    assert outcome.code == 2
    assert f"{tmp_path}/nothing.yaml: error: no such file or directory" in outcome.out + outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_folder(haechi: Haechi, tmp_path: Path, command: str) -> None:
    outcome = haechi(*COMMANDS[command][0], tmp_path)
    assert outcome.code == 2
    assert f"{tmp_path}: error: no .yaml, .yml, .json file in this folder" in outcome.out + outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_empty_standard_input(haechi: Haechi, command: str) -> None:
    outcome = haechi(*COMMANDS[command][0], "-", stdin="")
    assert outcome.code == 2
    assert "<stdin>: error: no objects found" in outcome.out + outcome.err


def test_an_unreadable_file(haechi: Haechi, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    outcome = haechi("validate", tmp_path / "pipe.yaml")
    assert (outcome.code, outcome.out) == (2, f"{tmp_path}/pipe.yaml: error: nothing writes to this pipe\n")


def test_fifty_megabytes_of_one_word(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"a: " + b"x" * 50_000_000)
    outcome = haechi("validate", file)
    assert (outcome.code, outcome.out) == (1, f"{file}:1:1: error: kind is missing\n")


def test_one_bad_document_hides_no_other(haechi: Haechi) -> None:
    text = "---\n".join((manifests.BAD, "a: [\n", manifests.MISSPELT, "just text\n", manifests.GOOD))
    outcome = haechi("validate", "-", stdin=text)
    assert outcome.code == 1
    assert len(outcome.out.splitlines()) == 5
    assert outcome.err == "3 objects, 5 errors, 0 warnings\n"


def test_a_bad_policy_stops_the_lab_before_it_begins(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", "-", stdin="---\n".join((manifests.CLUSTER, manifests.BAD)))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count(": error: NetworkPolicy/shop/bad: ") == 2
    assert outcome.err.endswith("haechi: error: 2 errors in the input, see above; nothing was done\n")


def test_escape_sequences_of_the_input_are_not_passed_on(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", stdin='apiVersion: v1\nkind: "Po\\e[31md\\r"\n')
    assert "\x1b" not in outcome.out + outcome.err
    assert "\r" not in outcome.out + outcome.err


LONG = "a" * 100_000
LONG_NAMES = {
    "of a policy": manifests.CLUSTER.replace("name: web\n", f"name: {LONG}\n", 1).replace(
        "name: web,", f"name: {LONG},", 1
    ),
    "of a pod": manifests.CLUSTER.replace("name: client", f"name: {LONG}"),
    "of a namespace": manifests.CLUSTER.replace("namespace: shop", f"namespace: {LONG}"),
    "in a selector": manifests.CLUSTER.replace("matchLabels: {app: web}", f"matchLabels: {{app: {LONG}}}"),
    "as a port": manifests.CLUSTER.replace("port: http", f"port: {LONG}"),
    "as a label": manifests.CLUSTER.replace("app: client", f"app: {LONG}"),
    "as the key of a label": manifests.CLUSTER.replace("app: client", f"{LONG}: client"),
}
READ_BY_PEOPLE = {
    "explain": ["explain", "FILE"],
    "explain in Korean": ["explain", "FILE", "--lang", "ko"],
    "list": ["list", "FILE"],
    "list --exposure": ["list", "FILE", "--exposure"],
    "list of classes": ["list", "FILE", "--by", "class"],
    "diff": ["diff", "/dev/null", "FILE"],
    "diff back": ["diff", "FILE", "/dev/null"],
    "can": ["can", "10.0.0.2", "10.0.0.1", "22", "FILE"],
    "can --what-if": ["can", "10.0.0.2", "10.0.0.1", "22", "FILE", "--what-if"],
    "lint": ["lint", "FILE", "--select", "all"],
    "validate": ["validate", "FILE"],
    "an unknown name": ["can", LONG, "web", "FILE"],
    "an unknown namespace": ["list", "FILE", "-n", LONG],
    "an unknown focus": ["list", "FILE", "--focus", LONG],
}


@pytest.mark.parametrize("question", READ_BY_PEOPLE)
@pytest.mark.parametrize("where", LONG_NAMES)
def test_long_names_are_cut_wherever_people_read_them(
    haechi: Haechi, tmp_path: Path, where: str, question: str
) -> None:
    assert LONG in LONG_NAMES[where]
    (tmp_path / "x.yaml").write_text(LONG_NAMES[where])
    outcome = haechi(*(str(tmp_path / "x.yaml") if word == "FILE" else word for word in READ_BY_PEOPLE[question]))
    assert "a" * 300 not in outcome.out + outcome.err
    assert "internal error" not in outcome.err
    assert len(outcome.out + outcome.err) < 20_000


def test_names_as_long_as_they_may_be_are_whole(haechi: Haechi) -> None:
    name = "a" * 253
    outcome = haechi("list", "-", stdin=manifests.CLUSTER.replace("name: client", f"name: {name}"))
    assert f"shop/{name}[Pod]" in outcome.out
