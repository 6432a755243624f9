"""Signatures: a failure without all that changes from run to run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.verdicts.frames import Frame, frames, readable, sorted_out
from tracker.verdicts.masks import masked

# Raised when a signature or a decision would come out otherwise; stored with each signature.
ALGORITHM = "1"

_LONGEST_MESSAGE = 160  # what follows is the same for all of a kind: trees, lists, hints
_MOST_FRAMES = 10
_MOST_HELPERS = 4


@dataclass(frozen=True)
class Signature:
    """What stays of a failure when all that changes from run to run is taken away.

    `id` is a 63-bit hash of the rest. `type` is the exception's short name, or "assertion";
    `frames` are the product's, innermost first; `helpers` are the tests' own frames but the test
    itself; `place` is the suites joined by " > "; `words` are those of the case's name, kept only
    where no product frame tells more.
    """

    id: int
    algorithm: str
    type: str
    message: str
    frames: tuple[str, ...]
    helpers: tuple[str, ...]
    place: str
    words: tuple[str, ...]


_ASSERTION = re.compile(r"assert|comparisonfailure|expectation|^failed$|^failure$", re.I)
_TYPED = re.compile(
    r"^((?:[A-Za-z_$][\w$]*(?:\.|::))*[A-Z][\w$]*(?:Error|Exception|Failure))(?::\s*|$)"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAMELESS = frozenset(("test", "tests", "case", "should", "when", "spec", "it"))


def signature(
    type: str,
    message: str,
    trace: str,
    suite: Sequence[str],
    name: str,
    own_prefixes: Sequence[str] = (),
) -> Signature:
    """The signature of a failure of the case `name` in `suite` (outermost first)."""
    type, message = _type_and_message(type.strip(), message.strip(), trace)
    found = sorted_out(frames(trace), suite, own_prefixes)
    product = tuple(readable(found.product))[:_MOST_FRAMES]
    bare = re.split(r"[\[(]", name, maxsplit=1)[0]
    helpers = tuple(readable([x for x in found.tests if not _is_the_test(x, suite, bare)]))
    words = () if product else tuple(dict.fromkeys(name_words(bare)))
    return _signed(
        _short(type),
        masked(message)[:_LONGEST_MESSAGE],
        product,
        helpers[:_MOST_HELPERS],
        " > ".join(suite),
        words,
    )


def _signed(
    type: str,
    message: str,
    product: tuple[str, ...],
    helpers: tuple[str, ...],
    place: str,
    words: tuple[str, ...],
) -> Signature:
    parts = (ALGORITHM, type, message, product, helpers, place, words)
    digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).digest()
    return Signature(int.from_bytes(digest) >> 1, *parts)


def _is_the_test(frame: Frame, suite: Sequence[str], name: str) -> bool:
    """Whether this is the test's own function; one it inherits from a base class is not."""
    own = area_and_name(frame.owner.partition("$")[0])[1]
    return frame.function == name and own in re.split(r"[./:]+", ".".join(suite))


def _type_and_message(type: str, message: str, trace: str) -> tuple[str, str]:
    """Both, found in each other or in the trace's first line where a report left one out."""
    if not message and trace and not trace[:1].isspace():
        first = trace.split("\n", 1)[0].strip()
        message = first if _TYPED.match(first) else ""
    if found := _TYPED.match(message):
        type, message = type or found[1], message[found.end() :]
    return type, message


def _short(type: str) -> str:
    name = re.split(r"::|[.$\\]", type)[-1]
    return "assertion" if _ASSERTION.search(name) else name


def name_words(name: str) -> Iterator[str]:
    """The words of a name in camel or snake case, without digits and what every test is called."""
    for word in _WORD.findall(name):
        if (small := word.lower()) not in _NAMELESS:
            yield small


def area_and_name(place: str) -> tuple[str, str]:
    """The package or the outer suites of a place, and its own name."""
    for between in (" > ", ".", "/", "::"):
        if between in place:
            area, _, name = place.rpartition(between)
            return area, name
    return "", place
