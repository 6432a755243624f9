"""`tracker token`: who may write."""

from datetime import UTC, datetime

import click

from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.clock import now_ms


@click.group("token")
def command() -> None:
    """Tokens for uploads, hooks and the detailed health page.

    Example: tracker token create ci
    """


@command.command("create")
@click.argument("name", callback=line)
@click.option("--scope", type=click.Choice(["hook", "ingest", "read", "admin"]), default="ingest")
@click.pass_context
def create(ctx: click.Context, name: str, scope: str) -> None:
    """Make a token and print it: it is never shown again.

    Example: tracker token create ci --scope ingest
    """
    from tracker.store.tokens import create_token

    opened(ctx)
    click.echo(create_token(name, scope=scope, now=now_ms()))


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_tokens(ctx: click.Context, as_json: bool) -> None:
    """List the tokens, without what opens doors.

    Example: tracker token list
    """
    from tracker.queries.system import tokens

    opened(ctx)
    rows = tokens()
    if as_json:
        print_json(rows)
        return
    print_table(
        ("NAME", "SCOPE", "BEGINS", "MADE", "REVOKED"),
        (
            (row["name"], row["scope"], row["hint"], _day(row["created"]), _day(row["revoked"]))
            for row in rows
        ),
        "There is no token. `tracker token create NAME` makes one.",
    )


@command.command("revoke")
@click.argument("name", callback=line)
@click.pass_context
def revoke(ctx: click.Context, name: str) -> None:
    """Make a token open nothing from now on.

    Example: tracker token revoke ci
    """
    from tracker.store.tokens import revoke_token

    opened(ctx)
    revoke_token(name, now=now_ms())
    click.echo(f"The token {name!r} opens nothing any more.")


def _day(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "-"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d")
