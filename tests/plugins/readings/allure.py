"""Our readings of Allure files where good readers differ."""

RESOURCES = "allure/allure-framework__allure2/allure-generator"
SOME = f"{RESOURCES}/src/test/resources/allure2"
UNKNOWN: dict[str, float] = {"skipped": 0, "unknown": 1}

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    f"{SOME}/parameters.json": (
        {"skipped": 0, "passed": 1},
        '"Passed" is passed: statuses occur in any case of letters.',
    ),
    f"{SOME}/invalid-status.json": (UNKNOWN, "A word that is not known is unknown."),
    f"{SOME}/null-status.json": (UNKNOWN, "No word is unknown."),
    f"{RESOURCES}/test-data/demo/demo-status-unknown-result.json": (
        UNKNOWN,
        "Unknown is a status of ours too.",
    ),
}
