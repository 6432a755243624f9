"""The same builds by uploads, by the command line and from Jenkins, in any order: one state."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run_command
from tests.counts import RecordCount
from tests.examples import examples
from tests.factories import NOW, judge_all
from tests.jenkins.stub import Stub, known_as, reading_of
from tests.reports import junit
from tests.store.fresh import lay_out
from tracker.jenkins.recording import read_build
from tracker.queries.dump import lines
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.tokens import create_token
from tracker.web import create_app

JOB = "nightly"
NIGHTS = ("PPF", "PFF", "FFP")
Event = Callable[[Settings], object]


def files_of(number: int) -> dict[str, bytes]:
    """The two reports of a build."""
    letters = NIGHTS[number - 1]
    first = {f"c{place}": letter for place, letter in enumerate(letters)}
    return {"a.xml": junit(**first), "b.xml": junit(**{f"more{number}": letters[0], "more": "P"})}


@pytest.fixture
def jenkins() -> Iterator[Stub]:
    """A controller that has all builds, each with both files."""
    stub = Stub()
    for number in range(1, len(NIGHTS) + 1):
        files = files_of(number)
        stub.answers[f"job/{JOB}/{number}/api/json"] = {
            "number": number,
            "result": "UNSTABLE",
            "building": False,
            "timestamp": NOW + number,
            "duration": 1000,
            "actions": [],
            "artifacts": [{"relativePath": name} for name in files],
        }
        for name, data in files.items():
            stub.answers[f"job/{JOB}/{number}/artifact/{name}"] = data
    yield stub
    stub.close()


def by_upload(number: int, name: str, settings: Settings) -> None:
    """As a build sends it."""
    bearer = {"Authorization": f"Bearer {create_token(random.randbytes(9).hex(), now=0)}"}
    query = {"job": JOB, "build": number, "name": name}
    client = create_app(settings).test_client()
    data = files_of(number)[name]
    said = client.post("/api/v1/ingest", data=data, query_string=query, headers=bearer)
    assert said.status_code in (200, 201), said.text


def by_command(number: int, name: str, folder: Path, settings: Settings) -> None:
    """As somebody who has the file does."""
    path = folder / name
    path.write_bytes(files_of(number)[name])
    said = run_command("--home", settings.home, "ingest", "--job", JOB, "--build", number, path)
    assert said.code == 0, said.err
    open_store(settings.store)


def from_jenkins(number: int, url: str, settings: Settings) -> None:
    """As the worker reads it."""
    assert read_build(reading_of(url, settings, JOB), number)


def events_of(url: str, folder: Path) -> list[Event]:
    """Each file of each build by both doors, and each build from Jenkins."""
    do: Any = functools.partial
    found: list[Event] = []
    for number in range(1, examples(1, len(NIGHTS)) + 1):
        for name in files_of(number):
            found += [do(by_upload, number, name), do(by_command, number, name, folder)]
        found.append(do(from_jenkins, number, url))
    return found


def state_after(events: list[Event], url: str, settings: Settings) -> list[str]:
    """What a new tracker says once all of this happened to it."""
    for path in settings.home.glob("tracker.*"):
        path.unlink()
    open_store(lay_out(settings.store))
    known_as(url, JOB)
    for event in events:
        event(settings)
    judge_all()
    found = list(lines())
    close_store()
    return found


@pytest.mark.sqlite
def test_three_doors_in_any_order_give_the_same_state(
    settings: Settings, jenkins: Stub, tmp_path: Path, record_count: RecordCount
) -> None:
    settings.home.mkdir()
    events = events_of(jenkins.url, tmp_path)
    wanted = state_after(events, jenkins.url, settings)
    assert sum('"kind":"result"' in line for line in wanted) == 5 * examples(1, len(NIGHTS))
    chance, orders = random.Random(3), examples(1, 40)
    for _ in range(orders):
        order = chance.sample([*events, *chance.choices(events, k=4)], len(events) + 4)
        assert state_after(order, jenkins.url, settings) == wanted
    record_count("P3", sequences_by_three_doors=orders, deliveries=orders * (len(events) + 4))
