"""pytest-json-report: the seconds are those of the tests, as in pytest's own JUnit XML."""

WHY = (
    "The manifest's duration is that of the session, with its start and its collection; the rule"
    " of the corpus, and ours, is the sum of the tests."
)
HERE = "pytest-json-report/recorded-here"

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    "pytest-json-report/numirias__pytest-json-report/sample_report.json": (
        {"seconds": 0.0043},
        WHY,
    ),
    f"{HERE}/pytest-outcomes.json": ({"seconds": 0.0052}, WHY),
    f"{HERE}/junitparser-suite.json": ({"seconds": 0.0417}, WHY),
    f"{HERE}/pytest-reruns.json": (
        {"seconds": 0.0004, "passed": 1, "flaky": 1},
        'The outcome "rerun" hides that the test passed in the end, and its phases tell it; the'
        " terminal said so too. " + WHY,
    ),
}
