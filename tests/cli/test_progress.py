"""The progress line: what a command is busy with, for a person who has waited long enough."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.cli import progress
from haechi.cli.arguments import InputOptions
from haechi.cli.commands.test import one_by_one, read_tests
from haechi.cli.input import read_on
from haechi.cli.progress import DELAY, LOG_INTERVAL, ProgressLine, picture
from haechi.cli.terminal import Terminal
from tests.cli import manifests
from tests.cli.conftest import Haechi
from tests.signals import with_signals

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "test-network-policy"
TESTS = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: shop}
spec:
  assertions:
  - {from: {pod: default/db}, to: {pod: default/frontend}, expect: allow}
  - {name: named, from: {pod: default/other}, to: {pod: default/db}, expect: deny}
---
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: more}
spec:
  assertions:
  - {from: {pod: default/frontend}, to: {pod: default/db}, ports: [6379], expect: allow}
"""


@dataclass
class Clock:
    """Seconds that a test sets, and `step` of them at each look."""

    now: float = 0.0
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass
class Screen:
    """A terminal that remembers what was ever on it, and shows what is left."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def terminal(self) -> Terminal:
        return Terminal(self.stream, interactive=True, width=80)

    @property
    def pictures(self) -> list[str]:
        """Every progress line that was drawn."""
        return [part for part in self.stream.getvalue().split("\r\x1b[K") if part]

    @property
    def left(self) -> str:
        return shown(self.stream.getvalue())


def shown(text: str) -> str:
    """What stays on a screen: in each line, what follows the last wipe."""
    return "\n".join(line.rpartition("\r\x1b[K")[2] for line in text.replace("\r\n", "\n").split("\n"))


@given(st.text("abc ", max_size=30), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(5, 200))
def test_a_picture_fits_into_one_line_of_the_window(words: str, done: int, total: int, width: int) -> None:
    assert len(picture(words, done, total, width)) < width


def test_a_picture_shows_words_bar_and_count() -> None:
    assert picture("sending", 2, 4, 24) == "sending ━━━━━────── 2/4"
    assert picture("building", 0, 1, 80) == "building "


def test_a_long_name_gives_way_to_the_count() -> None:
    assert picture("reading a/folder/far/below.yaml", 2, 30, 24) == "reading a/folder/f 2/30"


def test_nothing_is_shown_before_a_second_has_passed() -> None:
    screen, clock = Screen(), Clock()
    line = ProgressLine(screen.terminal, clock)
    line("understanding policies")
    clock.now = DELAY - 0.001
    line("judging", 1, 2)
    line.refresh()
    line.wipe()
    assert screen.stream.getvalue() == ""


def test_the_latest_step_is_shown_after_a_second_although_nothing_new_is_reported() -> None:
    screen, clock = Screen(), Clock()
    line = ProgressLine(screen.terminal, clock)
    line("reading")
    line("understanding policies")
    clock.now = DELAY
    line.refresh()
    assert screen.left.strip() == "understanding policies"


def test_a_wiped_line_stays_away_until_the_next_step() -> None:
    screen, clock = Screen(), Clock()
    line = ProgressLine(screen.terminal, clock)
    line("reading")
    clock.now = DELAY
    line.refresh()
    line.wipe()
    clock.now += 10
    line.refresh()
    assert (screen.left, len(screen.pictures)) == ("", 1)
    line("judging")
    assert screen.left.strip() == "judging"


def test_what_is_shown_is_not_drawn_again_and_many_steps_are_not_all_drawn() -> None:
    screen, clock = Screen(), Clock(now=0.0)
    line = ProgressLine(screen.terminal, clock)
    clock.now = DELAY
    for number in range(1, 1001):
        line("explaining policy", number, 1000)
    for _ in range(10):
        line.refresh()
    assert [picture[-9:].split()[-1] for picture in screen.pictures] == ["1/1000", "1000/1000"]


def test_nothing_is_shown_where_nobody_looks() -> None:
    stream = io.StringIO()
    with ProgressLine(Terminal(stream), Clock(step=10)) as line:
        line("reading")
        line.refresh()
    assert stream.getvalue() == ""


def test_a_line_is_gone_at_the_end_and_after_an_error() -> None:
    screen = Screen()

    def fail() -> None:
        with ProgressLine(screen.terminal, Clock(step=10)) as line:
            line("reading")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert screen.pictures
    assert screen.left == ""


def test_steps_of_a_child_are_shown_at_once() -> None:
    screen = Screen()
    line = ProgressLine(screen.terminal, Clock(), in_child=True)
    line("building the lab", 0, 1)
    line("sending packets", 1, 2)
    assert [picture.split()[0] for picture in screen.pictures] == ["building", "sending"]


def test_the_line_that_a_child_drew_is_wiped_whatever_became_of_it() -> None:
    screen = Screen()
    with ProgressLine(screen.terminal, Clock(), in_child=True):
        screen.stream.write("\r\x1b[Ksending packets")  # by a copy of it in another process
    assert screen.left == ""


def test_a_child_shows_nothing_where_nobody_looks() -> None:
    stream = io.StringIO()
    with ProgressLine(Terminal(stream), Clock(), in_child=True) as line:
        line("sending packets", 1, 2)
    assert stream.getvalue() == ""


def test_a_log_gets_the_latest_step_as_a_line_every_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressLine(Terminal(stream), clock, in_child=True, logged=True) as line:
        for clock.now in range(25):
            line("sending \x1bpackets", int(clock.now), 24)
        clock.now = 31
        line("proving")
    assert stream.getvalue() == "sending \\x1bpackets 10/24\nsending \\x1bpackets 20/24\nproving\n"


def test_a_terminal_gets_no_lines_of_a_log() -> None:
    screen = Screen()
    with ProgressLine(screen.terminal, Clock(step=10), in_child=True, logged=True) as line:
        line("sending packets", 1, 2)
        line("proving", 1, 2)
    assert "\n" not in screen.stream.getvalue()


def test_names_cannot_carry_sequences_to_the_terminal() -> None:
    screen = Screen()
    ProgressLine(screen.terminal, Clock(step=10))("reading \x1b]0;title\x07.yaml")
    assert "reading \\x1b]0;title\\x07.yaml" in screen.stream.getvalue()
    assert "\x07" not in screen.stream.getvalue()


def test_a_terminal_that_goes_away_ends_the_watch_quietly() -> None:
    stream = io.StringIO()
    line = ProgressLine(Terminal(stream, interactive=True, width=80), Clock(step=10))
    line("reading")
    stream.close()
    with pytest.raises(ValueError, match="closed"), line:
        pass


def test_every_path_is_shown_when_its_turn_comes_and_problems_come_on_an_empty_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("a.yaml", manifests.CLUSTER), ("b.yaml", "a: [\n"), ("c.yaml", manifests.DOUBTFUL)):
        (tmp_path / name).write_text(text)
    screen = Screen()
    line = ProgressLine(replace(screen.terminal, width=500), Clock(step=10))
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    read_on(paths, InputOptions(), progress=line)
    assert [picture.strip() for picture in screen.pictures] == [
        f"reading {paths[0]}",
        f"reading {paths[1]}",
        f"reading file 2: {paths[1]}",
        f"reading {paths[2]}",
        f"reading file 3: {paths[2]}",
        "checking what was read",
    ]
    assert screen.left == ""
    assert "b.yaml:2:1: error: " in capsys.readouterr().err


def test_a_person_who_types_the_input_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyboard(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Keyboard(io.BytesIO(manifests.CLUSTER.encode())))
    screen = Screen()
    read_on(["-"], InputOptions(), progress=ProgressLine(screen.terminal, Clock(step=10)))
    steps_after_the_end = ["reading <stdin>", "checking what was read"]
    assert [picture.strip() for picture in screen.pictures] == steps_after_the_end


def pods(count: int) -> bytes:
    """A stream of that many pods, each of about 1 MiB."""
    blank = "#" * 127 + "\n"
    return "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}, namespace: x}}\n{blank * 8192}" for n in range(count)
    ).encode()


def logged(paths: list[str]) -> list[str]:
    """What a command without a terminal writes while it reads, if every look at the clock takes 10 seconds."""
    stream = io.StringIO()
    read_on(paths, InputOptions(), progress=ProgressLine(Terminal(stream), Clock(step=10), logged=True))
    return stream.getvalue().splitlines()


def test_a_log_shows_how_much_of_a_large_file_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(pods(3))
    name = str(tmp_path / "a.yaml")
    assert logged([name]) == [
        f"reading {name}",
        f"reading 0 of 3 MiB: {name}",
        f"reading 1 of 3 MiB: {name}",
        f"reading 2 of 3 MiB: {name}",
        "checking what was read",
    ]


def test_the_files_of_a_folder_are_counted_with_their_bytes(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_bytes(pods(1).replace(b"p0", name.encode()))
    assert logged([str(tmp_path)]) == [
        f"reading {tmp_path}",
        f"reading 0 of 1 MiB: {tmp_path}/a.yaml",
        f"reading file 2, 1 MiB: {tmp_path}/b.yaml",
        f"reading file 3, 2 MiB: {tmp_path}/c.yaml",
        "checking what was read",
    ]


def test_the_items_of_a_large_list_are_progress_too(tmp_path: Path) -> None:
    items = (
        f"- {{apiVersion: v1, kind: Pod, metadata: {{name: p{n}, namespace: x}}}} # {'-' * 65_000}\n" for n in range(50)
    )
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: List\nitems:\n" + "".join(items))
    assert [line.split()[1] for line in logged([str(tmp_path / "a.yaml")])[1:-1]] == ["0", "1", "2", "3"]


def test_a_log_does_not_repeat_a_step_and_gets_nothing_in_the_first_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    line = ProgressLine(Terminal(stream), clock, logged=True)
    line("reading", detail="1 of 52 MiB")
    clock.now = LOG_INTERVAL - 0.001
    line.refresh()
    assert stream.getvalue() == ""
    for clock.now in (LOG_INTERVAL, 2 * LOG_INTERVAL, 3 * LOG_INTERVAL):
        line.refresh()
    assert stream.getvalue() == "reading 1 of 52 MiB\n"


@pytest.mark.parametrize("command", ["list", "lint", "explain", "validate", "diff", "can", "test"])
def test_every_question_writes_progress_to_a_log_but_not_with_quiet(
    command: str, haechi: Haechi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOG_INTERVAL", 0.0)
    path = tmp_path / "a.yaml"
    path.write_text(manifests.CLUSTER)
    (tmp_path / "tests.yaml").write_text(TESTS)
    arguments = {
        "diff": [str(path), "--to", str(path)],
        "can": ["shop/client", "shop/web", str(path)],
        "test": [str(tmp_path / "tests.yaml"), str(path)],
    }.get(command, [str(path)])
    assert f"reading {path}\n" in haechi(command, *arguments).err
    assert "reading" not in haechi(command, *arguments, "-q").err


def test_every_assertion_is_shown_when_its_turn_comes_and_keeps_its_name(tmp_path: Path) -> None:
    file = tmp_path / "tests.yaml"
    file.write_text(TESTS)
    suites, _ = read_tests(str(file))
    screen = Screen()
    ahead = one_by_one(suites, ProgressLine(screen.terminal, Clock(step=10)))
    titles = []
    for number, suite in enumerate(ahead, 1):
        assert len(screen.pictures) == number  # not shown before it is asked for
        (assertion,) = suite.assertions
        titles.append((suite.name, assertion.title(0), suite.locations[0].line))
    assert titles == [("shop", "assertion 1", 6), ("shop", "named", 7), ("more", "assertion 1", 14)]
    assert [picture[-3:] for picture in screen.pictures] == ["1/3", "2/3", "3/3"]
    assert all(picture.startswith("judging assertion ") for picture in screen.pictures)


# -- the commands ------------------------------------------------------------------------------------------------------


class Window(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


BUSY = {
    "can": (("can", "default/frontend", "default/db", "6379", "--what-if", EXAMPLE), ["judging", "trying changes"]),
    "list": (("list", EXAMPLE), ["listing connections"]),
    "diff": (("diff", EXAMPLE / "cluster.yaml", EXAMPLE), ["reading", "comparing"]),
    "explain": (("explain", EXAMPLE), ["explaining policy"]),
    "test": (("test", "-", EXAMPLE), ["judging assertion"]),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has waited long enough at once."""
    monkeypatch.setattr(progress, "DELAY", 0.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", BUSY)
def test_every_question_says_what_it_is_busy_with(
    haechi: Haechi, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    arguments, words = BUSY[command]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = haechi(*arguments, stdin=TESTS)  # not to a terminal
    window = Window()
    monkeypatch.setattr(sys, "stderr", window)
    outcome = haechi(*arguments, stdin=TESTS)
    assert (outcome.code, outcome.out) == (plain.code, plain.out)
    for each in [*words, "reading", "checking what was read", "understanding policies"]:
        assert f"\r\x1b[K{each}" in window.getvalue()
    assert shown(window.getvalue()) == plain.err


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", BUSY)
@pytest.mark.parametrize("where", ["a pipe", "a dumb terminal"])
def test_no_question_says_so_where_a_line_cannot_be_erased(
    haechi: Haechi, monkeypatch: pytest.MonkeyPatch, where: str, command: str
) -> None:
    arguments, _ = BUSY[command]
    stream = Window() if where == "a dumb terminal" else io.StringIO()
    monkeypatch.setenv("TERM", "dumb" if where == "a dumb terminal" else "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    haechi(*arguments, stdin=TESTS)
    for word in ("reading", "understanding", "\r", "\x1b"):
        assert word not in stream.getvalue()


@pytest.mark.usefixtures("impatient")
def test_output_on_the_same_screen_begins_on_an_empty_line(haechi: Haechi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    window = Window()
    monkeypatch.setattr(sys, "stdout", window)
    monkeypatch.setattr(sys, "stderr", window)
    haechi("list", "-", "--no-external", stdin=manifests.CLUSTER)
    assert "listing connections" in window.getvalue()
    assert shown(window.getvalue()).splitlines()[:2] == [
        "shop/client[Pod] -> shop/web[Pod]: TCP 8080 (http)",
        "shop/web[Pod] -> shop/client[Pod]: everything",
    ]


# -- a real terminal ---------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo-terminal: ours, and that of a process."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def _read(ours: int) -> str:
    """What comes next from a terminal; empty when its last process has gone."""
    select.select([ours], [], [])
    try:
        return os.read(ours, 4096).decode()
    except OSError:  # EIO: nobody is at the other end
        return ""


def _until(ours: int, words: str) -> str:
    """What comes from a terminal until some words have come."""
    text = ""
    while words not in text:
        more = _read(ours)
        assert more, text
        text += more
    return text


def _rest(ours: int) -> str:
    return "".join(iter(lambda: _read(ours), ""))


def _started(theirs: int) -> subprocess.Popen[bytes]:
    """`haechi list -` on a terminal, waiting for standard input for as long as we do."""
    command = with_signals([sys.executable, "-m", "haechi", "list", "-", "--no-external"])
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "200"}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    return process


def test_a_command_that_waits_says_so_on_a_real_terminal_and_leaves_nothing(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with _started(theirs) as process:
        assert process.stdin is not None
        text = _until(ours, "reading standard input")
        process.stdin.write(manifests.CLUSTER.encode())
        process.stdin.close()
        text += _rest(ours)
    assert process.returncode == 0
    left = shown(text)
    assert "reading" not in left
    assert left.splitlines()[:2] == [
        "shop/client[Pod] -> shop/web[Pod]: TCP 8080 (http)",
        "shop/web[Pod] -> shop/client[Pod]: everything",
    ]
    assert "assumed: own-node" in left


def test_an_interrupted_command_leaves_nothing_on_a_real_terminal(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with _started(theirs) as process:
        text = _until(ours, "reading standard input")
        process.send_signal(signal.SIGINT)
        text += _rest(ours)
    assert process.returncode == 130
    assert shown(text) == ""
