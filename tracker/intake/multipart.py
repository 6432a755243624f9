"""Many files in one multipart/form-data upload, taken apart from disk to disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from tracker.errors import TooLarge, UsageError
from tracker.intake import spool
from tracker.intake.spool import Spooled

CHUNK = 256 * 1024
# What is held of a body: heads of parts, and what stands around them; files go from disk to disk.
MOST_HELD = 4 * CHUNK


def split_files(
    body: Path, boundary: str, folder: Path, max_files: int
) -> list[tuple[str, Spooled]]:
    """The files in a multipart body, each in the spool, as (file name, bytes).

    Raises UsageError when the body does not end as it should, holds no file or something else than
    files, TooLarge when it holds more than `max_files`.
    """
    decoder = MultipartDecoder(
        boundary.encode("latin-1", "replace"), MOST_HELD, max_parts=max_files + 100
    )
    files: list[tuple[str, Spooled]] = []
    try:
        for file, chunks in _parts(body, decoder):
            if isinstance(file, Field):
                raise _no_file(file)
            if len(files) >= max_files:
                raise _too_many(max_files)
            files.append((_name(file), spool.store(folder, chunks, durable=False)))
    except RequestEntityTooLarge as error:
        raise _too_many(max_files) from error
    except ValueError as error:
        raise UsageError(f"The multipart body is not well-formed: {error}.") from error
    if not files:
        raise UsageError(
            "The upload holds no file.", "Name the files: curl -F file=@results/a.xml -F file=@…"
        )
    spool.make_durable(folder)
    return files


def _parts(body: Path, decoder: MultipartDecoder) -> Iterator[tuple[File | Field, Iterator[bytes]]]:
    """Each part with its bytes; the next part may only be asked for when these are used up."""
    with body.open("rb") as stream:
        while True:
            event = _next(stream, decoder)
            if isinstance(event, File | Field):
                yield event, _data(stream, decoder)
            elif isinstance(event, Epilogue):
                return


def _data(stream: object, decoder: MultipartDecoder) -> Iterator[bytes]:
    while True:
        event = _next(stream, decoder)
        if not isinstance(event, Data):
            raise UsageError("The multipart body was cut.", "Send it again.")
        yield event.data
        if not event.more_data:
            return


def _next(stream: object, decoder: MultipartDecoder) -> object:
    event = decoder.next_event()
    while isinstance(event, NeedData):
        data = stream.read(CHUNK)  # type: ignore[attr-defined]
        _receive(decoder, data)
        try:
            event = decoder.next_event()
        except ValueError as error:
            raise UsageError(f"The multipart body was cut: {error}.", "Send it again.") from error
    return event


def _receive(decoder: MultipartDecoder, data: bytes) -> None:
    try:
        decoder.receive_data(data or None)
    except RequestEntityTooLarge as error:
        raise UsageError(
            "The multipart body is not well-formed: there is no boundary, or no end of a part's"
            f" head, in {MOST_HELD // 1024**2} MB of it.",
            "Have it made by a library, or by curl -F file=@results/a.xml.",
        ) from error


def _name(file: File) -> str:
    """What the part calls its file; the field's name where it says nothing."""
    return file.filename or str(file.name or Headers(file.headers).get("content-id", "report"))


def _no_file(field: Field) -> UsageError:
    """What a field says would be lost: `complete=true`, for one."""
    return UsageError(
        f"The upload has a field {str(field.name)[:60]!r} that is no file.",
        "Parameters stand behind the `?` of the address, files are named: -F file=@results/a.xml.",
    )


def _too_many(limit: int) -> TooLarge:
    return TooLarge(
        f"The upload holds more than {limit} files.",
        "Send them in several uploads, or raise TRACKER_MAX_FILES.",
    )
