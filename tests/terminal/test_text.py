from __future__ import annotations

import subprocess
import sys

import pytest

from bot.terminal.text import safe


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain [bold]", "plain [bold]"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil.example\x1b\\text\x1b]8;;\x1b\\", "text"),
        ("\x1b]0;title\x07x", "x"),
        ("a\x00\x07\x08b\x7f\x9f", "ab"),
        ("a\tb\nc\r\nd\u2028e", "a b c  d e"),
        ("\u202eexe.txt\u2066\u200b", "exe.txt"),
        ("\udcff\ue000", ""),
        ("1\u2009240 naïve 漢字 🔥", "1\u2009240 naïve 漢字 🔥"),
    ],
)
def test_what_a_terminal_would_obey_is_gone(given: str, shown: str) -> None:
    assert safe(given) == shown


def test_a_pipe_without_unicode_gets_no_traceback() -> None:
    code = (
        "from bot.terminal.text import terminal, say; say(terminal(), '1\\u2009240 → ' + 'x' * 300)"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"},
        check=True,
    )
    assert done.stdout == b"1?240 ? " + b"x" * 300 + b"\n"
