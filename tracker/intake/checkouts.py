"""Files' names without the checkout they lie in, which is another one on every machine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

# What CI servers lay before a checkout: GitHub and Azure, Jenkins, and what containers are told.
_CHECKOUT = re.compile(
    r".*?/(?:_?work|a|__w)/(?:([^/]+)/\1|\d+/s)/"
    r"|/.+?/workspace/[^/]+/"
    r"|/(?:github/workspace|usr/src/[^/]+|root/project|home/circleci/project)/"
)
_SOURCES = re.compile(
    r".*?/(?=(?:src|tests?|__tests?__|specs?|e2e|cypress|packages|apps|libs?|modules|services"
    r"|features|frontend|backend)/)"
)


def without_checkout(files: Sequence[str]) -> list[str]:
    """The names of one run's files, with `/`, each without what is another one elsewhere.

    Relative names stay. Of absolute ones goes what CI servers lay before a checkout, or what
    stands before a folder of sources; of those that have neither, what they have in common.
    """
    short = {file: _without_checkout(file.replace("\\", "/")) for file in set(files)}
    rest = {name.rpartition("/")[0] for name in short.values() if _is_absolute(name)}
    try:
        root = posixpath.commonpath(rest).rstrip("/") + "/" if rest else ""
    except ValueError:  # other drives, or one of them is no path
        root = "/"
    short = {
        file: name.removeprefix(root) if _is_absolute(name) else name
        for file, name in short.items()
    }
    return [short[file] for file in files]


def _without_checkout(name: str) -> str:
    if not _is_absolute(name):
        return name.removeprefix("./")
    found = _CHECKOUT.match(name) or _SOURCES.match(name)
    return name[found.end() :] if found else name


def _is_absolute(name: str) -> bool:
    return name.startswith("/") or name[1:3] == ":/"
