"""Plugins and templates are found from a wheel, an editable install, and a bare checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
ASK = (
    "import json, tracker; from tracker import resources;"
    "from tracker.intake.plugins import PluginSources, load_plugins;"
    "from tracker.site.render import renderer;"
    "print(json.dumps({'package': tracker.__file__,"
    " 'plugins': [p.parser.name for p in load_plugins(PluginSources.of('', ''))],"
    " 'templates': str(resources.folder('site_templates')),"
    " 'assets': sorted(renderer().assets.hashed)}))"
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree, so that building leaves nothing in it."""
    copy = tmp_path_factory.mktemp("checkout") / "tree"
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", ".tracker", "output", "__pycache__", "*.egg-info", "build", ".*_cache"
    )
    shutil.copytree(ROOT, copy, ignore=ignored)
    return copy


def ask(python: str | Path, path: str, cwd: Path) -> dict[str, object]:
    """What an interpreter finds, started in another folder."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": path}
    done = subprocess.run(
        [str(python), "-c", ASK], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def pip(*arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_bare_checkout_finds_them_beside_the_package(checkout: Path, tmp_path: Path) -> None:
    found = ask(sys.executable, str(checkout), tmp_path)
    assert found["templates"] == str(checkout / "site_templates")
    assert "junit" in found["plugins"]  # type: ignore[operator]
    assert "site.css" in found["assets"]  # type: ignore[operator]


def test_a_wheel_has_them_inside_the_package(checkout: Path, tmp_path: Path) -> None:
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), ".", cwd=checkout)
    [wheel] = tmp_path.glob("*.whl")
    target = tmp_path / "installed"
    options = ("--no-deps", "--no-compile", "--target", str(target))
    pip("install", *options, str(wheel), cwd=tmp_path)
    found = ask(sys.executable, str(target), tmp_path)
    assert found["package"] == str(target / "tracker" / "__init__.py")
    assert found["templates"] == str(target / "tracker" / "site_templates")
    assert "junit" in found["plugins"]  # type: ignore[operator]
    assert "site.css" in found["assets"]  # type: ignore[operator]
    assert {path.name for path in target.iterdir()} <= {
        "tracker",
        "bin",
        *(path.name for path in target.glob("*.dist-info")),
    }


@pytest.mark.nightly  # as these tests run in one
def test_an_editable_install_finds_them_beside_the_package(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    ours = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})["purelib"]
    theirs = sysconfig.get_paths()["purelib"]
    Path(ours, "libraries.pth").write_text(theirs + "\n")
    pip(
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-build-isolation",
        "-e",
        ".",
        cwd=checkout,
    )
    found = ask(python, "", tmp_path)
    assert found["templates"] == str(checkout / "site_templates")
    assert "junit" in found["plugins"]  # type: ignore[operator]


PARSER = """
from tracker.intake.contract import Result, Status, parser

@parser("theirs", recognises="THEIRS", sniff=lambda head: float(head.text.startswith("THEIRS")))
def read(report):
    yield Result(report.stream.read().decode().split()[1], Status.PASSED)
"""
DISTRIBUTION = """
[metadata]
name = their-parsers
version = 1
[options]
py_modules = their_parsers
[options.entry_points]
tracker.parsers =
    theirs = their_parsers:read
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of libraries into which somebody's distribution with a parser was installed."""
    source = tmp_path_factory.mktemp("theirs")
    (source / "their_parsers.py").write_text(PARSER)
    (source / "setup.cfg").write_text(DISTRIBUTION)
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    )
    target = tmp_path_factory.mktemp("libraries") / "site-packages"
    options = ("--no-deps", "--no-build-isolation", "--target", str(target))
    pip("install", *options, ".", cwd=source)
    return target


def tracker(installed: Path, home: Path, *arguments: str, **settings: str) -> Any:
    """What a command prints as JSON in a place with somebody's distribution."""
    done = subprocess.run(
        [sys.executable, "-m", "tracker", *arguments, "--json"],
        cwd=home,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}",
            "TRACKER_HOME": str(home),
            **settings,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_installed_parser_is_off_until_its_name_is_enabled(
    installed: Path, tmp_path: Path
) -> None:
    listed = tracker(installed, tmp_path, "plugins")
    assert "theirs" not in [row["name"] for row in listed]


def test_an_installed_parser_that_is_enabled_reads_its_format(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "r").write_text("THEIRS hello")
    enabled = {"TRACKER_PLUGINS_ENABLED": "theirs"}
    [row] = [
        row for row in tracker(installed, tmp_path, "plugins", **enabled) if row["name"] == "theirs"
    ]
    assert row["origin"] == "entry point theirs (their_parsers:read)"
    tried = tracker(installed, tmp_path, "plugins", "try", "r", **enabled)
    assert (tried["format"], tried["results"][0]["name"]) == ("theirs", "hello")
