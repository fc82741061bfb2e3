"""Edits of an object: as values, and applied to plain data."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, MutableSequence
from dataclasses import dataclass

from haechi.model.problem import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of an object.

    Attributes:
        path: a field or an item of a list, such as `("spec", "ingress", 0)`.
        value: its new value (plain data: mappings, lists, strings, numbers); None deletes it. The place after the last
            item of a list adds one.
        inserted: whether an item of a list comes before the one at `path`, instead of replacing it.
    """

    path: Path
    value: object = None
    inserted: bool = False


def apply_edits(data: object, edits: Iterable[Edit]) -> None:
    """Change `data` (nested mappings and lists) in place, as if all edits happened at once.

    Raises:
        LookupError: a path does not exist.
    """
    for edit in sorted(edits, key=lambda edit: _order(edit.path), reverse=True):  # the last items of a list first
        container, last = _container(data, edit.path), edit.path[-1]
        if isinstance(container, MutableSequence) and isinstance(last, int) and last <= len(container):
            _put(container, last, edit)
        elif isinstance(container, MutableMapping) and isinstance(last, str):
            _set(container, last, edit)
        else:
            raise LookupError(edit.path)


def _order(path: Path) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, step, "") if isinstance(step, int) else (1, 0, step) for step in path)


def _container(data: object, path: Path) -> object:
    for step in path[:-1]:
        data = _part(data, step)
    return data


def _part(data: object, step: str | int) -> object:
    if isinstance(data, MutableSequence) and isinstance(step, int):
        return data[step]
    if isinstance(data, MutableMapping) and isinstance(step, str):
        return data[step]
    raise LookupError(step)


def _put(items: MutableSequence[object], place: int, edit: Edit) -> None:
    if edit.value is None:
        del items[place]  # IndexError is a LookupError
    elif edit.inserted or place == len(items):
        items.insert(place, edit.value)
    else:
        items[place] = edit.value


def _set(fields: MutableMapping[str, object], name: str, edit: Edit) -> None:
    if edit.value is None:
        del fields[name]
    else:
        fields[name] = edit.value
