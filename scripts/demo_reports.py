"""Jenkins' own reading of a build's reports: `testReport`, in the words of several plugins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from scripts import demo_files, demo_history
from scripts.demo_history import Archive, Build, Case, Job, Kind, Tally
from scripts.demo_tree import Fields

PERMALINKS: dict[str, Callable[[Build], bool]] = {
    "lastBuild": lambda build: True,
    "lastCompletedBuild": lambda build: not build.running,
    "lastFailedBuild": lambda build: build.result == "FAILURE",
    "lastStableBuild": lambda build: build.result == "SUCCESS",
    "lastSuccessfulBuild": lambda build: build.result in ("SUCCESS", "UNSTABLE"),
    "lastUnstableBuild": lambda build: build.result == "UNSTABLE",
    "lastUnsuccessfulBuild": lambda build: build.result not in ("SUCCESS", None),
}
STATUS_WORDS = {"P": "PASSED", "F": "FAILED", "E": "FAILED", "S": "SKIPPED"}
# So many builds the plugin looks back for the last result of a case.
LOOKED_BACK = 25
OWN_REPORTS = {
    Kind.MATRIX: "hudson.tasks.test.MatrixTestResult",
    Kind.MAVEN: "hudson.maven.reporters.SurefireAggregatedReport",
}


class Words(Enum):
    """Which statuses the junit plugin knows: since 1363 three, before that FIXED and REGRESSION
    too. The oldest also gave skipped cases an age."""

    THREE = "three"
    FIVE = "five"
    OLDEST = "oldest"


@dataclass(frozen=True)
class Place:
    """A job, or one variant of it that has builds of its own: a cell, a module."""

    job: Job
    variant: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The variants with builds of their own."""
        has_parts = self.job.kind in (Kind.MATRIX, Kind.MAVEN) and not self.variant
        return self.job.variants if has_parts else ()

    @property
    def builds(self) -> Sequence[Build]:
        if not self.variant:
            return self.job.builds
        return [build for build in self.job.builds if self.variant not in build.older]

    def build(self, name: str) -> Build | None:
        """A build by its number or permalink."""
        if name in PERMALINKS:
            return next(filter(PERMALINKS[name], reversed(self.builds)), None)
        return next((build for build in self.builds if str(build.number) == name), None)

    def tally(self, build: Build) -> Tally:
        """What Jenkins counts: with the older builds of what was not built this time."""
        job = self.job
        counts = [demo_history.tally(job, build.number, self.variant or None)]
        if not self.variant:
            counts += [
                demo_history.tally(job, number, part) for part, number in build.older.items()
            ]
        return sum(counts[1:], counts[0])

    def result(self, build: Build) -> str | None:
        if not self.variant or not build.judged or not build.tested:
            return build.result
        counts = self.tally(build)
        return "UNSTABLE" if counts.failed + counts.error else "SUCCESS"

    def has_report(self, build: Build) -> bool:
        return not build.running and build.tested and self.job.archive is not Archive.CONSOLE


def test_action(place: Place, build: Build) -> Fields:
    counts = place.tally(build)
    own = "hudson.tasks.junit.TestResultAction"
    return {
        "_class": OWN_REPORTS[place.job.kind] if place.parts else own,
        "failCount": counts.failed + counts.error,
        "skipCount": counts.skipped,
        "totalCount": counts.total,
        "urlName": "testReport",
    }


def aggregated(
    place: Place, build: Build, address: Callable[[Place, int], str], words: Words, by_tree: bool
) -> Fields:
    """The parts' reports in one; texts are there only for a `tree=` that names them."""
    children = []
    for variant in place.parts:
        part, number = Place(place.job, variant), build.older.get(variant, build.number)
        its = place.job.build(number) or build
        child = {"number": number, "url": address(part, number)}
        children.append({"child": child, "result": report(part, its, words, details=by_tree)})
    return {**test_action(place, build), "childReports": children}


