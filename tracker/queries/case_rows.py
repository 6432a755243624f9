"""Cases as rows: their names, and their results in a build with what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.queries.columns import seconds, suite_names
from tracker.store.identity import key
from tracker.verdicts.outcomes import Status


@dataclass(frozen=True)
class CaseName:
    """What a case is called, and its key."""

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str

    @property
    def place(self) -> tuple[tuple[str, ...], str, str]:
        """Where it stands in a list in the order of names."""
        return self.suite, self.name, self.variant


def case_name(case: int, path: str, name: str, variant: str) -> CaseName:
    """What a row of (case id, suite path, name, variant) says."""
    return CaseName(key(case), suite_names(path), name, variant)


@dataclass(frozen=True)
class IssueRow:
    """A known issue about a test; `url` is where it is written down."""

    key: str
    url: str
    status: str
    summary: str
    is_active: bool


@dataclass(frozen=True)
class FormerName:
    """What a case was called until a build, and since which one it failed under that name.

    None where it did not fail when it ran last.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    failing_since: str | None


@dataclass(frozen=True)
class CaseRow:
    """One result of a build with the case it belongs to.

    `suite` is the path of suites, outermost first. `since` is the label of the build in which
    the case began to fail, `age` how many judged builds ago that was; both are None for results
    that are not failures. `attempts` counts earlier tries inside the build. `sentence` says why
    the verdict is so, "" where no build but an older one said it; of what is broken since then it
    `is_of_break`, and says why that was one. A newly broken one `was` called otherwise until now,
    where it was surely renamed. `priority` and `issues` are what the catalogue says of a test that
    failed, where a page shows that.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    status: str
    duration: float | None
    message: str
    verdict: str = ""
    since: str | None = None
    age: int | None = None
    attempts: int = 0
    sentence: str = ""
    is_of_break: bool = False
    was: FormerName | None = None
    priority: str = ""
    issues: tuple[IssueRow, ...] = ()


def case_row(row: tuple[Any, ...], **more: Any) -> CaseRow:
    """A row of (case id, suite path, name, variant, status, duration, message)."""
    case, path, name, variant, status, duration, message = row
    return CaseRow(
        key=key(case),
        suite=suite_names(path),
        name=name,
        variant=variant,
        status=Status(status).word,
        duration=seconds(duration),
        message=message or "",
        **more,
    )
