"""Failure families on record: new failures find theirs, and what people decide of them holds.

What is stable: a signature stays in its family until people, or a re-clustering that was asked for
or that a new algorithm needs, move it; a family keeps its id, and where it was merged or dissolved
its id leads to the family that took its place. Which id a family has depends on what arrived first,
and so may, between families that are much alike, which of them a new signature joined. Which
signature a failure has depends on nothing but the failure.

One assignment is in force at a time in the whole database: it is worked out on a snapshot, without
the write lock, and written only if no other was written meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from tracker.clock import DAY
from tracker.errors import NotFound, UsageError
from tracker.store import audit
from tracker.store.connection import raise_revision, reading, writing
from tracker.store.sightings import (
    Unsorted,
    as_recorded,
    date_anew,
    known_signatures,
    signatures_of,
    unsorted,
    write_sightings,
    write_signatures,
)
from tracker.store.sql import listed, run, run_many
from tracker.store.work import enqueue
from tracker.verdicts import families
from tracker.verdicts.decisions import Decision, translated
from tracker.verdicts.signatures import ALGORITHM, Signature

# A new signature may join the families that were seen in so many days before it.
LATELY = 120 * DAY
LONGEST_NAME = 200
_TRIES = 3
_VERSION = "families"
_DONE = {"merge": "merged", "split": "split", "name": "named"}
T = TypeVar("T")


def ask_clustering(*, now: int) -> None:
    """Have failures put into families that are in none yet."""
    enqueue("cluster", "all", due=now)


def is_waiting() -> bool:
    """Whether failures are to be put into families, or all of them anew by a newer algorithm."""
    with reading():
        return bool(_outdated(1)) or bool(unsorted("", 1))


def cluster_waiting(own: Sequence[str], *, now: int, job: str = "", most: int = 25) -> bool:
    """Put the failures of some builds into families, oldest first; whether more are left.

    Of one job, or of all; then what an older algorithm made is made anew first. `own` is how names
    of the team's own code begin.
    """
    with reading():
        outdated = [] if job else _outdated(most)
        waiting = [] if outdated else unsorted(job, most)
    if outdated:
        _cluster_anew([each for each in outdated if each], own, now=now)
        return True
    for build in waiting:
        _cluster(build, own, now)
    return len(waiting) == most


def recluster(own: Sequence[str], *, now: int, beat: Callable[[str], None]) -> int:
    """Make all signatures and families anew, carrying ids over; how many families there are."""
    with reading():
        rows = run(
            "SELECT DISTINCT a.build_id FROM appearance a JOIN build b ON b.id = a.build_id"
            " WHERE b.let_go IS NULL ORDER BY a.build_id"
        )
    for place, (build_id,) in enumerate(rows, 1):
        _sign_anew(build_id, own)
        beat(f"{place} of {len(rows)} builds read again")
    _regroup(now)
    audit.note("families made anew", "all")
    with reading():
        return int(run("SELECT count(DISTINCT family_id) FROM signature WHERE last > 0")[0][0])


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
            _move(families.decided(decision, members))
            members[family] |= members.pop(other)
            _lead(other, family)
        _retell([family], now)
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
        fresh = _new_family()
        _move(dict.fromkeys(families.decided(decision, {family: members}), fresh))
        _note("split", family, now, by, other=fresh, decision=decision)
        _retell([family, fresh], now)
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
        _retell([family], now)
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
    these, those = (decision.left, decision.right) if decision else ((), ())
    run(
        "INSERT INTO decision (kind, family_id, other_id, these, those, name, at, by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(kind, family, other, _json(these), _json(those), name, now, by),
    )
    audit.note(f"family {_DONE[kind]}", str(family), name if other is None else str(other))


def _decisions() -> list[Decision]:
    rows = run("SELECT kind = 'merge', these, those FROM decision WHERE kind <> 'name' ORDER BY id")
    return [Decision(bool(row[0]), _ids(row[1]), _ids(row[2])) for row in rows]


def _settle(work_out: Callable[[], T], write: Callable[[T], None]) -> None:
    """Work something out on a snapshot, and write it if the families are still as they were."""
    for _ in range(_TRIES):
        with reading():
            version = _version()
            found = work_out()
        with writing():
            if _version() == version:
                write(found)
                return
    with writing():
        write(work_out())


@dataclass(frozen=True)
class _Placed:
    """The families of a build's new signatures; those that are `fresh` are not on record."""

    families: Mapping[int, int]
    fresh: frozenset[int]


def _cluster(build: Unsorted, own: Sequence[str], now: int) -> None:
    found = signatures_of(build, own)
    _settle(
        lambda: _place(build, found),
        lambda placed: _record(build, found, placed, now),
    )


