"""Tokens: made once, kept as a digest, opening what they are for until they end."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from tracker.clock import DAY, HOUR
from tracker.errors import Conflict, Forbidden, NotFound, Unauthorised, UsageError
from tracker.queries.system import TokenRow, tokens
from tracker.store import tokens as the_module
from tracker.store.callers import DOORS, SCOPES, Caller
from tracker.store.sql import run
from tracker.store.sqlite.locks import write_lock
from tracker.store.tokens import PREFIX, create_token, revoke_token, rotate_token

pytestmark = pytest.mark.usefixtures("store")
NOW = 1_796_000_000_000


def check_token(text: str, door: str, now: int = NOW) -> Caller:
    return the_module.check_token(text, door, now=now)


def listed(name: str) -> TokenRow:
    [row] = [row for row in tokens() if row.name == name]
    return row


def test_a_token_opens_what_it_is_for() -> None:
    assert check_token(create_token("ci", now=1), "ingest").who == "token ci"


def test_a_token_opens_nothing_else() -> None:
    text = create_token("ci", scope="read", now=1)
    with pytest.raises(Unauthorised, match=r"Authorization: Bearer"):
        check_token(text, "ingest")


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"hook address"}))
def test_an_admins_token_opens_everything(door: str) -> None:
    assert check_token(create_token("root", scope="admin", now=1), door).name == "root"


@pytest.mark.parametrize("scope", SCOPES)
def test_an_address_takes_a_token_that_opens_hooks_alone(scope: str) -> None:
    text = create_token("ci", scope=scope, now=1)
    if scope == "hook":
        assert check_token(text, "hook address").name == "ci"
        return
    with pytest.raises(Unauthorised):
        check_token(text, "hook address")


@pytest.mark.parametrize("scope", ["hook", "ingest", "admin"])
def test_who_may_upload_may_knock(scope: str) -> None:
    assert check_token(create_token("ci", scope=scope, now=1), "hook").name == "ci"


def test_who_may_read_may_not_knock() -> None:
    with pytest.raises(Unauthorised):
        check_token(create_token("eye", scope="read", now=1), "hook")


@pytest.mark.parametrize("door", ["ingest", "read", "admin"])
def test_a_hooks_token_opens_hooks_alone(door: str) -> None:
    with pytest.raises(Unauthorised):
        check_token(create_token("jenkins", scope="hook", now=1), door)


def test_who_sends_may_ask_what_became_of_it_and_read_nothing_else() -> None:
    text = create_token("ci", now=1)
    assert check_token(text, "upload status").name == "ci"
    with pytest.raises(Unauthorised):
        check_token(text, "read")


@pytest.mark.sqlite
def test_the_text_of_a_token_is_nowhere_in_the_database(store: Path) -> None:
    text = create_token("ci", now=1)
    assert run("SELECT digest FROM token") == [(hashlib.sha256(text.encode()).hexdigest(),)]
    files = b"".join(path.read_bytes() for path in store.parent.iterdir() if path.is_file())
    assert text.encode() not in files


def test_a_token_has_32_random_bytes_behind_its_prefix() -> None:
    text = create_token("a", now=1)
    assert text.startswith(PREFIX)
    assert len(text.removeprefix(PREFIX)) == 43
    assert text != create_token("b", now=1)


def test_a_revoked_token_opens_nothing() -> None:
    text = create_token("ci", now=1)
    revoke_token("ci", now=2)
    with pytest.raises(Unauthorised):
        check_token(text, "ingest")
    assert listed("ci").revoked == 2


def test_revoking_twice_says_that_there_is_none() -> None:
    create_token("ci", now=1)
    revoke_token("ci", now=2)
    with pytest.raises(NotFound, match=r"'ci'.*token list"):
        revoke_token("ci", now=3)


def test_a_name_is_used_once() -> None:
    create_token("ci", now=1)
    with pytest.raises(Conflict, match="'ci' exists"):
        create_token("ci", now=2)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 101, "a\n"])
def test_a_name_of_other_signs_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        create_token(name, now=1)


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(UsageError, match="hook, ingest, read, admin"):
        create_token("ci", scope="all", now=1)


@pytest.mark.parametrize("text", ["", "trk_", "trk_" + "A" * 43, "ü" * 20, "\udc80"])
def test_what_is_no_token_opens_nothing(text: str) -> None:
    create_token("ci", now=1)
    with pytest.raises(Unauthorised):
        check_token(text, "ingest")


def test_the_digest_of_a_token_is_no_token() -> None:
    digest = hashlib.sha256(create_token("ci", now=1).encode()).hexdigest()
    with pytest.raises(Unauthorised):
        check_token(digest, "ingest")


# Its end


def test_a_token_opens_until_its_end_and_then_says_that_it_ended() -> None:
    text = create_token("ci", expires=NOW + 1, now=NOW)
    assert check_token(text, "ingest", NOW).name == "ci"
    with pytest.raises(Unauthorised, match=r"'ci' has expired.*token rotate ci"):
        check_token(text, "ingest", NOW + 1)


@pytest.mark.parametrize("expires", [0, NOW])
def test_a_token_cannot_end_before_it_begins(expires: int) -> None:
    with pytest.raises(UsageError, match="before it begins"):
        create_token("ci", expires=expires, now=NOW)


# Rotation


def test_after_a_rotation_both_texts_open_until_the_grace_is_over() -> None:
    old = create_token("ci", now=NOW)
    new = rotate_token("ci", grace=DAY, now=NOW)
    for text in (old, new):
        assert check_token(text, "ingest", NOW + DAY - 1).name == "ci"
    assert check_token(new, "ingest", NOW + DAY).name == "ci"
    with pytest.raises(Unauthorised):
        check_token(old, "ingest", NOW + DAY)


def test_without_grace_the_old_text_opens_nothing_at_once() -> None:
    old = create_token("ci", now=NOW)
    rotate_token("ci", grace=0, now=NOW)
    with pytest.raises(Unauthorised):
        check_token(old, "ingest", NOW)


def test_a_second_rotation_ends_the_text_before_the_last() -> None:
    first = create_token("ci", now=NOW)
    second = rotate_token("ci", grace=DAY, now=NOW)
    rotate_token("ci", grace=DAY, now=NOW)
    assert check_token(second, "ingest").name == "ci"
    with pytest.raises(Unauthorised):
        check_token(first, "ingest")


def test_a_rotated_token_lives_as_long_again_and_the_old_text_no_longer_than_it_would_have() -> (
    None
):
    old = create_token("ci", expires=NOW + 10 * DAY, now=NOW)
    new = rotate_token("ci", grace=5 * DAY, now=NOW + 9 * DAY)
    assert listed("ci").expires == NOW + 19 * DAY
    assert check_token(new, "ingest", NOW + 18 * DAY).name == "ci"
    with pytest.raises(Unauthorised):
        check_token(old, "ingest", NOW + 10 * DAY)


def test_an_expired_token_is_alive_again_after_a_rotation() -> None:
    create_token("ci", expires=NOW + 1, now=NOW)
    new = rotate_token("ci", expires=NOW + 3 * DAY, now=NOW + DAY)
    assert check_token(new, "ingest", NOW + 2 * DAY).name == "ci"


def test_revoking_ends_the_text_before_too() -> None:
    old = create_token("ci", now=NOW)
    rotate_token("ci", grace=DAY, now=NOW)
    revoke_token("ci", now=NOW)
    with pytest.raises(Unauthorised):
        check_token(old, "ingest")


def test_a_token_that_is_not_in_use_is_not_rotated() -> None:
    with pytest.raises(NotFound, match="'ci'"):
        rotate_token("ci", now=NOW)


# Jobs


@pytest.mark.parametrize(
    ("jobs", "job", "may"),
    [
        ((), "any", True),
        (("team/*",), "team/nightly", True),
        (("team/*",), "team/app/main", True),
        (("team/*",), "other", False),
        (("team/*",), "TEAM/nightly", False),
        (("team/*", "shop"), "shop", True),
        (("team/*", "!team/secret*"), "team/secret-1", False),
        (("!shop",), "team/nightly", True),
    ],
)
def test_a_token_may_be_for_some_jobs_alone(jobs: tuple[str, ...], job: str, may: bool) -> None:
    caller = check_token(create_token("ci", jobs=jobs, now=1), "ingest")
    assert caller.may_send_to(job) == may
    if not may:
        with pytest.raises(Forbidden, match="may not send to the job"):
            caller.refuse_other(job)


@pytest.mark.parametrize("scope", ["read", "admin"])
def test_who_may_read_or_administer_is_not_limited_to_jobs(scope: str) -> None:
    with pytest.raises(UsageError, match="cannot be limited to jobs"):
        create_token("ci", scope=scope, jobs=("a",), now=1)


@pytest.mark.parametrize("pattern", ["", "!", "a\nb"])
def test_an_empty_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="pattern of jobs"):
        create_token("ci", jobs=(pattern,), now=1)


# Last use


def test_the_last_use_is_written_at_most_once_an_hour() -> None:
    text = create_token("ci", now=NOW)
    for at, written in ((NOW, NOW), (NOW + HOUR - 1, NOW), (NOW + HOUR, NOW + HOUR)):
        check_token(text, "ingest", at)
        assert listed("ci").used == written


def test_a_use_that_was_refused_is_not_written() -> None:
    text = create_token("ci", scope="read", now=NOW)
    with pytest.raises(Unauthorised):
        check_token(text, "ingest")
    assert listed("ci").used is None


@pytest.mark.sqlite
def test_a_token_opens_while_another_program_holds_the_write_lock(store: Path) -> None:
    text = create_token("ci", now=NOW)
    other = sqlite3.connect(store)
    other.execute("BEGIN IMMEDIATE")
    assert check_token(text, "ingest").name == "ci"
    other.close()
    assert listed("ci").used is None


@pytest.mark.sqlite
def test_a_token_opens_while_another_process_of_ours_writes(store: Path) -> None:
    text = create_token("ci", now=NOW)
    with write_lock(store):  # it is not waited for: it would be for ever
        assert check_token(text, "ingest").name == "ci"
    assert listed("ci").used is None
