"""The token of a Jenkins: out of its owner's file, or out of a credential of the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.errors import SettingsError
from tracker.jenkins.token_file import token_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a token, which its owner alone may read."""
    path = tmp_path / "jenkins"
    path.write_text("11aa-secret\n")
    path.chmod(0o400)
    return path


def test_a_token_is_what_its_file_says(file: Path) -> None:
    assert token_in(str(file)) == "11aa-secret"


def test_where_no_file_is_named_there_is_no_token() -> None:
    assert token_in("") == ""


def test_a_file_that_the_group_may_read_is_refused(file: Path) -> None:
    file.chmod(0o440)
    with pytest.raises(SettingsError, match="may be read by others"):
        token_in(str(file))


def test_a_token_may_come_as_a_credential_of_the_service(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    assert token_in("credential:jenkins") == "11aa-secret"


def test_a_credential_that_systemd_gives_by_an_access_list_is_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    assert token_in("credential:jenkins") == "11aa-secret"


def test_a_credential_without_a_service_says_how_to_start_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SettingsError, match="LoadCredential=jenkins"):
        token_in("credential:jenkins")
