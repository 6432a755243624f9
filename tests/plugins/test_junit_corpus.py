"""The JUnit plugin against real files of many tools, and against hostile ones.

The corpus is no part of this repository. Its numbers were made by other readers; where good
readers may differ, what ours says is written down here with the reason.
"""

from __future__ import annotations

import importlib.util
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tracker.intake.contract import Damage, Note, Record, ReportError, ReportFile, Result, Status
from tracker.intake.sniff import head_of

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared" / "corpus"
MANIFEST = CORPUS / "MANIFEST.json"
FILES: list[dict[str, Any]] = json.loads(MANIFEST.read_text())["files"] if MANIFEST.exists() else []
JUNIT = [each for each in FILES if each["format"] == "junit"]
HOSTILE = [
    each
    for each in FILES
    if each["format"] == "hostile" and each.get("claims_to_be") in (None, "junit", "any", "trx")
]

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not beside the repository")

spec = importlib.util.spec_from_file_location("plugin_junit", REPOSITORY / "plugins" / "junit.py")
assert spec is not None
assert spec.loader is not None
junit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(junit)


def read(file: str) -> list[Record]:
    data = (CORPUS / file).read_bytes()
    return list(junit.read.read(ReportFile(io.BytesIO(data), file, head_of(data, file))))


def deciding(records: list[Record]) -> list[Result]:
    """The results as intake keeps them: a retry takes the place of the try before it."""
    kept: list[Result] = []
    for each in records:
        if not isinstance(each, Result):
            continue
        if each.retry:
            tries = [(kept[at].classname, kept[at].name) for at in range(len(kept))]
            last = len(tries) - 1 - tries[::-1].index((each.classname, each.name))
            kept[last] = each
        else:
            kept.append(each)
    return kept


def counts(records: list[Record]) -> dict[str, int]:
    results = deciding(records)
    by_status = Counter(each.status for each in results)
    assert by_status[Status.UNKNOWN] == 0
    return {
        "tests": len(results),
        "passed": by_status[Status.PASSED],
        "failed": by_status[Status.FAILED],
        "errors": by_status[Status.ERROR],
        "skipped": by_status[Status.SKIPPED],
        "flaky": sum(each.status is Status.PASSED and bool(each.attempts) for each in results),
    }


def duration(records: list[Record]) -> float:
    return sum(each.duration or 0.0 for each in deciding(records))


JENKINS = "junit/jenkinsci__junit-plugin/src/test/resources/hudson/tasks/junit"
MIKEPENZ = "junit/mikepenz__action-junit-report/test_results"
CLAMPED = "times are clamped to 0 .. 365 days, as Jenkins does"

# Where ours differs from the corpus' own reading: what we say, and why.
OUR_READING: dict[str, tuple[dict[str, Any], str]] = {
    "junit/Kitware__CDash/app/cdash/tests/data/JUNit_example.xml": (
        {"passed": 2, "failed": 2},
        'status="fail" without a failure element is a failure',
    ),
    f"{JENKINS}/junit-report-6700.xml": (
        {"tests": 1, "errors": 1},
        'an error right in a suite is the result "<init>": the class was never loaded',
    ),
    f"{JENKINS}/junit-report-nested-testsuites.xml": (
        {"tests": 3, "errors": 1},
        'an error right in a suite is the result "<init>"',
    ),
    f"{JENKINS}/junit-report-bad-duration.xml": ({"duration": 100.0}, CLAMPED),
    f"{JENKINS}/junit-report-huge.xml": ({"duration": 408.055}, CLAMPED),
    f"{MIKEPENZ}/container-structure/test.xml": ({"duration": 31536000.0}, CLAMPED),
    f"{MIKEPENZ}/multiple/test_11.xml": ({"duration": 31536000.0}, CLAMPED),
    f"{MIKEPENZ}/multiple/test_12.xml": ({"duration": 31536000.0}, CLAMPED),
    "junit/ctrf-io__junit-to-ctrf/reports/test-junit-problem-string.xml": (
        {"flaky": 2},
        "a passed case with rerunFailure children and no failure has failed attempts: flaky",
    ),
}

# Files that are not well-formed: how many results come before the damage; None where none does.
ILL_FORMED = {
    "junit/EnricoMi__publish-unit-test-result-action/python/test/files/junit-xml/pytest/"
    "corrupt-xml.xml": 1,
    "junit/catchorg__Catch2/tests/SelfTest/Baselines/junit.sw.multi.approved.txt": None,
    "junit/kubernetes__test-infra/kettle/testdata/malformed.xml": None,
    f"{MIKEPENZ}/corrupt-junit/e2e-tests/corrupt/target/sf-reports/TEST-test.CorruptTest.xml": None,
    f"{MIKEPENZ}/junit-web-test/expected.xml": None,
    f"{MIKEPENZ}/junit-web-test/expectedRetries.xml": None,
}


