"""`tracker job`: the jobs that are known."""

import sys

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.clock import now_ms
from tracker.errors import UsageError


@click.group("job")
def command() -> None:
    """The jobs that are known.

    Example: tracker job list
    """


@command.command("add")
@click.argument("name")
@click.option("--server", callback=line, help="The Jenkins that has it.")
@click.option("--jenkins-name", callback=line, help="Its full name there, where it differs.")
@click.pass_context
def add(ctx: click.Context, name: str, server: str | None, jenkins_name: str | None) -> None:
    """Know the job NAME from now on, and poll it where a server is named.

    Example: tracker job add team/nightly --server main
    """
    from tracker.store.jobs import admit_job, check_job_name, track_job
    from tracker.store.work import ask_poll

    opened(ctx)
    name = check_job_name(name)
    is_new = track_job(name, server=server, jenkins_name=jenkins_name or "")
    if server:
        admit_job(name)
        ask_poll(name, now=now_ms())
    say(f"The job {name!r} is {'now' if is_new else 'already'} known.")


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_jobs(ctx: click.Context, as_json: bool) -> None:
    """List the jobs with their newest builds.

    Example: tracker job list --json
    """
    from tracker.queries.jobs import jobs

    opened(ctx)
    rows = jobs()
    if as_json:
        print_json(rows)
        return
    print_table(
        ("JOB", "BUILD", "TESTS", "FAILED", "NEW", "TROUBLE"),
        (
            (
                row.name,
                f"#{row.latest.label}" if row.latest else "-",
                row.latest.totals.total if row.latest else "-",
                row.latest.totals.failures if row.latest else "-",
                row.latest.newly_broken if row.latest and row.latest.has_verdicts else "-",
                row.error,
            )
            for row in rows
        ),
        "No job is known. Upload a report, or `tracker server add` a Jenkins.",
    )


@command.command("remove")
@click.argument("name", callback=line)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def remove(ctx: click.Context, name: str, yes: bool) -> None:
    """Remove the job NAME with its builds, results and reports, for good.

    Without --yes it says what would go, and asks. Backups that were taken before keep all of it.

    Example: tracker job remove team/nihgtly --yes
    """
    from tracker.operations.removal import remove_job
    from tracker.store.removal import look

    settings = opened(ctx)
    going = look(name, now=now_ms())
    said = (
        f"{going.builds:,} builds with {going.results:,} results, and {going.reports:,} reports"
        f" ({going.bytes / 1e6:,.1f} MB)"
    )
    if not yes:
        say(f"With the job {name!r} {said} go for good.", err=True)
        if not sys.stdin.isatty():
            raise UsageError("A removal cannot be undone.", "Add --yes where nobody can be asked.")
        click.confirm(f"Remove {name!r}?", abort=True)
    remove_job(settings, name, now=now_ms())
    say(f"The job {name!r} is removed: {said}.")
    if settings.accept_new_jobs:
        say("A report that is sent under its name makes it anew.", err=True)


@command.command("retire")
@click.argument("name", callback=line)
@click.pass_context
def retire(ctx: click.Context, name: str) -> None:
    """Take the job NAME, which only uploads know, out of use; its history stays.

    It comes last and does not count. Its next new build takes it into use again.

    Example: tracker job retire team/old-branch
    """
    from tracker.store.retired import retire

    opened(ctx)
    is_news = retire(name, now=now_ms())
    say(f"The job {name!r} is {'now' if is_news else 'already'} retired.")


@command.command("unretire")
@click.argument("name", callback=line)
@click.pass_context
def unretire(ctx: click.Context, name: str) -> None:
    """Take the retired job NAME into use again.

    Example: tracker job unretire team/old-branch
    """
    from tracker.store.retired import unretire

    opened(ctx)
    is_news = unretire(name, now=now_ms())
    say(f"The job {name!r} is {'in use again' if is_news else 'not retired'}.")


@command.command("explain")
@click.argument("name", callback=line)
@JSON_OPTION
@click.pass_context
def explain(ctx: click.Context, name: str, as_json: bool) -> None:
    """Say how the job NAME is read, and what its name means; it need not exist.

    Exit 1 where no server reads it.

    Example: tracker job explain team/nightly-linux
    """
    from tracker.queries.naming import explain as explained

    opened(ctx)
    found = explained(name)
    if as_json:
        print_json(found)
    else:
        for what, words in found.in_words:
            say(f"{what:<10}  {words}")
    if not found.servers:
        sys.exit(FOUND)
