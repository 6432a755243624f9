"""install.sh, run whole below a folder: with a Python that notes what is asked, and for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.in_front import needed
from tracker import __version__
from tracker.errors import StorageError
from tracker.operations.backup.sources import FileSource

PARTS = ("tracker", "plugins", "site_templates", "deploy", "scripts/environment.sh", "setup.cfg")
FILES = (
    "pyproject.toml",
    "requirements.lock",
    "requirements-nodes.lock",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
)
# Of what it only copies and hashes, a file is as good as 600.
COPIED = ("tracker", "plugins", "site_templates")
# It answers questions as the real one, and notes what would take half a minute.
NOTING = """#!/bin/sh
case "$1 $2" in
    "-m venv")
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "{tracker}" "$3/bin/tracker" ;;
    "-m pip") echo "$@" >>"{notes}" ;;
    "-c import venv, ensurepip") ;;
    *) exec "{python}" -I -S "$@" ;;
esac
"""
TRACKER = """#!/bin/sh
echo "tracker $@ with $TRACKER_CONFIG" >>"{notes}"
"""


@dataclass
class Checkout:
    """A copy of what a release is made from, and a root to install it below."""

    folder: Path
    root: Path
    notes: Path
    python: str

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the script; what it said, after it ended with this code."""
        done = subprocess.run(
            [self.folder / "deploy" / "install.sh", *arguments, "--root", self.root],
            env={**os.environ, "PYTHON": self.python},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stderr + done.stdout

    def is_now(self, version: str) -> None:
        """Become another version."""
        (self.folder / "tracker" / "__init__.py").write_text(f'__version__ = "{version}"\n')

    @property
    def releases(self) -> Path:
        """Where releases are."""
        return self.root / "opt" / "regression-tracker"

    def current(self) -> str:
        """The version that is in use."""
        return str((self.releases / "current").readlink()).rpartition("-")[0]

    def versions(self) -> list[str]:
        """The versions that are there."""
        return sorted(path.name.split("-")[0] for path in self.releases.glob("*-*"))

    def installed(self) -> dict[str, bytes]:
        """The units and the command."""
        return {
            name: data
            for name, data in self.tree().items()
            if name.startswith(("etc/systemd/", "usr/local/"))
        }

    def noted(self) -> str:
        """What was asked of Python and of the tracker."""
        return self.notes.read_text() if self.notes.exists() else ""

    def tree(self) -> dict[str, bytes]:
        """Every file below the root."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }


def copied(folder: Path, parts: Iterable[str]) -> None:
    """Have these parts of the repository in another folder."""
    for part in parts:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


@pytest.fixture
def real(tmp_path: Path) -> Checkout:
    """A checkout that is installed by the Python that runs this test."""
    copied(tmp_path / "checkout", (*PARTS, *FILES))
    (tmp_path / "root").mkdir()
    return Checkout(tmp_path / "checkout", tmp_path / "root", tmp_path / "notes", sys.executable)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A small checkout that is installed by a Python that only notes what it was asked."""
    small = Checkout(
        tmp_path / "checkout", tmp_path / "root", tmp_path / "notes", str(tmp_path / "python3")
    )
    copied(small.folder, (part for part in (*PARTS, *FILES) if part not in COPIED))
    for part in COPIED:
        (small.folder / part).mkdir()
        (small.folder / part / "part").touch()
    small.is_now(__version__)
    small.root.mkdir()
    names = {"notes": small.notes, "python": sys.executable, "tracker": tmp_path / "tracker"}
    for name, text in (("python3", NOTING), ("tracker", TRACKER)):
        (tmp_path / name).write_text(text.format(**names))
        (tmp_path / name).chmod(0o755)
    return small


def test_it_installs_by_hash_and_says_what_comes_next(checkout: Checkout) -> None:
    said = checkout.run()
    installs = [line for line in checkout.noted().splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert ["--require-hashes" in line for line in installs] == [True, True, False]
    assert "--no-deps --no-index" in installs[-1]
    assert "tracker server add" in said
    assert checkout.current() == __version__


def test_it_puts_everything_where_the_units_look_for_it(checkout: Checkout) -> None:
    checkout.run()
    assert (checkout.releases / "current" / "README.md").is_file()  # which the guides link
    units = checkout.root / "etc" / "systemd" / "system"
    shipped = ROOT / "deploy" / "systemd"
    assert {path.name for path in units.iterdir()} == {path.name for path in shipped.iterdir()}
    text = "".join(path.read_text() for path in units.rglob("*") if path.is_file())
    for path in set(re.findall(r"(?:/opt|/etc|/var/lib)/regression-tracker[\w./-]*", text)):
        if path != "/etc/regression-tracker/environment" and not path.endswith("/gunicorn"):
            assert (checkout.root / path[1:].rstrip(".")).exists(), path


def test_what_is_secret_is_closed(checkout: Checkout) -> None:
    checkout.run()
    for folder in ("var/lib/regression-tracker", "etc/regression-tracker/credentials"):
        assert (checkout.root / folder).stat().st_mode & 0o777 == 0o700


def test_the_command_has_the_settings_of_the_service(checkout: Checkout) -> None:
    checkout.run()
    settings = checkout.root / "etc" / "regression-tracker" / "tracker.toml"
    subprocess.run([checkout.root / "usr/local/bin/tracker", "token", "list"], check=True)
    assert f"tracker token list with {settings}" in checkout.noted()


def name_address(checkout: Checkout, name: str, text: str) -> Path:
    """Have an address where the installation looks for it."""
    address = checkout.root / "etc" / "regression-tracker" / name
    address.parent.mkdir(parents=True, exist_ok=True)
    address.write_text(text)
    return address


def name_database(checkout: Checkout) -> Path:
    """Have that of a PostgreSQL there."""
    return name_address(checkout, "database_url", "postgresql://tracker@db.example/tracker")


def test_with_a_database_elsewhere_it_installs_the_drivers_and_lets_the_units_reach_it(
    checkout: Checkout,
) -> None:
    address = name_database(checkout)
    checkout.run()
    assert "-r requirements-nodes.lock" in checkout.noted()
    assert "-r requirements.lock" not in checkout.noted()
    units = checkout.root / "etc" / "systemd" / "system" / "regression-tracker-.service.d"
    assert (units / "20-nodes.conf").is_file()
    shell = (checkout.root / "usr/local/bin/tracker").read_text()
    assert f"export TRACKER_DATABASE_URL_FILE={address}" in shell


def test_the_command_counts_requests_where_the_units_do(checkout: Checkout) -> None:
    told = checkout.root.parent / "tracker"
    told.write_text(f'#!/bin/sh\necho "counts by $TRACKER_LIMITS_URL_FILE" >>"{checkout.notes}"\n')
    name_database(checkout)
    checkout.run()
    common = checkout.root / "etc/systemd/system/regression-tracker-.service.d"
    command = checkout.root / "usr/local/bin/tracker"
    subprocess.run([command, "doctor"], env={"PATH": os.environ["PATH"]}, check=True)
    assert checkout.noted().splitlines()[-1] == "counts by "
    assert not (common / "21-limits.conf").exists()
    address = name_address(checkout, "limits_url", "redis://:secret@redis.example")
    checkout.run()
    subprocess.run([command, "doctor"], env={"PATH": os.environ["PATH"]}, check=True)
    assert checkout.noted().splitlines()[-1] == f"counts by {address}"
    assert (common / "21-limits.conf").is_file()
    address.unlink()
    checkout.run()
    assert not (common / "21-limits.conf").exists()


def test_without_a_database_elsewhere_it_installs_no_drivers(checkout: Checkout) -> None:
    name_address(checkout, "limits_url", "redis://:secret@redis.example")
    checkout.run()
    assert "requirements-nodes.lock" not in checkout.noted()
    assert list((checkout.root / "etc" / "systemd").rglob("2*.conf")) == []


def test_a_database_that_is_named_later_makes_another_release_and_backs_up_first(
    checkout: Checkout,
) -> None:
    checkout.run()
    before = (checkout.releases / "current").readlink()
    name_database(checkout)
    checkout.run()
    assert (checkout.releases / "current").readlink() != before
    assert "tracker backup with" in checkout.noted()


def test_a_second_run_changes_nothing(checkout: Checkout) -> None:
    checkout.run()
    before, noted = checkout.tree(), checkout.noted()
    assert "in place already" in checkout.run()
    assert (checkout.tree(), checkout.noted()) == (before, noted)


def test_settings_that_people_wrote_are_kept(checkout: Checkout) -> None:
    checkout.run()
    settings = checkout.root / "etc" / "regression-tracker" / "tracker.toml"
    settings.write_text("port = 9000\n")
    checkout.is_now("9.0.0")
    checkout.run()
    assert settings.read_text() == "port = 9000\n"


def test_an_upgrade_backs_up_first_and_keeps_the_release_before(checkout: Checkout) -> None:
    checkout.run()
    old = checkout.current()
    checkout.is_now("9.0.0")
    checkout.run()
    assert checkout.current() == "9.0.0"
    assert str((checkout.releases / "previous").readlink()).startswith(f"{old}-")
    assert checkout.noted().splitlines()[-1].startswith(("tracker version", "tracker backup"))
    assert "tracker backup with" in checkout.noted()


def test_the_backup_of_an_upgrade_is_not_validated(checkout: Checkout) -> None:
    """An upgrade may mend what would be found."""
    checkout.run()
    command = checkout.releases / "current" / "bin" / "tracker"
    command.write_text(f"{command.read_text()}[ $# = 1 ] || echo --no-validate\n")
    checkout.is_now("9.0.0")
    checkout.run()
    assert "tracker backup --no-validate with" in checkout.noted()


def test_without_a_backup_there_is_no_upgrade(checkout: Checkout) -> None:
    checkout.run()
    old = checkout.current()
    command = checkout.releases / "current" / "bin" / "tracker"
    command.write_text("#!/bin/sh\nexit 3\n")
    checkout.is_now("9.0.0")
    assert "nothing was changed" in checkout.run(code=3)
    assert checkout.current() == old


def test_an_upgrade_without_a_database_says_so(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run()
    with pytest.raises(StorageError) as none:
        FileSource(tmp_path / "tracker.db").check()
    command = checkout.releases / "current" / "bin" / "tracker"
    command.write_text(f"#!/bin/sh\necho '{none.value.message}' >&2\nexit 3\n")
    checkout.is_now("9.0.0")
    said = checkout.run()
    assert "There is no database" in said
    assert "nothing to back up yet" in said
    assert checkout.current() == "9.0.0"


def test_only_two_releases_are_kept(checkout: Checkout) -> None:
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        checkout.is_now(version)
        checkout.run()
    assert checkout.versions() == ["2.0.0", "3.0.0"]


def test_a_rollback_puts_the_release_before_in_place(checkout: Checkout) -> None:
    for version in ("1.0.0", "2.0.0"):
        checkout.is_now(version)
        checkout.run()
    checkout.run("rollback")
    assert checkout.current() == "1.0.0"
    checkout.run("rollback")
    assert checkout.current() == "2.0.0"


def test_a_rollback_brings_back_the_units_and_the_command_of_the_release(
    checkout: Checkout,
) -> None:
    checkout.is_now("1.0.0")
    checkout.run()
    before = checkout.installed()
    checkout.is_now("2.0.0")
    shipped = checkout.folder / "deploy" / "systemd"
    with (shipped / "regression-tracker-web.service").open("a") as unit:
        unit.write("# as the second has it\n")
    (shipped / "regression-tracker-later.service").write_text("[Install]\n")
    (shipped / "regression-tracker-.service.d" / "15-later.conf").touch()
    script = checkout.folder / "deploy" / "install.sh"
    text = script.read_text()
    script.write_text(text.replace("# Regression Tracker's command,", "# The second command,"))
    checkout.run()
    own = checkout.root / "etc/systemd/system/regression-tracker-.service.d/30-own.conf"
    own.touch()  # what people wrote is not the release's
    assert checkout.installed() != before
    checkout.run("rollback")
    assert own.exists()
    own.unlink()
    assert checkout.installed() == before


def test_an_upgrade_takes_away_the_units_that_the_new_release_has_not(checkout: Checkout) -> None:
    checkout.is_now("1.0.0")
    later = checkout.folder / "deploy" / "systemd" / "regression-tracker-later.service"
    later.write_text("[Install]\n")
    checkout.run()
    later.unlink()
    checkout.is_now("2.0.0")
    checkout.run()
    assert "later" not in " ".join(checkout.installed())


def test_a_release_that_did_not_get_ready_takes_the_place_of_none_that_did(
    checkout: Checkout,
) -> None:
    checkout.is_now("1.0.0")
    checkout.run()
    for version in ("2.0.0", "3.0.0"):
        checkout.is_now(version)
        checkout.run("--no-start")
        assert checkout.current() == version
        assert str((checkout.releases / "previous").readlink()).startswith("1.0.0-")
    checkout.run("rollback")
    assert checkout.current() == "1.0.0"


def test_without_a_start_no_release_goes_that_a_process_may_run_from(checkout: Checkout) -> None:
    checkout.is_now("1.0.0")
    checkout.run()
    for version in ("2.0.0", "3.0.0", "4.0.0"):
        checkout.is_now(version)
        checkout.run("--no-start")
    assert checkout.versions() == ["1.0.0", "2.0.0", "3.0.0", "4.0.0"]
    checkout.run()
    assert checkout.versions() == ["1.0.0", "4.0.0"]


def test_the_way_back_from_a_release_that_did_not_get_ready_does_not_lead_to_it(
    checkout: Checkout,
) -> None:
    checkout.is_now("1.0.0")
    checkout.run()
    checkout.is_now("2.0.0")
    checkout.run("--no-start")
    checkout.run("rollback")
    assert checkout.current() == "1.0.0"
    assert "no release before" in checkout.run("rollback", code=3)


@dataclass
class Machine:
    """A checkout that takes this for a machine with units, and what it is told of them."""

    checkout: Checkout
    pid: Path
    is_ready: bool = True

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the script, which waits no second between two questions."""
        return self.checkout.run(*arguments, code=code)

    def upgrade(self, version: str, *arguments: str) -> None:
        """Install this version."""
        self.checkout.is_now(version)
        self.run(*arguments)

    @contextmanager
    def running(self, version: str) -> Iterator[None]:
        """Have a process of this release be the web server."""
        [release] = self.checkout.releases.glob(f"{version}-*")
        words = [f"{release}/bin/python", "-c", "input()"]
        with subprocess.Popen(words, executable=sys.executable, stdin=subprocess.PIPE) as process:
            self.pid.write_text(f"{process.pid}\n")
            yield
            process.communicate(b"\n")
        self.pid.write_text("0\n")

    def disable(self, *units: str) -> None:
        """Take these out of those that are enabled, as somebody would."""
        for unit in units:
            (self.pid.parent / "units" / f"regression-tracker-{unit}").unlink()

    def enabled(self) -> set[str]:
        """What is enabled, by its short name."""
        found = (self.pid.parent / "units").iterdir()
        return {path.name.removeprefix("regression-tracker-") for path in found}

    def asked(self) -> list[str]:
        """What systemd was told to start and restart since this was last asked, a unit each."""
        path = self.pid.parent / "asked"
        said = [line.split() for line in path.read_text().splitlines()]
        path.write_text("")
        return [
            f"{what} {unit.removeprefix('regression-tracker-')}"
            for what, *units in said
            for unit in units
        ]

    def way_back(self) -> str:
        """The version that `previous` is."""
        return str((self.checkout.releases / "previous").readlink()).partition("-")[0]


SYSTEMCTL = """#!/bin/sh
case "$*" in
    *Listen*) echo "127.0.0.1:{port} (Stream)" ;;
    *MainPID*) cat "{pid}" ;;
    is-enabled*)
        shift 2
        for unit; do [ ! -f "{units}/$unit" ] || exit 0; done
        exit 1 ;;
    enable*)
        shift 2
        for unit; do touch "{units}/$unit"; done ;;
    disable*)
        shift 2
        for unit; do rm -f "{units}/$unit"; done ;;
    is-active*web.socket) [ ! -f "{units}/../no-web" ] ;;
    is-active*) ! grep -qF "${{3#regression-tracker-}}" "{units}/../down" 2>/dev/null ;;
    start* | restart* | try-restart*) echo "$*" >>"{units}/../asked" ;;
