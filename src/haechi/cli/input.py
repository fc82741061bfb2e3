"""Manifests for a command: read, checked, every problem reported.

Commands that enforce or prove refuse input with errors (`read_sound`): without one policy or pod, "as expected" would
be false. Commands that answer questions read on (`read_on`) and end with `answered`, which alone turns errors into an
exit code. Skipped documents are reported, and are errors only with `--strict`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from haechi.cli.arguments import InputOptions, Verbosity
from haechi.cli.entry import STDIN
from haechi.cli.failure import CommandError, ExitCode
from haechi.cli.progress import ProgressLine
from haechi.cli.terminal import Style, Terminal, errors
from haechi.cli.wording import counted
from haechi.errors import suggestion
from haechi.files import Given, RevisionPath, read_all, read_pipes
from haechi.model import (
    DEFAULT_NAMESPACE,
    AnyPolicyKey,
    Code,
    LabelSelector,
    Loaded,
    Location,
    Manifests,
    Namespace,
    NetworkPolicy,
    Object,
    Problem,
    ReleaseChannel,
    Severity,
    Source,
    TierPolicy,
    check_create,
    check_one,
    check_update,
    dns_label,
    policy_key,
    printable,
    read_manifests,
)

if TYPE_CHECKING:
    from haechi.analysis.cluster import Assumption, Cluster
    from haechi.cli.live import LiveCluster
    from haechi.engine import Defect
    from haechi.report import Basis

_NO_INPUT = "name files, also in haechi.toml, or a cluster with --context or --all-namespaces"
_READING = "reading"
_STYLES = {Severity.ERROR: Style.RED, Severity.WARNING: Style.YELLOW, Severity.SKIPPED: Style.DIM}


@dataclass(frozen=True)
class Input:
    """What was read, and every problem with it.

    Attributes:
        manifests: objects, with their places.
        findings: errors and warnings, in order of place.
        skipped: documents that are not for Haechi.
        unsound: the objects that have errors.
        name: what messages call the input.
        verbosity: how much is written beside the result.
        namespace: that of objects that name none.
    """

    manifests: Manifests
    findings: tuple[Problem, ...]
    skipped: tuple[Problem, ...]
    unsound: tuple[Loaded[Object], ...] = ()
    name: str = "the input"
    verbosity: Verbosity = Verbosity.NORMAL
    namespace: str = DEFAULT_NAMESPACE

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The findings that make an object unusable."""
        return tuple(problem for problem in self.findings if problem.severity is Severity.ERROR)

    @property
    def unused(self) -> tuple[Problem, ...]:
        """Documents that answers do not take into account: skipped ones, and policies of other kinds."""
        return (*self.skipped, *(one for one in self.findings if one.code is Code.OTHER_POLICY))

    @property
    def objects(self) -> tuple[Object, ...]:
        """All objects, without their places."""
        return tuple(loaded.object for loaded in self.manifests.objects)

    @property
    def broken(self) -> tuple[NetworkPolicy, ...]:
        """The policies with errors."""
        return tuple(loaded.object for loaded in self.unsound if isinstance(loaded.object, NetworkPolicy))

    def location(self, policy: AnyPolicyKey, path: str) -> Location | None:
        """Where a field of a policy was read; `""` is the policy itself."""
        loaded = self._policies.get(policy)
        return None if loaded is None else loaded.location(path)

    @cached_property
    def _policies(self) -> dict[AnyPolicyKey, Loaded[Object]]:
        objects = ((one, one.object) for one in self.manifests.objects)
        return {policy_key(policy): one for one, policy in objects if isinstance(policy, NetworkPolicy | TierPolicy)}

    def strict(self) -> Input:
        """The same with an error for every skipped document, except a file that was read already."""
        refused, rest = skipped_as_errors(self.skipped)
        return replace(self, findings=_ordered([*self.findings, *refused]), skipped=rest)

    def usable(self) -> Input:
        """The same without the objects that have errors, except policies."""
        left_out = {id(loaded) for loaded in self.unsound if not isinstance(loaded.object, NetworkPolicy | TierPolicy)}
        if not left_out:
            return self
        objects = tuple(loaded for loaded in self.manifests.objects if id(loaded) not in left_out)
        return replace(self, manifests=replace(self.manifests, objects=objects))

    def basis(self, cluster: Cluster, *, assumptions: Iterable[Assumption] = ()) -> Basis:
        """What a document about its cluster rests on; `assumptions` instead of the cluster's, if given."""
        from haechi.report import basis_of

        return basis_of(cluster, assumptions=assumptions, problems=(*self.skipped, *self.findings))


