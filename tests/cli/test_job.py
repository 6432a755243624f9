"""`tracker job remove`, `retire` and `unretire` as an operator uses them."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command
from tests.factories import history
from tracker.store.sql import run


def test_a_removal_says_what_would_go_and_asks_for_yes(
    command: Command, home: Path, store: Path
) -> None:
    history("typo", login="P F")
    said = command("job", "remove", "typo")
    assert said.code == 2
    assert "With the job 'typo' 2 builds with 2 results, and 2 reports" in said.err
    assert "Add --yes" in said.err
    assert run("SELECT count(*) FROM build") == [(2,)]


def test_a_removal_says_what_went_and_how_the_job_may_come_back(
    command: Command, home: Path, store: Path
) -> None:
    history("typo", login="P F")
    said = command("job", "remove", "typo", "--yes")
    assert said.code == 0
    assert said.out.startswith("The job 'typo' is removed: 2 builds with 2 results, and 2 reports")
    assert "makes it anew" in said.err
    assert command("job", "remove", "typo", "--yes").code == 2


def test_a_job_is_retired_and_in_use_again(command: Command, home: Path, store: Path) -> None:
    history("old", login="P F")
    said = [
        command("job", word, "old").out for word in ("retire", "retire", "unretire", "unretire")
    ]
    assert said == [
        "The job 'old' is now retired.\n",
        "The job 'old' is already retired.\n",
        "The job 'old' is in use again.\n",
        "The job 'old' is not retired.\n",
    ]
