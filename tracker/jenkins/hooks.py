"""Hooks: what the plugins of Jenkins and shell steps send, boiled down to one knock.

A body says which build to look at and nothing else: results, states and logs in it are not read.
Nothing is opened or asked here, and none of the senders signs or checks what it sends, so
everything may be missing, null, or of another type than its documentation says.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from tracker.errors import UsageError
from tracker.intake.json_text import without_mark
from tracker.intake.xml import XmlDamage, XmlElement, xml_elements
from tracker.store.jobs import check_job_name

REMEDY = "Send job=team/nightly&number=12, or the body of Jenkins' Notification plugin."
SMALL = 4096
MOST_ELEMENTS = 100_000

# What was told, by field; a field of a notification's `build` is called `build.number`.
Fields = Mapping[str, object]
# The value of a field that holds neither text nor number.
OTHER = ()


@dataclass(frozen=True)
class Knock:
    """Which build to look at.

    job     the full name of the job, as Jenkins has it
    number  the build; None for "what is new of this job"
    server  the name of the server in the tracker, where the sender gives it
    url     an address of the build, the job or the controller, as the sender knows it
    """

    job: str
    number: int | None
    server: str = ""
    url: str = ""


@dataclass(frozen=True)
class Sender:
    """A kind of message: the fields it is told by, and those that name job, number and address.

    The job in an address goes before a name: it is the full one, and never a matrix cell.
    A kind without such fields speaks of no build and is ignored.
    """

    name: str
    marks: tuple[str, ...]
    job: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    url: tuple[str, ...] = ()


# The first whose marks are all there; the last takes what is left.
SENDERS = (
    # The Notification plugin, its XML (camel case), and the ZMQ publisher, which copied it. `name`
    # is the last part of the job's name only.
    Sender(
        "Notification",
        marks=("build.",),
        job=("job", "name"),
        number=("build.number",),
        url=("build.full_url", "build.fullUrl", "build.url", "url"),
    ),
    Sender("Statistics Gatherer, queue", marks=("jenkinsQueueId",)),
    Sender("Statistics Gatherer, step", marks=("buildStepType",)),
    Sender("Statistics Gatherer, step by id", marks=("buildStepId",)),
    Sender("Statistics Gatherer, project", marks=("configFile",)),
    Sender("Statistics Gatherer, project by address", marks=("jobUrl", "ciUrl")),
    Sender(
        "Statistics Gatherer, build",
        marks=("jobName", "number"),
        job=("fullJobName", "jobName"),
        number=("number",),
        url=("buildUrl", "ciUrl"),
    ),
    Sender("Statistics Gatherer, checkout", marks=("buildUrl", "startTime", "endTime")),
    Sender(
        "Outbound WebHook",
        marks=("event", "buildUrl"),
        job=("projectName",),
        number=("buildNumber",),
        url=("buildUrl",),
    ),
    # Artemis and its kin send the results of a build without its number.
    Sender("results", marks=("fullName", "results"), job=("fullName",), url=("url",)),
    Sender("ours", marks=("job",), job=("job",), number=("number", "build"), url=("url",)),
    # What people put together themselves; the last ones are Jenkins' variables.
    Sender(
        "by hand",
        marks=(),
        job=("fullJobName", "fullName", "jobName", "job_name", "projectName", "name", "JOB_NAME"),
        number=("number", "buildNumber", "build_number", "build", "BUILD_NUMBER"),
        url=("url", "buildUrl", "build_url", "full_url", "BUILD_URL"),
    ),
)


def knock_of(body: bytes, content_type: str, query: Mapping[str, str]) -> Knock | None:
    """Read a hook; None for a message that is of no build, UsageError for one that is no hook.

    What the body says goes before what the address of the request says.
    """
    told = {**query, **_fields_in(body, content_type)}
    sender = next(each for each in SENDERS if all(mark in told for mark in each.marks))
    if not sender.job:
        return None
    addresses = [text for name in sender.url if (text := _text(told.get(name)))]
    places = [place for place in map(build_at, addresses) if place[0]]
    job = places[0][0] if places else _first_text(told, sender.job)
    if not job.strip("/"):
        raise UsageError("The hook names no job.", REMEDY)
    return Knock(
        job=check_job_name(job),
        number=_number(told, sender, [number for _, number in places if number]),
        server=_text(told.get("server")),
        url=next((each for each in addresses if "://" in each), "".join(addresses[:1])),
    )


def build_at(url: str) -> tuple[str, str]:
    """Full name and number in `job/team/job/nightly/12/`, below whatever address; "" for none.

    A branch's name has its slash encoded, and is encoded again in an address: `feature%252Fx` is
    the job `feature%2Fx`. What stands before the number in a matrix is a cell, not a job.
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return "", ""
    # Where Jenkins has no root address, some senders write `nulljob/nightly/12/`.
    parts = [part for part in path.removeprefix("null").split("/") if part not in ("", ".")]
    names: list[str] = []
    place = parts.index("job") if "job" in parts else len(parts)
    while place + 1 < len(parts) and parts[place] in ("job", "view"):
        if parts[place] == "job":
            names.append(unquote(parts[place + 1]))
        place += 2
    if place < len(parts) and "=" in unquote(parts[place]):
        place += 1
    number = parts[place] if place < len(parts) else ""
    return "/".join(names), number if re.fullmatch("[0-9]+", number) else ""