def _place(build: Unsorted, found: Mapping[int, Signature]) -> _Placed:
    fresh = _not_on_record({each.id: each for each in found.values()})
    if not fresh:
        return _Placed({}, frozenset())
    lately = known_signatures(
        "s.family_id IN (SELECT family_id FROM signature WHERE last >= ?)", build.at - LATELY
    )
    groups: dict[int, list[Signature]] = defaultdict(list)
    for each in lately:
        groups[each.family].append(each.signature)
    first_seen = {each.signature.id: each.day for each in lately} | dict.fromkeys(fresh, build.day)
    given = families.assign(fresh.values(), groups, first_seen, _decisions())
    return _Placed(given, frozenset(given.values()) - groups.keys())


def _not_on_record(signatures: dict[int, Signature]) -> dict[int, Signature]:
    rows = run(
        "SELECT id FROM signature WHERE id IN (SELECT value FROM json_each(?))", listed(signatures)
    )
    return {each: signatures[each] for each in signatures.keys() - {row[0] for row in rows}}


def _record(build: Unsorted, found: Mapping[int, Signature], placed: _Placed, now: int) -> None:
    """Write the sightings of a build, unless its results changed while they were looked at."""
    if as_recorded(build.build_id).mark != build.mark:
        return
    signatures = {each.id: each for each in found.values()}
    ids = {each: _new_family() if each in placed.fresh else each for each in _values(placed)}
    homes = {each: ids[family] for each, family in placed.families.items()}
    write_signatures((signatures[each] for each in sorted(homes)), homes, build.at)
    write_sightings(build, {case: each.id for case, each in found.items()})
    if homes:
        tell(set(homes.values()))
        next_version()
    raise_revision(build.job_id)
    enqueue("publish", "site", due=now)


def _values(placed: _Placed) -> list[int]:
    """The families in the order of their first signature, so that new ids are given in it."""
    return list(dict.fromkeys(family for _, family in sorted(placed.families.items())))


def _outdated(most: int) -> list[int | None]:
    """Builds with a signature by another algorithm; [None] where only the families are left.

    Signatures of failures that were let go stay as they are.
    """
    rows = run(
        "SELECT DISTINCT a.build_id FROM signature s JOIN appearance a ON a.signature_id = s.id"
        " JOIN build b ON b.id = a.build_id WHERE s.algorithm <> ? AND b.let_go IS NULL LIMIT ?",
        ALGORITHM,
        most,
    )
    if rows:
        return [row[0] for row in rows]
    left = run(
        "SELECT 1 FROM signature s WHERE algorithm <> ?"
        " AND NOT EXISTS (SELECT 1 FROM appearance a WHERE a.signature_id = s.id) LIMIT 1",
        ALGORITHM,
    )
    return [None] if left else []


def _cluster_anew(builds: Iterable[int], own: Sequence[str], *, now: int) -> None:
    """Go some way to what today's algorithm says."""
    for build_id in builds:
        _sign_anew(build_id, own)
    with reading():
        is_done = not any(_outdated(1))
    if is_done:
        _regroup(now)


def _sign_anew(build_id: int, own: Sequence[str]) -> None:
    """Make a build's signatures anew; each takes over the family of the one it replaces."""
    with reading():
        build = as_recorded(build_id)
    found = signatures_of(build, own)
    with writing():
        if as_recorded(build_id).mark != build.mark:
            return  # it waits to be looked at anyway
        before: dict[int, int] = dict(
            run("SELECT case_id, signature_id FROM sighting WHERE build_id = ?", build_id)
        )
        replaced: dict[int, list[int]] = defaultdict(list)
        for case, each in sorted(found.items()):
            if case in before and before[case] != each.id:
                replaced[each.id].append(before[case])
        fresh = _not_on_record({each.id: each for each in found.values()})
        homes = {each: _home(replaced.get(each, ())) for each in sorted(fresh)}
        write_signatures((fresh[each] for each in homes), homes, build.at)
        write_sightings(build, {case: each.id for case, each in found.items()})
        _translate(replaced)
        if homes:
            tell(set(homes.values()))
            raise_revision(build.job_id)
        next_version()


def _home(replaced: Iterable[int]) -> int:
    """The family of the first of these signatures, a new one where there is none."""
    for each in replaced:
        for (family,) in run("SELECT family_id FROM signature WHERE id = ?", each):
            return int(family)
    return _new_family()


