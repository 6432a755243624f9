"""Which backups are kept: the newest of each of the last days and of each of the last weeks.

And the newest that is clean: damage that nobody saw for longer would else rotate all of these away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tracker.operations.backup.manifest import MANIFEST, NAME, backups_in

DAY = timedelta(days=1)
Period = Callable[[datetime], object]


def rotate(folder: Path, *, daily: int, weekly: int) -> list[str]:
    """Remove the backups of a folder that are kept no longer; the names of their files.

    The newest is never removed, whatever the numbers, nor the newest that is clean; nor is one that
    was given another name.
    """
    found = [each for each in backups_in(folder) if NAME.fullmatch(Path(each.file).stem)]
    taken = {each.taken: each.file for each in found}
    kept = kept_of(list(taken), daily=daily, weekly=weekly)
    kept |= set(sorted(each.taken for each in found if each.is_clean)[-1:])
    gone = [file for at, file in sorted(taken.items()) if at not in kept]
    for file in gone:
        path = folder / file
        # In this order, so that a manifest alone is at worst what stays.
        path.unlink(missing_ok=True)
        path.with_suffix(MANIFEST).unlink(missing_ok=True)
    return gone


def kept_of(taken: Sequence[datetime], *, daily: int, weekly: int) -> set[datetime]:
    """The times of the backups to keep: the newest of each of the newest days and weeks (UTC).

    Days and weeks without a backup are not counted, so that a pause does not empty the folder. All
    of the 24 hours before the newest are kept: it may be what came in between that is regretted.
    """
    newest_first = sorted(taken, reverse=True)
    return {
        *(at for at in newest_first if newest_first[0] - at < DAY),
        *_newest_of_each(newest_first, daily, lambda at: at.date()),
        *_newest_of_each(newest_first, weekly, lambda at: at.isocalendar()[:2]),
    }


def _newest_of_each(
    newest_first: Iterable[datetime], periods: int, period: Period
) -> Iterable[datetime]:
    found: dict[object, datetime] = {}
    for at in newest_first:
        found.setdefault(period(at), at)
    return list(found.values())[:periods]
