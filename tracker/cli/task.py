"""`tracker task`: what the workers have to do, and what keeps going wrong."""

from __future__ import annotations

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.clock import now_ms


@click.group("task")
def command() -> None:
    """Tasks of the workers: polls, uploads to be read, judging, publishing and others.

    Example: tracker task list --failing
    """


@command.command("list")
@click.option("--failing", is_flag=True, help="Only those that went wrong, or were given up.")
@JSON_OPTION
@click.pass_context
def list_tasks(ctx: click.Context, failing: bool, as_json: bool) -> None:
    """List the tasks that are not done, those first that went wrong most often.

    Trouble of the disk or the load is no failure of a task, and stands in its last column alone.

    Example: tracker task list --failing
    """
    from tracker.queries.tasks import unfinished

    opened(ctx)
    rows = [row for row in unfinished(now_ms()) if row.error or not failing]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("KIND", "KEY", "FOR", "STATE", "FAILURES", "DUE (UTC)", "WHAT IT SAID LAST"),
        (
            (
                row.kind,
                row.key,
                row.about,
                row.state,
                row.failures,
                f"{row.due:%Y-%m-%d %H:%M:%S}" if row.due else "-",
                row.error or "-",
            )
            for row in rows
        ),
        "No task went wrong." if failing else "Nothing is to be done.",
    )


@command.command("retry")
@click.argument("kind", callback=line)
@click.argument("key", callback=line)
@click.pass_context
def retry(ctx: click.Context, kind: str, key: str) -> None:
    """Have a task done at once that waits to be tried again, or was given up.

    Example: tracker task retry publish site
    """
    from tracker.store import work

    opened(ctx)
    work.retry(kind, key, now=now_ms())
    say(f"The next worker that is free does {kind} {key}.")
