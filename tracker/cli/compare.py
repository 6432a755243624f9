"""`tracker compare`: what is different in one build, job or release from another."""

import sys

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json


@click.command("compare")
@click.argument("a", callback=line)
@click.argument("b", callback=line)
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, a: str, b: str, as_json: bool) -> None:
    """Hold the side B against the side A; ends with 1 where tests fail in B alone.

    A side is a build (team/nightly/builds/12), the newest judged build of a job (team/nightly),
    of each test the best of a job's last builds (team/nightly/best/10), or all jobs of a kind
    (release:1.4, branch:main, platform:linux, module:shop).

    Example: tracker compare team/nightly/best/10 team/nightly
    """
    from tracker.pages.compare import show
    from tracker.store import identity

    opened(ctx)
    page = show(a, b)
    assert page.compared is not None
    if as_json:
        print_json(page)
    else:
        say(page.compared.sentence)
        for each in page.lists:
            for row in each.rows:
                name = identity.title(row.suite, row.name, row.variant)
                say(f"{each.name:8} {row.key}  {name}")
            if each.count > len(each.rows):
                say(f"{each.name:8} and {each.count - len(each.rows):,} more")
    if page.compared.counts.new:
        sys.exit(FOUND)
