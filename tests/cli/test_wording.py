"""Lists and numbers of things in words."""

from __future__ import annotations

from haechi.cli.wording import counted, joined


def test_words_are_joined_and_counted() -> None:
    assert [joined(some) for some in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [counted(number, "pod") for number in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]
    assert counted(2, "entry", "entries") == "2 entries"
