"""Patterns of names and of paths: what they fit, what they say, what is refused."""

from __future__ import annotations

import pytest

from tracker.errors import UsageError
from tracker.store.naming import NameParts, admits, name_pattern, parts_of, path_pattern

NIGHTLY = "{release}/{module}/nightly-{platform}"


def test_each_part_of_a_pattern_is_read_from_the_name() -> None:
    assert parts_of("5.2/core/nightly-linux", [NIGHTLY]) == NameParts(
        "5.2", "core", "linux", rule=NIGHTLY
    )


def test_the_first_pattern_that_fits_counts() -> None:
    patterns = ["{module}", "{release}/*", "{module}/*"]
    assert parts_of("a/b", patterns) == NameParts(release="a", rule="{release}/*")


def test_a_name_that_no_pattern_fits_says_nothing() -> None:
    assert parts_of("a/b/c", [NIGHTLY, "{release}/*"]) == NameParts()


@pytest.mark.parametrize(
    ("pattern", "name", "is_fit"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a", "xa", False),
        ("*", "a", True),
        ("*", "a/b", False),
        ("a*", "a", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a?c", "ac", False),
        ("**", "a/b/c", True),
        ("**/c", "c", True),
        ("**/c", "a/b/c", True),
        ("**/c", "a/bc", False),
        ("a/**", "a/b/c", True),
        ("a/**", "b/a", False),
        ("a/**/c", "a/c", True),
        ("a.b", "axb", False),
        ("a+(b)", "a+(b)", True),
        ("[ab]", "a", False),
        ("{release}", "a/b", False),
        ("{release}", "", False),
        ("{release}-{platform}", "5-x", True),
        ("{release}-{platform}", "5-", False),
    ],
)
def test_a_pattern_fits_a_whole_name_folder_by_folder(
    pattern: str, name: str, is_fit: bool
) -> None:
    assert bool(name_pattern(pattern).fullmatch(name)) == is_fit


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("{realease}", "'{realease}'"),
        ("{}", "'{}'"),
        ("{release}/{release}", "'{release}'"),
        ("a{", "'{'"),
        ("a}", "'}'"),
        ("{release", "'{'"),
        ("{a-b}", "'{'"),
    ],
)
def test_a_bad_pattern_is_refused_and_the_fault_named(pattern: str, word: str) -> None:
    with pytest.raises(UsageError, match="is no pattern of names") as error:
        name_pattern(pattern)
    assert word in error.value.message
    assert "{release}, {module}, {platform}, {branch} may be used once" in error.value.remedy


# Branches


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("team/app/main", "main"),
        ("team/app/feature%2Flogin", "feature/login"),
        ("team/app/feature%252Flogin", "feature%2Flogin"),
        ("main", "main"),
    ],
)
def test_a_job_of_a_multibranch_project_is_called_like_its_branch(name: str, branch: str) -> None:
    assert parts_of(name, [], is_branch=True) == NameParts(branch=branch)


def test_a_job_of_no_multibranch_project_has_no_branch() -> None:
    assert parts_of("team/app/main", []) == NameParts()


def test_a_rule_overrides_the_branch_where_it_speaks_of_it() -> None:
    name = "5.2/app/release%2F5.2"
    told = parts_of(name, ["{release}/{module}/*"], is_branch=True)
    assert (told.branch, told.module) == ("release/5.2", "app")
    told = parts_of(name, ["{branch}/{module}/*"], is_branch=True)
    assert told.branch == "5.2"


def test_a_part_of_a_name_is_percent_decoded() -> None:
    assert parts_of("app/feature%2Fx", ["{module}/{branch}"]).branch == "feature/x"


# What a server admits


@pytest.mark.parametrize(
    ("patterns", "name", "is_admitted"),
    [
        (["*"], "a/b/c", True),
        (["team/*"], "team/a/b", True),
        (["team/*"], "other", False),
        (["team/*", "!team/old-*"], "team/old-1", False),
        (["!team/old-*", "team/*"], "team/old-1", False),
        (["!team/*"], "other", True),
        (["!team/*"], "team/a", False),
        ([], "anything", True),
        (["Team/*"], "team/a", False),
    ],
)
def test_a_server_admits_what_one_pattern_fits_and_none_with_a_mark_excludes(
    patterns: list[str], name: str, is_admitted: bool
) -> None:
    assert admits(patterns, name) == is_admitted


# Paths of artifacts


@pytest.mark.parametrize(
    ("glob", "path", "is_fit"),
    [
        ("target/**/TEST-*.xml", "target/TEST-a.xml", True),
        ("target/**/TEST-*.xml", "target/a/b/TEST-a.xml", True),
        ("target/**/TEST-*.xml", "target/a/b/x.xml", False),
        ("*.xml", "a/b.xml", False),
        ("out/", "out/a/b.xml", True),
        ("./out/*.xml", "out/a.xml", True),
        (" out/*.xml ", "out/a.xml", True),
    ],
)
def test_a_pattern_of_paths_fits_as_jenkins_would_have_it(
    glob: str, path: str, is_fit: bool
) -> None:
    assert bool(path_pattern(glob).fullmatch(path)) == is_fit


@pytest.mark.parametrize("glob", ["", " ", "./", "{release}/x.xml", "a\nb"])
def test_what_is_no_pattern_of_paths_is_refused(glob: str) -> None:
    with pytest.raises(UsageError, match="is no pattern of paths"):
        path_pattern(glob)
