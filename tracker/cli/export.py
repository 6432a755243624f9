"""`tracker export`: what was recorded, for another tracker or for other programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from tracker.cli.say import say
from tracker.cli.shared import opened
from tracker.clock import DAY, SECOND, now_ms

if TYPE_CHECKING:
    from tracker.operations.export.selection import Selection

EVERYTHING = "all"


def _since(_ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """A callback for a time: a day such as 2026-11-30, or 90d for so many days ago."""
    if value is None:
        return None
    days = value.removesuffix("d")
    if days.isascii() and days.isdecimal() and len(days) <= 5:
        return max(0, now_ms() - int(days) * DAY)
    try:
        day = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-11-30 or 90d.", param=param
        ) from error
    return max(0, int(day.replace(tzinfo=day.tzinfo or UTC).timestamp() * SECOND))


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--job", "jobs", multiple=True, metavar="PATTERN", help="Only these; !x excludes.")
@click.option("--since", callback=_since, metavar="TIME", help="Builds since 2026-11-30, or 90d.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    default="jsonl",
    show_default=True,
)
@click.option(
    "--what",
    type=click.Choice(["results", "builds", "verdicts", EVERYTHING]),
    help="A flat table, or (in jsonl alone) all, which can be imported. Default: all, or results.",
)
@click.pass_context
def command(
    ctx: click.Context,
    file: str,
    jobs: tuple[str, ...],
    since: int | None,
    form: str,
    what: str | None,
) -> None:
    """Write what was recorded to FILE; - is standard output.

    In CSV a text that a spreadsheet would take for a formula has a ' before it.

    Example: tracker export --job 'team/*' --format csv --what results results.csv
    """
    from tracker.errors import NotFound, UsageError
    from tracker.operations.export.selection import Selection, selected_jobs
    from tracker.operations.replaced import replaced

    what = what or (EVERYTHING if form == "jsonl" else "results")
    if what == EVERYTHING and form != "jsonl":
        raise UsageError(
            f"{form} holds one table, not all of them.",
            "Choose --what results, builds or verdicts; or --format jsonl.",
        )
    found = opened(ctx)
    selection = Selection(jobs or ("*",), since)
    if jobs and not selected_jobs(selection):
        raise NotFound(f"No job is called {' or '.join(jobs)}.", "`tracker job list` has them.")
    if file == "-":
        _write(what, form, selection, sys.stdout.buffer)
        sys.stdout.flush()
        return
    if Path(file).resolve() == found.database.resolve():
        raise UsageError(f"{file} is the database itself.", "Name the file to write.")
    with replaced(Path(file)) as out:
        _write(what, form, selection, out)


def _write(what: str, form: str, selection: Selection, out: IO[bytes]) -> None:
    from tracker.operations.export import everything, formats, tables
    from tracker.operations.export.selection import left_out

    if what == EVERYTHING:
        out.writelines(everything.lines(selection, now=now_ms()))
        if gone := left_out(selection):
            say(
                f"{gone:,} builds since then are left out: their results were let go, and only an"
                " export without --since has what was said of them.",
                err=True,
            )
        return
    table = tables.TABLES[what]
    formats.FORMATS[form](table, tables.rows(table, selection), out)
