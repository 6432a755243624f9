"""`tracker server`: the Jenkins servers that are read."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.clock import now_ms

# Jobs that a check names; --json has all of them.
SHOWN = 20


@click.group("server")
def command() -> None:
    """The Jenkins servers that are read.

    Example: tracker server list
    """


@command.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--user", help="User to ask as.")
@click.option(
    "--token-file",
    type=click.Path(),
    help="File with the API token (chmod 400), or credential:NAME of a systemd unit.",
)
@click.option("--ca-file", type=click.Path(), help="Certificates of the authority to believe.")
@click.option("--jobs", multiple=True, help="Pattern of full job names; may be given often.")
@click.option("--exclude", multiple=True, help="Pattern of jobs that are left out again.")
@click.option("--view", callback=line, help="Only the jobs of this view.")
@click.option("--prefix", help="First part of the names of this server's jobs.")
@click.option("--rate", type=float, help="Requests a second at most (default 5).")
@click.option("--at-once", type=click.IntRange(1, 16), help="Requests at a time (default 2).")
@click.option("--seconds", type=click.IntRange(1), help="Deadline of one request.")
@click.pass_context
def add(
    ctx: click.Context,
    name: str,
    url: str,
    user: str | None,
    token_file: str | None,
    ca_file: str | None,
    jobs: tuple[str, ...],
    exclude: tuple[str, ...],
    view: str | None,
    prefix: str | None,
    rate: float | None,
    at_once: int | None,
    seconds: int | None,
) -> None:
    """Add a Jenkins, or change the one called NAME; what is not given stays as it was.

    Example: tracker server add main https://jenkins.example/ --user ci --token-file token
    --jobs 'team/*' --exclude 'team/old-*'
    """
    from tracker.store.jobs import add_server
    from tracker.store.work import ask_watch

    opened(ctx)
    add_server(
        name,
        url,
        prefix=prefix,
        username=user,
        token_file=_absolute(token_file),
        ca_file=_absolute(ca_file),
        patterns=_patterns(name, jobs, exclude),
        view=view,
        rate=rate,
        at_once=at_once,
        seconds=seconds,
    )
    ask_watch(name, now=now_ms())
    say(f"The server {name!r} is known; `tracker server check {name}` asks it.")


def _patterns(name: str, jobs: Sequence[str], exclude: Sequence[str]) -> list[str] | None:
    """The patterns of a server: those given, beside those of the other kind that it has."""
    from tracker.queries.jobs import servers

    if not (jobs or exclude):
        return None
    known = next((row.patterns for row in servers() if row.name == name), ())
    admitted = jobs or [pattern for pattern in known if not pattern.startswith("!")]
    left_out = [f"!{pattern}" for pattern in exclude] or [p for p in known if p.startswith("!")]
    return [*(admitted or ["*"]), *left_out]


def _absolute(path: str | None) -> str | None:
    if not path or path.startswith("credential:"):
        return path
    return str(Path(path).absolute())


@command.command("remove")
@click.argument("name", callback=line)
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """No longer read the Jenkins called NAME; its jobs and their history stay.

    Example: tracker server remove main
    """
    from tracker.store.jobs import remove_server

    opened(ctx)
    remove_server(name)
    say(f"The server {name!r} is no longer read; what was recorded of its jobs stays.")


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_servers(ctx: click.Context, as_json: bool) -> None:
    """List the servers.

    Example: tracker server list --json
    """
    from tracker.queries.jobs import servers

    opened(ctx)
    rows = servers()
    if as_json:
        print_json(rows)
        return
    print_table(
        ("NAME", "URL", "USER", "PREFIX", "JOBS", "TROUBLE"),
        ((r.name, r.url, r.username, r.prefix, " ".join(r.patterns), r.error) for r in rows),
        "No server is known. `tracker server add NAME URL` adds one.",
    )


@command.command("check")
@click.argument("name")
@JSON_OPTION
@click.pass_context
def check(ctx: click.Context, name: str, as_json: bool) -> None:
    """Ask a server all that reading it needs: version, user, permissions, clock, jobs.

    Exit 1 where something is to be done, 3 where it does not answer.

    Example: tracker server check main
    """
    from tracker.jenkins.check import check
    from tracker.queries.jobs import server
    from tracker.worker.context import Context

    settings = opened(ctx)
    row = server(name)
    found = check(Context.of(settings).source(name), row.patterns, row.view)
    if as_json:
        print_json(found)
    else:
        say(f"{found.url} is Jenkins {found.version or 'of an unknown version'}.")
        for finding in found.findings:
            say(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.words}")
            if not finding.is_well and finding.remedy:
                say(f"       {finding.remedy}")
        for job in found.jobs[:SHOWN]:
            say(f"  {job}")
        if len(found.jobs) > SHOWN:
            say(f"  and {len(found.jobs) - SHOWN} more")
    if not found.is_well:
        sys.exit(FOUND)
