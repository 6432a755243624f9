"""The examples for CI: what they run exists, and they ask for no rights they do not need."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tests.conftest import ROOT
from tracker.cli import tracker

FOLDER = ROOT / "deploy" / "ci"
JENKINSFILE = (FOLDER / "Jenkinsfile").read_text()
# `on` is a truth value to YAML 1.1.
ACTIONS: dict[Any, Any] = yaml.safe_load((FOLDER / "github-actions.yml").read_text())
STEPS = [step for job in ACTIONS["jobs"].values() for step in job["steps"]]
SCRIPTS = [step["run"] for step in STEPS if "run" in step]
SCRIPTS += re.findall(r"sh '''(.*?)'''", JENKINSFILE, re.S) + re.findall(
    r"sh '([^'\n]+)'", JENKINSFILE
)


def commands() -> set[str]:
    return {found for script in SCRIPTS for found in re.findall(r"bin/tracker (\w+[^\n]*)", script)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda text: text.strip()[:40])
def test_a_script_is_understood_by_a_shell_and_runs_what_exists(script: str) -> None:
    subprocess.run(["/bin/bash", "-n"], input=script.encode(), check=True)
    for path in re.findall(r"(?<![\w./-])scripts/[\w.]+", script):
        assert (ROOT / path).exists()


@pytest.mark.parametrize("line", sorted(commands()))
def test_a_command_and_its_options_exist(line: str) -> None:
    name, _, rest = line.partition(" ")
    command = tracker.get_command(click.Context(tracker), name)
    assert command is not None
    options = {option for each in command.params for option in each.opts}
    assert set(re.findall(r"(?<!\S)--[\w-]+", rest)) <= options


def test_a_run_may_read_the_code_and_nothing_else() -> None:
    assert ACTIONS["permissions"] == {"contents": "read"}
    for job in ACTIONS["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 45


def test_no_step_leaves_its_rights_behind() -> None:
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout")]
    assert checkouts
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_foreign_text_is_not_pasted_into_a_script() -> None:
    """Titles and branch names are written by anybody."""
    assert [script for script in SCRIPTS if "${{" in script] == []


def test_the_stages_of_jenkins_are_balanced() -> None:
    outside = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*", "", JENKINSFILE, flags=re.S)
    assert outside.count("{") == outside.count("}")
    assert re.findall(r"stage\('([^']+)'\)", JENKINSFILE) == [
        "Tests",
        "All tests",
        "Performance",
        "Health and validation",
    ]
    assert "\\" not in JENKINSFILE


def test_at_night_all_tests_are_run_and_what_is_told_of_them_narrows_nothing() -> None:
    """Those with the stores in PostgreSQL are run where no argument chooses some tests."""
    script = (ROOT / "scripts" / "test").read_text()
    function = re.findall(r"^narrows\(\) \{.*?^\}", script, re.M | re.S)[0]
    [by_actions] = [step["run"] for step in STEPS if step.get("name") == "All tests"]
    [nightly] = re.findall(
        r"stage\('All tests'\) \{\s+when \{ triggeredBy 'TimerTrigger' \}\s+steps \{\s+sh '(.*?)'",
        JENKINSFILE,
    )
    given = [each.split("scripts/test --nightly ")[1] for each in (nightly, by_actions)]
    given += ["", "-x --durations=5"]
    chosen = ["tests/store", "tests/deploy/test_ci.py::test_x", "-k epochs", "-m pages", "-kepochs"]
    asked = [f"narrows {each} && echo narrowed || echo all" for each in (*given, *chosen)]
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join([function, *asked])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["all"] * len(given) + ["narrowed"] * len(chosen)
    assert 'elif [ "$examples" = nightly ]; then' in script.split('narrows "$@"')[-1]


def test_whoever_runs_all_tests_is_root() -> None:
    """Nobody else mounts disks that lose their power or are full: these proofs would be skipped."""
    [[quick, _], [all_tests, command]] = [
        (step["if"], step["run"]) for step in STEPS if "scripts/test" in step.get("run", "")
    ]
    assert (quick, all_tests) == (
        "github.event_name != 'schedule'",
        "github.event_name == 'schedule'",
    )
    assert command.startswith('sudo -E env "PATH=$PATH" scripts/test --nightly')


def test_the_health_that_is_asked_for_is_readiness() -> None:
    asking = [script for script in SCRIPTS if "curl" in script and "127.0.0.1" in script]
    assert len(asking) == 2
    assert all("/health/ready" in script for script in asking)
    assert Path(ROOT / "scripts" / "start").exists()
