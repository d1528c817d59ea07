"""Options of commands, written `name=value`."""

from __future__ import annotations

from collections.abc import Iterable

from lark import Token

from bot.insights import nodes
from bot.model.errors import BadQuery

_MOST_LAGS = 100


class Options:
    """The options of one command; each reader has a default and refuses what it cannot be."""

    def __init__(
        self,
        text: str,
        place: tuple[int, int],
        given: Iterable[tuple[Token, ...]],
        known: tuple[str, ...],
    ) -> None:
        self._text = text
        self._place = place
        self._given: dict[str, tuple[Token, ...]] = {}
        for key, sign, *values in given:
            name = key.lower()
            if name not in known or name in self._given or sign != "=":
                raise self._bad(f"{key} does not belong here", key)
            self._given[name] = tuple(values)

    def _bad(self, what: str, token: Token | None = None) -> BadQuery:
        start, end = self._place
        if token is not None:
            start, end = token.start_pos or 0, token.end_pos or 0
        return BadQuery(what, text=self._text, start=start, end=end)

    def _single(self, key: str, kinds: tuple[str, ...], wanted: str) -> Token | None:
        values = self._given.get(key)
        if values is None:
            return None
        if len(values) != 1 or values[0].type not in kinds:
            raise self._bad(f"{key} takes {wanted}", values[0])
        return values[0]

    def truth(self, key: str, default: bool) -> bool:
        value = self._single(key, ("TRUE", "FALSE"), "true or false")
        return default if value is None else value.type == "TRUE"

    def number(self, key: str, default: float) -> float:
        value = self._single(key, ("NUMBER",), "a number")
        return default if value is None else float(value)

    def word(self, key: str, default: str) -> str:
        value = self._single(key, ("ALIAS",), "a name")
        return default if value is None else value.replace("`", "")

    def name(self, key: str) -> nodes.Name | None:
        """The field an option names; None without the option."""
        value = self._single(key, ("ALIAS",), "a field")
        if value is None:
            return None
        return nodes.Name(value.start_pos or 0, value.end_pos or 0, value.replace("`", ""))

    def choice(self, key: str, words: tuple[str, ...]) -> str:
        """One of several words, the first being the default."""
        value = self._single(key, ("ALIAS",), " or ".join(words))
        if value is None:
            return words[0]
        if value.lower() not in words:
            raise self._bad(f"{key} takes {' or '.join(words)}", value)
        return value.lower()

    def range(self, key: str, default: tuple[int, int]) -> tuple[int, int]:
        """Whole numbers as in 1-4; one number is a range of itself."""
        values = self._given.get(key)
        if values is None:
            return default
        numbers = [value for value in values if value.type == "NUMBER"]
        if not numbers or not all(number.isdecimal() for number in numbers):
            raise self._bad(f"{key} takes a number, or two as in 1-4", values[0])
        first, last = int(numbers[0][:9]), int(numbers[-1][:9])
        if not 1 <= first <= last <= _MOST_LAGS:
            raise self._bad(f"{key} goes from 1 to {_MOST_LAGS}", values[0])
        return first, last
