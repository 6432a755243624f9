"""Between which builds a broken case broke, as the newest build that narrowed it down says."""

from __future__ import annotations

import msgspec

from tracker.queries.rows import label_of, select, snapshot
from tracker.queries.states import BROKEN_STATES
from tracker.store.break_windows import BreakWindow
from tracker.store.identity import id_of
from tracker.store.outcomes import Order
from tracker.verdicts.windows import sentence

# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
BREAK_WINDOW = msgspec.json.Decoder(BreakWindow)


def when_broke(job: str, case_key: str) -> str:
    """The builds in one sentence; "" for a case that is not broken.

    It is the window that the verdicts of the job's builds rest on: without the failures of breaks
    that were fixed, and of incidents.
    """
    with snapshot():
        found = select(
            "SELECT w.job_id, w.found FROM episode e JOIN job j ON j.id = e.job_id"
            " JOIN break_window w ON w.job_id = e.job_id AND w.case_id = e.case_id"
            " AND w.since_build = e.since_build JOIN build r ON r.id = w.build_id"
            " WHERE j.name = ? AND e.case_id = ? AND e.until_build IS NULL"
            f" AND e.state IN {BROKEN_STATES} ORDER BY r.epoch DESC, r.number DESC LIMIT 1",
            job,
            id_of(case_key),
        )
        return _sentence(found[0][0], BREAK_WINDOW.decode(found[0][1])) if found else ""


def _sentence(job_id: int, window: BreakWindow) -> str:
    """What the window says; "" where its builds changed epochs, until they are judged again."""
    orders = [window.by, window.likely, *([window.after] if window.after else [])]
    names = [_called(job_id, order) for order in orders]
    if not all(names):
        return ""
    by, likely, after = [*names, ""][:3]
    return sentence(after, by, likely, builds=len(window.chances))


def _called(job_id: int, order: Order) -> str:
    """What people call a build; "" where there is none in this place."""
    rows = select(
        f"SELECT {label_of('b')} FROM build b WHERE b.job_id = ? AND b.epoch = ? AND b.number = ?",
        job_id,
        *order,
    )
    return f"#{rows[0][0]}" if rows else ""
