"""Who is who: the key of a case, the same over builds, jobs, machines and databases.

A key is a hash of the names of the suites around a case, the class where the suites do not say
it, the case's name, its variant, and its place among cases of the same name. What changes with
every run (memory addresses, temporary folders) is left out, also of the name that is shown: the
case is the same in every build, and no build's own spelling of it is.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable

SEPARATOR = "\x1f"
SUITE_SEPARATOR = "\n"
# Between the names of suites, and of what is in them, where they are one text.
SUITE_JOINT = " › "
# How a key is spelt: its number is one that every database has.
KEY = "[0-7][0-9a-f]{15}"

_CHANGES = re.compile(
    r"0x[0-9a-fA-F]{4,}"
    r"|\d+-byte object <[0-9A-F -]+>"
    r"|/(?:tmp|var/folders)/[^\s\"'\])]+"
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
)
_SOURCE_FILE = re.compile(
    r"([._](test|spec))?\.([cm]?[jt]sx?|py|rb|php|java|kt|cs|dart|feature|robot)$"
)
# Between the describes and the title that reporters of JavaScript put into one name.
_BETWEEN = re.compile(r" [›>] ")
_LAST = re.compile(r"[^.:]*$")
_PARTS = re.compile(r"[./\\:]+")
_MAY_CHANGE = re.compile(r"0x|byte object|/tmp/|/var/folders/|\d:\d\d:\d")


def stable(text: str) -> str:
    """The text as the key sees it."""
    # Most names hold none of these, and looking costs a tenth of the pattern.
    if not ("0x" in text or "/" in text or ":" in text or "byte object" in text):
        return text
    return _CHANGES.sub("…", text) if _MAY_CHANGE.search(text) else text


def number(text: str) -> int:
    """A hash of `text` as a positive number of 63 bits: an id that needs no database."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def suite_path(names: Iterable[str], classname: str = "") -> tuple[str, ...]:
    """The suites around a case, with its class as the last one where they do not say it."""
    path = tuple(name.replace(SUITE_SEPARATOR, " ") for name in names if name)
    if classname and (not path or path[-1] != classname):
        return (*path, classname.replace(SUITE_SEPARATOR, " "))
    return path


def suite_id(path: tuple[str, ...]) -> int:
    """The id of a suite, from stable names."""
    return number(SUITE_SEPARATOR.join(path))


def case_id(suite: int, name: str, variant: str = "", place: int = 1) -> int:
    """The id of a case from its stable name; `place` counts cases of one name in one report."""
    text = f"{suite}{SEPARATOR}{name}{SEPARATOR}{variant}"
    return number(text if place == 1 else f"{text}{SEPARATOR}{place}")


@functools.lru_cache(maxsize=20_000)  # names come back with every build
def twin(name: str) -> int:
    """What cases have in common that may be one test read from reports of two formats.

    It is the test's own title: formats write the suites around it before the name or into it, and
    its parameters behind it, each in its own way.
    """
    last = _BETWEEN.split(name)[-1]
    bare = last.partition("(")[0].partition("[")[0].partition(" #")[0].strip()
    if " " not in bare:
        bare = _LAST.search(bare)[0] or bare  # type: ignore[index] # it always matches
    return number(bare or last)


def words(path: str, name: str) -> frozenset[str]:
    """The names around a test's title: of its suites, packages, folders and classes."""
    around = [*path.split(SUITE_SEPARATOR), *_BETWEEN.split(name)[:-1]]
    return frozenset(
        word for part in around for word in _PARTS.split(_SOURCE_FILE.sub("", part)) if word
    )


def title(suite: Iterable[str], name: str, variant: str = "") -> str:
    """A case as one text: the suites around it, its name, and its variant if it has one."""
    return SUITE_JOINT.join(filter(None, (*suite, name, variant)))


def key(case: int) -> str:
    """The id of a case as URLs spell it: 16 hexadecimal digits."""
    return f"{case:016x}"


def id_of(text: str) -> int | None:
    """The id that `key` spelt, None where it cannot be one."""
    return int(text, 16) if re.fullmatch(KEY, text) else None


def with_facets(variant: str, facets: Iterable[tuple[str, str]]) -> str:
    """A variant with more facets; of two of one name the variant's own stays."""
    said = dict(part.split("=", 1) for part in variant.split(",") if part)
    plain = ((name, re.sub(r"[,=\s]+", " ", value).strip()) for name, value in facets)
    return variant_of({**{name: value for name, value in plain if value}, **said}.items())


def variant_of(facets: Iterable[tuple[str, str]]) -> str:
    """The facets of a report as canonical text: `browser=firefox,platform=linux`."""
    return ",".join(f"{name}={value}" for name, value in sorted(set(facets)))
