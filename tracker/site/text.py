"""How values are shown: filters of the templates."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

from markupsafe import Markup, escape

# Characters that change how others are shown, or show nothing: people must see them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text with control, bidi and zero-width characters spelt out."""
    if text.isascii() and text.isprintable():  # as most are; a page asks this a thousand times
        return text
    lines = text.replace("\r\n", "\n")
    return _INVISIBLE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", lines)


def brief(text: str, limit: int = 240) -> str:
    """The first lines of a message, for lists: where it was cut it ends in `…`."""
    lines = [line.strip() for line in text[: 4 * limit].splitlines() if line.strip()]
    shown = "\n".join(lines[:3])
    whole = len(lines) <= 3 and len(text) <= 4 * limit and len(shown) <= limit
    return shown if whole else shown[:limit].rstrip() + " …"


def prose(text: str) -> Markup:
    """A message of ours: what stands between backticks is shown as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(visible(text)))))  # noqa: S704


def placed(x: float, y: float, width: float, height: float) -> Markup:
    """The attributes of a rectangle: numbers alone, which need no escaping."""
    return Markup(f'x="{x}" y="{y}" width="{width}" height="{height}"')  # noqa: S704


def shell(text: str) -> str:
    """The text as one word of a command that can be pasted."""
    return shlex.quote(text)


def number(value: int) -> str:
    """A count with its thousands apart."""
    return f"{value:,}".replace(",", " ")


def count(value: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 test`, `2 tests`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Seconds as people say them."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def moment(when: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if when else "–"


def iso(when: datetime | None) -> str:
    """A time for machines."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""


def web_address(text: str) -> str | None:
    """The address, if it is one that a link may lead to; None for anything else."""
    return text if re.fullmatch(r"https?://[^\s<>\"]+", text) else None


def share(part: int, whole: int) -> str:
    """A part of a whole in per cent, never 100 % while something is missing."""
    if not whole:
        return "–"
    per_cent = 100 * part / whole
    if part < whole and per_cent > 99.9:
        return "99.9 %"
    return f"{per_cent:.1f} %" if per_cent % 1 and part else f"{per_cent:.0f} %"
