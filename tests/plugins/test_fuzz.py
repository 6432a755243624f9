"""Reports that were bitten, swapped and lied to: whatever plugins make of them, they stay whole.

Every input is a small report of the plugin's own format with a few things wrong in it. What broke
a plugin once lies in `tests/samples/crashes` as `<plugin>-<what>.<ext>`.
"""

from __future__ import annotations

import json
import random
import re
import struct
import time
import types
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from math import inf
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest
from lxml import etree

from tests.examples import examples
from tests.plugins.corpus import entries
from tests.plugins.reading import PLUGINS, SAMPLES, file_of, parser_of
from tracker.intake.contract import Attempt, Parser, Record, ReportError, ReportFile, Result
from tracker.intake.rows import rows_of

NAMES = sorted(path.stem for path in PLUGINS.glob("*.py"))
CRASHES = sorted((SAMPLES / "crashes").glob("*"))
MUTANTS, LARGEST = examples(100, 400), 25_000
NIGHTLY_SECONDS, NIGHTLY_LARGEST = 10.0, 60_000
LARGEST_MUTANT = 50_000

# Formats that no tool here writes and no other sample shows.
SEEDS = {
    "dart": b"""\
{"protocolVersion":"0.1.1","runnerVersion":"1.25.2","pid":7,"type":"start","time":0}
{"suite":{"id":0,"platform":"vm","path":"test/a_test.dart"},"type":"suite","time":0}
{"group":{"id":2,"suiteID":0,"parentID":null,"name":"","testCount":2},"type":"group","time":1}
{"test":{"id":3,"name":"adds","suiteID":0,"groupIDs":[2],"line":4,"column":3,"url":"file:///a"},\
"type":"testStart","time":2}
{"testID":3,"messageType":"print","message":"seen","type":"print","time":3}
{"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":9}
{"test":{"id":4,"name":"fails","suiteID":0,"groupIDs":[2]},"type":"testStart","time":10}
{"testID":4,"error":"boom","stackTrace":"a 1:2","isFailure":true,"type":"error","time":11}
{"testID":4,"result":"failure","skipped":false,"hidden":false,"type":"testDone","time":12}
{"success":false,"type":"done","time":13}
""",
    "jenkins_junitresult": b"""\
<result plugin="junit@1.2"><suites><suite><name>shop.Basket</name><duration>0.5</duration>
<stdout>out</stdout><stderr>err</stderr><properties><entry><string>a</string><string>b</string>
</entry></properties><cases><case><duration>0.1</duration><className>shop.Basket</className>
<testName>adds</testName><skipped>false</skipped><failedSince>0</failedSince></case><case>
<duration>0.2</duration><className>shop.Basket</className><testName>fails</testName>
<skipped>false</skipped><errorStackTrace>a trace</errorStackTrace><errorDetails>boom</errorDetails>
<failedSince>3</failedSince></case><case><className>shop.Basket</className>
<testName>later</testName><skipped>true</skipped><skippedMessage>not now</skippedMessage></case>
</cases></suite></suites><duration>0.5</duration><keepLongStdio>false</keepLongStdio></result>
""",
    "jenkins_testreport": b"""\
{"_class":"hudson.tasks.junit.TestResult","duration":0.3,"empty":false,"failCount":1,"passCount":1,
"skipCount":1,"suites":[{"name":"shop.Basket","duration":0.3,"id":null,"timestamp":null,
"stdout":null,"stderr":"err","enclosingBlocks":[],"enclosingBlockNames":["unit"],"nodeId":"5",
"cases":[{"className":"shop.Basket","name":"adds","status":"PASSED","duration":0.1,"age":0,
"failedSince":0,"errorDetails":null,"errorStackTrace":null,"skipped":false,"skippedMessage":null,
"testActions":[],"properties":{"a":"b"}},{"className":"shop.Basket","name":"fails",
"status":"REGRESSION","duration":0.2,"errorDetails":"boom","errorStackTrace":"a trace"},
{"className":"shop.Basket","name":"later","status":"SKIPPED","skippedMessage":"not now"}]}]}
""",
    "order_log": b"""\
[10.1.0.1] PASSED net/tests/test_a.py::TestX::test_one
[10.1.0.2] FAILED net/tests/test_a.py::TestX::test_two[3 sites]
[10.1.0.1] SKIPPED net/tests/test_a.py::test_three[a::b]
""",
    "xunit": b"""\
<assemblies timestamp="06/01/2026 10:00:00"><assembly name="/src/a.dll" run-date="2026-06-01"
test-framework="xUnit.net 2.4" total="3" passed="1" failed="1" skipped="1" errors="1" time="0.5">
<errors><error type="assembly-cleanup" name="a"><failure exception-type="E"><message>m</message>
<stack-trace>s</stack-trace></failure></error></errors>
<collection name="Test collection for Shop.Basket" total="3" time="0.4">
<test name="Shop.Basket.Adds(x: 1)" type="Shop.Basket" method="Adds" time="0,014" result="Pass">
<traits><trait name="Category" value="fast" /></traits></test>
<test name="Shop.Basket.Fails" type="Shop.Basket" method="Fails" time-rtf="00:00:01.5"
result="Fail" source-file="a.cs" source-line="7"><failure exception-type="Boom"><message>boom
</message><stack-trace>at a</stack-trace></failure><output>out</output><warnings><warning>w
</warning></warnings><attachments><attachment name="a">b</attachment></attachments></test>
<test name="Shop.Basket.Later" result="Skip"><reason>not now</reason></test>
</collection></assembly></assemblies>
""",
}


