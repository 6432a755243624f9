"""What people decide of failure families: merging, splitting and naming them.

A signature stays in its family until people, or a re-clustering, move it; a re-clustering keeps to
what was decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from tracker.errors import NotFound, UsageError
from tracker.store import audit
from tracker.store.connection import writing
from tracker.store.family_rows import as_json, ids_of, lead, move, new_family, retell
from tracker.store.sql import run
from tracker.verdicts import families
from tracker.verdicts.decisions import Decision, translated

LONGEST_NAME = 200
_DONE = {"merge": "merged", "split": "split", "name": "named"}


def merge(family: int, others: Iterable[int], *, by: str, now: int) -> int:
    """Decide that the failures of these families have one cause; the one that they are in now."""
    others = list(dict.fromkeys(others))
    if family in others or not others:
        raise UsageError("A family can be merged with others only.", "Name another one.")
    with writing():
        members = {each: _members(each) for each in (family, *others)}
        for other in others:
            decision = Decision(True, members[family], members[other])
            _note("merge", family, now, by, other=other, decision=decision)
            move(families.decided(decision, members))
            members[family] |= members.pop(other)
            lead(other, family)
        retell([family], now)
    return family


def split(family: int, signatures: Collection[int], *, by: str, now: int) -> int:
    """Decide that these signatures have a cause of their own; the family they found."""
    with writing():
        members = _members(family)
        leaving = frozenset(signatures)
        if not leaving or not leaving < members:
            raise UsageError(
                f"Of the {len(members)} signatures of family {family} some must go and some stay.",
                "Name signatures that its page shows, and not all of them.",
            )
        decision = Decision(False, members - leaving, leaving)
        fresh = new_family()
        move(dict.fromkeys(families.decided(decision, {family: members}), fresh))
        _note("split", family, now, by, other=fresh, decision=decision)
        retell([family, fresh], now)
    return fresh


def name(family: int, text: str, *, by: str, now: int) -> int:
    """Give a family a name; an empty one takes it away."""
    text = " ".join(text.split())
    if len(text) > LONGEST_NAME:
        raise UsageError(f"A name has at most {LONGEST_NAME} characters.", "Give a shorter one.")
    with writing():
        _members(family)
        run("UPDATE family SET name = ? WHERE id = ?", text, family)
        _note("name", family, now, by, name=text)
        retell([family], now)
    return family


def _members(family: int) -> frozenset[int]:
    rows = run("SELECT id FROM signature WHERE family_id = ?", family)
    if not rows:
        raise NotFound(f"There is no family {family} here.", "`tracker family list` lists them.")
    return frozenset(row[0] for row in rows)


def _note(
    kind: str,
    family: int,
    now: int,
    by: str,
    *,
    other: int | None = None,
    decision: Decision | None = None,
    name: str = "",
) -> None:
    sides = (decision.left, decision.right) if decision else ((), ())
    write_decision(kind, family, other, sides, name, at=now, by=by)
    audit.note(f"family {_DONE[kind]}", str(family), name if other is None else str(other))


def write_decision(
    kind: str,
    family: int,
    other: int | None,
    sides: tuple[Iterable[int], Iterable[int]],
    name: str,
    *,
    at: int,
    by: str,
) -> None:
    """Put down that a decision was taken (ms), and do nothing of what follows from it.

    The `sides` are the signatures that were merged or split; a name has none.
    """
    these, those = map(as_json, sides)
    run(
        "INSERT INTO decision (kind, family_id, other_id, these, those, name, at, by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(kind, family, other, these, those, name, at, by),
    )


def all_decisions() -> list[Decision]:
    """What was merged and split, in the order in which it was decided."""
    rows = run("SELECT kind = 'merge', these, those FROM decision WHERE kind <> 'name' ORDER BY id")
    return [Decision(bool(row[0]), ids_of(row[1]), ids_of(row[2])) for row in rows]


def translate(replaced: Mapping[int, Iterable[int]]) -> None:
    """Let decisions on signatures hold for those that took their place."""
    renamed: dict[int, set[int]] = defaultdict(set)
    for new, olds in replaced.items():
        for old in olds:
            renamed[old] |= {old, new}
    if not renamed:
        return
    for number, *sides in run("SELECT id, these, those FROM decision WHERE kind <> 'name'"):
        ids = [ids_of(side) for side in sides]
        if not any(renamed.keys() & side for side in ids):
            continue
        [said] = translated(
            [Decision(True, *ids)], {each: renamed.get(each, {each}) for each in ids[0] | ids[1]}
        )
        run(
            "UPDATE decision SET these = ?, those = ? WHERE id = ?",
            *(as_json(said.left), as_json(said.right), number),
        )
