"""A server that is reached by TLS alone, with a certificate that the address holds it to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import clusters, servers
from tests.factories import report, upload
from tracker.errors import StorageError
from tracker.queries.jobs import names
from tracker.store.connection import close_store, open_store
from tracker.store.postgresql.addresses import environment
from tracker.store.probe import probe
from tracker.store.sql import run

HBA = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n"


@dataclass(frozen=True)
class Secure:
    """A server on a port of loopback, and the folder with the certificates of its authority."""

    port: int
    folder: Path

    def address(
        self, ca: str = "ca.pem", mode: str = "verify-full", host: str = "localhost"
    ) -> str:
        """How it is reached."""
        asked = f"sslmode={mode}&sslrootcert={self.folder / ca}"
        return f"postgresql://postgres@{host}:{self.port}/postgres?{asked}"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")
    certify(folder, "ca", "/CN=An authority")
    certify(folder, "wrong", "/CN=Another authority")
    certify(folder, "server", "/CN=localhost", "-CA", "ca.pem", "-CAkey", "ca.key")
    port = servers.free_port()
    files = {name: (folder / name).read_text() for name in ("server.pem", "server.key")}
    settings = {"ssl": "on", "ssl_cert_file": "../server.pem", "ssl_key_file": "../server.key"}
    there = {"listen_addresses": "127.0.0.1", "port": port, "hba_file": "hba"}
    with clusters.own_cluster({**files, "hba": HBA}, **settings, **there):
        yield Secure(port, folder)


def certify(folder: Path, name: str, subject: str, *authority: str) -> None:
    """Make `name.key` and `name.pem`, signed by itself or by an authority."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]
    files = [
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-subj",
        subject,
        "-keyout",
        f"{name}.key",
        "-out",
        f"{name}.pem",
    ]
    kind = [] if not authority else ["-addext", "subjectAltName=DNS:localhost"]
    command = [*made, *files, *kind, *authority]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_store()


def test_what_is_recorded_goes_by_tls(secure: Secure) -> None:
    open_store(secure.address())
    upload("nightly", 1, report(login="P"))
    assert names() == ["nightly"]
    assert run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [(True,)]
    assert probe(secure.address(), 0.2).unreadable == ""


@pytest.mark.parametrize(
    ("otherwise", "told"),
    [
        ({"ca": "wrong.pem"}, "not trusted"),
        ({"ca": "nobody.pem"}, "cannot be read"),
        ({"host": "127.0.0.1"}, "of another name"),
        ({"mode": "disable"}, "lets nobody in by this address"),
        ({"mode": "nonsense"}, "kind of TLS"),
    ],
)
def test_a_server_that_cannot_be_trusted_is_refused_in_words(
    secure: Secure, otherwise: dict[str, str], told: str
) -> None:
    with pytest.raises(StorageError, match=told) as caught:
        open_store(secure.address(**otherwise))
    assert "createdb" not in caught.value.remedy
    assert told in probe(secure.address(**otherwise), 0.2).unreadable


@pytest.mark.parametrize("otherwise", [{"ca": "wrong.pem"}, {"mode": "disable"}])
def test_the_programs_of_postgresql_are_held_to_the_same(
    secure: Secure, otherwise: dict[str, str]
) -> None:
    assert dumped(secure.address()) == 0
    assert dumped(secure.address(**otherwise)) == 1


def dumped(address: str) -> int:
    programs = servers.programs()
    assert programs is not None
    told = {**os.environ, **environment(address, "backup")}
    command = [programs / "pg_dump", "--schema-only"]
    return subprocess.run(command, env=told, capture_output=True, check=False).returncode


def test_a_server_without_tls_is_told() -> None:
    port = servers.free_port()
    with (
        clusters.own_cluster(listen_addresses="127.0.0.1", port=port),
        pytest.raises(StorageError, match="has no TLS"),
    ):
        open_store(f"postgresql://postgres@localhost:{port}/postgres?sslmode=require")
