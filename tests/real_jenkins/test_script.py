"""`scripts/real_jenkins` says what it lacks, and signals only what it started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real_jenkins.conftest import NOT_HERE, SCRIPT

pytestmark = pytest.mark.real_jenkins


def script(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)],
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def programs(folder: Path, *names: str, text: str = "exit 1") -> str:
    """A PATH with nothing but programs of these names."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(("there", "missing"), [((), "java"), (("java",), "javac")])
def test_a_missing_program_is_named(tmp_path: Path, there: tuple[str, ...], missing: str) -> None:
    said = script("start", PATH=programs(tmp_path / "bin", *there))
    assert said.returncode == NOT_HERE
    assert f"`{missing}` is not installed" in said.stderr
    assert "apt-get install" in said.stderr


def test_maven_is_wanted_only_to_fetch(tmp_path: Path) -> None:
    said = script("start", PATH=programs(tmp_path / "bin", "java", "javac"), HOME=str(tmp_path))
    assert said.returncode == NOT_HERE
    assert "`mvn` is not installed" in said.stderr


def test_what_maven_could_not_do_is_told(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin", "java", "javac", "mvn", text="echo '[ERROR] no way'; exit 1")
    said = script("start", PATH=path, HOME=str(tmp_path))
    assert said.returncode == NOT_HERE
    assert said.stderr.endswith("from Maven Central: no way\n")


def test_another_file_than_the_known_one_is_not_started(tmp_path: Path) -> None:
    folder = tmp_path / ".m2/repository/org/jvnet/hudson/main/hudson-war/1.395"
    folder.mkdir(parents=True)
    (folder / "hudson-war-1.395.war").write_bytes(b"something else")
    path = programs(tmp_path / "bin", "java", "javac", text="touch $HOME/started")
    said = script("start", PATH=path, HOME=str(tmp_path))
    assert said.returncode == 1
    assert "is not the file that is known here" in said.stderr
    assert not (tmp_path / "started").exists()


def test_a_process_that_has_the_pid_by_chance_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "controller.pid").write_text(f"{other.pid} 1\n")
        assert script("kill", "--home", tmp_path).returncode == 0
        assert other.poll() is None
        other.kill()
    assert not (tmp_path / "controller.pid").exists()
