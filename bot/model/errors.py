"""What can go wrong, told in words a tired person understands.

Every error that reaches a person is a `FlowsError`: what is wrong, where, and what to try. Whatever
else escapes is a bug.
"""

from __future__ import annotations


class FlowsError(Exception):
    """Something a person can read and act on.

    `what` names the trouble, `where` the file, line or resource it is in, `hint` what to try.
    `str()` is always one line, whatever the parts contain.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        advice = f" {self.hint}" if self.hint else ""
        return " ".join(f"{self.what}{place}.{advice}".split())


class BadLine(FlowsError):
    """The words a person typed do not make a question."""


class BadPart(BadLine):
    """One part of a line is wrong, which a form asks for in a field: `part` names it."""

    def __init__(self, part: str, what: str, *, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.part = part


class BadWindow(FlowsError):
    """A stretch of time that cannot be asked about."""


class BadSource(FlowsError):
    """A place for logs that cannot be read."""


class BadSettings(FlowsError):
    """Settings that are missing or wrong, all named at once."""


class MissingFields(FlowsError):
    """The logs do not record what the question needs; `fields` are Insights names."""

    def __init__(self, fields: tuple[str, ...], what: str, *, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.fields = fields


class BadQuery(FlowsError):
    """Insights text that cannot be run. `start` and `end` are character offsets, end excluded."""

    def __init__(
        self, what: str, *, text: str, start: int, end: int, hint: str | None = None
    ) -> None:
        line = text.count("\n", 0, start) + 1
        column = start - (text.rfind("\n", 0, start) + 1) + 1
        super().__init__(what, where=f"line {line}, column {column}", hint=hint)
        self.text = text
        self.start = start
        self.end = max(end, start + 1)

    def caret(self) -> str:
        """The line of the query that is wrong, underlined: two lines of text."""
        begin = self.text.rfind("\n", 0, self.start) + 1
        stop = self.text.find("\n", self.start)
        line = self.text[begin : stop if stop >= 0 else len(self.text)].replace("\t", " ")
        width = max(1, min(self.end - begin, len(line)) - (self.start - begin))
        return f"{line}\n{' ' * (self.start - begin)}{'^' * width}"


class NotSupported(BadQuery):
    """Valid Insights text that this engine cannot run exactly, so does not run at all."""


class EngineError(FlowsError):
    """The place that runs queries failed; nothing is known about the traffic."""


class Throttled(EngineError):
    """Too many requests, or too many queries at once; worth trying again soon."""


class AccessDenied(EngineError):
    """A permission is missing, or credentials are absent or expired."""


class NoSuchLogGroup(EngineError):
    """The log group does not exist in that account and Region."""


class TimedOut(EngineError):
    """The query took longer than it may, and was stopped."""


class Cancelled(FlowsError):
    """The asker left, or the process is shutting down; the query was stopped."""
