"""People: passwords as scrypt hashes, the same answer for all who do not know them, PINs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tracker.errors import Conflict, Forbidden, NotFound, TooMany, Unauthorised, UsageError
from tracker.queries.access import people
from tracker.store import passwords
from tracker.store.callers import Caller
from tracker.store.people import (
    PIN_LIFE,
    add_person,
    change_password,
    remove_person,
    set_password,
    sign_in,
    take_pin,
)
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")
NOW = 1_796_000_000_000
PASSWORD = "four unrelated words here"
OTHER = "quite some other phrase"
PIN = "482915"
DIGEST = hashlib.sha256(PIN.encode()).hexdigest()


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")


def enter(name: str, password: str, now: int = NOW, guesses: list[str] | None = None) -> Caller:
    def before_guess() -> None:
        if guesses is not None:
            guesses.append(name)

    return sign_in(name, password, now=now, before_guess=before_guess)


def change(name: str, present: str, wanted: str, now: int = NOW) -> None:
    change_password(name, present, wanted, now=now, before_guess=lambda: None)


@pytest.mark.parametrize("scope", ["admin", "read"])
def test_who_knows_the_password_signs_in(scope: str) -> None:
    add_person("anna", PASSWORD, scope=scope, now=NOW)
    assert enter("anna", PASSWORD) == Caller("person", "anna", scope)


@pytest.mark.parametrize("password", ["", "x", PASSWORD + " ", PASSWORD.upper(), "x" * 100_000])
def test_who_does_not_know_the_password_does_not_sign_in(password: str) -> None:
    add_person("anna", PASSWORD, now=NOW)
    with pytest.raises(Unauthorised):
        enter("anna", password)


def test_an_unknown_name_gets_the_same_answer_for_the_same_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_person("anna", PASSWORD, now=NOW)
    worked: list[str] = []
    check = passwords.check_password_hash
    monkeypatch.setattr(
        passwords,
        "check_password_hash",
        lambda kept, text: worked.append(kept.split("$")[0]) or check(kept, text),
    )
    said, guesses = [], []
    for name in ("anna", "nobody"):
        with pytest.raises(Unauthorised) as error:
            enter(name, "wrong", guesses=guesses)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert guesses == ["anna", "nobody"]
    assert worked == ["scrypt:1024:8:1", "scrypt:32768:8:3"]


@pytest.mark.sqlite
def test_a_password_is_kept_as_a_salted_scrypt_hash(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for name in ("anna", "bob"):
        add_person(name, PASSWORD, now=NOW)
    first, second = (row[0] for row in run("SELECT secret FROM person"))
    assert first.startswith("scrypt:32768:8:3$")
    assert first != second
    files = b"".join(path.read_bytes() for path in store.parent.iterdir() if path.is_file())
    assert PASSWORD.encode() not in files


def test_what_was_right_a_short_time_ago_is_not_tried_again() -> None:
    add_person("anna", PASSWORD, now=NOW)
    guesses: list[str] = []
    for _ in range(3):
        enter("anna", PASSWORD, guesses=guesses)
    assert guesses == ["anna"]


def test_what_is_remembered_ends_with_the_password_and_the_person() -> None:
    add_person("anna", PASSWORD, now=NOW)
    enter("anna", PASSWORD)
    set_password("anna", OTHER, now=NOW)
    with pytest.raises(Unauthorised):
        enter("anna", PASSWORD)
    assert enter("anna", OTHER).name == "anna"
    remove_person("anna")
    with pytest.raises(Unauthorised):
        enter("anna", OTHER)


def test_a_guess_that_may_not_be_made_is_not_made() -> None:
    add_person("anna", PASSWORD, now=NOW)

    def refuse() -> None:
        raise TooMany("Too often.")

    with pytest.raises(TooMany):
        sign_in("anna", PASSWORD, now=NOW, before_guess=refuse)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "fewer than 12"),
        ("elevenchars", "fewer than 12"),
        ("x" * 1001, "more than 1000"),
        ("four words\nand a break", "control characters"),
        ("trk_four unrelated words", "as tokens do"),
        ("password1234", "common words"),
        ("Password!2026", "common words"),
        ("123456789012", "common words"),
        ("qwertyuiop12", "common words"),
        ("aaaaaaaaaaaa", "common words"),
        ("Jenkins-Tracker-1", "common words"),
        ("anna-anna-anna", "common words"),
    ],
)
def test_a_password_that_is_soon_guessed_is_refused(password: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        add_person("anna", password, now=NOW)
    assert people() == []


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(UsageError) as error:
        add_person("anna", "hunter2", now=NOW)
    assert "hunter2" not in str(error.value)


def test_a_name_is_used_once() -> None:
    add_person("anna", PASSWORD, now=NOW)
    with pytest.raises(Conflict, match="'anna'"):
        add_person("anna", PASSWORD, now=NOW)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n"])
def test_a_name_of_other_signs_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="person cannot be called"):
        add_person(name, PASSWORD, now=NOW)


def test_nobody_has_the_scope_of_a_program() -> None:
    with pytest.raises(UsageError, match="admin, read"):
        add_person("anna", PASSWORD, scope="ingest", now=NOW)


@pytest.mark.parametrize(
    "act", [lambda: remove_person("x"), lambda: set_password("x", OTHER, now=1)]
)
def test_of_an_unknown_person_nothing_is_changed(act: object) -> None:
    with pytest.raises(NotFound, match="'x'"):
        act()  # type: ignore[operator]


def test_who_knows_the_present_password_sets_another_one() -> None:
    add_person("anna", PASSWORD, now=NOW)
    change("anna", PASSWORD, OTHER)
    assert enter("anna", OTHER).name == "anna"


@pytest.mark.parametrize(
    ("present", "wanted", "error"),
    [
        ("wrong", OTHER, Unauthorised),
        (PASSWORD, "short", UsageError),
        (PASSWORD, PASSWORD, UsageError),
    ],
)
def test_a_password_that_may_not_be_changed_stays(
    present: str, wanted: str, error: type[Exception]
) -> None:
    add_person("anna", PASSWORD, now=NOW)
    with pytest.raises(error):
        change("anna", present, wanted)
    assert enter("anna", PASSWORD).name == "anna"


# The PIN of the earlier application


def test_a_pin_opens_nothing_and_says_where_to_set_a_password() -> None:
    take_pin("anna", DIGEST, now=NOW)
    with pytest.raises(Forbidden, match=r"opens nothing.*/settings/password/"):
        enter("anna", PIN)


def test_a_pin_becomes_a_password() -> None:
    take_pin("anna", DIGEST.upper(), now=NOW)
    change("anna", PIN, PASSWORD)
    assert enter("anna", PASSWORD).scope == "admin"
    with pytest.raises(Unauthorised):
        enter("anna", PIN)


def test_a_pin_ends_after_a_day_also_where_it_was_right_before() -> None:
    until = take_pin("anna", DIGEST, now=NOW)
    assert until == NOW + PIN_LIFE
    with pytest.raises(Forbidden):
        enter("anna", PIN, until - 1)
    for act in (lambda: enter("anna", PIN, until), lambda: change("anna", PIN, PASSWORD, until)):
        with pytest.raises(Unauthorised):
            act()


@pytest.mark.parametrize("text", ["wrong", DIGEST])
def test_neither_another_pin_nor_the_digest_itself_is_taken(text: str) -> None:
    take_pin("anna", DIGEST, now=NOW)
    with pytest.raises(Unauthorised):
        enter("anna", text)


@pytest.mark.sqlite
def test_the_digest_of_a_pin_is_nowhere_in_the_database(store: Path) -> None:
    take_pin("anna", DIGEST, now=NOW)
    files = b"".join(path.read_bytes() for path in store.parent.iterdir() if path.is_file())
    assert DIGEST.encode() not in files


@pytest.mark.parametrize("digest", ["", PIN, DIGEST[:-1], "g" * 64])
def test_what_is_no_digest_is_refused(digest: str) -> None:
    with pytest.raises(UsageError, match="no SHA-256"):
        take_pin("anna", digest, now=NOW)


def test_the_list_tells_who_has_a_pin_yet() -> None:
    add_person("anna", PASSWORD, now=NOW)
    take_pin("bob", DIGEST, now=NOW)
    assert [(row.name, row.pin_until) for row in people()] == [
        ("anna", None),
        ("bob", NOW + PIN_LIFE),
    ]


@pytest.mark.parametrize("is_pin", [False, True])
def test_what_was_changed_while_a_password_was_checked_stays(is_pin: bool) -> None:
    if is_pin:
        take_pin("anna", DIGEST, now=NOW)
    else:
        add_person("anna", PASSWORD, now=NOW)
    with pytest.raises(Unauthorised):
        change_password(
            "anna",
            PIN if is_pin else PASSWORD,
            "a third one, of somebody else",
            now=NOW,
            before_guess=lambda: set_password("anna", OTHER, now=NOW),
        )
    assert enter("anna", OTHER).name == "anna"
