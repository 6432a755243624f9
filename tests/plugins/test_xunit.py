"""What the xUnit.net plugin makes of v1, v2 and v3, and of others that write their format."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    Placed,
    lies_of_a_cut,
    notes,
    parser_of,
    placed,
    read,
    totals,
    troubles,
)
from tracker.intake.contract import (
    UNNAMED,
    Damage,
    ReportError,
    Result,
    Status,
    Suite,
)
from tracker.intake.sniff import head_of

plugin = parser_of("xunit")

DEFAULT = "Test collection for Shop.TillTests"


def report(inner: str, counts: str = "", collection: str = DEFAULT) -> bytes:
    return (
        f'<assemblies><assembly name="C:\\agent\\7\\Shop.Tests.dll" run-date="2024-01-01" {counts}>'
        f'<errors/><collection name="{collection}">{inner}</collection></assembly></assemblies>'
    ).encode()


def the_place(test: str, collection: str = DEFAULT) -> Placed:
    [one] = placed(read(plugin, report(test, collection=collection)))
    return one


def the_result(test: str) -> Result:
    return the_place(test).result


# Which files are xUnit.net's


@pytest.mark.parametrize(
    "xml",
    [
        '<assemblies><assembly name="a.dll" run-date="2024-01-01">',
        "<assemblies><assembly><collection>",
        '<assembly name="a.dll" total="3"><class name="T">',
        '<assemblies timestamp="01/01/2024 10:00:00"/>',
        '<assemblies schema-version="3"><assembly start-rtf="2024-01-01T10:00:00">',
    ],
)
def test_its_roots_are_recognised(xml):
    assert plugin.sniff(head_of(b"\xef\xbb\xbf" + xml.encode(), "x")) >= 0.5


@pytest.mark.parametrize(
    "xml",
    [
        '<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0"/>',
        '<assembly xmlns="http://maven.apache.org/ASSEMBLY/2.0.0"><id>bin</id></assembly>',
        "<assembly><id>bin</id></assembly>",
        '<assemblies><assembly name="mscorlib"/></assemblies>',
        "<testsuites/>",
        "<doc><assembly><name>Shop</name></assembly></doc>",
    ],
)
def test_other_documents_about_assemblies_are_left_alone(xml):
    assert plugin.sniff(head_of(xml.encode(), "xunit.xml")) == 0


def test_what_holds_no_assembly_is_refused():
    with pytest.raises(ReportError, match="no assembly"):
        read(plugin, b"<html/>")


def test_a_run_without_tests_has_no_results():
    assert (
        read(plugin, b'<assemblies><assembly name="a.dll"><errors/></assembly></assemblies>') == []
    )


# Where a test stands


def test_the_path_is_the_assemblys_file_and_the_class():
    one = the_place('<test name="Shop.TillTests.Pays" type="Shop.TillTests" result="Pass"/>')
    assert one.path == ("Shop.Tests.dll", "Shop.TillTests")
    assert one.result.name == "Pays"


def test_the_name_is_what_is_shown_with_its_arguments():
    shown = "Shop.TillTests.Pays(amount: 1, currency: &quot;a.b&quot;)"
    one = the_place(f'<test name="{shown}" type="Shop.TillTests" method="Pays" result="Pass"/>')
    assert one.result.name == 'Pays(amount: 1, currency: "a.b")'


def test_a_name_of_its_own_is_left_as_it_is():
    test = '<test name="The till opens." type="Shop.TillTests" method="Opens" result="Pass"/>'
    assert the_result(test).name == "The till opens."


def test_a_collection_with_a_name_of_its_own_is_a_property():
    found = read(plugin, report('<test name="t" type="S.T" result="Pass"/>', collection="Database"))
    assert found[0] == Suite(("Shop.Tests.dll", "S.T"), (("collection", "Database"),))


def test_a_test_without_a_class_stands_in_its_collection():
    one = the_place('<test name="c1\\t.xml" type="" method="" result="Fail"/>', "c1")
    assert (one.path, one.result.name) == (("Shop.Tests.dll", "c1"), "c1\\t.xml")


@pytest.mark.parametrize(
    ("attributes", "name"), [('method="Pays"', "Pays"), ('name=""', UNNAMED), ("", UNNAMED)]
)
def test_a_test_without_a_name_has_its_methods(attributes, name):
    assert the_result(f'<test type="S.T" {attributes} result="Pass"/>').name == name


def test_v1_has_classes_in_place_of_collections():
    xml = b"""<assembly name="c:\\x\\S.dll" total="1"><class name="S.T">
        <test name="S.T.a" type="S.T" method="a" result="Pass" time="0.1"/></class></assembly>"""
    [one] = placed(read(plugin, xml))
    assert (one.path, one.result.name) == (("S.dll", "S.T"), "a")


def test_a_collection_of_several_classes_has_a_suite_for_each():
    tests = '<test name="a" type="S.A" result="Pass"/><test name="b" type="S.B" result="Pass"/>'
    found = placed(read(plugin, report(tests)))
    assert [one.path[-1] for one in found] == ["S.A", "S.B"]


# Outcomes


@pytest.mark.parametrize(
    ("attributes", "status", "raw"),
    [
        ('result="Pass"', Status.PASSED, ""),
        ('result="Fail"', Status.FAILED, ""),
        ('result="Skip"', Status.SKIPPED, ""),
        ('result="NotRun"', Status.SKIPPED, "NotRun"),
        ('result="Error"', Status.ERROR, "Error"),
        ('result="Unknown"', Status.UNKNOWN, "Unknown"),
        ('result=""', Status.UNKNOWN, ""),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_the_word_gives_the_status(attributes, status, raw):
    found = the_result(f'<test name="t" {attributes}/>')
    assert (found.status, found.raw_status) == (status, raw)


def test_an_unknown_word_is_told_in_the_message():
    assert the_result('<test name="t" result="Odd"/>').message == "status 'Odd'"


@pytest.mark.parametrize("word", ['result="Pass"', 'result="Skip"', ""])
def test_a_failure_that_is_told_wins_over_the_word(word):
    test = f'<test name="t" {word}><failure><message>no</message></failure></test>'
    assert the_result(test).status is Status.FAILED


def test_a_failure_has_message_stack_trace_and_the_exceptions_class():
    found = the_result(
        """<test name="t" result="Fail"><failure exception-type="Xunit.Sdk.TrueException">
        <message><![CDATA[not true]]></message><stack-trace>   at T.t()</stack-trace>
        </failure></test>"""
    )
    assert (found.message, found.trace) == ("not true", "   at T.t()")
    assert found.type == "Xunit.Sdk.TrueException"


@pytest.mark.parametrize("reason", ["later", "<message>later</message>"])
def test_a_skip_has_its_reason(reason):
    test = f'<test name="t" result="Skip"><reason>{reason}</reason></test>'
    assert the_result(test).message == "later"


def test_what_v3_tells_is_kept():
    found = the_result(
        """<test name="t" result="Pass" source-file="Till.cs" source-line="7">
        <traits><trait name="Category" value="slow"/></traits><output>hello</output>
        <warnings><warning>deprecated</warning></warnings>
        <attachments><attachment name="shot.png" media-type="image/png">aGk=</attachment>
        </attachments></test>"""
    )
    assert (found.file, found.line, found.stdout) == ("Till.cs", 7, "hello")
    assert found.properties == (("Category", "slow"), ("warning", "deprecated"))
    assert found.attachments == ("shot.png",)


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ('time="0.014"', 0.014),
        ('time="0,014"', 0.014),
        ('time="1,234"', 1.234),
        ('time="-1"', 0.0),
        ('time="1e12"', 365 * 86_400.0),
        ('time="NaN"', None),
        ('time="soon"', None),
        ('time-rtf="00:01:02.5000000"', 62.5),
        (f'time-rtf="{"9" * 400}:00:00"', None),
        (f'time-rtf="{"9" * 5000}:00:00"', None),
        ('time-rtf="soon"', None),
        ("", None),
    ],
)
def test_times_are_seconds_with_the_decimal_mark_of_the_locale(attributes, seconds):
    assert the_result(f'<test name="t" result="Pass" {attributes}/>').duration == seconds


# Failures outside tests, and counts

CLEAN_UP = """<assemblies><assembly name="S.dll" total="1" errors="1"><errors>
    <error type="test-class-cleanup" name="S.T"><failure exception-type="X">
    <message>still open</message><stack-trace>at Dispose()</stack-trace></failure></error></errors>
    <collection name="c"><test name="t" type="S.T" result="Pass"/></collection>
    </assembly></assemblies>"""


def test_a_failed_clean_up_is_trouble_although_every_test_passed():
    found = read(plugin, CLEAN_UP.encode())
    assert troubles(found) == ["test-class-cleanup of S.T: still open\nat Dispose()"]
    assert totals(found)["passed"] == totals(found)["total"] == 1


def test_a_failure_of_a_whole_v1_class_is_trouble():
    xml = b"""<assembly name="S.dll" total="0"><class name="S.T"><failure><message>no fixture
    </message></failure></class></assembly>"""
    assert troubles(read(plugin, xml)) == ["S.T failed: no fixture"]


def test_declared_errors_that_are_not_told_are_trouble():
    found = read(plugin, report('<test name="t" result="Pass"/>', 'errors="2"'))
    assert troubles(found) == ["Shop.Tests.dll declares 2 errors outside its tests and tells none"]


def test_counts_that_differ_are_noted():
    found = read(plugin, report('<test name="t" result="Pass"/>', 'total="3" failed="1"'))
    assert notes(found) == [
        "Shop.Tests.dll declares 3 tests, found 1",
        "Shop.Tests.dll declares 1 failures, found 0",
    ]


@pytest.mark.parametrize("total", [1, 2])
def test_tests_that_were_not_run_may_be_in_the_total_or_not(total):
    tests = '<test name="a" result="Pass"/><test name="b" result="NotRun"/>'
    assert notes(read(plugin, report(tests, f'total="{total}" not-run="1"'))) == []


# Damage

SMALL = report(
    '<test name="S.T.a" type="S.T" result="Pass" time="0.1"><traits><trait name="c" value="v"/>'
    '</traits></test><test name="S.T.b" type="S.T" result="Fail"><failure><message>no</message>'
    '</failure></test><test name="c" type="S.U" result="NotRun"/>',
    'total="3" failed="1"',
)


@pytest.mark.parametrize("data", [SMALL, CLEAN_UP.encode()])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


def test_what_came_before_damage_is_kept():
    found = read(plugin, SMALL[:-30])
    assert totals(found)["total"] == 3
    assert isinstance(found[-1], Damage)


# Arbitrary runs, written and read back

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
WORDS = {Status.PASSED: "Pass", Status.FAILED: "Fail", Status.SKIPPED: "Skip"}
CASE = st.tuples(
    TEXT.filter(bool),
    st.sampled_from(sorted(WORDS)),
    st.none() | st.floats(0, 1e6),
    TEXT.map(str.strip),
)


def written(fixture: str, name: str, status: Status, duration: float | None, message: str) -> str:
    time = "" if duration is None else f' time="{duration!r}"'
    told = f"<reason>{escape(message)}</reason>" if message else ""
    if status is Status.FAILED:
        told = f"<failure><message>{escape(message)}</message></failure>"
    named = f'name={quoteattr(f"{fixture}.{name}")} type="{fixture}"'
    return f'<test {named} result="{WORDS[Status(status)]}"{time}>{told}</test>'


def expected(status: Status, message: str) -> str:
    return "" if status is Status.PASSED else message


@given(st.lists(st.lists(CASE, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_run_that_is_written_is_read_back(classes):
    tests = (written(f"S.T{n}", *case) for n, cases in enumerate(classes) for case in cases)
    found = placed(read(plugin, report("".join(tests))))
    assert [
        (
            one.path,
            one.result.name,
            one.result.status,
            one.result.duration,
            expected(one.result.status, one.result.message),
        )
        for one in found
    ] == [
        (("Shop.Tests.dll", f"S.T{n}"), name, status, duration, expected(status, message))
        for n, cases in enumerate(classes)
        for name, status, duration, message in cases
    ]
