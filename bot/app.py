"""The one place where parts are plugged together. No logic."""

from __future__ import annotations

import hashlib
import secrets
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.model.times import zone_named
from bot.settings import Secret, Settings

if TYPE_CHECKING:  # each is imported when it is used: a call pays only for what it needs
    from bot.ask.asker import Asker, Surroundings
    from bot.engines.engine import Engine
    from bot.network.aws_ranges import AwsRanges
    from bot.network.cloudtrail import Trail
    from bot.network.documents import Documents
    from bot.network.teams import Teams
    from bot.schedule.opening import Watching

DEMO = "demo"
CLOUDWATCH = "cloudwatch://"
ATHENA = "athena://"


def now() -> datetime:
    return datetime.now(UTC)


def open_engine(source: str, settings: Settings) -> Engine:
    """The engine for a source: `demo`, `cloudwatch://…`, `athena://…`, or a path."""
    if source.startswith(CLOUDWATCH):
        from bot.engines.cloudwatch.opening import open_cloudwatch  # noqa: PLC0415

        return open_cloudwatch(source, timeout=settings.query_timeout)
    if source.startswith(ATHENA):
        from bot.engines.athena.opening import open_athena  # noqa: PLC0415

        return open_athena(source, timeout=settings.query_timeout)
    from bot.engines.local.engine import LocalEngine  # noqa: PLC0415

    path, prepare = Path(source), None
    if source == DEMO:
        from bot.demo.days import Demo  # noqa: PLC0415

        path = settings.cache / "demo"
        prepare = Demo(path).ensure
    return LocalEngine(
        path,
        source=source,
        prepare=prepare,
        cache=settings.cache,
        tables=settings.tables,
        timeout=settings.query_timeout,
    )


def open_network(source: str, settings: Settings) -> Surroundings:
    """What is known of the network of a source: a snapshot, EC2's own word, or nothing."""
    from bot.network.snapshots import Network, Snapshots, Still  # noqa: PLC0415

    if settings.inventory is not None:
        from bot.network.changes import recorded  # noqa: PLC0415
        from bot.network.documents import inventory, read_documents  # noqa: PLC0415

        found, where = read_documents(settings.inventory), str(settings.inventory)
        return Still(inventory(found, where), now, recorded=recorded(found))
    if source == DEMO or source.startswith((CLOUDWATCH, ATHENA)):
        describe = partial(describe_network, source)
        if source == DEMO:
            return _demo_network()
        return Network(
            describe,
            clock=now,
            executor=ThreadPoolExecutor(1, "network"),
            snapshots=Snapshots(settings.cache / "network" / _file_name(source)),
            trail=_open_trail(source),
        )
    return Still(None, now)


def describe_network(source: str, *, broken: bool = False) -> Documents:
    """The network's describe-… documents: the demo's, or what EC2 says in the source's Region.

    `broken` is the demo's while its mistake lasts.
    """
    if source == DEMO:
        from bot.demo.documents import documents  # noqa: PLC0415

        found = documents(broken=broken)
        return {name.removesuffix(".json"): document for name, document in found.items()}
    from bot.network.controls import with_controls  # noqa: PLC0415
    from bot.network.ec2 import describe, open_ec2  # noqa: PLC0415
    from bot.network.log_groups import open_logs, with_log_groups  # noqa: PLC0415

    region = _region(source)
    ec2 = open_ec2(region)
    return with_log_groups(with_controls(describe(ec2), ec2), open_logs(region))


def _demo_network() -> Surroundings:
    """The demo's network, which has a wrong rule while its mistake lasts, and its changes."""
    from bot.demo.story import is_broken  # noqa: PLC0415
    from bot.demo.trail import events  # noqa: PLC0415
    from bot.network.changes import Recorded  # noqa: PLC0415
    from bot.network.documents import inventory  # noqa: PLC0415
    from bot.network.snapshots import Still  # noqa: PLC0415

    whole, broken = (inventory(describe_network(DEMO, broken=one)) for one in (False, True))
    return Still(
        whole, now, recorded=Recorded(events), then=lambda at: broken if is_broken(at) else whole
    )


