"""A real Prometheus with the configuration that is shipped, and a tracker that it scrapes."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ROOT, free_port, junit
from tests.deploy.held import wait_until_live
from tracker.clock import DAY, now_ms
from tracker.store.models import Build

SHIPPED = ROOT / "deploy" / "prometheus"


class Quiet(WSGIRequestHandler):
    """A handler that says nothing of the requests it answers."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def served(application: Flask) -> Iterator[int]:
    """The port on which a thread of this process answers for the application."""
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@dataclass
class Prometheus:
    """A running Prometheus: what it has, and which alerts came."""

    port: int

    def ask(self, path: str, **query: str) -> Any:
        """The data of an answer of its API."""
        words = urllib.parse.urlencode(query)
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{words}"
        with urllib.request.urlopen(address, timeout=20) as answer:
            return json.load(answer)["data"]

    def wait_for(self, expression: str) -> list[dict[str, str]]:
        """The labels of what an expression finds, as soon as it finds something."""
        for _ in range(600):
            found = self.ask("query", query=expression)["result"]
            if found:
                return [each["metric"] for each in found]
            time.sleep(0.1)
        raise RuntimeError(f"{expression} finds nothing")


@contextlib.contextmanager
def running_prometheus(target: int, folder: Path, **change: object) -> Iterator[Prometheus]:
    """One with the shipped configuration, quicker and for a tracker on another port."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(SHIPPED / each) for each in config["rule_files"]]
    [scraped] = config["scrape_configs"]
    scraped["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
    scraped.update(change)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port, log = free_port(), folder / "prometheus.log"
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}"]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=said, stderr=said
        )
    try:
        wait_until_live(port, process, log, path="/-/ready")
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def tracker_port(client: FlaskClient, upload: Callable[..., object]) -> Iterator[int]:
    """A tracker with a job that was built six times, a day apart, and not for four days."""
    for number in range(1, 7):
        upload(junit(one="P"), job="team/nightly", build=number)
    Build.update(heard=now_ms() - (10 - Build.number) * DAY).execute()
    with served(client.application) as port:
        yield port


def test_a_job_of_jenkins_keeps_its_name_and_is_told_when_it_is_silent(
    tracker_port: int, tmp_path: Path
) -> None:
    with running_prometheus(tracker_port, tmp_path) as prometheus:
        [found] = prometheus.wait_for("tracker_last_ingest_timestamp_seconds")
        assert found["job"] == "team/nightly"
        assert "exported_job" not in found
        [own] = prometheus.wait_for("up")
        assert own["job"] == "tracker"  # by which TrackerDown finds it
        [alert] = prometheus.wait_for('ALERTS{alertname="TrackerJobSilent"}')
        assert alert["job"] == "team/nightly"


@pytest.mark.nightly  # Prometheus takes 5 s to find what to scrape
def test_a_scrape_that_renames_the_label_is_told(tracker_port: int, tmp_path: Path) -> None:
    with running_prometheus(tracker_port, tmp_path, honor_labels=False) as prometheus:
        prometheus.wait_for('ALERTS{alertname="TrackerLabelsRenamed", alertstate="pending"}')
