"""Every setting once: its name, its default, its meaning, and where its value came from.

A value comes from the default, then from `tracker.toml`, then from the environment as
`TRACKER_<NAME>`; a `TRACKER_<NAME>_FILE` names a file that holds the value.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from tracker import resources
from tracker.errors import SettingsError
from tracker.masking import know, know_password_of

Positive = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[int, msgspec.Meta(ge=0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]

# What lives in the environment under our prefix without being a setting of the tracker itself.
NOT_SETTINGS = frozenset(
    {"TRACKER_TOKEN", "TRACKER_URL", "TRACKER_CONFIG", "TRACKER_WEB_WORKERS", "TRACKER_ACCESS_LOG"}
)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one tracker.

    home                 folder of database, spool, tokens and locks
    output               folder of the static site
    database_url         a PostgreSQL database, postgresql://user@host/name; empty: SQLite in home
    spool_folder         folder of raw reports, which all nodes share; empty: `spool` in home
    limits_url           a Redis that counts requests for all nodes, redis://host; empty: a file
    host                 address the web server listens on
    port                 port the web server listens on
    base_url             address people reach the tracker at; empty: as the request said
    plugins_folder       a folder with parsers of your own; empty: none
    plugins_enabled      installed parsers (entry point names) to use, separated by commas
    max_upload_mb        largest body of an upload, after unpacking too
    queue_above_mb       uploads above this size are read by the worker and answered with 202
    max_files            most report files in one upload
    parse_seconds        processor time the parsing child may spend on one file, archives included
    parse_memory_mb      memory the parsing child may use
    accept_new_jobs      whether an upload for a job nobody knows makes the job
    quiet_minutes        after this time without uploads a build known only by uploads is complete
    poll_seconds         how often a Jenkins is looked at
    poll_limit_seconds   how long one job may be read before others have their turn
    first_builds         how many past builds are read when a job is first seen
    jenkins_seconds      deadline of one request to Jenkins, from first byte to last
    jenkins_max_mb       largest answer taken from Jenkins
    own_code             how names of your own packages and paths begin, separated by commas
    publish_builds       how many of a job's newest builds the static site has
    publish_keep         how many generations of the static site are kept
    hook_secret          what signs the bodies of hooks; empty: no signature is believed
    keep_results_days    results of builds younger than this are kept; 0: for ever
    keep_builds          results of so many newest builds of each job are kept; 0: for ever
    keep_spool_days      raw reports younger than this are kept; 0: for ever
    lease_seconds        how long a task belongs to a worker that no longer says it is alive
    log_format           how the log is written: json, text, or auto (text on a terminal, else JSON)
    reading              who may read pages and API: open (everybody), token (tokens and people)
    allowed_hosts        names the tracker is reached at, separated by commas; empty: any
    trusted_proxies      how many proxies stand in front, or their addresses; empty: none
    cors_origins         origins whose scripts may read the API, separated by commas; empty: none
    requests_per_minute  requests that one address may make; 0: any number
    uploads_per_minute   uploads and hooks that one token or person may send; 0: any number
    """

    home: Path
    output: Path
    database_url: Annotated[str, msgspec.Meta(pattern="^(postgresql://.+)?$")] = ""
    spool_folder: str = ""
    limits_url: Annotated[str, msgspec.Meta(pattern="^(rediss?://.+)?$")] = ""
    host: str = "127.0.0.1"
    port: Port = 8000
    base_url: str = ""
    plugins_folder: str = ""
    plugins_enabled: str = ""
    max_upload_mb: Positive = 256
    queue_above_mb: Positive = 32
    max_files: Positive = 5000
    parse_seconds: Positive = 10
    parse_memory_mb: Positive = 512
    accept_new_jobs: bool = True
    quiet_minutes: Positive = 10
    poll_seconds: Positive = 60
    poll_limit_seconds: Positive = 120
    first_builds: Positive = 60
    jenkins_seconds: Positive = 30
    jenkins_max_mb: Positive = 64
    own_code: str = ""
    publish_builds: Positive = 60
    publish_keep: Annotated[int, msgspec.Meta(ge=2)] = 3
    hook_secret: str = ""
    keep_results_days: Amount = 0
    keep_builds: Amount = 0
    keep_spool_days: Amount = 0
    lease_seconds: Positive = 60
    log_format: Literal["auto", "json", "text"] = "auto"
    reading: Literal["open", "token"] = "open"
    allowed_hosts: str = ""
    trusted_proxies: str = ""
    cors_origins: str = ""
    requests_per_minute: Amount = 3000
    uploads_per_minute: Amount = 600

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: object) -> Settings:
        """The settings of this process; `given` values (from flags) win over everything.

        Raises SettingsError, naming the setting, for a value that is unknown or out of range.
        """
        environ = os.environ if environ is None else environ
        values = {**_from_file(environ), **_from_environment(environ)}
        values.update({name: value for name, value in given.items() if value is not None})
        _add_folders(values, environ)
        try:
            found = msgspec.convert(
                values, cls, strict=False, dec_hook=lambda kind, value: kind(value)
            )
        except msgspec.ValidationError as error:
            raise SettingsError(
                f"A setting cannot be used: {error}.",
                "Settings are listed in README.md; `tracker` reads them from TRACKER_* and"
                " tracker.toml.",
            ) from error
        know(found.hook_secret)
        know_password_of(found.database_url)
        know_password_of(found.limits_url)
        return found

    @property
    def own_prefixes(self) -> tuple[str, ...]:
        """How names of the team's own code begin; none where nobody said it."""
        return tuple(filter(None, (each.strip() for each in self.own_code.split(","))))

    @property
    def database(self) -> Path:
        """The SQLite file, where the store is one."""
        return self.home / "tracker.db"

    @property
    def store(self) -> Path | str:
        """Where the store is: the path of the SQLite file, or the address in PostgreSQL."""
        return self.database_url or self.database

    @property
    def spool(self) -> Path:
        """The folder of raw reports."""
        return Path(self.spool_folder) if self.spool_folder else self.home / "spool"


def _from_file(environ: Mapping[str, str]) -> dict[str, Any]:
    path = Path(environ.get("TRACKER_CONFIG") or "tracker.toml")
    if not path.is_file():
        if "TRACKER_CONFIG" in environ:
            raise SettingsError(f"TRACKER_CONFIG names {path}, which is not a file.")
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}.") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith("TRACKER_") or name in NOT_SETTINGS:
            continue
        setting = name.removeprefix("TRACKER_").lower()
        if setting.endswith("_file"):
            setting, value = setting.removesuffix("_file"), _read(name, Path(value))
        if setting not in Settings.__struct_fields__:
            raise SettingsError(f"{name} is not a setting.", "README.md lists the settings.")
        values[setting] = value
    return values


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name} names {path}, which cannot be read: {error}.") from error


def _add_folders(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Data in a checkout's `.tracker`, else systemd's state directory, else the XDG data folder."""
    named = values.get("home")
    home = Path(str(named)) if named else _default_home(environ)
    values["home"] = str(home.expanduser().absolute())
    if not values.get("output"):
        beside_code = resources.is_checkout() and not named
        values["output"] = str(
            resources.CHECKOUT / "output" if beside_code else Path(values["home"]) / "output"
        )
    values["output"] = str(Path(str(values["output"])).expanduser().absolute())


def _default_home(environ: Mapping[str, str]) -> Path:
    if resources.is_checkout():
        return resources.CHECKOUT / ".tracker"
    if state := environ.get("STATE_DIRECTORY"):
        return Path(state.split(":")[0])
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data) / "regression-tracker"
