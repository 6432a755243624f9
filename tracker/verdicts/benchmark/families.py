"""How well failures are put into families: on made-up failures, and on any folder of labelled ones.

A folder of labelled failures has one text file `<project>/<label>` for each cause. It holds one
failure or more, each as

    --- suite.Class::test name
    package.ExceptionType: message, which may have
    several lines
            at package.Class.method(Class.java:12)
            ...

This is what Defects4J's `framework/projects/<project>/trigger_tests/<bug>` look like. Scores are
pairwise: precision is the share of pairs in one family that have one label, recall the share of
pairs with one label that are in one family; pairs of all nights are counted together.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import process_time

from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.families import assign
from tracker.verdicts.signatures import Signature, signature

SEED = 20
_BUGS_A_NIGHT = 5
_NIGHTS = 40  # drawn for each project
_FAILURES = 100_000


@dataclass(frozen=True)
class Labelled:
    """A failure whose cause is known; `label` is `<project>/<cause>`, `suite` outermost first."""

    label: str
    case: str
    suite: tuple[str, ...]
    type: str
    message: str
    trace: str

    @property
    def project(self) -> str:
        return self.label.partition("/")[0]


@dataclass(frozen=True)
class Pairs:
    """Pairs of failures: rightly together, wrongly together, wrongly apart."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        return share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        return share(2 * self.right, 2 * self.right + self.wrong + self.missed)


