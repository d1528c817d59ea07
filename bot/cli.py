"""The command line. It reads words, hands them on, and prints what comes back."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.app import DEMO, now, open_asker, open_engine
from bot.model.errors import BadLine, FlowsError
from bot.model.query import Query
from bot.model.times import moment, zone_named
from bot.model.window import Window
from bot.schedule.words import ORDERS
from bot.settings import Settings

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.ask.asker import Asker
    from bot.engines.engine import Engine, Watch
    from bot.model.answer import Answer

T = TypeVar("T")
STDIN = "-"


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; whatever goes wrong is told in one line."""
    from bot.terminal.errors import tell  # noqa: PLC0415

    try:
        return int(flows.main(args=arguments, prog_name="flows", standalone_mode=False) or 0)
    except FlowsError as error:
        tell(error, sys.stderr)
        return 1
    except click.ClickException as error:
        tell(BadLine(error.format_message(), hint="See flows --help."), sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("flows: stopped", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="flows-bot", prog_name="flows")
def flows() -> None:
    """Answers “what is happening on the network?” from AWS VPC Flow Logs."""


_source = click.option(
    "--source",
    metavar="SOURCE",
    help="A path, cloudwatch://REGION/LOG-GROUP[,…], athena://REGION/DATABASE/TABLE or demo.",
)
_out = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write charts into."
)


@flows.command()
@_out
def demo(out: Path | None) -> None:
    """Answer questions about a made day of a small network; needs neither AWS nor Slack."""
    from bot.demo.story import QUESTIONS, moment_of_asking  # noqa: PLC0415
    from bot.terminal import pictures  # noqa: PLC0415
    from bot.terminal.answer import show, terminal  # noqa: PLC0415

    settings = Settings.read()
    console = terminal()
    zone = zone_named(settings.zone)
    with _engine(DEMO, settings) as engine:
        asker = open_asker(engine, settings)
        for number, line in enumerate(QUESTIONS, 1):
            console.print(
                f"$ flows ask {json.dumps(line)} --source demo", style="bold", markup=False
            )
            answer = _stoppable(
                lambda watch, line=line: asker.ask(  # type: ignore[misc]
                    line, zone=zone, watch=watch, now=moment_of_asking()
                )
            )
            show(answer, console, pictures.write(answer, out, prefix=f"{number}-"))


