"""What many threads of a web server do at once, and do for the first time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("store", "queries", "pages", "site", "web")
MODULES = sorted(path for room in ROOMS for path in (ROOT / "tracker" / room).rglob("*.py"))
MODULES.append(ROOT / "tracker" / "operations" / "backup" / "manifest.py")

# In fresh processes, threads that start together and change over as often as Python lets them.
AT_ONCE = """
import os, sys, threading
from tracker.store.build_verdicts import judging_of
sys.setswitchinterval(1e-6)
text = sys.argv[1]
gate = threading.Barrier(8)
def first():
    gate.wait()
    judging_of(text)
def race():
    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
for _ in range(50):  # the import alone would take longer than all of them
    child = os.fork()
    if not child:
        race()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status: sys.exit(f"a process ended with {os.waitstatus_to_exitcode(status)}")
"""
JUDGING = """{"rule":1,"budget":1.0,"cases":1,"incident":null,
    "limits":{"seldom":0.1,"often":0.1,"mix":[1.0]}}"""


def types_at_the_call(path: Path) -> Iterator[str]:
    """Calls that name a class of ours as the type of what is read."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "msgspec.json.decode",
            "msgspec.msgpack.decode",
            "msgspec.convert",
        ):
            given = [each.value for each in node.keywords if each.arg == "type"]
            named = [each for each in [*given, *node.args[1:2]] if isinstance(each, ast.Name)]
            yield from (each.id for each in named if each.id.lstrip("_")[:1].isupper())


def test_types_are_looked_at_before_there_are_threads() -> None:
    """msgspec ends the process where two threads look at a nested type for the first time.

    A decoder that is made when the module is imported has looked at it.
    """
    assert [(str(path), name) for path in MODULES for name in types_at_the_call(path)] == []


def test_threads_that_read_a_judgement_for_the_first_time_go_on() -> None:
    command = [sys.executable, "-c", AT_ONCE, JUDGING]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
