"""Tokens: made once, kept as a digest, opening what they are for until they are revoked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tracker.errors import Conflict, NotFound, Unauthorised, UsageError
from tracker.queries.system import tokens
from tracker.store.sql import run
from tracker.store.tokens import SCOPES, check_token, create_token, revoke_token

pytestmark = pytest.mark.usefixtures("store")


def test_a_token_opens_what_it_is_for() -> None:
    assert check_token(create_token("ci", now=1), "ingest") == "ci"


def test_a_token_opens_nothing_else() -> None:
    text = create_token("ci", scope="read", now=1)
    with pytest.raises(Unauthorised, match=r"Authorization: Bearer"):
        check_token(text, "ingest")


@pytest.mark.parametrize("scope", SCOPES)
def test_an_admins_token_opens_everything(scope: str) -> None:
    assert check_token(create_token("root", scope="admin", now=1), scope) == "root"


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
    with pytest.raises(UsageError, match="ingest, read, admin"):
        create_token("ci", scope="all", now=1)


@pytest.mark.parametrize("text", ["", "trk_", "trk_" + "A" * 43, "ü" * 20])
def test_what_is_no_token_opens_nothing(text: str) -> None:
    create_token("ci", now=1)
    with pytest.raises(Unauthorised):
        check_token(text, "ingest")
