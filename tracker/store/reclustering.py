"""All signatures and families made anew: as people ask for, or as a newer algorithm needs.

A family keeps its id, and where it was dissolved its id leads to the family that took its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tracker.beat import Beat
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.decisions import all_decisions, translate
from tracker.store.family_rows import (
    lead,
    move,
    new_family,
    next_version,
    not_on_record,
    retell,
    settle,
    tell,
)
from tracker.store.revisions import raise_revision
from tracker.store.sightings import (
    as_recorded,
    date_anew,
    known_signatures,
    signatures_of,
    write_sightings,
    write_signatures,
)
from tracker.store.sql import run
from tracker.verdicts import families
from tracker.verdicts.signatures import ALGORITHM

# SQL: the signature `s` is by another algorithm (`?1`); an index finds what is less or more.
_OUTDATED = "(s.algorithm < ?1 OR s.algorithm > ?1)"


def recluster(own: Sequence[str], *, now: int, beat: Beat) -> int:
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


def outdated_builds(most: int) -> list[int | None]:
    """Builds with a signature by another algorithm; [None] where only the families are left.

    Signatures of failures that were let go stay as they are.
    """
    if not run(f"SELECT 1 FROM signature s WHERE {_OUTDATED} LIMIT 1", ALGORITHM):
        return []  # nearly always, and it is asked every few seconds
    rows = run(
        "SELECT DISTINCT a.build_id FROM signature s"
        " CROSS JOIN appearance a ON a.signature_id = s.id"
        f" JOIN build b ON b.id = a.build_id WHERE {_OUTDATED} AND b.let_go IS NULL LIMIT ?2",
        ALGORITHM,
        most,
    )
    if rows:
        return [row[0] for row in rows]
    left = run(
        f"SELECT 1 FROM signature s WHERE {_OUTDATED}"
        " AND NOT EXISTS (SELECT 1 FROM appearance a WHERE a.signature_id = s.id) LIMIT 1",
        ALGORITHM,
    )
    return [None] if left else []


def cluster_anew(builds: Iterable[int], own: Sequence[str], *, now: int) -> None:
    """Go some way to what today's algorithm says."""
    for build_id in builds:
        _sign_anew(build_id, own)
    with reading():
        is_done = not any(outdated_builds(1))
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
        fresh = not_on_record({each.id: each for each in found.values()})
        homes = {each: _home(replaced.get(each, ())) for each in sorted(fresh)}
        at = build.at
        write_signatures((fresh[each], home, at, at) for each, home in homes.items())
        write_sightings(build, {case: each.id for case, each in found.items()})
        translate(replaced)
        if homes:
            tell(set(homes.values()))
            raise_revision(build.job_id)
        next_version()


def _home(replaced: Iterable[int]) -> int:
    """The family of the first of these signatures, a new one where there is none."""
    for each in replaced:
        for (family,) in run("SELECT family_id FROM signature WHERE id = ?", each):
            return int(family)
    return new_family()


def _regroup(now: int) -> None:
    """Cluster all signatures anew; each family keeps the id of the one it shares most with."""
    with writing():
        date_anew(row[0] for row in run("SELECT id FROM signature"))
        run("DELETE FROM signature WHERE last = 0")
    settle(_grouped_anew, lambda found: _record_anew(*found, now))


def _grouped_anew() -> tuple[Mapping[int, set[int]], Mapping[int, int]]:
    """The signatures of each family until now, and the family of each from now on."""
    known = known_signatures("true")
    before: dict[int, set[int]] = defaultdict(set)
    for each in known:
        before[each.family].add(each.signature.id)
    given = families.recluster(
        [each.signature for each in known],
        {each.signature.id: each.day for each in known},
        all_decisions(),
        before,
    )
    return before, given


def _record_anew(before: Mapping[int, set[int]], given: Mapping[int, int], now: int) -> None:
    homes = {each: family for family, group in before.items() for each in group}
    ids = {
        family: family if family in before else new_family()
        for family in dict.fromkeys(given.values())
    }
    moved = {each: ids[family] for each, family in given.items() if ids[family] != homes[each]}
    move(moved)
    for family in before.keys() - set(ids.values()):
        heirs = sorted(ids[given[each]] for each in before[family])
        lead(family, max(dict.fromkeys(heirs), key=heirs.count))
    retell(set(moved.values()) | ({homes[each] for each in moved} & set(ids.values())), now)
