"""The shape of a build's answer: what else it holds may be anything, what is read of it may not."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tracker.clock import now_ms
from tracker.store.records import believable

# What the store keeps of numbers, and times that a calendar has.
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Artifact(msgspec.Struct):
    relativePath: str | None = None  # noqa: N815 - Jenkins' spelling, as below


class _Run(msgspec.Struct):
    number: Number | None = None
    url: str | None = None
    artifacts: list[_Artifact] | None = None


class _Cause(msgspec.Struct):
    upstreamProject: str | None = None  # noqa: N815
    upstreamBuild: Number | None = None  # noqa: N815


class _Branch(msgspec.Struct):
    name: str | None = None


class _Revision(msgspec.Struct):
    SHA1: str | None = None
    branch: list[_Branch] | None = None


class _Parameter(msgspec.Struct):
    name: str | None = None


class _Action(msgspec.Struct):
    urlName: str | None = None  # noqa: N815
    causes: list[_Cause] | None = None
    parameters: list[_Parameter] | None = None
    lastBuiltRevision: _Revision | None = None  # noqa: N815


class _Author(msgspec.Struct):
    fullName: str | None = None  # noqa: N815


class _Item(msgspec.Struct):
    author: _Author | None = None


class _Changes(msgspec.Struct):
    items: list[_Item] | None = None


class _Build(msgspec.Struct):
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    url: str | None = None
    result: str | None = None
    building: bool | None = None
    inProgress: bool | None = None  # noqa: N815
    timestamp: Number | None = None
    duration: Number | None = None
    actions: list[_Action | None] | None = None
    artifacts: list[_Artifact] | None = None
    culprits: list[_Author] | None = None
    changeSet: _Changes | None = None  # noqa: N815
    changeSets: list[_Changes] | None = None  # noqa: N815
    runs: list[_Run] | None = None


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """A build's answer, without a start that no clock can tell.

    Raises ValueError, naming the place, for an answer that no Jenkins gives of a build.
    """
    msgspec.convert(answer, _Build)
    return {**answer, "timestamp": believable(answer.get("timestamp"), now_ms())}
