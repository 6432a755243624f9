"""The one error family: what happened, to what, and what to do next.

Every error that a person may meet is a `TrackerError`. Pages, the API, the command line and the
logs turn it into their own form in one place each; anything else that is raised is a bug.
"""

from __future__ import annotations


class TrackerError(Exception):
    """Something a person can act on.

    `message` says what happened and to what, `remedy` what to do next. `status` is the HTTP
    status the web answers with, `exit_code` what a command ends with, and `slug` names the kind
    of problem in Problem Details (RFC 9457).
    """

    status = 400
    exit_code = 1
    slug = "bad-request"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class SettingsError(TrackerError):
    """A setting is unknown, unreadable or out of its range."""

    status = 500
    exit_code = 2
    slug = "settings"


class UsageError(TrackerError):
    """A request or command that cannot mean anything: a bad parameter, a missing one."""

    exit_code = 2


class NotFound(TrackerError):
    """What was asked for is not here; to a command this is a misspelt name, and no finding."""

    status = 404
    exit_code = 2
    slug = "not-found"


class Unauthorised(TrackerError):
    """No token and no password, or one that does not open this door."""

    status = 401
    exit_code = 3
    slug = "unauthorised"


class Forbidden(TrackerError):
    """Who asks is known, and this is not for them."""

    status = 403
    exit_code = 3
    slug = "forbidden"


class TooMany(TrackerError):
    """More requests or attempts than there may be in a time; a later one is answered again."""

    status = 429
    exit_code = 3
    slug = "too-many-requests"


class TooLarge(TrackerError):
    """A body, a file or an archive is over its limit."""

    status = 413
    slug = "too-large"


class Conflict(TrackerError):
    """What is recorded is otherwise: the name is in use for something else, a build not judged."""

    status = 409
    slug = "conflict"


class Unrecognised(TrackerError):
    """No parser recognises the bytes."""

    status = 415
    slug = "unrecognised-report"


class Unreadable(TrackerError):
    """A parser recognised the bytes and could not read a result from them."""

    status = 422
    slug = "unreadable-report"


class Busy(TrackerError):
    """The store or the parsers cannot take more right now; trying again later helps."""

    status = 503
    exit_code = 3
    slug = "busy"


class StorageError(TrackerError):
    """The disk or the database refuses: full, read-only, locked, damaged, of a newer version."""

    status = 503
    exit_code = 3
    slug = "storage"


class SpoolDamage(TrackerError):
    """The bytes of a report that was read before are gone or changed: nothing else waits for it."""

    status = 503
    exit_code = 3
    slug = "spool-damage"


class JenkinsError(TrackerError):
    """Jenkins did not answer, or not in a way that can be used."""

    status = 502
    exit_code = 3
    slug = "jenkins"
    # Seconds before it makes sense to ask again; None: as usual.
    pause: float | None = None
    # The status of the answer, where there was one that told by it.
    answered: int | None = None
