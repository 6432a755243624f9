"""A made-up history of three Jenkins jobs, drawn from a seed, whose truth is known.

Each case carries its whole history as a text with one letter a build, so that what was planted
can be read off it: P passed, F failed, E error, S skipped, `.` not there.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from random import Random
from xml.sax.saxutils import escape, quoteattr

FEWEST_BUILDS = 20
BROKEN = "FE"
DEFAULT_JOBS = ("team/nightly", "team/smoke", "platforms")
PLATFORMS = ("PLATFORM=linux", "PLATFORM=windows")


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


def make_history(seed: int, builds: int, now: datetime) -> History:
    """The same arguments give the same history, down to the last millisecond."""
    if builds < FEWEST_BUILDS:
        raise ValueError(f"A history needs at least {FEWEST_BUILDS} builds, not {builds}.")
    if now.tzinfo is None:
        raise ValueError("The time of a history needs a time zone.")
    now = now.astimezone(UTC).replace(microsecond=0)
    nightly = _nightly(seed, builds, now)
    smoke = _smoke(seed, builds, nightly)
    jobs = (nightly, smoke, _platforms(seed, builds, now))
    queued = (replace(job, queue=place) for place, job in enumerate(jobs))
    return History(seed, builds, now, tuple(queued))


def widen(history: History, copies: int) -> History:
    """The same jobs again below `team-001`, `team-002` ...; their cases are shared."""
    if copies < 0:
        raise ValueError(f"There cannot be {copies} copies of the jobs.")
    jobs = [job for job in history.jobs if job.name in DEFAULT_JOBS]
    wide = [_copy(job, f"team-{at:03}", at) for at in range(1, copies + 1) for job in jobs]
    return replace(history, jobs=(*history.jobs, *wide))


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


def _copy(job: Job, folder: str, at: int) -> Job:
    moved = readdressed(job, lambda name: f"{folder}/{name.rpartition('/')[2]}")
    return replace(moved, queue=job.queue + 100_000 * at)


# What a tracker should find.


def truth(history: History) -> dict[str, object]:
    """What is in the history and what each build means by the simple rule, ready for JSON."""
    return {
        "seed": history.seed,
        "builds": history.builds,
        "now": history.now.isoformat(),
        "planted": [_planted_row(planted) for job in history.jobs for planted in job.planted],
        "jobs": {job.name: {"builds": _judge(job)} for job in history.jobs},
    }


def tally(job: Job, number: int, variant: str | None = None) -> Tally:
    """The counts of one build, or of one of its variants."""
    return job.sheet.tally(number, variant)


def _planted_row(planted: Planted) -> dict[str, object]:
    case = {"case": _named(planted.case)} if planted.case else {}
    row = {"kind": planted.kind, "job": planted.job, **case}
    return {**row, "build": planted.build, **planted.more}


def _named(case: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("suite", "name", "variant"), case, strict=True))


def _judge(job: Job) -> dict[str, object]:
    """Every build of a job against the last counted result of each case before it."""
    before: dict[tuple[str, str, str], str] = {}
    return {str(build.number): _judged(job, build, before) for build in job.builds}


def _judged(job: Job, build: Build, before: dict[tuple[str, str, str], str]) -> dict[str, object]:
    counts = tally(job, build.number)
    lists: dict[str, list[list[str]]] = {
        "regressions": [],
        "new_failures": [],
        "fixed": [],
        "failing": [],
    }
    for case in job.cases if build.judged else ():
        if (letter := case.outcome(build.number)) in "PFE":
            if found := _verdict(before.get(case.id), letter):
                lists[found].append(list(case.id))
            before[case.id] = letter
    totals = {"total": counts.total, "passed": counts.passed, "failed": counts.failed}
    totals |= {"error": counts.error, "skipped": counts.skipped, "unknown": 0}
    state = "running" if build.running else "finished"
    return {"result": build.result, "state": state, "totals": totals, **lists}


def _verdict(before: str | None, now: str) -> str | None:
    if now in BROKEN:
        if before is None:
            return "new_failures"
        return "failing" if before in BROKEN else "regressions"
    return "fixed" if before is not None and before in BROKEN else None


# What a build leaves behind: durations, failure texts, report files.


def suites(job: Job, number: int, variant: str = "") -> dict[str, list[Case]]:
    """The cases that ran (or were skipped) in a build, by suite, in report order."""
    return job.sheet.suites(number, variant)


@lru_cache(maxsize=1 << 17)
def duration_ms(case: Case, number: int) -> int:
    """How long a case took in a build: its usual time, a little noise."""
    if case.outcome(number) == "S":
        return 0
    noise = Random(f"{case.id}:{case.base_ms}:{number}").lognormvariate(0.0, 0.18)
    return max(1, round(case.base_ms * noise))


def failure_message(case: Case, number: int) -> str:
    digest = hashlib.sha256(f"{case.id}:{number}".encode()).hexdigest()
    return case.cause.message.format(n=10_000 + int(digest[:6], 16) % 90_000)


def failure_trace(case: Case, number: int) -> str:
    """A Java stack trace: the product's frames above the test's, the runner's below."""
    simple = case.suite.rpartition(".")[2].partition("$")[0]
    method = "".join(char if char.isalnum() else "_" for char in case.name)
    line = 20 + len(case.name) * 7 % 180
    frames = [*case.cause.frames, f"{case.suite}.{method}({simple}.java:{line})"]
    frames += [
        "java.base/java.lang.reflect.Method.invoke(Method.java:580)",
        "org.junit.platform.engine.support.hierarchical.NodeTestTask.execute(NodeTestTask.java:95)",
    ]
    head = f"{case.cause.type}: {failure_message(case, number)}"
    return "\n".join([head, *(f"\tat {frame}" for frame in frames)]) + "\n"


