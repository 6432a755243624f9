"""The commands in the guides work: they are run in a home of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, RunningServer, environ_of, junit, running_gunicorn
from tests.deploy.in_front import needed
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.tokens import create_token

GUIDES = (
    "deploy/README.md",
    "deploy/linux.md",
    "deploy/docker.md",
    "deploy/kubernetes.md",
    "deploy/operating.md",
    "deploy/prometheus/README.md",
    "deploy/jenkins/README.md",
    "README.md",
    "tests/README.md",
)
FENCE = re.compile(r"^ *```(\w*)\n.*?^ *```$", re.M | re.S)
PROGRAMS = "curl|deploy|docker|kubectl|promtool|scripts|systemctl|tracker"
BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>run|not run: (?P<reason>.+?)) -->\n)?^ *```sh\n(?P<text>.*?)^ *```$",
    re.M | re.S,
)


@dataclass(frozen=True)
class Block:
    """Commands of a guide; without a mark nobody said whether they are run."""

    guide: str
    number: int
    mark: str
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.guide}-{self.number}"


def blocks() -> list[Block]:
    """All commands of all guides, in their order."""
    return [
        Block(guide, number, found["mark"] or "", found["reason"] or "", found["text"])
        for guide in GUIDES
        for number, found in enumerate(BLOCK.finditer((ROOT / guide).read_text()), 1)
    ]


RUN = [block for block in blocks() if block.mark == "run"]
NOT_RUN = [block for block in blocks() if block.mark != "run"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("guide")
    return Settings.load({}, home=folder / "home", output=folder / "output")


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[RunningServer]:
    """The web server and the worker that the guides say are running."""
    with running_gunicorn(settings, TRACKER_LOG_FORMAT="text") as running:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tracker", "worker"],
            env=running.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield running
        finally:
            worker.terminate()
            worker.wait(60)


@pytest.fixture(scope="module")
def environ(
    server: RunningServer, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Where `tracker` is the real command, and a token is in its variable."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "tracker").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tracker "$@"\n')
    (folder / "tracker").chmod(0o755)
    open_store(settings.store)
    token = create_token("guide", now=0)
    close_store()
    path = f"{folder}:{os.environ['PATH']}"
    return environ_of(settings) | {
        "PATH": path,
        "TRACKER_TOKEN": token,
        "TRACKER_URL": server.url,
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which somebody types, with reports."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "results").mkdir()
    for name in ("a", "b"):
        (folder / "results" / f"{name}.xml").write_bytes(junit(**{name: "P"}))
    return folder


@pytest.mark.parametrize("block", RUN, ids=str)
def test_the_commands_of_a_guide_work(
    block: Block, environ: dict[str, str], server: RunningServer, here: Path
) -> None:
    needed("curl")
    text = block.text.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", text],
        env=environ,
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("block", NOT_RUN, ids=str)
def test_commands_that_are_not_run_say_why_and_are_well_formed(block: Block) -> None:
    assert len(block.reason) > 10, block.text
    subprocess.run(["/bin/bash", "-n"], input=block.text.encode(), check=True)


def test_all_guides_have_commands_and_some_are_run() -> None:
    assert {block.guide for block in blocks()} == set(GUIDES)
    assert len(RUN) >= 12


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_stand_where_they_are_seen(guide: str) -> None:
    """In a fence `sh`; others have data, and nothing that is indented begins with a program."""
    text = (ROOT / guide).read_text()
    assert set(FENCE.findall(text)) <= {"sh", "json"}
    assert re.findall(rf"^ {{4,}}(?:sudo )?(?:{PROGRAMS})\b.*", FENCE.sub("", text), re.M) == []


def test_a_file_that_a_reason_names_is_there() -> None:
    named = [name for block in NOT_RUN for name in re.findall(r"tests/[\w/]+\.py", block.reason)]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_numbers_of_the_hardening_are_those_that_are_tested() -> None:
    text = (ROOT / "deploy" / "linux.md").read_text()
    assert "tests hold them to 1.5" in text
    assert "MOST_EXPOSED = 1.5" in Path(ROOT / "tests/deploy/test_units.py").read_text()
