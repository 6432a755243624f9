"""The log: one event is one line, JSON for machines or text on a terminal, and never a secret.

Whatever comes from outside may stand in an event: a job's name, a path, the text of an error. Its
control characters are spelt out, so that no line can be made up, and secrets are masked. Bodies are
never logged.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import msgspec

from tracker.masking import mask

Format = Literal["auto", "json", "text"]

# The longest text of one event; a report may have names of any length.
LONGEST = 4000

_NOTHING: Mapping[str, object] = {}
_about: ContextVar[Mapping[str, object]] = ContextVar("about", default=_NOTHING)

# Besides C0, DEL and C1: what separates lines or turns the direction of text.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

# What would end a field of a line of text.
_APART = re.compile(r'[\s"=]')


def configure(form: Format = "auto", stream: TextIO | None = None) -> logging.Handler:
    """Have this process log to `stream` (standard error); `auto` is text on a terminal, else JSON.

    Answers the handler. A second call takes the place of the first.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter(form, stream or sys.stderr))
    root = logging.getLogger()
    for old in [each for each in root.handlers if getattr(each, "is_ours", False)]:
        root.removeHandler(old)
    handler.is_ours = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler


def formatter(form: Format, stream: TextIO) -> logging.Formatter:
    """The formatter for what is written to `stream`."""
    is_text = form == "text" or (form == "auto" and stream.isatty())
    return TextLines() if is_text else JsonLines()


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Say of all events inside what they are about: `request_id`, `job`, `build`; not of others."""
    before = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(before)


def only_about(**fields: object) -> None:
    """From now on all events of this thread are about this, and no more about what they were."""
    _about.set(fields)


def also_about(**fields: object) -> None:
    """From now on all events of this thread are about this, too."""
    _about.set({**_about.get(), **fields})


class JsonLines(logging.Formatter):
    """A JSON object a line: ts, level, event, logger, then what the event is about, then `error`.

    `ts` is RFC 3339 in UTC, `duration_ms` a number of milliseconds.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One event as one line."""
        line = {
            "ts": _moment(record, "milliseconds"),
            "level": record.levelname.lower(),
            "event": clean(record.getMessage()),
            "logger": record.name,
            **{name: _value(value) for name, value in _fields(record).items()},
        }
        if record.exc_info:
            line["error"] = [clean(each) for each in self._trace(record)]
        return msgspec.json.encode(line).decode()

    def _trace(self, record: logging.LogRecord) -> list[str]:
        return self.formatException(record.exc_info).split("\n") if record.exc_info else []


class TextLines(JsonLines):
    """A readable line; the lines of a traceback follow it, each behind a bar."""

    def format(self, record: logging.LogRecord) -> str:
        """One event as one line, and its traceback."""
        fields = " ".join(f"{name}={_word(value)}" for name, value in _fields(record).items())
        head = f"{_moment(record, 'seconds')} {record.levelname.lower():<7}"
        line = f"{head} {clean(record.getMessage())}  {fields}".rstrip()
        return "\n".join([line, *(f"    | {clean(each)}" for each in self._trace(record))])


class MessageLines(logging.Formatter):
    """The message alone, for a file whose form others know, such as that of an access log."""

    def format(self, record: logging.LogRecord) -> str:
        """One event as one line."""
        return clean(record.getMessage())


def clean(value: object) -> str:
    """Text for a line: secrets masked, control characters spelt out, of bounded length."""
    whole = str(value)
    text = mask(whole[: 2 * LONGEST])  # a secret that the end goes through is whole there
    if len(whole) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(whole)} characters)"
    return _CONTROL.sub(_spelt_out, text)


def _spelt_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _word(value: object) -> str:
    """A value that no other field can stand in: with blanks, it is in quotes."""
    text = clean(value)
    if not _APART.search(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _value(value: object) -> Any:
    """A number stays one; everything else is text."""
    return value if isinstance(value, int | float | bool) or value is None else clean(value)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What an event is about: of all around it, and by `extra={"about": {…}}` of it alone."""
    own = getattr(record, "about", {})
    return {
        name: value for name, value in {**_about.get(), **own}.items() if value not in ("", None)
    }


def _moment(record: logging.LogRecord, precision: str) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