def failure_output(case: Case, number: int) -> str:
    return f"INFO  starting {case.name}\nWARN  giving up: {failure_message(case, number)}\n"


def report_path(suite: str) -> str:
    return f"results/TEST-{suite}.xml"


def report_files(job: Job, build: Build, variant: str = "") -> dict[str, list[Case]]:
    """The report files a build archived, as path -> the cases inside."""
    if build.running or not job.archives:
        return {}
    found = suites(job, build.number, variant)
    return {report_path(suite): cases for suite, cases in found.items()}


def report_xml(build: Build, cases: Sequence[Case]) -> bytes:
    """One suite of a build as Surefire writes it."""
    number = build.number
    letters = "".join(case.outcome(number) for case in cases)
    seconds = sum(duration_ms(case, number) for case in cases) / 1000
    counts = f'tests="{len(letters)}" errors="{letters.count("E")}"'
    counts += f' skipped="{letters.count("S")}" failures="{letters.count("F")}"'
    stamp = f"{build.started:%Y-%m-%dT%H:%M:%S}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite version="3.0" name={quoteattr(cases[0].suite)} time="{seconds:.3f}"'
        f' timestamp="{stamp}" {counts}>',
        *_properties(cases[0]),
        *(line for case in cases for line in _case_xml(case, number)),
        "</testsuite>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _properties(case: Case) -> list[str]:
    system = "Windows Server 2022" if case.variant.endswith("windows") else "Linux"
    pairs = {"java.version": "21.0.4", "os.name": system, "file.encoding": "UTF-8"}
    rows = [f'    <property name="{key}" value="{value}"/>' for key, value in pairs.items()]
    return ["  <properties>", *rows, "  </properties>"]


def _case_xml(case: Case, number: int) -> Iterator[str]:
    seconds = duration_ms(case, number) / 1000
    names = f"name={quoteattr(case.name)} classname={quoteattr(case.suite)}"
    letter = case.outcome(number)
    if letter == "P":
        yield f'  <testcase {names} time="{seconds:.3f}"/>'
        return
    yield f'  <testcase {names} time="{seconds:.3f}">'
    if letter == "S":
        yield f"    <skipped message={quoteattr(case.skip_reason)}/>"
    else:
        tag = "error" if letter == "E" else "failure"
        about = (
            f"message={quoteattr(failure_message(case, number))} type={quoteattr(case.cause.type)}"
        )
        yield f"    <{tag} {about}>{escape(failure_trace(case, number))}</{tag}>"
        yield f"    <system-out>{escape(failure_output(case, number))}</system-out>"
    yield "  </testcase>"


