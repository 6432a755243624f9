"""Requests that Schemathesis makes from the document of the API, and what it finds wrong."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext

from tests.web import rich_store

DOCUMENT = "/api/v1/openapi.json"
SIDES = (rich_store.LEAF, f"{rich_store.LEAF}/builds/12", "release:1.9", "2.0/shop/unit/best/3")
# What is there, by the parameters that may ask for it.
IN_PATH: Mapping[str, Sequence[str]] = {
    "job": rich_store.JOBS,
    "build": rich_store.BUILDS,
    "case": rich_store.CASES,
    "family": (rich_store.FAMILY,),
    "key": rich_store.KEYS,
}
IN_QUERY: Mapping[str, Sequence[str]] = {
    "a": SIDES,
    "b": SIDES[:2],
    "release": ("2.0", "1.9", ""),
    "basis": ("1.9", ""),
    "job": (rich_store.LEAF, "new/job"),
    "server": ("",),
}


@dataclass
class Run:
    """What came of it: how often each operation answered each status, and the gaps in words."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    gaps: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """The gaps as a text."""
        return "\n\n".join(f"{what}: {how}" for what, how in self.gaps.items())

    @property
    def of_the_server(self) -> list[tuple[str, int]]:
        """The operations that answered with a fault of the server, with its status."""
        return [each for each in self.answers if each[1] >= 500 or not each[1]]

    def operations(self, status: int) -> set[str]:
        """The operations that answered with a status, or another of its hundred."""
        return {each for each, answered in self.answers if answered // 100 == status // 100}


def config_of(bearer: str, *phases: str, most: int, probe: bool) -> schemathesis.Config:
    """Always the same requests; in the phase `fuzzing` at most so many for each operation.

    No schema can say what makes a report or a notification, or that an upload without one has to
    complete its build: of what is sent, only what is wrong by the schema is held against it.
    """
    sending = {"include-method": "POST", "checks": {"positive_data_acceptance": {"enabled": False}}}
    names = ("examples", "coverage", "fuzzing", "stateful")
    return schemathesis.Config.from_dict(
        {
            "seed": 9,
            "continue-on-failure": True,
            "headers": {"Authorization": bearer},
            "generation": {"deterministic": True, "max-examples": most, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in names},
            "checks": {"ignored_auth": {"enabled": probe}},
            "operations": [sending],
        }
    )


def run(schema: Any) -> Run:
    """Let Schemathesis make its requests and look at the answers."""
    found = Run()
    schema.hook(map_case)
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError | NonFatalError):
            found.gaps[type(event).__name__] = repr(event)
        if isinstance(event, ScenarioFinished):
            _take(found, event.recorder)
    return found


def map_case(_context: HookContext, case: Case) -> Case:
    """Of what is right, ask most of the time for something that is there, and send reports."""
    if case.meta is None:
        return case
    for place, values, known in (
        (ParameterLocation.PATH, case.path_parameters, IN_PATH),
        (ParameterLocation.QUERY, case.query, IN_QUERY),
    ):
        if not case.meta.is_negative_at(place):
            _choose(values, known)
    is_right = case.meta.generation.mode.is_positive
    if is_right and case.media_type == "application/octet-stream":
        case.body = rich_store.REPORT
    return case


def _choose(values: dict[str, Any], known: Mapping[str, Sequence[str]]) -> None:
    """Put in known values, the same ones each time: three times of four all, else some of them.

    What Hypothesis makes up depends on the modules that other tests imported, so that the chance to
    ask for something that is there at least once must be as good as certain.
    """
    is_all = zlib.crc32(repr(sorted(values.items(), key=str)).encode()) % 4
    for name, value in values.items():
        draw = zlib.crc32(repr(value).encode())
        if name in known and (is_all or draw % 2 or len(known[name]) == 1):
            values[name] = known[name][draw // 2 % len(known[name])]


def _take(found: Run, recorder: Any) -> None:
    for each in recorder.interactions.values():
        found.answers[recorder.label, each.response.status_code if each.response else 0] += 1
    for key, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None and not _is_refused(check):
                answer = recorder.interactions[key].response.content[:400]
                said = f"{check.failure_info.failure}\n{check.failure_info.code_sample}\n{answer}"
                found.gaps.setdefault(f"{recorder.label}: {check.name}", said)


def _is_refused(check: Any) -> bool:
    """Whether a wrong token was refused as one too many: the check knows 401 and 403 alone."""
    return check.name == "ignored_auth" and "got `429" in str(check.failure_info.failure)
