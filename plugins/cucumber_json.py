"""Cucumber JSON, as the Cucumbers of all languages, behave, godog and pytest-bdd write it.

Readings where tools differ:

- A scenario is as bad as the worst of its steps and hooks, and of the hooks of its steps: failed,
  ambiguous, a word that is not known, undefined, pending, skipped, passed. Undefined and pending
  count as skipped. A scenario without steps is passed, unless it says otherwise itself (behave).
- A background is no test: it belongs to the scenario after it, which fails where it failed.
- The rows of an outline have one name, so the row goes behind it: from an id that ends in the
  table and the row (JVM, Ruby, Go), else in the order of lines (JavaScript), else from pytest's id.
- The same scenario once more (id, line and name) after it failed is a further try, and the last
  one decides; after anything else, or where a merging tool tells devices apart by `metadata`, it
  is a result of its own.
- Whole durations are nanoseconds; fractions in a feature without `uri` (behave), or fractions that
  could not be nanoseconds, are seconds.
- Where the document breaks off before a feature's name, which some write last, nothing can be said
  of its scenarios.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import msgspec

from tracker.intake.contract import (
    SET_UP,
    UNNAMED,
    YEAR,
    Attempt,
    Damage,
    Head,
    Note,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
    is_cut,
    json_document,
    objects_of,
    parser,
    printed,
    seconds_within,
)

Object: TypeAlias = dict[str, Any]
Pairs: TypeAlias = tuple[tuple[str, str], ...]

NANO = 1e-9
# No step takes less nanoseconds than this, and the steps that take more seconds say so elsewhere.
FEWEST_NANOSECONDS = 100.0

# From the worst to the best; what is in none of them stands where UNKNOWN is.
WORDS = {
    "error": Status.ERROR,
    "hook_error": Status.ERROR,
    "cleanup_error": Status.ERROR,
    "failed": Status.FAILED,
    "ambiguous": Status.FAILED,
    "": Status.UNKNOWN,
    "undefined": Status.SKIPPED,
    "pending": Status.SKIPPED,
    "untested": Status.SKIPPED,
    "skipped": Status.SKIPPED,
    "xfailed": Status.SKIPPED,
    "pending_warn": Status.PASSED,
    "xpassed": Status.PASSED,
    "passed": Status.PASSED,
}
RANKS = {word: rank for rank, word in enumerate(WORDS)}
SAYS_IT_ALL = ("passed", "failed", "error", "skipped")
EXPECTED: dict[str, Literal["xfail", "xpass"]] = {"xfailed": "xfail", "xpassed": "xpass"}
OUTLINES = ("Scenario Outline", "Scenario Template")
ELEMENT_KEYS = {"steps", "keyword", "type", "before", "after"}
EXCEPTION = re.compile(r"([A-Za-z_$][\w$.]*(?:Error|Exception|Failure|Failed))(?::|\s|$)")


def looks_like(head: Head) -> float:
    if not isinstance(head.json, list) or not head.json or not isinstance(head.json[0], dict):
        return 0.0
    feature = head.json[0]
    is_placed = "uri" in feature or "location" in feature
    if is_placed and {"keyword", "name"} <= feature.keys():
        return 0.9
    elements = feature.get("elements")
    if not isinstance(elements, list) or not elements or not isinstance(elements[0], dict):
        return 0.0
    return 0.9 if ELEMENT_KEYS & elements[0].keys() else 0.0


@parser(
    "cucumber_json",
    recognises="Cucumber JSON, behave's among it",
    sniff=looks_like,
    endings=(".json",),
)
def read(report: ReportFile) -> Iterator[Record]:
    entries, damage = _entries(report)
    reading = _Reading()
    for entry in entries:
        feature, lost = _whole(entry)
        damage = damage or lost
        if isinstance(feature, dict):
            yield from reading.take(feature)
    if damage is not None and not reading.found_results:
        raise ReportError(damage.reason, damage.position)
    if entries and not reading.found_features:
        raise ReportError("it holds no feature, so it is no Cucumber JSON")
    if reading.lost:
        yield Note(f"{reading.lost} results of a feature whose name is cut off are left out")
    if damage is not None:
        yield damage


def _entries(report: ReportFile) -> tuple[list[Any], Damage | None]:
    """The features, still as text, so that one is read after the other."""
    data = report.stream.read()
    try:
        return msgspec.json.decode(data, type=list[msgspec.Raw]), None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document, damage = json_document(io.BytesIO(data))
    if not isinstance(document, list):
        raise ReportError("it is no array of features, so it is no Cucumber JSON")
    return document, damage


def _whole(entry: Any) -> tuple[Any, Damage | None]:
    if not isinstance(entry, msgspec.Raw):
        return entry, None
    try:
        return msgspec.json.decode(entry), None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return json_document(io.BytesIO(bytes(entry)))


class _Reading:
    """The features one after the other, and which scenarios failed in those before."""

    def __init__(self) -> None:
        self.found_features = self.found_results = False
        self.lost = 0
        self._failed: set[int] = set()

    def take(self, feature: Object) -> Iterator[Record]:
        elements = feature.get("elements")
        if not isinstance(elements, list) and not isinstance(feature.get("keyword"), str):
            return
        self.found_features = True
        name, uri = _text(feature.get("name")), _text(feature.get("uri"))
        cut = is_cut(feature)
        tries = _Tries(feature, uri)
        dangling = tries.take(elements if isinstance(elements, list) else [])
        if cut and ("name" not in feature or not (name or uri)):
            self.lost += len(tries.results)
            return
        results = list(self._across(feature, uri, tries, cut))
        if not cut:
            results += _failed_set_up(feature, results)
            if dangling is not None and dangling.status.is_failure:
                yield Trouble(f'a background of "{name}" failed: {dangling.message}')
        if results:
            self.found_results = True
            yield Suite((name or _file(uri) or UNNAMED,), _tags(feature))
            yield from results

    def _across(self, feature: Object, uri: str, tries: _Tries, cut: bool) -> Iterator[Result]:
        """The results, as further tries of those of an earlier part of the same feature.

        Old versions begin the feature again whenever a scenario of another one came between.
        """
        is_merged = "metadata" in feature
        failed = set()
        for key, result in tries.results:
            place = hash((uri, key))
            is_retry = bool(uri) and not is_merged and place in self._failed
            if is_retry and cut:  # whether there is `metadata` would have come
                continue
            yield msgspec.structs.replace(result, retry=True) if is_retry else result
            if result.status.is_failure:
                failed.add(place)
            else:
                self._failed.discard(place)
        if not is_merged:
            self._failed |= failed


class _Tries:
    """The scenarios of one feature, each with the tries before it."""

    def __init__(self, feature: Object, uri: str) -> None:
        self._tries: list[tuple[object, list[Result]]] = []
        self._uri = uri
        self._feature_name = _text(feature.get("name"))
        self._in_seconds = "uri" not in feature
        self._latest: dict[object, int] = {}
        self._rows: dict[str, dict[int | None, int]] = {}

    @property
    def results(self) -> list[tuple[object, Result]]:
        return [(key, _decided(tries)) for key, tries in self._tries]

    def take(self, elements: list[Any]) -> _Scenario | None:
        """Read them all; a background that no scenario follows is left over."""
        self._learn_rows(elements)
        background: Object | None = None
        for element in elements:
            if not isinstance(element, dict) or is_cut(element):
                continue
            kind = element.get("type")
            if kind == "background" or (kind is None and element.get("keyword") == "Background"):
                background = element
            elif kind != "scenario_outline":  # Gherkin 2 wrote the outline itself, which never ran
                self._add(element, _Scenario(background, element, self._in_seconds))
                background = None
        return None if background is None else _Scenario(background, {}, self._in_seconds)

    def _add(self, element: Object, scenario: _Scenario) -> None:
        line = _line(element)
        identity = _text(element.get("id"))
        result = scenario.result(self._name(element, identity, line), element, self._uri, line)
        key = (identity, line, result.name)
        place = self._latest.get(key)
        if place is not None:
            tries = self._tries[place][1]
            if tries[-1].status.is_failure and (identity or line is not None):
                tries.append(result)
                return
        self._latest[key] = len(self._tries)
        self._tries.append((key, [result]))

    def _learn_rows(self, elements: list[Any]) -> None:
        """Number the lines of outlines whose ids and names do not tell their rows."""
        lines: dict[str, set[int]] = {}
        for element in elements:
            if isinstance(element, dict) and element.get("keyword") in OUTLINES:
                line, identity = _line(element), _text(element.get("id"))
                is_told = _is_row(identity.split(";")) or " -- @" in _text(element.get("name"))
                if line is not None and not is_told:  # behave has it in the name
                    lines.setdefault(identity, set()).add(line)
        for identity, found in lines.items():
            if len(found) > 1:  # a row of its own id has a name of its own
                self._rows[identity] = {each: row for row, each in enumerate(sorted(found), 1)}

    def _name(self, element: Object, identity: str, line: int | None) -> str:
        """The name with the rule before it and the row behind it, as Cucumber itself joins them.

        Tables are told by name only, and not by name is what the first one mostly is.
        """
        name = _text(element.get("name")) or UNNAMED
        parts = identity.split(";")
        if _is_row(parts):
            table = parts.pop(-2)
            row = int(parts.pop()) - 1
            name = f"{name} - {table} - #{row}" if table else f"{name} - #1.{row}"
        elif len(parts) == 1 and identity.endswith("]"):
            return name + identity[identity.find("[") :]
        elif number := self._rows.get(identity, {}).get(line):
            name = f"{name} - #1.{number}"
        is_in_rule = len(parts) == 3 and ";" not in name + self._feature_name
        return f"{parts[1]} - {name}" if is_in_rule and parts[1] else name


def _is_row(parts: list[str]) -> bool:
    """Whether an id is `feature;outline;table;2`, or has a rule in it, too."""
    return len(parts) >= 4 and parts[-1].isdecimal() and parts[-1].isascii() and len(parts[-1]) < 9


class _Scenario:
    """What the steps and hooks of a scenario, and of the background before it, say."""

    def __init__(self, background: Object | None, element: Object, in_seconds: bool) -> None:
        self._in_seconds = in_seconds
        self._parts = [part for part in (background, element) if part is not None]
        self._told = _word(element.get("status"))
        self._worst, self._word = RANKS["passed"], "passed"
        self._decider: Object = {}
        self.duration: float | None = None
        self.output: list[str] = []
        self.attachments: list[str] = []
        for part in self._parts:
            is_sketch = part is background
            for _, step in _ran(part):
                self._add(step, is_sketch)
        if self._told:
            self._weigh(self._told, self._decider)

    @property
    def status(self) -> Status:
        return WORDS.get(self._word, Status.UNKNOWN)

    @property
    def message(self) -> str:
        """The first line of what was said, or which step made it what it is."""
        lines = [line.strip() for line in self._error().splitlines() if line.strip()]
        if lines:  # pytest marks what was raised, behind the code that did it
            return next((line[4:] for line in lines if line.startswith("E   ")), lines[0]).strip()
        if self.status is Status.PASSED:
            return ""
        title = _title(self._decider)
        if self.status is Status.UNKNOWN:
            said = f"status {self._word!r}" if self._word else "no result"
            return f"{said}: {title}" if title else said
        result = self._decider.get("result")
        word = _word(result.get("status")) if isinstance(result, dict) else self._word
        if title:
            return f"{word}: {title}"
        return self._word if self.status.is_failure else ""

    def _add(self, step: Object, is_sketch: bool) -> None:
        if "output" in step:
            self.output += [_text(each) for each in _list(step["output"])]
        if "embeddings" in step:
            self.attachments += _names(step["embeddings"])
        result = step.get("result")
        if not isinstance(result, dict):
            # behave lists steps that never ran so, and its background once, in front.
            if not self._told and not is_sketch:
                self._weigh("", step)
            return
        word = result.get("status")
        if word != "passed":
            self._weigh(_word(word), step)
        if "duration" in result:
            seconds = self._seconds(result["duration"])
            if seconds is not None:
                self.duration = (self.duration or 0.0) + seconds

    def _weigh(self, word: str, step: Object) -> None:
        rank = RANKS.get(word, RANKS[""])
        if rank < self._worst:
            self._worst, self._word, self._decider = rank, word, step

    def _seconds(self, value: Any) -> float | None:
        if type(value) is int:
            return min(max(value, 0), YEAR / NANO) * NANO
        if isinstance(value, str):
            try:
                value = float(value) if "." in value else int(value)
            except ValueError:
                return None
            return self._seconds(value)
        if type(value) is not float:
            return None
        is_seconds = self._in_seconds or value < FEWEST_NANOSECONDS
        return seconds_within(value if is_seconds else value * NANO)

    def _error(self) -> str:
        result = self._decider.get("result")
        return _lines(result.get("error_message")) if isinstance(result, dict) else ""

    def result(self, name: str, element: Object, uri: str, line: int | None) -> Result:
        status, word = self.status, self._word
        error = self._error() if status.is_failure else ""
        exception = EXCEPTION.match(error)
        duration = self.duration
        return Result(
            name,
            status,
            None if duration is None else round(min(duration, YEAR), 9),
            message="" if status is Status.PASSED else self.message,
            trace="\n".join(self._steps()) if status.is_failure else "",
            type=exception[1] if exception else "",
            stdout="\n".join(self.output),
            file=uri or _text(element.get("location")).rpartition(":")[0],
            line=line,
            raw_status="" if word in SAYS_IT_ALL else word,
            expected_failure=EXPECTED.get(word, ""),
            properties=_tags(element),
            attachments=tuple(self.attachments),
        )

    def _steps(self) -> Iterator[str]:
        """Every step and how it ended, with what those said that did not pass."""
        for part in self._parts:
            for kind, step in _ran(part):
                result = step.get("result")
                word = _word(result.get("status")) if isinstance(result, dict) else ""
                is_sketch = len(self._parts) > 1 and part is self._parts[0] and not word
                if is_sketch or (kind and word == "passed"):
                    continue
                title = f"{kind} {_title(step)}".strip() if kind else _title(step)
                yield f"{title} ... {word or 'no result'}"
                if isinstance(result, dict) and (error := _lines(result.get("error_message"))):
                    yield error


def _ran(element: Object) -> Iterator[tuple[str, Object]]:
    """The hooks and steps of an element in the order they ran; a step itself has no kind."""
    if "before" in element:
        yield from (("before hook", each) for each in objects_of(element["before"]))
    for step in objects_of(element.get("steps")):
        if "before" in step:
            yield from (("before step hook", each) for each in objects_of(step["before"]))
        yield "", step
        if "after" in step:
            yield from (("after step hook", each) for each in objects_of(step["after"]))
    if "after" in element:
        yield from (("after hook", each) for each in objects_of(element["after"]))


def _failed_set_up(feature: Object, results: list[Result]) -> Iterator[Result]:
    """A feature that says it failed, of which no scenario did: behave's hook around it."""
    status = WORDS.get(_word(feature.get("status")), Status.UNKNOWN)
    if status.is_failure and not any(each.status.is_failure for each in results):
        word = _word(feature.get("status"))
        yield Result(SET_UP, status, message=f"the feature is {word}, and no scenario of it")