def figures(quick: bool) -> Iterator[Figure]:
    """The figures on made-up failures, and the time for many; `quick` for fewer of both."""
    made = made_up(projects=3 if quick else 10, bugs=14 if quick else 40)
    yield from evaluated(made, nights=6 if quick else _NIGHTS)
    count = 2_000 if quick else _FAILURES
    spent = _time_for(made_up(projects=20, bugs=count // 500), count)
    yield Figure(f"families, time for {count:,} failures", spent, "s of CPU", most=60)


def evaluated(failures: Sequence[Labelled], nights: int = _NIGHTS) -> Iterator[Figure]:
    """All figures but the time, on failures whose cause is known; nights are drawn per project."""
    projects = _by_project(failures)
    signed = {each: _signed(each) for each in dict.fromkeys(failures)}
    mixed = sum((_scored(group, signed) for group in projects.values()), Pairs())
    yield from _scores("all bugs of a project mixed", mixed)
    pairs, families, drawn = Pairs(), 0, 0
    for night in _nights(projects, nights):
        given = _families(night, signed)
        pairs += _counted(night, given)
        families += len(set(given))
        drawn += 1
    yield from _scores("nights of five bugs", pairs, f1=0.80, precision=0.90)
    yield Figure("families, nights of five bugs, families a night", share(families, drawn))
    yield Figure("families, id stability from night to night", _stability(projects), least=0.99)


def _scores(
    what: str, pairs: Pairs, f1: float | None = None, precision: float | None = None
) -> Iterator[Figure]:
    yield Figure(f"families, {what}, precision", pairs.precision, least=precision)
    yield Figure(f"families, {what}, recall", pairs.recall)
    yield Figure(f"families, {what}, F1", pairs.f1, least=f1)


_FRAME = re.compile(r"^\s*at \S+\(", re.M)
_HEADLINE = re.compile(r"(?P<type>[\w.$]+)(?::\s?(?P<message>.*))?\s*", re.S)


def labelled(files: Iterable[tuple[str, str]]) -> list[Labelled]:
    """The failures of a folder, whose files come as (path in the folder, text)."""
    return [
        failure
        for path, text in sorted(files)
        for part in re.split(r"^--- ", text, flags=re.M)[1:]
        if (failure := _failure(path.replace("\\", "/"), part))
    ]


def _failure(path: str, part: str) -> Labelled | None:
    headline, _, body = part.partition("\n")
    suite, between, case = headline.strip().partition("::")
    if not between:
        return None  # a test class that failed as a whole; it has no case
    frame = _FRAME.search(body)
    above, trace = (body[: frame.start()], body[frame.start() :]) if frame else (body, "")
    said = _HEADLINE.fullmatch(above)
    if said is None:
        return Labelled(path, case, (suite,), "", above.strip(), trace)
    return Labelled(path, case, (suite,), said["type"], (said["message"] or "").strip(), trace)


def _by_project(failures: Iterable[Labelled]) -> dict[str, list[Labelled]]:
    projects: dict[str, list[Labelled]] = defaultdict(list)
    for each in failures:
        projects[each.project].append(each)
    return dict(sorted(projects.items()))


def _nights(projects: Mapping[str, Sequence[Labelled]], nights: int) -> Iterator[list[Labelled]]:
    """For each project nights of five bugs drawn at random; fewer where there are fewer."""
    draw = random.Random(SEED)  # noqa: S311 - a benchmark is repeatable
    for group in projects.values():
        labels = sorted({each.label for each in group})
        for _ in range(nights):
            tonight = set(draw.sample(labels, min(_BUGS_A_NIGHT, len(labels))))
            yield [each for each in group if each.label in tonight]


def _signed(each: Labelled) -> Signature:
    return signature(each.type, each.message, each.trace, each.suite, each.case)


def _families(failures: Sequence[Labelled], signed: Mapping[Labelled, Signature]) -> list[int]:
    """The family of each failure when all are first seen in one build."""
    signatures = [signed[each] for each in failures]
    given = assign(signatures, {}, dict.fromkeys((each.id for each in signatures), 0))
    return [given[each.id] for each in signatures]


def _scored(failures: Sequence[Labelled], signed: Mapping[Labelled, Signature]) -> Pairs:
    return _counted(failures, _families(failures, signed))


def _counted(failures: Sequence[Labelled], given: Sequence[int]) -> Pairs:
    labels = [each.label for each in failures]
    together = _pairs_in(zip(labels, given, strict=True))
    return Pairs(together, _pairs_in(given) - together, _pairs_in(labels) - together)


def _pairs_in(groups: Iterable[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())


_SERIES = 12  # nights in a row, two bugs mended and two new ones each night


def _stability(projects: Mapping[str, Sequence[Labelled]]) -> float:
    """The share of failures that come again the next night and keep their family's id."""
    draw = random.Random(SEED)  # noqa: S311 - a benchmark is repeatable
    kept = again = 0
    for group in projects.values():
        before: dict[int, int] = {}
        history = _History()
        for tonight in _series(sorted({each.label for each in group}), draw):
            now = {
                place: history.family(_signed(aged(each, draw)))
                for place, each in enumerate(group)
                if each.label in tonight
            }
            history.end()
            now = {place: history.given[one] for place, one in now.items()}
            again += len(now.keys() & before.keys())
            kept += sum(now[place] == before[place] for place in now.keys() & before.keys())
            before = now
    return share(kept, again)


class _History:
    """Families from night to night, as the tracker keeps them."""

    def __init__(self) -> None:
        self.given: dict[int, int] = {}
        self._known: dict[int, list[Signature]] = defaultdict(list)
        self._first_seen: dict[int, int] = {}
        self._tonight: dict[int, Signature] = {}
        self._night = 0

    def family(self, each: Signature) -> int:
        """Notes a signature seen tonight; its id, for `given` when the night has ended."""
        if each.id not in self.given:
            self._tonight[each.id] = each
            self._first_seen[each.id] = self._night
        return each.id

    def end(self) -> None:
        for one, family in assign(self._tonight.values(), self._known, self._first_seen).items():
            self.given[one] = family
            self._known[family].append(self._tonight[one])
        self._tonight = {}
        self._night += 1


def _series(labels: Sequence[str], draw: random.Random) -> Iterator[frozenset[str]]:
    tonight = draw.sample(labels, min(_BUGS_A_NIGHT, len(labels)))
    for _ in range(_SERIES):
        yield frozenset(tonight)
        waiting = [each for each in labels if each not in tonight]
        tonight = tonight[2:] + draw.sample(waiting, min(2, len(waiting)))


_LINE = re.compile(r"(?<=:)\d+(?=\)|:\d|$)|(?<=, line )\d+|(?<=:line )\d+", re.M)
_VOLATILE = re.compile(r"0x[0-9a-f]+|@[0-9a-f]{6,}|(?<=:)\d{5}\b|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+ ms")


def aged(failure: Labelled, draw: random.Random) -> Labelled:
    """The same failure another night: lines have moved, addresses, ports and times are others."""
    shift = draw.randrange(1, 40)
    trace = _LINE.sub(lambda found: str(int(found[0]) + shift), failure.trace)
    return replace(
        failure,
        message=_VOLATILE.sub(lambda found: _other(found[0], draw), failure.message),
        trace=_VOLATILE.sub(lambda found: _other(found[0], draw), trace),
    )


def _other(text: str, draw: random.Random) -> str:
    """Digits for digits, so that the text keeps its kind; a leading 0x or year stays."""
    keep = 2 if text.startswith("0x") else 5 if text[4:5] == "-" else 1 if text[0] == "@" else 0
    return text[:keep] + re.sub(r"\d", lambda _: str(draw.randrange(1, 10)), text[keep:])


_THINGS = (
    *("Cart", "Order", "Invoice", "Ledger", "Session", "Token", "Parser", "Lexer", "Router"),
    *("Cache", "Queue", "Scheduler", "Worker", "Matrix", "Vector", "Polygon", "Calendar", "Zone"),
    *("Locale", "Template", "Archive", "Stream", "Index", "Query", "Schema", "Migration", "Lock"),
    *("Socket", "Channel", "Codec", "Filter", "Renderer", "Layout", "Widget", "Theme", "Account"),
)
_DOINGS = (
    *("add", "remove", "merge", "split", "open", "close", "read", "write", "flush", "resolve"),
    *("normalise", "convert", "encode", "decode", "validate", "register", "dispatch", "apply"),
    *("compare", "visit", "lookup", "update", "attach", "expand", "reduce", "format", "render"),
)
_STATES = (
    *("empty", "null", "negative", "duplicate", "nested", "unicode", "expired", "large", "closed"),
    *("partial", "missing", "parallel", "quoted", "zero", "wrapped", "recursive", "default"),
)
_TYPES = ("NullPointerException", "IllegalStateException", "IndexOutOfBoundsException")
_SAID = (
    *("no {thing} for key {n}", "{thing} {n} is already {state}", "cannot {doing} {state} {thing}"),
    *("index {n} out of bounds for length {n}", "{thing}@{hex} is {state}", "", "", ""),
    *("timed out after {n} ms on node-{n}:{port}", "unexpected {state} at {time}"),
)
_ASSERTED = (
    *(
        "expected:<{n}> but was:<{n}>",
        "expected:<{n}> but was:<{n}>",
        "expected:<true> but was:<false>",
    ),
    *(
        "",
        "{thing} must not be {state} expected:<{n}> but was:<{n}>",
        "expected:<[{state}]> but was:<[]>",
    ),
)


@dataclass(frozen=True)
class _Language:
    """How a language writes a frame and its runner's frames, and whether the innermost is last."""

    frame: str
    runner: tuple[str, ...]
    assertion: str
    inner_last: bool = False


_LANGUAGES = (
    _Language(
        "\tat com.acme.{area}.{owner}.{doing}({owner}.java:{n})",
        (
            "\tat java.base/java.lang.reflect.Method.invoke(Method.java:{n})",
            "\tat org.junit.runners.ParentRunner.run(ParentRunner.java:{n})",
        ),
        "org.junit.ComparisonFailure",
    ),
    _Language(
        '  File "/srv/ws-{n}/acme/{area}/{owner}.py", line {n}, in {doing}',
        ('  File "/usr/lib/python3.12/site-packages/_pytest/python.py", line {n}, in runtest',),
        "AssertionError",
        inner_last=True,
    ),
    _Language(
        "    at {owner}.{doing} (/home/ci/{n}/src/{area}/{owner}.js:{n}:{n})",
        ("    at run (/home/ci/{n}/node_modules/mocha/lib/runner.js:{n}:{n})",),
        "AssertionError",
    ),
    _Language(
        "   at Acme.{area}.{owner}.{doing}(String s) in C:\\ws{n}\\{owner}.cs:line {n}",
        ("   at NUnit.Framework.Internal.Reflect.InvokeMethod(MethodInfo m)",),
        "NUnit.Framework.AssertionException",
    ),
    _Language(
        "acme.io/{area}.(*{owner}).{doing}(0x{hex}, 0x1)\n\t/go/src/{area}/{owner}.go:{n} +0x1d",
        ("testing.tRunner(0x{hex}, 0x5)\n\t/usr/local/go/src/testing/testing.go:{n} +0x1",),
        "Failed",
    ),
    _Language(
        "#{n}  0x{hex} in acme::{area}::{owner}::{doing} (this=0x{hex}) at {owner}.cpp:{n}",
        ("#{n}  0x{hex} in testing::Test::Run (this=0x{hex}) at gtest.cc:{n}",),
        "Failure",
    ),
)


def made_up(projects: int, bugs: int, seed: int = SEED) -> list[Labelled]:
    """Failures of made-up bugs: two in three show in one test, the rest in 2 to 30.

    Of ten bugs four throw in product code, five only fail an assertion of the test, and one is of
    the surroundings and hits tests of all classes. Bugs share classes, exceptions, helpers and
    vague messages as it falls.
    """
    draw = random.Random(seed)  # noqa: S311 - a benchmark is repeatable
    return [
        failure
        for project in range(projects)
        for failure in _made_project(f"made{project}", bugs, project % len(_LANGUAGES), draw)
    ]


def _made_project(name: str, bugs: int, language: int, draw: random.Random) -> Iterator[Labelled]:
    classes = [(thing, draw.choice(("core", "web", "data"))) for thing in _THINGS]
    used: Counter[tuple[str, str]] = Counter()
    for bug in range(bugs):
        size = 1 if draw.random() < 0.67 else min(30, 2 + int(draw.expovariate(1 / 4)))
        kind = draw.choices((_thrown, _asserted, _surrounding), (4, 5, 1))[0]
        for failure in kind(_LANGUAGES[language], classes, size, draw):
            key = (failure.suite[-1], failure.case)
            used[key] += 1
            case = failure.case if used[key] == 1 else f"{failure.case}{used[key]}"
            yield replace(failure, label=f"{name}/{bug}", case=case)


_Classes = Sequence[tuple[str, str]]


def _thrown(
    how: _Language, classes: _Classes, size: int, draw: random.Random
) -> Iterator[Labelled]:
    """Thrown by one function of the product, reached from its own tests and others'."""
    thing, area = draw.choice(classes)
    broken = (area, thing, draw.choice(_DOINGS))
    kind = draw.choice((*_TYPES, f"{thing}Exception"))
    said = draw.choice(_SAID).replace("{thing}", thing.lower())
    said = said.replace("{state}", draw.choice(_STATES)).replace("{doing}", broken[2])
    callers = draw.sample(classes, 3)
    for _ in range(size):
        where = (thing, area) if draw.random() < 0.7 else draw.choice(callers)
        through = [(where[1], where[0], draw.choice(_DOINGS)) for _ in range(draw.randrange(3))]
        case = _case((broken[2], draw.choice(_STATES), draw.choice(_DOINGS)))
        yield _written(how, kind, said, [broken, *through], where, case, draw)


def _asserted(
    how: _Language, classes: _Classes, size: int, draw: random.Random
) -> Iterator[Labelled]:
    """A wrong value seen by the tests only: no frame of the product."""
    thing, area = draw.choice(classes)
    doing, state = draw.choice(_DOINGS), draw.choice(_STATES)
    said = draw.choice(_ASSERTED).replace("{thing}", thing.lower()).replace("{state}", state)
    other = draw.choice(classes)
    for _ in range(size):
        where = (thing, area) if draw.random() < 0.85 else other
        case = _case((doing, state if draw.random() < 0.7 else draw.choice(_STATES), ""))
        yield _written(how, how.assertion, said, [], where, case, draw)


def _surrounding(
    how: _Language, classes: _Classes, size: int, draw: random.Random
) -> Iterator[Labelled]:
    """A service that is gone: one message and one innermost frame, from everywhere."""
    host = draw.choice(("db", "broker", "auth", "files"))
    said = f"{host}.internal:{{port}} refused the connection after {{n}} ms"
    client = ("net", f"{host.title()}Client", "connect")
    for _ in range(size):
        where = draw.choice(classes)
        case = _case((draw.choice(_DOINGS), draw.choice(_STATES), ""))
        through = (where[1], where[0], draw.choice(_DOINGS))
        yield _written(how, "ConnectionError", said, [client, through], where, case, draw)


def _case(words: Iterable[str]) -> str:
    return "test" + "".join(word.title() for word in words if word)


def _written(
    how: _Language,
    kind: str,
    said: str,
    stack: Sequence[tuple[str, str, str]],
    where: tuple[str, str],
    case: str,
    draw: random.Random,
) -> Labelled:
    """A failure as the language writes it; the label is given later."""
    test = (where[1], f"{where[0]}Test", case)
    lines = [
        how.frame.replace("{area}", area).replace("{owner}", owner).replace("{doing}", doing)
        for area, owner, doing in (*stack, test)
    ]
    lines += how.runner
    if how.inner_last:
        lines = ["Traceback (most recent call last):", *reversed(lines)]
    suite = f"com.acme.{where[1]}.{where[0]}Test"
    return Labelled("", case, (suite,), kind, _filled(said, draw), _filled("\n".join(lines), draw))


_FILLERS: Mapping[str, Callable[[random.Random], str]] = {
    "{n}": lambda draw: str(draw.randrange(1, 2_000)),
    "{port}": lambda draw: str(draw.randrange(30_000, 60_000)),
    "{hex}": lambda draw: f"{draw.randrange(2**28, 2**32):x}",
    "{time}": lambda draw: f"2026-0{draw.randrange(1, 10)}-1{draw.randrange(10)}T10:20:30.5Z",
}
_FILLER = re.compile(r"\{(?:n|port|hex|time)\}")


def _filled(text: str, draw: random.Random) -> str:
    return _FILLER.sub(lambda found: _FILLERS[found[0]](draw), text)


def _time_for(made: Sequence[Labelled], count: int) -> float:
    """Seconds for the signatures of so many failures with different texts, and their families."""
    draw = random.Random(SEED)  # noqa: S311 - a benchmark is repeatable
    spent = 0.0
    signatures: dict[int, Signature] = {}
    for place in range(count):
        failure = aged(made[place % len(made)], draw)
        started = process_time()
        each = _signed(failure)
        signatures[each.id] = each
        spent += process_time() - started
    started = process_time()
    assign(signatures.values(), {}, dict.fromkeys(signatures, 0))
    return spent + process_time() - started
