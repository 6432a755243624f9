"""Our readings of NUnit 3 files where good readers differ."""

from __future__ import annotations

# The manifest has the `duration` of the run, with set-up and idle time in it; ours is what its
# rule asks for, the sum of the cases.
RUN = "the manifest has the time of the run, not the sum of its cases"

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    "nunit3/AutoFixture__AutoFixture/TestResult.xml": ({"seconds": 0.118951}, RUN),
    "nunit3/EnricoMi__publish-unit-test-result-action/python/test/files/nunit/nunit3/jenk"
    "ins/"
    "NUnit-issue33493.xml": ({"seconds": 6.588609}, RUN),
    "nunit3/EnricoMi__publish-unit-test-result-action/python/test/files/nunit/nunit3/jenk"
    "ins/"
    "NUnit-issue44527.xml": ({"seconds": 851.494022}, RUN),
    "nunit3/EnricoMi__publish-unit-test-result-action/python/test/files/nunit/nunit3/jenk"
    "ins/"
    "NUnit-issue48478.xml": ({"seconds": 17.807624}, RUN),
    "nunit3/EnricoMi__publish-unit-test-result-action/python/test/files/nunit/nunit3/jenk"
    "ins/"
    "NUnit-issue50162.xml": ({"seconds": 0.077317}, RUN),
    "nunit3/jenkinsci__nunit-plugin/src/test/resources/hudson/plugins/nunit/"
    "NUnit-issue44315-2.xml": ({"seconds": 0.01191}, RUN),
    "nunit3/jenkinsci__nunit-plugin/src/test/resources/hudson/plugins/nunit/NUnit-issue44315.xml": (
        {"seconds": 43.454305},
        RUN,
    ),
    "nunit3/spekt__nunit.testlogger/test/NUnit.Xml.TestLogger.AcceptanceTests/"
    "reference-test-result.xml": ({"seconds": 1.021421}, RUN),
}