@pytest.mark.parametrize("plugin", NAMES)
def test_no_mutant_breaks_a_plugin(plugin: str) -> None:
    chance = random.Random(plugin)
    seeds = _seeds(plugin, LARGEST)
    for _ in range(MUTANTS):
        _judge(plugin, _mutant(chance, seeds))


@pytest.mark.nightly
@pytest.mark.parametrize("plugin", NAMES)
def test_no_mutant_breaks_a_plugin_in_ten_seconds(plugin: str) -> None:
    """One wrong thing at every place of the small reports, then several at random."""
    chance = random.Random()
    seeds = _seeds(plugin, NIGHTLY_LARGEST)
    end = time.monotonic() + NIGHTLY_SECONDS
    for mutant in (each for seed in seeds for each in _each_change(seed)):
        _judge(plugin, mutant)
        if time.monotonic() > end - NIGHTLY_SECONDS / 2:
            break
    while time.monotonic() < end:
        _judge(plugin, _mutant(chance, seeds))


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: path.name)
def test_what_broke_a_plugin_once_does_not_break_it_again(path: Any) -> None:
    data = path.read_bytes()
    assert wrong_with(parser_of(path.name.partition("-")[0]), data) == ""


# What must hold


def _judge(plugin: str, data: bytes) -> None:
    """Fail with the shortest input that is found to give the same error."""
    parser = parser_of(plugin)
    if wrong := wrong_with(parser, data):
        small = _smaller(data, lambda less: wrong_with(parser, less)[:40] == wrong[:40])
        pytest.fail(f"{plugin}: {wrong_with(parser, small)}\n{small!r}")


def wrong_with(parser: Parser, data: bytes) -> str:
    """What a plugin does with `data` that it promised not to do; "" is right."""
    files = [data, *_neighbours(parser)] if parser.is_folder else [data]
    try:
        sure = parser.sniff(file_of(data).head)
        first, again = _reading(parser, files), _reading(parser, files)
        sendable = list(rows_of(first, ""))
        for each in sendable:
            msgspec.msgpack.encode(each)
    except ReportError:
        return "rows_of refuses it"
    except Exception as error:  # noqa: BLE001 - that there is none is what is tested
        return f"{type(error).__name__}: {error}"
    if type(sure) is not float or not 0.0 <= sure <= 1.0:
        return f"sniff answers {sure!r}"
    if first != again:
        return "the same bytes gave other records"
    if _size(first) > 2 * sum(map(len, files)) + 20:
        return f"{_size(first)} things were told by {len(data)} bytes"
    return next((f"{each!r} is no record" for each in first if not _is_valid(each)), "")


@cache
def _neighbours(parser: Parser) -> tuple[bytes, ...]:
    """Files that lie beside the one that is looked at."""
    return tuple(seed for seed in _seeds(parser.name, LARGEST)[:40:10])


