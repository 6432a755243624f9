"""JSON that only lenient readers take, made such as every reader takes, as text.

Values take 25 times as much memory as their text, and what a Jenkins answers may be large.
"""

from __future__ import annotations

import re

import msgspec

from tracker.intake.json_text import PIECE, strict_json

# What is longer is mended as text alone.
MENDED_BYTES = 4 * PIECE
# What may stand in no string of a document as it is, nor anywhere else in it.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_MOST_CONTROLS = 4 * PIECE
# What may stand between values, but in no string.
_LAYOUT = {b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}
# What every reader takes, gone over as one match, and then a string (to the end of the text where
# nothing closes it), a number that is none, or all the rest where it is no JSON.
_ODD = re.compile(
    rb'(?:[^"NI-]++|"(?:[^"\\\t\n\r]++|\\.)*+"|-(?!Infinity))*+'
    rb'("(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|NaN|-?Infinity|[NI].*+|\Z)',
    re.S,
)
_NO_NUMBERS = (b"NaN", b"Infinity", b"-Infinity")
_FAULT = re.compile(r"\(byte (\d+)\)")
# A number or a word that the end of the text may have cut.
_UNFINISHED = re.compile(rb"[\w.+-]{0,99}\s*")


class CutShort(ValueError):
    """The text breaks off: what is wrong with it may be right when it is read again."""


def mended_json(data: bytes) -> bytes:
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
    mended = bytearray()
    done = 0
    for found in _ODD.finditer(text):
        mended += memoryview(text)[done : found.start(1)]
        mended += _piece(found[1])
        done = found.end()
    return bytes(mended)


def _piece(piece: bytes) -> bytes:
    if piece in _NO_NUMBERS:
        return b"null"
    for char, escape in _LAYOUT.items():
        piece = piece.replace(char, escape)
    return piece