esac
"""


@pytest.fixture
def machine(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """A stand-in answers for systemd, and a server of the test for the web server."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if found.is_ready else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not in the way of what tests say."""

    script = checkout.folder / "deploy" / "install.sh"
    text, times = re.subn(r"(?m)^has_systemd\(\) .*$", "has_systemd() { :; }", script.read_text())
    assert times == 1
    script.write_text(text)
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        found = Machine(checkout, tmp_path / "pid")
        found.pid.write_text("0\n")
        (tmp_path / "stand-ins").mkdir()
        units = tmp_path / "units"
        units.mkdir()
        told = SYSTEMCTL.format(port=server.server_port, pid=found.pid, units=units)
        for name, what in (
            ("systemctl", told),
            ("sleep", "#!/bin/sh\n"),
            ("seq", "#!/bin/sh\necho 1\n"),
        ):
            (tmp_path / "stand-ins" / name).write_text(what)
            (tmp_path / "stand-ins" / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'stand-ins'}:{os.environ['PATH']}")
        answering = threading.Thread(target=server.serve_forever)
        answering.start()
        yield found
        server.shutdown()
        answering.join()


ALL = {
    *("web.socket", "web.service", "worker.service"),
    *("publisher.service", "backup.timer"),
}


def test_what_people_disabled_stays_so(machine: Machine) -> None:
    machine.upgrade("1.0.0", "--no-start")
    assert machine.enabled() == set()
    machine.upgrade("1.0.0")
    assert machine.enabled() == ALL
    machine.disable("publisher.service", "backup.timer")
    machine.asked()
    machine.upgrade("2.0.0")
    machine.run("rollback")
    assert machine.enabled() == ALL - {"publisher.service", "backup.timer"}
    started = machine.asked()
    assert "restart worker.service" in started
    # What was started by hand runs from the new release; one that does not run is left alone.
    assert {each for each in started if "publisher" in each or "backup" in each} == {
        "try-restart publisher.service"
    }


