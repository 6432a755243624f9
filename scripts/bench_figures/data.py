"""Made-up results, the same for the same seed: files as tools write them, and rows as read."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from tracker.store import identity
from tracker.store.records import BuildFacts, Contents, FactSource, ReadReport
from tracker.verdicts.outcomes import Status

HOUR_MS = 3_600_000
FIRST_BUILD_MS = 1_790_000_000_000
CASES_A_SUITE = 100
# Two per cent of the big file fail, with traces of about this many lines.
FAILS_EVERY = 50
TRACE_LINES = 36
# One case in 25 is fragile and fails half of the time: four builds long, then passes for four.
FRAGILE_EVERY = 25
STREAK = 4


def junit_file(cases: int, seed: int) -> bytes:
    """One JUnit report: suites of 100 cases, two per cent failed; 100,000 cases are 20 MB."""
    rng = random.Random(seed)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n']
    for first in range(0, cases, CASES_A_SUITE):
        names = range(first, min(first + CASES_A_SUITE, cases))
        parts.extend(_suite(_class_name(seed, first // CASES_A_SUITE), names, rng))
    parts.append("</testsuites>\n")
    return "".join(parts).encode()


def surefire_file(place: int, cases: int, seed: int) -> bytes:
    """One of the many small files that Surefire writes, a class each."""
    rng = random.Random(seed * 100_000 + place)
    names = range(place * cases, (place + 1) * cases)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return (head + "".join(_suite(_class_name(seed, place), names, rng))).encode()


def multipart(files: dict[str, bytes]) -> tuple[bytes, str]:
    """A body of many files, and its content type."""
    boundary = "bench-boundary-7d91"
    parts: list[bytes] = []
    for name, content in files.items():
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file";'
            f' filename="{name}"\r\nContent-Type: application/xml\r\n\r\n'.encode()
        )
        parts.append(content + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def facts(job: str, number: int) -> BuildFacts:
    """What Jenkins would say of a build that has finished."""
    return BuildFacts(
        job=job,
        number=number,
        source=FactSource.JENKINS,
        state="finished",
        result="UNSTABLE",
        complete=True,
        started=FIRST_BUILD_MS + number * HOUR_MS,
        duration=HOUR_MS // 4,
        branch="main",
    )


def history(job: str, builds: int, cases: int) -> Iterator[tuple[BuildFacts, ReadReport]]:
    """The builds of a job as they are read, oldest first; about two per cent fail in each."""
    suites, names = _names(job, cases)
    ids = list(names)
    for number in range(1, builds + 1):
        yield facts(job, number), _report(job, number, suites, names, ids)


def some_case(job: str) -> str:
    """The key of a case of `history` that fails now and then."""
    suite = identity.suite_id(_path(job, 0))
    return identity.key(identity.case_id(suite, _name(0)))


def _suite(class_name: str, places: range, rng: random.Random) -> Iterator[str]:
    failures = sum(place % FAILS_EVERY == 0 for place in places)
    yield (
        f'<testsuite name="{class_name}" tests="{len(places)}" failures="{failures}" errors="0"'
        f' skipped="0" time="{rng.random() * 100:.3f}">\n'
    )
    for place in places:
        case = (
            f'  <testcase classname="{class_name}" name="{_name(place)}"'
            f' time="{rng.random() * 2:.3f}"'
        )
        yield (
            f"{case}>{_failure(place)}</testcase>\n" if place % FAILS_EVERY == 0 else f"{case}/>\n"
        )
    yield "</testsuite>\n"


def _failure(place: int) -> str:
    message = f"expected:&lt;200&gt; but was:&lt;{place}&gt;"
    lines = "".join(
        f"\tat com.example.shop.layer{depth:02}.Handler.call(Handler.java:{place + depth})\n"
        for depth in range(TRACE_LINES)
    )
    kind = "org.opentest4j.AssertionFailedError"
    return f'<failure message="{message}" type="{kind}">{kind}: {message}\n{lines}</failure>'


def _class_name(seed: int, place: int) -> str:
    return f"com.example.shop.checkout.module{seed:03}.OrderService{place:04}Test"


def _name(place: int) -> str:
    return f"refuses_an_order_whose_card_has_expired_{place:06}"


def _path(job: str, place: int) -> tuple[str, ...]:
    return (f"com.example.{job}.Service{place // CASES_A_SUITE:04}Test",)


def _names(job: str, cases: int) -> tuple[dict[int, str], dict[int, tuple[int, str]]]:
    suites: dict[int, str] = {}
    names: dict[int, tuple[int, str]] = {}
    for place in range(cases):
        path = _path(job, place)
        suite = identity.suite_id(path)
        suites[suite] = identity.SUITE_SEPARATOR.join(path)
        names[identity.case_id(suite, _name(place))] = (suite, _name(place))
    return suites, names


def _report(
    job: str,
    number: int,
    suites: dict[int, str],
    names: dict[int, tuple[int, str]],
    ids: list[int],
) -> ReadReport:
    rng = random.Random(f"{job} {number}")
    failures: dict[int, tuple[str, str, str]] = {}
    results = []
    for place, case in enumerate(ids):
        failure = None
        if _fails(place, number):
            texts = ("AssertionError", f"expected 200 but was {place}", "at Handler.java:1\n" * 30)
            failure = identity.number(identity.SEPARATOR.join(texts))
            failures[failure] = texts
        status = int(Status.PASSED if failure is None else Status.FAILED)
        results.append((case, status, rng.randrange(2_000), failure, None))
    return ReadReport(
        name="report.xml",
        sha256=hashlib.sha256(f"{job} {number}".encode()).hexdigest(),
        size=200 * len(ids),
        format="junit",
        parser_version=1,
        contents=Contents(suites=suites, cases=names, results=results, failures=failures),
    )


def _fails(place: int, number: int) -> bool:
    fragile, rest = divmod(place, FRAGILE_EVERY)
    return rest == 0 and (number + fragile) // STREAK % 2 == 1
