"""Regular expressions of RE2 in a spelling that Trino's engines read the same way.

Only what is known to mean the same passes: literals, classes of characters, groups, repeats,
alternatives and both ends. Flags, word boundaries, Unicode classes and POSIX classes are refused.
"""

from __future__ import annotations

import re

from bot.engines.athena.typed import Refused

# RE2's classes are ASCII; others know more blanks, digits and letters.
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_CONTROLS = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f"}
_PIECE = re.compile(
    r"""(?P<open>\(\?P<\w+>|\(\?:|\((?!\?))
      | (?P<odd>\(\?)
      | (?P<close>\))
      | (?P<repeat>[*+?]\??|\{\d+(?:,\d*)?\}\??)
      | (?P<either>\|)
      | (?P<any>\.)
      | (?P<start>\^)
      | (?P<end>\$)
      | \[(?P<not>\^?)(?P<class>\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*)\]
      | \\(?P<escaped>.)
      | (?P<plain>[^\\\[\]{}])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ITEM = re.compile(r"\\(?P<escaped>.)|(?P<posix>\[:\^?\w+:\])|(?P<plain>.)", re.DOTALL)


def whole_match(pattern: str) -> str:
    """The pattern, to match all of a text and not a part of it."""
    return rf"\A(?:{trino(pattern)})\z"


def trino(pattern: str, *, groups_kept: bool = False) -> str:
    """The pattern in Trino's spelling; `groups_kept` when what its groups match is used, and not
    only what the whole does. Raises `Refused`."""
    out: list[str] = []
    groups: list[bool] = []  # of each open group, whether it or one within keeps what it matched
    closed: bool = False  # whether such a group was just closed
    for piece in _PIECE.finditer(pattern):
        if piece["repeat"] and closed and groups_kept:
            raise Refused("which turn a repeated group keeps differs between regular expressions")
        closed = False
        if piece["open"]:
            captures = piece["open"] != "(?:"
            groups.append(captures)
            out.append("(" if captures else "(?:")
        elif piece["close"]:
            closed = groups.pop()
            if groups:
                groups[-1] = groups[-1] or closed
            out.append(")")
        else:
            out.append(_plain(piece))
    return "".join(out)


def _plain(piece: re.Match[str]) -> str:
    if piece["odd"]:
        raise Refused("flags in regular expressions, as in (?i), are refused for Athena")
    if piece["start"] or piece["end"]:
        return r"\A" if piece["start"] else r"\z"
    if piece["class"] is not None:
        return f"[{piece['not']}{_class(piece['class'])}]"
    if piece["escaped"]:
        return _escaped(piece["escaped"], within=False)
    if piece["other"]:
        return "\\" + piece["other"]
    return piece[0]


def _class(text: str) -> str:
    items = []
    for item in _ITEM.finditer(text):
        if item["posix"]:
            raise Refused(f"the class {item[0]} of regular expressions is refused for Athena")
        if item["escaped"]:
            items.append(_escaped(item["escaped"], within=True))
        elif item["plain"] in "[]&^~|":
            items.append("\\" + item["plain"])
        else:
            items.append(item["plain"])
    return "".join(items)


def _escaped(character: str, *, within: bool) -> str:
    lower = character.lower()
    if lower in _CLASSES and (character == lower or not within):
        sign = "" if character == lower else "^"
        return _CLASSES[lower] if within else f"[{sign}{_CLASSES[lower]}]"
    if character in _CONTROLS:
        return _CONTROLS[character]
    if character in "Az" and not within:
        return "\\" + character
    if character.isalnum() or not character.isascii():
        raise Refused(rf"\{character} in regular expressions is refused for Athena")
    return "\\" + character


def may_be_empty(pattern: str) -> bool:
    """Whether a pattern matches the empty text: where such matches lie differs."""
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415

    return re2.search(pattern, "") is not None


def replacement(text: str) -> str:
    r"""A replacement in Trino's spelling: `$1` for `\1`."""
    out = []
    for piece in re.finditer(r"\\(?P<group>\d)|\\(?P<escaped>.)|(?P<plain>.)", text, re.DOTALL):
        if piece["group"]:
            out.append(f"${piece['group']}")
        else:
            sign = piece["escaped"] or piece["plain"]
            out.append("\\" + sign if sign in "\\$" else sign)
    return "".join(out)
