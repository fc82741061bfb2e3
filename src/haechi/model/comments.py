"""Comments of YAML text. A number sign within quotes, block scalars and plain scalars begins none.

libyaml reports no comments, but what lies between two of its tokens is nothing else than blanks and comments; only the
comment after the indicator of a block scalar is within a token:

    key: |  # here
      # but not here
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from haechi.model.tree import byte_length
from haechi.model.yamltext import YAML_LOADER

_COMMENT = re.compile(r"#[^\r\n]*")
_HEADS = yaml.StreamStartToken, yaml.DirectiveToken, yaml.DocumentStartToken


class Comment(NamedTuple):
    """A comment.

    Attributes:
        offset: of its number sign, in bytes from the beginning of the source.
        text: from the number sign to the end of the line.
        alone: whether there is nothing else on its line.
        on_top: whether only comments and the beginning of the document are before it.
    """

    offset: int
    text: str
    alone: bool
    on_top: bool


def yaml_comments(data: bytes, begin: int, end: int) -> Iterator[Comment]:
    """The comments in ``data[begin:end]``, in order, up to the first place that is not YAML."""
    text = data[begin:end].decode("utf-8", "replace")
    for first, after, on_top in _gaps(text):
        for match in _COMMENT.finditer(text, first, after):
            line = text.rfind("\n", 0, match.start()) + 1
            alone = not text[line : match.start()].strip()
            yield Comment(begin + byte_length(text, match.start()), match[0], alone, on_top)


def _gaps(text: str) -> Iterator[tuple[int, int, bool]]:
    """What lies between the tokens, and whether it is before the content."""
    index, on_top = 0, True
    try:
        for token in yaml.scan(text, Loader=YAML_LOADER):
            first, after = token.start_mark.index, token.end_mark.index
            yield index, first, on_top
            on_top = on_top and isinstance(token, _HEADS)
            if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
                yield first, text.find("\n", first) + 1 or len(text), False
            index = max(index, after)
    except yaml.YAMLError:
        return
    yield index, len(text), on_top