@flows.command()
@click.argument("line", nargs=-1, required=True)
@_source
@click.option("--now", "at", metavar="TIME", help="Ask as if it were this time.")
@click.option("--tz", metavar="ZONE", help="Time zone to read and write times in.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
@click.option(
    "--inventory",
    type=click.Path(path_type=Path),
    help="The network: a saved snapshot, or a folder of describe-….json.",
)
@_out
def ask(
    *,
    line: tuple[str, ...],
    source: str | None,
    at: str | None,
    tz: str | None,
    as_json: bool,
    inventory: Path | None,
    out: Path | None,
) -> None:
    """Answer one question, as the slash command does: flows ask "db-clients 5432 1h"."""
    from bot.terminal import pictures  # noqa: PLC0415

    settings = Settings.read()
    if inventory is not None:
        settings = replace(settings, inventory=inventory)
    zone = zone_named(tz or settings.zone)
    when = moment(at) if at else None
    text = " ".join(line)
    if settings.source is None and _asks_no_logs(text):
        source = source or DEMO
    with _engine(source, settings) as engine:
        asker = open_asker(engine, settings)
        if text.split()[:1] and text.split()[0].lower() in ORDERS:
            answer = _ordered(text, engine, asker, settings, zone)
        else:
            answer = _stoppable(lambda watch: asker.ask(text, zone=zone, watch=watch, now=when))
    files = pictures.write(answer, out)
    if as_json:
        from bot.terminal.document import document  # noqa: PLC0415

        click.echo(json.dumps(document(answer, files), ensure_ascii=False, indent=2))
    else:
        from bot.terminal.answer import show, terminal  # noqa: PLC0415

        show(answer, terminal(), files)


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from bot.terminal.completion import completed  # noqa: PLC0415

    return completed(incomplete)


@flows.command()
@click.argument("text", required=False, shell_complete=_complete)
@_source
@click.option("--since", metavar="TIME", help="Start of the window; an hour before its end.")
@click.option("--until", metavar="TIME", help="End of the window, itself excluded; now.")
@click.option("--json", "as_json", is_flag=True, help="The shape of GetQueryResults.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values.")
@click.option("--explain", is_flag=True, help="The SQL, and what it would read; nothing is run.")
@click.option("--batch", is_flag=True, help="Read JSON lines {id, query, start, end} instead.")
def query(
    *,
    text: str | None,
    source: str | None,
    since: str | None,
    until: str | None,
    as_json: bool,
    as_csv: bool,
    explain: bool,
    batch: bool,
) -> None:
    """Run CloudWatch Logs Insights text as it is; - reads it from standard input."""
    from bot.terminal import rows  # noqa: PLC0415

    if batch and explain:
        raise BadLine("--explain is for one query", hint="Leave out --batch or --explain.")
    settings = Settings.read()
    if batch:
        from bot.terminal.batch import replies  # noqa: PLC0415

        with _engine(source, settings) as engine:
            for reply in replies(engine, sys.stdin):
                click.echo(json.dumps(reply, ensure_ascii=False))
        return
    wanted = Query(_query_text(text), _window(since, until))
    with _engine(source, settings) as engine:
        if explain:
            click.echo(_explained(engine, wanted, as_json=as_json))
            return
        result = _stoppable(lambda watch: engine.run(wanted, watch))
    if as_json:
        click.echo(json.dumps(rows.document(result), ensure_ascii=False))
    elif as_csv:
        click.echo(rows.csv(result), nl=False)
    else:
        rows.show(result)
        return
    for remark in rows.remarks(result):
        click.echo(remark, err=True)


@flows.command()
@click.option(
    "--save",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; --inventory reads it.",
)
@_source
def inventory(save: Path, source: str | None) -> None:
    """Save a snapshot of the network, as EC2 describes it, for --inventory."""
    from bot.app import describe_network  # noqa: PLC0415
    from bot.network import documents  # noqa: PLC0415

    found = describe_network(source or Settings.read().source or "")
    documents.save(found, now(), save)
    network = documents.read_inventory(save)
    click.echo(
        f"saved {len(network.interfaces)} interfaces, {len(network.subnets)} subnets,"
        f" {len(network.groups)} security groups, {len(network.nacls)} NACLs to {save}"
    )
    for action, poorer in network.missing.items():
        click.echo(f"! not allowed: {action}; {poorer}", err=True)


@flows.command()
def serve() -> None:
    """Run the Slack bot: Socket Mode when an app-level token is set, signed HTTP otherwise."""
    import logging  # noqa: PLC0415

    from bot.app import serve as run_bot  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("alembic", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    run_bot(Settings.read())


@flows.group()
def detect() -> None:
    """Find what is unusual in a series of numbers."""


@detect.command()
def spike() -> None:
    """Read CSV timestamp,value on standard input; write timestamp,alert,score line by line."""
    from bot.detect.stream import spikes  # noqa: PLC0415

    lines = click.open_file("-", encoding="utf-8", errors="replace")
    for line in spikes(lines, lambda trouble: click.echo(f"flows: {trouble}", err=True)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


@flows.command()
@_source
@click.option("--from", "since", metavar="TIME", required=True, help="Start of the stretch.")
@click.option("--to", "until", metavar="TIME", required=True, help="Its end.")
@click.option("--channel", metavar="CHANNEL", default=STDIN, help="Its name in what is printed.")
@click.option("--digest", "digest_at", metavar="HH:MM", help="Post a digest a day as well.")
@click.option(
    "--history",
    metavar="DAYS",
    type=float,
    default=2.0,
    show_default=True,
    help="Days before it to learn from.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
def replay(
    *,
    source: str | None,
    since: str,
    until: str,
    channel: str,
    history: float,
    digest_at: str | None,
    as_json: bool,
) -> None:
    """Run the scheduler over a stretch of the past, and print what it would have posted.

    It learns from the DAYS before.
    """
    from bot.app import open_network, open_ranges, open_teams  # noqa: PLC0415
    from bot.schedule.replay import replay as run_again  # noqa: PLC0415

    settings = Settings.read()
    window = Window(moment(since), moment(until))
    with _engine(source, settings) as engine:
        network = open_network(engine.source, settings)
        _stoppable(
            lambda watch: run_again(
                engine,
                window,
                channel=channel,
                write=click.echo,
                watch=watch,
                zone=zone_named(settings.zone),
                as_json=as_json,
                inside=settings.inside,
                history=timedelta(days=history),
                digest_at=digest_at,
                ranges=lambda: open_ranges(settings),
                surroundings=network,
                teams=open_teams(settings),
            )
        )


@flows.group()
def athena() -> None:
    """Tables of flow logs in S3, for sources athena://…."""


@athena.command()
@click.argument("table", metavar="[DATABASE.]TABLE")
@click.option("--location", metavar="S3-URL", help="The folder that holds the years.")
@click.option(
    "--layout",
    type=click.Choice(["days", "hours", "hive", "hive-hours"]),
    help="How its folders are named; days when nothing says.",
)
@click.option("--format", "form", metavar="FORMAT", help="'${version} ${account-id} …'.")
@click.option("--parquet", is_flag=True, help="Files are Parquet, not text.")
@click.option(
    "--from-flow-log",
    "described",
    type=click.File(encoding="utf-8"),
    help="What aws ec2 describe-flow-logs says of it; needs --account and --region.",
)
@click.option("--account", metavar="ID", default="", help="The account whose logs they are.")
@click.option("--region", metavar="REGION", default="", help="Their Region.")
@click.option("--since", metavar="DAY", default="2024-01-01", help="First day of the logs.")
def ddl(table: str, described: Any, account: str, region: str, since: str, **given: Any) -> None:
    """Print the statement that makes a table of flow logs, with partition projection."""
    from bot.engines.athena.asked import statement  # noqa: PLC0415

    document = described.read() if described else None
    click.echo(statement(table, document, account=account, region=region, since=since, **given))


@flows.command("settings")
def list_settings() -> None:
    """List every setting with its default."""
    from bot.settings import described  # noqa: PLC0415

    for variable, default, meaning in described():
        click.echo(f"{variable:<22} {default or '-':<24} {meaning}")


@contextmanager
def _engine(source: str | None, settings: Settings) -> Iterator[Engine]:
    engine = open_engine(source or settings.need_source(), settings)
    try:
        yield engine
    finally:
        engine.close()


def _asks_no_logs(text: str) -> bool:
    """Whether a line is for a command without a window, `help`."""
    from commands import shelf  # noqa: PLC0415

    first = text.lower().split()[:1] or ["help"]
    return any([command.name] == first and command.length is None for command in shelf())


def _ordered(text: str, engine: Engine, asker: Asker, settings: Settings, zone: ZoneInfo) -> Answer:
    """Obey a line such as `digest now`; the terminal is no channel."""
    from bot.app import open_watching  # noqa: PLC0415

    watching = open_watching(engine, asker, settings)
    try:
        orders = watching.orders()
        return _stoppable(
            lambda watch: orders.obey(text, who="terminal", channel="", zone=zone, watch=watch)
        )
    finally:
        watching.store.close()


def _window(since: str | None, until: str | None) -> Window:
    end: datetime = moment(until) if until else now()
    start = moment(since) if since else end - timedelta(hours=1)
    return Window(start, end)


def _query_text(text: str | None) -> str:
    if text is None and sys.stdin.isatty():
        raise BadLine("no query", hint='Write flows query "stats count(*)" or pipe it in.')
    return sys.stdin.read() if text in (None, STDIN) else str(text)


def _explained(engine: Engine, wanted: Query, *, as_json: bool) -> str:
    from bot.terminal import explanation  # noqa: PLC0415

    explain = getattr(engine, "explain", None)
    if explain is None:
        raise BadLine(f"{engine.name} cannot explain a query", hint="--explain is for files.")
    told = _stoppable(lambda watch: explain(wanted, watch))
    if as_json:
        return json.dumps(explanation.document(told), ensure_ascii=False)
    return explanation.text(told)


def _stoppable(work: Callable[[Watch], T]) -> T:
    """Do `work` in a thread, so that Ctrl-C stops what it watches at once."""
    from bot.engines.engine import Watch  # noqa: PLC0415
    from bot.terminal.progress import progress  # noqa: PLC0415

    with progress() as told, ThreadPoolExecutor(1) as pool:
        watch = Watch(told)
        future = pool.submit(work, watch)
        try:
            return future.result()
        except KeyboardInterrupt:
            threading.Thread(target=watch.stop).start()
            raise
