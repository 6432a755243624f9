"""The words that columns of state may have; statements in SQL spell them out."""

from __future__ import annotations

from enum import StrEnum


class BuildState(StrEnum):
    """How a build stands, as `build.state` tells.

    RECEIVING   known by uploads alone: Jenkins has not spoken of it
    LOST        it ran and is not there any more
    """

    RECEIVING = "receiving"
    RUNNING = "running"
    FINISHED = "finished"
    LOST = "lost"


def is_from_jenkins(state: str) -> bool:
    """Whether Jenkins itself spoke of a build in this state, as it is kept."""
    return state != BuildState.RECEIVING


class JobStanding(StrEnum):
    """What is special about a job, as `job.standing` tells; RETIRED is said by people here."""

    USUAL = ""
    DISABLED = "disabled"
    RETIRED = "retired"
    DELETED = "deleted"


class TaskState(StrEnum):
    """Where a task of the worker stands, as `work.state` tells; a DEAD one was given up."""

    DUE = "due"
    DONE = "done"
    DEAD = "dead"
