"""Failure families: failures put together that share a cause, with ids that stay.

A failure is reduced to a *signature*. Signatures first seen in the same build are clustered by how
likely they have one cause; later ones join the family they are most like, or found a new one. A
signature never changes its family by itself, so ids stay from night to night; what people decided
holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from tracker.verdicts.candidates import nodes_of
from tracker.verdicts.clustering import clusters
from tracker.verdicts.decisions import Decision, Settled
from tracker.verdicts.likeness import Node, telling_words
from tracker.verdicts.newcomers import Index
from tracker.verdicts.signatures import Signature


def assign(
    new: Iterable[Signature],
    known: Mapping[int, Iterable[Signature]],
    first_seen: Mapping[int, int],
    decisions: Sequence[Decision] = (),
) -> dict[int, int]:
    """The family id of each new signature's id.

    `known` are the families there are: id to signatures. `first_seen` gives for every signature's
    id when the first build ran that had it: as a day, or a place in a history. Oldest first, those
    that came together, a new signature joins the family it is most like, or founds one with its
    like. Families that are known stay as they are; `decisions` are taken in the order in which they
    were made.
    """
    members = {each.id: family for family, group in known.items() for each in group}
    waiting: dict[int, dict[int, Signature]] = defaultdict(dict)
    for each in new:
        if each.id not in members:
            waiting[first_seen[each.id]][each.id] = each
    if not waiting:
        return {}
    settled = Settled(decisions)
    index = Index(settled)
    index.fill(_known_nodes(known, first_seen, settled))
    given: dict[int, int] = {}
    for seen in sorted(waiting):
        given |= _joined(nodes_of(waiting[seen].values(), seen, settled), index, settled)
    return given


def _known_nodes(
    known: Mapping[int, Iterable[Signature]], first_seen: Mapping[int, int], settled: Settled
) -> Iterator[tuple[Node, int]]:
    """The known families' nodes with their family, as they were made when each was new."""
    for family, group in known.items():
        by_build: dict[int, list[Signature]] = defaultdict(list)
        for each in group:
            by_build[first_seen.get(each.id, 0)].append(each)
        for seen, brought in by_build.items():
            for node in nodes_of(brought, seen, settled):
                yield node, family


def _joined(nodes: list[Node], index: Index, settled: Settled) -> dict[int, int]:
    """The families of one build's nodes, which are added to the index."""
    homes: list[tuple[Node, int]] = []
    alone: list[Node] = []
    groups: dict[frozenset[int], list[Node]] = defaultdict(list)
    for node in nodes:
        groups[settled.held.get(min(node.ids), node.ids)].append(node)
    for group in groups.values():
        home = index.home(group)
        if home is None:
            alone.extend(group)
        else:
            homes.extend((node, home) for node in group)
            index.sides[home] |= settled.of(one for node in group for one in node.ids)
    taken = index.families
    for cluster in clusters(alone, settled):
        family = _unused(sorted(one for node in cluster for one in node.ids), taken)
        taken.add(family)
        homes.extend((node, family) for node in cluster)
    index.fill(homes)
    return {one: family for node, family in homes for one in node.ids}


def recluster(
    signatures: Iterable[Signature],
    first_seen: Mapping[int, int],
    decisions: Sequence[Decision] = (),
    before: Mapping[int, Iterable[int]] | None = None,
) -> dict[int, int]:
    """The family id of every signature's id, all made anew.

    For a new ALGORITHM or after a back-fill. `before` are the families until now: id to the ids
    (of today's signatures) of their failures; each new family takes over the id of the one it
    shares most with. Replaying the nights with `assign` gives the same families.
    """
    fresh = assign(signatures, {}, first_seen, decisions)
    groups: dict[int, set[int]] = defaultdict(set)
    for each, family in fresh.items():
        groups[family].add(each)
    ids = _carried(groups, {family: frozenset(old) for family, old in (before or {}).items()})
    return {each: ids[family] for each, family in sorted(fresh.items())}


