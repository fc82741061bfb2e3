"""Edits happen as if at once."""

from __future__ import annotations

import pytest

from haechi.model.edits import Edit, apply_edits


def test_items_go_by_their_old_places() -> None:
    data = {"a": [0, 1, 2, 3], "b": {"c": 1, "d": 2}}
    apply_edits(data, [Edit(("a", 0)), Edit(("a", 2)), Edit(("a", 3), 9), Edit(("b", "c")), Edit(("b", "e"), [5])])
    assert data == {"a": [1, 9], "b": {"d": 2, "e": [5]}}


@pytest.mark.parametrize(
    "path", [("a", 7), ("x",), ("a", "b"), ("a", 0, "b"), ("b", 0), ("y", "z"), ("a", "b", "c"), ("b", 0, 0)]
)
def test_a_path_that_leads_nowhere_is_an_error(path: tuple[str | int, ...]) -> None:
    with pytest.raises(LookupError):
        apply_edits({"a": [0], "b": {}}, [Edit(path)])


def test_the_place_after_the_last_item_adds_one() -> None:
    data = {"a": [0, 1]}
    apply_edits(data, [Edit(("a", 2), 2), Edit(("a", 0))])
    assert data == {"a": [1, 2]}
    with pytest.raises(LookupError):
        apply_edits(data, [Edit(("a", 3), 2)])
