"""Rules of this project that no linter knows: each is a row, and each is shown to fire.

A file that may break a rule is named in the row with the reason.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WITHOUT_SUFFIX = ("scripts/make_samples", "scripts/real_jenkins")
PYTHON = (
    *("tracker/**/*.py", "plugins/*.py", "scripts/**/*.py", "deploy/**/*.py", "wsgi.py"),
    *WITHOUT_SUFFIX,
)
PRODUCT = ("tracker/**/*.py", "plugins/*.py", "wsgi.py")
TEMPLATES = ("site_templates/**/*.html", "site_templates/**/*.txt")

Matcher = Callable[[str], Iterator[int]]


@dataclass(frozen=True)
class Rule:
    """What must not be written: `finds` gives lines; `planted` must be found, `harmless` not."""

    name: str
    why: str
    finds: Matcher
    planted: tuple[str, ...]
    harmless: tuple[str, ...]
    files: tuple[str, ...] = PYTHON
    allowed: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def parsed(source: str) -> tuple[ast.AST, ...]:
    """All nodes of a file; ten rules look at each."""
    return tuple(ast.walk(ast.parse(source)))


def nodes(matches: Callable[[ast.AST], bool]) -> Matcher:
    """A matcher of Python code, node by node."""

    def finds(source: str) -> Iterator[int]:
        for node in parsed(source):
            if matches(node):
                yield node.lineno  # type: ignore[attr-defined]

    return finds


def pattern(text: str) -> Matcher:
    """A matcher of text, line by line."""
    compiled = re.compile(text)

    def finds(source: str) -> Iterator[int]:
        for number, line in enumerate(source.splitlines(), 1):
            if compiled.search(line):
                yield number

    return finds


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name; nothing of any other expression, `.c` of an attribute of one."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def called(node: ast.AST) -> str:
    """The dotted name that a call calls, or nothing."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def _keywords(node: ast.Call) -> dict[str | None, ast.expr]:
    return {keyword.arg: keyword.value for keyword in node.keywords}


def imports_raw_xml(node: ast.AST) -> bool:
    """A parser of XML; writing it (`xml.sax.saxutils`) and the version of one are harmless."""
    if isinstance(node, ast.Import):
        return any(_is_xml(alias.name) for alias in node.names)
    if not isinstance(node, ast.ImportFrom) or node.module == "xml.sax.saxutils":
        return False
    return _is_xml(node.module or "") and [alias.name for alias in node.names] != ["EXPAT_VERSION"]


def _is_xml(module: str) -> bool:
    return module.partition(".")[0] in {"xml", "lxml", "pyexpat", "defusedxml", "xmltodict"}


BODY = {"data", "stream", "form", "files", "values", "json", "get_data", "get_json"}


def reads_the_body(source: str) -> Iterator[int]:
    """`request.get_data()` and its like; the raw stream too, but for what `read_body` is given."""
    given = {
        inner
        for call in parsed(source)
        if called(call).endswith("read_body")
        for inner in ast.walk(call)
    }
    for node in parsed(source):
        if isinstance(node, ast.Attribute) and node.attr in BODY:
            if dotted(node.value) in ("request", "flask.request"):
                yield node.lineno
        elif isinstance(node, ast.Subscript) and node not in given:
            key = node.slice
            if isinstance(key, ast.Constant) and key.value == "wsgi.input":
                yield node.lineno


def begins_without_a_lock(node: ast.AST) -> bool:
    """`atomic()` or `transaction()` that does not say of which kind."""
    return (
        isinstance(node, ast.Call)
        and called(node).rpartition(".")[2] in ("atomic", "transaction")
        and not node.args
        and "lock_type" not in _keywords(node)
    )


def makes_markup(node: ast.AST) -> bool:
    """Text that is declared to be HTML."""
    return called(node).rpartition(".")[2] == "Markup"


def starts_a_shell(node: ast.AST) -> bool:
    """A command that a shell reads."""
    if called(node) in (
        "os.system",
        "os.popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
    ):
        return True
    given = _keywords(node).get("shell") if isinstance(node, ast.Call) else None
    return isinstance(given, ast.Constant) and given.value is True


VERBS = "get|post|put|patch|delete|head|options|request|send"
ASKS = re.compile(rf"(^requests\.({VERBS})|[sS]ession\.({VERBS})|urlopen|HTTPS?Connection)$")


def waits_for_ever(node: ast.AST) -> bool:
    """A question over the network that names no time after which it ends."""
    return (
        isinstance(node, ast.Call)
        and ASKS.search(called(node)) is not None
        and "timeout" not in _keywords(node)
    )


SECRET = re.compile(r"(^|_)(token|secret|password|passphrase|signature|pin|mac|hmac)$", re.I)