def skipped_as_errors(skipped: Iterable[Problem]) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """The skipped documents as errors, and what stays skipped: files that were read already."""
    listed = list(skipped)
    foreign = (problem for problem in listed if problem.code is not Code.ALREADY_READ)
    return (
        tuple(replace(problem, severity=Severity.ERROR, hint="skipped without --strict") for problem in foreign),
        tuple(problem for problem in listed if problem.code is Code.ALREADY_READ),
    )


def _ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.location))


def read(
    paths: Iterable[Given],
    options: InputOptions,
    progress: ProgressLine | None = None,
    *,
    node: bool = False,
    create: bool = False,
    stored: Iterable[Loaded[Object]] = (),
    channel: ReleaseChannel = ReleaseChannel.EXPERIMENTAL,
) -> Input:
    """Load and check everything that `paths` mean; `-` is standard input. `progress` shows the steps.

    If the options name a cluster, it is read as well, and the paths are applied over it; what the rules of a `node` do
    not need is left out. With `create` objects of files are judged as by the API server that is asked to create them,
    or to update those that the cluster has or that are `stored`; custom resources by the definitions of `channel`.
    Without paths and cluster, the paths are those of the configuration.

    Raises:
        CommandError: there is no input, or the cluster cannot be read.
    """
    given = configured(paths, options)
    line = ProgressLine.silent() if progress is None else progress
    if not given and not options.is_live(given):
        raise CommandError("there is no input", "PATH", [_NO_INPUT])
    cluster = _cluster(given, options, line, node=node)
    return _read(given, options, line, cluster, node=node, create=create, stored=stored, channel=channel)


def configured(paths: Iterable[Given], options: InputOptions) -> tuple[Given, ...]:
    """The paths; those of the configuration if there are none and no cluster is the input.

    Raises:
        CommandError: the configuration cannot be used.
    """
    given = tuple(paths)
    if given or options.is_live(given):
        return given
    from haechi.cli.configuration import Configuration

    return Configuration.find().paths


def _cluster(
    paths: tuple[Given, ...], options: InputOptions, progress: ProgressLine, *, node: bool = False
) -> LiveCluster | None:
    """The cluster that the options name; None if they name none."""
    if options.is_live(paths):
        from haechi.cli.live import LiveCluster

        return LiveCluster.read(options, progress, node=node)
    if len(options.namespaces) > 1:
        raise CommandError("objects of files that name no namespace can be in one only", "--namespace")
    for name in options.namespaces:
        if dns_label(name):
            raise CommandError(f"{printable(name)!r} is not the name of a namespace", "--namespace")
    return None


def _read(
    paths: tuple[Given, ...],
    options: InputOptions,
    line: ProgressLine,
    cluster: LiveCluster | None,
    *,
    node: bool = False,
    create: bool = False,
    stored: Iterable[Loaded[Object]] = (),
    channel: ReleaseChannel = ReleaseChannel.EXPERIMENTAL,
) -> Input:
    """The paths, applied over a cluster if there is one, and checked."""
    version, gates = options.rules.version, replace(options.rules.gates, channel=channel)
    namespace = cluster.namespace if cluster else (*options.namespaces, DEFAULT_NAMESPACE)[0]
    if cluster is not None and not paths:
        manifests = cluster.manifests
    else:
        texts = read_all(_announced(paths, line), _stdin(), build=options.build)
        manifests = read_manifests(texts, namespace, strict=create, progress=_Reading(line))
        manifests = manifests if cluster is None else cluster.applied(manifests, node=node)
    line("checking what was read")
    problems = list(manifests.problems)
    named = manifests.distinct()
    unsound: list[Loaded[Object]] = []
    present = cluster.manifests.objects if cluster is not None and create else ()
    earlier = {(one.object.kind, one.object.key): one for one in (*present, *stored)}
    for loaded, one in zip(manifests.objects, named.objects, strict=True):
        before = earlier.get((loaded.object.kind, loaded.object.key))
        if before is not None and not loaded.place.is_stored:
            found = check_update(loaded, before, _matches, version, gates)
        elif create and not loaded.place.is_stored:
            found = check_create(loaded, _matches, version, gates)
        else:
            found = check_one(loaded, version, gates)
        problems += found
        if loaded.problems or any(problem.severity is Severity.ERROR for problem in found):
            unsound.append(one)
        elif isinstance(loaded.object, TierPolicy):
            from haechi.analysis.cluster import defect_warnings

            problems += defect_warnings(loaded)
    ordered = _ordered(problems)
    return Input(
        named,
        tuple(problem for problem in ordered if problem.severity is not Severity.SKIPPED),
        tuple(problem for problem in ordered if problem.severity is Severity.SKIPPED),
        tuple(unsound),
        verbosity=options.verbosity,
        namespace=namespace,
    )


