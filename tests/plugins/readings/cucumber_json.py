"""Our readings of corpus files of Cucumber JSON."""

ROOT = (
    "cucumber-json/cucumber__cucumber-json-formatter/testdata/cucumber-jvm/7.26.0-java/testdata/{}"
    ".ndjson.jvm.json"
)

BACKGROUND = """A step of the background failed, and the scenario was skipped for it. The manifest
leaves the background out; of the messages of the same run it says failed, as Cucumber does."""

STEP_HOOK = """A hook around a step failed. The manifest leaves the hooks of steps out; of the
messages of the same run it says failed, as Cucumber."""


_OURS: dict[str, tuple[dict[str, float], str]] = {
    "decaying-background": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "decaying-background-nn": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "decaying-background-rule-nn": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "failing-background-step": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "failing-background-step-nn": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "failing-background-with-two-backgrounds": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "failing-background-with-two-scenarios": ({"failed": 2, "skipped": 0}, BACKGROUND),
    "failing-background-with-two-scenarios-nn": ({"failed": 2, "skipped": 0}, BACKGROUND),
    "scenario-outline-with-decaying-background": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "scenario-outline-with-decaying-background-nn": ({"failed": 1, "skipped": 0}, BACKGROUND),
    "failing-after-step-hook": ({"failed": 1, "passed": 0}, STEP_HOOK),
    "failing-after-step-hook-nn": ({"failed": 1, "passed": 0}, STEP_HOOK),
    "failing-before-step-hook": ({"failed": 1, "skipped": 0}, STEP_HOOK),
    "failing-before-step-hook-nn": ({"failed": 1, "skipped": 0}, STEP_HOOK),
}

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    ROOT.format(name): reading for name, reading in _OURS.items()
}
