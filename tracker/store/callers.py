"""Who asks, and which doors that opens: the same for tokens and for people."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tracker.errors import Forbidden, UsageError
from tracker.store.naming import admits

SCOPES = ("hook", "ingest", "read", "admin")
# The scopes that open each door. What stands in an address ends in logs, so the token there must
# be one that opens nothing else; who sent an upload may ask what became of it.
DOORS = {
    "hook": ("hook", "ingest", "admin"),
    "hook address": ("hook",),
    "ingest": ("ingest", "admin"),
    "upload status": ("ingest", "read", "admin"),
    "read": ("read", "admin"),
    "admin": ("admin",),
}


@dataclass(frozen=True)
class Caller:
    """A token or a person: `jobs` are patterns of the jobs it may send to; none: all."""

    kind: str
    name: str
    scope: str
    jobs: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """Who this is, for the record of what was done."""
        return f"{self.kind} {self.name}"

    def opens(self, door: str) -> bool:
        """Whether the scope opens the door."""
        return self.scope in DOORS[door]

    def may_send_to(self, job: str) -> bool:
        """Whether the job, known or not, is one of those that this is for."""
        return not self.jobs or admits(self.jobs, job)

    def refuse_other(self, job: str, called: str = "") -> None:
        """Forbidden for a job that this is not for; whether there is such a job shows nowhere.

        `called` is the name that the caller gave, where that is one of before: the answer tells
        no other.
        """
        if self.may_send_to(job):
            return
        if called and self.may_send_to(called):
            raise Forbidden(
                f"The job {called!r} has another name now, to which the {self.who} may not send.",
                "`tracker token create --jobs` makes one that may; `tracker job add` gives the old"
                " name to a job of its own.",
            )
        raise Forbidden(
            f"The {self.who} may not send to the job {called or job!r}.",
            f"It is for {', '.join(self.jobs)}; `tracker token create --jobs` makes others.",
        )


def check_name(kind: str, name: str) -> None:
    """UsageError for what a token or a person cannot be called."""
    if not re.fullmatch(r"[\w.@-]{1,100}", name):
        raise UsageError(
            f"A {kind} cannot be called {name!r}.", "Use letters, digits and . _ - @ only."
        )
