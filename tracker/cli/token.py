"""`tracker token`: what opens doors for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.cli.times import MOMENT, SPAN, day, minute
from tracker.clock import DAY, now_ms

if TYPE_CHECKING:
    from tracker.queries.system import TokenRow

_DAYS = click.option("--days", type=click.IntRange(1, 36_500), help="Days until it ends.")
_UNTIL = click.option("--until", type=MOMENT, help="When it ends, such as 2027-01-31.")


@click.group("token")
def command() -> None:
    """Tokens for uploads, hooks, reading and the detailed health page.

    Example: tracker token create ci
    """


@command.command("create")
@click.argument("name", callback=line)
@click.option("--scope", type=click.Choice(["hook", "ingest", "read", "admin"]), default="ingest")
@click.option("--jobs", multiple=True, help="Only for jobs that fit, such as 'team/*'; repeatable.")
@_DAYS
@_UNTIL
@click.pass_context
def create(
    ctx: click.Context,
    name: str,
    scope: str,
    jobs: tuple[str, ...],
    days: int | None,
    until: int | None,
) -> None:
    """Make a token and print it: it is never shown again.

    Example: tracker token create ci --jobs 'team/*' --days 90
    """
    from tracker.store.tokens import create_token

    now = now_ms()
    expires = _end(days, until, now)
    opened(ctx)
    say(create_token(name, scope=scope, jobs=jobs, expires=expires, now=now))


@command.command("rotate")
@click.argument("name", callback=line)
@click.option(
    "--grace", type=SPAN, default="1d", help="How long the former text still opens; 0: not at all."
)
@_DAYS
@_UNTIL
@click.pass_context
def rotate(ctx: click.Context, name: str, grace: int, days: int | None, until: int | None) -> None:
    """Give a token another text and print it; the one before opens for a day more.

    Example: tracker token rotate ci --grace 2h
    """
    from tracker.store.tokens import rotate_token

    now = now_ms()
    expires = _end(days, until, now)
    opened(ctx)
    say(rotate_token(name, grace=grace, expires=expires, now=now))


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_tokens(ctx: click.Context, as_json: bool) -> None:
    """List the tokens, without what opens doors; last uses are written once an hour.

    Example: tracker token list
    """
    from tracker.queries.system import tokens

    opened(ctx)
    rows, now = tokens(), now_ms()
    if as_json:
        print_json(rows)
        return
    print_table(
        ("NAME", "SCOPE", "JOBS", "BEGINS", "AGE", "LAST USED", "ENDS"),
        (
            (
                row.name,
                row.scope,
                ", ".join(row.jobs) or "all",
                row.hint,
                f"{(now - row.created) // DAY} days",
                minute(row.used),
                _ends(row, now),
            )
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
    say(f"The token {name!r} opens nothing any more.")


def _end(days: int | None, until: int | None, now: int) -> int | None:
    if days is not None and until is not None:
        raise click.UsageError("--days and --until say the same: give one of them.")
    return until if days is None else now + days * DAY


def _ends(row: TokenRow, now: int) -> str:
    if row.revoked is not None:
        return f"revoked {day(row.revoked)}"
    if row.expires is None:
        return "never"
    return f"{'ended' if row.expires <= now else 'on'} {day(row.expires)}"
