"""Failure families from an export: their signatures, names, and what people decided of them.

Signatures are the same wherever a failure is recorded, the numbers of families are not: a family
that is told of is the one here that has its signatures, else a new one. New ones are made in the
order of their numbers there, so that in an empty tracker they have the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tracker.store import decisions
from tracker.store.connection import writing
from tracker.store.family_rows import as_json, next_version, tell
from tracker.store.revisions import raise_revision
from tracker.store.sightings import write_signatures
from tracker.store.sql import IN, listed, run, run_many
from tracker.store.work import ask_publishing
from tracker.verdicts.signatures import Signature

BY = "import"


@dataclass(frozen=True)
class ToldFamily:
    """A family as it is there; `merged_into` is the number there of the one that it leads to."""

    id: int
    name: str
    title: str
    reason: str
    merged_into: int | None


@dataclass(frozen=True)
class ToldSignature:
    """A signature, the number there of its family, and when it was seen first (ms)."""

    signature: Signature
    family: int
    first: int


@dataclass(frozen=True)
class ToldDecision:
    """What people decided there, about the families of these numbers there, at a time (ms)."""

    kind: str
    family: int
    other: int | None
    these: tuple[int, ...]
    those: tuple[int, ...]
    name: str
    at: int


def put_families(
    told: Sequence[ToldFamily],
    signatures: Sequence[ToldSignature],
    decisions: Sequence[ToldDecision],
    *,
    now: int,
) -> int:
    """Take them over; how many families and decisions were not here before.

    A signature that is here stays in its family until a decision moves it. ValueError for a
    signature or a decision of a family that nothing tells of.
    """
    with writing():
        here = _here(each.signature.id for each in signatures)
        homes, made = _homes(told, signatures, here)
        # Until a build here has them they were last seen never, and are shown nowhere.
        write_signatures(
            (each.signature, homes[each.family], each.first, 0)
            for each in signatures
            if each.signature.id not in here
        )
        _lead(told, homes, made)
        untitled = {each.id for each in told if not each.title} & {
            each.family for each in signatures
        }
        tell({homes[each] for each in untitled & made})
        fresh = [each for each in decisions if each.family in homes and _put(each, homes)]
        names = {each.id: each.name for each in told}
        there = {each.signature.id: each.family for each in signatures}
        for each in fresh:
            if each.kind == "name":
                _name(homes[each.family], names[each.family])
            elif _holds(each, there):
                _carry_out(each, now)
        if made or fresh:
            next_version()
            raise_revision()
            ask_publishing(now=now)
    return len(made) + len(fresh)


def _here(ids: Iterable[int]) -> dict[int, int]:
    """The family here of each signature that is here."""
    rows = run(
        f"SELECT id, family_id FROM signature WHERE id IN {IN}",
        listed(ids),
    )
    return dict(rows)


def _homes(
    told: Sequence[ToldFamily], signatures: Sequence[ToldSignature], here: Mapping[int, int]
) -> tuple[dict[int, int], set[int]]:
    """For the number there the number here, and those there of which the family is new here."""
    members: dict[int, list[int]] = {each.id: [] for each in told}
    for each in signatures:
        if each.family not in members:
            raise ValueError(f"nothing tells of family {each.family}")
        members[each.family].append(each.signature.id)
    homes: dict[int, int] = {}
    for family, group in members.items():
        if votes := Counter(here[each] for each in group if each in here):
            homes[family] = votes.most_common(1)[0][0]
    is_empty = not run("SELECT 1 FROM family LIMIT 1")
    new = {number for number, group in members.items() if number not in homes and group}
    made = {
        each.id
        for each in told
        if each.id in new or (not members[each.id] and (is_empty or each.merged_into in new))
    }
    for one in sorted(told, key=lambda each: each.id):
        if one.id in made:
            homes[one.id] = _made(one)
    return homes, made


def _made(told: ToldFamily) -> int:
    [(number,)] = run(
        "INSERT INTO family (name, title, reason) VALUES (?, ?, ?) RETURNING id",
        told.name,
        told.title,
        told.reason,
    )
    return int(number)


def _lead(told: Sequence[ToldFamily], homes: Mapping[int, int], made: Collection[int]) -> None:
    run_many(
        "UPDATE family SET merged_into = ? WHERE id = ?",
        [
            (homes[to], homes[each.id])
            for each in told
            if each.id in made and (to := each.merged_into) is not None and to in homes
        ],
    )


def _put(told: ToldDecision, homes: Mapping[int, int]) -> bool:
    """Write a decision down, as one of today's signatures; whether it was not here yet."""
    these, those = as_json(told.these), as_json(told.those)
    same = "kind = ? AND these = ? AND those = ? AND name = ? AND at = ?"
    if run(f"SELECT 1 FROM decision WHERE {same}", told.kind, these, those, told.name, told.at):
        return False
    other = None if told.other is None else homes.get(told.other)
    sides = (told.these, told.those)
    decisions.write_decision(
        told.kind, homes[told.family], other, sides, told.name, at=told.at, by=BY
    )
    return True


def _name(family: int, name: str) -> None:
    """What it is called there by now; a name that was given here stays."""
    run(
        "UPDATE family SET name = ? WHERE name = ''"
        " AND id = (SELECT coalesce(merged_into, id) FROM family WHERE id = ?)",
        name,
        family,
    )


def _holds(told: ToldDecision, there: Mapping[int, int]) -> bool:
    """Whether the families there are still as it says; a later decision may have undone it."""
    left, right = (
        {there[one] for one in side if one in there} for side in (told.these, told.those)
    )
    return len(left | right) == 1 if told.kind == "merge" else not left & right


def _carry_out(told: ToldDecision, now: int) -> None:
    """What it changes of families that were here before; those that came with it are so already."""
    left, right = _groups(told.these), _groups(told.those)
    if told.kind == "merge":
        all_of_them = list(dict.fromkeys((*left, *right)))
        if len(all_of_them) > 1:
            decisions.merge(all_of_them[0], all_of_them[1:], by=BY, now=now)
        return
    for family in left.keys() & right.keys():
        decisions.split(family, right[family], by=BY, now=now)


def _groups(signatures: Iterable[int]) -> dict[int, list[int]]:
    """The families here of some signatures, with those of each."""
    found: dict[int, list[int]] = {}
    for number, family in _here(signatures).items():
        found.setdefault(family, []).append(number)
    return dict(sorted(found.items()))
