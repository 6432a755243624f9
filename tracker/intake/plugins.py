"""Finding parsers: our own, a folder of the operator's, installed ones that were enabled."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tracker import resources
from tracker.errors import SettingsError
from tracker.intake.contract import Parser

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "tracker.parsers"


@dataclass(frozen=True)
class Plugin:
    """A parser, where it was found, and the file that its code is in."""

    parser: Parser
    origin: str
    file: Path

    @property
    def sha256(self) -> str:
        """The digest of the file, by which two of one version are told apart; "" of no file."""
        return sha256(self.file.read_bytes()).hexdigest() if self.file.is_file() else ""


@dataclass(frozen=True)
class PluginSources:
    """Where to look: the folder of ours, the operator's folder, names of enabled entry points."""

    own: Path
    folder: Path | None = None
    enabled: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: str, enabled: str) -> PluginSources:
        """The sources that the settings `plugins_folder` and `plugins_enabled` name."""
        names = tuple(name.strip() for name in enabled.split(",") if name.strip())
        own = Path(folder).expanduser().absolute() if folder else None
        return cls(resources.folder("plugins"), own, names)


def load_plugins(sources: PluginSources) -> list[Plugin]:
    """All parsers, in the order of their names.

    Raises SettingsError, naming the file, for a plugin that cannot be imported, has no parser, or
    takes the name of another one.
    """
    found: dict[str, Plugin] = {}
    for plugin in _all(sources):
        other = found.setdefault(plugin.parser.name, plugin)
        if other is not plugin:
            raise SettingsError(
                f"Two parsers are called {plugin.parser.name!r}: {other.origin} and"
                f" {plugin.origin}.",
                "Rename or remove one of them.",
            )
    return [found[name] for name in sorted(found)]


@lru_cache(maxsize=8)
def endings(sources: PluginSources) -> tuple[str, ...]:
    """How the names of files end that a parser may want, packed by gzip or not."""
    found = {end.lower() for plugin in load_plugins(sources) for end in plugin.parser.endings}
    return tuple(sorted(found | {f"{end}.gz" for end in found}))


def installed() -> list[EntryPoint]:
    """Entry points of installed distributions, enabled or not."""
    # Importing this and looking through all distributions is a third of a child's start.
    from importlib.metadata import entry_points

    return sorted(entry_points(group=ENTRY_POINTS), key=lambda each: each.name)


def _all(sources: PluginSources) -> Iterator[Plugin]:
    yield from _folder(sources.own)
    if sources.folder is not None:
        if not sources.folder.is_dir():
            raise SettingsError(
                f"The plugins folder {sources.folder} is not there.",
                "Make it, or correct TRACKER_PLUGINS_FOLDER.",
            )
        yield from _folder(sources.folder)
    if sources.enabled:
        yield from _enabled(sources.enabled)


def _folder(folder: Path) -> Iterator[Plugin]:
    for path in sorted(folder.glob("[!_]*.py")):
        parsers = [value for value in _load(path) if isinstance(value, Parser)]
        if not parsers:
            raise SettingsError(
                f"The plugin {path} has no parser.", "Decorate one generator with @parser(…)."
            )
        for each in parsers:
            yield Plugin(each, str(path), path)


def _load(path: Path) -> Sequence[object]:
    spec = importlib.util.spec_from_file_location(f"tracker_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SettingsError(f"The plugin {path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise SettingsError(
            f"The plugin {path} cannot be imported: {type(error).__name__}: {error}.",
            "Mend or remove the file.",
        ) from error
    return list(vars(module).values())


def _enabled(names: Sequence[str]) -> Iterator[Plugin]:
    points = {point.name: point for point in installed()}
    for name in names:
        if name not in points:
            raise SettingsError(
                f"No installed distribution has a parser {name!r}.",
                f"There are: {', '.join(points) or 'none'}.",
            )
        try:
            value = points[name].load()
        except (Exception, SystemExit) as error:
            raise SettingsError(
                f"The parser {name!r} ({points[name].value}) cannot be imported:"
                f" {type(error).__name__}: {error}.",
                "Take it out of TRACKER_PLUGINS_ENABLED, or mend its distribution.",
            ) from error
        if not isinstance(value, Parser):
            raise SettingsError(
                f"The entry point {name!r} is not a parser.", "See plugins/README.md."
            )
        module = sys.modules[points[name].module]
        origin = f"entry point {name} ({points[name].value})"
        yield Plugin(value, origin, Path(module.__file__ or ""))
