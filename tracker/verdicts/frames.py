"""The stack frames of a trace in the usual languages, and which of them are the product's own.

Java, Kotlin and Scala, .NET, JavaScript, Python and pytest, Go, Rust, C and C++ (gdb, sanitizers),
Ruby and PHP. A frame is where it was and in what function, without line numbers, generated names
and the directories above a file, which differ from build to build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

# A trace's first lines and each line's beginning tell; recursion fills the rest.
_MOST_LINES = 2_000
_LONGEST_LINE = 400
_MOST_FRAMES = 200
_CACHED = 16_384  # one build's traces go through the same functions again and again


@dataclass(frozen=True)
class Frame:
    """A class, module or file, and the function in it."""

    owner: str
    function: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.owner, self.function) if part)


@dataclass(frozen=True)
class Frames:
    """A trace's frames, innermost first: the product's, those of tests, and all others left out."""

    product: tuple[Frame, ...]
    tests: tuple[Frame, ...]


# Test libraries, runtimes, and what most products stand on. Compared by how an owner begins.
LIBRARIES = (
    # JVM
    *("java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala."),
    *("groovy.", "org.codehaus.", "clojure.", "junit.", "org.junit", "org.testng", "org.hamcrest"),
    *("org.assertj", "org.opentest4j", "org.mockito", "org.easymock", "org.powermock"),
    *("net.bytebuddy", "org.apache.maven", "org.apache.tools.ant", "org.gradle", "worker.org."),
    *("org.spockframework", "org.scalatest", "io.cucumber", "cucumber.", "com.google.common."),
    *("com.google.truth", "org.springframework", "org.hibernate", "org.eclipse.jetty", "io.netty"),
    *("reactor.", "com.intellij", "org.jetbrains", "androidx.test", "android.", "dalvik."),
    *("org.robolectric", "org.openqa.selenium", "$java.", "$Proxy", "com.sun.proxy"),
    # .NET
    *("System.", "Microsoft.", "NUnit.", "Xunit.", "FluentAssertions", "Moq.", "Castle."),
    *("Shouldly", "TechTalk.SpecFlow", "Reqnroll"),
    # Go
    *("testing.", "runtime.", "runtime/", "reflect.", "net/http", "github.com/stretchr/testify"),
    *("github.com/onsi/", "gotest.tools", "sync."),
    # Rust, C, C++
    *("core::", "std::", "alloc::", "test::", "tokio::", "rust_", "__", "testing::", "boost::"),
    *("Catch::", "doctest::", "<core::", "<alloc::", "<std::"),
)
_RUNTIME_FUNCTIONS = frozenset(("panic", "clone", "raise", "abort", "_start", "start_thread"))
# Parts of a file's path that say the same.
_LIBRARY_PATHS = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|_pytest|pluggy|unittest|asyncio|importlib|node_modules"
    r"|vendor/bundle|gems|jest-[\w-]+|lib/(?:python|ruby)[\d.]*|php/vendor|phpunit"
    r")/|^(?:node:|internal/|native|<frozen|<anonymous>|evalmachine)"
)
_TEST_CLASS = re.compile(
    r"(?:^|[.$/])(?:Test(?=[A-Z_])\w*|\w*(?:Tests?|TestCase|Spec|IT|TestBase|TestUtils?))(?=$|[$/.])"
    r"|(?:^|/)(?:tests?|specs?|__tests__|e2e|testing)/|(?:^|/)(?:test_\w+|\w+[_.](?:test|spec)s?)$"
    r"|(?:^|/)conftest$|\.testing\.|[a-z]util\.TestBase$"
)


def frames(trace: str) -> tuple[Frame, ...]:
    """The frames of a trace, innermost and deepest cause first; a frame repeated at once is one."""
    found: list[Frame] = []
    for section in reversed(_sections(trace)):
        for frame in _in_section(section):
            if not found or found[-1] != frame:
                found.append(frame)
            if len(found) == _MOST_FRAMES:
                return tuple(found)
    return tuple(found)


def sorted_out(
    found: Sequence[Frame], suite: Sequence[str], own_prefixes: Sequence[str] = ()
) -> Frames:
    """The product's frames and the tests' among `found`, for a case in these suites.

    With `own_prefixes` the product is what begins with one of them; without, what belongs to no
    known library. A library whose own tests these are is the product. Classes and files of tests
    are never the product, and what called the test's own class is its runner.
    """
    place = suite[-1] if suite else ""
    libraries = _libraries(place)
    own = [at for at, frame in enumerate(found) if _is_own(frame, place)]
    product, tests = [], []
    for frame in found[: own[-1] + 1] if own else found:
        if _is_own(frame, place) or _is_test(frame):
            tests.append(frame)
        elif _is_product(frame, own_prefixes, libraries):
            product.append(frame)
    return Frames(tuple(product), tuple(tests))


@lru_cache(maxsize=_CACHED)
def _libraries(place: str) -> tuple[str, ...]:
    return tuple(each for each in LIBRARIES if not place.startswith(each))


def _is_own(frame: Frame, place: str) -> bool:
    outer = frame.owner.partition("$")[0]
    return bool(outer and place) and (outer == place or place.endswith((f".{outer}", f"/{outer}")))


@lru_cache(maxsize=_CACHED)
def _is_test(frame: Frame) -> bool:
    return not frame.owner.startswith(LIBRARIES) and bool(_TEST_CLASS.search(frame.owner))


def _is_product(frame: Frame, own: Sequence[str], libraries: tuple[str, ...]) -> bool:
    name = str(frame)
    if own:
        return name.startswith(tuple(own))
    return not (
        name.startswith(libraries)
        or name in _RUNTIME_FUNCTIONS
        or _LIBRARY_PATHS.search(frame.owner)
    )


def _sections(trace: str) -> list[list[str]]:
    """The trace's lines, cut before each `Caused by:`; the last is the deepest cause."""
    sections: list[list[str]] = [[]]
    for line in trace.splitlines()[:_MOST_LINES]:
        if line.lstrip().startswith("Caused by:"):
            sections.append([])
        sections[-1].append(line[:_LONGEST_LINE])
    return sections


