"""`tracker family`: failures by cause, and what people decide of them."""

from __future__ import annotations

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table
from tracker.clock import now_ms

BY = "command line"


@click.group("family")
def command() -> None:
    """Failure families: failures that share a cause, whichever tests and jobs they are in.

    Example: tracker family list
    """


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_families(ctx: click.Context, as_json: bool) -> None:
    """List families: those that fail now, the largest first, then those of the last 60 days.

    Example: tracker family list --json
    """
    from tracker.queries.families import count_families, families

    opened(ctx)
    rows = families(limit=count_families())
    if as_json:
        print_json(rows)
        return
    print_table(
        ("ID", "FAILURES", "JOBS", "LAST SEEN", "FAMILY"),
        ((row.id, row.failures, row.jobs, f"{row.last_seen:%Y-%m-%d}", row.called) for row in rows),
        "No failure was put into a family in the last 60 days.",
    )


@command.command("show")
@click.argument("family", type=click.IntRange(1))
@JSON_OPTION
@click.pass_context
def show(ctx: click.Context, family: int, as_json: bool) -> None:
    """Show why FAMILY is one, its signatures, and the tests that fail with it now.

    Example: tracker family show 12
    """
    from tracker.pages.family import show as found_of
    from tracker.queries.families import merged_into

    opened(ctx)
    found = found_of(merged_into(str(family)) or str(family))
    if as_json:
        print_json(found)
        return
    row = found.family.row
    say(f"{row.id}: {row.called}")
    say(row.reason)
    print_table(
        ("SIGNATURE", "BUILDS", "FAILURES", "TYPE", "MESSAGE"),
        (
            (each.key, each.builds, each.failures, each.type or "-", each.message or each.place)
            for each in found.family.signatures
        ),
        "It has no signatures.",
    )
    print_table(
        ("JOB", "BUILD", "FAILS NOW"),
        ((each.job, f"#{each.build}", each.case.name) for each in found.failing),
        "Nothing fails with it in the newest judged builds.",
    )


@command.command("merge")
@click.argument("family", type=click.IntRange(1))
@click.argument("others", type=click.IntRange(1), nargs=-1, required=True)
@click.pass_context
def merge(ctx: click.Context, family: int, others: tuple[int, ...]) -> None:
    """Decide that the failures of OTHERS have the cause of FAMILY; their addresses lead to it.

    Example: tracker family merge 12 15
    """
    from tracker.store import decisions

    opened(ctx)
    say(f"Family {decisions.merge(family, others, by=BY, now=now_ms())} has them all.")


@command.command("split")
@click.argument("family", type=click.IntRange(1))
@click.argument("signatures", nargs=-1, required=True)
@click.pass_context
def split(ctx: click.Context, family: int, signatures: tuple[str, ...]) -> None:
    """Decide that SIGNATURES of FAMILY have a cause of their own: a new family.

    Example: tracker family split 12 2f60b7a4c1d83e95
    """
    from tracker.errors import UsageError
    from tracker.store import decisions
    from tracker.store.identity import id_of

    opened(ctx)
    wrong = [text for text in signatures if id_of(text) is None]
    if wrong:
        raise UsageError(
            f"{wrong[0][:40]!r} is no signature of a family.",
            f"`tracker family show {family}` lists them.",
        )
    ids = [number for number in map(id_of, signatures) if number is not None]
    say(f"Family {decisions.split(family, ids, by=BY, now=now_ms())} has them now.")


@command.command("name")
@click.argument("family", type=click.IntRange(1))
@click.argument("name", callback=line)
@click.pass_context
def name(ctx: click.Context, family: int, name: str) -> None:
    """Call FAMILY by NAME from now on; an empty NAME takes the given one away.

    Example: tracker family name 12 'Certificate of the proxy'
    """
    from tracker.store import decisions

    opened(ctx)
    decisions.name(family, name, by=BY, now=now_ms())


@command.command("recluster")
@click.pass_context
def recluster(ctx: click.Context) -> None:
    """Make all families anew, as after a change of own_code; their ids and decisions hold.

    Example: tracker family recluster
    """
    from tracker.store import reclustering

    own = opened(ctx).own_prefixes
    count = reclustering.recluster(own, now=now_ms(), beat=lambda text: say(text, err=True))
    say(f"{count} families.")
