"""Jobs of the real controller: what they run as shell text, and their config.xml."""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.conftest import ROOT

CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<{kind}>
  <actions/>
  <description>{description}</description>
  <keepDependencies>false</keepDependencies>
  <properties>{properties}</properties>
  <scm class="hudson.scm.NullSCM"/>
  <canRoam>true</canRoam>
  <disabled>{disabled}</disabled>
  <triggers class="vector"/>
  <concurrentBuild>false</concurrentBuild>
  {axes}
  <builders>
    <hudson.tasks.Shell><command>{command}</command></hudson.tasks.Shell>
  </builders>
  <publishers>{publishers}</publishers>
  <buildWrappers/>
</{kind}>
"""
FRESH = "rm -rf out go && mkdir -p out"


def config(
    *steps: str,
    publishers: tuple[str, ...] = (),
    properties: str = "",
    description: str = "",
    disabled: bool = False,
    axes: dict[str, tuple[str, ...]] | None = None,
) -> str:
    """The config.xml of a job that runs the steps in one shell; a matrix where it has axes."""
    return CONFIG.format(
        kind="matrix-project" if axes else "project",
        description=escape(description),
        properties=properties,
        disabled=str(disabled).lower(),
        axes=_matrix(axes) if axes else "",
        command=escape("\n".join(steps)),
        publishers="".join(publishers),
    )


def reporting(*steps: str, files: str = "out/**/*.xml", **more: object) -> str:
    """A job that starts afresh, archives what the steps write to `out`, and reads its tests."""
    own = (archive("out/**"), junit_archiver(files), *more.pop("publishers", ()))  # type: ignore[misc]
    return config(FRESH, *steps, publishers=own, **more)  # type: ignore[arg-type]


# Steps.


def write(path: str, *contents: bytes) -> str:
    """Write a file: in the first build the first content, and so on; the last one ever after."""
    *firsts, last = contents
    branches = [
        f"{number}) {_here(path, content)}\n;;" for number, content in enumerate(firsts, start=1)
    ]
    choice = "\n".join(["case $BUILD_NUMBER in", *branches, f"*) {_here(path, last)}\n;;", "esac"])
    return f"mkdir -p '{path.rpartition('/')[0] or '.'}'\n{choice}"


def _here(path: str, content: bytes) -> str:
    return f"cat >'{path}' <<'END_OF_FILE'\n{content.decode()}\nEND_OF_FILE"


def wait_for_go(seconds: int = 60) -> str:
    """Wait until somebody puts the file `go` into the workspace."""
    return f"for i in $(seq {seconds * 10}); do [ -e go ] && break; sleep 0.1; done"


def knock(tracker: str, token: str) -> str:
    """Tell the tracker that this build has something to say, as `deploy/jenkins` advises."""
    return f"{_freestyle(tracker, token)}\nknock"


def upload_at_exit(tracker: str, token: str, path: str) -> str:
    """Send a report when the shell ends, however it ends, as `deploy/jenkins` advises."""
    return f"{_freestyle(tracker, token)}\nTRACKER_FILES='{path}'\ntrap tell EXIT"


def _freestyle(tracker: str, token: str) -> str:
    text = (ROOT / "deploy" / "jenkins" / "freestyle.sh").read_text(encoding="utf-8")
    return f"TRACKER_URL={tracker}\nTRACKER_TOKEN={token}\n{text}"


# After the steps.


def archive(pattern: str) -> str:
    return (
        f"<hudson.tasks.ArtifactArchiver><artifacts>{pattern}</artifacts>"
        "<latestOnly>false</latestOnly></hudson.tasks.ArtifactArchiver>"
    )


def junit_archiver(pattern: str) -> str:
    return (
        f"<hudson.tasks.junit.JUnitResultArchiver><testResults>{pattern}</testResults>"
        "<keepLongStdio>false</keepLongStdio><testDataPublishers/>"
        "</hudson.tasks.junit.JUnitResultArchiver>"
    )


def then_build(job: str) -> str:
    """Build another job afterwards, also where tests failed."""
    return (
        f"<hudson.tasks.BuildTrigger><childProjects>{job}</childProjects><threshold>"
        "<name>UNSTABLE</name><ordinal>1</ordinal><color>YELLOW</color>"
        "</threshold></hudson.tasks.BuildTrigger>"
    )


def fingerprints(pattern: str) -> str:
    return (
        f"<hudson.tasks.Fingerprinter><targets>{pattern}</targets>"
        "<recordBuildArtifacts>false</recordBuildArtifacts></hudson.tasks.Fingerprinter>"
    )


def aggregated(job: str) -> str:
    """Add up the tests of the builds that used this one's fingerprinted files."""
    return (
        f"<hudson.tasks.test.AggregatedTestResultPublisher><jobs>{job}</jobs>"
        "</hudson.tasks.test.AggregatedTestResultPublisher>"
    )


# Parameters and axes.


def parameters(*definitions: str) -> str:
    return (
        "<hudson.model.ParametersDefinitionProperty><parameterDefinitions>"
        f"{''.join(definitions)}"
        "</parameterDefinitions></hudson.model.ParametersDefinitionProperty>"
    )


def parameter(kind: str, name: str, default: str) -> str:
    """A parameter of the kind String, Boolean or Password."""
    element = f"hudson.model.{kind}ParameterDefinition"
    return (
        f"<{element}><name>{name}</name><description/>"
        f"<defaultValue>{default}</defaultValue></{element}>"
    )


def choice(name: str, *values: str) -> str:
    strings = "".join(f"<string>{value}</string>" for value in values)
    return (
        f"<hudson.model.ChoiceParameterDefinition><name>{name}</name><description/>"
        '<choices class="java.util.Arrays$ArrayList"><a class="string-array">'
        f"{strings}</a></choices></hudson.model.ChoiceParameterDefinition>"
    )


def _matrix(axes: dict[str, tuple[str, ...]]) -> str:
    each = "".join(
        f"<hudson.matrix.TextAxis><name>{name}</name><values>"
        + "".join(f"<string>{value}</string>" for value in values)
        + "</values></hudson.matrix.TextAxis>"
        for name, values in axes.items()
    )
    return f"<axes>{each}</axes><runSequentially>false</runSequentially>"
