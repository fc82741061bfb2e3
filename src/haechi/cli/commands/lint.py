"""`haechi lint`: likely mistakes in policies.

The exit code is 1 if there is a finding of the severity that `--fail-on` names or a worse one, and 2 if some of the
input cannot be used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, FailOn, InputOptions, Paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haechi.analysis.cluster import Cluster
    from haechi.analysis.lint import Check, Finding
    from haechi.cli.configuration import Configuration
    from haechi.cli.failure import ExitCode
    from haechi.cli.fixing import Fixes
    from haechi.cli.input import Input
    from haechi.cli.progress import ProgressLine
    from haechi.cli.terminal import Terminal
    from haechi.model import Manifests, Source
    from haechi.report import LintBaseline

Output = Literal["text", "concise", "json", "sarif", "github", "gitlab"]


def lint(
    *paths: Paths,
    select: Annotated[tuple[str, ...], Parameter(metavar="CODES", negative="", show_default=False)] = (),
    ignore: Annotated[tuple[str, ...], Parameter(metavar="CODES", negative="", show_default=False)] = (),
    fix: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    diff: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    baseline: Annotated[str | None, Parameter(metavar="FILE", show_default=False)] = None,
    write_baseline: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    fail_on: Annotated[FailOn | None, Parameter(show_default=False)] = None,
    ipblock_matches_pods: Annotated[bool | None, Parameter(show_default=False)] = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Find likely mistakes.

    Args:
        *paths: Files, folders or - for standard input.
        select: Only these checks, by code, pattern (named-port-*) or all, separated by commas.
        ignore: Without these checks.
        fix: Write fixes that are certain into the files, and report the remaining findings.
        diff: Instead of findings, show as a unified diff what --fix would write; the exit code is 1 if there is any.
        baseline: Without the findings that this file knows, and report which of them are gone.
        write_baseline: Instead of findings, write them all into the file of --baseline.
        fail_on: The least severity of a finding that makes the exit code 1; by default warning.
        ipblock_matches_pods: Whether an ipBlock means pods with its addresses; on some networks it never does.
        output: With excerpts, a line for each finding, or for JSON, SARIF, GitHub annotations, GitLab Code Quality.
        options: How input is read and validated.
    """
    from haechi.cli import terminal
    from haechi.cli.configuration import Configuration
    from haechi.cli.failure import CommandError, ExitCode
    from haechi.cli.input import answered, read, read_on, write_remarks
    from haechi.cli.progress import ProgressLine

    configuration = Configuration.find(ipblock_matches_pods=ipblock_matches_pods)
    checks = _checks(select, ignore, configuration)
    baseline = baseline or configuration.baseline
    if diff and write_baseline:
        raise CommandError("--diff writes nothing: give one of the two", "--write-baseline")
    known = _known(baseline, write_baseline)
    _refuse_fixes(fix, diff, paths, options)
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        found = read_on(paths, options, progress)
        cluster, findings = _findings(found, checks, configuration, progress)
        if diff:
            return answered(
                _diff(_fixes(found, findings, options, checks, configuration, progress), quiet=options.quiet), found
            )
        if fix and _fix(_fixes(found, findings, options, checks, configuration, progress)):
            found = read(paths, options, progress).usable()
            cluster, findings = _findings(found, checks, configuration, progress)
    if write_baseline:
        return _write_baseline(baseline or "", findings, checks, found)
    fingerprints = frozenset() if known is None else known.fingerprints
    new = tuple(one for one in findings if one.fingerprint not in fingerprints)
    _write(terminal.output(), new, output, found, cluster)
    write_remarks(terminal.errors(), options.verbosity, found.manifests.notes)
    if not options.quiet:
        _write_summary(terminal.errors(), new, checks, found, len(findings) - len(new))
    if known is not None and baseline is not None:
        _write_gone(baseline, known, findings, checks, options)
    return answered(
        ExitCode.FOUND if _fails(new, fail_on or configuration.table.lint.fail_on) else ExitCode.GOOD, found
    )


