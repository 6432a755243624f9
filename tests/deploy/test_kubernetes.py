"""The manifests for Kubernetes: valid, closed, and right for one node or for many."""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import msgspec
import pytest
import yaml

from tests.commands import run_command
from tests.conftest import ROOT, free_port
from tests.deploy.in_front import (
    NAME,
    SHIPPED,
    Behind,
    Nginx,
    behind,
    started,
    status_of,
    write_whole,
)
from tracker import __version__
from tracker.cli import COMMANDS
from tracker.operations.backup.manifest import FOLDER as BACKUPS
from tracker.settings import Settings
from tracker.web import create_app

FOLDER = ROOT / "deploy" / "kubernetes"
GUIDE = (ROOT / "deploy" / "kubernetes.md").read_text()
REDIS_SECRET = "regression-tracker-redis"
VERSION = "1.31"
Manifest = dict[str, Any]


def manifests() -> Iterator[tuple[str, Manifest]]:
    """Every manifest, named by its file, kind and name."""
    for path in sorted(FOLDER.rglob("*.yaml")):
        for each in yaml.safe_load_all(path.read_text()):
            name = each.get("metadata", {}).get("name", "")
            yield f"{path.parent.name}/{each['kind']} {name}", each


ALL = dict(manifests())
REAL = {name: each for name, each in ALL.items() if each["kind"] != "Kustomization"}


def template_of(manifest: Manifest) -> Manifest | None:
    """What the pods of a manifest look like; None where it makes none."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template: Manifest | None = spec.get("template")
    return template


PODS = {name: found for name, each in REAL.items() if (found := template_of(each))}
CONTAINERS = {
    f"{pod} {container['name']}": (template["spec"], container)
    for pod, template in PODS.items()
    for kind in ("initContainers", "containers")
    for container in template["spec"].get(kind, [])
}
OURS = {name: each for name, each in CONTAINERS.items() if each[1]["image"] == "regression-tracker"}
FOLDERS = ("base", "more-web", "nodes")
NODES = {name: each for name, each in PODS.items() if name.startswith("nodes/")}
TRACKER = REAL["base/StatefulSet regression-tracker"]
FRONT = "base/Deployment regression-tracker-front"


def in_kind(kind: str, *folders: str) -> list[Manifest]:
    return [
        each
        for name, each in REAL.items()
        if each["kind"] == kind and name.split("/")[0] in (folders or FOLDERS)
    ]


@functools.cache
def put_together(folder: str) -> list[Manifest]:
    """What kustomize makes of a folder."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run([kubectl, "kustomize", FOLDER / folder], capture_output=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("name", REAL)