def test_a_unit_that_is_new_is_enabled_beside_one_that_people_disabled(machine: Machine) -> None:
    """Where it came with a run that started none, and where no run noted what it enabled."""
    machine.upgrade("1.0.0")
    machine.disable("publisher.service")
    (machine.checkout.releases / "enabled").unlink()
    later = machine.checkout.folder / "deploy" / "systemd" / "regression-tracker-later.service"
    later.write_text("[Install]\n")
    machine.upgrade("2.0.0", "--no-start")
    machine.upgrade("2.0.0")
    assert machine.enabled() == (ALL | {"later.service"}) - {"publisher.service"}


@pytest.mark.parametrize("disabled", [False, True])
def test_a_rollback_enables_what_the_upgrade_took_away_unless_people_disabled_it(
    machine: Machine, disabled: bool
) -> None:
    units = machine.checkout.folder / "deploy" / "systemd"
    older = units / "regression-tracker-older.service"
    older.write_text("[Install]\n")
    machine.upgrade("1.0.0")
    if disabled:
        machine.disable("older.service")
    older.unlink()
    machine.upgrade("2.0.0")
    assert machine.enabled() == ALL - {"older.service"}
    machine.run("rollback")
    assert machine.enabled() == (ALL if disabled else ALL | {"older.service"})