def _checks(select: tuple[str, ...], ignore: tuple[str, ...], configuration: Configuration) -> tuple[Check, ...]:
    """The checks that options and configuration select: `--select` stands for both keys, `--ignore` for its own."""
    from haechi.analysis.lint import ALL, CATALOGUE, UnknownCode, select_checks
    from haechi.cli.failure import unknown_name

    table = configuration.table.lint
    given: dict[tuple[str, ...], Iterable[str]] = {
        ("--select",): _codes(select),
        ("--ignore",): _codes(ignore),
        ("lint", "select"): () if select else table.select,
        ("lint", "ignore"): () if select or ignore else table.ignore,
    }
    given |= {("lint", "per-path-ignores", pattern): codes for pattern, codes in table.per_path_ignores.items()}
    for keys, codes in given.items():
        try:
            select_checks(codes)
        except UnknownCode as error:
            where = keys[0] if len(keys) == 1 else f"{configuration.at(*keys)}: {'.'.join(keys)}"
            known = [ALL, *(check.code for check in CATALOGUE)]
            raise unknown_name(where, error.code, known, "the code of a check") from error
    return select_checks(
        [*given["--select",], *given["lint", "select"]], [*given["--ignore",], *given["lint", "ignore"]]
    )


def _codes(texts: tuple[str, ...]) -> list[str]:
    return [code.strip() for text in texts for code in text.split(",") if code.strip()]


def _findings(
    found: Input, checks: tuple[Check, ...], configuration: Configuration, progress: ProgressLine
) -> tuple[Cluster, tuple[Finding, ...]]:
    """The cluster of the input, and its findings without those that the configuration ignores in their files."""
    from functools import cache

    from haechi.analysis.cluster import Cluster
    from haechi.analysis.lint import run_checks, select_checks

    @cache
    def ignored(file: str) -> frozenset[str]:
        codes = configuration.ignored(file)
        return frozenset(check.code for check in select_checks(codes)) if codes else frozenset()

    progress("understanding policies")
    cluster = Cluster.of(found.manifests, ipblock_matches_pods=configuration.ipblock_matches_pods)
    findings = run_checks(cluster, checks, lambda done, total: progress("looking for mistakes", done, total))
    return cluster, tuple(one for one in findings if one.location is None or one.code not in ignored(one.location.file))


def _fails(findings: Iterable[Finding], fail_on: FailOn) -> bool:
    """Whether a finding is as severe as that, or more."""
    from haechi.model import Severity

    order = [Severity.ERROR, Severity.WARNING, Severity.NOTE]
    failing = [] if fail_on == "never" else order[: order.index(Severity(fail_on)) + 1]
    return any(one.severity in failing for one in findings)


# -- output ------------------------------------------------------------------------------------------------------------


def _write(out: Terminal, findings: Iterable[Finding], output: Output, found: Input, cluster: Cluster) -> None:
    from haechi import report
    from haechi.cli.finding_text import write_concise, write_full
    from haechi.cli.lint_rules import lint_rules

    match output:
        case "text":
            sources = {id(one.place.source): one.place.source for one in found.manifests.objects}
            write_full(out, findings, sources.values())
        case "concise":
            write_concise(out, findings)
        case "json":
            out.write(report.lint_json(findings, found.basis(cluster)))
        case "sarif":
            out.write(report.lint_sarif(findings, found.basis(cluster), lint_rules().values()))
        case "github":
            out.write(report.lint_github(findings, found.basis(cluster)))
        case "gitlab":
            out.write(report.lint_gitlab(findings, found.basis(cluster)))


def _write_summary(
    remarks: Terminal, findings: Iterable[Finding], checks: Iterable[Check], found: Input, known: int
) -> None:
    """How many findings of each severity there are, how many are known or fixable, and which checks did not run."""
    from haechi.analysis.lint import CATALOGUE
    from haechi.cli.terminal import Style
    from haechi.cli.wording import counted
    from haechi.model import NetworkPolicy, Pod, Severity, TierPolicy, Workload

    listed = list(findings)
    tiers = sum(isinstance(one.object, TierPolicy) for one in found.manifests.objects)
    policies = counted(len(found.manifests.all(NetworkPolicy)), "NetworkPolicy", "NetworkPolicies")
    if tiers:
        policies += f" and {counted(tiers, 'policy', 'policies')} of tiers"
    counts = {severity: sum(one.severity is severity for one in listed) for severity in Severity}
    words = [counted(count, str(severity)) for severity, count in counts.items() if count]
    fixable = sum(one.fix is not None for one in listed)
    parts = [f"{', '.join(words) or ('nothing new' if known else 'nothing found')} in {policies}"]
    if known:
        parts.append(f"{known} in the baseline")
    if fixable:
        parts.append(f"{fixable} fixable with --fix")
    run = {check.code for check in checks}
    left = sum(check.on_request and check.code not in run for check in CATALOGUE)
    if left:
        parts.append(f"{counted(left, 'check')} on request: --select all")
    if off := sum(not check.on_request and check.code not in run for check in CATALOGUE):
        parts.append(f"{counted(off, 'check')} ignored or not selected")
    remarks.line("; ".join(parts))
    if not any(isinstance(one, Pod | Workload) for one in found.objects):
        remarks.line("no pods in the input: checks that need them find nothing", Style.DIM)


