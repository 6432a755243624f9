"""Which backups stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.operations.backup.manifest import Manifest, backups_in, write_manifest
from tracker.operations.backup.rotation import kept_of, rotate

NIGHT = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)  # a Monday


def nights(*back: int) -> list[datetime]:
    return [NIGHT - timedelta(days=days) for days in back]


@pytest.mark.parametrize(
    ("taken", "daily", "weekly", "kept"),
    [
        ([], 7, 4, []),
        (nights(0), 7, 4, nights(0)),
        (nights(*range(7)), 7, 4, nights(*range(7))),
        # Of the weeks before, the Sunday's, the newest of each.
        (nights(*range(60)), 7, 4, nights(0, 1, 2, 3, 4, 5, 6, 8, 15)),
        (nights(*range(60)), 1, 3, nights(0, 1, 8)),
        (nights(*range(60)), 2, 0, nights(0, 1)),
        # A pause does not use up days or weeks.
        (nights(0, 40, 41, 42, 80), 3, 2, nights(0, 40, 41)),
        (nights(300, 301), 1, 1, nights(300)),
    ],
)
def test_the_newest_of_each_day_and_week_stay(
    taken: list[datetime], daily: int, weekly: int, kept: list[datetime]
) -> None:
    assert kept_of(taken, daily=daily, weekly=weekly) == set(kept)


def test_all_of_the_last_24_hours_stay() -> None:
    hours = [NIGHT - timedelta(hours=back) for back in (0, 1, 2, 23, 24)]
    assert kept_of(hours, daily=1, weekly=0) == set(hours[:4])


def test_of_an_older_day_the_newest_stays() -> None:
    earlier = [NIGHT - timedelta(days=3, hours=back) for back in (0, 1, 2)]
    assert kept_of([NIGHT, *earlier], daily=2, weekly=0) == {NIGHT, earlier[0]}


def test_the_newest_is_never_removed(tmp_path: Path) -> None:
    _write(tmp_path, nights(0, 5))
    assert rotate(tmp_path, daily=0, weekly=0) == [_name(nights(5)[0])]
    assert [each.taken for each in backups_in(tmp_path)] == [NIGHT]


def test_the_newest_that_is_clean_stays_for_as_long_as_no_later_one_is(tmp_path: Path) -> None:
    """Damage that nobody looked at for weeks left none to restore."""
    _write(tmp_path, nights(300, 301), ())
    _write(tmp_path, nights(*range(60)), ("integrity.orphans",))
    _write(tmp_path, nights(*range(60, 90)), None)
    rotate(tmp_path, daily=2, weekly=0)
    assert [each.taken for each in backups_in(tmp_path)] == nights(300, 1, 0)
    _write(tmp_path, [NIGHT + timedelta(days=1)], ())
    rotate(tmp_path, daily=2, weekly=0)
    assert [each.taken for each in backups_in(tmp_path)] == nights(0, -1)


def test_a_backup_goes_with_its_manifest(tmp_path: Path) -> None:
    _write(tmp_path, nights(0, 1, 2))
    rotate(tmp_path, daily=2, weekly=0)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".db", ".db", ".json", ".json"]


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "before-the-move.db").write_bytes(b"mine")
    _write(tmp_path, nights(0, 5))
    rotate(tmp_path, daily=1, weekly=0)
    assert (tmp_path / "before-the-move.db").exists()


def test_a_backup_that_was_given_another_name_stays(tmp_path: Path) -> None:
    _write(tmp_path, nights(0, 5))
    for path in tmp_path.glob(f"{Path(_name(nights(5)[0])).stem}.*"):
        path.rename(tmp_path / f"before-the-move{path.suffix}")
    assert rotate(tmp_path, daily=1, weekly=0) == []
    assert [each.file for each in backups_in(tmp_path)] == ["before-the-move.db", _name(NIGHT)]


def _write(
    folder: Path, taken: Sequence[datetime], findings: tuple[str, ...] | None = None
) -> None:
    for at in taken:
        (folder / _name(at)).write_bytes(b"x")
        made = Manifest(_name(at), at, "1", (), 1, "", 1, {}, 0.1, findings=findings)
        write_manifest(folder, made)


def _name(at: datetime) -> str:
    return f"tracker-{at:%Y%m%dT%H%M%SZ}.db"