def _decided(tries: list[Result]) -> Result:
    *before, last = tries
    return msgspec.structs.replace(last, attempts=tuple(map(_attempt, before))) if before else last


def _attempt(result: Result) -> Attempt:
    return Attempt(result.status, result.duration, result.message, result.trace, result.type)


def _word(value: Any) -> str:
    """A status in small letters; "" where there is none."""
    return value.strip().lower() if isinstance(value, str) else _text(value)


def _text(value: object) -> str:
    return printed(value, most=1000)


def _lines(value: Any) -> str:
    """A text, which behave writes as a list of its lines."""
    return "\n".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _title(step: Object) -> str:
    """A step as it is written; of a hook, where it stands."""
    name = _text(step.get("name"))
    if name or step.get("keyword"):
        return f"{_text(step.get('keyword')).strip()} {name}".strip()
    match = step.get("match")
    return _text(match.get("location")) if isinstance(match, dict) else ""


def _names(embeddings: Any) -> Iterator[str]:
    """The names of what was attached; most has none and is content only."""
    for each in objects_of(embeddings):
        if name := _text(each.get("name")):
            yield name


def _tags(element: Object) -> Pairs:
    tags = element.get("tags")
    if not tags or not isinstance(tags, list):
        return ()
    names = (_text(each.get("name") if isinstance(each, dict) else each) for each in tags)
    return tuple(("tag", name) for name in names if name)


def _line(element: Object) -> int | None:
    line = element.get("line")
    if type(line) is int:
        return line
    last = _text(element.get("location")).rpartition(":")[2]
    return int(last) if last.isdecimal() and last.isascii() and len(last) < 9 else None


def _file(uri: str) -> str:
    """The name of a feature's file; of an absolute path its end only, as checkouts move."""
    is_absolute = uri.startswith(("file:", "/")) or uri[1:3] in (":/", ":\\")
    return re.split(r"[/\\]", uri)[-1] if is_absolute else uri
