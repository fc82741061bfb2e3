"""Values inside messages, written as Go writes them: `%q` for strings and `json.Marshal` for everything named."""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_BOTH = {'"': r"\"", "\\": r"\\"}
_JSON = {c: _ESCAPES[c] for c in "\b\f\n\r\t"} | {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def quoted(text: str) -> str:
    """The text as Go's `%q` prints it."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_go(c) for c in text) + '"'


def json_text(text: str) -> str:
    """The text as Go's `json.Marshal` prints it, safe for HTML."""
    return '"' + "".join(_json(c) for c in text) + '"'


def json_value(value: object) -> str:
    """Plain data as `json.Marshal` prints them: mappings in their own order."""
    match value:
        case dict():
            return "{" + ",".join(f"{json_text(key)}:{json_value(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(json_value, value)) + "]"
        case str():
            return json_text(value)
        case None:
            return "null"
    return str(value).lower()


def json_list(texts: Iterable[str]) -> str:
    """A list of strings as `json.Marshal` prints it."""
    return "[" + ",".join(map(json_text, texts)) + "]"


def _go(c: str) -> str:
    if c in _BOTH or c in _ESCAPES:
        return _BOTH.get(c) or _ESCAPES[c]
    if c.isprintable():
        return c
    number = ord(c)
    if 0xDC80 <= number < 0xDD00:  # a byte that is no text, from surrogateescape
        number -= 0xDC00
    if number < 0x100 and not 0x80 <= ord(c) < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _json(c: str) -> str:
    return _BOTH.get(c) or _JSON.get(c) or (f"\\u{ord(c):04x}" if c < " " else c)