_CALL = re.compile(r"(?:async |new )?(?P<call>[^\s(]+)\(")
_JS = re.compile(
    r"(?:async |new )?(?:(?P<call>[^\s(]+)(?: \[as [\w.]+\])? \()?(?P<file>[^()]+?):\d+:\d+\)?$"
)
_FIREFOX = re.compile(r"^(?P<call>[\w.<>/$]*)@(?P<file>\S+?):\d+:\d+$")
_PYTHON = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+(?:, in (?P<call>\S+))?')
_PYTEST = re.compile(r"^(?P<file>[^\s:]+\.py):\d+:(?: in (?P<call>\w+))?")
_GO_FILE = re.compile(r"^\s+\S+\.go:\d+(?: \+0x[0-9a-f]+)?$")
_GO_CALL = re.compile(
    r"^(?:created by )?(?P<call>[\w./*()\-]+?)(?:\([^()]*\))?(?: in goroutine \d+)?$"
)
_NATIVE = re.compile(r"#\d+\s+(?:0x[0-9a-fA-F]+ in )?(?P<call>[\w:~<>,*& ]+?)\s*(?:\(| at | /|$)")
_RUST = re.compile(r"^\s*\d+:\s+(?:0x[0-9a-f]+ - )?(?P<call>[\w<$][^\s(]*::[^\s(]+)$")
_RUBY = re.compile(r"^\s*(?:from )?(?P<file>[^\s:]+\.rb):\d+:in [`'](?P<call>[^']+)'")
_PHP = re.compile(r"^#\d+ (?P<file>\S+\.php)\(\d+\): (?P<call>[\w\\]+(?:(?:->|::)\w+)?)\(")


def _in_section(lines: Sequence[str]) -> list[Frame]:
    """The frames of one section, innermost first: Python's traces end with it."""
    inner_first: list[Frame] = []
    inner_last: list[Frame] = []
    for place, line in enumerate(lines):
        if found := _PYTHON.match(line) or _PYTEST.match(line):
            inner_last.append(Frame(_module(found["file"]), found["call"] or ""))
        elif frame := _frame(line, lines[place - 1] if place else ""):
            inner_first.append(frame)
    return inner_first + inner_last[::-1]


def _frame(line: str, before: str) -> Frame | None:
    text = line.lstrip()
    if text.startswith("at "):
        if _RUST.match(before):
            return None  # where the Rust frame before is
        return _found((_CALL, _JS), text[3:])
    if text.startswith("#"):
        return _found((_PHP, _NATIVE), text)
    if ".go:" in text and _GO_FILE.match(line) and (call := _GO_CALL.match(before)):
        return _split(call["call"])
    return _found((_FIREFOX, _RUBY, _RUST), text) if ":" in text else None


def _found(patterns: Sequence[re.Pattern[str]], text: str) -> Frame | None:
    for pattern in patterns:
        if found := pattern.match(text):
            parts = found.groupdict()
            if "file" in parts:
                return Frame(_module(parts["file"]), _function(parts["call"] or ""))
            return _split(parts["call"])
    return None


_GENERATED = re.compile(
    r"\$\$(?:EnhancerBy|FastClassBy|Lambda|SpringCGLIB)[\w$/]*|\$MockitoMock\$\d+|\$Lambda[\w$/]*"
    r"|::h[0-9a-f]{16}|`\d+(?:\[[^\]]*\])?|\[[^\]]*\]|\{\{?closure\}?\}"
)
_DIGITS = re.compile(r"(?<=[$_])\d+\b|(?<=Accessor)\d+")
_DOTNET = re.compile(r"<(\w+)>[a-z]__\w*\.MoveNext|<(\w+)>b__\w+")
_LAMBDA = re.compile(r"lambda\$(\w+)\$|access\$")


@lru_cache(maxsize=_CACHED)
def _split(call: str) -> Frame:
    """Owner and function of a dotted call, without what a compiler or a mock made up."""
    call = call.rpartition("/")[2] if re.match(r"^[\w.@-]*//?[a-z]+\.", call) else call
    call = _DOTNET.sub(lambda found: found[1] or found[2], call)
    call = _DIGITS.sub("", _GENERATED.sub("", call)).strip()
    dot = "::" if "::" in call and "." not in call else "."
    owner, _, function = call.replace("..ctor", ".<init>").rpartition(dot)
    return Frame(owner, _function(function))


def _function(name: str) -> str:
    return _LAMBDA.sub(r"\1", name) if "$" in name else name


@lru_cache(maxsize=_CACHED)
def _module(path: str) -> str:
    """A file without its ending and all but the last two directories above it."""
    path = path.removeprefix("file://").replace("\\", "/")
    library = _LIBRARY_PATHS.search(path)
    if library:
        return path[library.start() :].lstrip("/")
    stem = re.sub(r"\.(?:py|js|ts|jsx|tsx|mjs|cjs|rb|php)$", "", path)
    return "/".join(stem.split("/")[-3:])


def readable(found: Sequence[Frame]) -> Iterator[str]:
    """The frames as words, each once, in their order."""
    yield from dict.fromkeys(map(str, found))
