"""What a build leaves behind: durations, failure texts, report files."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random
from xml.sax.saxutils import escape, quoteattr

from scripts.demo_history import Build, Case, Job, suites


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
