"""`tracker import`: take over an export of another tracker."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracker.cli.exits import PARTLY
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, judge_all, opened, print_json
from tracker.clock import now_ms


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, file: str, as_json: bool) -> None:
    """Take over what `tracker export` wrote to FILE in JSON Lines; - is standard input.

    What is here already is left as it is, so it can be repeated. Each build is imported whole.
    Exit 4 where the file is damaged further on, or builds were left as they are here.

    Example: tracker import tracker.jsonl
    """
    from tracker.operations.import_lines import read_lines
    from tracker.operations.imports import import_lines
    from tracker.store.rejudging import waiting_jobs

    opened(ctx)
    with click.open_file(file, "rb") if file == "-" else Path(file).open("rb") as lines:
        done = import_lines(read_lines(lines), now=now_ms(), beat=lambda job: say(job, err=True))
    judge_all(*waiting_jobs())
    if as_json:
        print_json(done)
    else:
        say(
            f"{done.builds:,} builds with {done.results:,} results were imported, of"
            f" {done.jobs:,} new jobs; {done.known:,} builds were here already."
        )
        if done.others:
            say(f"{done.others:,} rules and rows of the catalogue were imported.")
    for reason in (*done.left, *filter(None, [done.trouble])):
        say(f"tracker: {reason}", err=True)
    if done.left or done.trouble:
        sys.exit(PARTLY)
