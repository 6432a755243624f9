"""`tracker person`: who signs in by name and password."""

from __future__ import annotations

import re
import sys
from typing import BinaryIO

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.cli.times import day, minute
from tracker.clock import now_ms

_SCOPE = click.option(
    "--scope", type=click.Choice(["admin", "read"]), default="admin", show_default=True
)
_PASSWORD_FILE = click.option(
    "--password-file",
    type=click.File("rb"),
    help="File with the password, `-` for standard input; else it is asked for.",
)


@click.group("person")
def command() -> None:
    """People who sign in by name and password.

    Example: tracker person add anna
    """


@command.command("add")
@click.argument("name", callback=line)
@_SCOPE
@_PASSWORD_FILE
@click.pass_context
def add(ctx: click.Context, name: str, scope: str, password_file: BinaryIO | None) -> None:
    """Let somebody sign in; the password is asked for.

    Example: tracker person add anna --scope read
    """
    from tracker.store.people import add_person

    opened(ctx)
    add_person(name, _password(password_file), scope=scope, now=now_ms())
    say(f"{name} may sign in.")


@command.command("password")
@click.argument("name", callback=line)
@_PASSWORD_FILE
@click.pass_context
def password(ctx: click.Context, name: str, password_file: BinaryIO | None) -> None:
    """Give somebody another password; a PIN ends with it.

    Example: tracker person password anna
    """
    from tracker.store.people import set_password

    opened(ctx)
    set_password(name, _password(password_file), now=now_ms())
    say(f"{name} has another password.")


@command.command("take-pin")
@click.argument("name", callback=line)
@_SCOPE
@click.option(
    "--from",
    "source",
    type=click.File("rb"),
    required=True,
    help="File with the PIN's SHA-256: the .env of the earlier application, or `-` for stdin.",
)
@click.pass_context
def take_pin(ctx: click.Context, name: str, scope: str, source: BinaryIO) -> None:
    """Let somebody set a password, within a day, with the PIN of the earlier application.

    Example: tracker person take-pin anna --from /srv/earlier/.env
    """
    from tracker.store.people import take_pin

    found = set(re.findall(rb"\b[0-9a-fA-F]{64}\b", source.read(1024 * 1024)))
    if len(found) != 1:
        raise click.UsageError(
            f"There are {len(found)} SHA-256 digests of 64 hexadecimal digits in it, not one."
        )
    opened(ctx)
    until = take_pin(name, found.pop().decode(), scope=scope, now=now_ms())
    say(f"{name} may set a password with the PIN at /settings/password/ until {minute(until)} UTC.")


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_people(ctx: click.Context, as_json: bool) -> None:
    """List the people who may sign in.

    Example: tracker person list
    """
    from tracker.queries.access import people

    opened(ctx)
    rows = people()
    if as_json:
        print_json(rows)
        return
    print_table(
        ("NAME", "SCOPE", "ADDED", "PASSWORD SET"),
        (
            (
                row.name,
                row.scope,
                day(row.created),
                f"not yet: PIN until {minute(row.pin_until)}"
                if row.pin_until
                else day(row.changed),
            )
            for row in rows
        ),
        "Nobody signs in. `tracker person add NAME` lets somebody.",
    )


@command.command("remove")
@click.argument("name", callback=line)
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """No longer let somebody sign in.

    Example: tracker person remove anna
    """
    from tracker.store.people import remove_person

    opened(ctx)
    remove_person(name)
    say(f"{name} may no longer sign in.")


def _password(file: BinaryIO | None) -> str:
    """The first line of the file, or what is entered twice; never an argument, which all see."""
    if file is None:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody can be asked here: give --password-file.")
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    text = file.readline(10_000).rstrip(b"\r\n")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError("The password is not in UTF-8.") from error