@pytest.mark.parametrize(
    "entry", [each for each in JUNIT if each["expected"]], ids=lambda e: e["file"]
)
def test_every_count_of_a_real_file_is_right(entry):
    ours, _why = OUR_READING.get(entry["file"], ({}, ""))
    expected = entry["expected"] | ours
    records = read(entry["file"])
    found = counts(records)
    assert found == {kind: expected.get(kind, 0) for kind in found}
    if expected.get("duration") is not None:
        assert duration(records) == pytest.approx(expected["duration"], abs=0.01)
    assert not any(isinstance(each, Damage) for each in records)


@pytest.mark.parametrize(
    "entry", [each for each in JUNIT if not each["expected"]], ids=lambda e: e["file"]
)
def test_a_real_file_that_is_ill_formed_is_never_read_as_whole(entry):
    results = ILL_FORMED[entry["file"]]
    if results is None:
        with pytest.raises(ReportError):
            read(entry["file"])
        return
    records = read(entry["file"])
    assert len(deciding(records)) == results
    assert isinstance(records[-1], Damage)


@pytest.mark.parametrize("entry", JUNIT, ids=lambda e: e["file"])
def test_every_real_file_is_recognised_by_its_first_bytes(entry):
    head = head_of((CORPUS / entry["file"]).read_bytes(), "x")
    if entry.get("root") or entry["expected"]:
        assert junit.read.sniff(head) >= 0.8


def test_a_file_of_another_format_is_never_taken_for_junit():
    others = [each for each in FILES if each["format"] not in ("junit", "hostile", "other")]
    taken = [
        each["file"]
        for each in others
        if junit.read.sniff(head_of((CORPUS / each["file"]).read_bytes()[:65536], "x")) > 0
    ]
    assert taken == []


def test_the_table_of_our_readings_names_real_files():
    files = {each["file"] for each in JUNIT}
    assert set(OUR_READING) | set(ILL_FORMED) <= files


REFUSED = "refused"
# (passed, failed, errors, damaged) of hostile files that are not refused.
ALLOWED: dict[str, str | tuple[int, int, int, bool]] = {
    "truncated-in-tag.xml": (1, 0, 0, True),
    "truncated-in-cdata.xml": (1, 0, 0, True),
    "two-roots.xml": (1, 0, 0, True),
    "bom-utf8.xml": (1, 0, 0, False),
    "utf16le-bom.xml": (1, 0, 0, False),
    "latin1-declared.xml": (1, 0, 0, False),
    "cp1252-smart-quotes.xml": (1, 0, 0, False),
    "control-chars.xml": (0, 1, 0, True),
    "harmless-doctype.xml": (1, 0, 0, False),
    "wide.xml": (8000, 0, 0, False),
    "many-cases.xml": (19800, 200, 0, False),
    "huge-system-out.xml": (1, 0, 0, False),
    "huge-attribute.xml": (0, 1, 0, False),
    "long-name.xml": (1, 0, 0, False),
    "long-names-same-start.xml": (1, 1, 0, False),
    "missing-names.xml": (4, 0, 0, False),
    "lying-counts.xml": (1, 0, 0, False),
    "odd-times.xml": (16, 0, 0, False),
    "odd-timestamps.xml": (13, 0, 0, False),
    "same-name-many-times.xml": (1, 2, 0, False),
    "all-outcomes-in-one.xml": (0, 0, 1, False),
    "markup-in-names.xml": (2, 1, 0, False),
    "unicode-names.xml": (6, 0, 0, False),
    "attachments-traversal.xml": (1, 0, 0, False),
    "processing-instruction.xml": (1, 0, 0, False),
    "namespaced.xml": (0, 1, 0, False),
    "junit-named.json": (1, 0, 0, False),
    "junit-named.trx": (1, 0, 0, False),
}


@pytest.mark.parametrize("entry", HOSTILE, ids=lambda e: e["file"])
def test_a_hostile_file_ends_soon_and_as_it_may(entry):
    allowed = ALLOWED.get(Path(entry["file"]).name, REFUSED)
    try:
        records = read(entry["file"])
    except ReportError:
        assert allowed == REFUSED
    else:
        statuses = Counter(each.status for each in deciding(records))
        assert allowed == (
            statuses[Status.PASSED],
            statuses[Status.FAILED],
            statuses[Status.ERROR],
            any(isinstance(each, Damage) for each in records),
        )


def test_no_file_that_a_report_names_appears_in_what_it_says():
    named = Path("/etc/hostname")
    if not named.exists() or not named.read_text().strip():
        pytest.skip("the file that the corpus names is not on this machine")
    canary = named.read_text().strip()
    for entry in HOSTILE:
        try:
            said = repr(read(entry["file"]))
        except ReportError as error:
            said = str(error)
        assert canary not in said


def test_a_name_in_latin_1_is_read_as_it_was_written():
    [result] = deciding(read("hostile/ours/latin1-declared.xml"))
    assert result.name == "größe"


def test_long_names_stay_different():
    first, second = deciding(read("hostile/ours/long-names-same-start.xml"))
    assert first.name != second.name


def test_times_that_no_one_could_read_are_noted():
    records = read("hostile/ours/odd-times.xml")
    assert [each.text for each in records if isinstance(each, Note)] == [
        "7 times could not be read as seconds and are left out"
    ]
