"""How a job is read and what its name means, for those who write the rules."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.errors import NotFound
from tracker.queries import jobs
from tracker.queries.select import snapshot
from tracker.store.naming import PARTS, NameParts, admits, name_pattern, parts_of
from tracker.store.rules import ResultsRule, name_rules, results_rule

EXAMPLES = 2


@dataclass(frozen=True)
class ExplainedName:
    """What rules and patterns make of a job's name.

    `servers` are those whose patterns admit it; `reads` is the rule of its results, found by the
    pattern `reads_by` ("" for the default).
    """

    name: str
    is_known: bool
    servers: tuple[str, ...]
    parts: NameParts
    reads: ResultsRule
    reads_by: str
    trouble: str

    @property
    def in_words(self) -> list[tuple[str, str]]:
        """The same for people, line by line."""
        parts = [f"{part} {getattr(self.parts, part)!r}" for part in PARTS if self._part(part)]
        rule = f" (rule {self.parts.rule})" if self.parts.rule else ""
        return [
            ("job", f"{self.name}, {'known' if self.is_known else 'not known yet'}"),
            ("read from", ", ".join(self.servers) or "no server: none of them admits its name"),
            ("its name", (", ".join(parts) or "says nothing: no rule fits") + rule),
            (
                "results",
                self.reads.in_words + (f" (rule {self.reads_by})" if self.reads_by else ""),
            ),
            *([("trouble", self.trouble)] if self.trouble else []),
        ]

    def _part(self, part: str) -> str:
        return str(getattr(self.parts, part))


def explain(name: str) -> ExplainedName:
    """What becomes of a job of this name in the tracker; it need not exist."""
    with snapshot():
        known = _known(name)
        reads_by, reads = results_rule(name)
        return ExplainedName(
            name=name,
            is_known=known is not None,
            servers=tuple(row.name for row in jobs.servers() if _admitted(row, name)),
            parts=parts_of(name, name_rules(), is_branch=bool(known and known.kind == "branch")),
            reads=reads,
            reads_by=reads_by,
            trouble=known.error if known else "",
        )


@dataclass(frozen=True)
class RuleRow:
    """A rule of names: how many jobs it is the first to fit, and some of them.

    `shadowed` jobs fit it too, and an earlier rule comes first for them.
    """

    pattern: str
    jobs: int
    examples: tuple[str, ...]
    shadowed: int


@dataclass(frozen=True)
class Fits:
    """What the rules of names make of all jobs: each rule, and the jobs that none fits."""

    rules: tuple[RuleRow, ...]
    unfitted: tuple[str, ...]


def fits() -> Fits:
    """Which rule of names fits which jobs; those that Jenkins has no more do not count."""
    with snapshot():
        patterns, names = name_rules(), jobs.names()
    expressions = [name_pattern(pattern) for pattern in patterns]
    fitting: list[list[str]] = [[] for _ in patterns]
    shadowed = [0] * len(patterns)
    unfitted = []
    for name in names:
        places = [place for place, each in enumerate(expressions) if each.fullmatch(name)]
        if places:
            fitting[places[0]].append(name)
        else:
            unfitted.append(name)
        for place in places[1:]:
            shadowed[place] += 1
    rules = (
        RuleRow(pattern, len(found), tuple(found[:EXAMPLES]), hidden)
        for pattern, found, hidden in zip(patterns, fitting, shadowed, strict=True)
    )
    return Fits(tuple(rules), tuple(unfitted))


def _known(name: str) -> jobs.JobRow | None:
    try:
        return jobs.job(name)
    except NotFound:
        return None


def _admitted(server: jobs.ServerRow, name: str) -> bool:
    """Whether a server's patterns admit the job: they are about its name there."""
    prefix = f"{server.prefix}/" if server.prefix else ""
    return name.startswith(prefix) and admits(server.patterns, name.removeprefix(prefix))