# The three jobs.


def _nightly(seed: int, builds: int, now: datetime) -> Job:
    """One build a day; the newest is still running."""
    names = _names(seed, "nightly", 25, 12, ODD_NAMES)
    sketch = _Sketch("team/nightly", seed, builds, names)
    last = builds - 1
    for build, cause in ((last, "discount"), (last - 8, "status")):
        sketch.breaks(build, cause)
        sketch.breaks(build, cause)
    sketch.flaky(0.15)
    sketch.flaky(0.35)
    sketch.fixed(builds // 4, builds // 4 + 5)
    sketch.renamed(builds * 2 // 3)
    sketch.vanishes(builds // 3)
    sketch.vanishes(builds - 6)
    sketch.born_failing(last - 3)
    sketch.skipped_in_a_streak(builds // 2, builds // 2 + 3)
    sketch.always_fails()
    sketch.blank(builds)
    starts = _starts(Random(f"{seed}:night"), builds, now - timedelta(minutes=4), hours=24)
    return sketch.job(sketch.made(starts, minutes=(9, 14), running=builds))


def _smoke(seed: int, builds: int, nightly: Job) -> Job:
    """Runs after each nightly build; the first build was started by hand."""
    names = _names(seed, "smoke", 8, 10)
    sketch = _Sketch("team/smoke", seed, builds, names, archive=Archive.REPORT)
    aborted = builds // 2 + 1
    early = (len(sketch.cases) * 2) // 5
    sketch.breaks(builds - 5, "gateway")
    sketch.flaky(0.25)
    sketch.vanishes(builds - 10)
    sketch.fixed(aborted - 3, aborted + 3, passes_in=aborted, among=early)
    sketch.fails_only_in_aborted(aborted, among=early)
    sketch.blank(aborted, keep=len(sketch.cases) // 2)
    ups = nightly.builds[:-1]
    starts = [up.started + timedelta(milliseconds=up.duration_ms + 6400) for up in ups]
    starts.insert(0, ups[0].started - timedelta(hours=5))
    made = sketch.made(starts, minutes=(2, 4), aborted=aborted, changes=False)
    by_hand = replace(made[0], revision=ups[0].revision)
    after = [_after(build, nightly.name, up) for build, up in zip(made[1:], ups, strict=True)]
    return sketch.job((by_hand, *after), upstream=nightly.name)


def _after(build: Build, job: str, up: Build) -> Build:
    return replace(build, revision=up.revision, upstream=(job, up.number))


def _platforms(seed: int, builds: int, now: datetime) -> Job:
    names = _names(seed, "platforms", 12, 10, odd_suite="Einrichtung (Küche & Bad)")
    sketch = _Sketch("platforms", seed, builds, names, PLATFORMS, kind=Kind.MATRIX)
    sketch.breaks(builds - 6, "encoding", variants=PLATFORMS)
    sketch.breaks(builds - 11, "separator", variants=PLATFORMS[1:], kind="windows_only")
    starts = _starts(Random(f"{seed}:platforms"), builds, now - timedelta(hours=3), hours=20)
    return sketch.job(sketch.made(starts, minutes=(6, 10)))


def _starts(rng: Random, builds: int, newest: datetime, hours: int) -> list[datetime]:
    """One start every so many hours, each but the newest up to ten minutes early."""
    found = [newest]
    for back in range(1, builds):
        early = timedelta(milliseconds=rng.randrange(600_000))
        found.append(newest - timedelta(hours=hours * back) - early)
    return found[::-1]


class _Sketch:
    """A job while its cases are still being given their histories."""

    def __init__(
        self,
        job: str,
        seed: int,
        builds: int,
        names: Sequence[tuple[str, str]],
        variants: tuple[str, ...] = ("",),
        archive: Archive = Archive.FILES,
        kind: Kind = Kind.FREESTYLE,
    ) -> None:
        self.name, self.seed, self.count = job, seed, builds
        self.variants, self.archive, self.kind = variants, archive, kind
        self.rng = Random(f"{seed}:{job}")
        self.planted: list[Planted] = []
        self.cases = [
            Case(suite, name, variant, "P" * builds, self._usual_ms(), self.rng.choice(CAUSES))
            for variant in variants
            for suite, name in names
        ]
        self.free = [pair for pair in names if pair[1] not in ODD_NAMES]
        self._skip_some(len(names) // 40)

    def breaks(
        self,
        build: int,
        cause: str,
        variants: tuple[str, ...] = ("",),
        kind: str = "regression",
    ) -> None:
        """A case that passed always fails from this build to the end."""
        outcomes = "P" * (build - 1) + "F" * (self.count - build + 1)
        chosen = self._pick()
        for variant in variants:
            case = self._set(chosen, outcomes, cause, variant)
            self._note(kind, case, build, cause=cause)

    def flaky(self, rate: float) -> None:
        """Each build by itself; drawn again while what came out is not a flaky case's history."""
        outcomes = ""
        while not 0.1 * self.count <= outcomes.count("F") <= 0.4 * self.count:
            outcomes = "".join("F" if self.rng.random() < rate else "P" for _ in range(self.count))
        case = self._set(self._pick(), outcomes)
        self._note("flaky", case, outcomes.index("F") + 1, rate=rate)

    def fixed(
        self, broken: int, build: int, passes_in: int | None = None, among: int | None = None
    ) -> None:
        """Fails from one build on and passes again from another.

        `passes_in` is a build between the two that was aborted, where it passed and means nothing.
        """
        outcomes = "P" * (broken - 1) + "F" * (build - broken) + "P" * (self.count - build + 1)
        if passes_in is not None:
            outcomes = _with(outcomes, passes_in, "P")
        case = self._set(self._pick(among), outcomes)
        self._note("fix", case, build, broken_in=broken)

    def renamed(self, last: int) -> None:
        old = self._set(self._pick(), "P" * last + "." * (self.count - last))
        new = replace(
            old, name=f"{old.name}Always", outcomes="." * last + "P" * (self.count - last)
        )
        self.cases.insert(self.cases.index(old) + 1, new)
        more = {"new_case": _named(new.id), "new_build": last + 1}
        self._note("renamed", old, last, **more)

    def vanishes(self, last: int) -> None:
        case = self._set(self._pick(), "P" * last + "." * (self.count - last))
        self._note("vanished", case, last)

    def born_failing(self, build: int) -> None:
        outcomes = "." * (build - 1) + "F" * (self.count - build + 1)
        self._note("new_failing", self._set(self._pick(), outcomes), build)

    def skipped_in_a_streak(self, broken: int, skipped: int) -> None:
        outcomes = "P" * (broken - 1) + "F" * (self.count - broken + 1)
        case = self._set(self._pick(), _with(outcomes, skipped, "S"))
        self._note("skipped_in_streak", case, broken, skipped_in=skipped)

    def always_fails(self) -> None:
        self._note("always_failing", self._set(self._pick(), "F" * self.count), 1)

    def fails_only_in_aborted(self, build: int, among: int) -> None:
        case = self._set(self._pick(among), _with("P" * self.count, build, "F"))
        self._note("failed_in_aborted", case, build)

    def blank(self, build: int, keep: int = 0) -> None:
        """Only the first `keep` cases have a result in this build."""
        for at, case in enumerate(self.cases[keep:], keep):
            self.cases[at] = replace(case, outcomes=_with(case.outcomes, build, "."))

    def made(
        self,
        starts: Sequence[datetime],
        minutes: tuple[int, int],
        running: int | None = None,
        aborted: int | None = None,
        changes: bool = True,
    ) -> tuple[Build, ...]:
        """The builds, their results read off the cases."""
        made: list[Build] = []
        revision = sha1(self.seed, self.name, "start")
        for number, start in enumerate(starts, 1):
            rng = Random(f"{self.seed}:{self.name}:{number}")
            commits = tuple(commits_of(self.seed, self.name, number, start, rng)) if changes else ()
            revision = commits[-1].sha1 if commits else revision
            length = round(60_000 * rng.uniform(*minutes) * (0.4 if number == aborted else 1))
            result = "ABORTED" if number == aborted else self._result(number)
            if number == running:
                length, result = 0, None
            made.append(Build(number, start, length, result, revision, commits))
        return tuple(made)

    def job(self, made: tuple[Build, ...], upstream: str | None = None) -> Job:
        planted = tuple(self._with_failures(planted) for planted in self.planted)
        sheet = Sheet(tuple(self.cases))
        return Job(
            self.name, self.archive, self.variants, upstream, sheet, made, planted, self.kind
        )

    def _with_failures(self, planted: Planted) -> Planted:
        """A flaky case also tells in which builds it failed, blanked builds left out."""
        if planted.kind != "flaky":
            return planted
        [outcomes] = [case.outcomes for case in self.cases if case.id == planted.case]
        failed = [number for number, letter in enumerate(outcomes, 1) if letter in BROKEN]
        return replace(planted, build=failed[0], more={**planted.more, "failed_in": failed})

    def _result(self, number: int) -> str | None:
        broken = any(case.outcome(number) in BROKEN for case in self.cases)
        return "UNSTABLE" if broken else "SUCCESS"

    def _usual_ms(self) -> float:
        return min(30_000.0, self.rng.lognormvariate(math.log(45), 1.3))

    def _skip_some(self, count: int) -> None:
        for _ in range(count):
            chosen = self._pick()
            for variant in self.variants:
                self._set(chosen, "S" * self.count, variant=variant)

    def _pick(self, among: int | None = None) -> tuple[str, str]:
        """A healthy case with a plain name, taken once; `among` the first so many cases."""
        early = {case.id[:2] for case in self.cases[:among]}
        chosen = self.rng.choice([names for names in self.free if names in early])
        self.free.remove(chosen)
        return chosen

    def _set(
        self, names: tuple[str, str], outcomes: str, cause: str = "", variant: str = ""
    ) -> Case:
        """Give a case its history; an F becomes an E where the cause is an error."""
        at = self._index((*names, variant))
        told = next((known for known in CAUSES if known.name == cause), self.cases[at].cause)
        letters = outcomes.replace("F", told.letter) if self.archive is Archive.FILES else outcomes
        reason = self.rng.choice(SKIP_REASONS) if "S" in outcomes else ""
        case = replace(self.cases[at], outcomes=letters, cause=told, skip_reason=reason)
        self.cases[at] = case
        return case

    def _index(self, wanted: tuple[str, str, str]) -> int:
        return next(at for at, case in enumerate(self.cases) if case.id == wanted)

    def _note(self, kind: str, case: Case, build: int, **more: object) -> None:
        self.planted.append(Planted(kind, self.name, case.id, build, more))


def _with(outcomes: str, build: int, letter: str) -> str:
    return outcomes[: build - 1] + letter + outcomes[build:]


def commits_of(seed: int, job: str, number: int, before: datetime, rng: Random) -> Iterator[Commit]:
    """What a build brought: up to three commits, made shortly before it started."""
    for at in range(rng.choice((0, 1, 1, 2, 3))):
        path = f"src/main/java/com/acme/shop/{rng.choice(AREAS)}/{rng.choice(THINGS)}.java"
        when = before - timedelta(minutes=40 - 9 * at)
        message = f"{rng.choice(EDITS)} the {rng.choice(OBJECTS)[1:].lower()}"
        digest = sha1(seed, job, f"{number}.{at}")
        yield Commit(digest, rng.choice(AUTHORS), when, message, path)


def sha1(seed: int, job: str, what: str) -> str:
    return hashlib.sha1(f"{seed}:{job}:{what}".encode(), usedforsecurity=False).hexdigest()


def _names(
    seed: int,
    job: str,
    suite_count: int,
    size: int,
    odd: Sequence[str] = (),
    odd_suite: str | None = None,
) -> list[tuple[str, str]]:
    """Distinct (suite, name) pairs, the odd names in the first suite."""
    rng = Random(f"{seed}:names:{job}")
    stems = [f"com.acme.shop.{area}.{thing}" for area in AREAS for thing in THINGS]
    ends = [rng.choice(("Test", "Test", "Test", "IT", "Test$Limits")) for _ in range(suite_count)]
    found = sorted(map("".join, zip(rng.sample(stems, suite_count), ends, strict=True)))
    if odd_suite:
        found[-1] = odd_suite
    methods = [verb + what for verb in VERBS for what in OBJECTS]
    pairs = {suite: rng.sample(methods, size) for suite in found}
    pairs[found[0]][: len(odd)] = odd
    return [(suite, name) for suite, names in pairs.items() for name in names]


ODD_NAMES = (
    "roundsPrice[a-1]",
    "roundsPrice[a-2]",
    "grüßt den Käufer ☃ 東京",
    'escapes <b>&amp; "quotes" & more',
    "rate 1/2 #3 [50%]",
)
AREAS = ("basket", "billing", "catalog", "checkout", "login", "search", "shipping", "stock")
THINGS = ("Address", "Coupon", "Invoice", "Item", "Ledger", "Order", "Parcel", "Payment", "Quote")
VERBS = ("accepts", "cancels", "finds", "keeps", "refuses", "reports", "sends", "stores", "updates")
OBJECTS = (
    "AnEmptyList",
    "TheWholeOrder",
    "ASecondRequest",
    "ForeignCurrency",
    "ExpiredTokens",
    "TheLastItem",
    "LongNames",
    "ZeroAmounts",
    "ParallelEdits",
    "ALeapDay",
)
EDITS = ("Simplify", "Fix", "Rename", "Speed up", "Cache", "Log", "Revert")
AUTHORS = ("Ada Okafor", "Bruno Díaz", "Chen Wei", "Dana Novák")
SKIP_REASONS = ("JIRA-1184: waits for the new gateway", "needs a licence server", "not on CI")
CAUSES = (
    Cause(
        "discount",
        "java.lang.NullPointerException",
        'Cannot invoke "Discount.percent()" because "discount" is null (order {n})',
        (
            "com.acme.shop.basket.Basket.total(Basket.java:118)",
            "com.acme.shop.basket.Price.of(Price.java:41)",
        ),
    ),
    Cause(
        "pool",
        "java.sql.SQLTransientConnectionException",
        "shop-pool - Connection is not available, request timed out after {n}ms.",
        (
            "com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)",
            "com.acme.shop.billing.LedgerStore.open(LedgerStore.java:57)",
        ),
    ),
    Cause(
        "gateway",
        "java.net.SocketTimeoutException",
        "Read timed out after {n} ms: https://pay.example/v2/charge",
        ("com.acme.shop.billing.Gateway.charge(Gateway.java:203)",),
    ),
    Cause(
        "encoding",
        "java.nio.charset.MalformedInputException",
        "Input length = 1 in 'Größe & <b>Maß</b>' at byte {n}",
        ("com.acme.shop.catalog.Importer.readLine(Importer.java:88)",),
    ),
    Cause(
        "separator",
        "org.opentest4j.AssertionFailedError",
        "expected: <export/{n}.csv> but was: <export\\{n}.csv>",
        ("com.acme.shop.shipping.Export.pathOf(Export.java:29)",),
    ),
    Cause(
        "status",
        "org.opentest4j.AssertionFailedError",
        "expected: <200> but was: <500> for order {n}",
        ("com.acme.shop.checkout.Client.send(Client.java:64)",),
    ),
    Cause(
        "lines",
        "java.lang.AssertionError",
        "\nExpecting actual:\n  [{n}, 2]\nto contain exactly:\n  [{n}, 2, 3]",
        (
            "com.acme.shop.search.Index.query(Index.java:311)",
            "com.acme.shop.search.Pager.next(Pager.java:77)",
        ),
    ),
)
