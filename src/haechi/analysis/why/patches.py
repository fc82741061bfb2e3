"""Additions as patches: a unified diff of the files, or commands for a cluster where the files are not known.

A diff has all additions or is none: applied, it makes the connection possible.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable
from difflib import unified_diff

import yaml

from haechi.analysis.cluster import Cluster
from haechi.analysis.why.changes import PolicyAddition
from haechi.model import ClusterPolicyKey, Edit, Place, RewriteError, document_edits, rewrite

_LONGEST_LINE = 1_000
"""Characters of a line that people read; a dump in JSON may be a single line."""


def yaml_text(addition: PolicyAddition) -> str:
    """What is added, as YAML; an item of a list with its dash."""
    value = addition.value if addition.is_new or isinstance(addition.value, list) else [addition.value]
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text


def json_patch(addition: PolicyAddition) -> list[dict[str, object]]:
    """A JSON Patch (RFC 6902) of the policy; for a new policy there is none."""
    if addition.is_new:
        return []
    *above, last = addition.path
    steps = [*above, "-" if isinstance(last, int) and not addition.is_cluster_wide else last]
    return [{"op": "add", "path": "".join(f"/{step}" for step in steps), "value": addition.value}]


def kubectl_command(addition: PolicyAddition) -> str:
    """The command that makes the addition in a cluster; for a new policy, its YAML is for `kubectl create`."""
    if addition.is_new:
        return f"kubectl create -f FILE, with the YAML of {addition.policy}"
    policy = addition.policy
    patch = json.dumps(json_patch(addition), ensure_ascii=False)
    if isinstance(policy, ClusterPolicyKey):
        which = [policy.kind.lower(), policy.name]
    else:
        which = ["networkpolicy", policy.name, "-n", policy.namespace]
    return shlex.join(["kubectl", "patch", *which, "--type=json", "-p", patch])


def unified_patch(cluster: Cluster, additions: Iterable[PolicyAddition], is_file: Callable[[str], bool]) -> str:
    """The additions as a change of the files that policies were read from, for `patch -p0`; empty if one has no place.

    A new policy is appended to the file of another one, the first of its namespace if there is one.

    Args:
        cluster: with the texts of the files.
        additions: what is added.
        is_file: whether a source is a file, by its name: texts may also have been built or received.
    """
    edits: dict[str, list[tuple[Place, list[Edit]]]] = {}
    appended: dict[str, list[str]] = {}
    for one in additions:
        place = _place(cluster, one, is_file)
        if place is None:
            return ""
        listed = edits.setdefault(place.source.name, [])
        if one.is_new:
            listed.append((place, []))
            appended.setdefault(place.source.name, []).append(f"---\n{yaml_text(one)}")
        else:
            listed.append((place, list(document_edits(place, [one.edit]))))
    found = [_of_file(name, listed, appended.get(name, [])) for name, listed in edits.items()]
    return "".join(found) if all(found) else ""


def _place(cluster: Cluster, addition: PolicyAddition, is_file: Callable[[str], bool]) -> Place | None:
    """Where the policy is; for a new one, the policy to whose file it is appended. None if there is no such file."""
    policy, places = addition.policy, cluster.places
    if not addition.is_new:
        found = [places[policy].place] if policy in places else []
    else:
        near = sorted(places, key=lambda key: key[0] != policy[0])  # a namespace, or the kind of a policy of a tier
        found = [places[key].place for key in near if not places[key].place.is_json]
    return next((place for place in found if is_file(place.source.name)), None)


def _of_file(name: str, listed: list[tuple[Place, list[Edit]]], appended: list[str]) -> str:
    data = listed[0][0].source.data
    documents: dict[tuple[int, int, bool], list[Edit]] = {}
    for place, edits in listed:
        documents.setdefault((place.begin, place.end, place.is_json), []).extend(edits)
    try:
        old = new = data.decode()
        for (begin, end, is_json), edits in sorted(documents.items(), reverse=True):
            before, text, after = data[:begin].decode(), data[begin:end].decode(), data[end:].decode()
            new = before + rewrite(text, edits, is_json=is_json) + after
            data = new.encode()
    except (RewriteError, UnicodeDecodeError):
        return ""
    if appended and not new.endswith("\n"):
        new += "\n"
    new += "".join(appended)
    lines = list(unified_diff(_lines(old), _lines(new), name, name))
    if any(len(line) > _LONGEST_LINE for line in lines):
        return ""
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends; nothing but a line feed ends one."""
    *lines, last = text.split("\n")
    return [*(f"{line}\n" for line in lines), *([last] if last else [])]
