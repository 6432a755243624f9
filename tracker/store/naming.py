"""Names of jobs taken apart: `{release}/{module}/nightly-{platform}` says what each part means."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from tracker.errors import UsageError

PARTS = ("release", "module", "platform", "branch")
_TOKENS = re.compile(r"\{(\w*)\}|(\*\*/?)|(\*)|(\?)|([{}])|([^{}*?]+)")


@dataclass(frozen=True)
class NameParts:
    """What the name of a job says of it; `rule` is the pattern that says so, "" for none."""

    release: str = ""
    module: str = ""
    platform: str = ""
    branch: str = ""
    rule: str = ""


def parts_of(name: str, patterns: Iterable[str], *, is_branch: bool = False) -> NameParts:
    """What the first pattern that fits makes of a job's full name.

    Jobs of a multibranch project are called like their branch, which only a rule overrides.
    """
    own = unquote(name.rpartition("/")[2]) if is_branch else ""
    for pattern in patterns:
        found = name_pattern(pattern).fullmatch(name)
        if found:
            said = {part: unquote(text) for part, text in found.groupdict().items()}
            return NameParts(**{"branch": own, **said}, rule=pattern)
    return NameParts(branch=own)


def admits(patterns: Sequence[str], name: str) -> bool:
    """Whether one of the patterns fits a full name, and none of those with `!` before them does."""
    refused = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    return any(fnmatch.fnmatchcase(name, each) for each in wanted) and not any(
        fnmatch.fnmatchcase(name, each) for each in refused
    )


@functools.cache
def name_pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression of a rule's pattern; UsageError where it is none.

    `{part}` stands for the text of that part within one folder, `*` for any text within one
    folder, `?` for a letter, `**/` for any folders.
    """
    if not pattern.strip("/"):
        raise UsageError("A pattern of names cannot be empty.", "`**` fits every name.")
    spelt: list[str] = []
    used: set[str] = set()
    for token in _TOKENS.finditer(pattern):
        part, folders, text, letter, brace, plain = token.groups()
        if brace or (part is not None and (part not in PARTS or part in used)):
            raise UsageError(
                f"{pattern[:80]!r} is no pattern of names: {token[0]!r} cannot stand there.",
                f"Each of {', '.join('{' + each + '}' for each in PARTS)} may be used once.",
            )
        if part:
            used.add(part)
            spelt.append(f"(?P<{part}>[^/]+?)")
        elif folders:
            spelt.append("(?:.*/)?" if folders.endswith("/") else ".*")
        else:
            spelt.append("[^/]*" if text else "[^/]" if letter else re.escape(plain))
    return re.compile("".join(spelt))


def path_pattern(glob: str) -> re.Pattern[str]:
    """The regular expression of a pattern of paths as Jenkins takes them: `target/**/TEST-*.xml`.

    `**` stands for any folders, `*` for any text and `?` for a letter within one name; a folder's
    name with a slash behind it stands for all that is in it.
    """
    text = glob.strip().removeprefix("./")
    if not text or re.search(r"[{}\x00-\x1f]", text):
        raise UsageError(f"{glob[:80]!r} is no pattern of paths.", "Such as `out/**/TEST-*.xml`.")
    return name_pattern(f"{text}**" if text.endswith("/") else text)