def servers_at(url: str, addresses: Mapping[str, str]) -> list[str]:
    """The servers, of those with these addresses, below which a told address lies.

    A controller often calls itself by its proxy's scheme and port, so these only decide between
    servers on one host; then the longer path does.
    """
    told = _place(url)
    if told is None:
        return []
    ranks: dict[str, tuple[bool, int]] = {}
    for name, address in addresses.items():
        its = _place(address)
        if its and its.host == told.host and told.path.startswith(its.path):
            ranks[name] = (its.port == told.port, len(its.path))
    return [name for name, rank in ranks.items() if rank == max(ranks.values())]


@dataclass(frozen=True)
class _Place:
    host: str
    port: int
    path: str


def _place(url: str) -> _Place | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return _Place(parts.hostname, port, parts.path.rstrip("/") + "/") if parts.hostname else None


def _first_text(told: Fields, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := _text(told.get(name)))), "")


def _text(value: object) -> str:
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip() if is_text else ""


def _number(told: Fields, sender: Sender, in_address: list[str]) -> int | None:
    """The build's number: the one that is told as such, else the one in an address."""
    given = [told[name] for name in sender.number if told.get(name, "") != ""]
    value = given[0] if given else next(iter(in_address), None)
    if value is None:
        return None
    text = _text(value)
    if not re.fullmatch("[0-9]{1,19}", text) or not 1 <= int(text) < 2**63:
        raise UsageError(
            f"The build number {text[:40]!r} of the hook is not a number from 1 on.",
            "Send number=$BUILD_NUMBER, or leave the number out to have the job polled.",
        )
    return int(text)


def _fields_in(body: bytes, content_type: str) -> Fields:
    """The fields of a body, in whichever of the known forms it is: senders declare any type."""
    data, encoding = without_mark(body)
    text = data.decode(encoding, "replace").strip()
    text = re.sub(r"^on[A-Z]\w* +(?=\{)", "", text)  # ZMQ: the topic stands before the message
    if text.startswith("{"):
        return _from_json(text)
    if text.startswith("<"):
        return _from_xml(body)
    if content_type.lower().startswith("multipart/"):
        raise UsageError(
            "The body of a hook cannot be multipart/form-data.",
            "Use curl's -d or --data-urlencode instead of -F; reports go to /api/v1/ingest.",
        )
    return _from_form(text)


def _from_form(text: str) -> Fields:
    try:
        return {name: values[-1] for name, values in parse_qs(text, max_num_fields=200).items()}
    except ValueError as error:
        raise UsageError("The hook's body is no form, JSON or XML.", REMEDY) from error


def _known_fields(before: str) -> list[str]:
    """The names of the table that begin with `before` and have no dot after it."""
    names = {name for each in SENDERS for name in (*each.marks, *each.job, *each.number, *each.url)}
    inner = (name.removeprefix(before) for name in names | {"server"} if name.startswith(before))
    return sorted(name for name in inner if name and "." not in name)


def _struct(name: str, fields: list[str]) -> Any:
    """A type with which only these fields are built: a log or a million of other keys is not."""
    return msgspec.defstruct(name, [(field, msgspec.Raw, msgspec.Raw()) for field in fields])


_BUILD = _struct("Build", _known_fields("build."))
_BODY = _struct("Body", sorted({*_known_fields(""), "build"}))
# Half of a surrogate pair: what is left of a character where a log was cut.
_PAIR_OR_HALF = re.compile(r"(\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|\\u[dD][89a-fA-F]\w\w")


def _from_json(text: str) -> Fields:
    try:
        fields = _decoded(text, _BODY)
        told = dict(_values(fields))
        if fields["build"].startswith(b"{"):
            inner = _values(_decoded(fields["build"].decode(), _BUILD))
            told |= {"build.": OTHER, **{f"build.{name}": value for name, value in inner}}
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"The hook's body is not whole JSON: {error}.", REMEDY) from error
    return told


def _decoded(text: str, kind: Any) -> dict[str, bytes]:
    if "\\ud" in text or "\\uD" in text:
        text = _PAIR_OR_HALF.sub(lambda found: found[1] or "\\ufffd", text)
    fields = msgspec.structs.asdict(msgspec.json.decode(text, type=kind))
    return {name: bytes(raw) for name, raw in fields.items()}


def _values(fields: Mapping[str, bytes]) -> Iterator[tuple[str, object]]:
    """The fields that are there and not null."""
    for name, raw in fields.items():
        if raw in (b"", b"null"):
            continue
        is_text = len(raw) <= SMALL and raw[:1] not in (b"{", b"[")
        try:
            yield name, msgspec.json.decode(raw) if is_text else OTHER
        except msgspec.DecodeError:  # a number beyond all bounds
            yield name, OTHER


def _from_xml(body: bytes) -> Fields:
    """The Notification plugin's XML; what stands behind a broken place is not needed.

    XStream writes the control characters of a log as references that XML forbids, and the log
    comes after everything that matters here.
    """
    if body.count(b"<") > MOST_ELEMENTS:  # each would take a hundred bytes of memory
        raise UsageError("The hook's XML has too many elements.", REMEDY)
    told: dict[str, object] = {}
    try:
        for element in xml_elements(io.BytesIO(body), "name", "url", "fullUrl", "number"):
            path = _path_below_job(element)
            if path in ("name", "url") or path.startswith("build."):
                told[path] = element.text or ""
    except XmlDamage as damage:
        if not told:
            raise UsageError(f"The hook's XML cannot be read: {damage}.", REMEDY) from damage
    if "build.number" not in told:
        raise UsageError("The hook's XML is not that of the Notification plugin.", REMEDY)
    return {**told, "build.": OTHER}


def _path_below_job(element: XmlElement) -> str:
    """`build.number`, for a field of a notification; "" for elements that are none."""
    names = [str(each.tag) for each in (element, *element.iterancestors())][::-1]
    return ".".join(names[1:]) if names[0] == "job" else ""
