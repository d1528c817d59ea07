from __future__ import annotations

from pathlib import Path

import pytest

from bot.insights import grammar

TEXTS = sorted((Path(__file__).parent / "cases").rglob("query*"))


def test_the_table_is_of_this_grammar() -> None:
    made_of = grammar.TABLE.read_bytes().split(b"\n", 1)[0]
    assert made_of == grammar.origin(), "run python -m bot.insights.grammar"


def test_the_table_reads_as_the_grammar_does() -> None:
    kept, built = grammar.grammar(), grammar.built()
    texts = [path.read_text(encoding="utf-8") for path in TEXTS[::10]]
    assert texts
    for text in texts:
        assert _tried(kept, text) == _tried(built, text)


@pytest.mark.parametrize("content", [None, b"", b"of another grammar\nnothing to load"])
def test_another_table_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    other = tmp_path / "grammar.table"
    if content is not None:
        other.write_bytes(content)
    monkeypatch.setattr(grammar, "TABLE", other)
    assert grammar.grammar().parse("limit 1").data == "start"


def _tried(parser: grammar.Lark, text: str) -> object:
    try:
        return parser.parse(text)
    except grammar.lark.UnexpectedInput as error:
        return type(error), error.pos_in_stream
