"""What Jenkins tells of a build beyond its row, as pages and programs get it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from tracker.queries.build_rows import BuildRow
from tracker.queries.columns import at, seconds
from tracker.store.records import About


@dataclass(frozen=True)
class Parameter:
    """A parameter that a build was started with."""

    name: str
    value: str


@dataclass(frozen=True)
class ChangeRow:
    """A commit that a build was the first to have."""

    commit: str
    author: str
    message: str
    at: datetime | None


@dataclass(frozen=True)
class Artifact:
    """A file that Jenkins keeps of a build; `url` is empty where it cannot be had.

    `is_report` tells that results were read from it.
    """

    path: str
    url: str
    is_report: bool


@dataclass(frozen=True)
class Counted:
    """How many results Jenkins counted."""

    total: int
    failed: int
    skipped: int


@dataclass(frozen=True)
class JenkinsSays:
    """All of it; what was not told is empty. `estimated` is in seconds."""

    display_name: str
    description: str
    node: str
    causes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    changes: tuple[ChangeRow, ...]
    more_changes: int
    culprits: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    more_artifacts: int
    counted: Counted | None
    estimated: float | None


def jenkins_says(row: BuildRow, about: About, reports: Iterable[str]) -> JenkinsSays:
    """What Jenkins tells of the build; `reports` are the names of those that were read."""
    names = frozenset(reports)
    return JenkinsSays(
        display_name="" if about.display_name == f"#{row.number}" else about.display_name,
        description=about.description,
        node=about.node,
        causes=about.causes,
        parameters=tuple(Parameter(*pair) for pair in about.parameters),
        changes=tuple(
            ChangeRow(change.commit, change.author, change.message, at(change.at))
            for change in about.changes
        ),
        more_changes=about.more_changes,
        culprits=about.culprits,
        artifacts=tuple(
            Artifact(path, _address(row, path), _is_report(path, names)) for path in about.artifacts
        ),
        more_artifacts=about.more_artifacts,
        counted=Counted(*about.tests) if about.tests else None,
        estimated=seconds(about.estimated),
    )


def _address(row: BuildRow, path: str) -> str:
    """Where Jenkins serves an artifact, as long as it has the build."""
    if row.gone or not row.url:
        return ""
    return f"{row.url.rstrip('/')}/artifact/{quote(path, safe='/')}"


def _is_report(path: str, names: frozenset[str]) -> bool:
    """Whether a report was read from the artifact, or from inside it where it is an archive."""
    return path in names or any(name.startswith(f"{path}/") for name in names)
