"""Uploads that wait for the worker: what is kept of one, and whose bytes are still needed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tracker.errors import StorageError
from tracker.intake.spool import SpooledReport, path_of
from tracker.store.audit import ITSELF, Actor, asked_by
from tracker.store.records import BuildFacts
from tracker.store.upload_order import subject_of, waiting_for
from tracker.store.work import enqueue, waiting


class QueuedReport(msgspec.Struct, frozen=True):
    """A report of an upload, whose bytes are in the spool."""

    name: str
    sha256: str
    size: int
    variant: str = ""

    def in_spool(self, folder: Path) -> SpooledReport:
        """The report in the spool `folder`, whether its bytes are there or not."""
        path = path_of(folder, self.sha256)
        return SpooledReport(path, self.name, self.sha256, self.size, self.variant)


class QueuedUpload(msgspec.Struct, frozen=True):
    """What the worker needs to read an upload as if it had just come, from who sent it."""

    facts: BuildFacts
    reports: tuple[QueuedReport, ...]
    replace: bool
    by: Actor = ITSELF
    request_id: str = ""


class _Order(msgspec.Struct):
    """What of a payload tells whether the order matters in which it is read."""

    replace: bool = False


# Made once, before there are threads: msgspec's first look at a type is not safe in two.
_ORDER = msgspec.json.Decoder(_Order)


class _Bytes(msgspec.Struct):
    sha256: str


class _Needs(msgspec.Struct):
    """What of a payload tells of bytes, however little the rest of it can be read."""

    reports: tuple[_Bytes, ...] = ()


@dataclass(frozen=True)
class WaitingUpload:
    """An upload that nobody has read yet, as it was written down."""

    key: str
    payload: str

    @property
    def digests(self) -> list[str]:
        """The digests of the bytes that it needs; StorageError where they cannot be read."""
        try:
            told = msgspec.json.decode(self.payload, type=_Needs)
        except msgspec.DecodeError as error:
            raise StorageError(
                f"The upload {self.key} that waits is damaged: nobody can tell what it needs.",
                "`tracker validate` tells more; restore a backup, and send the upload again.",
            ) from error
        return [each.sha256 for each in told.reports]


def enqueue_upload(
    facts: BuildFacts,
    reports: Sequence[SpooledReport],
    *,
    replace: bool,
    now: int,
    request_id: str = "",
) -> str:
    """Leave the reading of reports in the spool to the worker; the key of the upload.

    `request_id` is what the log has of the request that brought it.
    """
    upload = QueuedUpload(
        facts,
        tuple(QueuedReport(each.name, each.sha256, each.size, each.variant) for each in reports),
        replace,
        asked_by(),
        request_id,
    )
    key = secrets.token_hex(16)
    subject = subject_of(facts.job, facts.number)
    enqueue("ingest", key, due=now, payload=msgspec.to_builtins(upload), subject=subject)
    return key


def must_wait(job: str, number: int, *, replace: bool) -> bool:
    """Whether an upload has to be read after those that wait for its build.

    So it is where it or one of them replaces reports: what came last is to stay.
    """
    found = waiting_for(subject_of(job, number))
    return bool(found) and (replace or any(map(_replaces, found)))


def _replaces(payload: str) -> bool:
    try:
        return _ORDER.decode(payload).replace
    except msgspec.DecodeError:
        return True  # nobody can tell


def read_upload(payload: Mapping[str, Any]) -> QueuedUpload:
    """An upload as a task's payload tells of it, also as earlier versions wrote it."""
    return msgspec.convert(payload, QueuedUpload)


def waiting_uploads() -> list[WaitingUpload]:
    """The uploads that nobody has read yet."""
    return [WaitingUpload(key, payload) for key, payload in waiting("ingest")]
