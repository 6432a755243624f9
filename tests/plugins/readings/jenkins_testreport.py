"""Our readings of answers of Jenkins that differ from the corpus."""

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    "jenkins-api/jaredpar__jenkins/from TestResources.resx/TestReport2.json": (
        {"total": 2, "passed": 2, "failed": 0, "skipped": 0, "seconds": 3.3855},
        "the answer counts 66,133 cases and lists two of them; what it lists are the results, and "
        "that a failure it counts is not among them is told as a trouble",
    ),
}