def _reading(parser: Parser, files: Sequence[bytes]) -> list[Record]:
    """The records; of a report that is refused, those before that."""
    report = file_of(files[0])
    if len(files) > 1:
        named = [replace(file_of(each), name=f"{n}.json") for n, each in enumerate(files)]
        report = ReportFile(report.stream, "folder", report.head, named)
    records: list[Record] = []
    with suppress(ReportError):
        for each in parser.read(report):
            records.append(each)
    return records


def _size(records: Sequence[Record]) -> int:
    """How many things are told: results, and what is in them."""
    results = [each for each in records if isinstance(each, Result)]
    parts = [(*each.attempts, *each.properties, *each.attachments) for each in results]
    return len(records) + sum(map(len, parts))


def _is_valid(record: object) -> bool:
    return all(_fits(getattr(record, name), hint) for name, hint in _hints(type(record)))


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple(get_type_hints(kind).items())


def _fits(value: object, hint: Any) -> bool:
    """Whether a value is of exactly this type; lxml's texts, which hold their tree, are not."""
    if isinstance(hint, types.UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if get_origin(hint) is Literal:
        return type(value) is str and value in get_args(hint)
    if get_origin(hint) is tuple:
        return type(value) is tuple and _fit(value, get_args(hint))
    if hint is float:
        return type(value) is float and 0.0 <= value < inf
    if hint is Attempt:
        return type(value) is Attempt and _is_valid(value)
    return type(value) is hint


def _fit(values: tuple[object, ...], hints: tuple[Any, ...]) -> bool:
    if hints[-1] is Ellipsis:
        return all(_fits(value, hints[0]) for value in values)
    return len(values) == len(hints) and all(map(_fits, values, hints))


def _smaller(data: bytes, is_same: Callable[[bytes], bool]) -> bytes:
    """What is left when all is cut out that the error does not need."""
    step = len(data) // 2
    while step:
        for start in range(len(data) - step, -1, -step):
            if is_same(less := data[:start] + data[start + step :]):
                data = less
        step //= 2
    return data


# Seeds and mutants


@cache
def _seeds(plugin: str, largest: int) -> tuple[bytes, ...]:
    """Reports of the format, small ones first; the smallest is taken however large it is."""
    files = [each for each in (SAMPLES / plugin).rglob("*.*") if each.suffix != ".zip"]
    files += [each for each in CRASHES if each.name.startswith(f"{plugin}-")]
    known = [each.read_bytes() for each in files] + [each.data for each in entries(plugin)]
    known += [SEEDS[plugin]] if plugin in SEEDS else []
    known += [_pruned(each) for each in known if len(each) > largest]
    known.sort(key=lambda data: (len(data), data))
    return (known[0], *(data for data in known[1:] if len(data) <= largest))


def _pruned(data: bytes) -> bytes:
    """A document of JSON with the first three of each list alone; others as they are."""

    def prune(value: Any) -> Any:
        if isinstance(value, list):
            return [prune(each) for each in value[:3]]
        return {key: prune(value[key]) for key in value} if isinstance(value, dict) else value

    try:
        return _dump(prune(json.loads(data)))
    except ValueError:
        return data


def _mutant(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    data = seeds[int(len(seeds) * chance.random() ** 2)]
    mutations = (*_mutations(data), *ANY, _splice(chance.choice(seeds)))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        if len(data) > LARGEST_MUTANT:
            break
        with suppress(ValueError, SyntaxError):  # what was broken has no structure any more
            data = chance.choice(mutations)(chance, data)
    return data


Mutation = Callable[[random.Random, bytes], bytes]


def _mutations(data: bytes) -> tuple[Mutation, ...]:
    """Those that know the form of a report."""
    if data.startswith(b"\xb3"):
        return (_bite_packet,) * 8
    if data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<"):
        return (*XML, *LINES)
    try:
        json.loads(data)
    except ValueError:
        is_json = data.lstrip().startswith(b"{")
        return (*JSON_LINES, *LINES) if is_json else (*LINES, *LINES)
    return JSON


def _each_change(data: bytes) -> Iterator[bytes]:
    """One wrong thing at each place of a document of JSON or XML, or of lines of JSON."""
    with suppress(ValueError):
        for place in range(_count(json.loads(data))):
            for wrong in WRONG:
                yield _dump(_replaced(json.loads(data), place, lambda _, wrong=wrong: wrong))
        return
    if data.lstrip().startswith(b"{"):
        lines = data.splitlines(keepends=True)
        for place, line in enumerate(lines):
            changed = _each_change(line) if line.strip() else ()
            yield from (
                b"".join((*lines[:place], each, b"\n", *lines[place + 1 :])) for each in changed
            )
        return
    with suppress(SyntaxError, ValueError):
        for place in range(len(_elements(data))):
            for change in CHANGES:
                elements = _elements(data)
                change(random.Random(place), elements[place], elements)
                yield etree.tostring(elements[0])
            for name in sorted(_elements(data)[place].attrib):
                for value in ODD_WORDS:
                    elements = _elements(data)
                    elements[place].set(name, value)
                    yield etree.tostring(elements[0])


# Texts that are no name, no number and no time, or an odd one.
ODD_WORDS = (
    "",
    " ",
    "x",
    "²",
    "٣",
    "-1",
    "NaN",
    "-inf",
    "1e999",
    "1_0",
    "0x1",
    "9" * 400,
    "9" * 5000,
    "1,5",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.9999999-14:00",
    "2026-02-30T25:61:61Z",
    "99999999999:99:99",
    "P1DT",
    "true",
    "null",
    "passed",
    "::",
    "a/../b\\c",
    "[[ATTACHMENT|a]]",
    "\u202etfel",
    "\u2028",
    "n" * 5000,
    "a\nb\tc",
    "{{}}%s%d{0}",
)
ODD_BYTES = (
    *(word.encode() for word in ODD_WORDS),
    b"\0",
    b"\x1b[31m",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\r",
    b"\n",
    b"]]>",
    b"<a>",
    b"</a>",
    b"&#0;",
    b"&b;",
    b'"',
    b"\\ud800",
    b"\\",
    b"{",
    b"[",
    b"#",
    b"---\n",
)


# Bytes and lines


def _flip(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data) or 1)
    return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]


