"""The formats of a flat table: CSV for spreadsheets, JSON Lines for programs, and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any

import msgspec

from tracker.errors import UsageError
from tracker.operations.export.tables import Table

Rows = Iterable[tuple[Any, ...]]
# What makes a spreadsheet take a text for a formula, also in full width; and the guard itself, so
# that taking one away always gives the text back.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
GUARD = "'"
_BATCH = 50_000
_ENCODER = msgspec.json.Encoder()


def write_csv(table: Table, rows: Rows, out: IO[bytes]) -> None:
    """UTF-8 with a head of names; texts that look like formulas get a `'` before them.

    All texts are in quotes: a program that takes `;` or a tab for a separator, too, would begin a
    cell inside of one.
    """
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    csv.writer(text).writerow(name for name, _ in table.columns)
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    texts = [place for place, (_, kind) in enumerate(table.columns) if kind == "text"]
    for row in rows:
        cells = list(row)
        for place in texts:
            cells[place] = guarded(cells[place])
        writer.writerow(cells)
    text.detach()


def guarded(text: str | None) -> str | None:
    """A text as a spreadsheet may have it; without the first `'` it is as it was."""
    return GUARD + text if text and text.startswith(FORMULAS) else text


def write_jsonl(table: Table, rows: Rows, out: IO[bytes]) -> None:
    """One object a row."""
    names = [name for name, _ in table.columns]
    for row in rows:
        out.write(_ENCODER.encode(dict(zip(names, row, strict=True))) + b"\n")


def write_parquet(table: Table, rows: Rows, out: IO[bytes]) -> None:
    """Typed columns, compressed, in groups of 50,000 rows. UsageError without the extra."""
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise UsageError(
            "Parquet needs the library pyarrow, which is not installed.",
            "Install the tracker with its extra: pip install 'regression-tracker[parquet]'.",
        ) from error
    kinds = {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "seconds": pyarrow.float64(),
        "time": pyarrow.timestamp("ms", tz="UTC"),
        "flag": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in table.columns])
    with pyarrow.parquet.ParquetWriter(out, schema) as writer:
        for batch in _batches(rows):
            columns = zip(*batch, strict=True)
            arrays = [
                _array(pyarrow, values, field.type)
                for values, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _array(pyarrow: Any, values: tuple[Any, ...], kind: Any) -> Any:
    if pyarrow.types.is_timestamp(kind):
        return pyarrow.array(values, pyarrow.string()).cast(kind)
    return pyarrow.array(values, kind)


def _batches(rows: Rows) -> Iterator[list[tuple[Any, ...]]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


FORMATS: dict[str, Callable[[Table, Rows, IO[bytes]], None]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
}
