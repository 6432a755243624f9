"""The doctor on where requests are counted."""

from __future__ import annotations

import msgspec
import pytest

from tests.operations.doctor.scenes import only, scene
from tests.servers import PASSWORD, running_redis
from tracker.operations.doctor import counting
from tracker.settings import Settings


def test_a_machine_of_its_own_counts_for_itself(settings: Settings) -> None:
    assert only(counting.look(scene(settings))).verdict == "pass"


def test_a_redis_is_named_and_one_that_is_gone_is_a_warning(settings: Settings) -> None:
    with running_redis() as redis:
        its = msgspec.structs.replace(settings, limits_url=redis.address)
        found = only(counting.look(scene(its)))
        assert found.verdict == "pass"
        assert found.words == f"Requests are counted in redis://127.0.0.1:{redis.port}."
    found = only(counting.look(scene(its)))
    assert found.verdict == "warn"
    assert f"redis://127.0.0.1:{redis.port}: " in found.words
    assert PASSWORD not in found.words


def test_another_machine_without_a_password_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = msgspec.structs.replace(settings, limits_url="redis://192.0.2.1")
    away = only(counting.look(scene(its)))
    assert away.verdict == "warn"
    assert "password:" not in away.words
    monkeypatch.setattr(counting, "trouble", lambda _address: "")  # it answers
    opened = only(counting.look(scene(its)))
    assert opened.verdict == "warn"
    assert opened.words.startswith("redis://192.0.2.1 is named without a password: ")
    assert "TRACKER_LIMITS_URL_FILE" in opened.remedy
