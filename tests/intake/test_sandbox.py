"""Wicked plugins and hostile files: each costs its report, and nobody else anything."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tests.reports import zipped
from tracker import resources
from tracker.errors import Busy, SettingsError
from tracker.intake import sandbox, spool
from tracker.intake.frames import Begin, End
from tracker.intake.plugins import PluginSources
from tracker.intake.sandbox import Limits, child_state, read_reports
from tracker.intake.slots import SMALL_BYTES
from tracker.intake.spool import SpooledReport

# What a child has of its own start: its priority, its environment, its place, its end.
started = pytest.mark.usefixtures("own_children")

HEAD = """
import os, sys, time
from tracker.intake.contract import *

def looks_like(head):
    return 1.0 if head.text.startswith("wicked") else 0.0

@parser("wicked", recognises="what begins with wicked", sniff=looks_like)
def read(report):
    report.stream.readline()
    given = report.stream.read().decode()
"""
GOOD = b"<testsuite name='s' tests='1'><testcase name='n'/></testsuite>"


@dataclass(frozen=True)
class Quick(Limits):
    """Limits for tests: a second of work, however long the clock says it takes."""

    cpu_seconds: int = 1
    wall_seconds: float = 60.0  # type: ignore[misc]


@dataclass(frozen=True)
class Impatient(Limits):
    """Limits for what only waits: two seconds by the clock."""

    wall_seconds: float = 2.0  # type: ignore[misc]


@dataclass(frozen=True)
class Terse(Quick):
    """Limits for what tells too much: 1 MB of answers."""

    answer_bytes: int = 1024**2  # type: ignore[misc]


@pytest.fixture
def run(tmp_path):
    """Read one report with a parser of this body, between two good ones: what is said of it."""

    def run(body, given="", limits=Quick()):
        folder = tmp_path / "plugins"
        folder.mkdir()
        lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
        (folder / "wicked.py").write_text(HEAD + lines)
        data = [GOOD, b"wicked\n" + given.encode(), GOOD + b" "]
        reports = [
            SpooledReport(kept.path, f"{n}.xml", kept.sha256, kept.size)
            for n, kept in enumerate(spool.store(tmp_path / "spool", [each]) for each in data)
        ]
        sources = PluginSources(resources.folder("plugins"), folder)
        first, wicked, last = read_reports(reports, limits, sources)
        for good in (first, last):
            assert good.failure == ""
            assert len(good.contents.results) == 1
        return wicked

    return run


@started
def test_a_parser_that_behaves_is_read(run):
    read = run("yield Result(given, Status.FAILED)", "it works")
    assert read.failure == ""
    assert [name for _, name in read.contents.cases.values()] == ["it works"]


@started
def test_a_small_report_is_read_at_the_priority_of_the_server(run):
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert names_of(run("yield Result(str(os.nice(0)), Status.PASSED)")) == [str(mine)]


@started
def test_a_big_report_steps_back_behind_all_else(run):
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    read = run("yield Result(str(os.nice(0)), Status.PASSED)", "x" * SMALL_BYTES)
    assert names_of(read) == [str(mine + 10)]


@started
@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/proc/self/autogroup").exists(),
    reason="processors are not shared out by sessions here, or only root may surely say how",
)
@pytest.mark.parametrize(("size", "nice"), [(0, 0), (SMALL_BYTES, 10)])
def test_the_session_of_a_child_steps_back_with_it(monkeypatch, run, size, nice):
    said = []
    step_back = sandbox._step_back

    def then_look(child, by):
        step_back(child, by)
        said.append(Path(f"/proc/{child}/autogroup").read_text().split()[-1])

    monkeypatch.setattr(sandbox, "_step_back", then_look)
    run("yield Result('n', Status.PASSED)", "x" * size)
    assert said == [str(nice)]


def names_of(read):
    return [name for _, name in read.contents.cases.values()]


@started
def test_a_parser_that_works_for_ever_is_ended(run):
    assert "more than 1 s of processor time" in run("while True: pass\nyield").failure


def test_the_reports_of_an_archive_share_the_time_of_one_file(tmp_path):
    (tmp_path / "slow.py").write_text(
        HEAD + "    until = time.process_time() + 0.7\n"
        "    while time.process_time() < until: pass\n"
        "    yield Result(given, Status.PASSED)\n"
    )
    made = zipped(**{f"{number}.txt": f"wicked\n{number}".encode() for number in range(9)})
    kept = spool.store(tmp_path / "spool", [made])
    files = [SpooledReport(kept.path, "all.zip", kept.sha256, kept.size)]
    sources = PluginSources(resources.folder("plugins"), tmp_path)
    itself, *entries = read_reports(files, Quick(), sources)
    assert "more than 1 s of processor time to read (at " in itself.failure
    assert 0 < len(entries) < 4
    assert not any(entry.failure for entry in entries)


@started
def test_a_parser_that_waits_for_ever_is_ended(run):
    assert "too long" in run("time.sleep(1000)\nyield", limits=Impatient()).failure


@started
def test_a_parser_that_takes_all_memory_is_refused(run):
    read = run("x = bytearray(10**9)\nyield", limits=Quick(memory_mb=256))
    assert "more memory" in read.failure


@started
def test_a_parser_that_leaves_the_process_is_told(run):
    assert "exit status 7" in run("os._exit(7)\nyield").failure


def test_a_parser_that_leaves_as_if_all_were_well_gives_nothing(run):
    read = run("yield Result('n', Status.PASSED)\nos._exit(0)")
    assert "ended by itself" in read.failure
    assert not read.contents.results


def test_a_parser_that_ends_the_interpreter_is_told(run):
    assert run("sys.exit(0)\nyield").failure


@started
def test_a_parser_that_crashes_is_told(run):
    assert "SIGSEGV" in run("import faulthandler\nfaulthandler._sigsegv()\nyield").failure


@pytest.mark.parametrize(
    "call",
    [
        "os.fork()",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "__import__('subprocess').run(['true'])",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_no_process_is_started_or_ended(run, call):
    assert "PermissionError" in run(f"{call}\nyield").failure


@started
def test_nothing_is_sent_over_the_network(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        body = (
            "import socket\n"
            "try:\n"
            "    socket.create_connection(('127.0.0.1', int(given)), 1).close()\n"
            "except OSError as error:\n"
            "    yield Note(type(error).__name__)\n"
        )
        read = run(body, str(listener.getsockname()[1]))
        assert "PermissionError" in read.warnings
        with pytest.raises(TimeoutError):
            listener.accept()


@started
def test_how_the_network_is_cut_off_can_be_asked():
    told = child_state(PluginSources(resources.folder("plugins")))
    assert told.network in ("namespace", "audit hook")


@pytest.mark.parametrize(
    "call",
    [
        "open('/etc/passwd').read()",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "open('/proc/1/environ')",
    ],
)
def test_no_other_file_is_read(run, call):
    assert "may not open" in run(f"yield Note(repr({call}))").failure


def test_the_reports_of_the_build_may_be_read_and_nothing_beside_them(run, tmp_path):
    secret = spool.store(tmp_path / "spool", [b"of another build"])
    assert "may not open" in run("open(given).read()\nyield", str(secret.path)).failure


@pytest.mark.parametrize(
    "call",
    [
        "open(given + '.new', 'w')",
        "open(given, 'a')",
        "os.open(given, os.O_RDWR)",
        "os.remove(given)",
        "os.rename(given, given + '.old')",
        "os.mkdir(given + '.d')",
        "os.symlink(given, given + '.link')",
        "os.link(given, given + '.link')",
        "os.chmod(given, 0)",
        "os.truncate(given, 0)",
        "os.utime(given, (0, 0))",
    ],
)
def test_no_file_is_written_moved_or_removed(run, tmp_path, call):
    folder = tmp_path / "canary"
    folder.mkdir()
    canary = folder / "file"
    canary.write_text("alive")
    before = canary.stat()
    assert "PermissionError" in run(f"{call}\nyield", str(canary)).failure
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert canary.read_text() == "alive"
    assert canary.stat().st_mtime == before.st_mtime
    assert canary.stat().st_mode == before.st_mode


@started
def test_it_sees_no_environment_and_no_arguments_of_ours(run, monkeypatch):
    monkeypatch.setenv("TRACKER_SECRET", "do-not-tell")
    read = run("yield Note(repr(sorted(os.environ)))")
    assert "TRACKER" not in "".join(read.warnings)


@started
def test_what_it_prints_stays_out_of_what_is_read(run, capfd):
    read = run("print('hello ' * 10000, flush=True)\nyield Result('n', Status.PASSED)")
    assert len(read.contents.results) == 1
    assert "hello" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "data",
    [
        r"b'\0\0\0\1x'",
        r"b'\xff' * 9",
        r"b'\0\0\0\2\x91\xc0'",
        r"b'\0\0\0\x0c\x93\xa7refusal\xa1\xff\xc3'",
    ],
)
def test_a_parser_that_writes_between_the_frames_is_refused(run, data):
    body = (
        f"for fd in range(3, 12):\n    try: os.write(fd, {data})\n    except OSError: pass\nyield"
    )
    assert run(body).failure


def test_a_parser_that_raises_is_named_with_its_error(run):
    assert run("raise KeyError('oops')\nyield").failure == (
        "the parser wicked failed on it: KeyError: 'oops'"
    )


def test_an_error_that_no_encoder_takes_is_told(run):
    assert "KeyError" in run("raise KeyError('\\ud800')\nyield").failure


@pytest.mark.parametrize(
    "record", ["None", "'text'", "Result(None, 0)", "Suite('abc')", "Result('n', 17)", "Note(3)"]
)
def test_what_is_no_record_costs_only_its_report(run, record):
    run(f"yield {record}")


def test_endless_results_are_refused_at_the_limit(run):
    body = "n = 0\nwhile True:\n    n += 1\n    yield Result(str(n), Status.PASSED)"
    assert "more than 200,000 results" in run(body, limits=Quick(cpu_seconds=10)).failure


@pytest.mark.parametrize(
    "record",
    [
        "Note('x')",
        pytest.param("Suite(('a',))", marks=pytest.mark.nightly),
        pytest.param("Damage('x')", marks=pytest.mark.nightly),
    ],
)
def test_endless_other_records_are_ended(run, record):
    assert run(f"while True: yield {record}").failure


def test_a_parser_that_sends_more_than_is_held_is_ended_and_the_next_are_read(run):
    body = "for n in range(40): yield Result(str(n), Status.FAILED, trace=str(n) + 'x' * 60000)"
    said = run(body, limits=Terse()).failure
    assert said == (
        "its results and texts, with those of the files before it, exceed 1 MB,"
        " half of TRACKER_PARSE_MEMORY_MB"
    )


def test_files_share_what_is_held_of_a_build(tmp_path):
    body = "for n in range(10): yield Result(str(n), Status.FAILED, trace=str(n) + 'x' * 50000)"
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "wordy.py").write_text(HEAD + f"    {body}\n")
    kept = [spool.store(tmp_path / "spool", [b"wicked\n%d" % n]) for n in range(3)]
    last = spool.store(tmp_path / "spool", [GOOD])
    reports = [
        SpooledReport(each.path, f"{n}.xml", each.sha256, each.size)
        for n, each in enumerate([*kept, last])
    ]
    sources = PluginSources(resources.folder("plugins"), folder)
    read = list(read_reports(reports, Terse(), sources))
    assert [len(each.contents.results) for each in read] == [10, 10, 0, 1]
    assert "those of the files before it" in read[2].failure


def test_each_report_has_its_own_patience(monkeypatch):
    clock, waits = [0.0], []

    class Poll:
        def register(self, *_):
            """Nothing."""

        def poll(self, milliseconds):
            waits.append(milliseconds / 1000)
            return True

    monkeypatch.setattr(sandbox.select, "poll", Poll)
    monkeypatch.setattr(sandbox.time, "monotonic", lambda: clock[0])
    sent = [Begin("junit", 1, "e" * 60), End()] * 3
    frames = iter(sent)

    def read(_descriptor, _size):
        clock[0] += 10
        data = msgspec.msgpack.encode(next(frames))
        return struct.pack(">I", len(data)) + data

    monkeypatch.setattr(sandbox.os, "read", read)
    found = sandbox._frames(0, 35, sandbox._Room(1000))
    assert [next(found) for _ in sent] == sent
    assert waits == [35, 25, 35, 25, 35, 25]


def test_endless_retries_are_refused(run):
    body = "while True: yield Result('n', Status.FAILED, retry=True)"
    assert run(body).failure


@started
def test_an_attribute_of_40_mb_costs_little(tmp_path):
    data = b"<testsuite name='s'><testcase name='" + b"a" * 40_000_000 + b"'/></testsuite>"
    kept = spool.store(tmp_path, [data])
    report = SpooledReport(kept.path, "big.xml", kept.sha256, kept.size)
    [read] = read_reports([report], Limits(), PluginSources(resources.folder("plugins")))
    assert all(len(name) < 5000 for _, name in read.contents.cases.values())


@started
def test_a_plugin_that_cannot_be_loaded_is_a_matter_of_the_settings(tmp_path):
    (tmp_path / "bad.py").write_text("1 / 0")
    kept = spool.store(tmp_path / "spool", [GOOD])
    report = SpooledReport(kept.path, "a.xml", kept.sha256, kept.size)
    with pytest.raises(SettingsError, match=r"bad\.py"):
        list(read_reports([report], Quick(), PluginSources(resources.folder("plugins"), tmp_path)))


@started
def test_where_no_child_can_be_started_the_parsers_are_busy(tmp_path, monkeypatch):
    def refuse(*_command, **_more):
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(sandbox.subprocess, "Popen", refuse)
    kept = spool.store(tmp_path, [GOOD])
    report = SpooledReport(kept.path, "a.xml", kept.sha256, kept.size)
    with pytest.raises(Busy, match="does not start: Cannot allocate memory"):
        list(read_reports([report], Quick(), PluginSources(resources.folder("plugins"))))


def test_a_report_whose_bytes_are_gone_is_told(tmp_path):
    report = SpooledReport(tmp_path / "gone", "a.xml", "0" * 64, 1)
    [read] = read_reports([report], Quick(), PluginSources(resources.folder("plugins")))
    assert "No such file" in read.failure


@started
def test_no_child_is_left_when_the_reader_stops_in_the_middle(tmp_path):
    kept = spool.store(tmp_path, [GOOD])
    # So many that the child cannot have answered for all of them yet.
    reports = [SpooledReport(kept.path, f"{n}.xml", kept.sha256, kept.size) for n in range(2000)]
    before = _children()
    reading = read_reports(reports, Quick(), PluginSources(resources.folder("plugins")))
    next(reading)
    assert _children() != before
    reading.close()
    assert _children() == before


def _children():
    path = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return [
        pid
        for pid in path.read_text().split()
        if b"tracker.intake.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@started
def test_at_most_two_children_run_at_once(tmp_path, monkeypatch):
    running, most = 0, 0
    lock, two = threading.Lock(), threading.Event()
    original = sandbox._one_child

    def counted(*arguments):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 2:
                two.set()
        two.wait(60)
        yield from original(*arguments)
        with lock:
            running -= 1

    monkeypatch.setattr(sandbox, "_one_child", counted)
    kept = spool.store(tmp_path, [GOOD])
    report = SpooledReport(kept.path, "a.xml", kept.sha256, kept.size)
    sources = PluginSources(resources.folder("plugins"))
    threads = [
        threading.Thread(target=lambda: list(read_reports([report], Quick(), sources)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


@started
def test_no_code_of_the_place_it_is_started_from_is_read(tmp_path):
    """`-I`: a file in the folder somebody works in is never imported by the child."""
    (tmp_path / "msgspec.py").write_text("raise RuntimeError('imported from the wrong place')")
    script = (
        "import os, sys; sys.path[:] = [p for p in sys.path if p];"
        "from pathlib import Path; from tracker import resources;"
        "from tracker.intake.sandbox import child_state;"
        "from tracker.intake.plugins import PluginSources;"
        f"os.chdir({str(tmp_path)!r});"
        "print(child_state(PluginSources(resources.folder('plugins'))).network)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() in ("namespace", "audit hook"), done.stderr