def test_a_machine_on_which_all_is_disabled_is_upgraded(machine: Machine) -> None:
    machine.upgrade("1.0.0")
    machine.disable(*ALL)
    machine.asked()
    machine.run()
    assert machine.enabled() == set()
    assert {each.split()[0] for each in machine.asked()} == {"try-restart"}


def test_without_a_web_server_a_release_is_proven_by_services_that_stay_up(
    machine: Machine, tmp_path: Path
) -> None:
    machine.upgrade("1.0.0")
    machine.upgrade("2.0.0")
    machine.disable("web.socket", "web.service")
    (tmp_path / "no-web").touch()
    (tmp_path / "down").write_text("worker.service\n")
    machine.checkout.is_now("3.0.0")
    said = machine.run(code=3)
    assert "regression-tracker-worker.service does not stay up" in said
    assert (machine.checkout.releases / "current" / "unproven").exists()
    assert machine.checkout.versions() == ["1.0.0", "2.0.0", "3.0.0"]
    (tmp_path / "down").unlink()
    assert "what does stays up" in machine.run()
    assert machine.checkout.versions() == ["2.0.0", "3.0.0"]


def test_a_service_that_is_started_again_and_again_does_not_stay_up(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "no-web").touch()
    (tmp_path / "stand-ins" / "sleep").write_text(f"#!/bin/sh\necho 7 >{machine.pid}\n")
    machine.checkout.is_now("1.0.0")
    assert "does not stay up" in machine.run(code=3)


