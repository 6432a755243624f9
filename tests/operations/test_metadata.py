"""A table of test metadata: what is read of it, and every place that is wrong is named."""

from __future__ import annotations

import pytest

from tracker.errors import Unreadable
from tracker.operations.metadata import Table, read_table


def table(text: str | bytes) -> Table:
    data = text if isinstance(text, bytes) else text.encode()
    return read_table(data, frozenset({"1.4"}))


def refusal(text: str | bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        table(text)
    return str(refused.value)


def test_each_line_tells_of_a_test() -> None:
    [login, logout] = table("name,priority,release\nlogin,P0,1.4\nlogout,P2,\n").told
    assert (login.release, login.name, login.values) == ("1.4", "login", {"priority": "P0"})
    assert (logout.release, logout.name, logout.values) == ("", "logout", {"priority": "P2"})


def test_columns_may_be_called_as_in_the_earlier_application() -> None:
    head = "Testcase Name;test_case_id;testrail_id;automation_status;test_state;is_removed"
    [told] = table(f"{head}\nlogin;TC-1;C12;automated;PROD;Yes\n").told
    assert told.values == {
        "case_ref": "TC-1",
        "testrail_ref": "C12",
        "automation": "automated",
        "state": "PROD",
        "is_removed": True,
    }


def test_columns_that_are_not_kept_are_told() -> None:
    assert table("name,owner,priority,notes\nlogin,ann,P0,x\n").left == ("owner", "notes")


@pytest.mark.parametrize("text", ["\ufeffname\nlogin\n", "name\r\nlogin\r\n", "name\n\nlogin\n,\n"])
def test_marks_line_ends_and_empty_lines_do_not_count(text: str) -> None:
    assert [each.name for each in table(text.replace("\n,", "\n")).told] == ["login"]


def test_a_cell_may_hold_what_divides_cells() -> None:
    assert [each.name for each in table('name,path\n"a[1,2]",x\n').told] == ["a[1,2]"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no column is called 'name'"),
        ("priority\nP0\n", "line 1: no column is called 'name'"),
        ("name,testcase_name\na,b\n", "line 1: two columns are 'name'"),
        ("name,priority\nlogin\n", "line 2, it has 1 columns, and line 1 names 2"),
        ("name,priority\n,P0\n", "line 2, column 1 (name): it is empty"),
        (f"name,priority\na,{'x' * 21}\n", "line 2, column 2 (priority): it has 21 characters"),
        ("priority,name,release\nP0,a,9.9\n", "line 2, column 3 (release): there is no release"),
        ("name,is_removed\na,perhaps\n", "line 2, column 2 (is_removed): 'perhaps' is neither"),
        ("name\na\nb\na\n", "line 4, column 1 (name): line 2 is about this test too"),
        ('name,path\n"a\nb",x\n', "line 2, column 1 (name): it is more than one line"),
        ('name,path\n"a",x\n"b,y\n', "line 3"),
        (b"name\nok\n\xff\n", "Line 3 is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(text: str | bytes, said: str) -> None:
    assert said in refusal(text)


def test_every_fault_is_named_up_to_ten() -> None:
    said = refusal("name\n" + "x\n" * 14)
    assert said.count("this test too") == 10
    assert "and 3 more" in said
