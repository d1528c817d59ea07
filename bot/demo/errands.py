"""Traffic for other reasons: S3, services of other companies, the release, backup, administration.

Hosts in private subnets reach the internet through the NAT gateway in zone a. S3 has a gateway
endpoint in app-a's route table only; everyone else pays for S3 through the NAT.
"""

from __future__ import annotations

from datetime import date, time

from bot.demo import network, rules
from bot.demo.draw import Amount, Draw, Ports
from bot.demo.log import Conversation, DayLog, conversation
from bot.demo.network import Host
from bot.demo.rhythm import rhythm
from bot.demo.story import BACKUP, RELEASE, REPORTS

PACKET = 1440  # bytes of a full packet on the way to the internet
JUMBO = 8900  # and within the VPC


def files(log: DayLog, day: date, draw: Draw) -> None:
    """App servers read and write pictures in S3."""
    ports = Ports(draw)
    for minute, busy in enumerate(rhythm(day)):
        for _ in range(draw.about(1.1 * busy)):
            talk = _outward(draw.one_of(network.APPS), draw.one_of(network.S3), ports)
            first = minute * 60 + draw.between(0, 40)
            sent, replied = draw.amount(20, 900, 700), draw.amount(40, 2600, 1300)
            log.talk(talk, first, first + draw.between(2, 19), sent, replied)


def services(log: DayLog, day: date, draw: Draw) -> None:
    """Payments and mail, and now and then system packages."""
    ports = Ports(draw)
    uses = (
        (network.APPS, network.PAYMENTS, 443, 0.45),
        (network.WORKERS, network.MAIL, 587, 0.2),
        ((*network.APPS, *network.WORKERS, network.BATCH), network.PACKAGES, 80, 0.02),
    )
    for minute, busy in enumerate(rhythm(day)):
        for hosts, address, port, often in uses:
            if draw.chance(often * busy):
                talk = _outward(draw.one_of(hosts), address, ports, port)
                first = minute * 60 + draw.between(0, 50)
                sent, replied = draw.amount(9, 60, 420), draw.amount(9, 90, 700)
                log.talk(talk, first, first + draw.between(0, 9), sent, replied)


def mail_without_relay(log: DayLog, day: date, draw: Draw) -> None:
    """A library on the workers tries port 25 first, which the app tier's NACL denies."""
    del day  # no day is different
    for hour in range(24):
        worker = draw.one_of(network.WORKERS)
        first = hour * 3600 + draw.between(0, 3500)
        attempt = _outward(worker, network.MAIL, Ports(draw), 25)
        log.refuse(attempt.requests[:1], first, first + 3, (3, 180))


def release(log: DayLog, day: date, draw: Draw) -> None:
    """New images are pulled just before the release."""
    del day  # every day
    ports = Ports(draw)
    for host in (*network.APPS, *network.WORKERS):
        first = second(RELEASE) - draw.between(70, 110)
        packets = draw.between(120_000, 210_000)
        talk = _outward(host, network.REGISTRY, ports)
        log.talk(
            talk,
            first,
            first + draw.between(25, 65),
            (packets // 12, packets // 12 * 60),
            _full(packets),
        )


def backup(log: DayLog, day: date, draw: Draw) -> None:
    """The replica's nightly backup: four streams to S3 through the NAT gateway, about 20 GB.

    Besides, every hour the primary writes what has changed since.
    """
    del day  # every day
    ports = Ports(draw)
    for stream in range(4):
        first = second(BACKUP) + stream * 7
        while first < second(BACKUP) + 38 * 60:
            last = first + draw.between(300, 700)
            _upload(log, draw, _outward(network.REPLICA, network.S3[stream], ports), first, last)
            first = last + draw.between(1, 4)
    for hour in range(24):
        talk = _outward(network.PRIMARY, draw.one_of(network.S3), ports)
        packets = draw.between(11_000, 44_000)
        first = hour * 3600 + 300
        log.talk(talk, first, first + 24, _full(packets), (packets // 3, packets // 3 * 52))


def _upload(log: DayLog, draw: Draw, talk: Conversation, first: int, last: int) -> None:
    """As fast as S3 takes it, which is never quite the same."""
    while first < last:
        end = min(last, first - first % 60 + 59)
        packets = draw.between(1100, 1900) * (end - first + 1)
        log.talk(talk, first, end, _full(packets), (packets // 3, packets // 3 * 52))
        first = end + 1


def reports(log: DayLog, day: date, draw: Draw) -> None:
    """The batch host reads the replica for half an hour, and puts reports into S3."""
    del day  # every day
    ports = Ports(draw)
    talk = conversation(network.BATCH, ports.next(network.BATCH), network.REPLICA, rules.POSTGRES)
    start = second(REPORTS)
    for minute in range(draw.between(28, 36)):
        first, packets = start + minute * 60, draw.between(8_000, 24_000)
        replied = packets, packets * JUMBO
        log.talk(talk, first, first + 59, (packets // 4, packets // 4 * 70), replied)
    first, packets = start + 40 * 60, draw.between(300_000, 420_000)
    upload = _outward(network.BATCH, draw.one_of(network.S3), ports)
    log.talk(upload, first, first + 150, _full(packets), (packets // 3, packets // 3 * 52))


def administration(log: DayLog, day: date, draw: Draw) -> None:
    """People log in to the bastion and go on; during the mistake one looks into the database."""
    del day  # every day
    ports = Ports(draw)
    sessions = [(draw.between(8, 13), draw.one_of((*network.APPS, network.BATCH))) for _ in "1234"]
    for hour, host in sessions:
        first = hour * 3600 + draw.between(0, 1800)
        _session(log, draw, ports, host, port=22, first=first)
    first = second(RELEASE) + 31 * 60
    _session(log, draw, ports, network.PRIMARY, port=rules.POSTGRES, first=first)


def _session(log: DayLog, draw: Draw, ports: Ports, host: Host, *, port: int, first: int) -> None:
    last = first + draw.between(8 * 60, 30 * 60)
    person = draw.one_of(network.ADMINISTRATORS)
    login = conversation(person, draw.between(49152, 65535), network.BASTION, 22)
    onward = conversation(network.BASTION, ports.next(network.BASTION), host, port)
    log.talk(login, first, last, draw.amount(600, 4000, 110), draw.amount(600, 4000, 240))
    log.talk(onward, first + 9, last - 4, draw.amount(500, 3000, 110), draw.amount(500, 3000, 240))


def _outward(host: Host, address: str, ports: Ports, port: int = 443) -> Conversation:
    own = ports.next(host)
    return conversation(host, own, address, port, nat_port=ports.next(network.NAT))


def _full(packets: int) -> Amount:
    return packets, packets * PACKET


def second(at: time) -> int:
    """A time of day as seconds since midnight."""
    return at.hour * 3600 + at.minute * 60
