"""`haechi explain`: a policy or a pod in words, English or Korean, or as kubectl describes it.

A first argument `policy/NAME`, `pod/NAME` or the like chooses what is explained, unless a file or folder has that name;
without one all policies are. Names count in `--namespace`, else in every namespace; `policy/NAMESPACE/NAME` is one.
Policies of tiers have no namespace: `cnp/NAME`, `anp/NAME`, `banp/default`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths, Verbosity

if TYPE_CHECKING:
    from haechi.analysis.cluster import Cluster, NameText
    from haechi.analysis.explain import Explanations
    from haechi.cli.progress import ProgressLine
    from haechi.model import AnyPolicyKey, NetworkPolicy, PodKey, PolicyKey

    _Key = TypeVar("_Key", PolicyKey, PodKey)

_SHORT = {"ClusterNetworkPolicy": "cnp", "AdminNetworkPolicy": "anp", "BaselineAdminNetworkPolicy": "banp"}
Output = Literal["text", "describe", "json"]
Lang = Literal["en", "ko"]


def explain(
    *paths: Annotated[Paths, Parameter(help="Files, folders or -; before them KIND/NAME.")],
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    ipblock_matches_pods: Annotated[bool | None, Parameter(show_default=False)] = None,
    lang: Annotated[Lang | None, Parameter(show_default=False)] = None,
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Explain policies or pods.

    Args:
        *paths: Files, folders or - for standard input; before them KIND/NAME.
        output: Sentences, what kubectl describe netpol prints, or JSON for programs.
        ipblock_matches_pods: Whether an ipBlock means pods with its addresses; on some networks it never does.
        lang: English or Korean; that of LC_ALL, LC_MESSAGES or LANG if absent.
        options: How input is read and validated.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.explain import Language
    from haechi.cli import terminal
    from haechi.cli.configuration import Configuration
    from haechi.cli.explanation_text import MOST_ITEMS, write_descriptions, write_text
    from haechi.cli.failure import ExitCode
    from haechi.cli.input import answered, read_on, write_remarks
    from haechi.cli.progress import ProgressLine

    matches_pods = Configuration.find(ipblock_matches_pods=ipblock_matches_pods).ipblock_matches_pods
    target, files = _split(paths, options)
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        narrowed_to = () if target else options.namespaces
        found = read_on(files, options.for_reading(files), progress, narrowed_to=narrowed_to)
        progress("understanding policies")
        cluster = Cluster.of(found.manifests, ipblock_matches_pods=matches_pods)
        policies, pods = _chosen(cluster, target, options.namespaces, paths[:1])
        if output == "describe":
            described, left_out = _stored(policies, found.broken)
        else:
            explanations = _explained(cluster, policies, pods, progress)
    remarks = terminal.errors()
    write_remarks(remarks, options.verbosity, (*cluster.notes, *left_out) if output == "describe" else cluster.notes)
    language = Language(lang or spoken(os.environ))
    if output == "describe":
        write_descriptions(terminal.output(), [cluster.policies[key] for key in described])
    elif output == "json":
        from haechi.report import explanation_json

        terminal.output().write(explanation_json(explanations, language, found.basis(cluster)))
    else:
        most = None if options.verbosity is Verbosity.VERBOSE else MOST_ITEMS
        write_text(terminal.output(), explanations, language, most)
    return answered(ExitCode.GOOD, found)


def spoken(environment: os._Environ[str] | dict[str, str]) -> Lang:
    """The language of the environment, by the order of POSIX (XBD 8.2): the first of these that is set."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    value = next((environment[name] for name in names if environment.get(name)), "")
    return "ko" if value.startswith("ko") else "en"


def _split(paths: Sequence[str], options: InputOptions) -> tuple[NameText | None, tuple[str, ...]]:
    """What to explain, if the first argument names it, and the files."""
    from haechi.analysis.cluster import NameText
    from haechi.cli.failure import CommandError

    if not paths:
        return None, ()
    first, *rest = paths
    target = NameText.of_kind(first)
    if target is None or os.path.lexists(first):
        return None, tuple(paths)
    if not rest and not options.is_live(rest):
        raise CommandError(
            f"{first!r} needs a PATH to look in",
            "PATH",
            (f"as in: haechi explain {first} manifests/", f"or: haechi explain {first} --context NAME"),
        )
    return target, tuple(rest)


