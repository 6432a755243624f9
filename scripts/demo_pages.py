"""Which answer belongs to which path, and how Jenkins words it."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from pathlib import PurePosixPath

from scripts import demo_files
from scripts.demo_console import console_text
from scripts.demo_history import Build, Case
from scripts.demo_reports import Place
from scripts.demo_site import Site, part_name
from scripts.demo_tree import Bean, Tree, parse_tree, pick, show

VERSION = "2.541.1"
Headers = tuple[tuple[str, str], ...]
Files = dict[str, list[Case]]


@dataclass(frozen=True)
class Answer:
    """`streamed` is sent without a length, `packed` with gzip to those who accept it. One that is
    `mislabelled` says so and is plain all the same."""

    status: HTTPStatus
    type: str
    body: bytes
    headers: Headers = ()
    streamed: bool = False
    packed: bool = False
    mislabelled: bool = False


@dataclass(frozen=True)
class Request:
    """A request for something to read: the decoded path, cut at its slashes, and the query."""

    segments: tuple[str, ...]
    tree: str | None = None
    depth: int = 0
    start: int = 0


class Manners:
    """How Jenkins 2.5xx says things over HTTP."""

    server = "Jetty(12.1.5)"
    realm = "Jenkins"
    line_end = "\n"
    crumb_field = "Jenkins-Crumb"
    zips_folders = False

    def headers(self, session: str) -> dict[str, str]:
        jenkins = {"X-Jenkins": VERSION, "X-Hudson": "1.395", "X-Jenkins-Session": session}
        return {**jenkins, "X-Content-Type-Options": "nosniff"}

    def parse(self, tree: str) -> Tree:
        return parse_tree(tree)

    def json(self, shown: object) -> Answer:
        body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        vary = (("Vary", "Accept-Encoding"),)
        kind = "application/json;charset=utf-8"
        return Answer(HTTPStatus.OK, kind, body, vary, packed=True)

    def text(self, text: bytes, headers: Headers = ()) -> Answer:
        kind = "text/plain;charset=utf-8"
        return Answer(HTTPStatus.OK, kind, text, headers, streamed=True)

    def artifact(self, body: bytes, build: Build) -> Answer:
        done = build.started + timedelta(milliseconds=build.duration_ms)
        stamp = format_datetime(done.replace(microsecond=0), usegmt=True)
        headers = (("Last-Modified", stamp),)
        return Answer(HTTPStatus.OK, "application/xml", body, headers)

    def zip(self, body: bytes) -> Answer:
        return Answer(HTTPStatus.OK, "application/zip", body, streamed=True)

    def malformed(self, problem: str) -> Answer:
        text = f"Malformed tree expression: {problem}"
        return self.page(HTTPStatus.INTERNAL_SERVER_ERROR, text)

    def missing(self, of_a_build: bool = False) -> Answer:
        """`of_a_build` tells that the build is there, and only this part of it is not."""
        text = "The requested resource was not found on this controller."
        return self.page(HTTPStatus.NOT_FOUND, text)

    def nobody(self) -> Answer:
        """To who asks who they are, where nobody is known."""
        return self.missing()

    def refused(self, path: str, has_tried: bool) -> Answer:
        challenge = (("WWW-Authenticate", f'Basic realm="{self.realm}"'),)
        text = "Invalid password/token for user"
        return self.page(HTTPStatus.UNAUTHORIZED, text, challenge)

    def no_crumb(self) -> Answer:
        return self.page(HTTPStatus.FORBIDDEN, "No valid crumb was included in the request")

    def no_writing(self) -> Answer:
        allow = (("Allow", "GET, HEAD"),)
        text = "This demonstration is read-only."
        return self.page(HTTPStatus.METHOD_NOT_ALLOWED, text, allow)

    def page(self, status: HTTPStatus, text: str, headers: Headers = ()) -> Answer:
        title = f"{status.value} {status.phrase}"
        body = (
            f"<!DOCTYPE html>\n<html><head><title>{title} [Jenkins]</title></head>\n"
            f"<body><h1>{title}</h1><p>{escape(text)}</p>\n"
            f'<hr><p class="footer">Jenkins {VERSION}, a demonstration</p></body></html>\n'
        )
        return Answer(status, "text/html;charset=utf-8", body.encode(), headers)


def answer(site: Site, manners: Manners, crumb: str, request: Request) -> Answer:
    segments = request.segments
    if segments[-2:] == ("api", "json"):
        found = _object(site, crumb, segments[:-2], request)
        return _json(manners, found, request) if found else _missing(site, manners, segments)
    place, rest = place_of(site, segments)
    if place and len(rest) > 1:
        if rest[1] == "artifact":
            return _file(manners, place, rest[0], rest[2:])
        if rest[1:] in (("consoleText",), ("logText", "progressiveText")):
            return _console(manners, place, rest, request.start)
    if _object(site, crumb, segments, request):
        return manners.page(HTTPStatus.OK, f"/{'/'.join(segments)}")
    return _missing(site, manners, segments)


def _missing(site: Site, manners: Manners, segments: tuple[str, ...]) -> Answer:
    if segments[:1] == ("me",):
        return manners.nobody()
    place, rest = place_of(site, segments)
    is_there = place is not None and len(rest) > 1 and place.build(rest[0]) is not None
    return manners.missing(of_a_build=is_there)


def _object(site: Site, crumb: str, segments: tuple[str, ...], request: Request) -> Bean | None:
    fixed: dict[tuple[str, ...], Callable[[], Bean | None]] = {
        (): site.controller,
        ("crumbIssuer",): lambda: site.crumb_issuer(crumb),
        ("me",): site.me,
        ("whoAmI",): site.who_am_i,
    }
    if segments in fixed:
        return fixed[segments]()
    if segments[:1] == ("view",) and len(segments) == 2:
        return site.view(segments[1])
    place, rest = place_of(site, segments)
    if place:
        return _of_job(site, place, rest, by_tree=request.tree is not None)
    names = _without_view(segments)
    is_path = len(names) > 0 and len(names) % 2 == 0 and set(names[::2]) == {"job"}
    return site.item("/".join(names[1::2])) if is_path else None


def _of_job(site: Site, place: Place, rest: tuple[str, ...], by_tree: bool) -> Bean | None:
    if not rest:
        return site.job(place)
    build = place.build(rest[0])
    if build is None:
        return None
    if rest[1:] == ("testReport",):
        return site.test_report(place, build, by_tree)
    if rest[1:] == ("aggregatedTestReport",):
        return site.gathered_report(place, build)
    return site.build(place, build) if len(rest) == 1 else None


def _without_view(segments: tuple[str, ...]) -> tuple[str, ...]:
    return segments[2:] if segments[:1] == ("view",) else segments


def place_of(site: Site, segments: tuple[str, ...]) -> tuple[Place | None, tuple[str, ...]]:
    """The job or part of one that a path leads to, and what follows it."""
    segments = _without_view(segments)
    names: list[str] = []
    while segments[:1] == ("job",) and len(segments) > 1:
        names.append(segments[1])
        segments = segments[2:]
    job = site.jobs.get("/".join(names))
    if job is None:
        return None, segments
    parts = {part_name(part): part for part in (Place(job, name) for name in Place(job).parts)}
    if segments and segments[0] in parts:
        return parts[segments[0]], segments[1:]
    return Place(job), segments


def _json(manners: Manners, found: Bean, request: Request) -> Answer:
    try:
        tree = None if request.tree is None else manners.parse(request.tree)
    except ValueError as error:
        return manners.malformed(str(error))
    shown = show(found, request.depth, asked=True) if tree is None else pick(found, tree)
    return manners.json(shown)


def _console(manners: Manners, place: Place, rest: tuple[str, ...], start: int) -> Answer:
    build = place.build(rest[0])
    if build is None:
        return manners.missing()
    text = console_text(place.job, build).replace("\n", manners.line_end).encode()
    if rest[1] == "consoleText":
        return manners.text(text)
    headers = [("X-Text-Size", str(len(text)))]
    headers += [("X-More-Data", "true")] if build.running else []
    return manners.text(text[start if start <= len(text) else 0 :], tuple(headers))


def _file(manners: Manners, place: Place, number: str, path: tuple[str, ...]) -> Answer:
    build = place.build(number)
    files = demo_files.report_files(place.job, build, place.variant) if build else {}
    if not build or not files:
        return manners.missing()
    if "*zip*" in path:
        folder = path[: path.index("*zip*")]
        if not (inside := _inside(files, folder)):
            return manners.missing()
        return manners.zip(_zip(build, inside, manners.zips_folders))
    if cases := files.get("/".join(path)):
        return manners.artifact(demo_files.report_xml(build, cases), build)
    return manners.missing()


def _inside(files: Files, folder: tuple[str, ...]) -> Files:
    """The files of a folder as its zip names them: below the folder's own name."""
    start = "".join(f"{name}/" for name in folder)
    top = folder[-1] if folder else "archive"
    found = {path: cases for path, cases in files.items() if path.startswith(start)}
    return {f"{top}/{path[len(start) :]}": cases for path, cases in found.items()}


class _Sink(io.RawIOBase):
    """What is written is sent at once: nothing can be filled in later."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self.parts.append(bytes(data))
        return len(data)


def _zip(build: Build, files: Files, with_folders: bool) -> bytes:
    sink = _Sink()
    stamp = build.started.timetuple()[:6]
    with zipfile.ZipFile(sink, "w") as archive:
        for folder in _folders(files) if with_folders else ():
            archive.writestr(zipfile.ZipInfo(folder, stamp), b"")
        for path, cases in files.items():
            info = zipfile.ZipInfo(path, stamp)
            archive.writestr(info, demo_files.report_xml(build, cases), zipfile.ZIP_DEFLATED)
    return b"".join(sink.parts)


def _folders(files: Files) -> list[str]:
    """The folders of a zip, each before what is in it."""
    above = (folder for path in files for folder in PurePosixPath(path).parents)
    return sorted({f"{folder}/" for folder in above if folder.name})


def in_chunks(body: bytes, size: int = 8192) -> Iterable[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))
