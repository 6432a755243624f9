"""The `work` table: tasks that are done at least once, whoever dies in the middle.

A task is (kind, key). Asking for one that waits moves it forward; asking for one that runs makes
it run once more afterwards. A worker claims a task for a lease; when it stops saying that it
lives, the lease runs out and another worker takes the task; after very many times no more, since it
must be the task that its workers die of. Whoever gives a task back ends the claim, so that a late
sign of life does not hold it again.

A task that was given up rests for hours, unless somebody asks for it. Uploads are never given up,
and those for one build take turns (`upload_order.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tracker.clock import HOUR, SECOND
from tracker.errors import Busy, NotFound
from tracker.masking import mask
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.models import Work
from tracker.store.sql import run
from tracker.store.state_words import TaskState
from tracker.store.upload_order import IS_ITS_TURN, PATIENCE

# Kind and key of the task that publishes: there is one site.
SITE = ("publish", "site")
MAX_TRIES = 20
# So often workers may die with a task: one that is long gets on a little each time. Others have
# their turn meanwhile, until the lease runs out.
MOST_DEATHS = 150
# As how many failures all tries before it count at most, once one ends in order whose worker before
# died: a night of restarts says nothing of the task.
DEATHS_COUNT = 5
REST_HOURS = 6


@dataclass(frozen=True)
class Task:
    """A claimed task; `fence` proves the claim.

    `taken_over` tells that whoever had it before died with it, `due` (ms) since when it waits.
    """

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    tries: int
    asked: int
    fence: int
    taken_over: bool = False
    due: int = 0


def enqueue(
    kind: str, key: str, *, due: int, payload: dict[str, Any] | None = None, subject: str = ""
) -> None:
    """Ask for a task at `due` (ms) or, where it waits for an earlier time, then.

    Two tasks of one `subject` are never done at the same time.
    """
    text = msgspec.json.encode(payload or {}).decode()
    with writing():
        run(
            "INSERT INTO work (kind, key, subject, payload, due, tries, asked, fence, lease_until,"
            " state, error, outcome) VALUES (?, ?, ?, ?, ?, 0, 1, 0, 0, 'due', '', '')"
            " ON CONFLICT (kind, key) DO UPDATE SET asked = work.asked + 1,"
            " payload = excluded.payload, subject = excluded.subject,"
            " due = CASE WHEN work.state = 'due' AND work.due < excluded.due THEN work.due"
            " ELSE excluded.due END, state = 'due',"
            " tries = CASE WHEN work.state = 'due' THEN work.tries ELSE 0 END",
            kind,
            key,
            subject,
            text,
            due,
        )


def ask_publishing(*, now: int) -> None:
    """Have the site published with what was recorded."""
    enqueue(*SITE, due=now)


def ask_judging(job: str, *, now: int) -> None:
    """Have the builds of a job judged that wait for it."""
    enqueue("judge", job, due=now, subject=job)


def ask_poll(job: str, *, now: int) -> None:
    """Have a job of Jenkins read for builds that are news."""
    enqueue("poll", job, due=now, subject=job)


def ask_watch(server: str, *, now: int) -> None:
    """Have a Jenkins looked at for jobs and builds that are news."""
    enqueue("watch", server, due=now)


def ensure(kind: str, key: str, *, due: int, subject: str = "") -> None:
    """Have a periodic task, without moving one that is there; one that was given up rests first."""
    is_had = (Work.state != TaskState.DEAD) | (Work.due > due)
    wanted = (Work.kind == kind) & (Work.key == key) & is_had
    with reading():
        there = Work.select().where(wanted).exists()
    if not there:
        enqueue(kind, key, due=due, subject=subject)


def asked_for(kind: str, key: str) -> int:
    """How often a task was asked for that waits; 0 where it does not."""
    wanted = (Work.kind == kind) & (Work.key == key) & (Work.state == TaskState.DUE)
    with reading():
        row = Work.get_or_none(wanted)
    return int(row.asked) if row else 0


def waiting(kind: str) -> list[tuple[str, str]]:
    """The keys of all tasks of a kind that are not done, each with its payload as it is kept."""
    with reading():
        rows = run("SELECT key, payload FROM work WHERE kind = ? AND state <> 'done'", kind)
    return [(key, payload) for key, payload in rows]


def retry(kind: str, key: str, *, now: int) -> None:
    """Have a task done at once that waits or was given up, as if it had never gone wrong.

    NotFound where there is none that is not done, Busy where a worker is at it.
    """
    with writing():
        row = Work.get_or_none(
            (Work.kind == kind) & (Work.key == key) & (Work.state != TaskState.DONE)
        )
        if row is None:
            raise NotFound(f"No task {kind} {key} waits.", "`tracker task list` lists them.")
        if row.lease_until > now:
            raise Busy(f"A worker is at {kind} {key}.", "`tracker task list` tells how it went.")
        row.state, row.due, row.tries = TaskState.DUE, min(row.due, now), 0
        row.save()
        audit.note("task retried", f"{kind} {key}", row.subject)


def forget(kind: str, key: str, *, asked: int, now: int) -> None:
    """Forget a task that was done without being claimed, by a command.

    It stays where somebody asked for it since it was `asked` so often, or is at it.
    """
    with writing():
        Work.delete().where(
            (Work.kind == kind)
            & (Work.key == key)
            & (Work.asked == asked)
            & (Work.state == TaskState.DUE)
            & (Work.lease_until <= now)
        ).execute()


def claim(kinds: Sequence[str], *, now: int, lease_ms: int, key: str = "") -> Task | None:
    """Take the task that is most overdue, if any is due and nobody holds it or its subject.

    An upload also waits for its turn.
    With `key` only the task of that key, however often its workers died. The lease begins when the
    write lock was had, however long others wrote; what is free is what was so at `now`, since
    meanwhile nobody could extend.
    """
    began = time.monotonic()
    marks = ", ".join("?" * len(kinds))
    free = (
        f"state = 'due' AND due <= ? AND lease_until <= ? AND kind IN ({marks})"
        " AND (subject = '' OR NOT EXISTS (SELECT 1 FROM work held"
        " WHERE held.subject = work.subject AND held.lease_until > ?)) AND ? IN ('', key)"
        f" AND {IS_ITS_TURN}"
    )
    which = (now, now, *kinds, now, key, now - PATIENCE)
    with reading():
        waiting = run(f"SELECT 1 FROM work WHERE {free} LIMIT 1", *which)
    if not waiting:
        return None
    with writing():
        lease_until = now + _waited(began) + lease_ms
        if not key:
            _settle_abandoned(now)
        first = run(
            "SELECT id, lease_until > 0, kind, key, payload, asked, due FROM work"
            f" WHERE {free} ORDER BY due, id LIMIT 1",
            *which,
        )
        if not first:
            return None
        number, is_left, kind, key, payload, asked, due = first[0]
        [(tries, fence)] = run(
            "UPDATE work SET lease_until = ?, fence = fence + 1, tries = tries + 1 WHERE id = ?"
            " RETURNING tries, fence",
            lease_until,
            number,
        )
    told = msgspec.json.decode(payload)
    return Task(number, kind, key, told, tries, asked, fence, bool(is_left), due)


def _settle_abandoned(now: int) -> None:
    """Tasks whose workers died with them too often are given up; an upload waits for longer."""
    left = "SELECT id FROM work WHERE lease_until > 0 AND lease_until <= ? AND tries > ?"
    for (number,) in run(left, now, MOST_DEATHS):
        row = Work.get_by_id(number)
        if row.state != TaskState.DUE:
            continue
        row.error = (
            f"Its worker died in the middle of it; it was tried {row.tries} times. The log of the"
            " system tells what ended the worker: a lack of memory, most likely."
        )
        row.due, row.lease_until = now + SECOND * _pause(row.tries), 0
        row.fence += 1
        if row.kind != "ingest":
            _give_up(row, now)
        row.save()


def _pause(tries: int) -> int:
    """Seconds before a task is tried again that went wrong so often."""
    return int(min(2 ** min(tries, 10), 600))


def _give_up(row: Work, now: int) -> None:
    row.state, row.due = TaskState.DEAD, now + REST_HOURS * HOUR


def extend(task: Task, *, now: int, lease_ms: int) -> bool:
    """Say that the task is still being done; False when the lease was lost to another worker.

    The lease goes on from when the write lock was had.
    """
    began = time.monotonic()
    with writing():
        return bool(
            Work.update(lease_until=now + _waited(began) + lease_ms)
            .where(
                (Work.id == task.id) & (Work.fence == task.fence) & (Work.state == TaskState.DUE)
            )
            .execute()
        )


def _waited(began: float) -> int:
    """The ms since then, in whole seconds: leases last many of them."""
    return SECOND * int(time.monotonic() - began)


def finish(task: Task, *, now: int, again_at: int | None = None, outcome: Any = None) -> bool:
    """The task is done: forget it, keep its `outcome`, or have it come back at `again_at`.

    A task that was asked for while it ran stays due. False when the lease was lost.
    """
    text = "" if outcome is None else msgspec.json.encode(outcome).decode()
    with writing():
        row = Work.get_or_none((Work.id == task.id) & (Work.fence == task.fence))
        if row is None:
            return False
        row.lease_until, row.tries, row.error, row.outcome = 0, 0, "", text
        row.fence += 1
        if row.asked != task.asked:
            row.due = min(row.due, again_at) if again_at is not None else row.due
        elif again_at is not None:
            row.due = again_at
        elif outcome is not None:
            row.state, row.due = TaskState.DONE, now
        else:
            row.delete_instance()
            return True
        row.save()
        return True


def release(task: Task) -> None:
    """Give an unfinished task back: it is due at once, and this try does not count."""
    tries = _counted(task) - 1
    with writing():
        Work.update(lease_until=0, tries=tries, fence=Work.fence + 1).where(
            (Work.id == task.id) & (Work.fence == task.fence)
        ).execute()


def _counted(task: Task) -> int:
    """The tries that count against a task of which one ends in order, with that one."""
    return min(task.tries, DEATHS_COUNT + 1) if task.taken_over else task.tries


def fail(
    task: Task,
    *,
    now: int,
    error: str,
    forgive: bool = False,
    endless: bool = False,
    pause: float | None = None,
) -> None:
    """The task went wrong: try again later, more patiently each time; give up in the end.

    Not before `pause` seconds, where that is told. Somebody who asked for it while it ran does
    not wait that long. With `forgive` the try does not count; with `endless` the task is not given
    up for this, and an upload that was acknowledged never is.
    """
    tries = _counted(task)
    usual = 15 if forgive else _pause(tries)
    pause_ms = int(SECOND * (usual if pause is None else pause))
    with writing():
        row = Work.get_or_none((Work.id == task.id) & (Work.fence == task.fence))
        if row is None:
            return
        asked_again = row.asked != task.asked
        row.lease_until, row.error = 0, mask(error)[:2000]
        row.fence += 1
        row.due = now if asked_again else now + pause_ms
        row.tries = tries - forgive
        is_spared = asked_again or endless or row.kind == "ingest"
        if row.tries >= MAX_TRIES and not is_spared:
            _give_up(row, now)
        row.save()


def forget_done(before: int) -> None:
    """Forget the outcomes of tasks that were done before a time (ms)."""
    with writing():
        Work.delete().where((Work.state == TaskState.DONE) & (Work.due < before)).execute()
