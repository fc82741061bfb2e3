"""YAML scalars against real kubectl: the judge of how a manifest is read."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.model import scalars, yamltext
from haechi.model.tree import SyntaxProblem

KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"

WORDS = """
y Y yes Yes YES yEs true True TRUE tRue on On ON oN n N no No NO false False FALSE off Off OFF oFF
~ null Null NULL nULL nil None
0 00 01 0777 0o17 0O7 0o8 08 09.5 0888 0777.5 0x1F 0X1f 0x_1 0xg 0b11 0B11 0b2 0b -0b11 +0b1 -0x1 -0o7 -0 +0 -1 +12
1_000 1__0 _1 1_ 1_0.5_0 1e3 1E5 1e+5 1e-5 1e5_0 12e03 1. 1.e3 5.e .5 +.5 -.5e-3 .5e3 .e5 . ._5 .5_5 .. ...5 1.5e300
.5_ .5__5 .5e1_0 .5e_1 .5_e1
-0.0 1.0 80.0 80.5 1.0000000000000001 1e20 1e21 1e400 -1e400 .1e-400 0.0000001 123456789.5
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615
18446744073709551616 +9223372036854775808 99999999999999999999999 123456789012345678901234567890
0xFFFFFFFFFFFFFFFF 0x10000000000000000 0777777777777777777777 01777777777777777777777 02777777777777777777777
1:30 20:30:20 190:20:30.15 2020-01-01 2020-1-1 2020-01-01T00:00:00Z 2001-12-14t21:59:43.10-05:00 12-34 1-2
= << + - -- +- e e5 +e5 -e5 inf +inf nan .infinity .Inf_ 1.2.3 10.0.0.0/8 10.0.0.1 fe80::1 0x 0x1p3 .0x1p3 1e 1e+ --1
a é ☃ a#b a:b tcp:80 !x !!str !!int "" '' "y" 'on' "0777" '~'
"""
PLAIN = WORDS.split()
TAGGED = [
    "!!str 12",
    "!!str ~",
    '!!int "12"',
    "!!int 0x10",
    "!!float 3",
    "!!float 3.5",
    '!!bool "yes"',
    "!!null ''",
    "! 12",
]
TAGGED += [
    "!foo 12",
    "!!foo x",
    "!!binary aGVsbG8=",
    "!!binary gIA=",
    "!!timestamp 2020-01-01",
    "!<tag:yaml.org,2002:int> '5'",
]
REFUSED = [
    ".nan",
    ".NaN",
    ".inf",
    "-.Inf",
    "+.inf",
    "!!int x",
    "!!bool x",
    "!!null x",
    "!!float x",
    "!!int 3.0",
    "!!timestamp x",
]


def kubectl(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """How kubectl reads a manifest, without a server, a home or a configuration."""
    file = tmp_path / "manifest.yaml"
    file.write_text(text)
    environment = {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none"), "PATH": os.defpath}
    command = [str(KUBECTL), "label", "--local", "-f", str(file), "-o", "json", "haechi=x"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def manifest(entries: list[str]) -> str:
    return "\n".join(
        ["apiVersion: v1", "kind: ConfigMap", "metadata: {name: x}", "data:", *(f"  {e}" for e in entries), ""]
    )


def read_by_kubectl(tmp_path: Path, text: str) -> object:
    done = kubectl(tmp_path, text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_int=number)["data"]


def number(text: str) -> int | float:
    """kubectl passes every number through JSON, where integers of more than 64 bits become floats."""
    return int(text) if -(2**63) <= int(text) < 2**63 else float(text)


def read_by_us(text: str) -> object:
    data = text.encode()
    tree = yamltext.parse_yaml(data, 0, len(data))
    assert isinstance(tree.data, dict)
    return json.loads(json.dumps(tree.data["data"]), parse_int=number)


def test_scalars_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    """Every scalar of the lists above as a value, plain or tagged."""
    values = [text for text in PLAIN if text not in {"-", "!!int"}] + TAGGED
    text = manifest([f"k{i}: {value}" for i, value in enumerate(values)])
    ours, theirs = read_by_us(text), read_by_kubectl(tmp_path, text)
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert {values[int(k[1:])]: v for k, v in ours.items()} == {values[int(k[1:])]: v for k, v in theirs.items()}


def test_keys_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    """Every plain scalar as a key, each in a mapping of its own, as different keys may be the same field."""
    refused = {"~", "null", "Null", "NULL", "<<", "9223372036854775808", "18446744073709551615"}
    refused |= {"0xFFFFFFFFFFFFFFFF", "01777777777777777777777", "!!int"}
    keys = [text for text in PLAIN if text not in refused | {"-", "--"} and not text.startswith("!")]
    keys += [".inf", "-.inf", ".nan", "1e30", "1e06", "123456.5", "3.5e38", "1e-4", "1e-5", "16777217.0", "0.1"]
    text = manifest([f"k{i}: {{ ? {key} : v }}" for i, key in enumerate(keys)])
    ours, theirs = read_by_us(text), read_by_kubectl(tmp_path, text)
    assert ours == theirs


@pytest.mark.parametrize("text", REFUSED)
def test_scalars_that_kubectl_refuses_are_refused(tmp_path: Path, text: str) -> None:
    """No value is made up for them."""
    assert kubectl(tmp_path, manifest([f"k: {text}"])).returncode != 0
    with pytest.raises(SyntaxProblem):
        read_by_us(manifest([f"k: {text}"]))


@pytest.mark.parametrize("key", ["~", "18446744073709551615", "[a]", "{a: b}"])
def test_keys_that_kubectl_refuses_are_refused(tmp_path: Path, key: str) -> None:
    """Null, unsigned and structured keys."""
    assert kubectl(tmp_path, manifest([f"{key}: v"])).returncode != 0
    with pytest.raises(SyntaxProblem):
        read_by_us(manifest([f"{key}: v"]))


NUMBERISH = st.text(alphabet="0123456789+-._eExXoObBfF:aT", min_size=1, max_size=12)


@settings(max_examples=3, deadline=None)
@given(texts=st.lists(NUMBERISH, min_size=400, max_size=400, unique=True))
def test_random_numbers_are_read_as_kubectl_reads_them(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Hundreds of texts that look like numbers at a time."""
    values = []
    for text in texts:
        try:
            read_by_us(manifest([f"k: {text}"]))
        except SyntaxProblem:
            continue
        values.append(text)
    text = manifest([f"k{i}: {value}" for i, value in enumerate(values)])
    assert read_by_us(text) == read_by_kubectl(tmp_path_factory.mktemp("kubectl"), text)


@given(st.text())
def test_any_text_resolves(text: str) -> None:
    """The resolver has an answer to everything, in time that does not depend on its digits."""
    scalars.resolve_plain(text)


def test_thousands_of_digits_are_no_integer() -> None:
    """Neither Python's limit on digits nor quadratic time is met."""
    assert scalars.resolve_plain("9" * 100_000) == "9" * 100_000
    assert scalars.resolve_plain("0x" + "f" * 100_000) == "0x" + "f" * 100_000
