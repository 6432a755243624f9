"""The documents are held to account: what exists is documented, and what they link is there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest

from tracker.cli import COMMANDS, tracker
from tracker.pages import PAGES
from tracker.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not {".git", ".venv", ".venv-test", "output"} & set(path.relative_to(ROOT).parts)
)


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_a_setting_is_documented(name: str) -> None:
    assert f"| `{name}` |" in README
    assert re.search(rf"^    {name} +\S", inspect.getdoc(Settings) or "", re.M) or re.search(
        rf"^{name} +\S", inspect.getdoc(Settings) or "", re.M
    )


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    table = README.split("## Settings")[1].split("##")[0]
    names = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert sorted(names) == sorted(Settings.__struct_fields__)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented(name: str) -> None:
    assert f"`tracker {name}" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_documented_with_its_route(page: object) -> None:
    assert f"| {page.name} | `{page.route}` |" in README  # type: ignore[attr-defined]


def commands(group: click.Group, path: str = "tracker") -> list[tuple[str, click.Command]]:
    """Every command with its path."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{path} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{path} {name}")
    return found


@pytest.mark.parametrize(("path", "command"), commands(tracker), ids=lambda value: str(value))
def test_the_help_of_a_command_has_an_example(path: str, command: click.Command) -> None:
    assert command.help is not None
    assert "Example: tracker " in command.help


def test_the_commands_that_take_json_are_listed() -> None:
    paragraph = README.split("`--json` is taken by")[1].split(";")[0]
    taking = [
        path
        for path, command in commands(tracker)
        if any("--json" in parameter.opts for parameter in command.params)
    ]
    assert sorted(re.findall(r"`(tracker [a-z -]+)`", paragraph)) == sorted(taking)


@pytest.mark.parametrize("path", [path for path, _ in commands(tracker)])
def test_a_command_of_a_group_is_in_the_table(path: str) -> None:
    name, _, action = path.removeprefix("tracker ").partition(" ")
    [row] = re.findall(rf"^\| (`tracker {name}(?![\w-]).*) \|", README, re.M)
    assert not action or f" {action}`" in row or f"`{action}`" in row


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_of_a_document_leads_to_a_file(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (document.parent / target).exists(), target


def test_the_formats_in_the_plugins_readme_are_the_plugins() -> None:
    text = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", text, re.M)
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "plugins").glob("*.py"))


def test_a_lower_bound_in_the_security_document_is_the_one_that_setup_demands() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \|", text, re.M)
    assert rows
    for name, bound in rows:
        assert re.search(rf"^    {name}(\[\w+\])? >= {re.escape(bound)}$", setup, re.M)


# Commands in lines of text, in indented blocks, and in fences; deploy/ has those that are run.
COMMAND = r"((?:tracker(?= )|(?:scripts/[\w-]+|deploy/[\w-]+\.sh)(?![\w./-]))[^`\n&]*)"
CALLED = re.compile(rf"(?:^    |`)(?:sudo )?{COMMAND}", re.M)
FENCED = re.compile(r"^ *```\w*\n(.*?)^ *```", re.M | re.S)
# What stands before a command in a fence: settings, a container that it runs in, another command.
BEFORE = r"^ *(?:sudo )?(?:\w+=\S+ )*|\b(?:exec|run)(?: -\S+)* [\w-]+ | -- +|[$|;&]\(? *|\bsh -c '"
CALLED_IN_FENCE = re.compile(rf"(?:{BEFORE}){COMMAND}", re.M)


def called(text: str) -> list[str]:
    """The commands that a document shows, a line each; what is continued is one line."""
    text = re.sub(r" *\\\n *", " ", text)
    fences = FENCED.findall(text)
    lines = [*CALLED.findall(FENCED.sub("", text))]
    lines += [line for fence in fences for line in CALLED_IN_FENCE.findall(fence)]
    return [line.strip() for line in lines]


def unknown_in(line: str) -> list[str]:
    """Scripts, commands and options of a line that do not exist."""
    words = line.split()
    if words[0] != "tracker":
        return unknown_of_script(ROOT / words[0], words)
    found: click.Command = tracker
    known = {option for each in tracker.params for option in each.opts}
    for word in words[1:]:
        if word.startswith("--"):
            name = word.partition("=")[0].strip(".,;:)…'\"")
            known |= {o for each in found.params for o in (*each.opts, *each.secondary_opts)}
            if name not in {*known, "--help"}:
                return [f"{found.name} {name}"]
        elif isinstance(found, click.Group) and re.fullmatch("[a-z][a-z-]+", word):
            inner = found.get_command(click.Context(found), word)
            if inner is None:
                return [f"{found.name} {word}"]
            found = inner
    return []


def unknown_of_script(script: Path, words: list[str]) -> list[str]:
    """The script where there is none, or options of which neither it nor what it runs speaks."""
    if not script.is_file():
        return [words[0]]
    text = script.read_text(encoding="utf-8")
    for run in re.findall(r"scripts/\w+\.py", text):
        text += (ROOT / run).read_text(encoding="utf-8")
    options = {name for word in words[1:] for name in re.findall(r"^--[a-z-]+", word)}
    return [f"{script.name} {name}" for name in sorted(options) if name not in text]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_options_that_a_document_names_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert [wrong for line in called(text) for wrong in unknown_in(line)] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("run `sudo tracker doctor`.", ["tracker doctor"]),
        ("    scripts/test --nightly\n", ["scripts/test --nightly"]),
        ("```sh\ntracker init\n```\n", ["tracker init"]),
        ("- so:\n\n  ```sh\n  A=b tracker init\n  ```\n", ["tracker init"]),
        ("```sh\ndeploy/install.sh \\\n    --dry-run\n```\n", ["deploy/install.sh --dry-run"]),
        ("```\ndocker compose -f a.yaml exec -T web \\\n  tracker dump\n```\n", ["tracker dump"]),
        (
            "```\nkubectl exec pod -c web -- tracker init && tracker dump\n```\n",
            ["tracker init", "tracker dump"],
        ),
        ('```\ncurl -H "$(tracker token list)"\n```\n', ['tracker token list)"']),
        ("```\nsh -c 'tracker restore x --yes'\n```\n", ["tracker restore x --yes'"]),
        ("```\nfor name in tracker results; do\n    chown tracker y\n```\n", []),
    ],
)
def test_a_command_is_seen_wherever_it_is_shown(text: str, lines: list[str]) -> None:
    assert called(text) == lines


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("scripts/tset --nightly", ["scripts/tset"]),
        ("scripts/test --nihgtly", ["test --nihgtly"]),
        ("deploy/install.sh --dry-rnu", ["install.sh --dry-rnu"]),
        ("tracker tokn list", ["tracker tokn"]),
        ("tracker token lst", ["token lst"]),
        ("tracker ingest --job x --bild 3", ["ingest --bild"]),
        ("tracker ingest --job x --build=3 results/*.xml", []),
    ],
)
def test_a_command_that_does_not_exist_would_be_seen(line: str, wrong: list[str]) -> None:
    assert unknown_in(line) == wrong