def compares_a_secret(node: ast.AST) -> bool:
    """`==` between a secret and something that came from outside; constants are no secrets."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return False
    sides = [node.left, node.comparators[0]]
    if any(isinstance(side, ast.Constant) for side in sides):
        return False
    return any(_is_secret(side) for side in sides)


def _is_secret(node: ast.expr) -> bool:
    if called(node).rpartition(".")[2] in ("digest", "hexdigest", "compute_digest"):
        return True
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return SECRET.search(name) is not None


def extracts(node: ast.AST) -> bool:
    """Files of an archive written to where the archive says."""
    return called(node).rpartition(".")[2] in ("extract", "extractall", "unpack_archive")


def has_no_zone(node: ast.AST) -> bool:
    """A moment that could be of any time zone."""
    name = called(node)
    if not isinstance(node, ast.Call) or not re.search(r"\b(datetime|date)\b", name):
        return False
    last, is_told = name.rpartition(".")[2], bool({"tz", "tzinfo"} & set(_keywords(node)))
    least = {"now": 1, "fromtimestamp": 2, "datetime": 8}
    if last in ("utcnow", "utcfromtimestamp", "today"):
        return True
    return last in least and len(node.args) < least[last] and not is_told


def is_sqlites_postfix(source: str) -> Iterator[int]:
    """`x NOT NULL` as a condition in a statement; what defines a table says it of a column."""
    postfix = re.compile(r"\b(?!IS\b)\w+\s+(NOT\s+NULL|NOTNULL|ISNULL)\b", re.I)
    for node in parsed(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if postfix.search(text) and not re.search(r"\b(CREATE|ALTER) TABLE\b", text):
                yield node.lineno


def prints_raw(node: ast.AST) -> bool:
    """Text that goes to a terminal as it is."""
    return called(node) in ("click.echo", "click.secho", "print", "traceback.print_exc")


BENCH = "a floor to measure ours against, on files that it wrote itself"
RULES = (
    Rule(
        "no raw XML",
        "A reader with the defaults of its library reads local files and can be hung; one reader"
        " has all limits.",
        nodes(imports_raw_xml),
        (
            "import xml.etree.ElementTree as ET",
            "from lxml import etree",
            "from defusedxml import ElementTree",
            "import pyexpat",
            "from xml.dom import minidom",
        ),
        ("from xml.sax.saxutils import escape", "from pyexpat import EXPAT_VERSION"),
        allowed={
            "tracker/intake/xml.py": "the one reader",
            "scripts/bench_figures/parse.py": BENCH,
            "scripts/bench_figures/readers.py": BENCH,
            "scripts/bench_figures/report.py": "the version of the library",
        },
    ),
    Rule(
        "one reader of bodies",
        "Flask takes a body that was cut off for whole, and cuts one that is too large.",
        reads_the_body,
        (
            "request.get_data()",
            "request.stream.read(5)",
            "request.json",
            "data = request.environ['wsgi.input'].read()",
        ),
        ("read_body(request.environ['wsgi.input'], headers, limit)", "report.stream.read()"),
        allowed={"tracker/web/actions.py": "forms, after Flask was told how long they may be"},
    ),
    Rule(
        "transactions say their lock",
        "A plain transaction that reads and then writes fails as soon as another process writes.",
        nodes(begins_without_a_lock),
        ("with database.atomic(): pass", "db.transaction()"),
        ("with database.atomic('IMMEDIATE'): pass", "with writing(): pass"),
        allowed={
            "tracker/store/sqlite/selftest.py": "tries what the type given to the constructor does",
            "tracker/store/sqlite/probe.py": "on a connection made with lock_type IMMEDIATE",
            "tracker/store/taken_over.py": "a savepoint inside of `writing`",
            "tracker/store/postgresql/__init__.py": "its first statement waits for the lock",
            "tracker/store/postgresql/sessions.py": "two that write nothing, to see which are one",
        },
    ),
    Rule(
        "conditions are of both databases",
        "`x NOT NULL` is a condition to SQLite alone; `IS NOT NULL` is one everywhere.",
        is_sqlites_postfix,
        (
            'run("SELECT a FROM b WHERE c = ? AND let_go NOT NULL", 1)',
            'run("SELECT a FROM b WHERE c NOTNULL")',
            'run(f"SELECT a FROM {b} WHERE c not null")',
        ),
        (
            'run("SELECT a FROM b WHERE c IS NOT NULL")',
            'run("CREATE TABLE a (b INTEGER NOT NULL)")',
            "run(f'SELECT {a} IS NOT NULL FROM b')",
        ),
        files=("tracker/store/**/*.py", "tracker/queries/**/*.py", "tracker/operations/**/*.py"),
    ),
    Rule(
        "no text is declared to be markup",
        "Names and messages come from anybody who can run a test.",
        nodes(makes_markup),
        ("Markup(text)", "markupsafe.Markup(text)"),
        ("escape(text)",),
        allowed={"tracker/site/text.py": "of text that was escaped in the same line; of numbers"},
    ),
    Rule(
        "no template declares text to be safe",
        "As above; a template that needs markup gets it from a macro.",
        pattern(r"\|\s*safe\b|\{%-?\s*autoescape\s+false"),
        ("{{ name|safe }}", "{{ name | safe }}", "{% autoescape false %}"),
        ("{{ name }}", "{{ safety }}", "{{ a|brief }}"),
        files=TEMPLATES,
    ),
    Rule(
        "no shell",
        "Names of jobs and files are arguments, never parts of a command line.",
        nodes(starts_a_shell),
        ("subprocess.run(command, shell=True)", "os.system(command)"),
        ("subprocess.run([program, name])", "filters.update(shell=text.shell)"),
    ),
    Rule(
        "whoever asks ends",
        "A server that answers byte by byte holds a process for ever.",
        nodes(waits_for_ever),
        (
            "requests.get(url)",
            "self._session.send(prepared)",
            "urllib.request.urlopen(url)",
            "HTTPConnection(host)",
        ),
        (
            "requests.get(url, timeout=5)",
            "urllib.request.urlopen(url, timeout=5)",
            "requests.Request('GET', url)",
        ),
    ),
    Rule(
        "secrets are compared in constant time",
        "`==` ends at the first byte that differs, and tells how many did not.",
        nodes(compares_a_secret),
        ("token == given", "if self.secret != other: pass", "mac.hexdigest() == signature"),
        ("hmac.compare_digest(a, b)", "token == ''", "Token.name == name", "token is None"),
        files=PRODUCT,
        allowed={
            "tracker/intake/body.py": "the digest of a body, which its sender declares",
            "tracker/operations/validation/spooled.py": "the digest of a report in the spool",
        },
    ),
    Rule(
        "commands say what strangers wrote in one line",
        "Names and messages of tests may clear a terminal, or make a line that we never printed.",
        nodes(prints_raw),
        ("click.echo(name)", "print(name)", "traceback.print_exc()"),
        ("say(name)", "print_table(head, rows, empty)", "print_json(rows)"),
        files=("tracker/cli/*.py",),
        allowed={
            "tracker/cli/say.py": "the one place",
            "tracker/cli/shared.py": "JSON, for programs",
            "tracker/cli/dump.py": "JSON, for programs, and the same bytes for the same state",
            "tracker/cli/ingest.py": "lines that the server answers too, made by `as_text`",
        },
    ),
    Rule(
        "archives are streams",
        "A path in an archive may lead anywhere; nothing is ever written where one says.",
        nodes(extracts),
        ("archive.extractall(folder)", "tar.extract(member)", "shutil.unpack_archive(path)"),
        ("archive.open(name)", "tar.extractfile(member)"),
    ),
    Rule(
        "times have a zone",
        "A moment without one is off by hours somewhere, and cannot be compared with ours.",
        nodes(has_no_zone),
        (
            "datetime.now()",
            "datetime.utcnow()",
            "datetime.fromtimestamp(seconds)",
            "datetime(2026, 1, 1)",
            "date.today()",
        ),
        (
            "datetime.now(UTC)",
            "datetime.fromtimestamp(seconds, UTC)",
            "datetime(2026, 1, 1, tzinfo=UTC)",
            "datetime.fromisoformat(text)",
        ),
    ),
)
IDS = [rule.name for rule in RULES]


def broken(rule: Rule) -> Iterator[str]:
    """Every place that breaks a rule, as `path:line`; files that may are looked at no further."""
    for glob in rule.files:
        for path in sorted(ROOT.glob(glob)):
            name = path.relative_to(ROOT).as_posix()
            if name not in rule.allowed:
                source = path.read_text(encoding="utf-8")
                yield from (f"{name}:{line}" for line in rule.finds(source))


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_no_file_breaks_a_rule(rule: Rule) -> None:
    assert list(broken(rule)) == [], rule.why


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_fires_on_what_it_is_for(rule: Rule) -> None:
    assert [line for line in rule.planted if not list(rule.finds(line))] == []


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_lets_other_code_be(rule: Rule) -> None:
    assert [line for line in rule.harmless if list(rule.finds(line))] == []


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_file_that_may_break_a_rule_does(rule: Rule) -> None:
    """So that an exception that is no longer needed goes."""
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in rule.allowed}
    assert [name for name, source in sources.items() if not list(rule.finds(source))] == []


def test_python_without_a_suffix_is_named_to_all_who_look_for_py() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "scripts").iterdir())
        if path.is_file() and not path.suffix and "python" in path.read_text().split("\n")[0]
    ]
    assert found == list(WITHOUT_SUFFIX)
    for tools in ("setup.cfg", "pyproject.toml", "scripts/check"):
        assert all(name in (ROOT / tools).read_text() for name in found), tools