def report(place: Place, build: Build, words: Words, details: bool = True) -> Fields:
    counts = place.tally(build)
    suites = [
        (name, blocks, cases)
        for variant, blocks in _blocks(place).items()
        for name, cases in sorted(demo_history.suites(place.job, build.number, variant).items())
    ]
    spent = sum(_spent(build, cases) for _, _, cases in suites)
    return {
        "_class": "hudson.tasks.junit.TestResult",
        "testActions": [],
        "duration": round(spent, 3),
        "empty": counts.total == 0,
        "failCount": counts.failed + counts.error,
        "passCount": counts.passed,
        "skipCount": counts.skipped,
        "suites": [
            _suite(build, name, cases, blocks, words, details) for name, blocks, cases in suites
        ],
    }


def _blocks(place: Place) -> dict[str, tuple[str, ...]]:
    """The variants whose suites are in one report, with the stages around them, outermost first."""
    if place.job.kind is Kind.PIPELINE:
        return {variant: tuple(variant.split(" / ")) for variant in place.job.variants}
    return {place.variant: ()}


def _suite(
    build: Build,
    name: str,
    cases: Sequence[Case],
    blocks: tuple[str, ...],
    words: Words,
    details: bool,
) -> Fields:
    texts: Fields = {"stderr": None, "stdout": None} if details else {}
    nodes = [str(10 + 6 * depth + len(block)) for depth, block in enumerate(blocks)]
    return {
        "cases": [_case(build, case, words, details) for case in cases],
        "duration": round(_spent(build, cases), 3),
        # Jenkins has the innermost block first.
        "enclosingBlockNames": list(reversed(blocks)),
        "enclosingBlocks": nodes[::-1],
        "id": None,
        "name": name,
        "nodeId": str(int(nodes[-1]) + 20) if nodes else None,
        **texts,
        "timestamp": f"{build.started:%Y-%m-%dT%H:%M:%S}",
    }


def _case(build: Build, case: Case, words: Words, details: bool) -> Fields:
    letter = case.outcome(build.number)
    since = _failed_since(case, build.number, "FES" if words is Words.OLDEST else "FE")
    return {
        "testActions": [],
        # A skipped case keeps failedSince 0, from which the plugin works out a senseless age.
        "age": 0 if letter == "P" else build.number - since + 1,
        "className": case.suite,
        "duration": demo_files.duration_ms(case, build.number) / 1000,
        "failedSince": since,
        "flakyFailures": [],
        "name": case.name,
        "properties": {},
        "rerunFailures": [],
        "skipped": letter == "S",
        "skippedMessage": case.skip_reason if letter == "S" else None,
        "status": _status(case, build.number, words),
        **(_texts(case, build) if details else {}),
    }


def _texts(case: Case, build: Build) -> Fields:
    if case.outcome(build.number) not in demo_history.BROKEN:
        return {"errorDetails": None, "errorStackTrace": None, "stderr": None, "stdout": None}
    return {
        "errorDetails": demo_files.failure_message(case, build.number),
        "errorStackTrace": demo_files.failure_trace(case, build.number),
        "stderr": None,
        "stdout": demo_files.failure_output(case, build.number),
    }


def _status(case: Case, number: int, words: Words) -> str:
    """The older plugins' words compare with the last result of a case; a skip is none that passed.

    So FAILED says that a case failed before too, or that it is new.
    """
    letter = case.outcome(number)
    if words is Words.THREE or letter == "S":
        return STATUS_WORDS[letter]
    earlier = case.outcomes[max(0, number - 1 - LOOKED_BACK) : number - 1].replace(".", "")
    if letter == "P":
        return "FIXED" if earlier[-1:] in ("F", "E", "S") else "PASSED"
    return "REGRESSION" if earlier[-1:] == "P" else "FAILED"


def _failed_since(case: Case, number: int, broken: str) -> int:
    """The first build of the row of failures this build ends, 0 when it does not fail."""
    since = 0
    for earlier in range(number, 0, -1):
        letter = case.outcome(earlier)
        if letter in broken:
            since = earlier
        elif letter != ".":
            break
        if since == 0:
            break
    return since


def _spent(build: Build, cases: Sequence[Case]) -> float:
    return sum(demo_files.duration_ms(case, build.number) for case in cases) / 1000
