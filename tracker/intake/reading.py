"""Reading one file in the child: the report that it is, or the reports of the archive it is."""

from __future__ import annotations

import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tracker.errors import Unrecognised
from tracker.intake.archives import entries, kind_of, unzipped
from tracker.intake.contract import Parser, ReportError, ReportFile
from tracker.intake.frames import Begin, End, Frame, Refusal, ReportOrder, Seal
from tracker.intake.rows import Tail, rows_of
from tracker.intake.sniff import HEAD_BYTES, choose, fingerprint, head_of, looks_like
from tracker.intake.unpacking import ArchiveDamage, Budget, Entry, Unpacked

MOST_NAMED = 10
PIECE = 64 * 1024
# The files of a folder that is one report wait here until all are there; they are small.
FOLDER_BYTES = 128 * 1024**2


def frames_of(order: ReportOrder, parsers: Sequence[Parser]) -> Iterator[Frame]:
    """All frames of one file, an `End` last; whatever goes wrong with it is told in words."""
    try:
        with Path(order.path).open("rb") as stream:
            start = stream.read(HEAD_BYTES)
            stream.seek(0)
            if kind := kind_of(start):
                budget = Budget(Path(order.path).stat().st_size)
                yield from _packed(stream, kind, order, parsers, budget)
            else:
                yield from _report(start, stream, order.name, order.variant, parsers)
                yield Seal()
                yield End()
    except OSError as error:
        yield Refusal(f"its bytes cannot be read: {error.strerror}", unrecognised=False)
        yield Seal()
        yield End()


def _packed(
    stream: BinaryIO, kind: str, order: ReportOrder, parsers: Sequence[Parser], budget: Budget
) -> Iterator[Frame]:
    """A zip or tar is an archive of reports; gzip alone is only another coding of one report."""
    if kind != "gzip":
        yield from _Archive(order, kind, parsers, budget).frames()
        return
    start, content, counted = _peeked(unzipped(stream, budget))
    if kind_of(start) == "tar":
        yield from _Archive(order, "tar.gz", parsers, budget).frames()
        return
    name = order.name.removesuffix(".gz")
    if counted.damage and not start:
        yield Refusal(f"it cannot be unpacked: {counted.damage}", unrecognised=False)
    else:
        yield from _report(start, content, name, order.variant, parsers)
    _drain(counted)
    yield Seal()
    yield End(damage=counted.damage)


def _report(
    start: bytes, stream: BinaryIO, name: str, variant: str, parsers: Sequence[Parser]
) -> Iterator[Frame]:
    """One report on its own, whichever parser wants it."""
    head = head_of(start, name)
    try:
        parser = choose(parsers, head)
    except Unrecognised as error:
        yield Refusal(error.message, unrecognised=True)
        return
    yield from _read(parser, ReportFile(stream, name, head), variant)


def _read(parser: Parser, file: ReportFile, variant: str, entry: str = "") -> Iterator[Frame]:
    try:
        yield Begin(parser.name, parser.version, entry)
        yield from rows_of(parser.read(file), variant)
    except ReportError as error:
        yield Refusal(str(error), unrecognised=False)
    except MemoryError:
        yield Refusal("it needs more memory than a report may use", unrecognised=False)
    except Exception as error:  # noqa: BLE001 - whatever a plugin does, it costs only this report
        reason = f"the parser {parser.name} failed on it: {type(error).__name__}: {error}"
        yield Refusal(reason[:500], unrecognised=False)


