"""Likeness: the evidence that two signatures have one cause, as log odds.

A sum as in naive Bayes: exception type, masked message, product frames, class, names, each with a
weight of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from tracker.verdicts.signatures import Signature, area_and_name, name_words

# Log odds that two failures first seen in one build have one cause, by what they have in common.
# Set by hand where the order of size is plain and checked against Defects4J; not fitted finely,
# for a few hundred bugs do not bear it.
BIAS = -3.3  # nothing known
_SAME_ASSERTION = 0.4
_SAME_EXCEPTION = 0.8
_OTHER_TYPE = -0.8
_SAME_MESSAGE = 2.5  # one that tells something
_LIKE_MESSAGE = 2.0  # times the share of words in common
_OTHER_MESSAGE = -0.6
_SAME_VAGUE_MESSAGE = 0.7  # "expected {number} but was {number}", or nothing at all
_SAME_TOP = 2.2  # the innermost product frame
_SAME_OWNER = 0.8  # only its class or file
_LIKE_FRAMES = 1.6  # times the share of frames in common
_OTHER_FRAMES = -0.8
_ONE_WITHOUT_FRAMES = -0.3
_SAME_CLASS = 2.4
_LIKE_CLASS = 1.8  # times the share of words in common
_SAME_PACKAGE = 0.5
_SAME_SUBJECT = 1.6  # one's test class is named after the class the other failed in
_LIKE_NAME = 3.0  # times the share of words in common
_SAME_HELPER = 1.2

_TELLING = re.compile(r"[\w$]{2,}|\{\w+\}")
_VAGUE = frozenset(
    (
        *("expected", "but", "was", "were", "is", "be", "to", "the", "a", "an", "of", "and", "or"),
        *("in", "not", "for", "at", "with", "on", "got", "actual", "than", "that", "result"),
        *("value", "should", "true", "false", "null", "none", "nil", "nan", "infinity", "error"),
        *("exception", "undefined"),
    )
)


class Node:
    """Signatures that count as one, taken apart for comparing, with all the classes they are of.

    `seen` is the place in history of the build that first had them.
    """

    __slots__ = (
        "area", "class_words", "classes", "frames", "helpers", "ids", "message", "owner",
        "seen", "subjects", "telling", "top", "type", "words",
    )  # fmt: skip

    def __init__(self, group: Sequence[Signature], seen: int) -> None:
        first = group[0]
        self.ids = frozenset(each.id for each in group)
        self.seen = seen
        self.type, self.message = first.type, first.message
        self.telling = telling_words(first.message)
        self.frames = frozenset(first.frames)
        self.top = first.frames[0] if first.frames else ""
        self.owner = self.top.rpartition(".")[0]
        self.helpers = frozenset(first.helpers)
        self.words = frozenset(first.words)
        self.classes = frozenset(each.place for each in group)
        self.area, name = area_and_name(first.place)
        self.class_words = frozenset(name_words(name))
        self.subjects = {
            frozenset(name_words(area_and_name(_owner(each))[1])) for each in first.frames[:4]
        }


def telling_words(message: str) -> frozenset[str]:
    """The words of a masked message that not every other message has, too."""
    words = (word.lower() for word in _TELLING.findall(message))
    return frozenset(word for word in words if word[0] != "{" and word not in _VAGUE)


def _owner(frame: str) -> str:
    return frame.rpartition(".")[0].partition("$")[0]


def evidence(a: Node, b: Node) -> float:
    """The log odds that what two have in common, and what not, adds to `BIAS`."""
    return _of_type(a, b) + _of_message(a, b) + _of_frames(a, b) + _of_place(a, b)


def _of_type(a: Node, b: Node) -> float:
    if a.type != b.type:
        return _OTHER_TYPE
    return _SAME_ASSERTION if a.type == "assertion" else _SAME_EXCEPTION


def _of_message(a: Node, b: Node) -> float:
    if a.telling and b.telling:
        if a.message == b.message:
            return _SAME_MESSAGE
        return _LIKE_MESSAGE * _shared(a.telling, b.telling) or _OTHER_MESSAGE
    return _SAME_VAGUE_MESSAGE if a.message == b.message else 0.0


def _of_frames(a: Node, b: Node) -> float:
    helped = _SAME_HELPER if not a.helpers.isdisjoint(b.helpers) else 0.0
    if not a.frames or not b.frames:
        return helped + (_ONE_WITHOUT_FRAMES if a.frames or b.frames else 0.0)
    common = len(a.frames & b.frames) / min(len(a.frames), len(b.frames))
    if a.top == b.top:
        return helped + _SAME_TOP + _LIKE_FRAMES * common
    if a.owner == b.owner:
        return helped + _SAME_OWNER + _LIKE_FRAMES * common
    return helped + (_LIKE_FRAMES * common or _OTHER_FRAMES)


def _of_place(a: Node, b: Node) -> float:
    named = _LIKE_NAME * _shared(a.words, b.words)
    if a.class_words in b.subjects or b.class_words in a.subjects:
        named += _SAME_SUBJECT
    if not a.classes.isdisjoint(b.classes):
        return named + _SAME_CLASS
    like = _LIKE_CLASS * _shared(a.class_words, b.class_words)
    return named + like + (_SAME_PACKAGE if a.area == b.area else 0.0)


def _shared(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard's index: the common part of all."""
    if not a or not b:
        return 0.0
    common = len(a & b)
    return common / (len(a) + len(b) - common)


def apart_in_time(builds: int) -> float:
    """What it costs that two were first seen this many builds apart."""
    return min(3.0, 1.0 + 0.5 * math.log2(builds)) if builds else 0.0
