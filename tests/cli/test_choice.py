"""`--from` and `--to`."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster import Names
from haechi.cli.choice import choose, parse_selector
from haechi.cli.failure import CommandError
from haechi.model import ObjectMeta, Pod


def pod(namespace: str, name: str, **labels: str) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace=namespace, labels=labels))


PODS = (
    pod("default", "db", app="db", tier="back"),
    pod("default", "web-0", app="web", tier="front"),
    pod("shop", "web-0", app="web"),
    pod("shop", "cache"),
)
NAMES = Names.among(PODS, [])
ENDPOINTS = {
    "default/db": ("10.0.0.1", "fd00::1"),
    "default/web-0": ("10.0.0.2",),
    "shop/web-0": ("10.0.0.3",),
    "shop/cache": ("10.0.0.4",),
    "host/office": ("192.0.2.7",),
    "outside/2001:db8::1": ("2001:db8::1",),
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("shop/web-0", ["shop/web-0"]),
        ("host/office", ["host/office"]),
        ("outside/2001:db8::1", ["outside/2001:db8::1"]),
        ("db", ["default/db"]),
        ("10.0.0.3", ["shop/web-0"]),
        ("fd00:0::1", ["default/db"]),
        ("2001:DB8::1", ["outside/2001:db8::1"]),
        ("shop/", ["shop/cache", "shop/web-0"]),
        ("pod/db", ["default/db"]),
        ("po/shop/web-0", ["shop/web-0"]),
        ("cache", ["shop/cache"]),
        ("shop/*", ["shop/cache", "shop/web-0"]),
        ("*/web-?", ["default/web-0", "shop/web-0"]),
        ("app=web", ["default/web-0", "shop/web-0"]),
        ("app==web,tier=front", ["default/web-0"]),
        ("app!=web", ["default/db", "shop/cache"]),
        ("app in (web, db)", ["default/db", "default/web-0", "shop/web-0"]),
        ("tier notin (back),app", ["default/web-0", "shop/web-0"]),
        ("!app", ["shop/cache"]),
        ("tier", ["default/db", "default/web-0"]),
        ("shop:app=web", ["shop/web-0"]),
        ("shop:!app", ["shop/cache"]),
    ],
)
def test_a_text_means_these(text: str, names: list[str]) -> None:
    assert choose("--from", [text], ENDPOINTS, NAMES) == frozenset(names)


def test_several_texts_are_a_union() -> None:
    assert choose("--to", ["db", "host/office"], ENDPOINTS, NAMES) == frozenset(("default/db", "host/office"))


def test_no_text_is_no_choice() -> None:
    assert choose("--to", [], ENDPOINTS, NAMES) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop/wbe-0",
        "app=nobody",
        "10.9.9.9",
        "a b",
        "app in web",
        ",",
        "app=web,",
        ":app=web",
        "nowhere:app=web",
        "=",
        "*",
    ],
)
def test_a_text_that_selects_nothing_is_refused_by_its_argument(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        choose("--from", [text], ENDPOINTS, NAMES)
    assert caught.value.argument == "--from"
    assert text in caught.value.message


def test_a_text_that_could_be_several_is_refused_with_all_of_them() -> None:
    with pytest.raises(CommandError, match="'web-0' is ambiguous: it is default/pod/web-0, shop/pod/web-0") as caught:
        choose("--from", ["web-0"], ENDPOINTS, NAMES)
    assert caught.value.argument == "--from"


def test_the_closest_name_is_offered() -> None:
    with pytest.raises(CommandError) as caught:
        choose("--from", ["shop/wbe-0"], ENDPOINTS, NAMES)
    assert "shop/web-0" in caught.value.hints[0]


@pytest.mark.parametrize("text", ["app in (a", "app in ()x", "(a)", "a=b c", "!", "a,,b", "in (a)(b)"])
def test_other_texts_are_no_selector(text: str) -> None:
    assert parse_selector(text) is None
