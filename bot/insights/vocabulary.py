"""The commands of the language as rows of a table: which exist, which run here, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Verb:
    """One command. `refused` says why it does not run on local files; empty when it does."""

    name: str
    does: str
    choice: str = ""  # what was chosen where AWS's documentation is silent
    refused: str = ""
    aliases: tuple[str, ...] = ()


_NEEDS_AWS = "it needs what only AWS has"

VERBS: tuple[Verb, ...] = (
    Verb(
        "fields",
        "computes and shows fields; several are shown together",
        "After `stats`, `fields` narrows what is shown to what it names. A bare field may be named"
        " again; a new meaning for a name is refused.",
    ),
    Verb("display", "shows these fields only; the last one counts"),
    Verb("filter", "keeps rows for which the condition holds", aliases=("where",)),
    Verb(
        "stats",
        "groups and aggregates; at most 10 in a query",
        "Rows without a key keep their group, with the key left out. Results come in the order of"
        " their keys unless sorted.",
    ),
    Verb(
        "sort",
        "orders rows, numbers and addresses naturally",
        "Without a direction it ascends. A missing value comes before all others when ascending.",
        aliases=("order",),
    ),
    Verb(
        "limit",
        "keeps the first rows",
        "The smaller of the text's and the caller's limit counts.",
        aliases=("head",),
    ),
    Verb(
        "parse",
        "takes fields out of text, by glob or regular expression",
        "In a glob each `*` takes as little as it can, the last one the rest of the line. A name"
        " that the records have is shadowed.",
    ),
    Verb("dedup", "keeps the first row of each combination; rows that lack a key are kept"),
    Verb("tail", "the last rows", refused="AWS gave it up; use sort and limit"),
    Verb("search", "full-text search", refused="AWS gave it up; use filter @message like"),
    Verb("unnest", "a row for each element of a list", refused="not built yet"),
    Verb("expand", "a row for each element of a JSON list", refused="not built yet"),
    Verb("pattern", "clusters of similar lines", refused="AWS's clustering is not published"),
    Verb("diff", "compares with an earlier window", refused="it works on pattern only"),
    Verb("anomaly", "finds unusual patterns", refused="it works on pattern only"),
    Verb("unmask", "shows masked data", refused=_NEEDS_AWS),
    Verb("filterIndex", "reads indexed log groups only", refused="not built yet"),
    Verb("SOURCE", "chooses log groups", refused="the source is chosen outside the query"),
    Verb("lookup", "adds columns of a table", refused="there are no lookup tables"),
    Verb("cidrlookup", "adds columns by address range", refused="there are no lookup tables"),
    Verb("join", "joins another log group", refused="one source is read at a time"),
    Verb("addtotals", "adds up a row's numbers", refused="not built yet"),
    Verb("autoregress", "copies earlier rows' values", refused="not built yet"),
    Verb("accum", "running sum", refused="not built yet"),
    Verb("fillmissing", "rows for empty bins", refused="not built yet"),
    Verb("filldown", "repeats the last value", refused="not built yet"),
    Verb("outlier", "tames values far from the rest", refused="not built yet"),
    Verb("sessionize", "numbers sessions", refused="not built yet"),
    Verb("countFrequent", "approximate counts", refused="AWS's approximation is not published"),
    Verb("appendcols", "pastes another query's columns", refused="subqueries do not run here"),
    Verb("logcompare", "compares with an earlier window", refused="AWS's method is not published"),
    Verb("relevantfields", "ranks fields", refused="AWS's scores are not published"),
    Verb("estimate", "the bytes a query would read", refused="not built yet"),
    Verb("json", "takes fields out of JSON", refused="not built yet"),
)


def verb(word: str) -> Verb | None:
    """The command called `word`, in any case."""
    return next(
        (v for v in VERBS if word.lower() in {n.lower() for n in (v.name, *v.aliases)}), None
    )


def did_you_mean(word: str, known: list[str]) -> str | None:
    """A hint with the known word that looks most like `word`, when one does."""
    lowered = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f"Did you mean {lowered[close[0]]}?" if close else None
