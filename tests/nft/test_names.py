"""Names and comments that nft could not read back never reach the kernel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import Chain, DataType, DecodeError, Map, NounError, Rule, Set, Table
from haechi.nft.names import KEYWORDS, decode_comment, encode_userdata, walk_userdata
from haechi.nft.verdict import ACCEPT
from tests.netlink.namespace import in_namespace
from tests.netlink.tool import attempt, nft

NAMED: dict[str, Callable[[str], object]] = {
    "table": Table,
    "chain": Chain,
    "set": lambda name: Set(name, (DataType.MARK,)),
    "map": lambda name: Map(name, (DataType.MARK,)),
}
COMMENTED: dict[str, Callable[[str], object]] = {
    "table": lambda comment: Table("t", comment=comment),
    "chain": lambda comment: Chain("c", comment=comment),
    "set": lambda comment: Set("s", (DataType.MARK,), comment=comment),
    "map": lambda comment: Map("m", (DataType.MARK,), comment=comment),
    "rule": lambda comment: Rule((ACCEPT,), comment),
}


@pytest.mark.parametrize("noun", NAMED)
@pytest.mark.parametrize(
    "name", ["", "1a", "a b", "ä", "a\n", "x" * 128, "fwd", "ip", "jump", "-a", "a;b", 'a"', "__set0"]
)
def test_impossible_names_are_refused(noun: str, name: str) -> None:
    with pytest.raises(NounError) as caught:
        NAMED[noun](name)
    assert caught.value.noun == noun


@pytest.mark.parametrize("noun", NAMED)
@pytest.mark.parametrize("name", ["a", "A9_.-/", "egress", "ingress", "x" * 127, "fwd2"])
def test_possible_names_are_taken(noun: str, name: str) -> None:
    NAMED[noun](name)


@pytest.mark.parametrize("noun", COMMENTED)
@pytest.mark.parametrize("comment", ['"', "a\nb", "\0", "x" * 129, "ä" * 65, "\x7f", "\ud800"])
def test_impossible_comments_are_refused(noun: str, comment: str) -> None:
    with pytest.raises(NounError) as caught:
        COMMENTED[noun](comment)
    assert caught.value.field == "comment"


@pytest.mark.parametrize("noun", COMMENTED)
def test_a_comment_may_have_128_bytes(noun: str) -> None:
    COMMENTED[noun]("ä" * 64)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=60), st.integers(0, 255))
def test_comments_are_read_as_written(comment: str, kind: int) -> None:
    assert decode_comment(encode_userdata(kind, comment), kind, "test") == comment


@given(st.binary(max_size=40))
def test_any_user_data_is_read_or_a_decode_error(data: bytes) -> None:
    try:
        walk_userdata(data, "test")
        decode_comment(data, 0, "test")
    except DecodeError:
        pass


def _script(name: str) -> str:
    """Every place in which a name stands, among words that make nft's scanner look for other keywords."""
    return f"""table inet {name} {{
        set {name} {{ type inet_service; }}
        map x{name} {{ type inet_proto . ipv4_addr : verdict; elements = {{ 6 . 1.2.3.4 : jump {name} }}; }}
        chain {name} {{ }}
        chain x{name} {{
            meta l4proto tcp ct reply proto-src @{name} jump {name}
            th dport != @{name} counter goto {name}
            limit rate 10/second log prefix "x" meta l4proto . ct reply ip saddr vmap @x{name}
        }}
    }}
    add element inet {name} {name} {{ 80 }}
    flush chain inet {name} {name}
    delete table inet {name}
    """


@in_namespace
def test_every_keyword_of_nft_that_is_one_everywhere_is_known() -> None:
    """What nft refuses as a name, of the words in its own help and grammar, is refused here."""
    words = {each for word in sorted(KEYWORDS) for each in (word, word + "x", "x" + word)}
    taken = sorted(word for word in words if word not in KEYWORDS)
    nft("-c", "-f", "-", feed="".join(map(_script, taken)))
    assert attempt("-c", "-f", "-", feed=_script("fwd")).returncode
