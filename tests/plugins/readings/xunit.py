"""Our readings of xUnit.net files where good readers differ."""

from __future__ import annotations

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    "xunit-v2/EnricoMi__publish-unit-test-result-action/python/test/files/xunit/mstest/jenkinsci/"
    "testcase3.xml": (
        {"seconds": 0.024},
        "the manifest is wrong: its times are written with a decimal comma, `0,014`, which its "
        "sum takes for nothing",
    ),
}
