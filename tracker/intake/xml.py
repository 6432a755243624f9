"""XML for plugins: one hardened event stream that opens nothing and expands nothing.

Reports are written by strangers, so libxml2 runs with its limits on (256 levels, 10 MB for one
text or attribute), without network, and a DOCTYPE that declares or fetches anything is refused
before the first element is built. Elements are handed over whole and freed as the reader goes on,
so memory does not grow with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias

from lxml import etree

from tracker.intake.damage import Damage, ReportError

XmlElement: TypeAlias = etree._Element
# lxml's stubs do not know what a pull parser's events are.
XmlParser: TypeAlias = Any

HEAD = 65_536
# Small pieces stay in the processor's cache; 256 kB was measured to be 4 % slower.
CHUNK = 65_536
# The root is looked for in small steps: what a hostile DOCTYPE declares multiplies with every
# element after it, so only a few elements may be built before the DOCTYPE has been judged.
STEP = 512

# Comments and processing instructions would stand between elements and hold no result.
HARDENED: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}


class XmlDamage(Exception):
    """The document cannot be read from `position` ("line L, column C") on; `reason` in words."""

    def __init__(self, reason: str, position: str = "") -> None:
        super().__init__(f"{reason} ({position})" if position else reason)
        self.reason = reason
        self.position = position

    def behind(self, found: int) -> Damage:
        """The damage of a report, behind so many results; ReportError where there are none."""
        if not found:
            raise ReportError(self.reason, self.position) from None
        return Damage(self.reason, self.position)


def libxml2_version() -> str:
    """The version of the libxml2 that reads here, which is not that of lxml."""
    return ".".join(str(number) for number in etree.LIBXML_VERSION)


def xml_elements(stream: BinaryIO, *names: str) -> Iterator[XmlElement]:
    """Yield every element of these local names, in any namespace, once its end tag was read.

    The elements around it are open but have their attributes, so `getparent()` and
    `iterancestors()` tell where it stands. It is freed some time after the next one was asked
    for: name the containers too, or they add up, but never an element's parts, which would be
    freed before it.

    XmlDamage is raised where the document breaks, after all whole elements before that place
    were yielded. Characters that XML forbids (the colours of a terminal, NUL) are replaced, and
    XmlDamage then says so at the end, after everything was yielded.
    """
    tags = tuple(f"{{*}}{name}" for name in names)
    head = _head(stream)
    mend = _Mend(head)
    chunk = mend(head)
    _judge_prologue(chunk)
    parser = _pull_parser("end", tags, head)
    while chunk:
        damage = _feed(parser, chunk)
        element = None
        for _, element in parser.read_events():
            yield element
        if damage is not None:
            raise damage
        if element is not None:
            _free_before(element, tags)
        chunk = mend(stream.read(CHUNK))
    damage = _close(parser) or mend.damage()
    if damage is not None:
        raise damage


def declared_count(text: str | None) -> int | None:
    """A count that an attribute declares; None where there is none, or none that could be one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _head(stream: BinaryIO) -> bytes:
    """The first 64 kB, or all there is, from a stream that may answer in small pieces."""
    head = b""
    while len(head) < HEAD and (piece := stream.read(HEAD - len(head))):
        head += piece
    return head


def _pull_parser(event: str, tags: tuple[str, ...] | None, head: bytes) -> XmlParser:
    options = HARDENED | {"events": (event,), "tag": tags, "encoding": _encoding_override(head)}
    return etree.XMLPullParser(**options)


def _encoding_override(head: bytes) -> str | None:
    """UTF-8 for a file that says UTF-16 and is not: .NET writers put that into strings."""
    declared = _DECLARED.match(head)
    if declared and declared[1].lower().startswith((b"utf-16", b"utf16", b"ucs-2")):
        return "utf-8"
    return None


def _judge_prologue(head: bytes) -> None:
    """Refuse what stands before the root element, before anything after it is built."""
    if not head.strip():
        raise XmlDamage("the file is empty")
    parser = _pull_parser("start", None, head)
    for start in range(0, len(head), STEP):
        damage = _feed(parser, head[start : start + STEP])
        for _, root in parser.read_events():
            _judge_doctype(root)
            return
        if damage is not None:
            raise damage
    if len(head) < HEAD:
        raise _close(parser) or XmlDamage("no XML element was found")
    raise XmlDamage("no XML element begins in the first 64 kB")


def _judge_doctype(root: XmlElement) -> None:
    """Accept `<!DOCTYPE name>` and nothing more.

    Declared entities and default attributes multiply text, external ones reach for files and
    the network, and a reference to one that was not fetched would vanish without a trace.
    """
    tree = root.getroottree()
    docinfo: Any = tree.docinfo
    doctype: str = docinfo.doctype
    if not doctype:
        return
    if docinfo.public_id or docinfo.system_url:
        raise XmlDamage("its DOCTYPE names an external DTD, which is never fetched")
    # A DOCTYPE is printed back in its short form only where it declares nothing.
    if not etree.tostring(tree, encoding="unicode").startswith(doctype):
        raise XmlDamage("its DOCTYPE declares entities or attributes of its own")


