"""Tokens: made once, kept as a digest, opening what they are for until they are revoked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tracker.errors import Conflict, NotFound, Unauthorised, UsageError
from tracker.queries.system import tokens
from tracker.store.sql import run
from tracker.store.tokens import DOORS, SCOPES, check_token, create_token, revoke_token

pytestmark = pytest.mark.usefixtures("store")


def test_a_token_opens_what_it_is_for() -> None:
    assert check_token(create_token("ci", now=1), "ingest") == "ci"


def test_a_token_opens_nothing_else() -> None:
    text = create_token("ci", scope="read", now=1)
    with pytest.raises(Unauthorised, match=r"Authorization: Bearer"):
        check_token(text, "ingest")


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"hook address"}))
def test_an_admins_token_opens_everything(door: str) -> None:
    assert check_token(create_token("root", scope="admin", now=1), door) == "root"


@pytest.mark.parametrize("scope", SCOPES)
def test_an_address_takes_a_token_that_opens_hooks_alone(scope: str) -> None:
    text = create_token("ci", scope=scope, now=1)
    if scope == "hook":
        assert check_token(text, "hook address") == "ci"
        return
    with pytest.raises(Unauthorised):
        check_token(text, "hook address")


@pytest.mark.parametrize("scope", ["hook", "ingest", "admin"])
def test_who_may_upload_may_knock(scope: str) -> None:
    assert check_token(create_token("ci", scope=scope, now=1), "hook") == "ci"


def test_who_may_read_may_not_knock() -> None:
    with pytest.raises(Unauthorised):
        check_token(create_token("eye", scope="read", now=1), "hook")


@pytest.mark.parametrize("door", ["ingest", "read", "admin"])
def test_a_hooks_token_opens_hooks_alone(door: str) -> None:
    with pytest.raises(Unauthorised):
        check_token(create_token("jenkins", scope="hook", now=1), door)


def test_the_text_of_a_token_is_nowhere_in_the_database(store: Path) -> None:
    text = create_token("ci", now=1)
    assert run("SELECT digest FROM token") == [(hashlib.sha256(text.encode()).hexdigest(),)]
    files = b"".join(path.read_bytes() for path in store.parent.iterdir() if path.is_file())
    assert text.encode() not in files


def test_two_tokens_differ() -> None:
    assert create_token("a", now=1) != create_token("b", now=1)


def test_a_revoked_token_opens_nothing() -> None:
    text = create_token("ci", now=1)
    revoke_token("ci", now=2)
    with pytest.raises(Unauthorised):
        check_token(text, "ingest")
    assert [(row["name"], row["revoked"]) for row in tokens()] == [("ci", 2)]


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


@pytest.mark.parametrize("text", ["", "trk_", "trk_" + "A" * 43, "ü" * 20])
def test_what_is_no_token_opens_nothing(text: str) -> None:
    create_token("ci", now=1)
    with pytest.raises(Unauthorised):
        check_token(text, "ingest")
