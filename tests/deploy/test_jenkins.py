"""What `deploy/jenkins/` gives to Jenkins works under a shell, and harms no build."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from tests.conftest import RunningServer, free_port, junit, running_gunicorn
from tracker.jenkins.hooks import Knock, knock_of
from tracker.queries import builds
from tracker.queries.select import select
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.jobs import add_server, track_job
from tracker.store.sql import run

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "jenkins"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
FREESTYLE = (FOLDER / "freestyle.sh").read_text(encoding="utf-8")
JOB = "team/a b+c%2Fö"
SECRET = "trk_SecretOfTheBuild"
Done: TypeAlias = "subprocess.CompletedProcess[str]"
Step: TypeAlias = Callable[..., Done]


def scripts_of(name: str) -> list[str]:
    """The texts between ''' in a Groovy file; none has a backslash, which Groovy would read."""
    scripts = re.findall(r"'''(.*?)'''", (FOLDER / name).read_text(encoding="utf-8"), re.S)
    assert not any("\\" in script for script in scripts)
    return scripts


[LIBRARY] = scripts_of("vars/trackResults.groovy")
[PIPELINE] = scripts_of("Jenkinsfile.curl")


@pytest.fixture
def shell() -> str:
    """What runs the steps of Jenkins where the job says nothing else; dash on Debian."""
    return "sh"


@pytest.fixture
def step(shell: str, tmp_path: Path) -> Step:
    """Run a shell step as Jenkins does, in a workspace with two reports."""
    workspace = tmp_path / "work space"
    (workspace / "out").mkdir(parents=True)
    (workspace / "out" / "a b,c;d.xml").write_bytes(junit(one="P", two="F"))
    (workspace / "out" / "b.xml").write_bytes(junit(three="P"))

    def step(script: str, url: str, token: str = SECRET, **more: str) -> Done:
        (tmp_path / "jenkins.sh").write_text(script, encoding="utf-8")
        environ = {
            "PATH": os.environ["PATH"],
            "JOB_NAME": JOB,
            "BUILD_NUMBER": "12",
            "BUILD_URL": "http://jenkins/job/team/job/a%20b+c%252F%C3%B6/12/",
            "TRACKER_URL": url,
            "TRACKER_TOKEN": token,
            "TRACKER_SERVER": "",
            "TRACKER_FILES": "out/*.xml",
        }
        return subprocess.run(
            [shell, "-xe", str(tmp_path / "jenkins.sh")],
            cwd=workspace,
            env=environ | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return step


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Settings]]:
    """A running tracker; what one test sent it is taken away before the next."""
    settings = Settings.load({}, home=tmp_path_factory.mktemp("served") / "home")
    with running_gunicorn(settings) as server:
        yield server, settings


@pytest.fixture
def tracker(served: tuple[RunningServer, Settings]) -> Iterator[RunningServer]:
    """A running tracker that reads the job from a Jenkins and knows no build of it."""
    server, settings = served
    connection.open_store(settings.store)
    with connection.writing():
        for table in ("result", "report", "build", "work"):
            run(f"DELETE FROM {table}")
    add_server("main", "http://jenkins/", prefix="", username="", token_file="", patterns=())
    track_job(JOB, server="main", jenkins_name=JOB)
    yield server
    connection.close_store()


def work() -> list[tuple[str, str]]:
    return [(kind, key) for kind, key in select("SELECT kind, key FROM work")]


def reports() -> list[str]:
    return sorted(report.name for report in builds.reports(JOB, "12"))


KNOCKS = {"freestyle": f"{FREESTYLE}\nknock\n", "pipeline": PIPELINE, "library": LIBRARY}
UPLOADS = {"freestyle": f"{FREESTYLE}\ntrap tell EXIT\ntrue\n", "library": LIBRARY}


@pytest.mark.parametrize("way", KNOCKS)
def test_a_step_has_its_build_read(step: Step, tracker: RunningServer, way: str) -> None:
    done = step(KNOCKS[way], tracker.url, tracker.token, TRACKER_FILES="")
    assert done.returncode == 0, done.stderr
    assert work() == [("poll_build", f"{JOB}#12")]


@pytest.mark.parametrize("way", UPLOADS)
def test_a_step_sends_its_reports(step: Step, tracker: RunningServer, way: str) -> None:
    done = step(UPLOADS[way], tracker.url, tracker.token)
    assert done.returncode == 0, done.stderr
    assert reports() == ["out/a b,c;d.xml", "out/b.xml"]
    assert f"{tracker.url}/jobs/" in done.stdout


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_step_that_fails_sends_its_reports_and_fails(step: Step, tracker: RunningServer) -> None:
    script = f"{FREESTYLE}\ntrap tell EXIT\nsh -c 'exit 3'\necho never\n"
    done = step(script, tracker.url, tracker.token)
    assert (done.returncode, "never" in done.stdout) == (3, False)
    assert len(reports()) == 2


def test_without_files_a_step_knocks_instead(step: Step, tracker: RunningServer) -> None:
    script = UPLOADS["freestyle"]
    assert step(script, tracker.url, tracker.token, TRACKER_FILES="no/*.xml").returncode == 0
    assert work() == [("poll_build", f"{JOB}#12")]


def test_a_step_names_its_controller(step: Step, tracker: RunningServer) -> None:
    add_server("west", "http://west/", prefix="west", username="", token_file="", patterns=())
    track_job(f"west/{JOB}", server="west", jenkins_name=JOB)
    step(KNOCKS["freestyle"], tracker.url, tracker.token, TRACKER_SERVER="west")
    assert work() == [("poll_build", f"west/{JOB}#12")]


SCRIPTS = [*KNOCKS.values(), *UPLOADS.values()]
# The others raise an error in the pipeline, which the library catches there.
HARMLESS = [KNOCKS["freestyle"], KNOCKS["pipeline"], UPLOADS["freestyle"]]


def test_the_token_is_not_in_the_log_of_a_build(step: Step, tracker: RunningServer) -> None:
    for script in SCRIPTS:
        for token in (tracker.token, SECRET):  # one that opens the door, and one that is refused
            done = step(script, tracker.url, token)
            assert token[4:20] not in done.stdout + done.stderr


def test_a_refused_token_is_told_in_the_log_and_breaks_no_build(
    step: Step, tracker: RunningServer
) -> None:
    for script in SCRIPTS:
        done = step(script, tracker.url)
        assert "401" in done.stderr
        assert (done.returncode == 0) == (script in HARMLESS)
    assert work() == []


@pytest.mark.parametrize("way", UPLOADS)
def test_why_a_report_was_refused_is_in_the_log(
    step: Step, tracker: RunningServer, tmp_path: Path, way: str
) -> None:
    (tmp_path / "work space" / "out" / "cut.xml").write_bytes(junit(one="P")[:-40])
    done = step(UPLOADS[way], tracker.url, tracker.token, TRACKER_FILES="out/cut.xml")
    assert "'out/cut.xml' cannot be read" in done.stdout


@pytest.mark.parametrize("script", HARMLESS)
def test_a_tracker_that_is_down_breaks_no_build(step: Step, script: str) -> None:
    assert step(script, f"http://127.0.0.1:{free_port()}").returncode == 0


def test_the_library_catches_what_its_script_raises() -> None:
    text = (FOLDER / "vars" / "trackResults.groovy").read_text(encoding="utf-8")
    body = text.split("def call(")[1]
    assert body.index("try {") < body.index("timeout(") < body.index("catch (Throwable error)")
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("name", ["Jenkinsfile", "Jenkinsfile.curl", "vars/trackResults.groovy"])
def test_the_parentheses_of_a_groovy_file_are_closed(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    for opening, closing in ("{}", "()", "[]"):
        assert text.count(opening) == text.count(closing)
    assert text.count("'''") % 2 == 0


def test_the_readme_names_every_file_and_no_other() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", README))
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert linked | {"README.md"} == there


def test_the_notification_in_the_readme_is_accepted_as_it_stands() -> None:
    [body] = re.findall(r"```json\n(.*?)```", README, re.S)
    url = msgspec.json.decode(body)["build"]["full_url"]
    assert knock_of(body.encode(), "application/json", {}) == Knock("team/nightly", 12, "", url)
