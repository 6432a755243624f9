"""`tracker server`: the Jenkins servers that are read."""

import sys
from pathlib import Path

import click

from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.clock import now_ms


@click.group("server")
def command() -> None:
    """The Jenkins servers that are read.

    Example: tracker server list
    """


@command.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--user", help="User to ask as.")
@click.option("--token-file", type=click.Path(), help="File that holds the API token.")
@click.option("--jobs", multiple=True, help="Pattern of full job names; may be given often.")
@click.option("--prefix", help="First part of the names of this server's jobs.")
@click.pass_context
def add(
    ctx: click.Context,
    name: str,
    url: str,
    user: str | None,
    token_file: str | None,
    jobs: tuple[str, ...],
    prefix: str | None,
) -> None:
    """Add a Jenkins, or change the one called NAME; what is not given stays as it was.

    Example: tracker server add main https://jenkins.example/ --user ci --token-file token
    --jobs 'team/*'
    """
    from tracker.store.jobs import add_server
    from tracker.store.work import enqueue

    opened(ctx)
    path = str(Path(token_file).absolute()) if token_file else token_file
    add_server(name, url, prefix=prefix, username=user, token_file=path, patterns=jobs or None)
    enqueue("discover", name, due=now_ms())
    click.echo(f"The server {name!r} is known; `tracker server check {name}` asks it.")


@command.command("remove")
@click.argument("name", callback=line)
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Read the Jenkins called NAME no more; its jobs and their history stay.

    Example: tracker server remove main
    """
    from tracker.store.jobs import remove_server

    opened(ctx)
    remove_server(name)
    click.echo(f"The server {name!r} is read no more; what was recorded of its jobs stays.")


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
    """Ask a server who we are and which jobs it shows us; exit 3 when it does not answer.

    Example: tracker server check main
    """
    from tracker.jenkins.poll import find_jobs
    from tracker.queries.jobs import server
    from tracker.worker.context import Context

    settings = opened(ctx)
    row = server(name)
    source = Context.of(settings).source(name)
    who = source.client.whoami()
    found = find_jobs(source, row.patterns)
    if as_json:
        print_json({"server": name, "user": who, "jobs": [job.name for job in found]})
    else:
        click.echo(f"{row.url} answers; it knows us as {who}; {len(found)} jobs match.")
        for job in found:
            click.echo(f"  {job.name}")
    if not found:
        click.echo("No job matches. Check --jobs and the user's permission Job/Read.", err=True)
        sys.exit(1)
