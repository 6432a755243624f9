"""Our readings of TestNG files where good readers differ."""

from __future__ import annotations

# The manifest has the `duration-ms` of the suites, with configuration methods and idle time in
# it; ours is what its rule asks for, the sum of the cases.
RUN = "the manifest has the time of the suites, not the sum of their cases"

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-dp-result.xml": (
        {"seconds": 0.012},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-empty-exp.xml": (
        {"seconds": 0.011},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-failed-test-config.xml": (
        {"seconds": 0.011},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-failed-tests.xml": (
        {"seconds": 0.022},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-instance-name.xml": (
        {"seconds": 4.33},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-precheckins.xml": (
        {"seconds": 7149.534},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-reporter-log-result.xml": (
        {"seconds": 12.972},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-results-testng.xml": (
        {"seconds": 23.562},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-skipped-tests.xml": (
        {"seconds": 0.022},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/testng-xml-exp-msg.xml": (
        {"seconds": 2.035},
        RUN,
    ),
    "testng/jenkinsci__testng-plugin-plugin/src/test/resources/"
    "testng-xml-multiline-exp-msg-and-descp.xml": ({"seconds": 3.043}, RUN),
}
