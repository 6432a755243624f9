"""`tracker plugins`: which report formats can be read, and what they make of a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, print_json, print_table, settings
from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.intake.contract import Parser
    from tracker.queries.trial import Trial
    from tracker.settings import Settings

SHOWN = 50


@click.group("plugins", invoke_without_command=True)
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the parsers: name, version, what they recognise, where they come from, their digest.

    Example: tracker plugins --json
    """
    if ctx.invoked_subcommand is not None:
        return
    from tracker.intake.plugins import PluginSources, installed, load_plugins

    found = settings(ctx)
    plugins = load_plugins(PluginSources.of(found.plugins_folder, found.plugins_enabled))
    enabled = {name.strip() for name in found.plugins_enabled.split(",")}
    off = [point for point in installed() if point.name not in enabled]
    rows = [
        (p.parser.name, p.parser.version, p.parser.recognises, p.origin, p.sha256) for p in plugins
    ]
    if as_json:
        names = ("name", "version", "recognises", "origin", "sha256")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    shown = [(*row[:-1], row[-1][:12]) for row in rows]
    print_table(("NAME", "VERSION", "RECOGNISES", "FROM", "SHA256"), shown, "There is no parser.")
    for point in off:
        say(
            f"{point.name} ({point.value}) is installed and off;"
            f" TRACKER_PLUGINS_ENABLED={point.name} uses it.",
            err=True,
        )


@command.command("try")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@JSON_OPTION
@click.pass_context
def try_file(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Show what each parser says of FILE, and what would be recorded of it; nothing is.

    FILE may be an archive, or a folder of results such as Allure's. Exit 1 where it cannot be read.

    Example: tracker plugins try target/report.xml --json
    """
    from tracker.intake.ingest import Intake, try_reading
    from tracker.queries.trial import trial

    found = settings(ctx)
    if not as_json:
        _say_sureness(found, file)
    tried = trial(try_reading(Intake.of(found), _files(file)))
    if as_json:
        print_json(_as_json(tried))
    else:
        _say(tried)


def _files(file: Path) -> dict[str, Path]:
    if file.is_dir():
        paths = sorted(path for path in file.rglob("*") if path.is_file())
        found = {f"{file.name}/{path.relative_to(file).as_posix()}": path for path in paths}
    else:
        found = {file.name: file}
    if not found:
        raise UsageError(f"The folder {file} holds no file.", "Name a report, or its folder.")
    return found


def _say_sureness(found: Settings, file: Path) -> None:
    """What each parser that may want the file answers, the surest first."""
    if file.is_dir():
        return
    rows = [(parser.name, f"{sure:.2f}") for parser, sure in _sureness(found, file)]
    print_table(("PARSER", "SURENESS"), rows, "No parser wants the file itself.")
    say()


def _sureness(found: Settings, file: Path) -> list[tuple[Parser, float]]:
    from tracker.intake.plugins import PluginSources, load_plugins
    from tracker.intake.sniff import HEAD_BYTES, head_of, sureness

    sources = PluginSources.of(found.plugins_folder, found.plugins_enabled)
    with file.open("rb") as stream:
        head = head_of(stream.read(HEAD_BYTES), file.name)
    answers = [(plugin.parser, sureness(plugin.parser, head)) for plugin in load_plugins(sources)]
    return sorted((each for each in answers if each[1] > 0), key=lambda each: -each[1])


def _say(tried: Trial) -> None:
    from tracker.store.identity import title

    totals = tried.totals
    say(
        f"{tried.format}: {totals.total} results, {totals.passed} passed, {totals.failed} failed,"
        f" {totals.error} error, {totals.skipped} skipped, {totals.unknown} unknown,"
        f" {tried.flaky} flaky"
    )
    for warning in tried.warnings:
        say(f"warning: {warning}")
    for each in tried.results[:SHOWN]:
        where = title(each.suite, each.name)
        say(f"{each.status:8} {where} {each.variant}".rstrip())
    if totals.total > SHOWN:
        say(f"and {totals.total - SHOWN} more; --json has all")


def _as_json(tried: Trial) -> dict[str, Any]:
    """The trial with the details of each result beside its other fields."""
    told = asdict(tried)
    for result in told["results"]:
        result.update(result.pop("details"))
    return told
