"""JSON that only lenient readers take, made such as every reader takes.

As text where it can be: values take 25 times as much memory, and what a Jenkins answers may be
large.
"""

from __future__ import annotations

import json
import math
import re

import msgspec

from tracker.intake.json_text import PIECE, TOO_DEEP, without_mark

# What is longer is mended as text alone.
MENDED_BYTES = 4 * PIECE
# What may stand in no string of a document as it is, nor anywhere else in it.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_MOST_CONTROLS = 4 * PIECE
# What may stand between values, but in no string.
_LAYOUT = {b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}
# Where a string begins or ends, what is escaped in one, and what no reader takes somewhere.
# Nothing is repeated possessively: Python before 3.11.5 gets that wrong.
_MARK = re.compile(rb'"|\\.|[\t\n\r]+|NaN|-?Infinity', re.S)
# What has more of them is left as it is: each takes half a microsecond.
_MOST_MARKS = 16 * PIECE
_FAULT = re.compile(r"\(byte (\d+)\)")
# A number or a word that the end of the text may have cut.
_UNFINISHED = re.compile(rb"[\w.+-]{0,99}\s*")


class CutShort(ValueError):
    """The text breaks off: what is wrong with it may be right when it is read again."""


def strict_text(data: bytes) -> bytes:
    """What `strict_json` makes of a document, which may be large and hostile.

    Control characters are escaped where they stand in strings, numbers that are none become null.
    What else only lenient readers take is mended in documents up to MENDED_BYTES. CutShort where
    it breaks off, ValueError where it is no JSON.
    """
    text = _with_escapes(data)
    if _fault(text) is None:
        return text
    text = _with_layout_escaped(text)
    fault = _fault(text)
    if fault is None:
        return text
    if _UNFINISHED.fullmatch(text, fault):
        raise CutShort("it breaks off")
    if len(data) > MENDED_BYTES:
        raise ValueError("it is no JSON, or too long to be mended")
    return strict_json(data)


def strict_json(data: bytes) -> bytes:
    """A whole JSON document as every reader takes it, made of one that only lenient ones take.

    Numbers that are none become null. ValueError where it is no JSON, or breaks off.
    """
    rest, encoding = without_mark(data)
    try:
        value = json.loads(
            rest.decode(encoding, "replace"),
            strict=False,
            parse_int=_finite,
            parse_float=_finite,
            parse_constant=_finite,
        )
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _fault(text: bytes) -> int | None:
    """Where a document is none: at its end where it breaks off; None where it is one."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except RecursionError:
        return 0
    except msgspec.DecodeError as error:
        found = _FAULT.search(str(error))
        return int(found[1]) if found else len(text)
    return None


def _with_escapes(data: bytes) -> bytes:
    """Control characters as a string may hold them; outside of one they are refused all the same.

    Not by a pattern: millions of matches are millions of objects.
    """
    if len(data) - len(data.translate(None, _CONTROLS)) > _MOST_CONTROLS:
        return data
    for control in _CONTROLS:
        data = data.replace(bytes([control]), b"\\u%04x" % control)
    return data


def _with_layout_escaped(text: bytes) -> bytes:
    """Tabs and line ends in strings as they may stand there, and null for what is no number."""
    if sum(map(text.count, (b'"', b"\\", *_LAYOUT))) > _MOST_MARKS:
        return text
    mended = bytearray()
    done, is_inside = 0, False
    for found in _MARK.finditer(text):
        mark = found[0]
        if mark == b'"':
            is_inside = not is_inside
        elif mark[:1] != b"\\" and (mark[:1] in _LAYOUT) == is_inside:
            mended += memoryview(text)[done : found.start()]
            mended += _escaped(mark) if is_inside else b"null"
            done = found.end()
    mended += memoryview(text)[done:]
    return bytes(mended)


def _escaped(layout: bytes) -> bytes:
    for char, escape in _LAYOUT.items():
        layout = layout.replace(char, escape)
    return layout


def _finite(digits: str) -> int | float | None:
    number = float(digits)
    if not math.isfinite(number):
        return None
    return int(digits) if digits.lstrip("-").isdigit() else number
