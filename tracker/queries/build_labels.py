"""How builds are called in URLs: by their number, with the epoch where a newer one has it too."""

from __future__ import annotations


def label_of(alias: str) -> str:
    """SQL for the label of a build: its number, with the epoch where a newer one has it too."""
    return (
        f"CASE WHEN EXISTS (SELECT 1 FROM build newer WHERE newer.job_id = {alias}.job_id"
        f" AND newer.number = {alias}.number AND newer.epoch > {alias}.epoch)"
        f" THEN {alias}.number || '~' || {alias}.epoch ELSE CAST({alias}.number AS TEXT) END"
    )


def parted(label: str) -> tuple[int, int | None]:
    """Number and epoch of a label; no epoch where it does not tell, which means the newest.

    A number that no build can have is the largest that a database knows.
    """
    number, _, epoch = label.partition("~")
    return min(int(number), 2**63 - 1), int(epoch) if epoch else None


def called(alias: str, label: str) -> tuple[str, tuple[int, str]]:
    """SQL and parameters: a build is called `label`. Its number lets an index find it."""
    number, _ = parted(label)
    return f"{alias}.number = ? AND {label_of(alias)} = ?", (number, label)


def started(parent: str, child: str) -> str:
    """SQL: a build of the right job is the `parent` that started the `child`.

    Numbers repeat over epochs. It is the newest build of the number that had begun when the child
    began; where none had, or nobody told when, it is the newest of them all.
    """
    rival = (
        "SELECT 1 FROM build rival"
        f" WHERE rival.job_id = {parent}.job_id AND rival.number = {parent}.number"
    )
    began = f"coalesce({parent}.started <= {child}.started, false)"
    return (
        f"{child}.upstream_number = {parent}.number"
        f" AND NOT EXISTS ({rival} AND rival.epoch > {parent}.epoch"
        f" AND (NOT {began} OR rival.started <= {child}.started))"
        f" AND ({began} OR NOT EXISTS ({rival} AND rival.epoch < {parent}.epoch"
        f" AND rival.started <= {child}.started))"
    )
