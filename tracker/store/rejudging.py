"""Jobs of which builds wait to be judged again, and from which place in their history on."""

from __future__ import annotations

from tracker.store.connection import reading
from tracker.store.outcomes import Order
from tracker.store.revisions import next_revision
from tracker.store.sql import run


def wait_from(job_id: int, place: Order) -> None:
    """Have a job judged again from a place on, wherever it waited from before; inside `writing`."""
    run(
        "INSERT INTO rejudging (job_id, epoch, number, began) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (job_id) DO UPDATE SET epoch = excluded.epoch, number = excluded.number",
        job_id,
        *place,
        next_revision(),
    )


def waits_from(job_id: int) -> Order | None:
    """From which place on a job waits to be judged again; None where it does not."""
    rows = run("SELECT epoch, number FROM rejudging WHERE job_id = ?", job_id)
    return rows[0] if rows else None


def waiting_since(job_id: int) -> tuple[Order, int] | None:
    """From which place on, and at which revision the first step began; inside `writing`."""
    for epoch, number, began in run(
        "SELECT epoch, number, began FROM rejudging WHERE job_id = ?", job_id
    ):
        if began is not None:
            return (epoch, number), began
        # It waits since before this was kept.
        run("UPDATE rejudging SET began = ? WHERE job_id = ?", next_revision(), job_id)
        return (epoch, number), next_revision()
    return None


def waits_no_more(job_id: int) -> None:
    """All builds of a job are judged; inside `writing`."""
    run("DELETE FROM rejudging WHERE job_id = ?", job_id)


def waiting_jobs() -> list[str]:
    """The jobs of which some builds are to be judged again."""
    with reading():
        rows = run("SELECT j.name FROM rejudging w JOIN job j ON j.id = w.job_id ORDER BY j.name")
    return [name for (name,) in rows]