def test_a_release_that_got_ready_after_its_rollback_is_the_way_back(machine: Machine) -> None:
    machine.upgrade("1.0.0")
    machine.upgrade("2.0.0")
    machine.is_ready = False  # a database that the second has migrated
    machine.run("rollback", code=3)
    machine.is_ready = True  # a backup was restored, and the service started
    with machine.running("1.0.0"):
        machine.upgrade("3.0.0")
    assert machine.way_back() == "1.0.0"
    assert machine.checkout.versions() == ["1.0.0", "3.0.0"]


def test_a_release_that_was_started_by_hand_is_the_way_back(machine: Machine) -> None:
    machine.upgrade("1.0.0")
    machine.upgrade("2.0.0", "--no-start")
    with machine.running("2.0.0"):
        machine.upgrade("3.0.0")
    assert machine.way_back() == "2.0.0"


def test_a_release_that_was_started_by_hand_is_gone_back_to_after_a_rollback(
    machine: Machine,
) -> None:
    machine.upgrade("1.0.0")
    machine.upgrade("2.0.0", "--no-start")
    with machine.running("2.0.0"):
        machine.run("rollback")
    assert machine.checkout.current() == "1.0.0"
    assert machine.way_back() == "2.0.0"


@pytest.mark.parametrize("running", ["1.0.0", "2.0.0"])
def test_a_release_that_does_not_run_or_is_not_ready_is_no_way_back(
    machine: Machine, running: str
) -> None:
    """What answers may be a process of the release before, which was not restarted."""
    machine.upgrade("1.0.0")
    machine.upgrade("2.0.0", "--no-start")
    machine.is_ready = running == "1.0.0"
    with machine.running(running):
        machine.upgrade("3.0.0", "--no-start")
    assert machine.way_back() == "1.0.0"


