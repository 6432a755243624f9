"""Names of made-up tests, and how somebody would change them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

# fmt: off
WORDS = (
    "account", "address", "amount", "archive", "audit", "balance", "batch", "branch", "budget",
    "cache", "calendar", "cart", "charge", "client", "cluster", "column", "config", "contact",
    "country", "coupon", "credit", "currency", "cursor", "customer", "dashboard", "deadline",
    "delivery", "device", "digest", "discount", "document", "driver", "editor", "email", "engine",
    "entry", "event", "export", "feature", "file", "filter", "folder", "format", "gateway",
    "group", "header", "history", "image", "import", "index", "invoice", "item", "journal", "key",
    "label", "layout", "ledger", "limit", "link", "list", "lock", "login", "margin", "message",
    "metric", "model", "module", "name", "node", "note", "number", "offer", "order", "owner",
    "page", "parser", "partner", "password", "payment", "permission", "phone", "picture", "plan",
    "policy", "price", "profile", "project", "query", "queue", "quota", "range", "record",
    "refund", "region", "report", "request", "role", "route", "rule", "schema", "search",
    "secret", "section", "server", "session", "setting", "signal", "slot", "source", "stock",
    "storage", "stream", "summary", "table", "tag", "task", "template", "tenant", "ticket",
    "timeout", "token", "topic", "trace", "transfer", "unit", "update", "upload", "user", "value",
    "vendor", "version", "view", "voucher", "wallet", "widget", "window", "worker", "zone",
)
_VERBS = (
    "accepts", "adds", "checks", "counts", "creates", "deletes", "finds", "keeps", "loads",
    "parses", "reads", "refuses", "sends",
)
_ENDS = (
    "twice", "empty", "again", "withoutName", "afterTimeout", "forGuests", "inParallel",
    "onRetry", "whenClosed",
)
# fmt: on


def names_of_one_class(chance: random.Random) -> list[str]:
    """Names as they stand in one class: alike in style, some with parameters, some numbered."""
    snake = chance.random() < 0.4
    found: dict[str, None] = {}
    for _ in range(chance.randint(2, 24)):
        words = [chance.choice(_VERBS), *chance.sample(WORDS, chance.randint(1, 2))]
        if chance.random() < 0.3:
            words.append(chance.choice(_ENDS))
        if chance.random() < 0.5:
            words.insert(0, "test")
        name = _spelt(words, snake)
        if chance.random() < 0.15:
            found.update({f"{name}[{at}-{chance.choice(WORDS)}]": None for at in range(3)})
        else:
            found[name] = None
    return list(found)


def other_name(name: str, chance: random.Random) -> str:
    """A name as somebody would change it: one word, the style, a slip of the pen, parameters."""
    base, bracket, parameters = name.partition("[")
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", base) or [base]
    snake = "_" in base
    at = chance.randrange(len(words))
    kind = chance.randrange(6 if bracket else 5)
    if kind == 0:
        words[at] = chance.choice(WORDS)
    elif kind == 1:
        words.append(chance.choice(WORDS))
    elif kind == 2 and len(words) > 2:
        words.pop(at)
    elif kind == 3:
        snake = not snake
    elif kind == 5:
        parameters = f"{chance.choice(WORDS)}{parameters}"
    else:
        words[at] = words[at][:1] + words[at][2:] + words[at][1:2]
    return _spelt(words, snake) + bracket + parameters


def _spelt(words: Sequence[str], snake: bool) -> str:
    if snake:
        return "_".join(word.lower() for word in words)
    return words[0].lower() + "".join(word[:1].upper() + word[1:] for word in words[1:])
