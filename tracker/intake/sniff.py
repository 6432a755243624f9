"""Which parser is right for some bytes: by their content, not by their name.

Console logs alone begin with anything: an operator's rule says who reads them, and their name has
it: `console log.tap`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from tracker.errors import Unrecognised
from tracker.intake.contract import Head, Parser, json_head
from tracker.intake.json_text import without_mark

HEAD_BYTES = 64 * 1024
CONSOLE = "console log."

# Possessive, since these run over hostile bytes: each looks at a character once.
_PROLOG = re.compile(r"\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\])?+[^>]*+>", re.S)
_ELEMENT = re.compile(r"<((?:[\w.-]+:)?([\w.-]+))([^<>]*)", re.S)


def head_of(data: bytes, name: str) -> Head:
    """What sniffing sees of a file that begins with `data`."""
    data, encoding = without_mark(data[:HEAD_BYTES])
    text = data.decode(encoding, "replace")
    root, namespace = _root(text)
    return Head(data, name, text, root, namespace, json_head(text))


def choose(parsers: Sequence[Parser], head: Head) -> Parser:
    """The parser that is surest; Unrecognised, saying what it looks like, where none is."""
    if head.name.startswith(CONSOLE):
        asked = head.name.removeprefix(CONSOLE)
        if named := next((each for each in parsers if each.name == asked), None):
            return named
    # No report begins so, and an archive of pictures is not to be looked at thirty times over.
    binary = head.data.startswith(tuple(sign for sign, _ in _SIGNS))
    sure = [] if binary else [(sureness(each, head), each) for each in parsers]
    best = max(sure, key=lambda pair: pair[0], default=None)
    if best is None or best[0] <= 0:
        raise Unrecognised(
            f"No parser recognises {head.name!r}: it looks like {looks_like(head)}.",
            "`tracker plugins` lists what can be read.",
        )
    return best[1]


def sureness(parser: Parser, head: Head) -> float:
    """What a parser says of a file, from 0.0 (not mine) to 1.0 (surely mine)."""
    try:
        return parser.sniff(head)
    except Exception:  # noqa: BLE001 - a plugin that fails on a file does not want it
        return 0.0


def fingerprint(parsers: Sequence[Parser]) -> int:
    """A number that changes with the parsers there are and with their versions."""
    told = ",".join(sorted(f"{parser.name} {parser.version}" for parser in parsers))
    return zlib.crc32(told.encode()) >> 1


def looks_like(head: Head) -> str:
    """In a few words, what a file that no parser recognises may be."""
    if not head.data.strip():
        return "an empty file"
    for sign, what in _SIGNS:
        if head.data.startswith(sign):
            return what
    if head.root.lower() == "html" or "<!doctype html" in head.text[:1000].lower():
        return "an HTML page; where it came from may want a login"
    if head.root:
        return f"XML whose first element is <{head.root[:60]}>"
    if head.text.lstrip()[:1] in ("{", "["):
        return "JSON"
    if "�" in head.text or "\0" in head.text:
        return "binary data"
    return "plain text"


_SIGNS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1aE\xdf\xa3", "a WebM film"),
    (b"\xca\xfe\xba\xbe", "a compiled Java class"),
    (b"\x7fELF", "a program"),
    (b"%PDF", "a PDF document"),
)


def _root(text: str) -> tuple[str, str]:
    """Local name and namespace of the first element, "" where the text does not begin as XML."""
    place = 0
    while before := _PROLOG.match(text, place):
        place = before.end()
    found = _ELEMENT.match(text, place)
    if found is None:
        return "", ""
    tag, local, attributes = found.groups()
    prefix = tag[: -len(local)].rstrip(":")
    declared = "xmlns:" + re.escape(prefix) if prefix else "xmlns"
    space = re.search(rf"(?:^|\s){declared}\s*=\s*([\"'])(.*?)\1", attributes, re.S)
    return local, space.group(2) if space else ""
