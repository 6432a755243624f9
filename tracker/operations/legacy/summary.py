"""What a take-over did: what is kept, what is not and why, and where sums differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NotKept:
    """So many rows of a kind that the tracker has no place for, and why."""

    what: str
    count: int
    why: str


@dataclass(frozen=True)
class Difference:
    """A build whose stored totals are not what its results give, and why, as far as is known."""

    release: str
    module: str
    build: int
    sentence: str


@dataclass(frozen=True)
class Summary:
    """All of it. `found` are rows of the file by kind, `builds` counts builds by what became of
    them: `new`, `changed`, `facts`, `known`, `own`, `refused`.

    `jobs` are the names of jobs here by `release/module` there. `settings` are those that were
    set there, with what is their counterpart here.
    """

    database: str
    schema: str
    is_dry_run: bool
    found: Mapping[str, int]
    builds: Mapping[str, int]
    jobs: Mapping[str, str]
    catalogue_changed: bool
    differences: tuple[Difference, ...] = ()
    not_kept: tuple[NotKept, ...] = ()
    notes: tuple[str, ...] = ()
    waiting_jobs: int = field(default=0)

    @property
    def is_news(self) -> bool:
        """Whether anything was, or in a dry run would be, recorded."""
        return self.catalogue_changed or any(
            self.builds.get(each, 0) for each in ("new", "changed", "facts")
        )


_BUILDS = (
    ("new", "are new"),
    ("changed", "changed there and are read again"),
    ("facts", "changed there in their facts alone"),
    ("known", "are known as they are"),
    ("own", "were read by the tracker itself, which is believed"),
    ("refused", "could not be taken over, since reports of them stand in the way"),
)


def as_text(summary: Summary) -> Iterator[str]:
    """The summary for people, a line a fact."""
    schema = summary.schema or "unknown"
    yield f"{summary.database} (schema {schema}) holds:"
    yield from (f"  {count:>9,} {what}" for what, count in summary.found.items())
    yield "Of its builds" + (", had this been no dry run:" if summary.is_dry_run else ":")
    yield from (
        f"  {summary.builds[key]:>9,} {words}" for key, words in _BUILDS if summary.builds.get(key)
    )
    yield "Its modules are these jobs here:"
    yield from (f"  {place} is {name}" for place, name in summary.jobs.items())
    if summary.differences:
        yield "Totals are counted from the results here; those stored there differ:"
        yield from (
            f"  {each.release}/{each.module} #{each.build}: {each.sentence}"
            for each in summary.differences
        )
    if summary.not_kept:
        yield "Not kept:"
        yield from (f"  {each.count:>9,} {each.what}: {each.why}" for each in summary.not_kept)
    yield from (f"Note: {note}" for note in summary.notes)
    if summary.waiting_jobs:
        yield (
            f"The worker judges {summary.waiting_jobs} jobs now; until that is done their pages"
            " say that they are judged again. `tracker worker` must run."
        )
    if not summary.is_news:
        yield "Nothing is new."
