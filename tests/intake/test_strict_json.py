"""JSON that only lenient readers take, made such as every reader takes."""

from __future__ import annotations

import codecs

import msgspec
import pytest

from tracker.intake.strict_json import CutShort, strict_json, strict_text


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        (b'{"a": "\x1b[1m\x00\x1f"}', {"a": "\x1b[1m\x00\x1f"}),
        (b'{"a":\r\n\t"\\n"}', {"a": "\n"}),
        (b'{\n"a": "x\ty\\"\r\n\x1b",\t"b": "\\\\"}', {"a": 'x\ty"\r\n\x1b', "b": "\\"}),
        (b'{"a": [NaN, -Infinity,Infinity], "b": "NaN"}', {"a": [None] * 3, "b": "NaN"}),
        (b'{"a": \x1b1}', None),
        (b'{"a": "\\q", "b": "c"}', None),
        (b'{"a": "' + b"\x1b" * 1000 + b'"}', None),
        (codecs.BOM_UTF16_LE + '{"a": 1}'.encode("utf-16-le"), None),
        (b"<html>", None),
        (b"[" * 200_000, None),
    ],
    ids=[
        *("controls", "layout", "in strings", "numbers", "outside"),
        *("escape", "many", "UTF-16", "HTML", "deep"),
    ],
)
def test_long_documents_are_mended_as_text_or_not_at_all(
    text: bytes, strict: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.intake.strict_json.MENDED_BYTES", 0)
    monkeypatch.setattr("tracker.intake.strict_json._MOST_CONTROLS", 100)
    monkeypatch.setattr("tracker.intake.strict_json.strict_json", None)
    if strict is None:
        with pytest.raises(ValueError, match="too long to be mended"):
            strict_text(text)
    else:
        assert msgspec.json.decode(strict_text(text)) == strict


def test_short_ones_are_mended_as_values_are() -> None:
    assert strict_text(codecs.BOM_UTF8 + b'{"a": NaN, "b": "x\ty"}') == b'{"a": null, "b": "x\\ty"}'


def test_what_breaks_off_anywhere_is_cut_short() -> None:
    text = b'{"a": ["x\ty\\"\\u00e9", NaN, -Infinity, true, -1.5e+3, {}], "b": null}'
    assert msgspec.json.decode(strict_text(text))["b"] is None
    for end in range(len(text)):
        with pytest.raises(CutShort):
            strict_text(text[:end])


def test_a_string_that_nothing_closes_is_read_once() -> None:
    with pytest.raises(CutShort):
        strict_text(b'{"a": "\t' + b'\\"' * 500_000)


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        (b'{"a": "x\x1b[1m\ty"}', {"a": "x\x1b[1m\ty"}),
        (b'{"a": [NaN, -Infinity, 1e999, 2, -2.5]}', {"a": [None, None, None, 2, -2.5]}),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": None}),
        (b'{"a": "\\ud83d"}', {"a": "?"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (codecs.BOM_UTF8 + b'{"a": 1}', {"a": 1}),
        (b'{"a": "\x1b"', None),
        (b"<html>", None),
        (b"[" * 200_000, None),
    ],
)
def test_what_only_lenient_readers_take_is_made_what_all_do(text: bytes, strict: object) -> None:
    if strict is None:
        with pytest.raises(ValueError, match=r"Expecting|too deep|Invalid"):
            strict_json(text)
    else:
        assert msgspec.json.decode(strict_json(text)) == strict
