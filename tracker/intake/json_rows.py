"""One JSON document with a long list of tests, which are taken apart one by one.

As objects all of them take ten times the space of their text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from tracker.decoding import UNDECODABLE
from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_cut import is_cut
from tracker.intake.json_text import json_document


class Document(Protocol):
    """What a report holds."""

    @property
    def tests(self) -> Sequence[Any]:
        """Its tests, and whatever else stands among them, as bytes or as they were read."""


AnyDocument = TypeVar("AnyDocument", bound=Document)
Row = TypeVar("Row", bound=msgspec.Struct)


def json_rows(
    data: bytes,
    document: msgspec.json.Decoder[AnyDocument],
    row: msgspec.json.Decoder[Row],
    lenient: Callable[[Any], AnyDocument],
) -> tuple[AnyDocument, Iterator[Row], Damage | None]:
    """A report, those of its tests that are objects, and where it is damaged.

    `lenient` makes a document of what can be read of a damaged one, or raises ReportError for what
    is no such report. That is raised as well where no whole test stands before the damage.
    """
    try:
        data.decode()  # msgspec does not look at the text of what it leaves for later
        whole = document.decode(data)
    except (*UNDECODABLE, RecursionError):
        value, damage = json_document(io.BytesIO(data))
        found = lenient(value)
        rows = [each for each in found.tests if isinstance(each, dict) and not is_cut(each)]
        if damage and not rows:
            raise ReportError(damage.reason, damage.position) from None
        return found, (_row(row.type, each) for each in rows), damage
    return whole, _rows(whole.tests, row), None


def _rows(raw: Sequence[msgspec.Raw], row: msgspec.json.Decoder[Row]) -> Iterator[Row]:
    for each in raw:
        try:
            yield row.decode(each)
        except msgspec.ValidationError:  # it is no object, or has a number beyond all others
            told, _ = json_document(io.BytesIO(bytes(each)))
            if isinstance(told, dict):
                yield _row(row.type, told)


def _row(kind: type[Row], told: dict[str, Any]) -> Row:
    """As msgspec reads it; its `convert` takes no names that are no Unicode."""
    names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return kind(**{field: told[name] for field, name in names if name in told})
