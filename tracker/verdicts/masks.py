"""What changes from run to run in a text, replaced by words in braces: like texts become equal.

Numbers, dates, times, durations, addresses, ids, directories and temporary names. Every pattern
reads a text once: repeated parts are bounded or possessive, so a hostile text costs no more time
than a friendly one of its length.
"""

from __future__ import annotations

import re

# Past this a message says nothing new; a diff of two whole documents need not be read.
LONGEST = 4_000

_DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d++)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d++)?)?"
_UNIT = (
    "(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?"
    "|nanoseconds?|microseconds?|milliseconds?|millis)"
)

# In this order at every place of a text; the last takes every digit that is left, so that what
# needs a digit finds nothing the second time.
_PATTERNS = (
    ("uuid", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    (
        "date",
        rf"(?<!\d){_DATE}(?!\d)|\b{_DAY},? (?:{_MONTH} \d\d?|\d\d? {_MONTH})"
        rf"(?: \d{{4}})?(?: {_CLOCK})?(?: [A-Z]{{2,5}}\b)?(?: \d{{4}})?"
        rf"|(?<![\d/])\d{{1,2}}/\d{{1,2}}/\d{{4}}(?!\d)",
    ),
    ("address", r"\b0[xX][0-9a-fA-F]++|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d++)?(?![\d.])"),
    ("time", rf"(?<![\d:]){_CLOCK}(?:Z|[+-]\d\d:?\d\d)?(?![\d:])"),
    (
        "address",
        r"(?<![\w:])(?=[a-fA-F:]{0,20}\d)(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])",
    ),
    ("host", r"(?<=://)[\w.-]++(?::\d++)?"),
    ("value", r"(?<=[?&])[\w.-]++=[^&\s\"'<>#]*+"),
    ("path", r"(?<![\w}/\\.:])(?:[A-Za-z]:)?[/\\](?:[\w.+@~-]++[/\\])++"),
    ("id", r"(?<=@)(?=[a-f]*+\d)[0-9a-f]{4,16}\b"),
    ("hex", r"\b(?=[a-fA-F]*+\d)(?=\d*+[a-fA-F])[0-9a-fA-F]{7,}+\b"),
    ("id", r"\b(?=[A-Za-z0-9]{16,}+\b)(?:[A-Za-z]*+\d++){3,}+[A-Za-z]*+\b"),
    ("temp", r"\btmp(?=[a-z_]{0,8}\d)\w{6,12}\b"),
    ("duration", rf"(?<![\w.])\d++(?:[.,]\d++)?\s?{_UNIT}\b"),
    ("number", r"(?:(?<![\w)\]}])[+-])?\d++(?:[.,]\d++)*(?:[eE][+-]?\d++)?"),
)
_ANY = re.compile("|".join(f"(?P<g{place}>{text})" for place, (_, text) in enumerate(_PATTERNS)))
_NAMES = {f"g{place}": name for place, (name, _) in enumerate(_PATTERNS)}
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")


def masked(text: str) -> str:
    """The text on one line without what changes from run to run; at most LONGEST characters.

    `retry 3 of 10.0.0.7:8080 after 1.5 s` is `retry {number} of {address} after {duration}`.
    Masking a masked text changes nothing.
    """
    line = _SPACE.sub(" ", text[:LONGEST]).strip()
    return _ANY.sub(_token, line)[:LONGEST].rstrip()


def _token(found: re.Match[str]) -> str:
    name = _NAMES[found.lastgroup or ""]
    if name == "path":  # the file's own name stays: it is what the message is about
        return "{path}/"
    if name == "value":
        return _DIGITS.sub("{number}", found[0].partition("=")[0]) + "={value}"
    return "{" + name + "}"
