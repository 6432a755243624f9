"""Rules an operator gives for jobs by their names: what the names mean, which results are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from tracker.errors import NotFound, UsageError
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.models import Former, GivenParts, Job, Rule
from tracker.store.naming import PARTS, NameParts, name_pattern, parts_of, path_pattern
from tracker.store.revisions import raise_revision
from tracker.store.sql import run

Kind = Literal["names", "results"]
Source = Literal["artifacts", "test_report"]


@dataclass(frozen=True)
class ResultsRule:
    """Which results of a job's builds are read.

    sources    artifacts, testReport, or both; empty: artifacts, and testReport where a build has
               no report among them
    truth      which of both is believed where they differ
    artifacts  patterns of paths; empty: those that end as some parser says
    console    the parser that reads the console log of a build without any report; "": none does
    """

    sources: tuple[Source, ...] = ()
    truth: Source = "artifacts"
    artifacts: tuple[str, ...] = ()
    console: str = ""

    @property
    def in_words(self) -> str:
        """What is read, for people."""
        files = f"artifacts {', '.join(self.artifacts)}" if self.artifacts else "artifacts"
        spelt = {"artifacts": files, "test_report": "testReport"}
        if not self.sources:
            words = f"{files}, else testReport"
        else:
            words = " and ".join(spelt[each] for each in self.sources)
        if len(self.sources) > 1:
            words += f" (believed: {spelt[self.truth]})"
        return f"{words}, else the console log as {self.console}" if self.console else words


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_RESULTS_RULE = msgspec.json.Decoder(ResultsRule)


DEFAULT = ResultsRule()


def add_name_rule(pattern: str) -> None:
    """Take names apart by `pattern` too, after the rules that are there already."""
    name_pattern(pattern)
    _add("names", pattern, "{}")


def add_results_rule(pattern: str, rule: ResultsRule) -> None:
    """Read of the jobs that fit `pattern` what `rule` says; one of this pattern is changed."""
    name_pattern(pattern)
    for glob in rule.artifacts:
        path_pattern(glob)
    _add("results", pattern, msgspec.json.encode(rule).decode())


def remove_rule(kind: Kind, pattern: str) -> None:
    """Forget a rule; NotFound where there is none such."""
    with writing():
        if not Rule.delete().where((Rule.kind == kind) & (Rule.pattern == pattern)).execute():
            raise NotFound(
                f"No rule of {kind} has the pattern {pattern!r}.", "`tracker rule list` has them."
            )
        _changed(kind)
        audit.note("rule removed", f"{kind} {pattern}")


def name_rules() -> list[str]:
    """The patterns of names, in the order in which they are tried."""
    with reading():
        return [row.pattern for row in _rows("names")]


def results_rules() -> list[tuple[str, ResultsRule]]:
    """The rules of results with their patterns, in the order in which they are tried."""
    with reading():
        rows = _rows("results")
    return [(row.pattern, _RESULTS_RULE.decode(row.value)) for row in rows]


def results_rule(job: str) -> tuple[str, ResultsRule]:
    """The rule that says which results of a job are read, and its pattern; "" where none does."""
    for pattern, rule in results_rules():
        if name_pattern(pattern).fullmatch(job):
            return pattern, rule
    return "", DEFAULT


def name_parts(job: Job, patterns: Sequence[str]) -> NameParts:
    """What the rules make of a job's name."""
    return parts_of(job.name, patterns, is_branch=job.kind == "branch")


def new_job(name: str, **values: object) -> Job:
    """A row for a job that nobody knew; the name may have been another job's before."""
    job = Job(name=name, **values)
    set_parts(job, name_rules())
    job.save(force_insert=True)
    former = Former.get_or_none(Former.name == name)
    if former is not None:
        former.delete_instance()
        raise_revision(former.job.id)  # its page tells the names that it had
    return job


def set_parts(job: Job, patterns: Sequence[str]) -> bool:
    """Put what its name says into a job's row; whether that changed anything."""
    found = _parts(job, patterns)
    before = {part: getattr(job, part) for part in PARTS}
    after = {part: getattr(found, part) for part in PARTS}
    for part, text in after.items():
        setattr(job, part, text)
    return before != after


def give_parts(job: Job, release: str, module: str) -> bool:
    """Say of which release and module a job is, where no rule of names does; whether it is news."""
    run(
        "INSERT INTO given_parts (job_id, release, module) VALUES (?, ?, ?) ON CONFLICT (job_id)"
        " DO UPDATE SET release = excluded.release, module = excluded.module",
        job.id,
        release,
        module,
    )
    if not set_parts(job, name_rules()):
        return False
    job.save()
    raise_revision(job.id)
    return True


def _parts(job: Job, patterns: Sequence[str]) -> NameParts:
    """What the rules say of a job or, where none fits its name, what was given."""
    found = name_parts(job, patterns)
    given = None if found.rule else GivenParts.get_or_none(GivenParts.job == job.id)
    return replace(found, release=given.release, module=given.module) if given else found


def _add(kind: Kind, pattern: str, value: str) -> None:
    if "\n" in pattern or len(pattern) > 1000:
        raise UsageError(f"{pattern[:80]!r} is no pattern of names.", "Give one line.")
    with writing():
        run(
            "INSERT INTO rule (kind, pattern, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, pattern) DO UPDATE SET value = excluded.value",
            kind,
            pattern,
            value,
        )
        _changed(kind)
        audit.note("rule set", f"{kind} {pattern}", value if kind == "results" else "")


def _changed(kind: Kind) -> None:
    if kind == "names":
        patterns = [row.pattern for row in _rows("names")]
        for job in list(Job.select()):
            if set_parts(job, patterns):
                job.save()
                raise_revision(job.id)
    raise_revision()


def _rows(kind: Kind) -> list[Rule]:
    return list(Rule.select().where(Rule.kind == kind).order_by(Rule.id))
