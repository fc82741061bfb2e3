"""A validation error of one field, as apimachinery's `field.Error`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from haechi.model.problem import Path, path_text
from haechi.model.quoting import quoted


class ErrorType(StrEnum):
    """What sort of error it is: the reason of a Status cause; `words` is what messages say."""

    REQUIRED = "FieldValueRequired"
    INVALID = "FieldValueInvalid"
    NOT_SUPPORTED = "FieldValueNotSupported"
    FORBIDDEN = "FieldValueForbidden"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"
    DUPLICATE = "FieldValueDuplicate"
    WRONG_TYPE = "FieldValueTypeInvalid"

    @property
    def words(self) -> str:
        """The type as printed."""
        return _WORDS[self]


_WORDS = {
    ErrorType.REQUIRED: "Required value",
    ErrorType.INVALID: "Invalid value",
    ErrorType.NOT_SUPPORTED: "Unsupported value",
    ErrorType.FORBIDDEN: "Forbidden",
    ErrorType.TOO_LONG: "Too long",
    ErrorType.TOO_MANY: "Too many",
    ErrorType.DUPLICATE: "Duplicate value",
    ErrorType.WRONG_TYPE: "Invalid value",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """The error of the field at `path`, which the server does not name if it is `unnamed`.

    `value` is already written as Go would; "" prints none.
    """

    path: Path
    type: ErrorType
    value: str
    detail: str
    unnamed: bool = False

    @property
    def field(self) -> str:
        """The path as text, like `spec.ingress[0].from[2]`."""
        return "<nil>" if self.unnamed else path_text(self.path)

    @property
    def message(self) -> str:
        """The words without the path: `Invalid value: "x": why`."""
        return ": ".join(part for part in (self.type.words, self.value, self.detail) if part)

    def __str__(self) -> str:
        """The words as the API server says them."""
        return f"{self.field}: {self.message}"


def required(path: Path, detail: str = "") -> FieldError:
    """The field must be there."""
    return FieldError(path, ErrorType.REQUIRED, "", detail)


def forbidden(path: Path, detail: str) -> FieldError:
    """The field must not be there."""
    return FieldError(path, ErrorType.FORBIDDEN, "", detail)


def too_long(path: Path, detail: str) -> FieldError:
    """The value is longer than allowed."""
    return FieldError(path, ErrorType.TOO_LONG, "", detail)


def too_many(path: Path, number: int, most: int) -> FieldError:
    """A list or mapping has more than `most` items."""
    return FieldError(path, ErrorType.TOO_MANY, str(number), f"must have at most {most} item{'s' * (most != 1)}")


def duplicate(path: Path, value: str) -> FieldError:
    """The value is there already."""
    return FieldError(path, ErrorType.DUPLICATE, quoted(value), "")


def invalid(path: Path, value: str | int, detail: str) -> FieldError:
    """A string or number is wrong. For other types pass `invalid_json` their JSON."""
    return FieldError(path, ErrorType.INVALID, quoted(value) if isinstance(value, str) else str(value), detail)


def invalid_for(path: Path, value: str | int, messages: Iterable[str]) -> Iterator[FieldError]:
    """`invalid` once for each message."""
    return (invalid(path, value, message) for message in messages)


def invalid_json(path: Path, value: str, detail: str, *, unnamed: bool = False) -> FieldError:
    """A value that is written as JSON is wrong."""
    return FieldError(path, ErrorType.INVALID, value, detail, unnamed)


def not_supported(path: Path, value: str, supported: Iterable[str]) -> FieldError:
    """The value, written as JSON, is none of those supported."""
    detail = "supported values: " + ", ".join(f'"{text}"' for text in supported)
    return FieldError(path, ErrorType.NOT_SUPPORTED, value, detail)