def _matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    from haechi.select import Selector

    return Selector.parse(selector).matches(labels)


def _announced(paths: Iterable[Given], progress: ProgressLine) -> Iterator[Given]:
    """The paths, each shown before it is read; nothing is shown while a person types standard input."""
    for path in paths:
        if path not in (STDIN, "-"):
            progress(_READING, detail=path.name if isinstance(path, Source) else str(path))
            yield path
            continue
        if sys.stdin is not None and sys.stdin.isatty():
            progress.wipe()
        else:
            progress(_READING, detail="standard input")
        yield "-"


class _Reading:
    """Shows which file is being read, and how much was: `reading 12 of 52 MiB: a.yaml`, `file 314, 120 MiB: b.yaml`."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self._source: Source | None = None
        self._files = 0
        self._before = 0  # bytes of earlier files
        self._shown = 0  # MiB

    def __call__(self, source: Source, done: int) -> None:
        is_next = source is not self._source
        if is_next:
            self._before += 0 if self._source is None else len(self._source.data)
            self._source = source
            self._files += 1
        read = self._before + done >> 20
        if read == self._shown and not is_next:
            return
        self._shown = read
        size = len(source.data) >> 20
        if self._files > 1:
            count = f"file {self._files}{f', {read} MiB' if read else ''}: "
        else:
            count = f"{read} of {size} MiB: " if size else ""
        self._line(_READING, detail=count + source.name)


def shared(paths: Iterable[str]) -> list[Given]:
    """The paths as they can be given to more than one `read`: pipes and standard input are read now."""
    listed = ("-" if path == STDIN else path for path in paths)
    return list(read_pipes(listed, _stdin()))


def _stdin() -> BinaryIO | None:
    return None if sys.stdin is None else sys.stdin.buffer


def read_sound(paths: Sequence[str], options: InputOptions, *, node: bool = False) -> Input:
    """The same for a command that enforces or proves, perhaps for a node only: problems go to standard error.

    Raises:
        CommandError: there is an error among them.
    """
    found = read(paths, options, node=node)
    if options.strict:
        found = found.strict()
    write_skipped(errors(), found.skipped, found.verbosity)
    for problem in found.findings:
        write_problem(errors(), problem)
    if not options.is_live(paths):
        _check_namespaces([found], options)
    write_remarks(errors(), found.verbosity, found.manifests.notes)
    if found.errors:
        raise CommandError(f"{_counted(found)}, see above; nothing was done")
    return found


def read_on(
    paths: Iterable[str],
    options: InputOptions,
    progress: ProgressLine | None = None,
    *,
    narrowed_to: tuple[str, ...] = (),
) -> Input:
    """The same for a command that answers a question: problems are reported, and objects with errors are left out.

    A policy with errors stays: its unreadable parts are treated as deny, and what the API server would reject
    although it can be read, such as host bits in a CIDR, counts as written. The command ends with `answered`.

    Args:
        paths: files, folders or `-`.
        options: the rules by which they are validated, and whether every error, and every skipped document, refuses
            the whole.
        progress: shows the steps.
        narrowed_to: the namespaces that the question is about, if it is about these only.

    Raises:
        CommandError: one of the paths cannot be read at all, nothing is left, it is refused for being strict, or one
            of the namespaces is not in it.
    """
    (found,) = read_each({"the input": configured(paths, options)}, options, progress, narrowed_to=narrowed_to)
    return found


def read_each(
    inputs: Mapping[str, Iterable[Given]],
    options: InputOptions,
    progress: ProgressLine | None = None,
    *,
    may_be_empty: bool = False,
    narrowed_to: tuple[str, ...] = (),
) -> tuple[Input, ...]:
    """Several inputs, by the names that messages use, each as `read_on`; all problems are reported before any refusal.

    With `may_be_empty`, one of which nothing but empty folders is given has no objects. A text without objects is an
    error then: it may be the output of a command that failed.

    Raises:
        CommandError: one of them is refused.
    """
    given = {name: tuple(paths) for name, paths in inputs.items()}
    everything = tuple(chain.from_iterable(given.values()))
    line = ProgressLine.silent() if progress is None else progress
    cluster = _cluster(everything, options, line)
    if cluster is None and not everything:
        raise CommandError("there is no input", "PATH", [_NO_INPUT])
    found = [replace(_read(some, options, line, cluster), name=name) for name, some in given.items()]
    if may_be_empty:
        found = [_perhaps_empty(each, given[each.name]) for each in found]
    if options.strict:
        found = [each.strict() for each in found]
    line.wipe()
    write_skipped(errors(), dict.fromkeys(problem for each in found for problem in each.skipped), options.verbosity)
    for problem in dict.fromkeys(problem for each in found for problem in each.findings):
        write_problem(errors(), problem)
    if cluster is None:
        _check_namespaces(found, options, narrowed_to)
    usable = tuple(each.usable() for each in found)
    refused = [
        each
        for each in usable
        if each.errors and (options.strict or not each.manifests.objects or _unread(each, given[each.name]))
    ]
    if refused:
        raise CommandError(f"{_counted(*refused)}, see above; nothing was answered")
    return usable


def _check_namespaces(found: Iterable[Input], options: InputOptions, narrowed_to: tuple[str, ...] = ()) -> None:
    """Report a namespace of which the input has nothing: as an error if the question is about it only."""
    known = {name for each in found for one in each.objects for name in (_namespace(one),) if name}
    for name in narrowed_to or options.namespaces:
        if name in known:
            continue
        message, hint = f"no namespace {printable(name)} in the input", printable(suggestion(name, known))
        if narrowed_to:
            raise CommandError(message, "--namespace", [hint])
        write_warning(f"--namespace: {message}; {hint}")


def _namespace(one: Object) -> str:
    """The namespace that it is in, or is."""
    return one.name if isinstance(one, Namespace) else one.object_name.namespace


def answered(code: ExitCode, *inputs: Input) -> ExitCode:
    """The exit code of a command that has written its answer to standard output.

    Args:
        code: the exit code if the answer is complete.
        *inputs: what the answer is about, from `read_on` or `read_each`.

    Raises:
        CommandError: the answer excludes unreadable input.
    """
    wrong = [found for found in inputs if found.errors]
    if not wrong:
        return code
    sys.stdout.flush()  # the message comes last
    raise CommandError(f"{_counted(*wrong)}, see above: {'; '.join(_effects(wrong))}")


def _effects(wrong: Iterable[Input]) -> Iterator[str]:
    """What becomes of the objects with errors."""
    unsound = [(one, one.object) for found in wrong for one in found.unsound]
    broken = [(one, policy) for one, policy in unsound if isinstance(policy, NetworkPolicy | TierPolicy)]
    readable = [policy for one, policy in broken if not one.problems and not _defects(policy)]
    named = {policy.object_name for policy in readable}
    if any(error.object not in named for found in wrong for error in found.errors):
        yield "the answer excludes unreadable input"
    if unreadable := len(broken) - len(readable):
        yield f"the unreadable parts of {counted(unreadable, 'policy', 'policies')} are treated as deny"
    if readable:
        rejected = counted(len(readable), "policy", "policies")
        yield f"{rejected} that the API server rejects {'is' if len(readable) == 1 else 'are'} read as written"


def _defects(policy: NetworkPolicy | TierPolicy) -> tuple[Defect, ...]:
    from haechi.engine import OrderedPolicy, Policy

    read = Policy.read(policy) if isinstance(policy, NetworkPolicy) else OrderedPolicy.read(policy)
    return read.defects


def _unread(found: Input, paths: Iterable[Given]) -> bool:
    """Whether an error is about the whole of a path that was given."""
    names = _names(paths)
    return any(not error.location.line and error.location.file in names for error in found.errors)


def _names(paths: Iterable[Given]) -> set[str]:
    """What locations call them."""
    names = {"<stdin>"}
    for path in paths:
        if isinstance(path, Source | Problem):
            names.add(path.name if isinstance(path, Source) else path.location.file)
        else:
            own = Path(str(path) if isinstance(path, RevisionPath) else path)
            names.add(printable(os.fsencode(own).decode("utf-8", "backslashreplace")))
    return names


def _perhaps_empty(found: Input, paths: Iterable[Given]) -> Input:
    """The input, which may be empty: without errors about folders without manifests, and about there being nothing."""
    names = _names(paths)
    findings = []
    for problem in found.findings:
        if problem.code is not Code.EMPTY:
            findings.append(problem)
        elif problem.severity is Severity.WARNING:
            is_given = problem.location.file in names
            findings.append(replace(problem, severity=Severity.ERROR) if is_given else problem)
    return replace(found, findings=tuple(findings))


def _counted(*inputs: Input) -> str:
    """`an error in the input`, `2 errors in OLD, an error in NEW`."""
    counts = [(len(found.errors), found.name) for found in inputs]
    return ", ".join(f"{'an error' if count == 1 else f'{count} errors'} in {name}" for count, name in counts)


def write_problem(terminal: Terminal, problem: Problem) -> None:
    """Write one line: `file:line:column: severity: …`."""
    severity = terminal.paint(f"{problem.severity}:", _STYLES[problem.severity])
    terminal.write(f"{printable(str(problem.location))}: {severity} {printable(problem.text)}\n")


def write_warning(message: str) -> None:
    """Write one line about what was asked, to standard error."""
    errors().write(f"haechi: {errors().paint('warning:', _STYLES[Severity.WARNING])} {message}\n")


def write_skipped(terminal: Terminal, skipped: Iterable[Problem], verbosity: Verbosity) -> None:
    """Write one line about documents of kinds that are not used, or a line for each; a line for everything else."""
    if verbosity is Verbosity.QUIET:
        return
    kinds: Counter[str] = Counter()
    for problem in skipped:
        if verbosity is Verbosity.VERBOSE or problem.code is not Code.UNKNOWN_KIND:
            terminal.line(str(problem), Style.DIM)
        else:
            kinds[problem.message] += 1
    if kinds:
        documents, of = counted(kinds.total(), "document"), counted(len(kinds), "kind")
        terminal.line(f"skipped: {documents} of {of} that Haechi does not use (-v lists them)", Style.DIM)


def write_remarks(
    terminal: Terminal, verbosity: Verbosity, notes: Iterable[str], assumptions: Iterable[Assumption] = ()
) -> None:
    """Write what was added or left out, and what is assumed."""
    for line in _remarks(verbosity, notes, assumptions):
        terminal.line(line, Style.DIM)


def write_side_remarks(
    terminal: Terminal, verbosity: Verbosity, sides: Mapping[str, tuple[Iterable[str], Iterable[Assumption]]]
) -> None:
    """Write the notes and assumptions of two sides, by the names of these; what is said of both once."""
    lines = {name: _remarks(verbosity, *remarks) for name, remarks in sides.items()}
    common = [line for line in dict.fromkeys(chain(*lines.values())) if all(line in some for some in lines.values())]
    for name, some in {"both": common, **lines}.items():
        for line in some:
            if name == "both" or line not in common:
                terminal.line(f"{name}: {line}", Style.DIM)


def _remarks(verbosity: Verbosity, notes: Iterable[str], assumptions: Iterable[Assumption]) -> list[str]:
    """The notes, then what is assumed: by name, or with `--verbose` with its sentence."""
    if verbosity is Verbosity.QUIET:
        return []
    assumed = list(assumptions)
    lines = list(notes)
    if verbosity is Verbosity.VERBOSE:
        lines += [f"assumed: {assumption}" for assumption in assumed]
    elif assumed:
        lines.append(f"assumed: {', '.join(assumption.value for assumption in assumed)} (-v explains)")
    return lines


def listing_assumptions(cluster: Cluster) -> tuple[Assumption, ...]:
    """What the connections of a cluster rest on."""
    from haechi.analysis.cluster import Assumption

    always = (Assumption.OWN_NODE, cluster.ipblock_assumption, Assumption.EITHER_FAMILY)
    return tuple(dict.fromkeys((*always, *cluster.assumptions)))