def _translate(replaced: Mapping[int, Iterable[int]]) -> None:
    """Let decisions on signatures hold for those that took their place."""
    renamed: dict[int, set[int]] = defaultdict(set)
    for new, olds in replaced.items():
        for old in olds:
            renamed[old] |= {old, new}
    if not renamed:
        return
    for number, *sides in run("SELECT id, these, those FROM decision WHERE kind <> 'name'"):
        ids = [_ids(side) for side in sides]
        if not any(renamed.keys() & side for side in ids):
            continue
        [said] = translated(
            [Decision(True, *ids)], {each: renamed.get(each, {each}) for each in ids[0] | ids[1]}
        )
        run(
            "UPDATE decision SET these = ?, those = ? WHERE id = ?",
            *(_json(said.left), _json(said.right), number),
        )


def _regroup(now: int) -> None:
    """Cluster all signatures anew; each family keeps the id of the one it shares most with."""
    with writing():
        date_anew(row[0] for row in run("SELECT id FROM signature"))
        run("DELETE FROM signature WHERE last = 0")
    _settle(_grouped_anew, lambda found: _record_anew(*found, now))


def _grouped_anew() -> tuple[Mapping[int, set[int]], Mapping[int, int]]:
    """The signatures of each family until now, and the family of each from now on."""
    known = known_signatures("true")
    before: dict[int, set[int]] = defaultdict(set)
    for each in known:
        before[each.family].add(each.signature.id)
    given = families.recluster(
        [each.signature for each in known],
        {each.signature.id: each.day for each in known},
        _decisions(),
        before,
    )
    return before, given


def _record_anew(before: Mapping[int, set[int]], given: Mapping[int, int], now: int) -> None:
    homes = {each: family for family, group in before.items() for each in group}
    ids = {
        family: family if family in before else _new_family()
        for family in dict.fromkeys(given.values())
    }
    moved = {each: ids[family] for each, family in given.items() if ids[family] != homes[each]}
    _move(moved)
    for family in before.keys() - set(ids.values()):
        heirs = sorted(ids[given[each]] for each in before[family])
        _lead(family, max(dict.fromkeys(heirs), key=heirs.count))
    _retell(set(moved.values()) | ({homes[each] for each in moved} & set(ids.values())), now)


def _move(homes: Mapping[int, int]) -> None:
    run_many(
        "UPDATE signature SET family_id = ? WHERE id = ?",
        [(family, each) for each, family in sorted(homes.items())],
    )


def _lead(family: int, to: int) -> None:
    """From now on the address of a family leads to another one; its name goes with it."""
    run(
        "UPDATE family SET name = (SELECT name FROM family WHERE id = ?)"
        " WHERE id = ? AND name = ''",
        family,
        to,
    )
    run("UPDATE family SET merged_into = ? WHERE id = ? OR merged_into = ?", to, family, family)
    run("UPDATE family SET merged_into = NULL WHERE id = ?", to)


def _new_family() -> int:
    [(number,)] = run("INSERT INTO family (name, title, reason) VALUES ('', '', '') RETURNING id")
    return int(number)


def _retell(changed: Collection[int], now: int) -> None:
    """Say again what these families are, and that pages which name them are to be made anew."""
    run_many("UPDATE family SET title = '' WHERE id = ?", [(each,) for each in sorted(changed)])
    tell(changed)
    next_version()
    rows = run(
        "SELECT DISTINCT b.job_id FROM signature s JOIN appearance a ON a.signature_id = s.id"
        " JOIN build b ON b.id = a.build_id"
        " WHERE s.family_id IN (SELECT value FROM json_each(?)) ORDER BY b.job_id",
        listed(changed),
    )
    raise_revision()
    for (job_id,) in rows:
        raise_revision(job_id)
    enqueue("publish", "site", due=now)


def tell(changed: Collection[int]) -> None:
    """Write what families are called, and why their failures belong together.

    A title stays while failures join, so that pages of other jobs which name it stay true.
    """
    for family in sorted(changed):
        group = [each.signature for each in known_signatures("s.family_id = ?", family)]
        run(
            "UPDATE family SET title = CASE title WHEN '' THEN ? ELSE title END, reason = ?"
            " WHERE id = ?",
            *(families.title(group), families.reason(group), family),
        )


def _version() -> int:
    rows = run("SELECT value FROM counter WHERE name = ?", _VERSION)
    return int(rows[0][0]) if rows else 0


def next_version() -> None:
    """Say that signatures or families are others now, to who works out where failures belong."""
    run(
        "INSERT INTO counter (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
        _VERSION,
    )


def _json(ids: Iterable[int]) -> str:
    return msgspec.json.encode(sorted(ids)).decode()


def _ids(text: str) -> frozenset[int]:
    return frozenset(msgspec.json.decode(text, type=list[int]))
