"""Schedules of CronJobs: what is wrong with one, in the words of robfig/cron v3."""

from __future__ import annotations

import re

from haechi.model.quoting import quoted

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_DESCRIPTORS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^.0-9]*)", re.ASCII)
_UNITS = frozenset({"ns", "us", "µs", "μs", "ms", "s", "m", "h"})


class _Wrong(Exception):
    """What is wrong."""


def schedule_error(text: str) -> str:
    """What is wrong with a schedule that is not empty; "" if nothing is."""
    if text.startswith("@"):
        return _descriptor_error(text)
    if text.startswith(("TZ=", "CRON_TZ=")):
        return ""  # the caller refuses time zones
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    try:
        for field, (least, most, names) in zip(fields, _FIELDS, strict=True):
            for expression in filter(None, field.split(",")):
                _check_range(expression, least, most, names)
    except _Wrong as wrong:
        return str(wrong)
    return ""


def _descriptor_error(text: str) -> str:
    if text in _DESCRIPTORS:
        return ""
    if not text.startswith("@every "):
        return f"unrecognized descriptor: {text}"
    wrong = _duration_error(text.removeprefix("@every "))
    return f"failed to parse duration {text}: time: {wrong}" if wrong else ""


def _duration_error(text: str) -> str:
    rest = text[1:] if text.startswith(("+", "-")) else text
    if rest == "0":
        return ""
    at = 0
    while at < len(rest) or not rest:
        part = _DURATION_PART.match(rest, at)
        if part is None:
            return f"invalid duration {quoted(text)}"
        if not part[2]:
            return f"missing unit in duration {quoted(text)}"
        if part[2] not in _UNITS:
            return f"unknown unit {quoted(part[2])} in duration {quoted(text)}"
        at = part.end()
    return ""


def _check_range(expression: str, least: int, most: int, names: dict[str, int]) -> None:
    first, *steps = expression.split("/")
    low, *high = first.split("-")
    if low in ("*", "?"):
        start, end = least, most
    else:
        start = end = _number(low, names)
        if len(high) == 1:
            end = _number(high[0], names)
        elif high:
            raise _Wrong(f"too many hyphens: {expression}")
    step = 1
    if len(steps) == 1:
        step = _number(steps[0], {})
        end = end if high else most
    elif steps:
        raise _Wrong(f"too many slashes: {expression}")
    if start < least:
        raise _Wrong(f"beginning of range ({start}) below minimum ({least}): {expression}")
    if end > most:
        raise _Wrong(f"end of range ({end}) above maximum ({most}): {expression}")
    if start > end:
        raise _Wrong(f"beginning of range ({start}) beyond end of range ({end}): {expression}")
    if step == 0:
        raise _Wrong(f"step of range should be a positive number: {expression}")


def _number(text: str, names: dict[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not _INTEGER.fullmatch(text):
        raise _Wrong(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if not -(2**63) <= int(text) < 2**63:
        raise _Wrong(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": value out of range')
    if int(text) < 0:
        raise _Wrong(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)
