"""`tracker rule`: what job names mean, and which results of a job are read."""

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, line, opened, print_json, print_table

SOURCES = ("artifacts", "test_report")


@click.group("rule")
def command() -> None:
    """Rules for jobs by their names; of each kind the first that fits counts.

    Example: tracker rule names '{release}/{module}/nightly-{platform}'
    """


@command.command("names")
@click.argument("pattern", callback=line)
@click.pass_context
def names(ctx: click.Context, pattern: str) -> None:
    """Take job names apart by PATTERN: {release}, {module}, {platform} and {branch}.

    `*` stands for any text within one folder, `**/` for any folders.

    Example: tracker rule names '{release}/{module}/nightly-{platform}'
    """
    from tracker.store.rules import add_name_rule

    opened(ctx)
    add_name_rule(pattern)
    say("The names of all jobs are read by it; `tracker job explain NAME` tries it.")


@command.command("results")
@click.argument("pattern", callback=line)
@click.option("--from", "sources", multiple=True, type=click.Choice(SOURCES), help="What is read.")
@click.option(
    "--truth", type=click.Choice(SOURCES), default="artifacts", help="Which of both is believed."
)
@click.option("--artifacts", multiple=True, help="Pattern of paths, such as 'out/**/*.xml'.")
@click.option("--console", default="", help="Parser of the log of builds without any report.")
@click.pass_context
def results(
    ctx: click.Context,
    pattern: str,
    sources: tuple[str, ...],
    truth: str,
    artifacts: tuple[str, ...],
    console: str,
) -> None:
    """Say which results of the jobs that fit PATTERN are read from Jenkins.

    Without a rule that is the artifacts some parser may read, and Jenkins' testReport where a
    build has no report among them.

    Example: tracker rule results 'team/**' --from artifacts --artifacts 'out/**/TEST-*.xml'
    """
    from tracker.intake.plugins import PluginSources, load_plugins
    from tracker.store.rules import ResultsRule, add_results_rule

    found = opened(ctx)
    plugins = load_plugins(PluginSources.of(found.plugins_folder, found.plugins_enabled))
    parsers = [plugin.parser.name for plugin in plugins]
    if console and console not in parsers:
        raise click.BadParameter(f"No parser is called {console!r}: {', '.join(parsers)}.")
    if artifacts and sources == ("test_report",):
        raise click.BadParameter("--artifacts has no effect where only the testReport is read.")
    globs = tuple(glob.strip() for each in artifacts for glob in each.split(",") if glob.strip())
    rule = ResultsRule(
        sources=tuple(each for each in SOURCES if each in sources),  # type: ignore[misc]
        truth=truth,  # type: ignore[arg-type]
        artifacts=globs,
        console=console,
    )
    add_results_rule(pattern, rule)
    say("It counts for builds that are read from now on.")


@command.command("list")
@JSON_OPTION
@click.pass_context
def list_rules(ctx: click.Context, as_json: bool) -> None:
    """List the rules in the order in which they are tried.

    Example: tracker rule list --json
    """
    from tracker.store.rules import name_rules, results_rules

    opened(ctx)
    rules = results_rules()
    if as_json:
        print_json({"names": name_rules(), "results": [(each, rule) for each, rule in rules]})
        return
    rows = [
        *(("names", pattern, "") for pattern in name_rules()),
        *(("results", pattern, rule.in_words) for pattern, rule in rules),
    ]
    print_table(("KIND", "PATTERN", "READS"), rows, "There is no rule. `tracker rule --help`.")


@command.command("remove")
@click.argument("kind", type=click.Choice(["names", "results"]))
@click.argument("pattern", callback=line)
@click.pass_context
def remove(ctx: click.Context, kind: str, pattern: str) -> None:
    """Forget the rule of KIND with the PATTERN.

    Example: tracker rule remove names '{release}/{module}'
    """
    from tracker.store.rules import remove_rule

    opened(ctx)
    remove_rule(kind, pattern)  # type: ignore[arg-type]
    say("The rule is gone.")
