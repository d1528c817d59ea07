from __future__ import annotations

import pytest

from bot.charts.lettering import LONGEST, middle, one_line


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("web-a", "web-a"),
        ("  two\r\n\tlines \u2028 three\v", "two lines three"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07", "red bell"),
        ("\x9b31mred \x1bcreset", "red reset"),
        ("\u202egnp.exe \u200b\ufeff\ud800", "gnp.exe"),
        ("", ""),
        ("$x^2$ <!channel> [bold]", "$x^2$ <!channel> [bold]"),
    ],
)
def test_text_comes_out_on_one_harmless_line(given: str, shown: str) -> None:
    assert one_line(given) == shown


def test_thin_spaces_between_thousands_survive() -> None:
    assert one_line("1\u2009240 flows") == "1\u2009240 flows"


def test_endless_text_is_cut_in_the_middle() -> None:
    cut = one_line("a" * 5_000_000 + "b")
    assert len(cut) == LONGEST
    assert "…" in cut


@pytest.mark.parametrize(
    ("most", "cut"), [(9, "abcdefghi"), (8, "abcd…ghi"), (5, "ab…hi"), (2, "a…"), (1, "…")]
)
def test_the_middle_goes_and_the_ends_stay(most: int, cut: str) -> None:
    assert middle("abcdefghi", most) == cut
