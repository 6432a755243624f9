"""When a broken case broke: what its results say, and between which builds it was with 99 %."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.queries.commits import Commits, commits_of
from tracker.queries.places import labels
from tracker.queries.select import select, snapshot
from tracker.queries.states import BROKEN_STATES
from tracker.queries.turns import Turn, turns
from tracker.store.break_windows import window_of
from tracker.store.identity import id_of
from tracker.store.outcomes import Order

# Behind all builds that a job can have.
_NEWEST: Order = (2**31, 0)


@dataclass(frozen=True)
class Broke:
    """A case broke after the build `after` (None: none is known good) and by `by`, with 99 %.

    `likely` is the most likely first bad build. `turn` is where it last passed and began to fail,
    None where it passed since; `commits` are those between these two builds. Builds are labels.
    """

    turn: Turn | None
    commits: Commits | None
    after: str | None
    by: str
    likely: str


def when_broke(job: str, case_key: str) -> Broke | None:
    """The builds in which the case broke; None for one that is not broken.

    The window is that which the verdicts of the job's builds rest on: without the failures of
    breaks that were fixed, and of incidents. None as well where builds of it changed epochs, until
    they are judged again.
    """
    case = id_of(case_key)
    with snapshot():
        found = select(
            "SELECT w.job_id, w.found FROM episode e JOIN job j ON j.id = e.job_id"
            " JOIN break_window w ON w.job_id = e.job_id AND w.case_id = e.case_id"
            " AND w.since_build = e.since_build JOIN build r ON r.id = w.build_id"
            " WHERE j.name = ? AND e.case_id = ? AND e.until_build IS NULL"
            f" AND e.state IN {BROKEN_STATES} ORDER BY r.epoch DESC, r.number DESC LIMIT 1",
            job,
            case,
        )
        if not found or case is None:
            return None
        job_id, window = found[0][0], window_of(found[0][1])
        names = labels(job_id, window.named)
        if not names.keys() >= window.named:
            return None
        turn = turns(job_id, _NEWEST, [case]).get(case)
        commits = commits_of(job, turn) if turn else None
    return Broke(
        turn=turn,
        commits=commits,
        after=names[window.after] if window.after else None,
        by=names[window.by],
        likely=names[window.likely],
    )
