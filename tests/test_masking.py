"""Secrets that a process knows stand in nothing that it writes, in whatever form it knows them."""

from __future__ import annotations

import pytest

from tracker import logs, masking
from tracker.jenkins.token_file import token_in
from tracker.masking import MASK, mask
from tracker.settings import Settings

SECRET = "drei/Wörter und's Ende"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(masking, "_known", ())


@pytest.mark.parametrize("told", [SECRET, "drei%2FW%C3%B6rter%20und%27s%20Ende", repr((SECRET,))])
def test_a_secret_that_is_known_is_masked_wherever_it_stands(told):
    masking.know(SECRET)
    assert "Ende" not in mask(f"lost in {told}!")


def test_of_two_secrets_no_rest_of_the_longer_one_stays():
    masking.know("abcdefghijkl")
    masking.know("abcdefghijkl-and-more")
    assert mask("abcdefghijkl-and-more") == MASK


def test_a_short_word_is_left_alone():
    masking.know("tracker")
    assert mask("tracker/web/errors.py") == "tracker/web/errors.py"


def test_a_secret_through_which_the_end_of_a_line_goes_is_masked():
    masking.know(SECRET)
    assert "drei" not in logs.clean("x" * (logs.LONGEST - 10) + SECRET)


def test_what_the_settings_hold_is_known(tmp_path):
    Settings.load(
        {},
        home=tmp_path,
        hook_secret="of-hooks-and-long",
        database_url="postgresql://me:of-the%2Fdatabase@host/name",
        limits_url="redis://:of-the-counters@host",
    )
    said = mask("of-hooks-and-long, of-the/database, of-the%2Fdatabase, of-the-counters")
    assert said == ", ".join([MASK] * 4)


def test_the_token_of_a_jenkins_is_known_once_it_was_read(tmp_path):
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    file.chmod(0o400)
    assert token_in(str(file)) == "0123456789abcdef"
    assert mask("refused: 0123456789abcdef") == f"refused: {MASK}"


def test_a_password_is_masked_as_its_address_spells_it():
    masking.know_password_of("postgresql://me:aa!bb%40ccdd!ee@host/name")
    assert mask("aa!bb%40ccdd!ee, aa!bb@ccdd!ee") == f"{MASK}, {MASK}"
