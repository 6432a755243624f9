"""The image and the compose files: what can be seen without an engine, and the build by hand."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import run_command
from tests.conftest import ROOT, free_port
from tests.deploy.held import wait_until_live
from tests.deploy.in_front import needed, write_configuration
from tracker import __version__
from tracker.cli import COMMANDS
from tracker.operations.backup.manifest import FOLDER as BACKUPS
from tracker.operations.counters import trouble
from tracker.operations.health import filled
from tracker.settings import Settings

FOLDER = ROOT / "deploy" / "docker"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
Service = dict[str, Any]
FILES = {
    name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    for name in ("compose", "compose.nodes")
}
ONE: dict[str, Service] = FILES["compose"]["services"]
NODES: dict[str, Service] = FILES["compose.nodes"]["services"]
SERVICES: dict[str, Service] = {
    f"{file} {name}": service
    for file, compose in FILES.items()
    for name, service in compose["services"].items()
}
OURS = [name for name, each in SERVICES.items() if each["image"].startswith("regression-tracker")]
# Settings of others: Gunicorn's, and those of PostgreSQL's image.
OTHERS = {"FORWARDED_ALLOW_IPS", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"}
OTHERS |= {"POSTGRES_PASSWORD_FILE", "TRACKER_WEB_WORKERS"}


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with what it says, lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line]


def copied() -> list[str]:
    """What is copied from the checkout."""
    rows = [shlex.split(what) for name, what in instructions() if name == "COPY"]
    return [path for words in rows if not words[0].startswith("--") for path in words[:-1]]


def last_of(name: str) -> str:
    return [what for each, what in instructions() if each == name][-1]


def test_the_image_runs_as_nobody_who_owns_its_code() -> None:
    assert last_of("USER") == "10001:10001"
    owned = re.findall(r"install -d -o tracker -g tracker -m \d+ ([^\\\n]+)", DOCKERFILE)
    assert sorted(" ".join(owned).split()) == [
        "/backups",
        "/data",
        "/data/backups",
        "/site",
        "/spool",
    ]
    assert "--chown" not in DOCKERFILE


def test_the_image_is_made_in_two_stages() -> None:
    stages = [what for name, what in instructions() if name == "FROM"]
    assert stages == ["${BASE} AS build", "${BASE}"]


def test_the_image_is_healthy_when_it_is_ready() -> None:
    check = json.loads(last_of("HEALTHCHECK").partition("CMD ")[2])
    assert "/health/ready" in check[-1]
    compile(check[-1], "healthcheck", "exec")


@pytest.mark.parametrize("path", copied())
def test_what_is_copied_is_there_and_is_let_through(path: str) -> None:
    assert (ROOT / path).exists()
    lines = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert f"!{path}" in lines
    assert "*" in lines


@pytest.mark.parametrize("secret", [".git", ".tracker", "deploy/docker/secrets", ".venv"])
def test_what_is_not_named_stays_outside(secret: str) -> None:
    lines = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    let_through = [line[1:] for line in lines if line.startswith("!")]
    assert not any(fnmatch.fnmatch(secret, pattern) for pattern in let_through)


def test_packages_are_installed_by_hash() -> None:
    installs = re.findall(r"pip install ([^&\n]*)", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in each or "--no-deps --no-index" in each for each in installs)


def test_the_image_has_a_sqlite_without_the_race_of_the_log_of_writes() -> None:
    """pysqlite3 0.6.1 brings SQLite 3.53.4; Debian 12 has 3.40.1."""
    [lock] = re.findall(r"^COPY (\S+\.lock) ", DOCKERFILE, re.M)
    [found] = re.findall(r"^pysqlite3==([\d.]+) ; (.*) ", (ROOT / lock).read_text(), re.M)
    assert tuple(map(int, found[0].split("."))) >= (0, 6, 1)
    assert found[1] == "platform_machine == 'x86_64'"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_right_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_log_is_begun_anew_when_it_is_full(name: str) -> None:
    """Docker's default, `json-file`, keeps all."""
    assert SERVICES[name]["logging"] == {"driver": "local"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_this_version_as_the_user_of_the_image(name: str) -> None:
    assert SERVICES[name]["image"] == f"regression-tracker:{__version__}"
    assert SERVICES[name]["user"] == last_of("USER")


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_that_exists(name: str) -> None:
    command = SERVICES[name].get("command", json.loads(last_of("CMD")))
    if command[0] == "tracker":
        assert command[1] in COMMANDS
        assert run_command(*command[1:], "--help").code == 0
    else:
        assert command[0] == "gunicorn"
        assert command[-1] == "tracker.web.served:app"


@pytest.mark.parametrize("name", SERVICES)
def test_the_environment_of_a_service_has_only_settings(name: str) -> None:
    names = {
        each.removesuffix("_FILE") if each.startswith("TRACKER_") else each
        for each in SERVICES[name].get("environment", {})
    }
    settings = {f"TRACKER_{each.upper()}" for each in Settings.__struct_fields__}
    assert names <= settings | OTHERS


def test_only_the_worker_has_the_token_and_asks_others() -> None:
    assert [name for name in ONE if ONE[name].get("secrets")] == ["worker"]
    cut_off = [name for name in ONE if ONE[name].get("network_mode") == "none"]
    assert cut_off == ["publisher", "backup"]
    assert ONE["worker"]["networks"] == ["jenkins"]


def test_nobody_reaches_the_web_server_but_through_the_proxy() -> None:
    for file, services in (("compose", ONE), ("compose.nodes", NODES)):
        published = {name: each["ports"] for name, each in services.items() if "ports" in each}
        assert published == {"proxy": ["80:80", "443:443"]}
        front = {name for name, each in services.items() if "front" in each.get("networks", ())}
        assert front == {"proxy", "web"}
        assert FILES[file]["networks"]["front"] == {"internal": True}
        assert services["web"]["environment"]["TRACKER_TRUSTED_PROXIES"] == "1"
        assert services["web"]["environment"]["TRACKER_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_lives_in_the_network_of_another(name: str) -> None:
    """That one is another after a restart, and who lived in the old one is cut off."""
    assert not SERVICES[name].get("network_mode", "none").startswith("service:")


def test_the_proxy_looks_its_web_servers_up_again(tmp_path: Path) -> None:
    """nginx of the image takes `resolve`; that of this machine may be older, and reads the rest."""
    for proxy in (ONE["proxy"], NODES["proxy"]):
        assert proxy["image"] == "nginx:1.28"
        assert "./upstream.conf:/etc/nginx/conf.d/upstream.conf:ro" in proxy["volumes"]
    text = (FOLDER / "upstream.conf").read_text()
    assert re.search(r"^resolver 127\.0\.0\.11 valid=\d+s ", text, re.M)
    assert re.search(r"^ +zone \w+ \w+;$", text, re.M)
    assert text.count("server web:8000 resolve;") == 1
    folder = tmp_path / "front"
    write_configuration(folder, 8000, tmp_path)
    here = text.replace("server web:8000 resolve;", "server 127.0.0.1:8000;")
    (folder / "conf.d" / "upstream.conf").write_text(here)
    command = [needed("nginx"), "-t", "-p", folder, "-c", folder / "nginx.conf"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_declared(name: str) -> None:
    compose = FILES[name.split()[0]]
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        made_by_people = {"./certificates"}
        if source.startswith("/"):  # a volume without a name goes with its container
            assert mount == source
        elif source.startswith("."):
            assert source in made_by_people or (FOLDER / source).exists()
        else:
            assert source in compose["volumes"]
    assert set(SERVICES[name].get("networks", [])) <= set(compose["networks"])
    assert set(SERVICES[name].get("secrets", [])) <= set(compose["secrets"])
    assert set(SERVICES[name].get("depends_on", {})) <= set(compose["services"])


def folder_of_backups(service: Service) -> str:
    """Where a service puts its backups."""
    command: list[str] = service["command"]
    return command[command.index("--to") + 1] if "--to" in command else f"/data/{BACKUPS}"


@pytest.mark.parametrize("services", [ONE, NODES], ids=["one", "nodes"])
def test_the_web_server_can_tell_how_old_site_and_newest_backup_are(
    services: dict[str, Service],
) -> None:
    place = folder_of_backups(services["backup"])
    for writing, mount in (("publisher", "site:/site"), ("backup", f"backups:{place}")):
        assert mount in services[writing]["volumes"]
        assert f"{mount}:ro" in services["web"]["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_health_check_is_made_or_said_to_be_none(name: str) -> None:
    serving = (" web", " metrics")  # that of the image
    assert name.endswith(serving) or "healthcheck" in SERVICES[name]


GUIDE = (ROOT / "deploy" / "docker.md").read_text()


def test_the_guide_lets_the_proxy_and_nobody_else_read_its_certificates() -> None:
    lines = [line.split() for line in GUIDE.splitlines() if line.startswith("install ")]
    [group] = {services["proxy"]["user"].split(":")[1] for services in (ONE, NODES)}
    for words in (each for each in lines if "certificates" in each[-1]):
        mode = int(words[words.index("-m") + 1], 8)
        assert words[words.index("-g") + 1] == group
        assert mode == (0o750 if "-d" in words else 0o640)
    made = [word for words in lines if "-d" in words for word in words if "certificates" in word]
    assert {Path(each).name for each in made} == {"certificates", "tracker", "results"}


def test_the_hook_of_the_guide_copies_renewed_certificates_and_tells_nginx(tmp_path: Path) -> None:
    [block] = re.findall(r"^cat > /etc/letsencrypt.*?(?=^```)", GUIDE, re.M | re.S)
    assert "install -m 0640 -g 101 " in block
    block = block.replace("-g 101", f"-g {os.getgid()}")
    block = block.replace("/etc/letsencrypt", str(tmp_path / "letsencrypt"))
    names = [f"{of}/{file}" for of in ("tracker", "results") for file in ("fullchain", "privkey")]
    for name in names:
        renewed = tmp_path / "letsencrypt/live" / f"{name.replace('/', '.example.org/')}.pem"
        renewed.parent.mkdir(parents=True, exist_ok=True)
        renewed.write_text(f"renewed {name}")
        copy = tmp_path / "here/deploy/docker/certificates" / f"{name}.pem"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("expired")
    (tmp_path / "letsencrypt/renewal-hooks/deploy").mkdir(parents=True)
    (tmp_path / "docker").write_text(f'#!/bin/sh\necho "$@" >"{tmp_path}/told"\n')
    (tmp_path / "docker").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["bash", "-euc", block], cwd=tmp_path / "here", env=environ, check=True)
    for name in names:
        copy = tmp_path / "here/deploy/docker/certificates" / f"{name}.pem"
        assert (copy.read_text(), copy.stat().st_mode & 0o777) == (f"renewed {name}", 0o640)
    told = (tmp_path / "told").read_text().split()
    assert told[:2] == ["compose", "-f"]
    assert (FOLDER / told[2]).is_file()
    assert told[3:] == ["exec", "-T", "proxy", "nginx", "-s", "reload"]


# Several nodes


def in_network(network: str) -> set[str]:
    return {name for name, each in NODES.items() if network in each["networks"]}


def test_each_service_of_several_nodes_is_in_the_networks_it_needs() -> None:
    assert in_network("front") == {"proxy", "web"}
    assert in_network("counters") == {"web", "redis"}
    assert in_network("jenkins") == {"worker"}
    assert in_network("outside") == {"proxy"}
    assert in_network("watching") == {"web", "metrics"}
    ours = {name.split()[1] for name in OURS if name.startswith("compose.nodes")}
    assert in_network("database") == ours | {"postgres"}
    internal = [name for name, each in FILES["compose.nodes"]["networks"].items() if each]
    assert internal == ["front", "database", "counters", "watching"]
    assert [name for name, each in NODES.items() if "ports" in each] == ["proxy"]


def test_each_service_of_several_nodes_has_the_secrets_it_needs() -> None:
    having = {name: each["secrets"] for name, each in NODES.items() if "secrets" in each}
    assert having.pop("worker") == ["database_url", "jenkins"]
    assert having.pop("postgres") == ["postgres_password"]
    assert having.pop("web") == ["database_url", "limits_url"]
    assert having.pop("redis") == ["redis_config"]
    assert set(having) == {"migrate", "metrics", "publisher", "backup", "restore"}
    assert set(map(tuple, having.values())) == {("database_url",)}


def test_what_several_nodes_share_is_the_same_for_all() -> None:
    spools = {
        name: (each["environment"]["TRACKER_SPOOL_FOLDER"], each["volumes"][0].split(":")[:2])
        for name, each in NODES.items()
        if "TRACKER_SPOOL_FOLDER" in each.get("environment", {})
    }
    assert set(spools) == {"web", "worker", "metrics", "backup", "restore"}
    assert all(each == ("/spool", ["spool", "/spool"]) for each in spools.values())
    assert "site:/site" in NODES["publisher"]["volumes"]
    assert "TRACKER_OUTPUT=/site" in DOCKERFILE


def test_a_home_is_the_containers_own_and_the_workers_is_shared_with_its_metrics() -> None:
    assert "TRACKER_HOME=/data" in DOCKERFILE
    for name in (each for each in OURS if each.startswith("compose.nodes")):
        small = any(each.startswith("/data:uid=10001") for each in SERVICES[name]["tmpfs"])
        shared = "worker:/data" in SERVICES[name].get("volumes", [])
        assert shared == (name.split()[1] in ("worker", "metrics"))
        assert small == (not shared and not name.endswith(" restore"))
        inside = [each for each in SERVICES[name].get("volumes", []) if ":/data" in each]
        assert all(each.startswith(("backups:/data/backups", "worker:/data")) for each in inside)
    home = FILES["compose.nodes"]["volumes"]["worker"]["driver_opts"]
    [own] = [each for each in NODES["web"]["tmpfs"] if each.startswith("/data:")]
    assert f"/data:{home['o']}" == own


def test_prometheus_finds_every_service_that_counts_in_the_network_it_joins(tmp_path: Path) -> None:
    [sought] = re.findall(r"`(dns_sd_configs: .*?)`", GUIDE)
    [config] = yaml.safe_load(sought)["dns_sd_configs"]
    assert set(config["names"]) == in_network("watching")
    assert config["port"] == Settings.load({}).port
    network = f"{FILES['compose.nodes']['name']}_watching"
    assert f"docker network connect {network} prometheus" in GUIDE
    scraped = yaml.safe_load((FOLDER.parent / "prometheus" / "prometheus.yml").read_text())
    del scraped["rule_files"], scraped["scrape_configs"][0]["static_configs"]
    scraped["scrape_configs"][0].update(yaml.safe_load(sought))
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(scraped))
    check = [needed("promtool"), "check", "config", tmp_path / "prometheus.yml"]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("services", [ONE, NODES], ids=["one", "nodes"])
def test_what_recording_fills_is_on_a_volume(services: dict[str, Service]) -> None:
    """A web server is ready where that has room: a home in memory alone never has enough."""
    web = services["web"]
    given = {} if services is ONE else {"database_url": "postgresql://postgres/tracker"}
    spool = web["environment"].get("TRACKER_SPOOL_FOLDER", "")
    places = {
        **{each.split(":")[0]: False for each in web["tmpfs"]},
        **{each.split(":")[1]: each.count(":") == 1 for each in web["volumes"]},
    }
    for folder in filled(Settings.load({}, home="/data", spool_folder=spool, **given)):
        on = next(each for each in (folder, *folder.parents) if str(each) in places)
        assert places[str(on)], f"{folder} is on {on}"


def test_a_restore_has_room_for_a_copy_and_keeps_what_was_there() -> None:
    restore = NODES["restore"]
    assert "/data" in restore["volumes"]  # on the disk of the machine, gone with the container
    assert "backups:/data/backups" in restore["volumes"]
    assert [name for name, each in NODES.items() if "profiles" in each] == ["backup", "restore"]


def test_the_guide_stops_all_who_use_the_database_before_a_restore() -> None:
    """It is refused while one of them has a session."""
    [stopped] = re.findall(r"^docker compose -f compose.nodes.yaml stop (.*)$", GUIDE, re.M)
    staying = {name for name, each in NODES.items() if "profiles" not in each}
    assert set(stopped.split()) == staying & in_network("database") - {"postgres", "migrate"}


def test_the_database_is_brought_up_to_date_before_anything_uses_it() -> None:
    assert NODES["migrate"]["command"] == ["tracker", "init"]
    assert NODES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    done = {"condition": "service_completed_successfully"}
    for name in ("web", "worker", "publisher"):
        assert NODES[name]["depends_on"]["migrate"] == done


def test_the_web_servers_are_many_and_all_behind_the_proxy() -> None:
    assert NODES["web"]["deploy"]["replicas"] >= 2
    assert NODES["web"]["environment"]["TRACKER_TRUSTED_PROXIES"] == "1"
    here, there = FOLDER / "upstream.conf", FOLDER.parent / "nginx" / "upstream.conf"
    name = re.compile(r"^upstream (\w+)", re.M)
    assert name.findall(here.read_text()) == name.findall(there.read_text())


def test_the_database_is_of_the_version_that_the_image_can_back_up() -> None:
    assert NODES["postgres"]["image"] == "postgres:15-bookworm"
    assert "ARG BASE=python:3.11-slim-bookworm" in DOCKERFILE
    assert "postgresql-client" in DOCKERFILE


def test_the_guide_makes_every_secret() -> None:
    guide = GUIDE.partition("## With PostgreSQL")[2]
    made = set(re.findall(r"^.*install -m 0400 -o \d+ \S+ secrets/(\w+)$", guide, re.M))
    assert made == set(FILES["compose.nodes"]["secrets"])


def started_redis(port: int, config: Path) -> subprocess.Popen[bytes]:
    """The Redis of the file on a port of this machine, with what its guide writes."""
    [line] = re.findall(r"printf '(requirepass %s)\\n'", GUIDE)
    config.write_text(line % "canary" + "\n")
    command = [str(config) if "/secrets/" in word else word for word in NODES["redis"]["command"]]
    more = ["--port", str(port), "--bind", "127.0.0.1", "--logfile", str(config.parent / "log")]
    return subprocess.Popen([needed("redis-server"), *command[1:], *more], cwd=config.parent)


def test_redis_asks_for_its_password_and_its_check_has_it(tmp_path: Path) -> None:
    port, config = free_port(), tmp_path / "redis_config"
    process = started_redis(port, config)
    [shell, check] = NODES["redis"]["healthcheck"]["test"]
    assert shell == "CMD-SHELL"
    check = check.replace("/run/secrets/redis_config", str(config))
    check = check.replace("redis-cli", f"redis-cli -p {port}")
    try:
        for _ in range(200):
            if subprocess.run(["sh", "-c", check], check=False).returncode == 0:
                break
            time.sleep(0.05)
        else:
            pytest.fail("it is never healthy")
        [address] = set(re.findall(r"printf '(redis://:%s@)redis'", GUIDE))
        assert trouble(address % "canary" + f"127.0.0.1:{port}") == ""
        assert "Authentication required" in trouble(f"redis://127.0.0.1:{port}")
        for told in ("cmdline", "environ"):
            assert b"canary" not in Path(f"/proc/{process.pid}/{told}").read_bytes()
        config.write_text("requirepass another\n")
        assert subprocess.run(["sh", "-c", check], check=False).returncode != 0
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image has in it, made by its own steps; the packages are those of this test."""
    folder = tmp_path_factory.mktemp("image")
    for path in copied():
        target = folder / "build" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / path, target, ignore=ignored)
        else:
            shutil.copy(ROOT / path, target)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    flags = ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile"]
    subprocess.run([*pip, *flags, "--target", folder / "code", folder / "build"], check=True)
    shutil.copy(folder / "build" / "deploy" / "gunicorn.conf.py", folder)
    for made in [folder, *folder.rglob("*")]:
        made.chmod(0o555 if made.is_dir() else 0o444)
    return folder


def test_the_image_serves_as_somebody_on_code_that_cannot_be_written(
    image: Path, tmp_path: Path
) -> None:
    somebody = ["unshare", "--user", "--map-user=10001", "--map-group=10001"]
    if subprocess.run([*somebody, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine gives no user namespace")
    port, log = free_port(), tmp_path / "said"
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{image}/code:{Path(yaml.__file__).parent.parent}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TRACKER_HOME": str(tmp_path / "data"),
        "TRACKER_OUTPUT": str(tmp_path / "site"),
        "TRACKER_PORT": str(port),
        "TRACKER_WEB_WORKERS": "1",
    }
    command = json.loads(last_of("CMD"))
    command[command.index("/opt/tracker/gunicorn.conf.py")] = f"{image}/gunicorn.conf.py"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*somebody, sys.executable, "-m", *command],
            env=environ,
            cwd="/",
            stdout=said,
            stderr=said,
        )
    try:
        wait_until_live(port, process, log, path="/health/ready")
    finally:
        process.terminate()
        process.wait(40)
    assert "Traceback" not in log.read_text()
