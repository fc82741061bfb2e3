"""The API server's rules for names, label keys and label values.

They are those of `k8s.io/apimachinery/pkg/util/validation`. Each function returns the messages for a text, none if it
is good. Lengths are bytes of UTF-8, whatever the words say.
"""

from __future__ import annotations

import re

from haechi.model.version import KubernetesVersion

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_NAME_PART = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_NAME_PART})?"
_SUBDOMAIN_RE, _LABEL_RE, _NAME_PART_RE, _VALUE_RE, _PORT_CHARACTERS, _LETTER = map(
    re.compile, (_SUBDOMAIN, _LABEL, _NAME_PART, _VALUE, "[-a-z0-9]+", "[a-z]")
)

_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_NAME_PART_WORDS = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME_PART}')"
)
_VALUE_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE}')"
)


def subdomain(text: str, unit: str = "characters") -> list[str]:
    """A DNS-1123 subdomain: an object's name, or the prefix of a label key."""
    messages = _at_most(text, 253, unit)
    return messages if _SUBDOMAIN_RE.fullmatch(text) else [*messages, _SUBDOMAIN_WORDS]


def dns_label(text: str) -> list[str]:
    """A DNS-1123 label: a namespace's name."""
    messages = _at_most(text, 63, "characters")
    if _LABEL_RE.fullmatch(text):
        return messages
    return [*messages, "must not contain dots" if _SUBDOMAIN_RE.fullmatch(text) else _LABEL_WORDS]


def label_key(text: str, version: KubernetesVersion) -> list[str]:
    """A label key: an optional subdomain and a slash, and a name of at most 63 bytes."""
    *prefixes, name = text.split("/")
    unit = version.label_length_unit
    if len(prefixes) > 1:
        prefix_words = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"{version.label_key_name} {_NAME_PART_WORDS} {prefix_words}"]
    messages = []
    for prefix in prefixes:
        found = subdomain(prefix, unit) if prefix else ["must be non-empty"]
        messages += [f"prefix part {message}" for message in found]
    found = _at_most(name, 63, unit) if name else ["must be non-empty"]
    if not _NAME_PART_RE.fullmatch(name):
        found.append(_NAME_PART_WORDS)
    return messages + [f"name part {message}" for message in found]


def label_value(text: str, version: KubernetesVersion) -> list[str]:
    """A label value: at most 63 bytes, may be empty."""
    messages = _at_most(text, 63, version.label_length_unit)
    return messages if _VALUE_RE.fullmatch(text) else [*messages, _VALUE_WORDS]


def port_name(text: str) -> list[str]:
    """The name of a container's port."""
    checks = (
        (_bytes(text) > 15, "must be no more than 15 characters"),
        (
            not _PORT_CHARACTERS.fullmatch(text),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (not _LETTER.search(text), "must contain at least one letter (a-z)"),
        ("--" in text, "must not contain consecutive hyphens"),
        (text.startswith("-") or text.endswith("-"), "must not begin or end with a hyphen"),
    )
    return [message for wrong, message in checks if wrong]


def port_number(number: int) -> list[str]:
    """A port's number."""
    return [] if 1 <= number <= 65535 else ["must be between 1 and 65535, inclusive"]


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _at_most(text: str, limit: int, unit: str) -> list[str]:
    return [f"must be no more than {limit} {unit}"] if _bytes(text) > limit else []