def test_a_rollback_without_a_release_before_is_refused(checkout: Checkout) -> None:
    checkout.run()
    assert "no release before" in checkout.run("rollback", code=3)


def test_a_release_that_was_not_finished_is_made_again(checkout: Checkout) -> None:
    checkout.run()
    release = checkout.releases / (checkout.releases / "current").readlink()
    (release / "release").unlink()
    (release / "half").touch()
    checkout.run()
    assert (release / "release").exists()
    assert not (release / "half").exists()


def test_uninstalling_keeps_data_and_settings(checkout: Checkout) -> None:
    checkout.run()
    data = checkout.root / "var/lib/regression-tracker/tracker.db"
    data.write_text("precious")
    checkout.run("uninstall")
    assert sorted(checkout.tree()) == [
        "etc/regression-tracker/tracker.toml",
        "var/lib/regression-tracker/tracker.db",
    ]
    checkout.run("uninstall")
    assert data.read_text() == "precious"


def test_uninstalling_keeps_what_people_wrote_beside_the_units_and_says_so(
    checkout: Checkout,
) -> None:
    name_database(checkout)
    checkout.run()
    beside = "etc/systemd/system/regression-tracker-.service.d/30-addresses.conf"
    (checkout.root / beside).write_text("[Service]\nIPAddressAllow=192.0.2.20\n")
    said = checkout.run("uninstall")
    assert list(checkout.installed()) == [beside]
    assert str(checkout.root / beside) in said
    checkout.run()
    assert beside in checkout.installed()


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_a_dry_run_changes_nothing(checkout: Checkout, action: str) -> None:
    checkout.run()
    before = checkout.tree()
    checkout.is_now("9.0.0")
    assert "would run" in checkout.run(action, "--dry-run")
    assert checkout.tree() == before


def test_a_dry_run_of_a_first_installation_leaves_the_folder_empty(checkout: Checkout) -> None:
    checkout.run("--dry-run")
    assert list(checkout.root.iterdir()) == []


def test_an_old_python_is_refused(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "bin" / name).chmod(0o755)
    done = subprocess.run(
        [checkout.folder / "deploy" / "install.sh", "--root", checkout.root],
        env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Python 3.11 or newer" in done.stderr
    assert list(checkout.root.iterdir()) == []


@pytest.mark.parametrize("words", [["upgrade-now"], ["--wheels", "/nowhere"]], ids=str)
def test_what_is_not_understood_ends_with_2(checkout: Checkout, words: list[str]) -> None:
    checkout.run(*words, code=2)
    assert list(checkout.root.iterdir()) == []


def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(
        [needed("shellcheck"), "-x", "deploy/install.sh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.nightly
def test_a_real_installation_serves_publishes_upgrades_and_leaves_the_data(real: Checkout) -> None:
    real.run()
    tracker = real.root / "usr/local/bin/tracker"
    environ = {"PATH": os.environ["PATH"]}

    def command(*arguments: str) -> str:
        done = subprocess.run(
            [tracker, *arguments], env=environ, cwd="/", capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    command("init")
    command("token", "create", "ci")
    command("publish", "--check")
    python = real.releases / "current" / "bin" / "python"
    check = ["-m", "gunicorn", "--check-config", "-c", "current/deploy/gunicorn.conf.py"]
    settings = {"TRACKER_CONFIG": str(real.root / "etc/regression-tracker/tracker.toml")}
    subprocess.run(
        [python, *check, "tracker.web.served:app"],
        env=environ | settings,
        cwd=real.releases,
        check=True,
    )
    real.is_now("9.0.0")
    real.run()
    assert "9.0.0" in command("version")
    assert "ci" in command("token", "list")
    real.run("uninstall")
    assert (real.root / "var/lib/regression-tracker/tracker.db").exists()
