"""How kubectl reads a YAML scalar: the resolver of go-yaml v2, which is neither YAML 1.1 nor 1.2.

`y`, `on` and `No` are booleans, `0777` and `0o17` octal, `1_000` a number, `1:30` and `2020-01-01` strings, `08` and
`1e3` numbers, `<<` a merge. Where this differs from PyYAML or from YAML 1.2, kubectl is right: it is what fills the
cluster. Tests compare with kubectl itself. Keys become strings as in sigs.k8s.io/yaml: `on: 1` is the field `"true"`.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

from haechi.errors import HaechiError

Scalar = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_TIMESTAMP = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?")
_LONGEST_INTEGER = 70  # 64 binary digits, sign and prefix; longer ones are floats or strings, and never parsed


class ScalarError(HaechiError, ValueError):
    """A scalar that kubectl refuses; the text says why."""


def resolve_plain(text: str) -> Scalar:
    """The value of an unquoted scalar without a tag."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC_START else text


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; unknown tags make strings.

    Raises:
        ScalarError: the text is not of that type.
    """
    kind = tag.removeprefix(_TAG) if tag.startswith(_TAG) else ""
    if kind == "binary":
        return _binary(text)
    if kind == "timestamp" and _TIMESTAMP.fullmatch(text):
        return text
    if kind not in ("null", "bool", "int", "float", "timestamp"):
        return text
    value = resolve_plain(text)
    found = _kind(value)
    if found == kind:
        return value
    if kind == "float" and found == "int":
        return float(str(value))
    raise ScalarError(f"cannot decode !!{found} `{text}` as a !!{kind}")


def key_text(value: object) -> str:
    """The field name that a mapping key stands for.

    Raises:
        ScalarError: null, huge and structured keys, which kubectl refuses.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, float):
        return _float32_text(value)
    raise ScalarError(f"a mapping key must be a string, not {'null' if value is None else 'this'}")


def _kind(value: Scalar) -> str:
    names = {bool: "bool", int: "int", float: "float", str: "str"}
    return names.get(type(value), "null")


def _number(text: str) -> Scalar:
    if text[0] == ".":
        return _float(text.replace("_", ""), text) if _DOT_FLOAT.fullmatch(text) else text
    plain = text.replace("_", "")
    match = _INTEGER.fullmatch(plain) if len(plain) <= _LONGEST_INTEGER else None
    if match is not None:
        value = _integer(match)
        if -(2**63) <= value < 2**63 or (not match[1] and value < 2**64):
            return value
    return _float(plain, text)


def _integer(match: re.Match[str]) -> int:
    sign, hexadecimal, binary, octal, decimal = match.groups()
    for digits, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
        if digits is not None:
            return int(sign + digits, base)
    return 0


def _float(plain: str, text: str) -> float | str:
    if not _FLOAT.fullmatch(plain):
        return text
    value = float(plain)
    return text if math.isinf(value) else value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise ScalarError("!!binary value contains invalid base64 data") from error


def _float32_text(value: float) -> str:
    """A float key as sigs.k8s.io/yaml writes it: shortest 32-bit float, `%g` with exponents from 1e+06."""
    single = _as_float32(value)
    if math.isnan(single) or math.isinf(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    for digits in range(9):
        text = f"{single:.{digits}e}"
        if _as_float32(float(text)) == single:
            break
    mantissa, exponent = text.split("e")
    if -4 <= int(exponent) < 6:
        return f"{float(text):.{max(0, digits - int(exponent))}f}"
    return f"{mantissa}e{exponent}"


def _as_float32(value: float) -> float:
    try:
        packed: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return packed
