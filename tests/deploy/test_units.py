"""The systemd units: hardened as promised, each with no more than it needs, and consistent."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.in_front import needed
from tracker import gunicorn_conf
from tracker.cli.worker import command as worker

UNITS = ROOT / "deploy" / "systemd"
SERVICES = ("web", "worker", "publisher", "backup")
MOST_EXPOSED = 1.5


def text_of(service: str) -> str:
    return (UNITS / f"regression-tracker-{service}.service").read_text()


def options(service: str) -> configparser.SectionProxy:
    """The options of a service, those that all have in common included."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    common = UNITS / "regression-tracker-.service.d" / "10-hardening.conf"
    parser.read([UNITS / f"regression-tracker-{service}.service", common])
    return parser["Service"]


def installed(root: Path, *without: str) -> Path:
    """The units below a root as systemd finds them."""
    folder = root / "etc" / "systemd" / "system"
    shutil.copytree(UNITS, folder, ignore=shutil.ignore_patterns(*without))
    return root


def exposure(root: Path, service: str) -> float:
    """What systemd says of a service: 0 is the safest, 10 the least safe."""
    done = subprocess.run(
        [
            *(needed("systemd-analyze"), "security", "--offline=true", "--no-pager"),
            *(f"--root={root}", f"regression-tracker-{service}.service"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level.*: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    return float(found[1])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_as_little_exposed_as_promised(tmp_path: Path, service: str) -> None:
    assert exposure(installed(tmp_path), service) <= MOST_EXPOSED


def test_the_common_options_are_what_hardens_a_service(tmp_path: Path) -> None:
    assert exposure(installed(tmp_path, "*.service.d"), "worker") > MOST_EXPOSED


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    # `verify` looks for the programs: give it some.
    for unit in UNITS.glob("*.*"):
        if unit.is_file():
            text = re.sub(r"^(Exec\w+=)/opt/\S+", r"\1/bin/true", unit.read_text(), flags=re.M)
            (tmp_path / unit.name).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.M))
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(
        [needed("systemd-analyze"), "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "regression-tracker" in line]
    assert complaints == []


def test_a_second_worker_as_the_guide_makes_it_goes_with_the_first(tmp_path: Path) -> None:
    guide = (ROOT / "deploy" / "operating.md").read_text()
    [command] = re.findall(r"^sed -e .+\\\n.+-2\.service$", guide, re.M)
    folder = installed(tmp_path) / "etc" / "systemd" / "system"
    subprocess.run(["sh", "-ec", command], cwd=folder, check=True)
    second = (folder / "regression-tracker-worker-2.service").read_text()
    first = text_of("worker").replace(
        "WantedBy=multi-user.target", "WantedBy=regression-tracker-worker.service"
    )
    head = "[Unit]\n"
    assert second == first.replace(head, f"{head}PartOf=regression-tracker-worker.service\n")
    assert exposure(tmp_path, "worker-2") <= MOST_EXPOSED


def test_only_the_worker_has_the_tokens_of_jenkins() -> None:
    having = [service for service in SERVICES if "LoadCredential" in options(service)]
    assert having == ["worker"]


def test_only_the_worker_has_a_network() -> None:
    cut_off = [service for service in SERVICES if options(service).get("PrivateNetwork") == "yes"]
    assert cut_off == ["web", "publisher", "backup"]


def test_the_settings_of_one_service_are_not_overruled_by_the_common_ones() -> None:
    common = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    common.optionxform = str  # type: ignore[assignment, method-assign]
    common.read(UNITS / "regression-tracker-.service.d" / "10-hardening.conf")
    for service in SERVICES:
        its_own = set(re.findall(r"^(\w+)=", text_of(service), re.M))
        assert not its_own & set(common["Service"]), service


def test_the_site_can_be_read_by_a_web_server_and_nothing_else_can() -> None:
    masks = {service: options(service)["UMask"] for service in SERVICES}
    assert masks == {"web": "0077", "worker": "0077", "publisher": "0022", "backup": "0077"}
    assert options("web")["StateDirectoryMode"] == "0700"


def test_the_options_that_workers_are_started_with_exist() -> None:
    [publishing] = [each for each in worker.params if each.name == "publishing"]
    for service, how in {"worker": "elsewhere", "publisher": "only"}.items():
        assert f"worker --publishing {how}\n" in text_of(service)
        assert how in publishing.type.choices  # type: ignore[attr-defined]


def test_a_parsing_child_may_still_limit_itself() -> None:
    """`@resources` has setrlimit; `@system-service` has `@resources`."""
    for service in SERVICES:
        assert options(service)["SystemCallFilter"] == "~@privileged"
        assert "@resources" not in options(service)["SystemCallFilter"]


def test_the_server_ends_in_the_time_that_systemd_gives_it() -> None:
    assert int(options("web")["TimeoutStopSec"]) > gunicorn_conf.graceful_timeout


# Of several nodes

NODES = ROOT / "deploy" / "systemd-nodes.conf"
LIMITS = ROOT / "deploy" / "systemd-limits.conf"


def installed_for_nodes(root: Path) -> Path:
    """The units as `install.sh` puts them where the database is elsewhere."""
    installed(root)
    folder = root / "etc" / "systemd" / "system" / "regression-tracker-.service.d"
    shutil.copy(NODES, folder / "20-nodes.conf")
    shutil.copy(LIMITS, folder / "21-limits.conf")
    return root


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_of_several_nodes_is_as_little_exposed(tmp_path: Path, service: str) -> None:
    assert exposure(installed_for_nodes(tmp_path), service) <= MOST_EXPOSED


@pytest.mark.parametrize(("file", "what"), [(NODES, "database"), (LIMITS, "limits")], ids=str)
def test_the_services_of_several_nodes_are_given_the_addresses(file: Path, what: str) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(file)
    named, _, path = parser["Service"]["LoadCredential"].partition(":")
    assert parser["Service"]["Environment"] == f"TRACKER_{what.upper()}_URL_FILE=%d/{named}"
    shell = (ROOT / "deploy" / "install.sh").read_text()
    assert path == f"/etc/regression-tracker/{what}_url"
    assert f"{what}_url=$settings/{what}_url" in shell


def test_several_nodes_open_the_network_and_no_address() -> None:
    """Whom to ask is named by whoever runs them; what is denied in a unit stays denied."""
    text = NODES.read_text()
    assert re.findall(r"^PrivateNetwork=(\w+)", text, re.M) == ["no"]
    assert re.findall(r"^IPAddress\w+=", text, re.M) == []
    denying = [service for service in SERVICES if options(service).get("IPAddressDeny") == "any"]
    assert denying == ["web", "publisher", "backup"]


def test_the_socket_of_several_nodes_lets_in_prometheus_and_the_proxy_that_is_believed() -> None:
    """As the guide has it: the address it listens on, and those of proxy, Prometheus, machine."""
    guide = (ROOT / "deploy" / "linux.md").read_text()
    socket = guide.split("[Socket]\n")[1].split("END")[0]
    assert re.findall(r"^ListenStream=(.*)", socket, re.M) == ["", "192.0.2.31:8000"]
    [allowed] = re.findall(r"^IPAddressAllow=(.*)", socket, re.M)
    [trusted] = re.findall(r'/trusted_proxies = "(.*)"/', guide)
    [said] = re.findall(r"FORWARDED_ALLOW_IPS=(\S+)", guide)
    [watching] = re.findall(r"Prometheus \((.*?)\)", guide)
    assert allowed.split() == [trusted, watching, "192.0.2.31"]
    assert said == trusted
    assert 'trusted_proxies = "127.0.0.1"' in (ROOT / "deploy" / "install.sh").read_text()
    shipped = (UNITS / "regression-tracker-web.socket").read_text()
    assert "IPAddressDeny=any" in shipped  # which is why there has to be a list
