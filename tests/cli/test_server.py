"""`tracker server`: a Jenkins is added, changed, asked, and read no more."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import RunningDemo, free_port
from tests.factories import NOW, polled_jobs, report, upload
from tracker.queries.builds import build
from tracker.queries.jobs import job, polled_job, revision, server, servers
from tracker.store.jobs import note_job_trouble, note_server_trouble, track_job
from tracker.store.sql import run


def test_a_server_that_is_added_is_looked_at(command: Command) -> None:
    assert command("server", "add", "main", HERE, "--jobs", "team/*").code == 0
    assert [(row.name, row.url) for row in servers()] == [("main", HERE)]
    assert run("SELECT kind, key FROM work") == [("watch", "main")]


def test_a_server_is_listed(command: Command) -> None:
    command("server", "add", "main", HERE, "--jobs", "team/*")
    assert HERE in command("server", "list").out
    assert command("server", "list", "--json").json[0]["patterns"] == ["team/*"]


def test_a_check_says_what_a_server_shows(command: Command, demo: RunningDemo) -> None:
    command("server", "add", "main", demo.url, "--jobs", "team/*")
    said = command("server", "check", "main")
    assert said.code == 0
    assert "is Jenkins 2.541.1." in said.out
    assert "ok     It answers and knows us as anonymous." in said.out
    assert "ok     2 jobs match; 1 are not admitted by the patterns." in said.out
    assert "ok     We may read the test report of team/nightly #" in said.out


def test_a_check_names_the_jobs_that_match(command: Command, demo: RunningDemo) -> None:
    command("server", "add", "main", demo.url, "--jobs", "team/*")
    assert command("server", "check", "main", "--json").json["jobs"] == [
        "team/nightly",
        "team/smoke",
    ]


def test_a_server_that_shows_no_job_ends_with_1(command: Command, demo: RunningDemo) -> None:
    command("server", "add", "main", demo.url, "--jobs", "nothing")
    said = command("server", "check", "main")
    assert said.code == 1
    assert "WRONG  None of the 3 jobs it shows matches the patterns." in said.out
    assert "--jobs PATTERN" in said.out


def test_a_server_that_does_not_answer_ends_with_3(command: Command) -> None:
    command("server", "add", "main", f"http://127.0.0.1:{free_port()}/")
    said = command("server", "check", "main")
    assert said.code == 3
    assert "connection is refused" in said.err


def test_a_server_that_refuses_us_ends_with_3_and_the_token_is_not_told(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("11aa-secret\n")
    (tmp_path / "token").chmod(0o400)
    flags = ["--user", "ci", "--token-file", tmp_path / "token"]
    command("server", "add", "main", f"http://127.0.0.1:{free_port()}/", *flags)
    said = command("server", "check", "main")
    assert said.code == 3
    assert "secret" not in said.out + said.err


def test_a_token_file_that_others_may_read_ends_with_2(command: Command, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("11aa-secret\n")
    (tmp_path / "token").chmod(0o644)
    command("server", "add", "main", HERE, "--token-file", tmp_path / "token")
    said = command("server", "check", "main")
    assert (said.code, "chmod 400" in said.err, "secret" in said.err) == (2, True, False)


def test_the_token_of_a_server_may_be_a_credential(command: Command) -> None:
    command("server", "add", "main", HERE, "--token-file", "credential:jenkins")
    assert server("main").token_file == "credential:jenkins"


def test_a_token_file_that_is_gone_ends_with_2(command: Command) -> None:
    command("server", "add", "main", "http://127.0.0.1:9/", "--token-file", "/nowhere/token")
    said = command("server", "check", "main")
    assert said.code == 2
    assert "No such file" in said.err
    assert "tracker server list --json" in said.err


def test_an_address_that_is_none_ends_with_2(command: Command) -> None:
    assert command("server", "add", "main", "ci.example").code == 2


def test_an_unknown_server_is_wrong_usage(command: Command) -> None:
    said = command("server", "check", "gone")
    assert (said.code, "server list" in said.err) == (2, True)


HERE = "http://jenkins.example/"


def test_what_is_not_given_stays(command: Command, tmp_path: Path) -> None:
    flags = ["--user", "ci", "--token-file", tmp_path / "token", "--prefix", "west"]
    command("server", "add", "main", HERE, *flags, "--jobs", "a/*", "--jobs", "b")
    before = server("main")
    assert command("server", "add", "main", "http://other.example/").code == 0
    assert before.patterns == ("a/*", "b")
    after = server("main")
    assert after.url == "http://other.example/"
    assert (after.username, after.token_file) == ("ci", str(tmp_path / "token"))
    assert (after.prefix, after.patterns) == ("west", before.patterns)


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        (["--user", "other"], "username", "other"),
        (["--user", ""], "username", ""),
        (["--token-file", "/other"], "token_file", "/other"),
        (["--token-file", ""], "token_file", ""),
        (["--jobs", "c"], "patterns", ("c",)),
        (["--prefix", "east"], "prefix", "east"),
        (["--prefix", ""], "prefix", ""),
        (["--jobs", "c", "--exclude", "c/old*"], "patterns", ("c", "!c/old*")),
        (["--view", "nightlies"], "view", "nightlies"),
        (["--ca-file", "/ca.pem"], "ca_file", "/ca.pem"),
        (["--rate", "0.5"], "rate", 0.5),
        (["--at-once", "4"], "at_once", 4),
        (["--seconds", "9"], "seconds", 9),
    ],
)
def test_what_is_given_changes_and_nothing_else(
    command: Command, flags: list[str], field: str, value: object
) -> None:
    first = ["--user", "ci", "--token-file", "/token", "--prefix", "west", "--jobs", "a"]
    command("server", "add", "main", HERE, *first)
    before = asdict(server("main"))
    assert command("server", "add", "main", HERE, *flags).code == 0
    assert asdict(server("main")) == {**before, field: value}


def test_a_change_raises_the_revision_and_none_does_not(command: Command) -> None:
    command("server", "add", "main", HERE)
    made = revision()
    assert made > 0
    command("server", "add", "main", HERE)
    assert revision() == made
    command("server", "add", "main", HERE, "--user", "ci")
    assert revision() == made + 1


def test_a_change_forgets_the_trouble_with_what_was_before(command: Command) -> None:
    command("server", "add", "main", HERE)
    note_server_trouble("main", "down", now=NOW)
    command("server", "add", "main", HERE)
    assert server("main").error == "down"
    command("server", "add", "main", "http://other.example/")
    assert (server("main").error, server("main").error_since) == ("", None)


def test_another_prefix_is_refused_while_there_are_jobs(command: Command) -> None:
    command("server", "add", "main", HERE)
    assert command("server", "add", "main", HERE, "--prefix", "west").code == 0
    track_job("west/nightly", server="main")
    said = command("server", "add", "main", HERE, "--prefix", "east")
    assert said.code == 1
    assert "jobs under the prefix 'west'" in said.err
    assert server("main").prefix == "west"
    assert command("server", "add", "main", HERE, "--prefix", "west", "--user", "ci").code == 0


@pytest.mark.parametrize(
    "flags",
    [["--user", "\udcff"], ["--token-file", "/\udcff"], ["--jobs", "a\nb"], ["--prefix", "\udcff"]],
)
def test_what_is_no_line_of_text_ends_with_2(command: Command, flags: list[str]) -> None:
    assert command("server", "add", "main", HERE, *flags).code == 2
    assert servers() == []


def test_a_removed_server_leaves_its_jobs_and_their_history(command: Command) -> None:
    command("server", "add", "main", HERE)
    track_job("nightly", server="main", jenkins_name="nightly")
    upload("nightly", 1, report(a="P"))
    note_job_trouble("nightly", "down", now=NOW)
    before = revision()
    assert command("server", "remove", "main").code == 0
    assert (servers(), polled_jobs()) == ([], [])
    assert build("nightly", "1").totals.total == 1
    assert (job("nightly").error, job("nightly").error_since) == ("", None)
    assert revision() > before
    assert revision("nightly") > 0


def test_a_job_of_a_removed_server_can_belong_to_the_next(command: Command) -> None:
    command("server", "add", "demo", HERE)
    track_job("nightly", server="demo", jenkins_name="nightly")
    command("server", "remove", "demo")
    command("server", "add", "main", HERE)
    assert track_job("nightly", server="main", jenkins_name="nightly")
    assert polled_job("nightly").server == "main"


def test_a_removed_server_can_come_back_under_its_prefix(command: Command) -> None:
    command("server", "add", "west", HERE, "--prefix", "west")
    track_job("west/nightly", server="west", jenkins_name="nightly")
    command("server", "remove", "west")
    assert command("server", "add", "west", HERE, "--prefix", "west").code == 0
    assert track_job("west/nightly", server="west", jenkins_name="nightly")


def test_a_folder_of_uploads_is_no_prefix(command: Command) -> None:
    upload("west/nightly", 1, report(a="P"))
    said = command("server", "add", "west", HERE, "--prefix", "west")
    assert (said.code, "folder already" in said.err) == (1, True)


def test_an_unknown_server_is_not_removed(command: Command) -> None:
    said = command("server", "remove", "gone")
    assert (said.code, "server list" in said.err) == (2, True)


def test_what_is_excluded_stays_beside_what_is_admitted_and_the_other_way_round(
    command: Command,
) -> None:
    command("server", "add", "main", HERE, "--jobs", "team/*")
    command("server", "add", "main", HERE, "--exclude", "team/old-*")
    assert server("main").patterns == ("team/*", "!team/old-*")
    command("server", "add", "main", HERE, "--jobs", "other/*")
    assert server("main").patterns == ("other/*", "!team/old-*")


@pytest.mark.parametrize("rate", ["0", "0.01", "-1", "5000"])
def test_a_rate_that_cannot_be_kept_ends_with_2(command: Command, rate: str) -> None:
    said = command("server", "add", "main", HERE, "--rate", rate)
    assert (said.code, "0.1 to 1000" in said.err) == (2, True)


def test_a_job_that_is_added_by_hand_is_looked_at_whatever_the_patterns_say(
    command: Command,
) -> None:
    command("server", "add", "main", HERE, "--jobs", "team/*")
    command("job", "add", "lab/x", "--server", "main")
    assert server("main").patterns == ("team/*", "lab/x")
