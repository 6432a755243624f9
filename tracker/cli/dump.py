"""`tracker dump`: the canonical state."""

import click

from tracker.cli.shared import opened


@click.command("dump")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print everything recorded and derived, sorted, without ids and arrival times.

    Two databases that say the same print the same bytes. Example: tracker dump | sha256sum
    """
    from tracker.queries.dump import lines

    opened(ctx)
    for line in lines():
        click.echo(line)
