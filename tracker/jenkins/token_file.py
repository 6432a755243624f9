"""The file with the token of a Jenkins, which none but its owner may read, or a credential."""

from __future__ import annotations

import os
from pathlib import Path

from tracker.errors import SettingsError
from tracker.masking import know

# What a token's file is called that systemd's LoadCredential= hands over.
CREDENTIAL = "credential:"
# Pages show these errors: the path is for those who run the tracker.
WHICH = "`tracker server list --json` says which it is, `tracker server add` names another."


def token_in(file: str) -> str:
    """The token in a file that its owner alone may read, or in a credential of the service."""
    if not file:
        return ""
    is_credential = file.startswith(CREDENTIAL)
    path = _credential(file) if is_credential else Path(file)
    # systemd may give a credential by an access list, whose mask shows where a group's rights do.
    others = 0o007 if is_credential else 0o077
    try:
        if path.stat().st_mode & others:
            raise SettingsError(
                "The file of the API token may be read by others than its owner.",
                f"`chmod 400` it; whoever read it may have the token. {WHICH}",
            )
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"The file of the API token cannot be read: {why}.", WHICH) from error
    know(token)
    return token


def _credential(file: str) -> Path:
    name = file.removeprefix(CREDENTIAL)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or "/" in name:
        raise SettingsError(
            f"The credential {name!r} is not there: CREDENTIALS_DIRECTORY is not set.",
            f"Start the worker as a systemd unit with LoadCredential={name}:/path/to/token.",
        )
    return Path(folder) / name
