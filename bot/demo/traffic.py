"""A whole day of the demo's flow log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from bot.demo import errands, network, noise, shop
from bot.demo.draw import Draw
from bot.demo.log import HEADER, MINUTES, DayLog

Part = Callable[[DayLog, date, Draw], None]
PARTS: tuple[Part, ...] = (
    shop.visitors,
    shop.requests,
    shop.pools,
    shop.replication,
    shop.scrapes,
    errands.files,
    errands.services,
    errands.mail_without_relay,
    errands.release,
    errands.backup,
    errands.reports,
    errands.administration,
    noise.slow_scans,
    noise.sprays,
    noise.sweeps,
)


def day_of_records(day: date) -> list[str]:
    """The text of the day's files, one for each five minutes, header line first.

    Each part draws by itself, so that changing one leaves the others as they were.
    """
    log = DayLog(day)
    for part in PARTS:
        part(log, day, Draw(day, part.__name__))
    draw = Draw(day, "gaps")
    for _ in range(draw.between(4, 8)):
        log.note_skipped(
            draw.one_of((*network.BALANCERS, network.NAT)), draw.between(0, MINUTES - 1)
        )
    log.note_silence(draw)
    return ["\n".join([HEADER, *slot, ""]) for slot in log.slots]
