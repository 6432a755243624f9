"""`tracker validate`: whether what is stored holds together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say, telling
from tracker.cli.shared import JSON_OPTION, opened, print_json, settings
from tracker.clock import now_ms

if TYPE_CHECKING:
    from tracker.operations.validation.findings import Report

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("validate")
@click.option("--verbose", is_flag=True, help="Every check, examples, and every byte of the spool.")
@click.option("--export-report", type=_FILE, metavar="FILE", help="Write the report as JSON, too.")
@click.option(
    "--against",
    type=_FILE,
    metavar="DATABASE",
    help="Compare with the database of the earlier application instead.",
)
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context,
    verbose: bool,
    export_report: Path | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Look for whatever is wrong with the database, its spool and the published site.

    Rows that refer to nothing or hold what they may not, counts and verdicts that the results do
    not give, rows that contradict one another. It looks at a copy, so that server and worker may
    go on, and changes nothing. Ends with 1 where something was found.

    Example: tracker validate --export-report validation.json
    """
    from tracker.operations.validation.written import as_document, as_text, write_document

    report = _compared(ctx, against) if against else _validated(ctx, verbose)
    if export_report:
        write_document(report, export_report)
    if as_json:
        print_json(as_document(report))
    else:
        for line in as_text(report, is_verbose=verbose):
            say(line)
    if not report.is_clean:
        sys.exit(FOUND)


def _validated(ctx: click.Context, verbose: bool) -> Report:
    from tracker.operations.validation.validate import validate

    return validate(settings(ctx), now=now_ms(), is_thorough=verbose, beat=telling())


def _compared(ctx: click.Context, database: Path) -> Report:
    from tracker.operations.legacy.against import compare

    opened(ctx)
    return compare(database)