# -- baseline ----------------------------------------------------------------------------------------------------------


def _known(baseline: str | None, write: bool) -> LintBaseline | None:
    """What the baseline knows; None if there is none to leave findings out by."""
    from haechi.cli.failure import CommandError

    if write and baseline is None:
        raise CommandError("name the file with --baseline", "--write-baseline")
    if write or baseline is None:
        return None
    from haechi.cli.baseline import read_baseline

    return read_baseline(baseline)


def _write_baseline(name: str, findings: Iterable[Finding], checks: Iterable[Check], found: Input) -> ExitCode:
    from haechi.cli import terminal
    from haechi.cli.baseline import write_baseline
    from haechi.cli.failure import CommandError, ExitCode
    from haechi.cli.wording import counted

    if found.errors:
        raise CommandError("the input has errors, see above; the baseline is not written", "--write-baseline")
    count = write_baseline(name, findings, [check.code for check in checks])
    terminal.errors().line(f"{name}: {counted(count, 'known finding')}")
    return ExitCode.GOOD


def _write_gone(
    name: str, known: LintBaseline, findings: Iterable[Finding], checks: Iterable[Check], options: InputOptions
) -> None:
    from haechi.cli import terminal
    from haechi.cli.baseline import gone, write_gone

    missing = gone(known, findings, [check.code for check in checks])
    write_gone(terminal.errors(), name, missing, options.verbosity)


# -- fixes -------------------------------------------------------------------------------------------------------------


def _refuse_fixes(fix: bool, diff: bool, paths: tuple[str, ...], options: InputOptions) -> None:
    """Refuse what cannot be fixed.

    Raises:
        CommandError: why.
    """
    from haechi.cli.entry import STDIN
    from haechi.cli.failure import CommandError

    if fix and diff:
        raise CommandError("it shows what --fix writes: give one of the two", "--diff")
    option = "--fix" if fix else "--diff"
    if fix and STDIN in paths:
        raise CommandError("standard input cannot be fixed: name the files", option)
    if (fix or diff) and options.is_live(paths):
        raise CommandError("a cluster is never changed: name the files", option)
    if (fix or diff) and options.build:
        raise CommandError("what --build builds cannot be fixed: name the files that it is built from", option)


def _fixes(
    found: Input,
    findings: Iterable[Finding],
    options: InputOptions,
    checks: tuple[Check, ...],
    configuration: Configuration,
    progress: ProgressLine,
) -> Fixes:
    """What can be fixed, with the fixes that others make possible."""
    from haechi.cli.fixing import all_fixes
    from haechi.cli.input import read

    def relint(sources: list[Source]) -> tuple[Manifests, tuple[Finding, ...]]:
        again = read(sources, options).usable()
        return again.manifests, _findings(again, checks, configuration, progress)[1]

    fixes = all_fixes(found.manifests, findings, relint)
    progress.wipe()
    return fixes


def _diff(fixes: Fixes, *, quiet: bool) -> ExitCode:
    """Show what would be written."""
    from haechi.cli import terminal
    from haechi.cli.failure import ExitCode
    from haechi.cli.patch import patch, write_patch
    from haechi.cli.wording import counted

    for name, text in fixes.texts.items():
        write_patch(terminal.output(), patch(name, text.source.data, text.data))
    _write_unfixed(fixes)
    if not quiet:
        findings, files = counted(len(fixes.fixed), "finding"), counted(len(fixes.texts), "file")
        terminal.errors().line(f"--fix would fix {findings} in {files}" if fixes.texts else "nothing to fix")
    return ExitCode.FOUND if fixes.texts else ExitCode.GOOD


def _fix(fixes: Fixes) -> bool:
    """Write the fixes and report them; whether any file was written."""
    from haechi.cli import terminal
    from haechi.cli.fixing import write_fixes

    written = write_fixes(fixes)
    for finding in written.fixed:
        assert finding.fix is not None
        place = f"{finding.location}: " if finding.location is not None else ""
        terminal.errors().line(f"{place}fixed: {finding.subject}: {finding.fix.description} [{finding.code}]")
    _write_unfixed(written)
    return bool(written.texts)


def _write_unfixed(fixes: Fixes) -> None:
    from haechi.cli import terminal

    for finding, why in fixes.left:
        place = f"{finding.location}: " if finding.location is not None else ""
        terminal.errors().line(f"{place}not fixed: {finding.subject}: {why} [{finding.code}]", terminal.Style.YELLOW)
