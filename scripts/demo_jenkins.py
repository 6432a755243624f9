"""A Jenkins controller for demonstrations: a made-up history behind Jenkins' read-only JSON API.

    python scripts/demo_jenkins.py --truth truth.json

prints DEMO_JENKINS_URL=... and serves until it is told to stop. The shapes are those of Jenkins
2.5xx with the junit plugin 1363 or newer, or those of older ones if asked. It listens on the
loopback address and changes nothing.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.demo_history import History
from scripts.demo_making import make_history, widen
from scripts.demo_more import with_more
from scripts.demo_pages import VERSION
from scripts.demo_reports import Words
from scripts.demo_server import DemoServer, Dialect
from scripts.demo_truth import truth

__all__ = [
    "VERSION",
    "DemoServer",
    "History",
    "main",
    "make_history",
    "serve",
    "truth",
    "widen",
    "with_more",
]


def serve(
    history: History,
    port: int = 0,
    user: str | None = None,
    token: str | None = None,
    dialect: Dialect = "jenkins",
    words: str = "three",
) -> DemoServer:
    """A bound server; the caller runs serve_forever. OSError when the port is taken.

    The dialect "hudson" is that of Hudson 1.395, without folders: `team/nightly` is the job
    `team-nightly` there. `words` "five" are the statuses of junit plugins before 1363.
    """
    if (user is None) != (token is None):
        raise ValueError("A user needs a token, and a token a user.")
    return DemoServer(history, port, user, token, dialect, Words(words))


class StartError(Exception):
    """Why the demonstration did not start, in one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    options = _options(arguments)
    try:
        server = _start(options)
    except StartError as problem:
        print(f"demo_jenkins: {problem}", file=sys.stderr)
        return 2
    with server:
        print(f"DEMO_JENKINS_URL={server.url}", flush=True)
        server.serve_forever()
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    """End in peace; a second signal on the way out changes nothing."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(0)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve a made-up Jenkins controller.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--seed", type=int, default=7, help="what the history is drawn from")
    parser.add_argument("--builds", type=int, default=40, help="builds a job, at least 20")
    parser.add_argument("--more", action="store_true", help="jobs of every other kind as well")
    parser.add_argument(
        "--wide", type=int, default=0, metavar="N", help="N copies of the three jobs"
    )
    words = "statuses of junit plugins since 1363, or before"
    parser.add_argument("--words", choices=("three", "five"), default="three", help=words)
    dialect = "answer as Jenkins 2.5xx, or as Hudson 1.395"
    parser.add_argument("--dialect", choices=("jenkins", "hudson"), default="jenkins", help=dialect)
    parser.add_argument("--truth", type=Path, metavar="FILE", help="where to write what is true")
    parser.add_argument("--user", metavar="NAME", help="ask every request for this user ...")
    parser.add_argument("--token", help="... and this token")
    return parser.parse_args(arguments)


def _start(options: argparse.Namespace) -> DemoServer:
    now = _known_now(options.truth, options.seed, options.builds) or datetime.now(UTC)
    try:
        history = _history(options, now)
        access = (options.port, options.user, options.token)
        server = serve(history, *access, options.dialect, options.words)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StartError(f"cannot listen on port {options.port}: {why}.") from error
    except ValueError as error:
        raise StartError(str(error)) from error
    if options.truth:
        _write_truth(options.truth, server.truth())
    return server


def _history(options: argparse.Namespace, now: datetime) -> History:
    history = make_history(options.seed, options.builds, now)
    history = widen(history, options.wide) if options.wide else history
    return with_more(history) if options.more else history


def _known_now(path: Path | None, seed: int, builds: int) -> datetime | None:
    """The time a truth file of the same history was made for, so that a restart repeats it."""
    if path is None or not path.exists():
        return None
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        same = (known["seed"], known["builds"]) == (seed, builds)
        return datetime.fromisoformat(known["now"]) if same else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"{path} is no truth file of ours ({error!r}); name another.") from error


def _write_truth(path: Path, told: dict[str, object]) -> None:
    text = json.dumps(told, indent=1, ensure_ascii=False)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(f"{text}\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise StartError(f"cannot write {path}: {error.strerror}.") from error


if __name__ == "__main__":
    sys.exit(main())
