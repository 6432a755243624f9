"""What a made-up history of Jenkins jobs is: jobs, their builds, and the cases that ran in them.

Each case carries its whole history as a text with one letter a build, so that what was planted
can be read off it: P passed, F failed, E error, S skipped, `.` not there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

BROKEN = "FE"
DEFAULT_JOBS = ("team/nightly", "team/smoke", "platforms")


@dataclass(frozen=True)
class Cause:
    """Why a case fails; the same cause gives the same type and frames, `{n}` differs by build."""

    name: str
    type: str
    message: str
    frames: tuple[str, ...]

    @property
    def letter(self) -> str:
        """Surefire writes `failure` for a broken assertion, `error` for any other exception."""
        return "F" if "Assertion" in self.type else "E"


@dataclass(frozen=True)
class Case:
    suite: str
    name: str
    variant: str
    outcomes: str
    base_ms: float
    cause: Cause
    skip_reason: str = ""

    @property
    def id(self) -> tuple[str, str, str]:
        return (self.suite, self.name, self.variant)

    def outcome(self, number: int) -> str:
        return self.outcomes[number - 1]


@dataclass(frozen=True)
class Commit:
    sha1: str
    author: str
    at: datetime
    message: str
    path: str


@dataclass(frozen=True)
class Build:
    """One build; `result` is None while it runs.

    A build that ended before its tests is not `tested`. `older` names the variants that were not
    built with it, each with the build that Jenkins answers for instead. A parameter without a
    value is a password.
    """

    number: int
    started: datetime
    duration_ms: int
    result: str | None
    revision: str
    commits: tuple[Commit, ...] = ()
    upstream: tuple[str, int] | None = None
    tested: bool = True
    title: str = ""
    description: str | None = None
    parameters: tuple[tuple[str, str | bool | None], ...] = ()
    older: Mapping[str, int] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.result is None

    @property
    def judged(self) -> bool:
        return self.result in ("SUCCESS", "UNSTABLE", "FAILURE")


@dataclass(frozen=True)
class Planted:
    """Something a tracker has to find, or must not fall for."""

    kind: str
    job: str
    case: tuple[str, str, str] | None
    build: int
    more: Mapping[str, object] = field(default_factory=dict)


def named(case: tuple[str, str, str]) -> dict[str, str]:
    """A case in JSON, by its suite, name and variant."""
    return dict(zip(("suite", "name", "variant"), case, strict=True))


class Kind(Enum):
    """What Jenkins calls the sorts of job."""

    FREESTYLE = "freestyle"
    MATRIX = "matrix"
    PIPELINE = "pipeline"
    MAVEN = "maven"


class Archive(Enum):
    """Where the results of a build are to be found."""

    FILES = "archived report files, and Jenkins' own reading of them"
    REPORT = "Jenkins' own reading alone"
    CONSOLE = "lines of the console, which Jenkins does not read"


@dataclass(frozen=True)
class Tally:
    passed: int
    failed: int
    error: int
    skipped: int

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.error + self.skipped

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.passed + other.passed,
            self.failed + other.failed,
            self.error + other.error,
            self.skipped + other.skipped,
        )


@dataclass(frozen=True)
class Sheet:
    """The cases of a job; what was counted once is kept, and copies of a job share it."""

    cases: tuple[Case, ...]
    _tallies: dict[tuple[int, str | None], Tally] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _suites: dict[tuple[int, str], dict[str, list[Case]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def tally(self, number: int, variant: str | None = None) -> Tally:
        """The counts of one build, or of one of its variants."""
        if (number, variant) not in self._tallies:
            cases = (case for case in self.cases if variant is None or case.variant == variant)
            seen = "".join(case.outcome(number) for case in cases)
            self._tallies[number, variant] = Tally(*(seen.count(letter) for letter in "PFES"))
        return self._tallies[number, variant]

    def suites(self, number: int, variant: str = "") -> dict[str, list[Case]]:
        """The cases that ran (or were skipped) in a build, by suite, in report order."""
        if (number, variant) not in self._suites:
            found: dict[str, list[Case]] = {}
            for case in self.cases:
                if case.variant == variant and case.outcome(number) != ".":
                    found.setdefault(case.suite, []).append(case)
            self._suites[number, variant] = found
        return self._suites[number, variant]


@dataclass(frozen=True)
class Job:
    """A job by its full name. Its `variants` are the cells of a matrix, the modules of a Maven
    job or the parallel stages of a pipeline.

    Ids in Jenkins' queue count on from `queue`. A number once given is not given again, so
    `next_number` may be more than one above the newest build. A job that `gathers` adds up the
    counts of the builds that follow its own.
    """

    name: str
    archive: Archive
    variants: tuple[str, ...]
    upstream: str | None
    sheet: Sheet
    builds: tuple[Build, ...]
    planted: tuple[Planted, ...]
    kind: Kind = Kind.FREESTYLE
    queue: int = 0
    disabled: bool = False
    description: str | None = None
    next_number: int = 1
    gathers: bool = False

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.sheet.cases

    @property
    def archives(self) -> bool:
        """Whether its builds keep their report files."""
        return self.archive is Archive.FILES

    @property
    def is_matrix(self) -> bool:
        return self.kind is Kind.MATRIX

    @property
    def upcoming(self) -> int:
        """The number of its next build."""
        return max([self.next_number, *(build.number + 1 for build in self.builds[-1:])])

    def build(self, number: int) -> Build | None:
        return next((build for build in self.builds if build.number == number), None)


@dataclass(frozen=True)
class History:
    """Jobs, the classes of folders that are no plain ones, and the jobs of each view."""

    seed: int
    builds: int
    now: datetime
    jobs: tuple[Job, ...]
    folders: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def job(self, name: str) -> Job | None:
        return next((job for job in self.jobs if job.name == name), None)


def tally(job: Job, number: int, variant: str | None = None) -> Tally:
    """The counts of one build, or of one of its variants."""
    return job.sheet.tally(number, variant)


def suites(job: Job, number: int, variant: str = "") -> dict[str, list[Case]]:
    """The cases that ran (or were skipped) in a build, by suite, in report order."""
    return job.sheet.suites(number, variant)


def readdressed(job: Job, address: Callable[[str], str]) -> Job:
    """The same job where every job's name is another."""
    builds = (
        replace(build, upstream=(address(build.upstream[0]), build.upstream[1]))
        if build.upstream
        else build
        for build in job.builds
    )
    return replace(
        job,
        name=address(job.name),
        upstream=address(job.upstream) if job.upstream else None,
        builds=tuple(builds),
        planted=tuple(replace(planted, job=address(planted.job)) for planted in job.planted),
    )
