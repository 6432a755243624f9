"""Commands about tokens, people and what they did."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import ROOT, environ_of
from tracker.clock import DAY, now_ms
from tracker.settings import Settings
from tracker.store import audit, passwords
from tracker.store.people import sign_in
from tracker.store.tokens import check_token

PASSWORD = "four unrelated words here"
PIN = "482915"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


def test_a_token_may_be_for_some_jobs_and_end(command: Command) -> None:
    command("token", "create", "ci", "--jobs", "team/*", "--jobs", "shop", "--days", "90")
    [row] = command("token", "list", "--json").json
    assert row["jobs"] == ["team/*", "shop"]
    assert row["expires"] - row["created"] == 90 * DAY
    assert "team/*, shop" in command("token", "list").out


def test_a_token_may_end_on_a_day(command: Command) -> None:
    command("token", "create", "ci", "--until", "2099-01-31")
    assert "on 2099-01-31" in command("token", "list").out


@pytest.mark.parametrize(
    "options",
    [
        ("--days", "0"),
        ("--days", "x"),
        ("--until", "yesterday"),
        ("--until", "2020-01-01"),
        ("--days", "1", "--until", "2099-01-01"),
        ("--jobs", ""),
        ("--jobs", "a", "--scope", "read"),
    ],
)
def test_what_cannot_be_meant_makes_no_token(command: Command, options: tuple[str, ...]) -> None:
    assert command("token", "create", "ci", *options).code == 2
    assert command("token", "list", "--json").json == []


@pytest.mark.parametrize(("grace", "opens"), [((), True), (("--grace", "0"), False)])
def test_after_a_rotation_the_text_before_opens_for_a_day_unless_told(
    command: Command, grace: tuple[str, ...], opens: bool
) -> None:
    old = command("token", "create", "ci").out.strip()
    new = command("token", "rotate", "ci", *grace).out.strip()
    assert check_token(new, "ingest", now=now_ms()).name == "ci"
    if opens:
        assert check_token(old, "ingest", now=now_ms() + DAY // 2).name == "ci"
    else:
        with pytest.raises(Exception, match="does not open"):
            check_token(old, "ingest", now=now_ms())


def test_a_grace_that_is_none_is_refused(command: Command) -> None:
    command("token", "create", "ci")
    assert command("token", "rotate", "ci", "--grace", "soon").code == 2


def test_people_are_added_listed_and_removed(command: Command, password_file: Path) -> None:
    added = command("person", "add", "anna", "--scope", "read", "--password-file", password_file)
    assert (added.code, added.out) == (0, "anna may sign in.\n")
    assert sign_in("anna", PASSWORD, now=now_ms(), before_guess=lambda: None).scope == "read"
    assert "anna  read" in command("person", "list").out
    assert command("person", "list", "--json").json[0]["name"] == "anna"
    assert command("person", "remove", "anna").code == 0
    assert command("person", "remove", "anna").code == 2


def test_a_password_is_set(command: Command, password_file: Path) -> None:
    command("person", "add", "anna", "--password-file", password_file)
    password_file.write_text("quite some other phrase")
    assert command("person", "password", "anna", "--password-file", password_file).code == 0
    assert sign_in("anna", "quite some other phrase", now=now_ms(), before_guess=lambda: None)


@pytest.mark.parametrize("content", [b"short", b"", b"password1234", b"\xff\xfe" * 12])
def test_a_password_that_is_none_adds_nobody(
    command: Command, password_file: Path, content: bytes
) -> None:
    password_file.write_bytes(content)
    assert command("person", "add", "anna", "--password-file", password_file).code == 2
    assert command("person", "list", "--json").json == []


def test_where_nobody_can_be_asked_the_command_says_so(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "person", "add", "anna"],
        cwd=ROOT,
        env=environ_of(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"give --password-file" in done.stderr


def test_a_pin_is_taken_over_from_the_settings_of_the_earlier_application(
    command: Command, tmp_path: Path
) -> None:
    digest = hashlib.sha256(PIN.encode()).hexdigest()
    (tmp_path / ".env").write_text(f"PORT=1\nPIN_HASH={digest}\nDEBUG=0\n")
    said = command("person", "take-pin", "anna", "--from", tmp_path / ".env")
    assert said.code == 0
    assert digest not in said.out
    with pytest.raises(Exception, match="/settings/password/"):
        sign_in("anna", PIN, now=now_ms(), before_guess=lambda: None)
    assert "not yet: PIN until" in command("person", "list").out


@pytest.mark.parametrize("content", ["", "PIN=1234", f"A={'0' * 64}\nB={'1' * 64}"])
def test_a_file_without_the_one_digest_is_refused(
    command: Command, tmp_path: Path, content: str
) -> None:
    (tmp_path / ".env").write_text(content)
    assert command("person", "take-pin", "anna", "--from", tmp_path / ".env").code == 2
    assert command("person", "list", "--json").json == []


def test_what_was_done_is_told_with_the_user_of_the_machine(command: Command) -> None:
    command("token", "create", "ci")
    [row] = command("audit", "--json").json
    assert (row["what"], row["subject"]) == ("token created", "ci")
    assert row["who"].startswith("user ")
    assert "token created  ci" in command("audit").out


def test_what_steers_a_terminal_is_escaped(command: Command) -> None:
    audit.note("server set", "a\x1b[31m\nb")
    lines = command("audit").out.splitlines()
    assert len(lines) == 2
    assert "\x1b" not in lines[1]


def test_only_the_newest_may_be_asked_for(command: Command) -> None:
    command("token", "create", "ci")
    assert len(command("audit", "--since", "1h", "--json").json) == 1
    assert command("audit", "--since", "2099-01-01", "--json").json == []
    assert command("audit", "--since", "soon").code == 2
