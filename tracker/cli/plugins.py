"""`tracker plugins`: which report formats can be read."""

import click

from tracker.cli.shared import JSON_OPTION, print_json, print_table, settings


@click.command("plugins")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the parsers: name, version, what they recognise, where they come from.

    Example: tracker plugins --json
    """
    from tracker.intake.plugins import PluginSources, installed, load_plugins

    found = settings(ctx)
    plugins = load_plugins(PluginSources.of(found.plugins_folder, found.plugins_enabled))
    enabled = {name.strip() for name in found.plugins_enabled.split(",")}
    off = [point for point in installed() if point.name not in enabled]
    rows = [(p.parser.name, p.parser.version, p.parser.recognises, p.origin) for p in plugins]
    if as_json:
        names = ("name", "version", "recognises", "origin")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    print_table(("NAME", "VERSION", "RECOGNISES", "FROM"), rows, "There is no parser.")
    for point in off:
        click.echo(
            f"{point.name} ({point.value}) is installed and off;"
            f" TRACKER_PLUGINS_ENABLED={point.name} uses it.",
            err=True,
        )
