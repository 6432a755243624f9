"""`tracker metadata`: what is known of tests beside their results."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, opened, print_json
from tracker.clock import now_ms


@click.group("metadata")
def command() -> None:
    """Priority, component, ids and the like of tests, by their names.

    Example: tracker metadata import tests.csv
    """


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@JSON_OPTION
@click.pass_context
def import_(ctx: click.Context, file: str, dry_run: bool, as_json: bool) -> None:
    """Take over the table FILE in CSV, whose first line names its columns; - is standard input.

    `name` has to be there; `release`, `priority`, `component`, `module`, `case_ref`,
    `testrail_ref`, `automation`, `state`, `class_name`, `path`, `topology` and `is_removed` may be,
    also as the earlier application called them. Without a release a line is about all of them.
    All of the table is taken over, or nothing; other tests and other columns stay as they are.

    Example: tracker metadata import tests.csv --dry-run
    """
    from tracker.operations.metadata import read_table
    from tracker.store.told_tests import put_tests, releases, would_put

    opened(ctx)
    with click.open_file(file, "rb") if file == "-" else Path(file).open("rb") as stream:
        table = read_table(stream.read(), releases())
    taken = would_put(table.told) if dry_run else put_tests(table.told, now=now_ms())
    if as_json:
        print_json({"taken": taken, "left": table.left, "dry_run": dry_run})
        return
    would = "would be" if dry_run else "are"
    say(
        f"{taken.added:,} tests {would} new, {taken.changed:,} {would} changed,"
        f" {taken.same:,} stay as they were."
    )
    if table.left:
        say(f"These columns are not kept: {', '.join(table.left)}.")
