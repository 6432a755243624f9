"""Names of tests and paths of suites: their words, how alike two are, and what was replaced."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_PART = re.compile(r"[^./\\:>›\s]+[./\\:>›\s]*")
_PARAMETERS = re.compile(r"^([^\[(]+)([\[(].*)$", re.S)
# What frameworks ask a name to begin with tells no test from another.
_EMPTY_WORDS = frozenset({"test", "tests", "it", "should"})


def name_likeness(one: str, other: str) -> float:
    """How alike two names are, between 0 and 1, whatever their case, joints and parameters."""
    (base, parameters), (other_base, other_parameters) = _parted(one), _parted(other)
    found = likeness(base, other_base)
    if parameters == other_parameters:
        return found
    return 0.75 * found + 0.25 * likeness(parameters, other_parameters)


def likeness(one: str, other: str) -> float:
    """How alike two texts are, between 0 and 1: half by words, half by pairs of letters.

    Both by Dice's coefficient.
    """
    words, pairs_of_letters = _shape(one)
    other_words, other_pairs = _shape(other)
    return 0.5 * _dice(words, other_words) + 0.5 * _dice(pairs_of_letters, other_pairs)


@lru_cache(maxsize=131072)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in small letters, without those that every name begins with."""
    words = tuple(word.lower() for word in _WORD.findall(text))
    return tuple(word for word in words if word not in _EMPTY_WORDS) or words


def replaced(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, str]:
    """What of a suite's path became what, without the end that both have in common."""
    before, after = _PART.findall("/".join(old)), _PART.findall("/".join(new))
    kept = 0
    for one, other in zip(reversed(before), reversed(after), strict=False):
        if _word(one) != _word(other):
            break
        kept += 1
    kept = min(kept, len(before) - 1, len(after) - 1)
    return _text(before[: len(before) - kept]), _text(after[: len(after) - kept])


def last_part(suite: Sequence[str]) -> str:
    """The name of the innermost suite without the packages or folders it stands in."""
    parts = _PART.findall(suite[-1]) if suite else []
    return _word(parts[-1]) if parts else ""


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    size = len(one) + len(other)
    return 2 * len(one & other) / size if size else 1.0


@lru_cache(maxsize=131072)
def _shape(text: str) -> tuple[frozenset[str], frozenset[str]]:
    words = words_of(text)
    letters = f" {' '.join(words)} "
    return frozenset(words), frozenset(map("".join, itertools.pairwise(letters)))


def _parted(name: str) -> tuple[str, str]:
    """A name without its parameters, and these."""
    found = _PARAMETERS.match(name)
    return (found[1], found[2]) if found else (name, "")


def _word(part: str) -> str:
    return part.rstrip("./\\:>› ")


def _text(parts: Sequence[str]) -> str:
    return "".join(parts).rstrip("./\\:>› ")
