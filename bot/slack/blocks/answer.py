"""An Answer as blocks: headline, chart, table, notes, and what to ask next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from bot.model.answer import Answer, Topic
from bot.model.query import Statistics
from bot.model.writing import many, reading, span
from bot.slack import limits
from bot.slack.blocks.table import table_block, table_text
from bot.slack.blocks.text import (
    Block,
    actions,
    button,
    code,
    context,
    cut,
    cut_escaped,
    escape,
    link_button,
    menu,
    one_line,
    plain,
    section,
)
from bot.slack.request import Request

WHY = "why"  # the action of buttons and menus that ask why
NEXT_SHOWN = 5
LINKS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that Slack has as a file, with what it shows in words."""

    file: str
    alt: str


def answer_blocks(
    answer: Answer,
    request: Request,
    slash: str,
    pictures: Sequence[Picture] = (),
    remarks: Sequence[str] = (),
) -> list[Block]:
    """The whole answer, at most `limits.BLOCKS` blocks.

    `remarks` are plain sentences about the answer itself, such as a chart that is missing.
    """
    head = [headline(answer), context(asked(answer, request, slash)), *_cautions(answer, remarks)]
    body = [image(picture) for picture in pictures] + _tables(answer)
    tail = [*_notes(answer), *actions(_buttons(answer))]
    return [*head, *_fit(body, limits.BLOCKS - len(head) - len(tail)), *tail]


def headline(answer: Answer) -> Block:
    """The finding, large; bold when it is too long for that, unless a sign in it would format."""
    text = one_line(answer.headline)
    if len(text) <= limits.HEADER:
        return {"type": "header", "text": plain(text, limits.HEADER)}
    if set(text) & set("*_~`"):
        return {"type": "section", "text": plain(text, limits.SECTION)}
    return section(f"*{cut_escaped(text, limits.SECTION - 2)}*")


def asked(answer: Answer, request: Request, slash: str) -> str:
    """The line that was asked, who asked it, and over which window: mrkdwn."""
    parts = [code(f"{slash} {request.line}"), f"<@{request.user}>", escape(window(answer))]
    return "  ·  ".join(part for part in parts if part)


def window(answer: Answer) -> str:
    """The window in the asker's zone; empty when no logs were read, as for help."""
    return span(answer.question.window, answer.question.zone) if answer.queries else ""


def notification(answer: Answer) -> str:
    """The answer in one line, for notifications and where blocks are not shown; escaped."""
    over = f" ({window(answer)})" if answer.queries else ""
    return cut_escaped(one_line(answer.headline + over), limits.TEXT)


def image(picture: Picture) -> Block:
    return {
        "type": "image",
        "slack_file": {"id": picture.file},
        "alt_text": cut(picture.alt, limits.ALT_TEXT) or "chart",
    }


def statistics_text(answer: Answer) -> str:
    """What the queries read and how long they took; empty when none ran."""
    if not answer.queries:
        return ""
    total = reduce(add, (run.statistics for run in answer.queries), Statistics())
    engines = dict.fromkeys(run.engine for run in answer.queries)
    return reading(total, ", ".join(engines))


def _cautions(answer: Answer, remarks: Sequence[str]) -> list[Block]:
    """What must be known before the figures are believed, right below the headline."""
    texts = [note.text for note in answer.notes if note.topic is Topic.CAUTION] + list(remarks)
    lines = [f":warning: {cut_escaped(text, 600)}" for text in texts]
    return [section(text) for text in pack(lines, limits.SECTION)[:3]]


def _notes(answer: Answer) -> list[Block]:
    texts = [note.text for note in answer.notes if note.topic is not Topic.CAUTION]
    lines = [cut_escaped(text, 600) for text in texts]
    if read := statistics_text(answer):
        lines.append(escape(read))
    packed = pack(lines, limits.CONTEXT)
    return [context(*packed[: limits.CONTEXT_ELEMENTS])] if packed else []


def pack(lines: Sequence[str], most: int) -> list[str]:
    """Lines joined into as few texts of at most `most` characters as will hold them."""
    packed: list[str] = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= most:
            packed[-1] += f"\n{line}"
        else:
            packed.append(line)
    return packed


def _tables(answer: Answer) -> list[Block]:
    """Slack takes one table block a message, so the first table with rows gets it."""
    question = answer.question
    blocks: list[Block] = []
    for n, table in enumerate(table for table in answer.tables if table.rows):
        blocks += table_text(table, question) if n else table_block(table, question)
    return blocks


def _fit(body: list[Block], room: int) -> list[Block]:
    if len(body) <= room:
        return body
    left = many(len(body) - room + 1, "further part")
    return [*body[: room - 1], context(f"{left} of this answer did not fit into one message")]


def _why(answer: Answer) -> list[Block]:
    """A button for the one thing that was rejected, a menu for several."""
    lines = [line for line in answer.why if len(line) <= limits.OPTION_VALUE]
    if len(lines) > 1:
        return [menu("Why?", WHY, lines)]
    return [button("Why?", WHY, line) for line in lines]


def _buttons(answer: Answer) -> list[Block]:
    """A line too long to be sent back whole gets no button: cut, it would be another question."""
    again = [("Ask again", "again", answer.question.line)] if answer.queries else []
    others = [line for line in answer.next if line not in answer.why]
    following = [(line, f"next:{n}", line) for n, line in enumerate(others[:NEXT_SHOWN])]
    asks = [
        button(label, action, line)
        for label, action, line in following + again
        if line and len(line) <= limits.BUTTON_VALUE
    ]
    links = [run.link for run in answer.queries if run.link and len(run.link) <= limits.URL]
    return (
        _why(answer)
        + asks
        + [
            link_button("Open in CloudWatch" + (f" ({n + 1})" if n else ""), f"open:{n}", link)
            for n, link in enumerate(links[:LINKS_SHOWN])
        ]
    )
