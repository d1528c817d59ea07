"""The text as it is sent: with a `parse` in it where AWS does not find the fields by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.insights.nodes import Pipeline
from bot.model.errors import NotSupported

Layout = tuple[str, ...]  # Insights names, in the order in which records hold them


@dataclass(frozen=True, slots=True)
class Sent:
    """`asked`, with `added` put in before the character `at`.

    `added` defines the names `defined` that the text reads, and `hidden` ones that nothing reads.
    """

    asked: str
    at: int = 0
    added: str = ""
    defined: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return self.asked[: self.at] + self.added + self.asked[self.at :]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the text that was sent lies in the text that was asked."""
        first = self._place(start)
        return first, max(first + 1, self._place(end))

    def _place(self, offset: int) -> int:
        if offset >= self.at:
            offset = max(self.at, offset - len(self.added))
        return min(offset, len(self.asked))


def with_parse(pipeline: Pipeline, layouts: Collection[Layout], wanted: Mapping[str, str]) -> Sent:
    """The query with one `parse` of the record in front of its first command.

    `wanted` are the names it defines, each with the field of the layouts that it stands for. Raises
    `NotSupported` when one pattern cannot read them out of the records of every layout.
    """
    shared = _shared(layouts, wanted)
    if shared is None:
        error = NotSupported(
            f"AWS does not find {', '.join(sorted(wanted))} by itself, and no one parse reads that"
            " out of every record: the flow logs' formats differ",
            text=pipeline.text,
            start=0,
            end=len(pipeline.text),
            hint="Ask about one log group at a time, or give each flow log a group of its own.",
        )
        error.where = None
        raise error
    stars, names = shared
    stem = "skip"
    while stem in pipeline.text:
        stem += "_"
    skipped = {place: f"{stem}{place + 1}" for place in range(stars) if place not in names}
    aliases = ", ".join(names.get(place) or skipped[place] for place in range(stars))
    added = f'parse @message "{" ".join("*" * stars)}" as {aliases}\n| '
    at = pipeline.commands[0].start
    return Sent(pipeline.text, at, added, frozenset(wanted), frozenset(skipped.values()))


def _shared(
    layouts: Collection[Layout], wanted: Mapping[str, str]
) -> tuple[int, dict[int, str]] | None:
    """How many stars, and which of them have names: the same for all layouts, or None.

    A pattern matches a record with at least as many fields as it has stars; the last star takes the
    rest of the line.
    """
    held = {
        layout: {layout.index(field): name for name, field in wanted.items() if field in layout}
        for layout in layouts
    }
    lengths = {len(layout) for layout, names in held.items() if names}
    places, *others = [names for names in held.values() if names]
    stars = lengths.copy().pop() if len(lengths) == 1 else max(places) + 2
    misread = any(len(layout) >= stars for layout, names in held.items() if not names)
    if any(other != places for other in others) or stars > min(lengths) or misread:
        return None
    return (stars, places) if len(set(wanted.values())) == len(wanted) else None