def _chosen(
    cluster: Cluster, target: NameText | None, namespaces: tuple[str, ...], given: tuple[str, ...]
) -> tuple[tuple[AnyPolicyKey, ...], tuple[PodKey, ...]]:
    """The policies and pods that a target names; all policies without one, those of tiers only of all namespaces.

    Raises:
        CommandError: nothing has that name, or there is no policy to explain.
    """
    from haechi.analysis.explain import ignored_pods
    from haechi.cli.failure import CommandError, unknown_name
    from haechi.model import ClusterPolicyKey, NetworkPolicy, PodKey

    if target is None:
        policies: tuple[AnyPolicyKey, ...] = tuple(
            sorted(key for key in cluster.policies if not namespaces or key.namespace in namespaces)
        )
        if not namespaces:
            read = cluster.engine.tier_policies.values()
            policies += tuple(one.key for one in sorted(read, key=lambda one: (one.tier, one.order)))
        if not policies:
            where = f"namespace {' or '.join(namespaces)}" if namespaces else "the input"
            raise CommandError(f"there is no policy in {where}")
        return policies, ()
    name, namespaces = target.name, (target.namespace,) if target.namespace else namespaces
    if target.kind == NetworkPolicy.kind:
        others = [f"{_SHORT[key.kind]}/{key.name}" for key in cluster.tier_policies if key.name == name]
        return _named(cluster.policies, name, namespaces, "a policy", others), ()
    if target.kind in _SHORT:
        key = ClusterPolicyKey(target.kind, name)
        if key not in cluster.tier_policies or target.namespace:
            known = [one.name for one in cluster.tier_policies if one.kind == target.kind]
            what = f"{'an' if target.kind.startswith('A') else 'a'} {target.kind}"
            raise unknown_name("", f"{target.namespace}/{name}" if target.namespace else name, known, what)
        return (key,), ()
    if target.kind != "Pod":
        return (), _pods_of(cluster, given[0], namespaces)
    ignored = {PodKey(pod.namespace, pod.name) for pod in ignored_pods(cluster)}
    return (), _named([*cluster.pods, *ignored], name, namespaces, "a pod")


def _pods_of(cluster: Cluster, text: str, namespaces: tuple[str, ...]) -> tuple[PodKey, ...]:
    """The pods of a workload or behind a Service: of those that policies treat alike, the first.

    Raises:
        CommandError: there is no such workload or Service, there are several, or it has no pods.
    """
    from haechi.analysis.cluster import Names
    from haechi.analysis.reach import PodClasses
    from haechi.cli.failure import CommandError, named_by

    with named_by({}):
        pods = Names.of(cluster).pods_named(text, namespaces=namespaces)
    if not pods:
        raise CommandError(f"{text} has no pods that policies apply to")
    members = (sorted(set(pods).intersection(one.members)) for one in PodClasses.of(cluster.engine).all)
    return tuple(sorted(some[0] for some in members if some))


def _named(
    known: Iterable[_Key], name: str, namespaces: tuple[str, ...], what: str, others: Sequence[str] = ()
) -> tuple[_Key, ...]:
    from haechi.cli.failure import CommandError, unknown_name

    keys = sorted(known)
    found = tuple(key for key in keys if key.name == name and (not namespaces or key.namespace in namespaces))
    if not found:
        if others:
            raise CommandError(f"{name!r} is not a NetworkPolicy", "", (f"did you mean {' or '.join(others)}?",))
        one = len(namespaces) == 1
        given = f"{namespaces[0]}/{name}" if one else name
        names = [str(key) if one else key.name for key in keys]
        raise unknown_name("", given, names, what)
    return found


def _stored(
    policies: tuple[AnyPolicyKey, ...], broken: Iterable[NetworkPolicy]
) -> tuple[tuple[PolicyKey, ...], tuple[str, ...]]:
    """The NetworkPolicies without broken ones, which the API server would reject: kubectl has nothing to describe.

    Returns:
        With a remark on the policies of tiers, which kubectl describes as their YAML only.

    Raises:
        CommandError: no policy is left, or pods were chosen.
    """
    from haechi.cli.failure import CommandError
    from haechi.cli.wording import counted
    from haechi.model import PolicyKey

    if not policies:
        raise CommandError("describe is for policies only", "--output", ("a pod is explained with -o text or -o json",))
    described = [key for key in policies if isinstance(key, PolicyKey)]
    tiers = len(policies) - len(described)
    if not described:
        hint = "kubectl describes other kinds as their YAML; -o text and -o json explain them"
        raise CommandError("describe is for NetworkPolicies only", "--output", (hint,))
    rejected = {PolicyKey(policy.namespace, policy.name) for policy in broken}
    stored = tuple(key for key in described if key not in rejected)
    if not stored:
        raise CommandError("the API server would refuse all of these policies and store none that could be described")
    return stored, (f"{counted(tiers, 'policy', 'policies')} of tiers not described",) if tiers else ()


def _explained(
    cluster: Cluster, policies: tuple[AnyPolicyKey, ...], pods: tuple[PodKey, ...], progress: ProgressLine
) -> Explanations:
    from haechi.analysis.explain import (
        Explanations,
        SelectedPods,
        explain_pod,
        explain_policy,
        explain_tier_policy,
    )
    from haechi.model import PolicyKey

    selected = SelectedPods(cluster)
    explained_policies, explained_tier_policies, explained_pods = [], [], []
    for number, policy in enumerate(policies, 1):
        progress("explaining policy", number, len(policies))
        if isinstance(policy, PolicyKey):
            explained_policies.append(explain_policy(cluster, policy, selected))
        else:
            explained_tier_policies.append(explain_tier_policy(cluster, policy, selected))
    for number, pod in enumerate(pods, 1):
        progress("explaining pod", number, len(pods))
        explained_pods.append(explain_pod(cluster, pod, selected))
    return Explanations(tuple(explained_policies), tuple(explained_tier_policies), tuple(explained_pods))
