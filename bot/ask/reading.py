"""A line that a person typed → `Question`. Every refusal is a `BadLine` that names the word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.ask.values import Hosts, near, value
from bot.ask.windows import EXAMPLES, MOST_WORDS, window_in
from bot.ask.words import Word, shown, split
from bot.model.answer import Argument as Value
from bot.model.answer import Network, Question
from bot.model.command import Argument, Command, Takes
from bot.model.errors import BadLine
from bot.model.window import Window

LONGEST_LINE = 12_000  # characters; the text of a query may have 10,000
HELP = "help"
WINDOW_WORDS = ("today", "yesterday", "since", "last")
NO_WINDOW = timedelta(hours=1)  # of a question that is about no time


def read(
    line: str,
    commands: Sequence[Command],
    *,
    now: datetime,
    zone: ZoneInfo,
    inside: tuple[Network, ...] = (),
    hosts: Hosts | None = None,
) -> Question:
    """Read a line; an empty one asks for help. Raises `BadLine`.

    `hosts` gives the addresses of a host by its name, the one that logs write first.
    """
    if len(line) > LONGEST_LINE:
        raise BadLine(
            f"the line has {len(line)} characters", hint=f"It can have {LONGEST_LINE} at most."
        )
    name, *rest = line.split(maxsplit=1) or [HELP]
    command = _command(name, commands)
    reading = _Reading(command, "".join(rest), now, zone, hosts)
    try:
        window = reading.read()
    except BadLine as error:
        hint = " ".join(filter(None, (error.hint, f"Usage: {command.usage}")))
        raise BadLine(error.what, hint=hint) from None
    return Question(command.name, line.strip(), window, zone, now, reading.values, inside)


def _command(word: str, commands: Sequence[Command]) -> Command:
    by_name = {command.name: command for command in commands}
    plain = word.lower().replace("_", "-")
    if plain in by_name:
        return by_name[plain]
    known = f"There are {', '.join(by_name)}."
    raise BadLine(f"there is no command {shown(word)}", hint=near(plain, by_name) or known)


@dataclass
class _Reading:
    """The words after a command's name, taken from the left."""

    command: Command
    line: str
    now: datetime
    zone: ZoneInfo
    hosts: Hosts | None
    values: dict[str, Value] = field(default_factory=dict)
    window: Window | None = None
    window_words: str = ""

    def read(self) -> Window:
        rest = next((a for a in self.command.arguments if a.takes is Takes.REST), None)
        if rest is None:
            words = split(self.line)
            while words:
                words = words[self._take(words) :]
        else:
            self._take_rest(rest)
        for argument in self.command.arguments:
            if argument.required and argument.name not in self.values:
                raise BadLine(f"{self.command.name} needs {argument.usage}: {argument.help}")
        return self.window or Window.last(self.command.length or NO_WINDOW, self.now)

    def _take(self, words: list[Word]) -> int:
        """Take a window or an argument from the left of `words`; how many words that were."""
        if taken := self._take_window(words):
            return taken
        word = words[0].text
        for argument in self.command.arguments:
            if argument.keyword == word.lower().removeprefix("--") and not words[0].quoted:
                if len(words) == 1:
                    raise BadLine(f"{shown(word)} needs {argument.name}: {argument.help}")
                if self._is_filler(argument, words[1]):
                    return 1
                if argument.takes is Takes.WINDOW:
                    return 1 + self._take_other_window(argument, words[1:])
                self._set(argument, words[1].text)
                return 2
        argument = self._free_place(word)
        self._set(argument, word)
        return 1

    def _is_filler(self, argument: Argument, following: Word) -> bool:
        """Whether a keyword only leads to the next one: `by` in `by tag Name`."""
        word = following.text.lower()
        keywords = (a.keyword for a in self.command.arguments if a is not argument)
        return (
            bool(argument.choices)
            and word not in argument.choices
            and not following.quoted
            and word in keywords
        )

    def _take_window(self, words: list[Word]) -> int:
        """Take the longest window that stands at the left; 0 when there is none."""
        if self.command.length is None:
            return 0
        found, spelled, count = self._longest_window(words)
        if found is None:
            return 0
        if self.window is not None:
            raise BadLine(f"there are two windows: {self.window_words} and {spelled}")
        self.window, self.window_words = found, spelled
        return count

    def _take_other_window(self, argument: Argument, words: list[Word]) -> int:
        """Take the window of an argument; how many words that were."""
        found, spelled, count = self._longest_window(words)
        if found is None:
            raise BadLine(f"{shown(words[0].text)} is no window", hint=f"Write {EXAMPLES}.")
        if argument.name in self.values:
            raise BadLine(f"{argument.keyword} is given twice, again as {shown(spelled)}")
        self.values[argument.name] = found
        return count

    def _longest_window(self, words: list[Word]) -> tuple[Window | None, str, int]:
        """The window that stands at the left, how it is spelled and in how many words."""
        plain = next((n for n, word in enumerate(words) if word.quoted), len(words))
        for count in range(min(MOST_WORDS, plain), 0, -1):
            spelled = " ".join(word.text for word in words[:count])
            if found := window_in(spelled, self.now, self.zone):
                return found, spelled, count
        return None, "", 0

    def _take_rest(self, rest: Argument) -> None:
        """A window at the left, then everything to the end, untouched."""
        words = _plain_words(self.line)
        taken = self._take_window(words)
        text = self.line[words[taken].start :] if taken < len(words) else ""
        if text.strip():
            self.values[rest.name] = text.strip()

    def _set(self, argument: Argument, word: str) -> None:
        if argument.name in self.values:
            raise BadLine(
                f"{argument.keyword or argument.name} is given twice, again as {shown(word)}"
            )
        self.values[argument.name] = value(word, argument, self.hosts)

    def _free_place(self, word: str) -> Argument:
        """The positional argument without a value whose choices have the word, else the next one.

        Raises `BadLine` when there is none.
        """
        free = [
            a for a in self.command.arguments if a.keyword is None and a.name not in self.values
        ]
        chosen = [a for a in free if word.lower() in a.choices]
        if chosen or free:
            return (chosen or free)[0]
        keywords = [a.keyword for a in self.command.arguments if a.keyword]
        choices = [choice for a in self.command.arguments for choice in a.choices]
        hint = near(word, (*keywords, *choices, *WINDOW_WORDS))
        if not hint and self.command.length:
            hint = f"A window is {EXAMPLES}."
        raise BadLine(f"{self.command.name} does not understand {shown(word)}", hint=hint or None)


def _plain_words(line: str) -> list[Word]:
    """Words parted by white space alone: quotes belong to the text that follows a window."""
    words, at = [], 0
    for text in line.split():
        at = line.index(text, at)
        words.append(Word(text, at, at + len(text), quoted=False))
        at += len(text)
    return words
