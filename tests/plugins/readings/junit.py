"""Where our reading of a JUnit file differs from the manifest's, and what ill-formed ones give."""

from __future__ import annotations

from tests.plugins.corpus import Figures

JENKINS = "junit/jenkinsci__junit-plugin/src/test/resources/hudson/tasks/junit"
MIKEPENZ = "junit/mikepenz__action-junit-report/test_results"
ENRICO = "junit/EnricoMi__publish-unit-test-result-action/python/test/files/junit-xml"
CLAMPED = "times are clamped to 0 .. 365 days, as Jenkins does"
NOTHING = "not well-formed before the end of the first case: refused"

READINGS: dict[str, tuple[Figures | None, str]] = {
    "junit/Kitware__CDash/app/cdash/tests/data/JUNit_example.xml": (
        {"passed": 2, "failed": 2},
        'status="fail" without a failure element is a failure',
    ),
    f"{JENKINS}/junit-report-6700.xml": (
        {"total": 1, "error": 1},
        'an error right in a suite is the result "<init>": the class was never loaded',
    ),
    f"{JENKINS}/junit-report-nested-testsuites.xml": (
        {"total": 3, "error": 1},
        'an error right in a suite is the result "<init>"',
    ),
    f"{JENKINS}/junit-report-bad-duration.xml": ({"seconds": 100.0}, CLAMPED),
    f"{JENKINS}/junit-report-huge.xml": ({"seconds": 408.055}, CLAMPED),
    f"{MIKEPENZ}/container-structure/test.xml": ({"seconds": 31536000.0}, CLAMPED),
    f"{MIKEPENZ}/multiple/test_11.xml": ({"seconds": 31536000.0}, CLAMPED),
    f"{MIKEPENZ}/multiple/test_12.xml": ({"seconds": 31536000.0}, CLAMPED),
    "junit/ctrf-io__junit-to-ctrf/reports/test-junit-problem-string.xml": (
        {"flaky": 2},
        "a passed case with rerunFailure children and no failure has failed attempts: flaky",
    ),
    f"{ENRICO}/pytest/corrupt-xml.xml": (
        {"total": 1, "passed": 1, "failed": 0, "error": 0, "skipped": 0, "unknown": 0, "flaky": 0},
        "not well-formed: what came before the damage is kept",
    ),
    "junit/catchorg__Catch2/tests/SelfTest/Baselines/junit.sw.multi.approved.txt": (None, NOTHING),
    "junit/kubernetes__test-infra/kettle/testdata/malformed.xml": (None, NOTHING),
    f"{MIKEPENZ}/corrupt-junit/e2e-tests/corrupt/target/sf-reports/TEST-test.CorruptTest.xml": (
        None,
        NOTHING,
    ),
    f"{MIKEPENZ}/junit-web-test/expected.xml": (None, NOTHING),
    f"{MIKEPENZ}/junit-web-test/expectedRetries.xml": (None, NOTHING),
}
