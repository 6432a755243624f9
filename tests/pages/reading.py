"""What a person reads on a page: its texts without the tags, on one line."""

from __future__ import annotations

import re
from html import unescape


def words(html: str) -> str:
    """The words of the page's main part."""
    main = html.split("<main", 1)[1].split("</main>")[0].partition(">")[2]
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
    return re.sub(r" ([.,:;])", r"\1", text)
