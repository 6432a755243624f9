"""`tracker retention`: let old results and raw reports go, and keep those that matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from tracker.cli.say import say, telling
from tracker.cli.shared import JSON_OPTION, opened, print_json
from tracker.clock import now_ms

if TYPE_CHECKING:
    from tracker.operations.retention.letting_go import Report

_MB = 1024 * 1024


def _days(_ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """A callback for a number of days: `400d`, or `400`."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,5})d?", value)
    if not found:
        raise click.BadParameter(f"{value!r} is no number of days; write 400d.", param=param)
    return int(found[1])


@click.group("retention", invoke_without_command=True)
@click.option(
    "--keep-results", metavar="DAYS", callback=_days, help="Keep results younger than 400d."
)
@click.option(
    "--keep-builds", type=click.IntRange(0), help="Keep results of so many newest builds."
)
@click.option(
    "--keep-spool", metavar="DAYS", callback=_days, help="Keep raw reports younger than 30d."
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--compact", is_flag=True, help="Rewrite the database file; writers wait meanwhile.")
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context,
    keep_results: int | None,
    keep_builds: int | None,
    keep_spool: int | None,
    dry_run: bool,
    compact: bool,
    as_json: bool,
) -> None:
    """Let results and raw reports go that are neither young nor needed; counts of builds stay.

    Without options it does what the settings keep_results_days, keep_builds and keep_spool_days
    say, as the worker does once a day. 0 keeps for ever.

    Example: tracker retention --keep-results 400d --keep-spool 60d --dry-run
    """
    if ctx.invoked_subcommand is not None:
        return
    from tracker.operations.retention import letting_go
    from tracker.store import space

    settings = opened(ctx)
    given = {"results_days": keep_results, "builds": keep_builds, "spool_days": keep_spool}
    policy = replace(
        letting_go.policy_of(settings), **{name: n for name, n in given.items() if n is not None}
    )
    if compact:
        space.check_compact()
    if dry_run:
        report = letting_go.would_let_go(settings, policy, now=now_ms())
    else:
        report = letting_go.let_go(settings, policy, now=now_ms(), beat=telling())
        if compact:
            size = space.compact()
            report = replace(report, after=size.file, free=size.free, gives_back=True)
    if as_json:
        print_json(report)
        return
    for line in _in_words(report):
        say(line)


@command.command("keep")
@click.argument("job")
@click.argument("build", metavar="BUILD")
@click.option("--undo", is_flag=True, help="Treat it as other builds again.")
@click.pass_context
def keep(ctx: click.Context, job: str, build: str, undo: bool) -> None:
    """Never let the results of BUILD of JOB go; BUILD is its number, or number~epoch.

    Example: tracker retention keep team/nightly 120
    """
    from tracker.errors import UsageError
    from tracker.store import retention

    label = build.removeprefix("#")
    if not re.fullmatch(r"[0-9]{1,18}(~[0-9]{1,9})?", label):
        raise UsageError(f"{build[:40]!r} is no build.", "Give its number, as its page shows it.")
    opened(ctx)
    if undo:
        retention.keep_no_longer(job, label)
    else:
        retention.keep(job, label)


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_kept(ctx: click.Context, as_json: bool) -> None:
    """List the builds whose results are kept for good.

    Example: tracker retention list
    """
    from tracker.cli.shared import print_table
    from tracker.store import retention

    opened(ctx)
    rows = retention.kept_builds()
    if as_json:
        print_json([{"job": job, "build": build} for job, build in rows])
        return
    print_table(("JOB", "BUILD"), rows, "No build is kept; `tracker retention keep` keeps one.")


def _in_words(report: Report) -> Iterator[str]:
    from tracker.operations.retention.rules import RULES

    would = "would be" if report.is_trial else "were"
    if not report.policy.lets_results_go:
        yield "Results are kept for ever: keep_results_days and keep_builds are not set."
    else:
        yield f"{report.results:,} results of {report.builds:,} builds {would} let go."
        yield from (f"  {job}: {builds:,} builds" for job, builds in report.jobs.items())
        yield "Builds keep their results, since"
        yield from (
            f"  {rule.sentence}: {report.kept[rule.name]:,}"
            for rule in RULES
            if report.kept[rule.name]
        )
    if not report.policy.spool_days:
        yield "Raw reports are kept for ever: keep_spool_days is not set."
    else:
        yield f"{report.raw:,} raw reports {would} removed ({_mb(report.raw_bytes)})."
    if texts := sum(report.texts.values()):
        yield f"{texts:,} names and texts went that nothing refers to any more."
    yield from _size(report)


def _size(report: Report) -> Iterator[str]:
    if report.is_trial:
        yield f"The database has {_mb(report.after)}, {_mb(report.free)} of it free."
        return
    yield f"The database had {_mb(report.before)} and has {_mb(report.after)}."
    if report.reuse:
        yield report.reuse
    if not report.gives_back and report.free:
        yield (
            f"{_mb(report.free)} of it are free for what is recorded next;"
            " `tracker retention --compact` gives them back."
        )


def _mb(size: int) -> str:
    return f"{size / _MB:,.1f} MB"