def _carried(
    groups: Mapping[int, set[int]], before: Mapping[int, frozenset[int]]
) -> dict[int, int]:
    """For each new family the old id it takes over, largest overlap first, or an unused one."""
    homes: dict[int, list[int]] = defaultdict(list)
    for family, failures in before.items():
        for one in failures:
            homes[one].append(family)
    overlap = Counter(
        (old, new) for new, group in groups.items() for one in group for old in homes.get(one, ())
    )
    ids: dict[int, int] = {}
    used: set[int] = set()
    for (old, new), _ in sorted(overlap.items(), key=lambda item: (-item[1], item[0])):
        if new not in ids and old not in used:
            ids[new] = old
            used.add(old)
    taken = set(before)
    for new in sorted(set(groups) - set(ids)):
        ids[new] = _unused((new, *sorted(groups[new])), taken)
        taken.add(ids[new])
    return ids


def decided(decision: Decision, families: Mapping[int, Iterable[int]]) -> dict[int, int]:
    """What a decision changes at once: signature ids with their new family's id.

    `families` are the ids of the signatures of each family. Merged families take the smallest id
    of those that hold the left; a split-off right gets an id of its own.
    """
    groups = {family: frozenset(group) for family, group in families.items()}
    if decision.together:
        both = decision.left | decision.right
        touched = sorted(
            (family for family, group in groups.items() if group & both),
            key=lambda family: (not groups[family] & decision.left, family),
        )
        return {one: touched[0] for family in touched[1:] for one in groups[family]}
    changed: dict[int, int] = {}
    taken = set(groups)
    for _, group in sorted(groups.items()):
        leaving = sorted(group & (decision.right - decision.left))
        if leaving and group & decision.left:
            fresh = _unused(leaving, taken)
            taken.add(fresh)
            changed |= dict.fromkeys(leaving, fresh)
    return changed


def _unused(ids: Sequence[int], taken: Container[int]) -> int:
    """The first id that no other family has: a family is called after a founding signature."""
    for each in ids:
        if each not in taken:
            return each
    candidate = ids[0]
    while candidate in taken:
        candidate = (candidate + 1) % 2**63
    return candidate


def title(signatures: Iterable[Signature]) -> str:
    """What to call a family until somebody names it: where it fails, or what it says."""
    group = sorted(signatures, key=lambda each: each.id)
    kind = _most([each.type for each in group])[0] or "failure"
    if tops := [each.frames[0] for each in group if each.frames]:
        return f"{kind} in {_most(tops)[0]}"
    if messages := [each.message for each in group if telling_words(each.message)]:
        return f"{kind}: {_most(messages)[0]}"
    return f"{kind} in {_most([each.place for each in group])[0]}"


def reason(signatures: Iterable[Signature]) -> str:
    """In one sentence what the signatures of a family have in common, with its denominators."""
    group = sorted(signatures, key=lambda each: each.id)
    said = [
        (_most(texts), what)
        for what, texts in (
            ("{}", [each.type for each in group if each.type]),
            ("innermost product frame {}", [each.frames[0] for each in group if each.frames]),
            ("the same message", _told(group)),
            ("{}", [each.place for each in group if each.place]),
        )
        if texts
    ]
    parts = [f"{what.format(text)} in {count:,} of {len(group):,}" for (text, count), what in said]
    if not parts:
        return "Nothing is told of its failures."
    parts[0] += " signature" if len(group) == 1 else " signatures"
    return "; ".join(parts) + "."


def _told(group: Sequence[Signature]) -> list[str]:
    """Messages that tell something; of a single signature the title has its own already."""
    return [each.message for each in group if len(group) > 1 and telling_words(each.message)]


def _most(texts: Sequence[str]) -> tuple[str, int]:
    """The commonest text and how often; of equals the first in order."""
    return min(Counter(texts).items(), key=lambda item: (-item[1], item[0]))
