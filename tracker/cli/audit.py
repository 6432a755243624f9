"""`tracker audit`: who did what, when and from where."""

from __future__ import annotations

import click

from tracker.cli.shared import JSON_OPTION, opened, print_json, print_table
from tracker.cli.times import MOMENT, minute


@click.command("audit")
@click.option("--since", type=MOMENT, default=0, help="From 2027-01-31 on, or the last 7d.")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, since: int, as_json: bool) -> None:
    """Print what tokens, people and users of this machine did, oldest first.

    Example: tracker audit --since 7d
    """
    from tracker.queries.access import audited

    opened(ctx)
    rows = list(audited(since))
    if as_json:
        print_json(rows)
        return
    print_table(
        ("WHEN (UTC)", "WHO", "FROM", "DID", "TO", "WHAT CAME OF IT"),
        (
            (minute(row.at), row.who, row.address, row.what, row.subject, row.outcome)
            for row in rows
        ),
        "Nothing was done.",
    )
