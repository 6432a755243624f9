"""A real nginx on loopback with the configuration that is shipped, and servers to put behind it."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port

SHIPPED = ROOT / "deploy" / "nginx"
NAME = "tracker.example.org"
SITE = "results.example.org"
# In the place of the network of builds, which is not limited.
UNCOUNTED = "127.0.0.5"
WHOLE = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


@dataclass
class Behind:
    """A server that writes down every byte it is sent, and answers each request with 200."""

    listening: socket.socket
    heard: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listening.getsockname()[1])

    @property
    def text(self) -> str:
        """All that it heard."""
        return b"".join(self.heard).decode("latin-1")

    def serve(self) -> None:
        """Take connections until the socket is shut down."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(0.3)
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                self.heard.append(data)
                if b"\r\n\r\n" in data:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@contextlib.contextmanager
def behind() -> Iterator[Behind]:
    """A server that writes down what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Behind(listening)
        threading.Thread(target=server.serve, daemon=True).start()
        yield server
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


@dataclass
class Nginx:
    """A running nginx: its ports, and how to talk to it.

    `bare` is the encrypted server without its encryption: what happens to bytes is the same.
    """

    plain: int
    secure: int
    bare: int

    def connect(self, name: str = NAME, *, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """A connection for a name, from an address of this machine."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        here = "::1" if ":" in source else "127.0.0.1"
        plain = socket.create_connection((here, self.secure), 20, (source, 0))
        return context.wrap_socket(plain, server_hostname=name)

    def connect_bare(self, *, source: str = "127.0.0.1") -> socket.socket:
        """A connection without encryption, as raw as bytes can be sent."""
        return socket.create_connection(("127.0.0.1", self.bare), 20, (source, 0))

    def send(self, data: bytes, *, source: str = "127.0.0.1") -> bytes:
        """The answer to these bytes; nothing more is sent after them."""
        with self.connect_bare(source=source) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
            return received(connection)

    def get(self, path: str, *headers: str, name: str = NAME, method: str = "GET") -> bytes:
        """The answer to an encrypted request for a path."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {name}", *headers, "Connection: close"]
        with self.connect(name) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            return received(connection)

    def probe(self, source: str) -> int:
        """The status that a client at another address is given."""
        request = f"GET /health/live HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n"
        return status_of(self.send(request.encode(), source=source))


def received(connection: socket.socket) -> bytes:
    """All bytes until the other side ends."""
    answer = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := connection.recv(65536):
            answer += data
    return answer


def status_of(answer: bytes) -> int:
    """The status of an answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def needed(program: str) -> str:
    """The path of a program, or a skip that says which one is missing."""
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def has_ipv6() -> bool:
    """Whether this machine has a loopback with an address of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def adapted(text: str, folder: Path, ports: dict[str, int], site: Path) -> str:
    """The shipped configuration with addresses and files of this test."""
    text = re.sub(r"listen (80|443)\b", lambda m: f"listen 127.0.0.1:{ports[m[1]]}", text)
    if has_ipv6():
        text = re.sub(r"listen \[::\]:(80|443)\b", lambda m: f"listen [::1]:{ports[m[1]]}", text)
    else:
        text = re.sub(r" *listen \[::\]:.*\n", "", text)
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{ports['8000']}")
    named = f"server_name {NAME};\n    ssl_certificate "
    text = text.replace(named, f"listen 127.0.0.1:{ports['bare']};\n    {named}")
    text = re.sub(r"/etc/ssl/\w+/(\w+\.pem)", rf"{folder}/\1", text)
    text = text.replace("/etc/nginx/tracker_proxy.inc", f"{folder}/tracker_proxy.inc")
    text = text.replace("/var/lib/regression-tracker-site/site", str(site))
    text = text.replace("# 198.51.100.0/24 no;", f"{UNCOUNTED} no;")
    # Uploads that are too large are to be small here.
    return text.replace("client_max_body_size 256m", "client_max_body_size 1m")


def write_whole(folder: Path) -> None:
    """What includes all files of `conf.d`."""
    (folder / "conf.d").mkdir(parents=True)
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder, user=user))


def write_configuration(folder: Path, port: int, site: Path) -> dict[str, int]:
    """Everything nginx needs, in a folder; the ports it will listen on."""
    ports = {"80": free_port(), "443": free_port(), "bare": free_port(), "8000": port}
    write_whole(folder)
    shutil.copy(SHIPPED / "tracker_proxy.inc", folder)
    for name in ("upstream.conf", "tracker.conf", "site.conf"):
        text = adapted((SHIPPED / name).read_text(), folder, ports, site)
        (folder / "conf.d" / name).write_text(text)
    openssl = [needed("openssl"), "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]
    openssl += [
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-subj",
        f"/CN={NAME}",
        "-out",
        f"{folder}/fullchain.pem",
    ]
    subprocess.run([*openssl, "-keyout", f"{folder}/privkey.pem"], check=True, capture_output=True)
    return ports


@contextlib.contextmanager
def nginx(folder: Path, port: int, site: Path = Path("/nowhere")) -> Iterator[Nginx]:
    """The shipped nginx in front of a port of loopback."""
    ports = write_configuration(folder, port, site)
    with started(folder, ports["443"]):
        yield Nginx(ports["80"], ports["443"], ports["bare"])


@contextlib.contextmanager
def started(folder: Path, port: int) -> Iterator[None]:
    """nginx with the configuration in a folder, listening on a port; ended by its process id."""
    program = needed("nginx")
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=said, stderr=said
        )
    try:
        wait_for(process, port, folder / "said", folder / "error.log")
        yield
    finally:
        process.terminate()
        process.wait(20)


def wait_for(process: subprocess.Popen[bytes], port: int, *said: Path) -> None:
    """Wait until a server takes connections; where it does not start, tell what it said."""
    for _ in range(400):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not start:\n" + "".join(each.read_text() for each in said))
