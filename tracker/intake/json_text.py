"""JSON for plugins: whole documents and lines, read past what other readers stumble over.

Reports are written by strangers, so byte-order marks, UTF-16, NaN, lone surrogates and control
characters (which Jenkins does not escape) are read, and a document that breaks off is read up to
its last whole value.
"""

from __future__ import annotations

import codecs
import io
import itertools
import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from tracker.decoding import UNDECODABLE
from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_cut import closed

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
PIECE = 1024 * 1024
TOO_DEEP = "it is nested too deep"


class JsonLine(msgspec.Struct, frozen=True, gc=False):
    """One line of a report that is made of JSON lines.

    number  its place, from 1
    value   what it holds; None where it is not JSON
    text    the line itself where it is not JSON, "" otherwise
    cut     it is the last one, begins like an object and breaks off
    """

    number: int
    value: Any
    text: str = ""
    cut: bool = False


def without_mark(data: bytes) -> tuple[bytes, str]:
    """The bytes without their byte-order mark, and the encoding that it tells, else UTF-8."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :], encoding
    return data, "utf-8"


class JsonItems(list[Any]):
    """A list whose items are made each time they are asked for; it is only iterated.

    As objects all items take ten times the space of their text, and are walked through by
    Python's collector again and again.
    """

    def __init__(self, raw: list[msgspec.Raw]) -> None:
        super().__init__()
        self._raw = raw

    def __iter__(self) -> Iterator[Any]:
        return map(_item, self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __bool__(self) -> bool:
        return bool(self._raw)


def json_document(stream: BinaryIO, *lists: str) -> tuple[Any, Damage | None]:
    """The one value that a report holds, and where it is damaged.

    The items of `lists` ("tests", "results.tests", "" for the document itself) are made one by
    one while they are iterated, which bounds the memory of a long report. Of a damaged document,
    what stands before the damage is returned, whose objects may be cut (`json_cut.is_cut`).
    ReportError is raised where that is nothing.
    """
    data, encoding = without_mark(stream.read())
    if not data.strip():
        raise ReportError("the file is empty")
    if encoding != "utf-8":
        data = data.decode(encoding, "replace").encode()
    try:
        if lists and _is_utf8(data):
            return _outline(msgspec.Raw(data), [path.split(".") for path in lists]), None
        return msgspec.json.decode(data), None
    except RecursionError:
        raise ReportError(TOO_DEEP) from None
    except UNDECODABLE:
        return _lenient(data)


def json_lines(stream: BinaryIO) -> Iterator[JsonLine]:
    """The lines of a report one by one; empty ones are left out."""
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(_lines_of_bytes(stream), start=1):
        try:
            value = decode(line)
        except (*UNDECODABLE, RecursionError):
            if not line.isspace():
                yield _odd_line(number, line)
        else:
            yield JsonLine(number, value)


def text_lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a text without their ends; bytes that are no text become U+FFFD."""
    for line in _lines_of_bytes(stream):
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def json_head(text: str) -> Any:
    """What can be seen of the first JSON value in `text`; None where it does not begin as one."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        whole = closed(text)
    try:
        return _decode(whole.text) if whole else None
    except (ValueError, RecursionError):
        return None


def _lines_of_bytes(stream: BinaryIO) -> Iterator[bytes]:
    """Lines as UTF-8, with the end that they have, without a byte-order mark."""
    first = stream.readline()
    rest, encoding = without_mark(first)
    if encoding == "utf-8":
        return itertools.chain([rest] if rest else [], stream)
    whole = io.BytesIO(rest + stream.read())
    text = io.TextIOWrapper(whole, encoding, errors="replace", newline="\n")
    return (line.encode() for line in text)


def _odd_line(number: int, line: bytes) -> JsonLine:
    text = line.decode("utf-8", "replace")
    try:
        return JsonLine(number, _loads(text))
    except (ValueError, RecursionError):
        cut = not line.endswith(b"\n") and text.lstrip().startswith("{")
        return JsonLine(number, None, text.rstrip("\r\n"), cut)


def _decode(text: str) -> Any:
    """Python's own reader takes NaN and lone surrogates, which msgspec refuses."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return _loads(text)


def _outline(raw: msgspec.Raw, paths: list[list[str]]) -> Any:
    """A value in which the lists at these paths wait to be iterated."""
    first = bytes(memoryview(raw)[:64]).lstrip()[:1]
    if first == b"[" and [""] in paths:
        return JsonItems(msgspec.json.decode(raw, type=list[msgspec.Raw]))
    if first != b"{" or not paths:
        return msgspec.json.decode(raw)
    outline = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    below = {name: [path[1:] or [""] for path in paths if path[0] == name] for name in outline}
    return {name: _outline(value, below[name]) for name, value in outline.items()}


def _item(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):  # what nobody met while skipping over it
        return _loads(bytes(raw).decode())


def _is_utf8(data: bytes) -> bool:
    """Whether all bytes are text; what is skipped over is not looked at otherwise."""
    if data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), PIECE):
            decoder.decode(data[start : start + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _loads(text: str) -> Any:
    """Python's own reading; a whole number of thousands of digits is one beyond all others."""
    return json.loads(text, strict=False, parse_int=_whole)


def _whole(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return math.inf


def _lenient(data: bytes) -> tuple[Any, Damage | None]:
    text = data.decode("utf-8", "replace")
    lost = Damage("bytes that are not UTF-8 were replaced") if "\ufffd" in text else None
    if lost and "\ufffd".encode() in data:
        lost = None
    try:
        return _loads(text), lost
    except RecursionError:
        raise ReportError(TOO_DEEP) from None
    except ValueError:
        whole = closed(text)
    if whole is None:
        raise ReportError("it is not JSON")
    try:
        return _decode(whole.text), Damage(whole.reason, _position_in(text, whole.place))
    except (ValueError, RecursionError):
        raise ReportError("it is not JSON", _position_in(text, whole.place)) from None


def _position_in(text: str, place: int) -> str:
    """A place in a text as people count: "line 3, column 9"."""
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    return f"line {line}, column {column}"