def _feed(parser: XmlParser, chunk: bytes) -> XmlDamage | None:
    """Parse one piece; the damage that was met in it, if any.

    lxml keeps silent about an undeclared entity where entities are not to be resolved, and would
    take the next piece for a new document: the log tells.
    """
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        return _in_words(error.msg or "", *error.position)
    for entry in parser.feed_error_log:
        if entry.level >= etree.ErrorLevels.FATAL:
            return _in_words(entry.message, entry.line, entry.column)
    return None


def _close(parser: XmlParser) -> XmlDamage | None:
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        return _in_words(error.msg or "", *error.position)
    return None


PLAIN_WORDS = (
    ("Excessive depth", "elements are nested more than 256 deep"),
    ("XML_PARSE_HUGE", "one text, attribute or name is larger than 10 MB"),
    ("Document is empty", "there is no XML element"),
    ("Start tag expected", "this is not XML"),
    ("invalid Char", "it holds a character that XML forbids"),
    ("invalid xmlChar", "it refers to a character that XML forbids"),
    ("Invalid bytes", "its bytes are not text in the encoding it declares"),
    ("not proper UTF-8", "its bytes are not text in the encoding it declares"),
    ("Unsupported encoding", "it declares an encoding that nobody knows"),
    ("Extra content at the end", "something follows the end of the document"),
    ("Invalid character", "it holds a character that XML forbids"),
    ("Unregistered error", "it is not well-formed XML"),
    ("no element found", "there is no XML element"),
    ("Premature end", "the file ends in the middle of an element"),
)


def _in_words(said: str, line: int, column: int) -> XmlDamage:
    position = f"line {line}, column {column}" if line else ""
    for mark, words in PLAIN_WORDS:
        if mark in said:
            return XmlDamage(words, position)
    said = re.sub(r",? line \d+(, column \d+)?", "", said.strip().split("\n")[0])
    return XmlDamage(said or "it is not well-formed XML", position)


def _free_before(last: XmlElement, tags: tuple[str, ...]) -> None:
    """Drop the yielded children of every element that is still open, all but its last child.

    What was yielded inside others goes with them. libxml2 may still be writing the text after a
    last child; taking that away under its hands is what lxml warns of.
    """
    for parent in last.iterancestors():
        done = list(parent.iterchildren(*tags))
        if done and done[-1].getnext() is None:
            done.pop()
        if done:
            _drop(parent, done)


def _drop(parent: XmlElement, done: list[XmlElement]) -> None:
    first, last = parent.index(done[0]), parent.index(done[-1])
    if last - first + 1 == len(done):
        del parent[first : last + 1]
        return
    for child in done:
        parent.remove(child)


_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
# In these a byte below 0x20 is that control character, wherever it stands.
_ONE_BYTE_CONTROLS = re.compile(rb"utf-?8|(us-)?ascii|iso-?8859-\d+|latin-?\d+|windows-125\d", re.I)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
# The ones that are looked for; a chunk without them costs next to nothing. Where only another one
# occurs, the report is damaged from there on.
_USUAL_CONTROLS = (b"\x1b", b"\0", b"\b", b"\a", b"\f", b"\v", b"\x1a")
_REPLACE_CONTROLS = bytes.maketrans(_CONTROLS, b"?" * len(_CONTROLS))


class _Mend:
    """Replaces the control characters that logs bring into XML, and counts them.

    Without this a single ESC in one trace would cost every result after it. The count becomes a
    damage mark, since the text is no longer what was written. References such as `&#27;` are left
    to break the document: in CDATA they are plain text, and telling that takes a parser.
    """

    def __init__(self, head: bytes) -> None:
        declared = _DECLARED.match(head)
        wide = b"\0" in head[:4] or head[:2] in (b"\xff\xfe", b"\xfe\xff")
        known = declared is None or _ONE_BYTE_CONTROLS.fullmatch(declared[1])
        self.applies = bool(known) and not wide
        self.replaced = 0

    def __call__(self, chunk: bytes) -> bytes:
        if not self.applies or not any(control in chunk for control in _USUAL_CONTROLS):
            return chunk
        self.replaced += len(chunk) - len(chunk.translate(None, _CONTROLS))
        return chunk.translate(_REPLACE_CONTROLS)

    def damage(self) -> XmlDamage | None:
        if not self.replaced:
            return None
        return XmlDamage(
            f"{self.replaced} control characters that XML forbids were replaced by '?'"
        )
