"""JSON that breaks off: closed at its last whole value, so that what stands before is read.

Objects that were open at that place are told apart by `is_cut`: what a cut test would still have
said is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# No tool writes this key; an object that has it was open where the document breaks off.
CUT = "\x00cut"
_PIECE = re.compile(r'[ \t\r\n]*+(?:"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++)', re.S)
# A member whose value is plain, with the comma that shows it to be whole: most of most documents.
_MEMBER = re.compile(
    r'\s*+"(?:[^"\\]|\\.)*+"\s*+:\s*+'
    r'(?:"(?:[^"\\]|\\.)*+"|-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?|true|false|null)\s*+,',
    re.S,
)
# A string, number or word that the end of the file may have cut.
_UNFINISHED = re.compile(r'\s*+(?:"(?:[^"\\]|\\.)*+\\?|[\w.+-]*+)\s*+', re.S)
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity")


@dataclass(frozen=True)
class Closed:
    """A document that was closed at its last whole value, and what was wrong at which place."""

    text: str
    reason: str
    place: int


def closed(text: str) -> Closed | None:
    """Close a document where it breaks off, or end it where something else follows it.

    None where not even its first bracket can be read.
    """
    walk = _Walk()
    while True:
        if walk.wants == "key" and (member := _MEMBER.match(text, walk.place)):
            walk.took_member(member.end())
            continue
        piece = _PIECE.match(text, walk.place)
        if piece is None or not walk.take(piece.group().lstrip(), piece.end(), text):
            break
        if walk.is_whole:
            rest = text[walk.place :].strip()
            reason = "something follows the end of the document" if rest else ""
            return Closed(text[: walk.place], reason, walk.place)
    if not walk.stack:
        return None
    ends = _UNFINISHED.fullmatch(text, walk.place)
    reason = "the file ends in the middle" if ends else "what stands here is not JSON"
    return Closed(text[: walk.safe] + walk.closers(), reason, walk.place)


def is_cut(value: Any) -> bool:
    """Whether an object was still open where its document breaks off."""
    return isinstance(value, dict) and CUT in value


class _Walk:
    """The brackets that are open, and the last place where a whole value had ended."""

    def __init__(self) -> None:
        self.stack: list[str] = []
        self.place = self.safe = 0
        self.is_whole = False
        self._is_empty = True
        self.wants = "value"

    def took_member(self, end: int) -> None:
        """Go on behind a plain member and its comma, without which it is whole too."""
        self.place = end
        self.safe = end - 1
        self._is_empty = False

    def take(self, piece: str, end: int, text: str) -> bool:
        """Go on by one piece; False where it may not stand here or may not be whole."""
        if not self._fits(piece, end, text):
            return False
        self.place = end
        return True

    def _fits(self, piece: str, end: int, text: str) -> bool:
        if self.wants == "colon":
            self.wants = "value"
            return piece == ":"
        if piece in ("}", "]"):
            return self._close(piece, end)
        if self.wants == "comma":
            self.wants = "key" if self.stack[-1] == "{" else "value"
            return piece == ","
        if self.wants == "key":
            self.wants = "colon"
            return piece[0] == '"'
        return self._value(piece, end, text)

    def _value(self, piece: str, end: int, text: str) -> bool:
        if piece in ("{", "["):
            self.stack.append(piece)
            self._is_empty = True
            self.wants = "key" if piece == "{" else "value"
            self.safe = end
            return True
        if piece[0] != '"' and (end >= len(text) or not _SCALAR.fullmatch(piece)):
            return False
        return self._ended(end)

    def _close(self, piece: str, end: int) -> bool:
        may_end = self.wants == "comma" or (self._is_empty and self.wants != "colon")
        if not self.stack or not may_end or self.stack[-1] != {"}": "{", "]": "["}[piece]:
            return False
        self.stack.pop()
        return self._ended(end)

    def _ended(self, end: int) -> bool:
        """A value ended here; at the outermost level it was the last one."""
        self.safe = end
        self._is_empty = False
        self.wants = "comma"
        self.is_whole = not self.stack
        return True

    def closers(self) -> str:
        """What closes the open brackets, each object with the mark that it was open."""
        marked: list[str] = []
        for bracket in reversed(self.stack):
            comma = "" if self._is_empty and not marked else ","
            marked.append(f'{comma}"\\u0000cut":true}}' if bracket == "{" else "]")
        return "".join(marked)
