"""What intake and Jenkins hand to the store: one build's facts and its reports, as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from tracker.clock import DAY

# (case, status, duration in ms or None, failure or None, detail or None)
ResultRow = tuple[int, int, int | None, int | None, int | None]
# (case, n, status, duration in ms or None, failure or None)
AttemptRow = tuple[int, int, int, int | None, int | None]
# (detail or None, stdout, stderr)
SuiteRunRow = tuple[int | None, str, str]


_ENCODER = msgspec.json.Encoder(order="deterministic")

# What the warnings of a report begin with that say why it is not whole.
DAMAGED = "Damaged: "
WENT_WRONG = "The run went wrong: "


@dataclass(frozen=True)
class Change:
    """A commit that a build was the first to have; `at` is in ms since 1970 UTC."""

    commit: str = ""
    author: str = ""
    message: str = ""
    at: int | None = None


@dataclass(frozen=True)
class About:
    """What else Jenkins tells of a build, for those who look into it.

    causes      why it ran, in Jenkins' words
    parameters  pairs of name and value
    changes     the newest commits it was the first to have; `more_changes` are not among them
    artifacts   paths of the first artifacts; `more_artifacts` are not among them
    tests       how many results Jenkins counted: all, failed, skipped; None where it has none
    estimated   how long Jenkins thinks it takes, in ms
    """

    display_name: str = ""
    description: str = ""
    node: str = ""
    causes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    changes: tuple[Change, ...] = ()
    more_changes: int = 0
    culprits: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    more_artifacts: int = 0
    tests: tuple[int, int, int] | None = None
    estimated: int | None = None


class FactSource(StrEnum):
    """Who says what `BuildFacts` say.

    UPLOAD      who sent reports, and knows of the build what it was told
    JENKINS     Jenkins itself, just now: under the name that the job has today
    RETOLD      what Jenkins said once, out of an export or a backup
    """

    UPLOAD = "upload"
    JENKINS = "jenkins"
    RETOLD = "retold"


@dataclass(frozen=True)
class BuildFacts:
    """What one source says of a build; None and "" mean "it does not say".

    job             the tracker's name of the job
    number          1 or more
    source          who says so; Jenkins is believed over uploads
    state           one of BuildState but RECEIVING, from Jenkins alone
    result          Jenkins' word: SUCCESS, UNSTABLE, FAILURE, ABORTED, NOT_BUILT
    complete        no more reports will come
    started         milliseconds since 1970 UTC
    duration        milliseconds
    upstream_job    the tracker's name of the job whose build started this one
    about           what else Jenkins tells of it
    """

    job: str
    number: int
    source: FactSource = FactSource.UPLOAD
    state: str | None = None
    result: str | None = None
    complete: bool = False
    started: int | None = None
    duration: int | None = None
    url: str = ""
    branch: str = ""
    commit: str = ""
    upstream_job: str = ""
    upstream_number: int | None = None
    about: About | None = None

    @property
    def from_jenkins(self) -> bool:
        """Whether Jenkins says so, now or once; otherwise an upload does."""
        return self.source is not FactSource.UPLOAD


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_ABOUT = msgspec.json.Decoder(About)


def about_json(about: About | None) -> str:
    """What else is told of a build, as its row keeps it; nothing of fields that say nothing."""
    told: dict[str, object] = msgspec.to_builtins(about) if about else {}
    return _ENCODER.encode({name: value for name, value in told.items() if value}).decode()


def about_of(text: str) -> About:
    """What else is told of a build, from `build.about`."""
    return _ABOUT.decode(text)


def believable(started: int | None, now: int) -> int | None:
    """The start of a build (ms), but None where it lies more than a day ahead of `now`.

    Then some clock is wrong, and one build of the next century would make all others old.
    """
    return None if started is None or started > now + DAY else started


@dataclass(frozen=True)
class Contents:
    """The rows of one report: ids are hashes, so reading needs no database.

    suites     suite id -> names of the suites, one a line
    cases      case id -> (suite id, name)
    failures   failure id -> (type, message, trace)
    outputs    case id -> (stdout, stderr)
    details    detail id -> what else was told of a result or a suite, as JSON (see `Detail`)
    suite_runs suite id -> (detail or None, stdout, stderr): what a suite said of itself
    variant    the variant that all of these cases have
    """

    suites: Mapping[int, str] = field(default_factory=dict)
    cases: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    results: Sequence[ResultRow] = ()
    failures: Mapping[int, tuple[str, str, str]] = field(default_factory=dict)
    attempts: Sequence[AttemptRow] = ()
    outputs: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    details: Mapping[int, str] = field(default_factory=dict)
    suite_runs: Mapping[int, SuiteRunRow] = field(default_factory=dict)
    variant: str = ""


@dataclass(frozen=True)
class ReadReport:
    """One report as the parsing child read it.

    `failure` says why nothing could be read; `recovered` that it is damaged, or that its run went
    wrong, so that what was kept is not all; `stand_in` that it is Jenkins' own reading of reports,
    and gives way to the first of them; `decides` that an operator trusts it more than the others;
    `rerun` that its results are later tries and decide over those of other reports. `archive` is
    the SHA-256 of the archive that holds it, "" for a file of its own. `cases` is how many results
    it told of, where `contents` has not all of them; `is_beyond` that it failed as more came of it
    and those read with it than is held.
    """

    name: str
    sha256: str
    size: int
    variant: str = ""
    format: str = ""
    parser_version: int = 0
    recovered: bool = False
    failure: str = ""
    unrecognised: bool = False
    stand_in: bool = False
    decides: bool = False
    rerun: bool = False
    archive: str = ""
    warnings: tuple[str, ...] = ()
    contents: Contents = Contents()
    cases: int | None = None
    is_beyond: bool = False


@dataclass(frozen=True)
class StoredReport:
    """A report that the store already has of a build.

    Its bytes are in the spool under `sha256`, or in the archive with the digest `archive` there.
    """

    name: str
    sha256: str
    size: int
    variant: str
    failure: str
    stand_in: bool = False
    archive: str = ""
    decides: bool = False


@dataclass(frozen=True)
class Recorded:
    """What `record_build` did.

    `added` and `known` are names of reports; `known` ones were here before, byte for byte.
    """

    build_id: int
    job: str
    number: int
    epoch: int
    created: bool
    added: tuple[str, ...]
    known: tuple[str, ...]
    revision: int
