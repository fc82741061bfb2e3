"""The documents run: Python blocks are executed, console blocks are compared with what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from haechi.cli import main

ROOT = Path(__file__).parents[1]
MORE_PAGES = (
    "examples/README.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("docs/lint/*.md"))),
)
PAGES = ("README.md", *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"(?:^ *|\| |<\()haechi .*", re.MULTILINE)
_SPAN = re.compile(r"`(haechi [^`]*)`")
_NAME = re.compile(r"haechi (lab )?[a-z]+")
_USAGE = re.compile(r"\b(PATH|NAME|SRC|DST|OLD|NEW|TESTS|FILE|CODES?|SEL|REV|OPTIONS)\b|\.\.\.|\w\|\w|\[")


def blocks(kind: str) -> list[tuple[str, str]]:
    found = [(page, match) for page in PAGES for match in _BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))]
    return [(page, match[2]) for page, match in found if match[1] == kind]


def scripts() -> list[str]:
    """What a reader may type into a shell: blocks of sh, and other lines and code spans that run haechi.

    Without the forms of commands, in which words such as PATH stand for others, and names of commands.
    """
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in (*PAGES, *MORE_PAGES)]
    lines = [line for _, block in blocks("") for line in block.splitlines() if _LINE.search(line)]
    lines += [line for text in texts for line in text.splitlines() if line.startswith("    haechi ")]
    lines += [span for text in texts for span in _SPAN.findall(text) if not _NAME.fullmatch(span)]
    known = dict.fromkeys(re.sub(r"\s+# .*", "", line).strip() for line in lines if not _USAGE.search(line))
    return [*(block for _, block in blocks("sh") if _LINE.search(block)), *known]


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_python_of_the_documents_runs(page: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(code, page, "exec"), {"__name__": page})


@pytest.mark.kernel
@pytest.mark.parametrize(("page", "session"), blocks("console"))
def test_commands_of_the_documents_print_what_they_say(
    page: str, session: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`$ haechi ...` and the first lines of what it prints; a last line of three dots stands for the rest."""
    monkeypatch.chdir(ROOT)
    command, _, expected = session.partition("\n")
    assert command.startswith("$ haechi "), page
    main(shlex.split(command)[2:])
    printed = capsys.readouterr().out
    beginning, dots, _ = expected.partition("...\n")
    assert printed.startswith(beginning) if dots else printed == expected


def test_every_page_is_reachable_from_the_readme_or_the_architecture() -> None:
    entrance = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "docs/architecture.md").read_text("utf-8")
    assert [page for page in PAGES[1:] if Path(page).name not in entrance] == []
