"""`haechi.toml`, or `[tool.haechi]` of pyproject.toml: what a project gives commands that the command line leaves out.

The nearest file counts, from the working directory upwards; of two in one folder haechi.toml does. Paths in it are
relative to its folder. Promises that a file that cannot be read or has an unknown key is an error, never ignored.

    paths = ["policies", "apps"]
    ipblock-matches-pods = false

    [lint]
    select = ["all"]
    ignore = ["tenant-*"]
    fail-on = "error"
    baseline = "lint-baseline.json"

    [lint.per-path-ignores]
    "vendor/**" = ["all"]
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from haechi.cli.arguments import FailOn
from haechi.cli.failure import CommandError
from haechi.model import Location, Problem, Source

NAMES = ("haechi.toml", "pyproject.toml")
_TABLE = ("tool", "haechi")  # of pyproject.toml
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_WHERE = re.compile(r" - at `(?:key in )?\$(.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(?:\d+|\.\.\.)\]")


class LintConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The defaults of the options of `haechi lint`, and codes that are ignored in files that match a pattern."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn = "warning"
    baseline: str | None = None
    per_path_ignores: dict[str, tuple[str, ...]] = {}


class ConfigurationTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """All keys."""

    paths: tuple[str, ...] = ()
    ipblock_matches_pods: bool = True
    lint: LintConfiguration = LintConfiguration()


class Configuration:
    """A configuration and the file that it is from.

    Args:
        table: what is in it.
        folder: what its paths are relative to.
        source: the file; None if there is none.
        above: the keys of the table in the file.
    """

    def __init__(
        self, table: ConfigurationTable, folder: Path, source: Source | None = None, above: tuple[str, ...] = ()
    ) -> None:
        self.table = table
        self._folder, self._source, self._above = folder, source, above

    @classmethod
    def find(cls, *, ipblock_matches_pods: bool | None = None) -> Configuration:
        """The configuration for the working directory.

        Args:
            ipblock_matches_pods: what the command line gives instead of the key, if it does.

        Raises:
            CommandError: its file cannot be used.
        """
        found = cls._nearest()
        if ipblock_matches_pods is not None:
            found.table = msgspec.structs.replace(found.table, ipblock_matches_pods=ipblock_matches_pods)
        return found

    @classmethod
    def _nearest(cls) -> Configuration:
        try:
            here = Path.cwd()
        except FileNotFoundError:  # it was deleted
            return cls(ConfigurationTable(), Path("/"))
        for folder in (here, *here.parents):
            for name in NAMES:
                found = _read(folder / name)
                if found is not None:
                    return found
        return cls(ConfigurationTable(), here)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths, as seen from the working directory."""
        return tuple(map(self._seen, self.table.paths))

    @property
    def ipblock_matches_pods(self) -> bool:
        """Whether an ipBlock means pods with its addresses."""
        return self.table.ipblock_matches_pods

    @property
    def baseline(self) -> str | None:
        """The file, as seen from the working directory."""
        return None if self.table.lint.baseline is None else self._seen(self.table.lint.baseline)

    def _seen(self, path: str) -> str:
        return os.path.relpath(self._folder / path)

    def at(self, *keys: str) -> Location | None:
        """The place of a key; None if there is no file."""
        return None if self._source is None else _place(self._source, (*self._above, *keys))

    def ignored(self, file: str) -> list[str]:
        """The codes and patterns that `per-path-ignores` has for a file."""
        path = os.path.relpath(file, self._folder)
        ignores = self.table.lint.per_path_ignores
        return [code for pattern, codes in ignores.items() if _is_matched(path, pattern) for code in codes]


def _is_matched(path: str, pattern: str) -> bool:
    """Whether a relative path, one of its folders or, for a pattern without slash, its name matches."""
    pattern = pattern.removeprefix("./").removesuffix("/")
    name = path.rpartition("/")[2]
    candidates = [pattern, f"{pattern}/*", *([pattern[3:]] if pattern.startswith("**/") else [])]
    return any(fnmatchcase(path, each) for each in candidates) or ("/" not in pattern and fnmatchcase(name, pattern))


# -- reading -----------------------------------------------------------------------------------------------------------


def _read(path: Path) -> Configuration | None:
    """The configuration in a file; None if it is not there or a pyproject.toml of something else."""
    if not os.path.lexists(path):
        return None
    name = os.path.relpath(path)
    if not path.is_file():
        raise CommandError(f"{name}: is not a regular file")
    source = _source(name)
    above = () if path.name == NAMES[0] else _TABLE
    if above and b"haechi" not in source.data:
        return None
    data: object = _parsed(source)
    for key in above:
        data = data.get(key) if isinstance(data, dict) else None
    if data is None:
        return None
    return Configuration(_converted(data, source, above), path.parent, source, above)


def _source(name: str) -> Source:
    from haechi.files import read_all

    found = next(iter(read_all([name], None)))
    if isinstance(found, Problem):
        raise CommandError(f"{name}: {found.message}")
    return found


def _parsed(source: Source) -> dict[str, object]:
    try:
        return tomllib.loads(source.data.decode())
    except UnicodeDecodeError as error:
        raise CommandError(f"{source.at(error.start)}: not UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = _AT.search(str(error))
        place = source.at(len(source.data)) if at is None or at[1] is None else None
        where = place or Location(source.name, int(at[1]), int(at[2]))  # type: ignore[index]
        raise CommandError(f"{where}: not TOML: {_AT.sub('', str(error))}") from error


def _converted(data: object, source: Source, above: tuple[str, ...]) -> ConfigurationTable:
    try:
        return msgspec.convert(data, ConfigurationTable)
    except msgspec.ValidationError as error:
        text = str(error)
        where = _WHERE.search(text)
        steps = [match[1] for match in _STEP.finditer(where[1]) if match[1]] if where else []
        message = _WHERE.sub("", text).replace("`object`", "`table`")
        unknown = _UNKNOWN.fullmatch(message)
        hints = []
        if unknown is not None:
            steps.append(unknown[1])
            message = "there is no such key"
            hints = _close(steps)
        place = _place(source, (*above, *steps))
        raise CommandError(f"{place}: {'.'.join((*above, *steps))}: {message}", hints=hints) from error


def _close(steps: list[str]) -> list[str]:
    from difflib import get_close_matches

    table = LintConfiguration if len(steps) > 1 else ConfigurationTable
    names = [field.encode_name for field in msgspec.structs.fields(table)]
    close = get_close_matches(steps[-1], names, n=1)
    return [f"did you mean {close[0]}?" if close else f"there is: {', '.join(names)}"]


def _place(source: Source, keys: tuple[str, ...]) -> Location:
    """The place of a key: what looks like it, and is away once it has another name; else that of its table."""
    text = source.data.decode()
    while keys:
        for match in re.finditer(rf"(?<![\w-])[\"']?{re.escape(keys[-1])}[\"']?(?=\s*[=.\]])", text):
            renamed = f'{text[: match.start()]}"\\u0001"{text[match.end() :]}'
            try:
                there = _has(tomllib.loads(renamed), keys)
            except (tomllib.TOMLDecodeError, RecursionError):
                continue
            if not there:
                return source.at(len(text[: match.start()].encode()))
        keys = keys[:-1]
    return source.whole


def _has(data: object, keys: Iterable[str]) -> bool:
    for key in keys:
        if not isinstance(data, Mapping) or key not in data:
            return False
        data = data[key]
    return True
