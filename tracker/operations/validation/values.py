"""Words that are none where only some may stand, and JSON that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tracker.operations.validation.checks import (
    Check,
    Look,
    Looking,
    Scene,
    rows_by_id,
    rows_where,
    seen,
)
from tracker.operations.validation.naming import key_of, named
from tracker.operations.validation.remedies import REBUILD, remedy_of
from tracker.store import callers, people
from tracker.store.break_windows import BreakWindow
from tracker.store.build_verdicts import Judging
from tracker.store.paces import Noticed
from tracker.store.sql import Row, run
from tracker.store.state_words import BuildState, JobStanding, TaskState
from tracker.verdicts.durations import Pace
from tracker.verdicts.missing import Cause
from tracker.verdicts.states import State
from tracker.verdicts.verdict import Verdict

# Table, column -> the words that may stand there.
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("build", "state"): tuple(BuildState),
    ("job", "standing"): tuple(JobStanding),
    ("episode", "state"): tuple(each for each in State if each is not State.HEALTHY),
    ("overruled", "state"): tuple(each for each in State if each is not State.HEALTHY),
    ("pace", "pace"): (Pace.SLOWER.value, Pace.FASTER.value),
    ("loss", "cause"): tuple(Cause),
    ("rule", "kind"): ("names", "results"),
    ("decision", "kind"): ("merge", "split", "name"),
    ("work", "state"): tuple(TaskState),
    ("token", "scope"): callers.SCOPES,
    ("person", "scope"): people.SCOPES,
}


class _Shortened(msgspec.Struct, forbid_unknown_fields=True):
    """What stays of the evidence of an episode whose builds were let go."""

    sentence: str


# Table, column -> what its JSON is read as: one of these.
JSON: dict[tuple[str, str], Any] = {
    ("build", "about"): dict[str, Any],
    ("build", "judging"): Judging,
    ("report", "warnings"): list[str],
    ("detail", "data"): dict[str, Any],
    ("rule", "value"): dict[str, Any],
    ("backfill", "numbers"): list[int],
    ("backfill", "gaps"): list[tuple[int, int]],
    ("backfill", "failed"): list[int],
    ("episode", "evidence"): (Verdict, _Shortened),
    ("overruled", "evidence"): (Verdict, _Shortened),
    ("break_window", "found"): BreakWindow,
    ("pace", "evidence"): Noticed,
    ("signature", "frames"): list[str],
    ("signature", "helpers"): list[str],
    ("signature", "words"): list[str],
    ("decision", "these"): list[int],
    ("decision", "those"): list[int],
    ("known_issue", "labels"): list[str],
    ("work", "payload"): dict[str, Any],
    ("work", "outcome"): Any,
}
# Where nothing was said yet there is nothing to read.
_SAYS_NOTHING = {("build", "judging"): "{}", ("work", "outcome"): ""}
_GROUND = frozenset({("detail", "data")})


def values() -> Iterator[Check]:
    """One check for each column of words or JSON."""
    for (table, column), words in WORDS.items():
        yield _words(table, column, words)
    for (table, column), kind in JSON.items():
        yield _json(table, column, kind)


def _words(table: str, column: str, words: Iterable[str]) -> Check:
    allowed = ", ".join(f"'{word}'" for word in words)
    return Check(
        f"integrity.values.{table}.{column}",
        f"Rows of {table} whose {column} is no word for one",
        remedy_of(table),
        rows_where(table, f"t.{column} NOT IN ({allowed})", tell=f"': ' || t.{column}"),
    )


def _json(table: str, column: str, kind: Any) -> Check:
    remedy = REBUILD if column == "judging" else remedy_of(table)
    return Check(
        f"integrity.json.{table}.{column}",
        f"Rows of {table} whose {column} cannot be read",
        remedy,
        _reading(table, column, kind if isinstance(kind, tuple) else (kind,)),
        is_ground=(table, column) in _GROUND,
    )


def _reading(table: str, column: str, kinds: tuple[Any, ...]) -> Looking:
    def look(scene: Scene) -> Look:
        decoders = [msgspec.json.Decoder(kind) for kind in kinds]
        empty = _SAYS_NOTHING.get((table, column))
        told = ((name, text) for name, text in _texts(table, column) if text != empty)
        wrong = (f"{name}: {why}" for name, text in told if (why := _trouble(text, decoders)))
        return seen(scene.counts[table], wrong)

    return look


def _trouble(text: Any, decoders: Iterable[msgspec.json.Decoder[Any]]) -> str:
    """Why a text cannot be read as any of these, "" where it can."""
    why = ""
    for decoder in decoders:
        try:
            decoder.decode(text if isinstance(text, str) else str(text))
            return ""
        except msgspec.DecodeError as error:
            why = why or str(error)
    return why


def _texts(table: str, column: str) -> Iterable[Row]:
    if key_of(table) == ("id",):
        return rows_by_id(table, f"t.{column}")
    return run(f"SELECT {named(table)}, t.{column} FROM {table} t")
