"""`tracker publish`: bring the static site up to date."""

import sys

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, opened, print_json
from tracker.clock import now_ms
from tracker.errors import StorageError


@click.command("publish")
@click.option("--force", is_flag=True, help="Make a new generation even if nothing changed.")
@click.option("--check", "check_links", is_flag=True, help="Follow every link afterwards.")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, force: bool, check_links: bool, as_json: bool) -> None:
    """Publish the static site; exit 1 when --check finds a broken link.

    Example: tracker publish --check
    """
    from tracker.site.check import broken_links
    from tracker.site.publish import publish
    from tracker.site.render import renderer
    from tracker.store.work import SITE, asked_for

    settings = opened(ctx)
    asked = asked_for(*SITE)
    done = publish(
        settings.output,
        renderer(),
        newest=settings.publish_builds,
        keep=settings.publish_keep,
        now=now_ms(),
        force=force,
    )
    if as_json:
        print_json(done)
    elif done.is_new:
        say(
            f"Generation {done.generation}: {done.pages} pages, {done.rendered} rendered,"
            f" {done.written} files written ({done.bytes:,} bytes)."
        )
    else:
        say(f"Nothing is new since generation {done.generation}.")
    say(f"{done.folder}/index.html", err=as_json)
    broken = list(broken_links(done.folder.resolve())) if check_links else []
    for line in broken:
        say(line, err=True)
    if asked:  # no worker may be there that publishes: the task would wait for ever
        _forget(asked)
    if broken:
        sys.exit(FOUND)


def _forget(asked: int) -> None:
    """Take what is done off the queue; a database that cannot be written publishes all the same."""
    from tracker.store.work import SITE, forget

    try:
        forget(*SITE, asked=asked, now=now_ms())
    except StorageError as error:
        say(f"The task of publishing stays on the queue: {error}", err=True)
