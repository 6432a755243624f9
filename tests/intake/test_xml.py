"""The hardened XML stream: what it yields, what it frees, what it refuses."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from tracker.intake import xml
from tracker.intake.damage import Damage, ReportError
from tracker.intake.xml import XmlDamage, xml_elements


def names(data: str | bytes, *wanted: str) -> list[str]:
    return [each.get("n") for each in elements(data, *wanted)]


def elements(data: str | bytes, *wanted: str) -> Iterator[xml.XmlElement]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return xml_elements(stream, *(wanted or ("a", "b", "c")))


def damage(data: str | bytes) -> tuple[list[str], XmlDamage]:
    found = []
    with pytest.raises(XmlDamage) as caught:
        found.extend(each.tag for each in elements(data))
    return found, caught.value


def test_elements_come_whole_and_in_the_order_of_their_ends():
    assert names('<a n="1"><b n="2"/><x><b n="3"/></x><c n="4"/></a>') == ["2", "3", "4", "1"]


def test_names_count_whatever_the_namespace():
    assert names('<p:a xmlns:p="urn:x" n="1"><b xmlns="urn:y" n="2"/></p:a>') == ["2", "1"]


def test_the_attributes_of_open_elements_can_be_asked_for():
    [b] = elements('<a n="1"><x n="2"><b/></x></a>', "b")
    assert [each.get("n") for each in b.iterancestors()] == ["2", "1"]


def test_an_element_is_freed_after_it_was_handed_over():
    data = '<a n="">' + "<b n='1'/>" * 50_000 + "</a>"
    sizes = []
    for place, each in enumerate(elements(data, "b")):
        if not place % 100:  # counting them takes as long as there are many
            sizes.append(len(each.getparent()))
    assert max(sizes) < 15_000


def test_what_was_not_asked_for_stays_until_the_end_of_its_container():
    data = "<a><keep/>" + "<b/>" * 50_000 + "<keep/></a>"
    [a] = elements(data, "a")
    assert len(a.findall("keep")) == 2
    kept = [len(each.findall("keep")) for each in elements(data, "a", "b") if each.tag == "a"]
    assert kept == [2]


def test_comments_and_instructions_do_not_show():
    [a] = elements("<?x y?><a><!-- 1 --><?z?>text</a>", "a")
    assert len(a) == 0
    assert a.text == "text"


# Encodings


@pytest.mark.parametrize(
    "data",
    [
        "<a n='é'/>".encode(),
        b"\xef\xbb\xbf" + "<a n='é'/>".encode(),
        "<?xml version='1.0' encoding='UTF-8'?><a n='é'/>".encode(),
        "<?xml version='1.0' encoding='ISO-8859-1'?><a n='é'/>".encode("latin-1"),
        "<?xml version='1.0' encoding='windows-1252'?><a n='é'/>".encode("cp1252"),
        "<?xml version='1.0' encoding='UTF-16'?><a n='é'/>".encode("utf-16"),
        "<a n='é'/>".encode("utf-16"),
        "<?xml version='1.0' encoding='UTF-16'?><a n='é'/>".encode("utf-16-le"),
        # Written by .NET into a string, and then saved as UTF-8.
        '<?xml version="1.0" encoding="utf-16"?><a n="é"/>'.encode(),
    ],
)
def test_text_is_read_in_its_encoding(data):
    assert names(data) == ["é"]


def test_bytes_in_another_encoding_than_declared_are_damage():
    found, met = damage(b"<?xml version='1.0' encoding='UTF-8'?>\n<a><b/><c n='gr\xf6\xdfe'/></a>")
    assert found == ["b"]
    assert "encoding" in met.reason
    assert met.position.startswith("line 2, column")


def test_an_encoding_that_nobody_knows_is_damage():
    assert "encoding" in damage('<?xml version="1.0" encoding="X-NOPE"?><a/>')[1].reason


# Characters that XML forbids


def test_control_characters_are_replaced_and_told_of_at_the_end():
    found, met = damage("<a><b>\x1b[31mred\0</b><c/></a>")
    assert found == ["b", "c", "a"]
    assert met.reason.startswith("2 control characters")


def test_a_control_character_in_the_first_element_is_replaced_too():
    found, met = damage('<a n="\x1b"><b/></a>')
    assert found == ["b", "a"]
    assert met.reason.startswith("1 control characters")


def test_a_file_without_control_characters_is_left_as_it_is():
    [a] = elements("<a>tab\t, line\n, &#9; and <![CDATA[&#27; in CDATA]]></a>", "a")
    assert a.text == "tab\t, line\n, \t and &#27; in CDATA"


def test_a_reference_to_a_forbidden_character_is_damage():
    assert damage("<a><b/><c>&#27;</c></a>")[0] == ["b"]


def test_the_escapes_of_an_encoding_are_no_control_characters():
    data = "<?xml version='1.0' encoding='ISO-2022-JP'?><a n='日本'/>".encode("iso2022_jp")
    assert names(data) == ["日本"]


# Damage


@pytest.mark.parametrize("chunk", [1, 7, 64, 65536])
def test_all_whole_elements_before_the_damage_are_yielded(monkeypatch, chunk):
    monkeypatch.setattr(xml, "HEAD", chunk + 9)
    monkeypatch.setattr(xml, "CHUNK", chunk)
    assert damage("<a><b/><b/><c></x></a>")[0] == ["b", "b"]


def test_a_cut_file_is_damage_at_its_end():
    found, met = damage("<a>\n<b/><c")
    assert found == ["b"]
    assert met.position == "line 2, column 7"


def test_an_entity_that_nobody_declared_is_damage_and_ends_the_reading():
    pieces = iter([b"<a><b/>&nbsp;", b"<c/></a>", b""])

    class Pieces(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return next(pieces)

    found = []
    with pytest.raises(XmlDamage, match="nbsp"):
        found.extend(each.tag for each in xml_elements(Pieces(), "a", "b", "c"))
    assert "c" not in found


def test_a_later_piece_is_never_taken_for_a_new_document(monkeypatch):
    monkeypatch.setattr(xml, "HEAD", 12)
    monkeypatch.setattr(xml, "CHUNK", 12)
    found, _ = damage('<a><b n="&nbsp;"/>   <c/></a><c/><c/><c/>')
    assert found == []


@pytest.mark.parametrize("data", [b"", b" \n ", b"\xef\xbb\xbf", b'<?xml version="1.0"?>', b"{}"])
def test_what_holds_no_element_is_damage(data):
    assert damage(data)[0] == []


def test_something_after_the_end_is_damage():
    assert damage("<a/><a/>")[0] == ["a"]


# What hostile files try

LAUGHS = "<!DOCTYPE a [<!ENTITY l 'ha'>{}]><a>&l9;</a>".format(
    "".join(f"<!ENTITY l{n} '{f'&l{n - 1 if n else str()};' * 10}'>" for n in range(10))
)


@pytest.mark.parametrize(
    "data",
    [
        LAUGHS,
        f"<!DOCTYPE a [<!ENTITY b '{'x' * 60_000}'>]><a>{'&b;' * 1000}</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'http://127.0.0.1:9/'>]><a n='&x;'/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/p.dtd'> %p;]><a/>",
        "<!DOCTYPE a [<!ATTLIST b n CDATA 'default'>]><a><b/></a>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
        "<!DOCTYPE a PUBLIC '-//x' 'http://127.0.0.1:9/a.dtd'><a/>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_that_declares_or_fetches_is_refused_at_once(data, encoding):
    found, _ = damage(data.encode(encoding))
    assert found == []


def test_default_attributes_are_refused_before_they_multiply():
    data = f"<!DOCTYPE a [<!ATTLIST b n CDATA '{'x' * 50_000}'>]><a>{'<b/>' * 100_000}</a>"
    found, met = damage(data)
    assert found == []
    assert "DOCTYPE" in met.reason


@pytest.mark.parametrize("doctype", ["<!DOCTYPE a>", "<!DOCTYPE a []>", "<!DOCTYPE a [<!-- -->]>"])
def test_a_doctype_that_declares_nothing_is_accepted(doctype):
    assert names(f'{doctype}<a n="[1"/>') == ["[1"]


def test_an_external_file_is_not_opened(tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_text("CANARY")
    for declared in (f"<!ENTITY x SYSTEM '{canary.as_uri()}'>", f"<!ENTITY x SYSTEM '{canary}'>"):
        texts = []
        with pytest.raises(XmlDamage):
            texts.extend(
                each.text for each in elements(f"<!DOCTYPE a [{declared}]><a>&x;</a>", "a")
            )
        assert texts == []


def test_elements_nested_too_deep_are_damage_in_plain_words():
    found, met = damage("<a><b/>" + "<d>" * 100_000)
    assert found == ["b"]
    assert met.reason == "elements are nested more than 256 deep"


def test_a_giant_attribute_is_damage_within_a_second():
    found, met = damage(b'<a><c/><b n="' + b"x" * 40 * 1024 * 1024)
    assert found == ["c"]
    assert met.position


def test_a_giant_text_is_damage_in_plain_words():
    found, met = damage(b"<a><c/><b>" + b"x" * 40 * 1024 * 1024 + b"</b></a>")
    assert found == ["c"]
    assert "10 MB" in met.reason


def test_a_file_with_no_element_in_its_first_part_is_refused():
    assert "64 kB" in damage(f"<!-- {'x' * 70_000} --><a/>")[1].reason


def test_damage_behind_results_is_told():
    assert XmlDamage("it breaks off", "line 1").behind(3) == Damage("it breaks off", "line 1")


def test_damage_before_any_result_is_a_report_that_cannot_be_read():
    with pytest.raises(ReportError, match=r"it breaks off \(line 1\)"):
        XmlDamage("it breaks off", "line 1").behind(0)
