"""The commands of the language as rows of a table: which exist, which run here, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Verb:
    """One command. `refused` says why it does not run here; empty when it does."""

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
        " their keys unless sorted. `by bin(…) offset …` begins bins that much later.",
    ),
    Verb(
        "sort",
        "orders rows, numbers and addresses naturally",
        "Without a direction it ascends. A missing value comes before all others when ascending."
        " Computed numbers sort by value.",
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
        " that the records have is shadowed. XML is refused.",
    ),
    Verb("dedup", "keeps the first row of each combination; rows that lack a key are kept"),
    Verb("tail", "the last rows", refused="AWS gave it up; use sort and limit"),
    Verb("search", "full-text search", refused="AWS gave it up; use filter @message like"),
    Verb(
        "unnest",
        "a row for each element of a JSON list",
        "A row whose value is missing or an empty list stays. What split() gives is refused, as by"
        " AWS.",
    ),
    Verb("expand", "unnest into the field itself"),
    Verb("pattern", "clusters of similar lines", refused="AWS's clustering is not published"),
    Verb("diff", "compares with an earlier window", refused="it works on pattern only"),
    Verb("anomaly", "finds unusual patterns", refused="it works on pattern only"),
    Verb("unmask", "shows masked data", refused=_NEEDS_AWS),
    Verb("filterIndex", "filters by an indexed field", "Acts as filter here."),
    Verb(
        "SOURCE",
        "chooses log groups",
        "First, and only what is read anyway: its name as `@log` gives it, or a prefix of it in"
        " `logGroups(namePrefix: [...])`. Anything else is refused.",
    ),
    Verb(
        "lookup",
        "adds columns of a table by exact key",
        "Tables are `NAME.csv` in the folder FLOWS_TABLES names, 10 MB each at most. An empty cell"
        " is missing. Of rows with the same key the first counts. A row without a match keeps what"
        " it has; `OUTPUTNEW` fills what is missing or empty.",
    ),
    Verb(
        "cidrlookup",
        "adds columns by address range",
        "The longest prefix wins. Without `AS` the table's first column holds the ranges; what is"
        " no range there matches nothing. Otherwise as `lookup`.",
    ),
    Verb("join", "joins another log group", refused="one source is read at a time"),
    Verb(
        "addtotals",
        "adds up the numbers of each row or column",
        "What is no number counts as nothing. Without fields, all that are shown and hold numbers.",
    ),
    Verb("autoregress", "values of earlier rows", "In the order of sort; at most 100 lags."),
    Verb(
        "accum",
        "running sum",
        "In the order of sort. Without `as` it is refused: AWS does not name the result.",
    ),
    Verb(
        "fillmissing",
        "adds rows for empty bins",
        "All bins of the window. Refused with keys besides bin.",
    ),
    Verb("filldown", "missing values become the last one before", "In the order of sort."),
    Verb(
        "outlier",
        "cuts off or removes values far from the rest",
        "Quartiles are interpolated. The field of `mark=true` is `isOutlier`, true when one of the"
        " fields is; AWS does not name it.",
    ),
    Verb(
        "sessionize",
        "numbers sessions by fields and pauses",
        "Sessions are numbered from 1, by their fields and then by time.",
    ),
    Verb("countFrequent", "approximate counts", refused="AWS's approximation is not published"),
    Verb("appendcols", "pastes another query's columns", refused="subqueries do not run here"),
    Verb("logcompare", "compares with an earlier window", refused="AWS's method is not published"),
    Verb("relevantfields", "ranks fields", refused="AWS's scores are not published"),
    Verb(
        "estimate",
        "the bytes a query would read, without running it",
        "Last. One row, `estimatedBytes`: the log text of all files that may hold some of the"
        " window.",
    ),
    Verb("json", "takes a value out of JSON text"),
)


OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("= == !=", "equal, unequal", "`==` is taken, though not documented"),
    ("< <= > >=", "order", "as numbers; false for what is no number"),
    ("and or not !", "logic", "`not` binds tighter than `and`, `and` tighter than `or`"),
    (
        "like, not like, =~",
        "part of a text, or a regular expression that matches anywhere",
        "case-sensitive; `%` and `_` are plain; `not like` is false for a missing value",
    ),
    ("in, not in", "equal to one of a list", "`not in` is false for a missing value"),
    (
        "+ - * / % ^",
        "arithmetic",
        "`^` binds tightest, from the right; division by zero is missing; whole numbers are exact"
        " up to 128 bits, products of products and powers are decimal",
    ),
)

RULES: tuple[str, ...] = (
    "A field of the records is text with a view as a number: `dstPort = 443` and"
    ' `dstPort = "443"` both hold.',
    "`-`, which a record writes for none, is text that is there: `count` counts it, `isPresent` is"
    " true, `sum`, `avg`, `min` and `max` pass it over, any comparison with a number is false, also"
    " `!=`.",
    "A field that a record's format lacks is missing: any comparison with it is false, also `!=`;"
    " it is left out of the row. A name that no record has is missing everywhere, and the answer"
    " says so.",
    "A number beside a text that is no number: `=` and the orderings are false, `!=` is true,"
    " except for `-`.",
    "Two texts are equal as texts and ordered as numbers; where one is no number, the ordering is"
    " false, and the answer says so if the query spells it out.",
    "A text is a number when it is all of `[-+]digits[.digits][e[-+]digits]`.",
    "Names are case-sensitive, keywords and functions are not. `start` is also `startTime`, `end`"
    " also `endTime`.",
    "In strings a backslash protects a quote or a backslash and is kept before anything else.",
    "Regular expressions are RE2's: no look-around, no back-references; none can stall.",
    "Results are text. Whole numbers print plainly; decimals in the shortest digits that read back"
    " the same, never with an exponent (whole from 1e15 on, at most 20 decimals below 1e-4); times"
    " as `YYYY-MM-DD HH:MM:SS.mmm` in UTC; true and false as `1` and `0`; lists and maps as JSON.",
    "Without `fields` or `display` records show `@timestamp` and `@message`. They come newest first"
    " unless sorted, and end in `@ptr`.",
    "`min`, `max`, `earliest` and `latest` of `@timestamp` give milliseconds since 1970.",
    "A time cannot be compared with a text; that is refused.",
    "Periods are capped as Insights caps them (1000 ms, 60 s, 60 m, 24 h), and the answer says so.",
    "10,000 rows unless limited, 100,000 at most; the smallest limit counts.",
    "After `stats` only its keys and results exist. A name of another is missing, and the answer"
    " says so; `count` alone is read as `count(*)` when that is the only count.",
)


# Names in other languages, and what does the same here.
_ELSEWHERE = {
    "average": "avg",
    "contains": "strcontains",
    "dc": "count_distinct",
    "distinct": "count_distinct",
    "having": "filter",
    "len": "strlen",
    "length": "strlen",
    "lower": "toLower",
    "mean": "avg",
    "median": "pct",
    "percentile": "pct",
    "select": "fields",
    "upper": "toUpper",
}


def verb(word: str) -> Verb | None:
    """The command called `word`, in any case."""
    return next(
        (v for v in VERBS if word.lower() in {n.lower() for n in (v.name, *v.aliases)}), None
    )


def did_you_mean(word: str, known: list[str]) -> str | None:
    """A hint with the known word that looks most like `word`, when one does."""
    lowered = {name.lower(): name for name in known}
    meant = _ELSEWHERE.get(word.lower(), word).lower()
    close = get_close_matches(meant, lowered, n=1, cutoff=0.7)
    return f"Did you mean {lowered[close[0]]}?" if close else None
