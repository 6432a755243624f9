"""What modules are called: by their job in Jenkins where it is theirs alone, always the same."""

from __future__ import annotations

import pytest

from tracker.operations.legacy.names import JenkinsJob, jenkins_job, names_of, tracker_name

SERVER = "https://jenkins.example/"


@pytest.mark.parametrize(
    ("url", "job"),
    [
        (f"{SERVER}job/routing/12/", JenkinsJob(SERVER, "routing")),
        (f"{SERVER}job/routing", JenkinsJob(SERVER, "routing")),
        (f"{SERVER}job/team/job/nightly/3/", JenkinsJob(SERVER, "team/nightly")),
        (f"{SERVER}job/app/job/feature%252Fx/3", JenkinsJob(SERVER, "app/feature%2Fx")),
        ("http://host:8080/ci/job/a/1/", JenkinsJob("http://host:8080/ci/", "a")),
        (f"{SERVER}view/all/job/a/1/", JenkinsJob(SERVER, "a")),
        ("", None),
        ("routing", None),
        (f"{SERVER}", None),
        (f"{SERVER}job/", None),
        ("ftp://jenkins.example/job/a/1/", None),
        ("http://[/job/a/1/", None),
    ],
)
def test_the_job_of_an_address(url: str, job: JenkinsJob | None) -> None:
    assert jenkins_job(url) == job


def test_a_server_with_a_prefix_gives_it_to_its_jobs() -> None:
    job = JenkinsJob(SERVER, "routing")
    assert tracker_name(job, {SERVER: "west"}) == "west/routing"
    assert tracker_name(job, {"https://other.example/": "west"}) == "routing"


def test_a_module_with_a_job_of_its_own_is_called_like_it() -> None:
    urls = {
        ("7.0", "routing"): [f"{SERVER}job/r7/job/routing/1/", f"{SERVER}job/r7/job/routing/2/"],
        ("6.4", "routing"): [f"{SERVER}job/r6/job/routing/1/"],
    }
    assert names_of(urls, {}, {}) == {
        ("7.0", "routing"): "r7/routing",
        ("6.4", "routing"): "r6/routing",
    }


@pytest.mark.parametrize(
    "urls",
    [
        {("7.0", "routing"): [f"{SERVER}job/a/1/", f"{SERVER}job/b/2/"]},
        {("7.0", "routing"): [f"{SERVER}job/a/1/"], ("6.4", "routing"): [f"{SERVER}job/a/1/"]},
        {("7.0", "routing"): ["", ""]},
        {("7.0", "routing"): []},
    ],
    ids=["two jobs", "a shared job", "no addresses", "no builds"],
)
def test_another_module_is_called_by_release_and_name(
    urls: dict[tuple[str, str], list[str]],
) -> None:
    assert names_of(urls, {}, {})["7.0", "routing"] == "7.0/routing"


def test_a_name_that_was_given_stays_when_another_release_uses_the_job_too() -> None:
    urls = {
        ("7.0", "routing"): [f"{SERVER}job/routing/1/"],
        ("7.1", "routing"): [f"{SERVER}job/routing/2/"],
    }
    assert names_of(urls, {}, {("7.0", "routing"): "routing"}) == {
        ("7.0", "routing"): "routing",
        ("7.1", "routing"): "7.1/routing",
    }


def test_a_name_that_another_module_was_given_is_not_free() -> None:
    urls = {("7.1", "routing"): [f"{SERVER}job/routing/2/"]}
    found = names_of(urls, {}, {("7.0", "routing"): "routing"})
    assert found == {("7.1", "routing"): "7.1/routing"}


def test_a_module_that_no_job_can_be_called_has_no_name() -> None:
    assert names_of({("7.0", ".."): [], ("7.0", ""): [], ("7.0", "a\nb"): []}, {}, {}) == {}


def test_a_slash_in_a_name_does_not_make_two_modules_one() -> None:
    found = names_of(
        {("7/0", "routing"): [], ("7", "0/routing"): [], ("7%2F0", "routing"): []}, {}, {}
    )
    assert found == {
        ("7/0", "routing"): "7%2F0/routing",
        ("7", "0/routing"): "7/0%2Frouting",
        ("7%2F0", "routing"): "7%252F0/routing",
    }


def test_a_job_that_is_called_as_another_module_is_kept_apart_is_not_its_name() -> None:
    urls = {("7.0", "routing"): [f"{SERVER}job/6.4/job/shop/1/"], ("6.4", "shop"): []}
    assert names_of(urls, {}, {}) == {
        ("7.0", "routing"): "7.0/routing",
        ("6.4", "shop"): "6.4/shop",
    }


def test_a_module_that_is_kept_apart_under_the_name_of_its_own_job_is_called_so() -> None:
    urls = {("7.0", "routing"): [f"{SERVER}job/7.0/job/routing/1/"]}
    assert names_of(urls, {}, {}) == {("7.0", "routing"): "7.0/routing"}


def test_a_module_whose_name_another_was_given_has_none() -> None:
    assert names_of({("6.4", "shop"): []}, {}, {("7.0", "routing"): "6.4/shop"}) == {}
