"""The rooms of the design: who may import whom, and where the libraries live."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each room, and the rooms of ours it may import.
FOUNDATION = {
    "errors",
    "settings",
    "resources",
    "durable",
    "clock",
    "decoding",
    "beat",
    "one_line",
    "published",
    "logs",
    "masking",
    "metrics",
    "web_processes",
    "",
}
MAY_IMPORT = {
    "verdicts": FOUNDATION,
    "store": FOUNDATION | {"verdicts"},
    "queries": FOUNDATION | {"verdicts", "store"},
    "pages": FOUNDATION | {"verdicts", "store", "queries"},
    "site": FOUNDATION | {"verdicts", "store", "queries", "pages"},
    "intake": FOUNDATION | {"verdicts", "store"},
    "jenkins": FOUNDATION | {"verdicts", "store", "intake"},
    "operations": FOUNDATION | {"verdicts", "store", "queries", "intake"},
    "web": FOUNDATION | {"verdicts", "store", "queries", "pages", "site", "intake", "operations"},
    "worker": FOUNDATION
    | {"verdicts", "store", "queries", "pages", "site", "intake", "jenkins", "operations"},
    "cli": FOUNDATION
    | {"verdicts", "store", "queries", "pages", "site", "intake", "jenkins", "operations"}
    | {"worker", "web"},
    "errors": {""},
    "settings": FOUNDATION,
    "resources": {""},
    "durable": {"", "errors"},
    "clock": {""},
    "decoding": {""},
    "beat": {""},
    "one_line": {""},
    "published": {"", "decoding"},
    "logs": {"", "masking"},
    "masking": {""},
    "metrics": {""},
    "web_processes": {""},
    "gunicorn_conf": {"web_processes"},
    "gunicorn_log": {"errors", "logs", "settings", ""},
    "": set(),
    "__main__": {"cli"},
}
# Single modules of rooms that may not be imported as a whole: the web reads what Jenkins sends, and
# never asks it.
ALSO_MAY_IMPORT = {"web": {"tracker.jenkins.hooks"}}
LIBRARIES = {
    "peewee": {"store"},
    "playhouse": {"store"},
    "flask": {"web"},
    "jenkins": {"jenkins"},
    "requests": {"jenkins"},
    "lxml": {"intake"},
    "zipfile": {"intake"},
    "jinja2": {"site"},
    "prometheus_client": {"metrics", "operations", "web"},
    "sqlite3": {"store"},  # others by `tracker.store.sqlite.driver`: one copy of SQLite a process
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package with the room it stands in."""
    package = ROOT / "tracker"
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        room = relative.parts[0] if len(relative.parts) > 1 else relative.stem
        yield ("" if room == "__init__" else room), path


MODULES = list(modules())
# One test a room: pytest takes longer over a test than a test over a file.
ROOMS = sorted({room for room, _ in MODULES})


def files_of(room: str) -> list[Path]:
    """The files of a room."""
    return [path for each, path in MODULES if each == room]


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A file as a tree; each rule looks at it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """The modules that a file imports, as dotted names."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            if node.module == "tracker":
                yield from (f"tracker.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_a_module_imports_only_from_rooms_below_its_own(room: str) -> None:
    wrong = [(str(path), name) for path in files_of(room) for name in above(room, imports(path))]
    assert wrong == []


def above(room: str, names: Iterable[str]) -> Iterator[str]:
    """What a room may not import, of these names."""
    for name in names:
        package, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if package != "tracker" or other == room or name in ALSO_MAY_IMPORT.get(room, ()):
            continue
        if other not in MAY_IMPORT[room]:
            yield name


@pytest.mark.parametrize("room", ROOMS)
def test_a_library_is_imported_only_in_the_rooms_that_are_for_it(room: str) -> None:
    wrong = [
        (str(path), name)
        for path in files_of(room)
        for name in imports(path)
        if room not in LIBRARIES.get(name.split(".")[0], {room})
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").glob("*.py")), ids=lambda p: p.name)
def test_a_plugin_imports_nothing_of_ours_but_the_contract(path: Path) -> None:
    ours = {name for name in imports(path) if name.split(".")[0] == "tracker"}
    assert ours == {"tracker.intake.contract"}


def reached_from(start: str) -> dict[str, tuple[str, ...]]:
    """A module of ours and all that are loaded with it, each with the names it imports."""
    reached: dict[str, tuple[str, ...]] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        path = file_of(name)
        if name in reached or path is None:
            continue
        reached[name] = imports(path)
        waiting += [*reached[name], *imported_from_packages(path), name.rpartition(".")[0]]
    return reached


def file_of(name: str) -> Path | None:
    """The file of a module or a package of ours; None for what is neither."""
    path = ROOT / name.replace(".", "/")
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if name and file.is_file()), None)


def imported_from_packages(path: Path) -> Iterator[str]:
    """What a file's `from package import name` would load if the name is a module's."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_outside_the_child_imports_peewee_on_the_way_to_parsing() -> None:
    """The parsing child never sees the database: nothing it imports reaches Peewee."""
    assert importers(reached_from("tracker.intake.child"), {"peewee"}) == []


def test_the_web_reaches_nothing_that_asks_jenkins() -> None:
    reached = reached_from("tracker.web.app")
    assert len(reached) > 150, "the walk no longer sees most of what the web loads"
    assert importers(reached, {"jenkins", "requests"}) == []


def importers(reached: dict[str, tuple[str, ...]], libraries: set[str]) -> list[tuple[str, str]]:
    """The modules that import one of these libraries, each with the name it imports."""
    return [
        (name, imported)
        for name, names in reached.items()
        for imported in names
        if imported.split(".")[0] in libraries
    ]


def test_every_file_says_its_one_idea() -> None:
    assert [str(path) for _, path in MODULES if not ast.get_docstring(parsed(path))] == []


def catch_alls(path: Path) -> Iterator[ast.ExceptHandler]:
    """The handlers of a file that catch everything and do not raise it on in another form."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        name = getattr(node.type, "id", None)
        is_broad = node.type is None or name in ("Exception", "BaseException")
        if is_broad and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
            yield node


def test_no_file_swallows_everything_without_a_reason() -> None:
    for _, path in MODULES:
        lines = path.read_text(encoding="utf-8").splitlines()
        for handler in catch_alls(path):
            line = lines[handler.lineno - 1]
            is_a_workers = path.name in ("loop.py", "heartbeat.py")
            assert "noqa: BLE001 - " in line or is_a_workers, f"{path}: {line.strip()}"
