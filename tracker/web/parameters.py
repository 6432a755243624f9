"""Reading parameters of requests: each with its range, unknown ones refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from tracker.errors import UsageError
from tracker.intake.facts import check_line, facets_of
from tracker.store.identity import id_of

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off", ""})
MAX_NUMBER = 2**63 - 1
Args = MultiDict[str, str]


def refuse_unknown(args: Args, known: Collection[str]) -> None:
    """UsageError for a parameter that means nothing here: it is likely misspelt."""
    unknown = sorted(set(args) - set(known))
    if unknown:
        raise UsageError(
            f"The parameter {unknown[0][:60]!r} is not known here.",
            f"There are {', '.join(sorted(known))}." if known else "There are none: leave it out.",
        )


def number(args: Args, name: str, most: int = MAX_NUMBER) -> int:
    """A whole number from 1 to `most`, by default the largest that the database can hold."""
    text = args.get(name, "")
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 1 <= int(text) <= most:
        raise UsageError(
            f"The parameter {name}={text[:40]!r} is not a number from 1 to {most}."
            if text
            else f"The parameter {name} is missing.",
            f"Add {name}=12, for example.",
        )
    return int(text)


def is_digits(text: str) -> bool:
    """Whether a text is made of the digits 0 to 9, and of those of no other script."""
    return text.isascii() and text.isdecimal()


def numbers(args: Args, name: str) -> list[int]:
    """Whole numbers of 1 or more, with commas or blanks between them."""
    words = re.split(r"[,\s]+", args.get(name, "").strip())
    return [number(MultiDict([(name, word)]), name) for word in words]


def keys(args: Args, name: str) -> list[int]:
    """Ids as pages spell them, 16 hexadecimal digits each; the parameter may be repeated."""
    found = {text: id_of(text) for text in args.getlist(name)}
    wrong = [text for text, value in found.items() if value is None]
    if wrong:
        raise UsageError(
            f"The parameter {name}={wrong[0][:40]!r} is not a key of 16 hexadecimal digits.",
            "Take it from the page.",
        )
    return [value for value in found.values() if value is not None]


def positive(args: Args, name: str) -> float:
    """A number above 0, such as 0.5."""
    text = args.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not float(text):
        raise UsageError(
            f"The parameter {name}={text[:40]!r} is not a number above 0.", f"Add {name}=0.5."
        )
    return float(text)


def flag(args: Args, name: str) -> bool:
    """true or false; missing is false."""
    text = args.get(name, "").lower()
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise UsageError(f"The parameter {name}={text[:40]!r} is neither true nor false.")


def moment(args: Args, name: str) -> int | None:
    """A time in ms since 1970 UTC, from RFC 3339 (`Z` where no zone is told) or a number."""
    text = args.get(name, "").strip()
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,15}", text):
        value = int(text)
        return value if value >= 100_000_000_000 else value * 1000
    try:
        when = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise UsageError(
            f"The parameter {name}={text[:40]!r} is not a time.", "Write 2026-11-24T02:15:00Z."
        ) from error
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return int(when.timestamp() * 1000)


def facets(args: Args, name: str) -> list[tuple[str, str]]:
    """Facets as `platform:linux`, any number of them."""
    return facets_of(args.getlist(name))


def text(args: Args, name: str) -> str:
    """A line of text; control characters are refused."""
    return check_line(f"the parameter {name}", args.get(name, "").strip())
