"""Our readings of corpus files of Robot Framework."""

ROOT = "robot/jenkinsci__robot-plugin/src/test/resources/hudson/plugins/robot/"
JOBS = ROOT + "RobotPublisherSystemTest/jobs/"

SECONDS = """The manifest gives the elapsed time of the outermost suite, set-ups and all, though by
the rules of the corpus durations come from the cases; ours is the sum of the tests' times."""

OF_TESTS = {
    JOBS + "collisions/workspace/output.xml": 0.005,
    JOBS + "disable-archive-output-xml/workspace/output.xml": 0.009,
    JOBS + "failingtests/builds/2/robot-plugin/output.xml": 0.009,
    JOBS + "files-with-env-vars/workspace/output_1.xml": 0.071,
    JOBS + "robot29output/workspace/output.xml": 0.001,
    JOBS + "several-outputs/workspace/submodule1/output.xml": 0.006,
    JOBS + "several-outputs/workspace/submodule2/output.xml": 0.025,
    ROOT + "blueocean/blue_skip.xml": 0.03,
    ROOT + "blueocean/output.xml": 0.01,
    ROOT + "empty_args-output.xml": 91.137,
    ROOT + "graph/output.xml": 0.098,
    ROOT + "low_failure_output.xml": 2.457,
    ROOT + "model/collisions.xml": 0.008,
    ROOT + "model/output.xml": 0.098,
    ROOT + "model/robot4_skip.xml": 0.016,
    ROOT + "model/suite-setup-and-teardown.xml": 0.002,
    ROOT + "model/testfile.xml": 0,
    ROOT + "rebot_output.xml": 0.042,
    ROOT + "robot4_if_output.xml": 0.017,
    ROOT + "robot4_nested_output.xml": 0.02,
    ROOT + "robot4_output.xml": 0.017,
    ROOT + "robot5/basic_new_features_output.xml": 0.048,
    ROOT + "robot7/inline_var_output.xml": 0.002,
    "robot/recorded-here/robot-outcomes.xml": 0.004,
}

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    **{file: ({"seconds": seconds}, SECONDS) for file, seconds in OF_TESTS.items()},
    ROOT + "model/teardown_fail.xml": (
        {"passed": 0, "failed": 3, "seconds": 0.006},
        "The tear-down of its outermost suite failed, which fails all tests below; the file's own "
        "statistics say 3 failed, and so does Robot's API where it reads the keywords.",
    ),
    ROOT + "xxe_output.xml": (
        None,
        "Its DOCTYPE declares an external entity, which is never fetched; Robot's API refuses it.",
    ),
}
