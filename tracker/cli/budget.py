"""`tracker budget`: how many false alarms a job may give a build."""

import click

from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, judge_all, line, opened, print_json, print_table
from tracker.clock import now_ms


@click.command("budget")
@click.argument("job", callback=line)
@click.argument("alarms", type=float, required=False)
@click.option("--preview", is_flag=True, help="Say what ALARMS would have said, and save nothing.")
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context, job: str, alarms: float | None, preview: bool, as_json: bool
) -> None:
    """Show the budget of JOB, or let it be ALARMS false alarms a build from now on.

    The limit of odds at which a failure is a regression follows from it and from how many tests
    of the job fail now and then. With another budget all builds of the job are judged again.

    Example: tracker budget team/nightly 0.2 --preview
    """
    from tracker.queries.preview import preview as previewed
    from tracker.store.judging import set_budget

    opened(ctx)
    if alarms is not None and not preview:
        set_budget(job, alarms, now=now_ms())
        judge_all(job)
        alarms = None
    found = previewed(job, alarms)
    if as_json:
        print_json(found)
        return
    would = "" if found.proposed is None else f"; with {found.proposed:g}: {found.would_say}"
    alarms_said = "false alarm" if found.budget == 1 else "false alarms"
    builds = "build" if len(found.builds) == 1 else "builds"
    say(
        f"{job}: at most {found.budget:g} {alarms_said} a build;"
        f" {found.said} newly broken in {len(found.builds)} judged {builds}{would}"
    )
    print_table(
        ("BUILD", "SAID") if found.proposed is None else ("BUILD", "SAID", "WOULD SAY"),
        (
            (f"#{build.label}", build.said)
            if build.would_say is None
            else (f"#{build.label}", build.said, build.would_say)
            for build in found.builds
            if build.said or build.would_say
        ),
        "Nothing was newly broken in these builds.",
    )
