"""Our readings of NUnit 2 files where good readers differ."""

from __future__ import annotations

JENKINS = "nunit2/EnricoMi__publish-unit-test-result-action/python/test/files/nunit/nunit3/jenkins/"
PLUGIN = "nunit2/jenkinsci__nunit-plugin/src/test/resources/hudson/plugins/nunit/"
DOCTYPE = (
    "its DOCTYPE declares an entity that reaches for a file or the network: the shared XML reader "
    "refuses that, and no plugin may soften it"
)

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    f"{JENKINS}NUnit-issue6353.xml": (
        {"passed": 1, "failed": 1},
        "two cases tell no result: executed without a failure passed, with a failure it failed, as "
        "the declared counts and the source repository have it",
    ),
    f"{JENKINS}NUnit-multinamespace.xml": (
        {"unknown": 1},
        'one case says success="Turue", which is no word of the format',
    ),
    f"{JENKINS}NUnit-sec1752-file.xml": (None, DOCTYPE),
    f"{JENKINS}NUnit-sec1752-https.xml": (None, DOCTYPE),
    f"{PLUGIN}NUnit-sec1752-file.xml": (None, DOCTYPE),
    f"{PLUGIN}NUnit-sec1752-https.xml": (None, DOCTYPE),
}
