"""Which fields of the records a query reads."""

from __future__ import annotations

from bot.insights.nodes import (
    Call,
    Fields,
    Json,
    Lookup,
    Name,
    Node,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    Pipeline,
    Stats,
    walk,
)


def source_fields(pipeline: Pipeline) -> frozenset[str]:
    """Record fields that a query reads before it defines them.

    `parse` without a field reads `@message`, `bin` reads `@timestamp`. Nothing after the first
    `stats` counts: from there on only its results exist.
    """
    read: set[str] = set()
    defined: set[str] = set()
    for command in pipeline.commands:
        read |= _read(command) - defined
        if isinstance(command, Stats):
            break
        defined |= _defined(command)
    return frozenset(name for name in read if name.split(".")[0] not in defined)


def _read(command: Node) -> set[str]:
    skipped = {id(name) for name in _names_that_are_not_fields(command)}
    found = {
        node.name for node, _ in walk(command) if isinstance(node, Name) and id(node) not in skipped
    }
    calls = [node.function.name.lower() for node, _ in walk(command) if isinstance(node, Call)]
    if isinstance(command, ParseGlob | ParseRegex | ParseCsv | ParseLogfmt | Json):
        found |= {"@message"} if command.field is None else set()
    if isinstance(command, Lookup) and command.only_new:
        found |= {output.alias.name for output in command.outputs}
    if "bin" in calls:
        found.add("@timestamp")
    # a later item may use an earlier one's alias
    return found - _defined(command) if isinstance(command, Stats | Fields) else found


def _names_that_are_not_fields(command: Node) -> list[Name]:
    found: list[Name] = []
    for node, _ in walk(command):
        if isinstance(node, Call):
            found.append(node.function)
        found += getattr(node, "aliases", ())
        found += filter(None, [getattr(node, "alias", None)])
    return found


def _defined(command: Node) -> set[str]:
    names = {name.name for name in _names_that_are_not_fields(command)}
    names -= {node.function.name for node, _ in walk(command) if isinstance(node, Call)}
    return names | set(command.names if isinstance(command, ParseRegex) else ())
