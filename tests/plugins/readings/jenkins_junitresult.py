"""Our readings of Jenkins' own files that differ from the corpus."""

ROBOT = (
    "jenkins-junitresult/jenkinsci__robot-plugin/src/test/resources/hudson/plugins/robot/"
    "RobotPublisherSystemTest/jobs/matrix-robot/configurations/axis-FOO/bar/builds/2/"
    "robot_results.xml"
)

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    ROBOT: (
        {"passed": 4, "failed": 4},
        "the manifest is wrong: it counted by the elements of the junit plugin, and this file is "
        "the Robot plugin's, where four of the eight cases say <passed>false</passed>",
    ),
}
