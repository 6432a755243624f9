"""RSpec's `json` formatter: one object with the examples and a summary.

Readings where tools differ:

- RSpec runs the descriptions of groups and example together (`full_description`), so all groups
  in a file are one name.
- The file is the one that `id` tells: of a shared example `file_path` is where it is written.
- `pending` stands for skipped examples and for those that failed as expected: both are skips.
  A pending example that passed is reported as failed, and is an unexpected pass.
- Errors outside of examples (a file that cannot be loaded, an `after(:all)`) belong to no
  example: the run went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.intake.contract import (
    UNNAMED,
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
    list_of,
    parser,
    seconds_from_number,
    text_of,
)

STATUSES = {"passed": Status.PASSED, "failed": Status.FAILED, "pending": Status.SKIPPED}
TEXTS = ("description", "full_description", "file_path", "id")
FIXED = "PendingExampleFixedError"
MOST_MESSAGES = 20


def looks_like(head: Head) -> float:
    answer = head.json
    if not isinstance(answer, dict):
        return 0.0
    examples = answer.get("examples")
    if isinstance(examples, list) and ("summary_line" in answer or "summary" in answer):
        return 0.9
    first = examples[0] if isinstance(examples, list) and examples else {}
    return 0.9 if isinstance(first, dict) and "full_description" in first else 0.0


@parser("rspec", recognises="RSpec's JSON", sniff=looks_like, endings=(".json",))
def read(report: ReportFile) -> Iterator[Record]:
    answer, damage = json_document(report.stream, "examples")
    if not isinstance(answer, dict):
        raise _no_results(damage)
    found = 0
    suite = None
    for example in list_of(answer.get("examples")):
        if not isinstance(example, dict) or is_cut(example):
            continue
        found += 1
        path, result = _of_example(example)
        if path != suite:
            suite = path
            yield Suite(path)
        yield result
    if not found and (damage is not None or "examples" not in answer):
        raise _no_results(damage)
    if damage is not None:
        yield damage
    else:
        yield from _closing(answer, found)


def _no_results(damage: Damage | None) -> ReportError:
    if damage is None:
        return ReportError("it holds no examples, so it is not RSpec's JSON")
    return ReportError(damage.reason, damage.position)


def _of_example(example: dict[str, Any]) -> tuple[tuple[str, ...], Result]:
    name, full_name, written_in, place = [
        value if isinstance(value, str) else "" for value in map(example.get, TEXTS)
    ]
    group = full_name.removesuffix(name).strip() if name else ""
    written_in = written_in.removeprefix("./")
    file = place.rpartition("[")[0].removeprefix("./") or written_in
    path = (file, group) if file and group else tuple(filter(None, (file, group)))
    word, line = example.get("status"), example.get("line_number")
    status = STATUSES.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
    duration = seconds_from_number(example.get("run_time"))
    line = line if type(line) is int else None
    name = name or full_name or UNNAMED
    error = example.get("exception")
    if status is Status.PASSED and not error:
        return path, Result(name, status, duration, file=written_in, line=line)
    error = error if isinstance(error, dict) else {}
    kind = text_of(error.get("class"))
    message = text_of(error.get("message")).strip()
    if status is Status.SKIPPED:
        message = message or text_of(example.get("pending_message"))
    if status is Status.UNKNOWN:
        message = message or f"status {word!r}"
    stack = "\n".join(each for each in list_of(error.get("backtrace")) if isinstance(each, str))
    return path, Result(
        name,
        status,
        duration,
        message=message,
        trace=f"{message}\n\n{stack}" if stack else "",
        type=kind,
        file=written_in,
        line=line,
        raw_status="" if word in ("passed", "failed") else str(word),
        expected_failure="xpass" if kind.endswith(FIXED) else "",
    )


def _closing(answer: dict[str, Any], found: int) -> Iterator[Record]:
    summary = answer.get("summary")
    summary = summary if isinstance(summary, dict) else {}
    outside = summary.get("errors_outside_of_examples_count")
    if type(outside) is int and outside > 0:
        said = [each.strip() for each in list_of(answer.get("messages")) if isinstance(each, str)]
        errors = [each for each in said if each.startswith("An error occurred")]
        yield from map(Trouble, errors[:MOST_MESSAGES])
        if len(errors[:MOST_MESSAGES]) < outside:
            yield Trouble(f"{outside} errors occurred outside of examples.")
    declared = summary.get("example_count")
    if type(declared) is int and declared != found:
        yield Note(f"the whole report declares {declared} tests, found {found}")
