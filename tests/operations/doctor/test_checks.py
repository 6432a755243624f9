"""Single checks: one picture in, one finding out."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.factories import upload
from tests.operations.backup.taken import backup
from tests.operations.doctor.scenes import NOW, only, said, scene
from tests.operations.test_details import gone_wrong
from tracker.clock import DAY, HOUR, MINUTE
from tracker.errors import JenkinsError
from tracker.operations.backup.taking import note_findings
from tracker.operations.doctor import address, backups, clock, permissions, spool, tokens, worker
from tracker.settings import Settings
from tracker.store.heartbeats import beat
from tracker.store.jobs import add_server
from tracker.store.sql import run
from tracker.store.tokens import create_token, revoke_token
from tracker.store.work import claim, enqueue

# Tokens.


def test_tokens_in_use_are_counted(settings: Settings, store: Path) -> None:
    create_token("ci", now=NOW)
    create_token("shop", now=NOW, jobs=("shop/*",))
    found = only(tokens.look(scene(settings)))
    assert (found.verdict, found.words) == (
        "pass",
        "2 are in use; 1 of them may send to every job.",
    )


def test_an_old_token_without_an_end_is_told(settings: Settings, store: Path) -> None:
    create_token("ci", now=NOW - 400 * DAY)
    run("UPDATE token SET used = ?", NOW)
    found = only(tokens.look(scene(settings)))
    assert (found.verdict, found.remedy) == ("warn", "tracker token rotate ci")
    assert "400 days old" in found.words


def test_a_token_that_nobody_uses_is_told(settings: Settings, store: Path) -> None:
    create_token("ci", now=NOW - 90 * DAY)
    found = only(tokens.look(scene(settings)))
    assert (found.verdict, found.remedy) == ("warn", "tracker token revoke ci")


def test_a_token_that_opens_nothing_is_not_told(settings: Settings, store: Path) -> None:
    create_token("ci", now=NOW - 400 * DAY)
    revoke_token("ci", now=NOW)
    assert "None is in use" in only(tokens.look(scene(settings))).words


def test_a_token_that_ended_is_not_told(settings: Settings, store: Path) -> None:
    create_token("ci", expires=NOW, now=NOW - 400 * DAY)
    assert "None is in use" in only(tokens.look(scene(settings))).words


def test_many_tokens_that_open_everything_are_told(settings: Settings, store: Path) -> None:
    for number in range(4):
        create_token(f"a{number}", scope="admin", now=NOW)
    assert "4 tokens open everything" in only(tokens.look(scene(settings))).words


# Clock.


def test_a_build_of_the_future_is_told(settings: Settings, store: Path) -> None:
    upload("nightly", 1, started=NOW + 3 * HOUR)
    assert said(clock.look(scene(settings))) == [
        ("warn", "A build began 3.0 hours after now: our clock went back, or was wrong then.")
    ]


def test_a_clock_that_went_back_is_told(settings: Settings, store: Path) -> None:
    upload("nightly", 1)
    assert said(clock.look(scene(settings, now=NOW - 30 * MINUTE))) == [
        (
            "fail",
            "A build was recorded 30 minutes after now: our clock went back, or was wrong then.",
        )
    ]


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(3.0, "pass"), (None, "pass"), (-600.0, "warn"), (7200.0, "warn")]
)
def test_the_clock_of_each_jenkins_is_compared(
    settings: Settings, store: Path, ahead: float | None, verdict: str
) -> None:
    add_server("main", "http://ci.example/")
    [_, of_server] = clock.look(scene(settings, ask=lambda _: ahead))
    assert of_server.verdict == verdict


def test_a_jenkins_that_does_not_answer_is_a_warning(settings: Settings, store: Path) -> None:
    add_server("main", "http://ci.example/")

    def ask(_server: str) -> float | None:
        raise JenkinsError("It does not answer.")

    [_, of_server] = clock.look(scene(settings, ask=ask))
    assert (of_server.verdict, of_server.remedy) == ("warn", "tracker server check main")


# Workers and tasks.


def test_a_worker_that_fell_silent_fails(settings: Settings, store: Path) -> None:
    beat("here:1", now=NOW - 5 * MINUTE)
    assert only(worker.look(scene(settings))).verdict == "fail"
    beat("site:1", now=NOW - MINUTE, kinds=["publish"])
    assert "but those that only publish" in only(worker.look(scene(settings))).words
    beat("here:2", now=NOW - MINUTE, kinds=["poll", "ingest"])
    assert said(worker.look(scene(settings))) == [("pass", "2 live: here:2, site:1.")]


def test_tasks_that_wait_for_long_or_were_given_up_are_told(
    settings: Settings, store: Path
) -> None:
    enqueue("poll", "nightly", due=NOW - HOUR)
    enqueue("watch", "main", due=NOW - MINUTE)
    enqueue("publish", "site", due=NOW)
    run("UPDATE work SET state = 'dead', error = 'no room' WHERE kind = 'publish'")
    assert said(worker.look_at_tasks(scene(settings))) == [
        ("warn", "1 tasks 'poll' wait, the first for 60 minutes."),
        ("warn", "The task publish site was given up: no room"),
    ]


def test_tasks_that_go_wrong_for_ever_are_told_with_what_to_do(
    settings: Settings, store: Path
) -> None:
    enqueue("ingest", "k", due=NOW, subject="nightly#12")
    gone_wrong(4, now=NOW)
    assert only(worker.look_at_tasks(scene(settings))).verdict == "pass"
    gone_wrong(1, now=NOW)
    found = only(worker.look_at_tasks(scene(settings)))
    assert found.words == "The task ingest k for nightly#12 went wrong 5 times: no bytes"
    assert "tracker task retry ingest k" in found.remedy


def test_what_a_clock_that_was_ahead_left_is_told(settings: Settings, store: Path) -> None:
    beat("here:1", now=NOW + 300 * DAY, kinds=["poll"])
    assert only(worker.look(scene(settings))).verdict == "fail"
    enqueue("watch", "main", due=NOW + 300 * DAY)
    enqueue("poll", "nightly", due=NOW)
    claim(["poll"], now=NOW + 300 * DAY, lease_ms=60_000)
    assert said(worker.look_at_tasks(scene(settings))) == [
        ("warn", "2 tasks wait for a time later than any task should: a clock was ahead.")
    ]


# Backups.


@pytest.mark.parametrize(
    ("hours", "verdict"), [(1, "pass"), (35, "pass"), (48, "warn"), (24 * 9, "fail")]
)
def test_the_age_of_the_last_backup_counts(
    settings: Settings, store: Path, hours: int, verdict: str
) -> None:
    taken = datetime.fromtimestamp((NOW - hours * HOUR) / 1000, UTC)
    backup(store, settings.home / "backups", now=taken)
    assert next(iter(backups.look(scene(settings)))).verdict == verdict


def test_a_backup_of_the_future_is_a_warning(settings: Settings, store: Path) -> None:
    """Else no other would ever be missed until then."""
    taken = datetime.fromtimestamp(NOW / 1000, UTC) + timedelta(days=3)
    backup(store, settings.home / "backups", now=taken)
    found = next(iter(backups.look(scene(settings))))
    assert (found.verdict, "in the future" in found.words) == ("warn", True)


def test_errors_in_the_newest_backup_are_told_and_which_is_clean(
    settings: Settings, store: Path
) -> None:
    folder, now = settings.home / "backups", datetime.fromtimestamp(NOW / 1000, UTC)
    clean = note_findings(folder, backup(store, folder, now=now - timedelta(days=40)), ())
    note_findings(folder, backup(store, folder, now=now), ("integrity.orphans",))
    found = next(iter(backups.look(scene(settings))))
    assert (found.verdict, found.remedy[:16]) == ("warn", "tracker validate")
    assert found.words.endswith(
        f" It has errors: integrity.orphans. The newest that is clean is {folder / clean.file}."
    )
    (folder / clean.file).unlink()
    assert "None is known to be clean." in next(iter(backups.look(scene(settings)))).words


def test_without_any_backup_the_command_is_told(settings: Settings, store: Path) -> None:
    found = only(backups.look(scene(settings)))
    assert (found.verdict, found.remedy) == ("warn", "tracker backup")


def test_a_backup_on_the_disk_of_the_database_is_a_warning(settings: Settings, store: Path) -> None:
    backup(store, settings.home / "backups", now=datetime.fromtimestamp(NOW / 1000, UTC))
    [_, place] = backups.look(scene(settings))
    assert (place.verdict, "disk of the database" in place.words) == ("warn", True)


def test_a_backup_that_was_cut_or_removed_fails(settings: Settings, store: Path) -> None:
    made = backup(store, settings.home / "backups", now=datetime.fromtimestamp(NOW / 1000, UTC))
    os.truncate(settings.home / "backups" / made.file, 100)
    assert only(backups.look(scene(settings))).verdict == "fail"


# Permissions.


def test_a_home_that_others_may_read_fails(settings: Settings, store: Path) -> None:
    settings.home.chmod(0o755)
    [found] = permissions.look(scene(settings))
    assert (found.verdict, found.remedy) == ("fail", f"chmod 700 {settings.home}")


def test_a_database_that_others_may_read_is_told(settings: Settings, store: Path) -> None:
    store.chmod(0o640)
    assert f"chmod 600 {store}" in [each.remedy for each in permissions.look(scene(settings))]


def test_a_token_file_that_others_may_read_fails(
    settings: Settings, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("secret")
    file.chmod(0o644)
    add_server("main", "http://ci.example/", token_file=str(file))
    found = only(permissions.look_at_servers(scene(settings)))
    assert (found.verdict, found.remedy) == ("fail", f"chmod 400 {file}")
    file.chmod(0o400)
    assert only(permissions.look_at_servers(scene(settings))).verdict == "pass"
    file.unlink()
    assert "is not there" in only(permissions.look_at_servers(scene(settings))).words


@pytest.mark.parametrize("folder", ["", "backups"])
def test_what_a_restore_put_aside_is_for_its_owner_alone(
    settings: Settings, store: Path, folder: str
) -> None:
    aside = settings.home / folder / "tracker.dump.before-20260101T000000Z"
    aside.parent.mkdir(mode=0o700, exist_ok=True)
    aside.touch()
    aside.chmod(0o644)
    found = [each.remedy for each in permissions.look(scene(settings)) if each.verdict != "pass"]
    assert found == [f"chmod 600 {aside}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
@pytest.mark.parametrize(
    ("owner", "group", "mode", "remedy"),
    [
        (65534, 0, 0o640, None),  # as the guide installs it, for the group of the tracker
        (65534, 0, 0o440, None),  # as Kubernetes mounts a secret for a group
        (65534, 0, 0o644, "chmod 640"),
        (65534, 0, 0o660, "chmod 640"),
        (65534, 65534, 0o640, "chmod 600"),  # for a group that this process is not in
        (0, 0, 0o640, "chmod 600"),  # its own: it needs no group to read it
    ],
)
def test_a_secret_of_another_user_may_be_read_by_a_group_of_this_process(
    settings: Settings,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: int,
    group: int,
    mode: int,
    remedy: str | None,
) -> None:
    file = tmp_path / "database_url"
    file.touch()
    os.chown(file, owner, group)
    file.chmod(mode)
    monkeypatch.setenv("TRACKER_DATABASE_URL_FILE", str(file))
    found = [each.remedy for each in permissions.look(scene(settings)) if each.verdict != "pass"]
    assert found == ([f"{remedy} {file}"] if remedy else [])


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_files_of_another_owner_fail(settings: Settings, store: Path) -> None:
    os.chown(settings.home, 65534, 65534)
    found = [each for each in permissions.look(scene(settings)) if each.verdict == "fail"]
    assert "tracker.db" in found[0].words


# Address.


@pytest.mark.parametrize(
    ("given", "verdicts"),
    [
        ({"host": "127.0.0.1"}, ["pass"]),
        ({"host": "::1"}, ["pass"]),
        ({"host": "localhost"}, ["pass"]),
        ({"host": "0.0.0.0"}, ["warn", "warn"]),
        ({"host": "10.0.0.7", "trusted_proxies": "1"}, ["warn"]),
        ({"host": "0.0.0.0", "base_url": "https://t.example"}, ["warn", "warn"]),
        (
            {
                "host": "0.0.0.0",
                "base_url": "https://t.example",
                "trusted_proxies": "10.0.0.1",
                "allowed_hosts": "t.example",
            },
            ["pass"],
        ),
    ],
)
def test_a_server_that_the_world_reaches_wants_a_proxy_and_an_address(
    tmp_path: Path, given: dict[str, str], verdicts: list[str]
) -> None:
    settings = Settings.load({}, home=tmp_path, **given)
    assert [each.verdict for each in address.look(scene(settings))] == verdicts


# Leftovers.


def test_what_lies_about_for_a_day_is_told(settings: Settings, store: Path) -> None:
    incoming = settings.spool / "incoming"
    incoming.mkdir(parents=True)
    left = [incoming / "tmp1", settings.home / "tracker.db.before-20260101T000000Z"]
    left.append(settings.home / "backups" / "tracker.dump.before-20260101T000000Z")
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (NOW / 1000 - 2 * 86400,) * 2)
    fresh = incoming / "tmp2"
    fresh.write_bytes(b"x")
    os.utime(fresh, (NOW / 1000,) * 2)
    words = [each.words for each in spool.look(scene(settings))]
    assert ["uploads that broke off" in words[0], "databases that backups" in words[1]] == [
        True
    ] * 2
    assert [each.split(" files ")[0] for each in words] == ["1", "2"]
