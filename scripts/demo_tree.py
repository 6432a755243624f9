"""What an object of Jenkins' API shows: by `depth=`, or what a `tree=` names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

# A value may be a function: it is asked only where it is shown.
Fields = dict[str, object]


@dataclass(frozen=True)
class Bean:
    """An object of the API: `brief` wherever it is mentioned, `full` when it is asked itself."""

    brief: Fields
    full: Callable[[], Fields] = dict
    only_by_tree: frozenset[str] = frozenset()

    def everything(self) -> Fields:
        return {**self.brief, **self.full()}


@dataclass(frozen=True)
class Tree:
    """A parsed `tree=`: the names wanted below, and which part of a list."""

    children: dict[str, "Tree"] = field(default_factory=dict)
    part: slice = field(default_factory=lambda: slice(None))

    def below(self, name: str) -> "Tree | None":
        return self.children.get(name) or self.children.get("*")


def show(value: object, depth: int, asked: bool = False) -> object:
    """The default answer: `asked` is the object of the request, others unfold while depth lasts."""
    if callable(value):
        value = value()
    if isinstance(value, Bean):
        if not asked and depth <= 0:
            return show(value.brief, 0)
        left = depth if asked else depth - 1
        shown = value.everything().items()
        return {name: show(v, left) for name, v in shown if name not in value.only_by_tree}
    if isinstance(value, dict):
        return {name: show(inner, depth) for name, inner in value.items()}
    if isinstance(value, list):
        return [show(inner, depth) for inner in value]
    return value


def pick(value: object, tree: Tree) -> object:
    """The answer to `tree=`: unknown names are left out in silence, `_class` always stays."""
    if callable(value):
        value = value()
    if isinstance(value, Bean):
        value = value.everything()
    if isinstance(value, dict):
        wanted = ((name, inner, tree.below(name)) for name, inner in value.items())
        return {
            name: inner if name == "_class" else pick(inner, below or Tree())
            for name, inner, below in wanted
            if below or name == "_class"
        }
    if isinstance(value, list):
        return [pick(inner, tree) for inner in value[tree.part]]
    return value


def parse_tree(text: str) -> Tree:
    """`a,b[c]{0,5}` as a Tree; ValueError when it is malformed."""
    tokens = re.findall(r"[][{},]|[^][{},]+", text)
    try:
        tree, rest = _names(tokens)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if rest:
        raise ValueError(f"unexpected {rest[0]}")
    return tree


def _names(tokens: Sequence[str]) -> tuple[Tree, Sequence[str]]:
    children: dict[str, Tree] = {}
    while True:
        if not tokens or tokens[0] in "[]{},":
            raise ValueError("expected a name")
        name, tokens = tokens[0], tokens[1:]
        below, part = Tree(), slice(None)
        if tokens[:1] == ["["]:
            below, tokens = _names(tokens[1:])
            tokens = _after("]", tokens)
        if tokens[:1] == ["{"]:
            part, tokens = _part(tokens[1:])
        children[name] = Tree(below.children, part)
        if tokens[:1] != [","]:
            return Tree(children), tokens
        tokens = tokens[1:]


def _part(tokens: Sequence[str]) -> tuple[slice, Sequence[str]]:
    """What is between braces: {M,N} without N, {M,}, {,N}, {N} alone."""
    end = tokens.index("}") if "}" in tokens else 0
    first, comma, last = "".join(tokens[:end]).partition(",")
    numbers = [number for number in (first, last) if number]
    if not numbers or not all(re.fullmatch(r"[0-9]{1,9}", number) for number in numbers):
        raise ValueError("expected a range")
    low = int(first or 0)
    high = low + 1 if not comma else int(last) if last else None
    return slice(low, high), tokens[end + 1 :]


def _after(wanted: str, tokens: Sequence[str]) -> Sequence[str]:
    if tokens[:1] != [wanted]:
        raise ValueError(f"expected {wanted}")
    return tokens[1:]
