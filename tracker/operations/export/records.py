"""What an export in JSON Lines is made of: one object a line, its `kind` says what it is.

An export is a row of sections. Each ends with a line of the kind `sum`, which has the number of
its lines and their CRC-32, so that a reader takes a section whole or not at all:

    export, rule…, fact…          what it is of; rules of names and results; the catalogue
    family, signature…, decision… the families of failures, and what people decided of them
    job                           a job, before its builds
    build, report…, suite_run…, result…
                                  one build, in the order of the job's history
    verdicts, case…, derived…     of a job of which results were let go: what was said until then
    end                           how many builds there were

Times and durations are milliseconds, times since 1970 UTC. What has its default is left out.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker.store.identity import KEY
from tracker.store.state_words import BuildState

SCHEMA = 1

Natural = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=64 * 1024 * 1024)]
Key = Annotated[str, msgspec.Meta(pattern=f"^{KEY}$")]
Word = Annotated[str, msgspec.Meta(max_length=1000)]
Digest = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
Status = Literal["passed", "failed", "error", "skipped", "unknown"]
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Scalar = Text | Number | float | bool | None
# Epoch and number of a build.
Place = tuple[Natural, Natural]


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="kind",
):
    """A line of an export."""


class Export(Record, frozen=True, tag="export"):
    """The first line: which form it has, who made it when, and what was asked for."""

    schema: int
    tracker: Word
    made: Word
    jobs: tuple[str, ...] = ("*",)
    since: Natural | None = None


class Rule(Record, frozen=True, tag="rule"):
    """A rule of names or of results; `value` is JSON."""

    of: Word
    pattern: Word
    value: Text


class Fact(Record, frozen=True, tag="fact"):
    """A row of the catalogue: a release, a test's metadata, a known issue or a link of one."""

    table: Word
    values: dict[Word, Scalar]


class Job(Record, frozen=True, tag="job"):
    """A job; `former` are its names of before, with the time until which it had them.

    `given` are release and module, where people gave them and no rule tells.
    """

    name: Word
    jenkins_name: str = ""
    url: str = ""
    type: Word = ""
    standing: Word = ""
    standing_since: Natural | None = None
    release: str = ""
    module: str = ""
    platform: str = ""
    branch: str = ""
    budget: float = 1.0
    former: tuple[tuple[str, Natural], ...] = ()
    given: tuple[str, str] | None = None


class Build(Record, frozen=True, tag="build"):
    """One build; `about` is what Jenkins told of it (JSON), `heard` when it was last told of."""

    job: Word
    number: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    epoch: Natural = 0
    state: BuildState = BuildState.RECEIVING
    result: Word | None = None
    complete: bool = False
    started: Natural | None = None
    duration: Natural | None = None
    url: str = ""
    branch: str = ""
    commit: str = ""
    upstream_job: str = ""
    upstream_number: Natural | None = None
    about: Text = "{}"
    gone: bool = False
    heard: Natural = 0
    kept: bool = False


class Report(Record, frozen=True, tag="report"):
    """A report of the build; its bytes are not in the export."""

    name: str
    sha256: Digest = ""
    bytes: Natural = 0
    variant: str = ""
    format: Word = ""
    parser_version: Natural = 0
    cases: Natural = 0
    recovered: bool = False
    failure: str = ""
    stand_in: bool = False
    decides: bool = False
    archive: Digest = ""
    warnings: Text = "[]"


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An earlier try of a case inside the build."""

    status: Status
    duration: Natural | None = None
    type: str = ""
    message: str = ""
    trace: str = ""


class SuiteRun(Record, frozen=True, tag="suite_run"):
    """What a suite said of itself; `suite` has the suites around it, one a line."""

    suite: str
    suite_key: Key | None = None
    variant: str = ""
    details: Text | None = None
    stdout: str = ""
    stderr: str = ""


class Result(Record, frozen=True, tag="result"):
    """One case in the build, with all that it said; `report` is the name of its report.

    `suite_key` is there where the suite's name was too long to be kept whole. `details` is JSON.
    """

    key: Key
    name: str
    suite: str = ""
    suite_key: Key | None = None
    variant: str = ""
    status: Status = "passed"
    duration: Natural | None = None
    report: str = ""
    place: Natural | None = None
    failure: tuple[str, str, str] | None = None
    details: Text | None = None
    output: tuple[str, str] | None = None
    attempts: tuple[Attempt, ...] = ()


class Verdicts(Record, frozen=True, tag="verdicts"):
    """A job of which results were let go: its builds before `judged_from` keep their verdicts.

    Where that is None all of them can be judged again. `builds` are these and all that were let go:
    epoch, number, counts, and when they were.
    """

    job: Word
    judged_from: Place | None
    builds: tuple[tuple[Natural, Natural, dict[Word, Scalar], Natural | None], ...]


class Case(Record, frozen=True, tag="case"):
    """A case that `derived` rows are about."""

    key: Key
    name: str
    suite: str = ""
    suite_key: Key | None = None
    variant: str = ""


class Derived(Record, frozen=True, tag="derived"):
    """A row that was derived from results: builds are [epoch, number], cases are keys."""

    table: Word
    values: dict[Word, Scalar | list[Natural]]


class Family(Record, frozen=True, tag="family"):
    """A family of failures; one that was merged leads to the one it was merged into."""

    id: Natural
    name: str = ""
    title: str = ""
    reason: str = ""
    merged_into: Natural | None = None


class Signature(Record, frozen=True, tag="signature"):
    """A signature with its family; `first` is when it was seen first."""

    id: Natural
    algorithm: Word
    family: Natural
    type: str = ""
    message: str = ""
    frames: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    place: str = ""
    words: tuple[str, ...] = ()
    first: Natural = 0


class Decision(Record, frozen=True, tag="decision"):
    """What people decided: that signatures have one cause or have not, or what a family is called.

    `these` and `those` are the signatures that belong together, or apart.
    """

    of: Literal["merge", "split", "name"]
    family: Natural
    other: Natural | None = None
    these: tuple[Natural, ...] = ()
    those: tuple[Natural, ...] = ()
    name: str = ""
    at: Natural = 0


class End(Record, frozen=True, tag="end"):
    """The last section: how many builds and results the export has."""

    builds: Natural
    results: Natural


class Sum(Record, frozen=True, tag="sum"):
    """The end of a section: how many lines it has, and their CRC-32 with the line ends."""

    lines: Natural
    crc: Natural


Line = (
    Export
    | Rule
    | Fact
    | Job
    | Build
    | Report
    | SuiteRun
    | Result
    | Verdicts
    | Case
    | Derived
    | Family
    | Signature
    | Decision
    | End
    | Sum
)