def _stretch(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + int(chance.paretovariate(0.6)))


def _delete(chance: random.Random, data: bytes) -> bytes:
    start, end = _stretch(chance, data)
    return data[:start] + data[end:]


def _double(chance: random.Random, data: bytes) -> bytes:
    start, end = _stretch(chance, data)
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 30)) + data[end:]


def _insert(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(ODD_BYTES) + data[place:]


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _other_encoding(chance: random.Random, data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-8-sig", "utf-32")))


def _splice(other: bytes) -> Mutation:
    def splice(chance: random.Random, data: bytes) -> bytes:
        start, end = _stretch(chance, other)
        if chance.random() < 0.5:
            return data[: chance.randrange(len(data) + 1)] + other[start:]
        place = chance.randrange(len(data) + 1)
        return data[:place] + other[start:end] + data[place:]

    return splice


def _replace_token(chance: random.Random, data: bytes) -> bytes:
    tokens = list(re.finditer(rb"[+-]?\d[\d.]*|\w+|[^\w\s]", data))
    token = chance.choice(tokens) if tokens else None
    if token is None:
        return data
    new = chance.choice((*ODD_BYTES, chance.choice(tokens).group()))
    return data[: token.start()] + new + data[token.end() :]


ANY: tuple[Mutation, ...] = (
    _flip,
    _delete,
    _double,
    _insert,
    _cut,
    _other_encoding,
    _replace_token,
    _replace_token,
)


def _line_mutation(change: Callable[[random.Random, list[bytes], int], object]) -> Mutation:
    def mutate(chance: random.Random, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True) or [b""]
        change(chance, lines, chance.randrange(len(lines)))
        return b"".join(lines)

    return mutate


def _indent(chance: random.Random, lines: list[bytes], place: int) -> None:
    depth = b" " * chance.choice((1, 2, 4, 400))
    lines[place:] = [depth + line for line in lines[place:]]


LINES: tuple[Mutation, ...] = (
    _line_mutation(lambda chance, lines, place: lines.pop(place)),
    _line_mutation(lambda chance, lines, place: chance.shuffle(lines)),
    _line_mutation(lambda chance, lines, place: lines.insert(place, chance.choice(lines))),
    _line_mutation(lambda chance, lines, place: lines.insert(0, lines.pop(place))),
    _line_mutation(lambda chance, lines, place: lines.extend(lines[place:] * 3)),
    _line_mutation(lambda chance, lines, place: lines.insert(place, lines[place].rstrip())),
    _line_mutation(_indent),
)


# JSON

# Stand for what `json` would not write.
INFINITE, HUGE = "\x001e999", "\x00-1" + "0" * 400
WRONG = (
    *(
        None,
        True,
        False,
        -1,
        0,
        1.5,
        1e308,
        2**63,
        10**30,
        INFINITE,
        HUGE,
        float("nan"),
        "x",
        [],
        {},
    ),
    *("", "\x00", "\ud800", "n" * 5000, [None], [[]], [{}], {"": None}, ["x", 1], {"x": {"x": []}}),
    *ODD_WORDS,
)


def _dump(value: object) -> bytes:
    """As JSON; how deep a reader may go depends on the frames around it, so many are tried."""
    text = re.sub(r'"\\u0000([\de-]+)"', r"\1", json.dumps(value))
    depth = 800 + zlib.crc32(text.encode()) % 200
    return text.replace(f'"\\u0000{"[" * 950}"', "[" * depth + "]" * depth).encode()


def _count(value: object) -> int:
    """How many values a document holds, itself among them."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inside))


def _replaced(value: Any, place: int, change: Callable[[Any], Any]) -> Any:
    """The document with another value at one place."""
    if place == 0:
        return change(value)
    if not isinstance(value, dict | list):
        return value
    place -= 1
    for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
        size = _count(each)
        if place < size:
            value[key] = _replaced(each, place, change)
            break
        place -= size
    return value


def _json_mutation(change: Callable[[random.Random, Any], Any]) -> Mutation:
    def mutate(chance: random.Random, data: bytes) -> bytes:
        document = json.loads(data)
        place = chance.randrange(_count(document))
        return _dump(_replaced(document, place, lambda value: change(chance, value)))

    return mutate


def _wrong(chance: random.Random, _: Any) -> Any:
    return chance.choice(WRONG)


def _less(chance: random.Random, value: Any) -> Any:
    if isinstance(value, dict | list) and value:
        del value[chance.choice(list(value) if isinstance(value, dict) else range(len(value)))]
    return value


def _more(chance: random.Random, value: Any) -> Any:
    if isinstance(value, list) and value:
        return [
            *value,
            *chance.choices(value, k=chance.choice((1, 1, 2, 20))),
            chance.choice(WRONG),
        ]
    if isinstance(value, dict) and value:
        old, other = chance.choice(list(value)), chance.choice(list(value))
        return {**value, chance.choice((old, "", "x", old.upper())): value[other]}
    return [value, value]


def _deep(chance: random.Random, value: Any) -> Any:
    """The value within itself, or within brackets, many times."""
    if isinstance(value, dict) and value and chance.random() < 0.7:
        key = chance.choice(list(value))
        for _ in range(chance.choice((1, 3, 40))):
            inside = [value] if isinstance(value[key], list) else value
            value = {**value, key: inside}
        return value
    for _ in range(chance.choice((1, 5, 200))):
        value = [value] if chance.random() < 0.9 else {"x": value}
    return value


JSON = tuple(
    map(_json_mutation, (_wrong, _wrong, _wrong, _wrong, _wrong, _less, _less, _more, _deep))
)


def _in_a_line(mutation: Mutation) -> Mutation:
    def mutate(chance: random.Random, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        place = chance.randrange(len(lines))
        lines[place] = mutation(chance, lines[place]) + b"\n"
        return b"".join(lines)

    return mutate


JSON_LINES = tuple(map(_in_a_line, JSON)) * 2


# XML

Change = Callable[[random.Random, Any, list[Any]], object]


def _elements(data: bytes) -> list[Any]:
    return list(etree.fromstring(data, etree.XMLParser(remove_comments=True)).iter("*"))


def _xml_mutation(change: Change) -> Mutation:
    def mutate(chance: random.Random, data: bytes) -> bytes:
        elements = _elements(data)
        change(chance, chance.choice(elements), elements)
        return etree.tostring(elements[0])

    return mutate


def _odd_attribute(chance: random.Random, element: Any, _: list[Any]) -> None:
    if names := sorted(element.attrib):
        element.set(chance.choice(names), chance.choice(ODD_WORDS))


def _no_attribute(chance: random.Random, element: Any, _: list[Any]) -> None:
    if names := sorted(element.attrib):
        del element.attrib[chance.choice(names)]


def _moved_attribute(chance: random.Random, element: Any, elements: list[Any]) -> None:
    element.attrib.update(chance.choice(elements).attrib)


def _odd_text(chance: random.Random, element: Any, _: list[Any]) -> None:
    element.text = chance.choice(ODD_WORDS)


def _no_element(chance: random.Random, element: Any, _: list[Any]) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)


def _emptied(chance: random.Random, element: Any, _: list[Any]) -> None:
    element.clear()


def _renamed(chance: random.Random, element: Any, elements: list[Any]) -> None:
    element.tag = chance.choice((*(each.tag for each in elements), "x", "{urn:x}x"))


def _copy(element: Any) -> Any:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def _wrapped(chance: random.Random, element: Any, elements: list[Any]) -> None:
    """Within elements of its own name or another one; also deeper than any tool writes."""
    inside, name = _copy(element), chance.choice((element.tag, chance.choice(elements).tag))
    for _ in range(chance.choice((1, 1, 1, 20, 300))):
        outside = etree.Element(name, element.attrib if chance.random() < 0.5 else {})
        outside.append(inside)
        inside = outside
    element.clear()
    element.append(inside)


def _grafted(chance: random.Random, element: Any, elements: list[Any]) -> None:
    """Another element, or some of them, where it does not belong."""
    grafts = [_copy(each) for each in chance.choices(elements[1:] or elements, k=3)]
    for graft in grafts * chance.choice((1, 1, 1, 10)):
        element.insert(chance.randrange(len(element) + 1), _copy(graft))


CHANGES: tuple[Change, ...] = (
    _odd_attribute,
    _no_attribute,
    _moved_attribute,
    _odd_text,
    _no_element,
    _emptied,
    _renamed,
    _wrapped,
    _grafted,
)


def _double_attribute(chance: random.Random, data: bytes) -> bytes:
    """Not well-formed, and known to be written."""
    found = list(re.finditer(rb'\s[\w:.-]+="[^"]*"', data))
    if not found:
        return data
    attribute = chance.choice(found)
    return data[: attribute.end()] + attribute.group() + data[attribute.end() :]


XML = (*map(_xml_mutation, (*CHANGES, _odd_attribute, _odd_text)), _double_attribute)


# Subunit's packets, which are only read with the right sum at their end


def _bite_packet(chance: random.Random, data: bytes) -> bytes:
    packets = list(_packets(data))
    if not packets:
        return data
    place = chance.randrange(len(packets))
    body = bytearray(packets[place][:-4])
    for _ in range(chance.choice((1, 1, 2, 4))):
        body[chance.randrange(1, len(body))] = chance.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
        )
    if chance.random() < 0.3:
        body = bytearray(_insert(chance, bytes(body)))
    if chance.random() < 0.5 and body[3:4] < b"\x40":  # keep the length that it tells right, too
        body[3:4] = struct.pack(">H", 0x4000 | ((len(body) + 5) & 0x3FFF))
    packets[place] = bytes(body) + struct.pack(">I", zlib.crc32(body))
    return b"".join(packets)


def _packets(data: bytes) -> Iterator[bytes]:
    place = 0
    while data[place : place + 1] == b"\xb3" and len(data) > place + 6:
        kind, first = data[place + 3] >> 6, data[place + 3] & 0x3F
        length = int.from_bytes(bytes([first]) + data[place + 4 : place + 4 + kind])
        if length < 8:
            return
        yield data[place : place + length]
        place += length