class _Archive:
    """One archive, gone through twice: what its entries are first, so that the files of a folder
    that is one report are known before any of them is read; then each report.
    """

    def __init__(
        self, order: ReportOrder, kind: str, parsers: Sequence[Parser], budget: Budget
    ) -> None:
        self.order = order
        self.kind = kind
        self.parsers = parsers
        self.packed = budget.packed
        self.chosen: dict[int, Parser] = {}
        self.folders: set[str] = set()
        self.alike: set[tuple[str, str]] = set()
        self.refused: list[str] = []
        self.others: list[tuple[str, str]] = []
        self.names: Counter[str] = Counter()
        self.held: dict[tuple[str, str], list[ReportFile]] = defaultdict(list)
        self.held_bytes = 0

    def frames(self) -> Iterator[Frame]:
        missed = self.survey()
        damage = ""
        try:
            for number, entry, budget in self.entries():
                if parser := self.chosen.get(number):
                    yield from self.entry(parser, entry, budget)
        except ArchiveDamage as error:
            damage = str(error)
        for (name, folder), files in sorted(self.held.items()):
            yield from self.folder(name, folder, files)
        yield End(self.kind, self.notes(), damage or missed, fingerprint(self.parsers))

    def entries(self) -> Iterator[tuple[int, Entry, Budget]]:
        budget = Budget(self.packed)
        with Path(self.order.path).open("rb") as stream:
            for number, entry in enumerate(entries(self.kind, stream, budget)):
                yield number, entry, budget

    def survey(self) -> str:
        """Choose a parser for each entry; where it broke off nobody knows what else is there."""
        try:
            for number, entry, budget in self.entries():
                if entry.refusal:
                    self.refused.append(f"{entry.name} ({entry.refusal})")
                else:
                    self.judge(number, entry, budget)
        except ArchiveDamage as error:
            return str(error)
        return ""

    def judge(self, number: int, entry: Entry, budget: Budget) -> None:
        start, _, counted = _opened(entry, budget)
        head = head_of(start, entry.name)
        try:
            parser = choose(self.parsers, head)
        except Unrecognised:
            what = "an archive in an archive" if kind_of(start) else looks_like(head)
            self.others.append((entry.name, counted.damage or what))
            return
        self.chosen[number] = parser
        if parser.is_folder:
            self.folders.add(_folder(entry.name))
            self.alike.add(_kind(entry.name))

    def entry(self, parser: Parser, entry: Entry, budget: Budget) -> Iterator[Frame]:
        start, stream, counted = _opened(entry, budget)
        file = ReportFile(stream, entry.name, head_of(start, entry.name))
        if parser.is_folder:
            self.hold(parser, file)
        elif _folder(entry.name) not in self.folders:
            yield from _sealed(parser, file, self.order.variant, self.named(entry.name), counted)

    def hold(self, parser: Parser, file: ReportFile) -> None:
        data = file.stream.read(FOLDER_BYTES)
        self.held_bytes += len(data)
        if self.held_bytes > FOLDER_BYTES:
            raise ArchiveDamage(
                f"the files of one report are larger than {FOLDER_BYTES // 1024**2} MB"
            )
        kept = ReportFile(io.BytesIO(data), file.name, file.head)
        self.held[parser.name, _folder(file.name)].append(kept)

    def folder(self, name: str, folder: str, files: list[ReportFile]) -> Iterator[Frame]:
        """The files of one folder as one report; its digest is that of theirs."""
        [parser] = [each for each in self.parsers if each.name == name]
        files.sort(key=lambda file: file.name)
        digest = hashlib.sha256()
        for file in files:
            data = file.stream.read()
            digest.update(hashlib.sha256(file.name.encode()).digest())
            digest.update(hashlib.sha256(data).digest())
            file.stream.seek(0)
        whole = ReportFile(files[0].stream, folder or name, files[0].head, files)
        yield from _read(parser, whole, self.order.variant, self.named(folder or name))
        yield Seal(digest.hexdigest(), sum(_size(file) for file in files))

    def named(self, name: str) -> str:
        """The name of an entry; an archive may hold one twice."""
        given = name
        while given in self.names:
            self.names[name] += 1
            given = f"{name} #{self.names[name]}"
        self.names[given] = 1
        return given

    def notes(self) -> list[str]:
        others = [f"{name} ({what})" for name, what in self.others if not self.belongs(name)]
        return [
            f"{what} ({len(names)}): {', '.join(names[:MOST_NAMED])}"
            + (", …" if len(names) > MOST_NAMED else "")
            for what, names in (
                ("Refused entries", self.refused),
                ("Entries that are no reports", others),
            )
            if names
        ]

    def belongs(self, name: str) -> bool:
        """Whether a file lies in a folder that is one report, as an attachment of it does; one that
        is called as the files of the report are, and is none, was to be one.
        """
        return _folder(name) in self.folders and _kind(name) not in self.alike


def _sealed(
    parser: Parser, file: ReportFile, variant: str, name: str, counted: Unpacked
) -> Iterator[Frame]:
    """A report of an archive, with its digest; where its bytes broke off that is damage."""
    for frame in _read(parser, file, variant, name):
        if isinstance(frame, Tail):
            _drain(counted)
            frame.damage = frame.damage or counted.damage
        yield frame
    _drain(counted)
    yield Seal(counted.sha256, counted.size)


def _opened(entry: Entry, budget: Budget) -> tuple[bytes, BinaryIO, Unpacked]:
    """The start of an entry, the whole of it, and what counts it; gzip is taken off."""
    start, stream, counted = _peeked(entry.content)
    if kind_of(start) == "gzip":
        return _peeked(unzipped(stream, budget))
    return start, stream, counted


def _peeked(content: Unpacked) -> tuple[bytes, BinaryIO, Unpacked]:
    """The start of a stream, and a stream that still has it."""
    buffered = io.BufferedReader(content, HEAD_BYTES)
    start = buffered.read(HEAD_BYTES)
    return start, io.BufferedReader(_Rejoined(start, buffered), PIECE), content


class _Rejoined(io.RawIOBase):
    """What was read of a stream, and then its rest."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _drain(stream: Unpacked) -> None:
    """Read the rest, also where the parser closed the file that it was given."""
    while stream.read(PIECE):
        pass


def _folder(name: str) -> str:
    folder = PurePosixPath(name).parent.as_posix()
    return "" if folder == "." else folder


def _kind(name: str) -> tuple[str, str]:
    """The folder of a file, and how its name ends: with `result.json` as others there."""
    return _folder(name), PurePosixPath(name).name.rpartition("-")[2]


def _size(file: ReportFile) -> int:
    return file.stream.seek(0, io.SEEK_END)
