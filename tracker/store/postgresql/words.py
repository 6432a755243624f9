"""What PostgreSQL refuses, in words people can act on."""

from __future__ import annotations

from tracker.errors import StorageError
from tracker.store.postgresql.driver import NO_ANSWER
from tracker.store.remedies import words_of

_SILENT = (
    "The database does not answer.",
    "See whether its server, or the disk of it, hangs, or a firewall is on the way; the tracker"
    " goes on by itself.",
)
REMEDIES = (
    (
        "No space left",
        "The disk of the database is full: nothing was recorded.",
        "Make room, and start PostgreSQL again where it ended; the tracker goes on by itself.",
    ),
    (
        "permission denied",
        "The role in the address may not do this.",
        "Make it the owner of the database (ALTER DATABASE … OWNER TO …), and of its tables.",
    ),
    (
        "no schema has been selected",
        "The role in the address may not use the schema `public`.",
        "Make it the owner of the database: ALTER DATABASE … OWNER TO ….",
    ),
    ("resolve host", "The host in the address is not known.", "Check the address, and the DNS."),
    (
        "unsupported startup parameter",
        "A pooler before the database refuses what is said to each session.",
        "Give the address of the server itself.",
    ),
    (
        "root certificate file",
        "The certificate that the server is held to cannot be read.",
        "Check the path that sslrootcert in the address has, and who may read it.",
    ),
    (
        "certificate verify failed",
        "The server shows a certificate that is not trusted.",
        "Name the one of the authority that signed it: sslrootcert in the address.",
    ),
    (
        "does not match host name",
        "The server shows a certificate of another name.",
        "Give the host in the address as its certificate does.",
    ),
    (
        "not support SSL",
        "The server has no TLS, which the address asks for.",
        "Set `ssl = on` there, with a certificate.",
    ),
    (
        "invalid sslmode",
        "The address asks for a kind of TLS that there is none of.",
        "sslmode is `verify-full`, or `disable` where nobody listens on the way.",
    ),
    (
        "pg_hba.conf",
        "The server lets nobody in by this address.",
        "Add a line for it to pg_hba.conf there; where it takes TLS alone, add"
        " sslmode=verify-full to the address.",
    ),
    (
        "session is read-only",
        "None of the servers in the address can be written to.",
        "Start the primary one, or promote a standby; the tracker goes on by itself.",
    ),
    ("read-only", "The database cannot be written.", "Name the primary server, not a standby."),
    ("password", "The database lets nobody in.", "Check user and password in the address."),
    (
        'FATAL: role "',
        "The role is not there, or may not log in.",
        "Make it by createuser --login.",
    ),
    ("does not exist", "The database is not there.", "Make it by createdb, or check the address."),
    ("too many", "The database has no connection left.", "Raise max_connections there."),
    ("remaining connection slots", "It has no connection left.", "Raise max_connections there."),
    (NO_ANSWER, *_SILENT),
    ("timeout expired", *_SILENT),
    ("connection", "The database cannot be reached.", "Check the address, and that it runs."),
)


def in_words(error: Exception, place: str) -> StorageError:
    """The fault of the server, or of the way to it, for the database at `place`."""
    text = " ".join(str(error).split())
    what, remedy = words_of(text, REMEDIES)
    if what:
        return StorageError(f"{what} (PostgreSQL: {text})", remedy)
    return StorageError(f"The database {place} refuses: {text}.", "Look at the log of PostgreSQL.")