def test_a_manifest_is_valid(name: str) -> None:
    kubernetes_validate.validate(REAL[name], VERSION, strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_kustomize_puts_the_manifests_together(folder: str) -> None:
    made = put_together(folder)
    for each in made:
        kubernetes_validate.validate(each, VERSION, strict=True)
    worked = {"Deployment"} if folder == "nodes" else {"StatefulSet"}
    wanted = {"Namespace", "Service", "Ingress", "NetworkPolicy", "CronJob"} | worked
    assert wanted <= {each["kind"] for each in made}
    images = {
        container["image"]
        for each in made
        if (template := template_of(each))
        for container in template["spec"]["containers"]
    }
    assert images - {"redis:7-bookworm"} == {f"regression-tracker:{__version__}", "nginx:1.28"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_a_part_of_its_kustomization(folder: str) -> None:
    [kustomization] = yaml.safe_load_all((FOLDER / folder / "kustomization.yaml").read_text())
    files = {path.name for path in (FOLDER / folder).glob("*.yaml")} - {"kustomization.yaml"}
    assert files == {each for each in kustomization["resources"] if each.endswith(".yaml")}
    assert kustomization["images"] == [{"name": "regression-tracker", "newTag": __version__}]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_as_the_user_of_the_image(name: str) -> None:
    security = PODS[name]["spec"]["securityContext"]
    assert security["runAsNonRoot"] is True
    assert (security["runAsUser"], security["fsGroup"]) == (10001, 10001)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert PODS[name]["spec"]["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_no_right_it_does_not_need(name: str) -> None:
    _, container = CONTAINERS[name]
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])


@pytest.mark.parametrize("name", CONTAINERS)
def test_what_a_container_mounts_is_a_volume_of_its_pod(name: str) -> None:
    spec, container = CONTAINERS[name]
    volumes = {volume["name"] for volume in spec["volumes"]}
    if name.startswith("base/StatefulSet"):
        claims = TRACKER["spec"]["volumeClaimTemplates"]
        volumes |= {claim["metadata"]["name"] for claim in claims}
    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_runs_a_command_that_exists(name: str) -> None:
    command = OURS[name][1]["command"]
    if command[0] == "gunicorn":
        assert command[-1] == "tracker.web.served:app"
        return
    assert command[:1] == ["tracker"]
    assert command[1] in COMMANDS
    assert run_command(*command[1:], "--help").code == 0


@pytest.mark.parametrize("name", OURS)
def test_the_environment_of_a_container_has_only_settings(name: str) -> None:
    others = {"FORWARDED_ALLOW_IPS", "CREDENTIALS_DIRECTORY", "TRACKER_WEB_WORKERS", "BACKUP"}
    settings = {f"TRACKER_{each.upper()}" for each in Settings.__struct_fields__}
    names = {each["name"].removesuffix("_FILE") for each in OURS[name][1].get("env", [])}
    assert names <= settings | others


def test_one_pod_alone_works_on_the_database() -> None:
    assert TRACKER["spec"]["replicas"] == 1
    modes = [claim["spec"]["accessModes"] for claim in TRACKER["spec"]["volumeClaimTemplates"]]
    assert modes == [["ReadWriteOnce"]] * 2


@pytest.mark.parametrize(
    "name", [name for name in PODS if name not in {*NODES, FRONT} and "StatefulSet" not in name]
)
def test_another_pod_with_the_database_is_on_the_same_node(name: str) -> None:
    spec = PODS[name]["spec"]
    assert {
        "name": "data",
        "persistentVolumeClaim": {"claimName": "data-regression-tracker-0"},
    } in (spec["volumes"])
    [rule] = spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"
    labels = TRACKER["spec"]["template"]["metadata"]["labels"]
    assert rule["labelSelector"]["matchLabels"].items() <= labels.items()


def test_the_pod_with_the_database_comes_back_to_the_web_servers_that_hold_its_volume() -> None:
    """Its own labels are among those it looks for: where there is no other, it may go anywhere."""
    made = {f"{each['kind']} {each['metadata']['name']}": each for each in put_together("more-web")}
    template = made["StatefulSet regression-tracker"]["spec"]["template"]
    affinity = template["spec"]["affinity"]["podAffinity"]
    [rule] = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"
    for each in (template, made["Deployment regression-tracker-web"]["spec"]["template"]):
        assert selecting(rule["labelSelector"]["matchLabels"].items(), each)


def test_a_restore_on_one_node_stops_all_who_have_its_database() -> None:
    steps = GUIDE[GUIDE.index("On SQLite (without more-web") :]
    for kind in ("StatefulSet", "Deployment"):
        names = {each["metadata"]["name"] for each in in_kind(kind, "base", "more-web")}
        [name] = names - {REAL[FRONT]["metadata"]["name"]}
        assert f"scale {kind.lower()}/{name} --replicas=0" in steps


def test_only_the_worker_has_the_tokens_of_jenkins() -> None:
    having = [
        name
        for name, (_, container) in CONTAINERS.items()
        if any(mount["name"] == "jenkins" for mount in container["volumeMounts"])
    ]
    assert having == [
        "base/StatefulSet regression-tracker worker",
        "nodes/Deployment regression-tracker-worker worker",
    ]


def mounted(path: str, *folders: str) -> dict[str, bool]:
    """The containers that have a volume of backups or the site at a path: whether they write it."""
    return {
        f"{name.split('/')[0]} {name.split()[-1]}": not mount.get("readOnly")
        for name in CONTAINERS
        for mount in CONTAINERS[name][1]["volumeMounts"]
        if mount["mountPath"] == path and name.split("/")[0] in folders
    }


def test_whoever_is_asked_tells_how_old_the_site_is_and_the_publisher_alone_writes_it() -> None:
    assert mounted("/site", *FOLDERS) == {
        "base publisher": True,
        "base web": False,
        "base site": False,
        "more-web web": False,
        "nodes publish": True,
        "nodes web": False,
        "nodes metrics": False,
        "nodes site": False,
    }


def test_whoever_is_asked_tells_how_old_the_newest_backup_is() -> None:
    [cron] = [
        each for name, each in PODS.items() if name == "base/CronJob regression-tracker-backup"
    ]
    command = cron["spec"]["containers"][0]["command"]
    place = command[command.index("--to") + 1]
    assert mounted(place, "base", "more-web") == {
        "base backup": True,
        "base web": False,
        "more-web web": False,
    }
    assert mounted(f"/data/{BACKUPS}", "nodes") == {
        "nodes backup": True,
        "nodes restore": True,
        "nodes web": False,
        "nodes metrics": False,
    }


def test_probes_ask_for_what_exists_by_an_address(settings: Settings, store: Path) -> None:
    its = msgspec.structs.replace(settings, allowed_hosts="tracker.example.org")
    client = create_app(its).test_client()
    for _, container in OURS.values():
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe in container:
                path = container[probe]["httpGet"]["path"]
                assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_whoever_ends_is_given_time() -> None:
    for name, template in PODS.items():
        if "Job" not in name and "redis" not in name:
            assert template["spec"]["terminationGracePeriodSeconds"] >= 40


def test_a_service_finds_its_pods() -> None:
    for service in in_kind("Service"):
        selector = service["spec"]["selector"].items()
        found = [each for each in PODS.values() if selector <= each["metadata"]["labels"].items()]
        target = service["spec"]["ports"][0]["targetPort"]
        ports = [
            port["name"]
            for template in found
            for container in template["spec"]["containers"]
            for port in container.get("ports", [])
        ]
        assert target in ports


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_service_finds_its_pods_where_all_is_put_together(folder: str) -> None:
    made = put_together(folder)
    pods = [found for each in made if (found := template_of(each))]
    for service in (each for each in made if each["kind"] == "Service"):
        selector = service["spec"]["selector"].items()
        found = [each for each in pods if selecting(selector, each)]
        ports = [
            {
                port["name"]
                for container in each["spec"]["containers"]
                for port in ports_of(container)
            }
            for each in found
        ]
        assert ports
        assert all(service["spec"]["ports"][0]["targetPort"] in each for each in ports)


def selecting(selector: Any, template: Manifest) -> bool:
    return bool(selector <= template["metadata"]["labels"].items())


def ports_of(container: Manifest) -> list[Manifest]:
    found: list[Manifest] = container.get("ports", [])
    return found


def test_the_ingress_leads_to_nginx_and_has_the_limit_of_the_tracker() -> None:
    [ingress] = in_kind("Ingress")
    services = {each["metadata"]["name"]: each["spec"] for each in in_kind("Service", "base")}
    paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
    named = {path["backend"]["service"]["name"] for path in paths}
    assert named == {"regression-tracker-front", "regression-tracker-site"}
    assert services.keys() - named == {"regression-tracker"}
    sizes = set(ingress["metadata"]["annotations"].values())
    assert sizes == {f"{Settings.load({}).max_upload_mb}m"}


# nginx in front

SETTINGS = (FOLDER / "base" / "front.conf").read_text()
# Of an nginx that ends TLS itself, and has a name and files.
ELSEWHERE = ("listen", "ssl_", "server_name", "server ", "return", "include")


def directives(text: str) -> set[str]:
    lines = [line.strip() for line in text.splitlines()]
    return {each for each in lines if each.endswith(";") and not each.startswith(ELSEWHERE)}


def test_nginx_in_the_cluster_has_the_figures_of_nginx_elsewhere() -> None:
    files = ("tracker.conf", "upstream.conf", "tracker_proxy.inc")
    shipped = "\n".join((SHIPPED / each).read_text() for each in files)
    assert directives(shipped) - directives(SETTINGS) == {
        # The ingress tells these, of which the tracker does not need the second.
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header X-Forwarded-Port $server_port;",
    }


@pytest.fixture(scope="module")
def listener() -> Iterator[Behind]:
    with behind() as server:
        yield server


@pytest.fixture(scope="module")
def front(listener: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder, port = tmp_path_factory.mktemp("front"), free_port()
    write_whole(folder)
    text = SETTINGS.replace("listen 8080", f"listen 127.0.0.1:{port}")
    text = text.replace("listen 8081", f"listen 127.0.0.1:{free_port()}")
    [service] = re.findall(r"server (\S+);", text)
    text = text.replace(f"server {service};", f"server 127.0.0.1:{listener.port};")
    name, _, number = service.partition(":")
    [its] = [each for each in in_kind("Service", "base") if each["metadata"]["name"] == name]
    assert its["spec"]["ports"][0]["port"] == int(number)
    (folder / "conf.d" / "front.conf").write_text(text)
    with started(folder, port):
        yield Nginx(0, 0, port)


WHOLE = ("Connection: close", "Content-Length: 0")


def through_ingress(address: str, *headers: str, body: str = "") -> bytes:
    """A request as an ingress passes it on that keeps what the client said of its way."""
    told = [f"X-Forwarded-For: 6.6.6.6, {address}", "X-Forwarded-Proto: https"]
    lines = ["POST / HTTP/1.1", f"Host: {NAME}", *told, *headers, "", body]
    return "\r\n".join(lines).encode()


def test_the_word_of_the_ingress_is_taken_and_no_others(front: Nginx, listener: Behind) -> None:
    listener.heard.clear()
    forged = ["X-Forwarded-Prefix: /evil", "Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6"]
    front.send(through_ingress("192.0.2.7", *forged, *WHOLE))
    assert "X-Forwarded-For: 192.0.2.7\r\n" in listener.text
    assert "X-Forwarded-Proto: https\r\n" in listener.text
    assert not re.search(r"6\.6\.6\.6|evil", listener.text)


def test_a_cut_upload_that_the_ingress_passes_on_does_not_reach_the_tracker(
    front: Nginx, listener: Behind
) -> None:
    listener.heard.clear()
    with front.connect_bare() as client:
        client.sendall(through_ingress("192.0.2.7", "Content-Length: 10", body="<tests"))
    front.send(through_ingress("192.0.2.7", *WHOLE))
    assert listener.text.count("POST ") == 1
    assert "<tests" not in listener.text


def test_clients_are_limited_each_for_itself_behind_the_ingress(front: Nginx) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(60):
            client = slow.enter_context(front.connect_bare())
            client.sendall(through_ingress("192.0.2.8", "Content-Length: 1000", body="<"))
        assert status_of(front.send(through_ingress("192.0.2.8", *WHOLE))) == 429
        assert status_of(front.send(through_ingress("192.0.2.9", *WHOLE))) == 200


def test_nobody_but_nginx_and_prometheus_reaches_the_web_servers() -> None:
    rules = REAL["base/NetworkPolicy regression-tracker"]["spec"]["ingress"]
    [nginx], [prometheus] = [each["from"] for each in rules if {"port": "http"} in each["ports"]]
    assert selecting(nginx["podSelector"]["matchLabels"].items(), PODS[FRONT])
    watching = {"kubernetes.io/metadata.name": "monitoring"}
    assert prometheus == {"namespaceSelector": {"matchLabels": watching}}


def test_what_is_not_allowed_is_refused() -> None:
    refusing = [each for each in in_kind("NetworkPolicy") if not each["spec"]["podSelector"]]
    assert [each["spec"]["policyTypes"] for each in refusing] == [["Ingress", "Egress"]]
    assert not {"ingress", "egress"} & set(refusing[0]["spec"])


def test_no_budget_keeps_a_node_from_being_emptied() -> None:
    """All pods are on one node, and the volume moves only when the last of them has left."""
    assert in_kind("PodDisruptionBudget", "base", "more-web") == []


@pytest.mark.parametrize("folder", ["more-web", "nodes"])
def test_only_what_may_run_more_than_once_is_scaled(folder: str) -> None:
    [scaler] = in_kind("HorizontalPodAutoscaler", folder)
    assert scaler["spec"]["scaleTargetRef"]["name"] == "regression-tracker-web"
    deployment = REAL[f"{folder}/Deployment regression-tracker-web"]
    commands = [each["command"] for each in deployment["spec"]["template"]["spec"]["containers"]]
    assert [command[0] for command in commands] == ["gunicorn"]
    assert "replicas" not in deployment["spec"]


# Many nodes

TRACKERS = [name for name in OURS if name.startswith("nodes/")]


def test_many_nodes_are_put_together_without_what_belongs_to_one() -> None:
    made = put_together("nodes")
    assert "StatefulSet" not in {each["kind"] for each in made}
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for each in made
        if (template := template_of(each))
        for volume in template["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    declared = {
        each["metadata"]["name"] for each in made if each["kind"] == "PersistentVolumeClaim"
    }
    assert claims == declared
    affine = [each for each in made if (found := template_of(each)) and "affinity" in found["spec"]]
    assert affine == []


def test_what_many_nodes_share_can_be_mounted_by_many() -> None:
    claims = [each for each in put_together("nodes") if each["kind"] == "PersistentVolumeClaim"]
    assert [each["spec"]["accessModes"] for each in claims] == [["ReadWriteMany"]] * 3


@pytest.mark.parametrize("name", TRACKERS)
def test_a_node_has_a_home_of_its_own_and_the_database_of_all(name: str) -> None:
    spec, container = OURS[name]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    environ = {each["name"]: each["value"] for each in container["env"]}
    assert environ["TRACKER_HOME"] == mounts["data"]
    assert "emptyDir" in volumes["data"]
    assert volumes["database"]["secret"]["secretName"] == "regression-tracker-database"
    [kustomization] = yaml.safe_load_all((FOLDER / "nodes" / "kustomization.yaml").read_text())
    [generator] = kustomization["configMapGenerator"]
    shared = dict(each.split("=") for each in generator["literals"])
    assert shared["TRACKER_DATABASE_URL_FILE"] == f"{mounts['database']}/url"
    assert shared["TRACKER_SPOOL_FOLDER"].startswith("/shared/")
    assert mounts.get("shared", "/shared") == "/shared"
    assert container["envFrom"] == [{"configMapRef": {"name": generator["name"]}}]


def test_who_takes_reads_or_measures_uploads_has_the_spool() -> None:
    having = {
        name.split()[-1]
        for name in TRACKERS
        if "shared" in {mount["name"] for mount in OURS[name][1]["volumeMounts"]}
    }
    assert having == {"web", "worker", "metrics", "backup", "restore"}


def test_a_restore_is_a_pattern_with_room_for_a_copy() -> None:
    """It is proved in home, and what it takes the place of is kept beside the backups."""
    pattern = REAL["nodes/CronJob regression-tracker-restore"]
    assert pattern["spec"]["suspend"] is True
    spec = PODS["nodes/CronJob regression-tracker-restore"]["spec"]
    assert {"name": "data", "emptyDir": {}} in spec["volumes"]
    [container] = spec["containers"]
    assert container["command"][2] == "$(BACKUP)"
    assert "BACKUP" in {each["name"] for each in container["env"]}
    assert "--from=cronjob/regression-tracker-restore" in GUIDE
    assert "set env --local -f - BACKUP=" in GUIDE


def test_nothing_is_started_after_a_restore_that_was_refused() -> None:
    """A publication that began before would have it refused, so that is waited for."""
    [block] = [each for each in re.findall(r"```sh\n(.*?)```", GUIDE, re.S) if "BACKUP=" in each]
    before, _, after = block.partition("create job restore")
    assert "component in (publish, backup)" in before
    _, waits, after = after.partition("wait --for=condition=complete job/restore")
    assert waits
    assert [line for line in after.splitlines()[:-1] if not line.endswith(" &&")] == []


def test_the_migration_is_a_job_of_this_version() -> None:
    [job] = in_kind("Job")
    assert job["metadata"]["name"].endswith("-" + __version__.replace(".", "-"))
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["tracker", "init"]


def test_a_node_is_emptied_without_the_last_web_server_going() -> None:
    [budget] = in_kind("PodDisruptionBudget")
    deployment = REAL["nodes/Deployment regression-tracker-web"]["spec"]
    assert budget["spec"]["selector"] == deployment["selector"]
    [scaler] = in_kind("HorizontalPodAutoscaler", "nodes")
    assert scaler["spec"]["minReplicas"] > budget["spec"]["maxUnavailable"] == 1
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    for spread in deployment["template"]["spec"]["topologySpreadConstraints"]:
        assert spread["labelSelector"] == deployment["selector"]


def test_each_pod_of_many_nodes_may_ask_whom_it_needs() -> None:
    made = put_together("nodes")
    policies = {each["metadata"]["name"]: each for each in made if each["kind"] == "NetworkPolicy"}
    pods = [found for each in made if (found := template_of(each))]

    def chosen(name: str) -> set[str]:
        spec = policies[f"regression-tracker-{name}"]["spec"]
        labels = spec["podSelector"]["matchLabels"].items()
        return {
            each["metadata"]["labels"]["app.kubernetes.io/component"]
            for each in pods
            if selecting(labels, each)
        }

    assert chosen("database") == {"web", "worker", "migrate", "publish", "backup", "restore"}
    assert chosen("counting") == {"web"}
    assert chosen("jenkins") == {"worker"}
    assert chosen("redis") == {"redis"}


def test_the_web_servers_count_where_redis_listens() -> None:
    [service] = [each for each in in_kind("Service") if "redis" in each["metadata"]["name"]]
    [container] = REAL["nodes/Deployment regression-tracker-web"]["spec"]["template"]["spec"][
        "containers"
    ]
    environ = {each["name"]: each["value"] for each in container["env"]}
    folder, _, key = environ["TRACKER_LIMITS_URL_FILE"].rpartition("/")
    assert secret_at("nodes/Deployment regression-tracker-web", folder) == {key: REDIS_SECRET}
    assert f"redis://:%s@{service['metadata']['name']}' " in GUIDE
    assert f"generic {REDIS_SECRET} --from-file=redis.conf --from-file={key}=" in GUIDE
    assert service["spec"]["ports"][0]["port"] == 6379


def secret_at(pod: str, folder: str) -> dict[str, str]:
    """The keys of a secret that a pod has in a folder, each with the secret's name."""
    spec = PODS[pod]["spec"]
    [container] = spec["containers"]
    [mount] = [each for each in container["volumeMounts"] if each["mountPath"] == folder]
    [secret] = [each["secret"] for each in spec["volumes"] if each["name"] == mount["name"]]
    assert secret["defaultMode"] == 0o400
    return {item["path"]: secret["secretName"] for item in secret["items"]}


def test_redis_asks_for_a_password_as_it_does_where_containers_are_composed() -> None:
    pod = "nodes/Deployment regression-tracker-redis"
    [container] = PODS[pod]["spec"]["containers"]
    [redis, config, *options] = container["command"]
    folder, _, key = config.rpartition("/")
    assert secret_at(pod, folder) == {key: REDIS_SECRET}
    nodes = yaml.safe_load((ROOT / "deploy" / "docker" / "compose.nodes.yaml").read_text())
    composed = nodes["services"]["redis"]
    assert [redis, composed["command"][1], *options] == composed["command"]
    check = composed["healthcheck"]["test"][-1].replace(composed["command"][1], config)
    assert container["readinessProbe"]["exec"]["command"] == ["sh", "-c", check]
