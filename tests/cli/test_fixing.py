"""Corrections in files: whole or not at all, and only what is certain."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest

from haechi.analysis.lint import Finding, Fix
from haechi.cli.fixing import ROUNDS, Fixes, all_fixes, fixes, write_fixes
from haechi.files import load
from haechi.model import Edit, Manifests, ObjectName, Severity, Source, read_manifests

TWO = dedent("""\
    # first
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: one}
    spec:
      podSelector: {}
      ingress:
      - ports: [{port: 80}]
      # the other
      - ports: [{port: 81}]
    --- # second
    apiVersion: v1
    kind: List
    items:
    - apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: two}
      spec:
        podSelector: {}  # é
    """)


def finding(name: str, *edits: Edit) -> Finding:
    return Finding("c", Severity.WARNING, "m", ObjectName("NetworkPolicy", "default", name), fix=Fix("do it", edits))


ITEM = finding("one", Edit(("spec", "ingress", 0)))
TYPES = finding("two", Edit(("spec", "policyTypes"), ["Ingress"]))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(TWO, encoding="utf-8")
    path.chmod(0o640)
    return path


def fix(manifests: Manifests, findings: Iterable[Finding]) -> Fixes:
    return write_fixes(fixes(manifests, findings))


def loaded(path: Path) -> Manifests:
    found = load([path])
    assert not found.problems
    return found


def test_every_document_of_a_file_is_corrected_and_its_comments_stay(file: Path) -> None:
    outcome = fix(loaded(file), [ITEM, TYPES])
    expected = TWO.replace("  - ports: [{port: 80}]\n", "")
    expected += "    policyTypes:\n    - Ingress\n"
    assert file.read_text(encoding="utf-8") == expected
    assert (outcome.fixed, [*outcome.texts], outcome.left) == ([TYPES, ITEM], [str(file)], [])


def test_a_file_keeps_its_mode_and_its_links(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    fix(loaded(link), [ITEM])
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert "port: 80" not in file.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "two.yaml"]


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    manifests = loaded(file)
    file.write_text("# mine\n", encoding="utf-8")
    outcome = fix(manifests, [ITEM])
    assert file.read_text(encoding="utf-8") == "# mine\n"
    assert outcome.left == [(ITEM, "the file has changed meanwhile")]
    assert not outcome.fixed


def test_a_file_that_has_gone_is_told(file: Path) -> None:
    manifests = loaded(file)
    file.unlink()
    ((left, why),) = fix(manifests, [ITEM]).left
    assert left is ITEM
    assert why == "no such file or directory"


def test_of_two_corrections_of_one_item_the_first_is_made(file: Path) -> None:
    inner = finding("one", Edit(("spec", "ingress", 0, "ports", 0, "port"), 443))
    outcome = fix(loaded(file), [ITEM, inner])
    assert outcome.fixed == [ITEM]
    assert not outcome.left


def test_what_cannot_be_corrected_does_not_keep_others(file: Path) -> None:
    odd = finding("one", Edit(("spec", "nowhere", "deep"), 1))
    outcome = fix(loaded(file), [odd, ITEM])
    assert outcome.fixed == [ITEM]
    assert [(one, bool(why)) for one, why in outcome.left] == [(odd, True)]


def test_an_object_in_a_dump_is_corrected_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    policy = (
        '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "one"},\n "spec": %s}'
    )
    text = '{"kind": "List", "apiVersion": "v1", "items": [\n %s\n]}\n'
    path.write_text(text % policy % '{"podSelector": {}, "ingress": [{}, {"ports": [{"port": 1}]}]}', encoding="utf-8")
    fix(loaded(path), [ITEM])
    assert path.read_text(encoding="utf-8") == (
        text % policy % '{"podSelector": {}, "ingress": [{"ports": [{"port": 1}]}]}'
    )


def test_findings_without_a_correction_change_nothing(file: Path) -> None:
    outcome = fix(loaded(file), [Finding("c", Severity.NOTE, "m", ObjectName("NetworkPolicy", "default", "one"))])
    assert (outcome.fixed, outcome.texts, outcome.left) == ([], {}, [])
    assert file.read_text(encoding="utf-8") == TWO


def test_nothing_is_written_before_it_is_asked_for(file: Path) -> None:
    found = fixes(loaded(file), [ITEM])
    assert file.read_text(encoding="utf-8") == TWO
    text = found.texts[str(file)]
    assert (text.source.data, text.findings) == (TWO.encode(), (ITEM,))
    assert text.data == TWO.replace("  - ports: [{port: 80}]\n", "").encode()


def test_fixes_that_others_make_possible_are_in_the_same_text(file: Path) -> None:
    seen: list[bytes] = []

    def relint(sources: list[Source]) -> tuple[Manifests, list[Finding]]:
        seen.append(sources[0].data)
        return read_manifests(sources), [TYPES] if len(seen) == 1 else []

    found = all_fixes(loaded(file), [ITEM], relint)
    first = TWO.replace("  - ports: [{port: 80}]\n", "")
    both = f"{first}    policyTypes:\n    - Ingress\n"
    assert [one.decode() for one in seen] == [first, both]
    text = found.texts[str(file)]
    assert (text.source.data.decode(), text.data.decode(), text.findings) == (TWO, both, (ITEM, TYPES))
    assert write_fixes(found).fixed == [ITEM, TYPES]
    assert file.read_text(encoding="utf-8") == both


def test_fixes_that_make_each_other_necessary_end(file: Path) -> None:
    def relint(sources: list[Source]) -> tuple[Manifests, list[Finding]]:
        return read_manifests(sources), [TYPES]

    assert len(all_fixes(loaded(file), [TYPES], relint).fixed) == ROUNDS


def test_of_many_fixes_in_a_document_only_those_that_cannot_be_made_are_left(tmp_path: Path) -> None:
    """Also where one that cannot be made is in the way of others: the item of which it would change a part."""
    ports = "".join(f"    - port: {80 + number}\n" for number in range(9))
    path = tmp_path / "a.yaml"
    path.write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: one}\n"
        f"spec:\n  podSelector: {{}}\n  ingress:\n  - ports:\n{ports}"
    )
    above = ("spec", "ingress", 0, "ports")
    items = [finding("one", Edit((*above, number))) for number in range(9)]
    impossible = finding("one", Edit((*above, 5, "port", "number"), 1))  # a port is no mapping
    outcome = fixes(loaded(path), [*items[:5], impossible, *items[5:8]])
    assert outcome.fixed == items[:8]
    assert [each for each, _ in outcome.left] == [impossible]
    assert outcome.texts[str(path)].data == path.read_bytes().replace(ports.encode(), b"    - port: 88\n")
