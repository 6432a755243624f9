"""Candidates: which of many signatures are compared at all, namely those that share a block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from tracker.verdicts.decisions import Settled
from tracker.verdicts.likeness import Node, telling_words
from tracker.verdicts.signatures import Signature

# Up to this many all are compared with all; above, only neighbours in a block.
_ALL_PAIRS = 150
_MOST_PAIRS = 500_000
_WINDOW = 12


def nodes_of(group: Iterable[Signature], seen: int, settled: Settled) -> list[Node]:
    """The signatures of one build; those alike in type, telling message and frames are one node."""
    alike: dict[tuple[object, ...], list[Signature]] = defaultdict(list)
    for each in sorted(group, key=lambda one: one.id):
        alike[_core(each, settled)].append(each)
    return [Node(each, seen) for each in alike.values()]


def _core(each: Signature, settled: Settled) -> tuple[object, ...]:
    if each.id in settled.named or not (each.frames or len(telling_words(each.message)) > 3):
        return (each.id,)
    return (each.type, each.message, each.frames, each.helpers if not each.frames else ())


def block_keys(node: Node) -> Iterator[tuple[str, object]]:
    """The blocks a node is in: only nodes that share one are compared."""
    if node.telling:
        yield "message", node.message
    if node.top:
        yield "top", node.top
        yield "owner", node.owner
    for helper in node.helpers:
        yield "helper", helper
    for place in sorted(node.classes)[:2]:
        yield "class", place
    yield "subject", node.class_words
    for subject in node.subjects:
        yield "subject", subject


def pairs(nodes: Sequence[Node]) -> Iterator[tuple[int, int]]:
    """The pairs of places worth comparing, each once."""
    if len(nodes) <= _ALL_PAIRS:
        yield from combinations(range(len(nodes)), 2)
        return
    blocks: dict[tuple[str, object], list[int]] = defaultdict(list)
    for place, node in enumerate(nodes):
        for key in set(block_keys(node)):
            blocks[key].append(place)
    entries = sum(map(len, blocks.values()))
    window = max(1, min(_WINDOW, _MOST_PAIRS // max(1, entries)))
    yielded: set[tuple[int, int]] = set()
    for block in blocks.values():
        block.sort(key=lambda place: _order(nodes[place]))
        for at, place in enumerate(block):
            for other in block[
                at + 1 : at + 1 + (len(block) if len(block) <= 2 * _WINDOW else window)
            ]:
                pair = (place, other) if place < other else (other, place)
                if pair not in yielded:
                    yielded.add(pair)
                    yield pair


def _order(node: Node) -> tuple[object, ...]:
    """Like nodes stand near each other in this order (sorted neighbourhood, Hernández 1995)."""
    return (node.message, node.top, sorted(node.words), min(node.classes), min(node.ids))
