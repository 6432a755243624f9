"""`tracker readiness`: whether a release is as good as those before."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json

if TYPE_CHECKING:
    from tracker.queries.readiness import JudgedRelease, JudgedTest


@click.command("readiness")
@click.option("--release", default="", callback=line, help="The newest one if left out.")
@click.option(
    "--basis", default="", callback=line, metavar="RELEASE", help="Compare with this release alone."
)
@click.option("--days", default="", callback=line, help="How many newest days count; 7.")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, release: str, basis: str, days: str, as_json: bool) -> None:
    """Say whether a release is ready; ends with 1 where it is not, or ran too little to tell.

    Its newest days are held against the earlier releases, test by test; where no job belongs to a
    release, the newest days of all jobs are held against the 30 days before.

    Example: tracker readiness --release 1.4
    """
    from tracker.pages.readiness import show
    from tracker.queries.releases import release_names
    from tracker.store import identity
    from tracker.verdicts.readiness import Verdict

    opened(ctx)
    known = release_names()
    page = show(release or (known[0] if known else ""), basis, days)
    [found] = page.releases
    if as_json:
        print_json(found)
    else:
        title = f"release {found.row.release}: " if found.row.release else ""
        say(f"{title}{found.row.verdict}. {found.row.sentence}")
        say(f"sample     {_sample(found.row)}")
        for each in found.lists:
            for row in each.rows:
                name = identity.title(row.suite, row.name, row.variant)
                say(f"{each.name:10} {row.key}  {name}: {row.sentence}{_since(row)}")
            if each.count > len(each.rows):
                say(f"{each.name:10} and {each.count - len(each.rows):,} more")
    if found.row.verdict != Verdict.READY:
        sys.exit(FOUND)


def _since(row: JudgedTest) -> str:
    return f" Broke in {row.job} #{row.since}." if row.since else ""


def _sample(row: JudgedRelease) -> str:
    """The builds that the verdict rests on, and those that it could not."""
    said = f"builds: {row.builds:,}"
    if row.first and row.last:
        said += f", begun {row.first:%Y-%m-%d %H:%M} to {row.last:%Y-%m-%d %H:%M} UTC"
    if row.builds_left_out:
        said += (
            "; left out as they say nothing about tests"
            f" (aborted, without results, not complete, or incidents): {row.builds_left_out:,}"
        )
    return said
