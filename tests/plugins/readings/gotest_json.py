"""Go: what the manifest keeps apart or does not count, and what ours are instead."""

RERUN = (
    "ambiguity: extra terminal events. The package had ended and ran again, with failed tests only "
    "(gotestsum --rerun-fails): they are further tries, and the last decides"
)
PACKAGE = (
    "ambiguity: package failed without a failed test. It is the package's set-up or tear-down, an "
    "error; the manifest counts it apart, as packages_failed"
)
NO_END = (
    "ambiguity: tests without a final event. They are unknown, or errors where the package failed"
)
SECONDS = (
    "the manifest's duration is that of the packages, which start and end outside of their tests; "
    "ours is the sum of the tests"
)
FOLDER = "gotest-json/gotestyourself__gotestsum/"
COMMANDS, INPUT = FOLDER + "cmd/testdata/", FOLDER + "testjson/testdata/input/"

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    COMMANDS + "go-test-json-flaky-rerun.out": ({"total": 6, "failed": 0, "flaky": 3}, RERUN),
    COMMANDS + "go-test-missing-run-events.out": (
        {"total": 46, "failed": 3, "flaky": 0, "seconds": 1651.36},
        RERUN,
    ),
    COMMANDS + "input/go-test-build-failed.out": ({"total": 1, "error": 1}, PACKAGE),
    COMMANDS + "input/go-test-setup-failed.out": ({"total": 2, "error": 2}, PACKAGE),
    COMMANDS + "input/go-test-json-panic-race-1.out": (
        {"total": 2, "error": 1, "seconds": 1.0},
        PACKAGE,
    ),
    COMMANDS + "input/go-test-json-panic-race-2.out": (
        {"total": 1, "error": 1, "seconds": 0.0},
        NO_END,
    ),
    FOLDER + "testjson/testdata/go-test-json-missing-test-events.out": (
        {"total": 12, "unknown": 7},
        NO_END,
    ),
    INPUT + "go-test-json-missing-test-fail.out": ({"total": 1, "error": 1}, NO_END),
    INPUT + "go-test-json-missing-skip-msg.out": ({"seconds": 0.3}, SECONDS),
    INPUT + "go-test-json-with-attributes.out": ({"seconds": 0.0}, SECONDS),
    INPUT + "go-test-json-with-cover-go1.20.out": ({"total": 60, "error": 1}, PACKAGE),
    INPUT + "go-test-json-with-cover.out": ({"total": 47, "error": 1, "seconds": 0.04}, PACKAGE),
    INPUT + "go-test-json-with-shuffle.out": ({"total": 60, "error": 1}, PACKAGE),
    INPUT + "go-test-json.out": ({"total": 60, "error": 1, "seconds": 0.06}, PACKAGE),
}
