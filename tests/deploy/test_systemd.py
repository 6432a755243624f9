"""The units under a real systemd: installed, started, restarted under load and removed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.in_front import needed
from tracker import __version__

HERE = Path(__file__).parent
NAMESPACES = ("-m", "-p", "-n", "-u", "-i", "-C", "--fork", "--propagation", "private")
CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup/systemd"))

pytestmark = pytest.mark.nightly


@contextmanager
def own_cgroups() -> Iterator[list[Path]]:
    """Control groups that the machine may have for itself."""
    folders = [each / f"tracker-test-{os.getpid()}" for each in CGROUPS]
    for folder in folders:
        folder.mkdir()
    try:
        yield folders
    finally:
        for folder in folders:
            for each in sorted(folder.rglob("*/"), reverse=True):
                each.rmdir()
            folder.rmdir()


def wheels(folder: Path) -> Path:
    """The packages of the lock file: the machine has no network."""
    pip = [needed("python3"), "-m", "venv", folder / "venv"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip("the system's python3 has no venv")
    download = [folder / "venv/bin/pip", "download", "-q", "--require-hashes", "-d", folder / "all"]
    lock = ["--no-build-isolation", "-r", ROOT / "requirements.lock"]
    done = subprocess.run([*download, *lock], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the packages of requirements.lock cannot be had: {done.stderr[-200:]}")
    return folder / "all"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What was seen on the machine."""
    if os.getuid() != 0 or not all(os.access(each, os.W_OK) for each in CGROUPS):
        pytest.skip("needs root, and control groups as systemd's hybrid layout has them")
    for program in ("unshare", "pivot_root", "ip", "nsenter", "runuser", "curl"):
        needed(program)
    if not Path("/lib/systemd/systemd").exists():
        pytest.skip("systemd is not installed")
    folder = tmp_path_factory.mktemp("machine")
    packages = wheels(folder)
    script = (HERE / "service.sh").read_text().replace("CHECKOUT", str(ROOT))
    (folder / "service.sh").write_text(script.replace("WHEELS", str(packages)))
    with own_cgroups() as groups:
        move = " && ".join(f"echo $$ > {group}/cgroup.procs" for group in groups)
        boot = f"{move} && exec unshare {' '.join(NAMESPACES)} bash {HERE}/machine.sh"
        done = subprocess.run(
            ["/bin/bash", "-c", f"{boot} {folder} {folder}/service.sh {ROOT} {packages}"],
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
    seen = folder / "kept" / "facts"
    assert seen.exists(), done.stdout + done.stderr
    rows = [line.split("\t", 1) for line in seen.read_text().splitlines()]
    return {name: what.strip() for name, what in rows}


def test_the_services_start_with_all_that_hardens_them(facts: dict[str, str]) -> None:
    assert facts["installed"] == "0"
    assert facts["ready"] == "200"
    assert facts["active"] == "active active active active"


def test_an_upload_is_read_and_published(facts: dict[str, str]) -> None:
    assert facts["uploaded"] == "201"
    assert int(facts["site"]) > 0


def test_others_may_read_the_site_and_nothing_else(facts: dict[str, str]) -> None:
    assert "Permission denied" in facts["closed"]


def test_only_the_worker_has_the_token_and_the_network(facts: dict[str, str]) -> None:
    tokens = {each: facts[f"token-of-{each}"] for each in ("web", "worker", "publisher")}
    assert tokens == {"web": "", "worker": "11aa-secret", "publisher": ""}
    assert facts["network-of-worker"] == facts["network"]
    networks = {facts[f"network-of-{each}"] for each in ("web", "publisher")}
    assert facts["network"] not in networks
    assert "the connection is refused" in facts["server"]


def test_the_backup_service_backs_up(facts: dict[str, str]) -> None:
    assert (facts["backup"], facts["backups"]) == ("success", "1")


def test_a_restart_is_seen_by_no_client(facts: dict[str, str]) -> None:
    for number in (1, 2, 3):
        assert facts[f"answers-restart-{number}"].split() == ["200"]


def test_an_upgrade_and_a_rollback_are_seen_by_no_client(facts: dict[str, str]) -> None:
    for what in ("upgrade", "rollback"):
        assert (facts[what], facts[f"answers-{what}"].split()) == ("0", ["200"])


def test_a_unit_that_was_disabled_stays_so(facts: dict[str, str]) -> None:
    assert (facts["enabled"], facts["publisher"]) == ("disabled enabled", "inactive")


def test_the_socket_listens_at_another_address_as_the_guide_says(facts: dict[str, str]) -> None:
    assert facts["elsewhere"] == "200"
    assert facts["no-more-here"].endswith("000")


def test_a_rollback_brings_back_the_release_with_its_units(facts: dict[str, str]) -> None:
    assert "99.0.0" in facts["upgraded"]
    assert facts["later"] == "active active"
    assert (facts["rollback"], facts["ready-again"]) == ("0", "200")
    assert __version__ in facts["again"]
    assert facts["without"] == "active inactive"
    assert facts["unproven"] == ""


def test_a_release_that_got_ready_later_is_found_ready(facts: dict[str, str]) -> None:
    assert facts["still-unproven"] == ""


def test_uninstalling_leaves_the_data_and_no_unit(facts: dict[str, str]) -> None:
    assert facts["left"] == ""
    assert facts["kept"] == "/var/lib/regression-tracker/tracker.db"