def _open_trail(source: str) -> Trail:
    """CloudTrail of the source's Region; nobody is asked before something is to be known."""
    from bot.network.cloudtrail import Trail, open_cloudtrail  # noqa: PLC0415

    return Trail(
        partial(open_cloudtrail, _region(source)),
        clock=now,
        ticks=time.monotonic,
        sleep=time.sleep,
    )


def _region(source: str) -> str | None:
    if source.startswith(ATHENA):
        from bot.engines.athena.opening import parsed as place  # noqa: PLC0415

        return place(source).region
    if not source.startswith(CLOUDWATCH):
        return None
    from bot.engines.cloudwatch.opening import parsed  # noqa: PLC0415

    return parsed(source)[0]


def open_asker(engine: Engine, settings: Settings) -> Asker:
    """Questions over one engine."""
    from bot.ask.asker import Asker  # noqa: PLC0415
    from bot.network.aws_ranges import Later  # noqa: PLC0415
    from bot.network.prices import TABLES, read_prices  # noqa: PLC0415
    from commands import shelf  # noqa: PLC0415

    return Asker(
        engine,
        shelf(),
        clock=now,
        inside=settings.inside,
        price_per_gb=settings.price_per_gb,
        network=open_network(engine.source, settings),
        teams=open_teams(settings),
        ranges=Later(partial(open_ranges, settings), now),
        prices=read_prices(settings.prices) if settings.prices else TABLES,
    )


def open_ranges(settings: Settings) -> AwsRanges:
    """AWS's address ranges: a file's, those fetched if allowed, or the package's."""
    from bot.network.aws_ranges import download, kept_fresh, packaged, read  # noqa: PLC0415

    if settings.aws_ranges:
        return read(settings.aws_ranges)
    if settings.aws_refresh:
        return kept_fresh(settings.cache / "aws" / "ip-ranges.json", download, now)
    return packaged()


def open_teams(settings: Settings) -> Teams | None:
    """Whose hosts, ranges and ports are, where a file says so."""
    from bot.network.teams import read_teams  # noqa: PLC0415

    return read_teams(settings.teams) if settings.teams else None


def open_watching(engine: Engine, asker: Asker, settings: Settings) -> Watching:
    """What the bot does by itself, over the store that settings name. Close its store."""
    from bot.schedule.opening import Watching  # noqa: PLC0415
    from bot.store.opening import open_store  # noqa: PLC0415

    return Watching(
        store=open_store(settings.store),
        engine=engine,
        ask=asker.ask,
        surroundings=asker.network,
        ranges=partial(open_ranges, settings),
        teams=open_teams(settings),
        clock=now,
        who=f"{socket.gethostname()[:40]}-{secrets.token_hex(4)}",
        zone=zone_named(settings.zone),
        inside=settings.inside,
        price=settings.price_per_gb,
        history=timedelta(days=settings.history),
        warn=settings.channel,
    )


def serve(settings: Settings) -> None:
    """Run the Slack bot until the process is asked to end."""
    from bot.charts.drawing import png  # noqa: PLC0415
    from bot.charts.words import alt_text  # noqa: PLC0415
    from bot.schedule.clock import ticking  # noqa: PLC0415
    from bot.slack.app import build  # noqa: PLC0415
    from bot.slack.serving import serve as listen  # noqa: PLC0415
    from commands import shelf  # noqa: PLC0415

    settings.check_serving()
    engine = open_engine(settings.need_source(), settings)
    try:
        asker = open_asker(engine, settings)
        watching = open_watching(engine, asker, settings)
        bot = build(
            ask=asker.ask,
            orders=lambda channel: watching.orders(channel.named),
            shelf=shelf(),
            png=png,
            alt_text=alt_text,
            source=engine.source,
            token=_secret(settings.bot_token) or "",
            zone=zone_named(settings.zone),
            signing_secret=_secret(settings.signing_secret) or "",
            base_url=settings.slack_api,
            slash=settings.slash,
            workers=settings.workers,
        )
        with ticking(watching.ticker(bot.channel)):
            listen(
                bot,
                app_token=_secret(settings.app_token),
                host=settings.http_host,
                port=settings.http_port,
            )
        watching.store.close()
    finally:
        engine.close()


def _file_name(source: str) -> str:
    """A source as the name of a folder: the same source has the same one."""
    return hashlib.sha256(source.encode()).hexdigest()[:32]


def _secret(value: Secret | None) -> str | None:
    return None if value is None else value.value
