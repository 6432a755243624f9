"""`tracker explain`: why a case has its verdict."""

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json


@click.command("explain")
@click.argument("job", callback=line)
@click.argument("case", callback=line)
@click.option("--as-of", default="", metavar="BUILD", help="As it was shown at that build.")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, job: str, case: str, as_of: str, as_json: bool) -> None:
    """Print what the verdict on a CASE (its name or key) rests on, and replay it.

    With --as-of it is what was shown when that build was judged; what arrived later is marked.

    Example: tracker explain team/nightly test_login --as-of 43
    """
    from tracker.cli.explained import as_text
    from tracker.queries.explain import explain, find_case

    opened(ctx)
    found = explain(job, find_case(job, case), as_of.removeprefix("#"))
    if as_json:
        print_json(found)
    else:
        for text in as_text(found):
            say(text)
