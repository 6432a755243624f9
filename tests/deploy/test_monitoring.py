"""Alerts and dashboard name what `/metrics` really gives, and Prometheus' own tool accepts them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT, junit
from tracker import metrics
from tracker.operations.backup.manifest import FOLDER, Manifest, write_manifest
from tracker.settings import Settings
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store.heartbeats import beat
from tracker.store.jobs import add_server
from tracker.store.work import enqueue

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
RULE_TESTS = [RULES.with_name(name) for name in ("alerts.test.yml", "alerts.days.test.yml")]
CONFIG = RULES.with_name("prometheus.yml")
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
TABLE = RULES.with_name("README.md").read_text(encoding="utf-8")
NEEDS_PROMTOOL = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


@pytest.fixture
def scraped(
    client: FlaskClient, upload: Callable[..., object], settings: Settings
) -> Iterator[dict[str, set[str]]]:
    """Each sample that a tracker gives which has everything, with the names of its labels."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    add_server("main", "http://127.0.0.1:9/")
    enqueue("poll", "n", due=now)
    beat("w", now=now)
    upload(junit(one="P", two="F"), job="n", build=1, complete=True)
    publish(settings.output, renderer(), newest=5, keep=2, now=now, beat=lambda _: None)
    _back_up(settings.home / FOLDER)
    metrics.count_task("poll", "done", 1)
    metrics.count_poll_error("Refused")
    text = client.get("/metrics").text
    yield {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    metrics._counting, metrics._folder = None, None


def _back_up(folder: Path) -> None:
    folder.mkdir()
    (folder / "x.db").touch()
    made = Manifest("x.db", datetime.now(UTC), "1", (), 0, "", 0, {}, 0.0, findings=())
    write_manifest(folder, made)


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found = msgspec.json.decode(DASHBOARD.read_bytes())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def shown() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


# Labels that a scrape adds, the second where it renames ours.
PROMETHEUS_OWN = {"instance", "exported_job"}


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The metrics of ours that an expression names, each with the labels it selects by."""
    for name, inside in re.findall(r"(tracker_\w+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)(?==~?|!=|!~)", inside)) - PROMETHEUS_OWN


@pytest.mark.parametrize("source", ["alerts", "dashboard"])
def test_what_is_named_is_what_a_tracker_gives(scraped: dict[str, set[str]], source: str) -> None:
    expressions = shown() if source == "dashboard" else [rule["expr"] for rule in alerts()]
    for expression in expressions:
        for name, labels in selectors(expression):
            assert name in scraped, expression
            assert labels <= scraped[name], expression


def test_what_an_answer_is_grouped_by_is_a_label(scraped: dict[str, set[str]]) -> None:
    known = set().union(*scraped.values()) | {"instance"}
    for expression in [*shown(), *(rule["expr"] for rule in alerts())]:
        for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
            assert {name.strip() for name in group.split(",")} <= known, expression


def test_the_table_of_metrics_has_each_with_its_labels(scraped: dict[str, set[str]]) -> None:
    given: dict[str, set[str]] = {}
    for name, labels in scraped.items():
        base = re.sub(r"(?<=_seconds)_(bucket|sum|count)$", "", name)
        given.setdefault(base, set()).update(labels - {"le"})
    listed = {
        name: set(re.findall(r"`(\w+)`", labels))
        for names, labels in re.findall(r"^\| (`tracker_.*?) \|(.*?)\|", TABLE, re.M)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert listed == given


def test_every_alert_says_what_to_do() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]


def test_every_alert_is_tried() -> None:
    tried = {
        each["alertname"]
        for file in RULE_TESTS
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
        for each in test["alert_rule_test"]
        if each.get("exp_alerts")
    }
    assert tried == {rule["alert"] for rule in alerts()}


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells


def promtool(*arguments: str) -> None:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@NEEDS_PROMTOOL
def test_prometheus_takes_the_configuration_and_its_rules() -> None:
    promtool("check", "config", str(CONFIG))
    promtool("check", "rules", str(RULES))


@NEEDS_PROMTOOL
def test_the_alerts_come_when_they_should_and_not_before() -> None:
    promtool("test", "rules", *map(str, RULE_TESTS))


@NEEDS_PROMTOOL
def test_every_expression_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$instance", ".*")}
        for number, expression in enumerate(shown())
    ]
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


@NEEDS_PROMTOOL
def test_the_names_follow_the_conventions_of_prometheus(
    client: FlaskClient, upload: Callable[..., object]
) -> None:
    upload(junit(one="P"), job="n", build=1)
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=client.get("/metrics").data,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
