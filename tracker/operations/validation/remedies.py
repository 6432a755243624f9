"""What to do about findings: the command that mends them, and what is left where it does not."""

from __future__ import annotations

_ELSE = "then validate again: what is left needs the newest backup that is clean."

RESTORE = "Restore the newest backup that is clean: `tracker restore` lists them."
REBUILD = f"`tracker rebuild` derives it anew; {_ELSE}"
REPARSE = f"`tracker reparse --all` reads the reports again and records what differs; {_ELSE}"
RECOUNT = (
    "`tracker reparse --all` brings results back that are gone, then `tracker rebuild` counts them"
    f" anew; {_ELSE}"
)
RECLUSTER = f"`tracker family recluster` makes signatures and families anew; {_ELSE}"

_BY_TABLE = {
    **dict.fromkeys(("result", "attempt", "output", "suite_run", "report"), REPARSE),
    **dict.fromkeys(("episode", "break_window", "pace", "loss", "absence"), REBUILD),
    **dict.fromkeys(("sighting", "appearance"), RECLUSTER),
}


def remedy_of(table: str) -> str:
    """What mends rows of a table; what came from people or from Jenkins is only in a backup."""
    return _BY_TABLE.get(table, RESTORE)
