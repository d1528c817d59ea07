"""`metric create rejects`: a metric filter, shown with a dry run, and made only when confirmed."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.ask.values import network, port_numbers
from bot.engines.cloudwatch.engine import CloudWatchEngine
from bot.engines.cloudwatch.metrics import MOST_TESTED, NAMESPACE, DryRun, Plan, bytes_into, rejects
from bot.engines.engine import Engine, Watch
from bot.model.answer import Answer
from bot.model.errors import BadLine, BadSource
from bot.model.query import Query
from bot.model.table import Column, Table
from bot.model.window import Window
from bot.model.writing import count, many, size
from bot.schedule.orders import Order, said

CONFIRM = "confirm"
RECENT = timedelta(minutes=15)  # whose records the dry run is made over
SETTLE = timedelta(minutes=5)
_USAGE = (
    "Write metric create rejects, or metric create bytes PORT into eni-ID ADDRESS;"
    " in GROUP where there are several."
)


class MetricOrders:
    """Obeys lines that begin with `metric`. Metric filters exist in CloudWatch alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def obey(self, order: Order, watch: Watch) -> Answer:
        """Show what would be made; make it when the line ends with its token."""
        engine = self._engine
        if not isinstance(engine, CloudWatchEngine):
            raise BadSource(
                "metric filters are CloudWatch's", where=engine.source, hint="These logs are not."
            )
        words = list(order.words)
        token = None
        if len(words) > 2 and words[-2] == CONFIRM:
            token, words = words[-1], words[:-2]
        plan = self._plan(engine, words, watch)
        if token is None:
            return self._shown(engine, plan, " ".join(words), order, watch)
        if token != plan.token:
            raise BadLine(
                f"{token[:20]!r} confirms another filter", hint="Look at the dry run again."
            )
        engine.metrics.create(plan, watch)
        return said(
            order,
            f"Metric {NAMESPACE}/{plan.name} counts new records of {plan.group} from now on.",
            notes=(f"Filter flows-{plan.name}: {plan.pattern}",),
        )

    def _plan(self, engine: CloudWatchEngine, words: list[str], watch: Watch) -> Plan:
        group, words = self._group(engine, words, watch)
        layouts = engine.layouts(watch)[group]
        if len(layouts) != 1:
            found = many(len(layouts), "format") if layouts else "no known format"
            raise BadSource(
                f"a pattern fits one format, and {group} has {found}",
                hint="One flow log must write there, and be readable (ec2:DescribeFlowLogs).",
            )
        match words:
            case ["create", "rejects"]:
                return rejects(group, layouts[0])
            case ["create", "bytes", port, "into", interface, address]:
                ports = port_numbers(port)
                if len(ports) != 1 or not re.fullmatch(r"eni-[0-9a-f]+", interface):
                    raise BadLine("one port and one interface", hint=_USAGE)
                host = str(network(address).network_address)
                return bytes_into(
                    group, layouts[0], interface=interface, address=host, port=ports[0]
                )
        raise BadLine("metric does not understand that", hint=_USAGE)

    def _group(
        self, engine: CloudWatchEngine, words: list[str], watch: Watch
    ) -> tuple[str, list[str]]:
        groups = list(engine.layouts(watch))
        if len(words) > 2 and words[-2] == "in":
            if words[-1] not in groups:
                raise BadLine(
                    f"{words[-1][:80]!r} is not read here", hint=f"There are {', '.join(groups)}."
                )
            return words[-1], words[:-2]
        if len(groups) > 1:
            raise BadLine("which log group?", hint=f"Add in {' or in '.join(groups)}.")
        return groups[0], words

    def _shown(
        self, engine: CloudWatchEngine, plan: Plan, line: str, order: Order, watch: Watch
    ) -> Answer:
        end = order.now - SETTLE
        text = f"fields @message | sort @timestamp desc | limit {MOST_TESTED}"
        result = engine.run(Query(text, Window(end - RECENT, end)), watch)
        messages = [row["@message"] for row in result.rows if "@message" in row]
        tried = engine.metrics.try_out(plan, messages, watch)
        columns = (Column("what", ""), Column("is", ""))
        rows = (
            ("Log group", plan.group),
            ("Filter", f"flows-{plan.name}"),
            ("Pattern", plan.pattern),
            ("Metric", f"{NAMESPACE}/{plan.name}, each match adds {plan.value}"),
        )
        return said(
            order,
            f"Nothing is made yet. {_outcome(tried, plan)}",
            tables=(Table("The filter", columns, rows),),
            notes=(f"To make it, write: metric {line} {CONFIRM} {plan.token}",),
            next_lines=(f"metric {line} {CONFIRM} {plan.token}",),
        )


def _outcome(tried: DryRun, plan: Plan) -> str:
    if not tried.tried:
        return "There are no records of the last minutes to try it on."
    total = size(tried.total) if plan.value == "$bytes" else count(tried.total)
    latest = many(tried.tried, "record")
    return f"Of the latest {latest} it would match {count(tried.matched)}: {total}."
