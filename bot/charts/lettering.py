"""Names from data as one line of harmless text."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 400  # characters kept of any one text; no honest label or title is longer
ELLIPSIS = "…"
# What a terminal obeys: control sequences, titles and links, two-character escapes.
ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")


def one_line(text: str, most: int = LONGEST) -> str:
    """`text` on one line, without control, direction or invisible characters, cut in its middle."""
    bare = ESCAPES.sub("", text[: 20 * most])
    kept = "".join(c if _shown(c) else " " if c.isspace() else "" for c in bare)
    return middle(re.sub(" {2,}", " ", kept).strip(" "), most)


def middle(text: str, most: int) -> str:
    """At most `most` characters: what tells names apart is at their ends, so the middle goes."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return text[: most - 1 - tail] + ELLIPSIS + (text[-tail:] if tail else "")


def _shown(character: str) -> bool:
    return unicodedata.category(character)[0] != "C" and character not in "\u2028\u2029"
