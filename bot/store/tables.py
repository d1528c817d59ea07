"""The tables. A change here needs a migration; a test holds the two against each other."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC without a zone: SQLite has no zones to keep."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

# What is asked again and again. `kind` is digest or watch; `at` is HH:MM in `zone`, for digests;
# `days` are ISO weekdays as digits, 12345; `condition` is a watch's. Deleted ones are kept.
schedules = Table(
    "schedules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("line", Text, nullable=False, default=""),
    Column("condition", Text, nullable=False, default=""),
    Column("at", String(5)),
    Column("days", String(7), nullable=False, default="1234567"),
    Column("zone", String(64), nullable=False, default="UTC"),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("muted_until", Moment),
    Column("deleted_at", Moment),
    Column("last_due", Moment),
    Column("state", JSON),
)

# One row a message that is owed. `key` says what it is, so the same thing is never owed twice; it
# travels in Slack's message metadata. `attempts` over one means: ask the channel before sending.
# `does` is post, edit or reply; the last two are about the message of another key.
deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("does", String(8), nullable=False),
    Column("about", String(200)),
    Column("channel", String(64), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("useful_until", Moment, nullable=False),
    Column("claimed_by", String(64)),
    Column("claimed_until", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Column("sent_at", Moment),
    Column("message", String(64)),
    Column("given_up", Text),
    Index("deliveries_open", "sent_at", "due_at"),
    Index("deliveries_about", "about"),
)

# Counts of one settled five-minute bucket, added up by later answers. `dimension` names what `name`
# is (origin, port, source, target …); the dimension `all` holds the bucket's exact total.
rollups = Table(
    "rollups",
    metadata,
    Column("source", String(512), primary_key=True),
    Column("bucket", Moment, primary_key=True),
    Column("dimension", String(32), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("action", String(8), primary_key=True),
    Column("records", BigInteger, nullable=False),
    Column("packets", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

# Which buckets were counted, and which could not be and why: unknown is never zero.
buckets = Table(
    "buckets",
    metadata,
    Column("source", String(512), primary_key=True),
    Column("bucket", Moment, primary_key=True),
    Column("counted_at", Moment),
    Column("records", BigInteger, nullable=False, default=0),
    Column("left_off", BigInteger, nullable=False, default=0),
    Column("bytes_scanned", BigInteger, nullable=False, default=0),
    Column("latest", Moment),
    Column("span", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("failure", Text),
)

detectors = Table(
    "detectors",
    metadata,
    Column("source", String(512), primary_key=True),
    Column("series", String(200), primary_key=True),
    Column("bucket", Moment, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(512), nullable=False),
    Column("key", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("score", Float, nullable=False, default=0.0),
    Column("facts", JSON, nullable=False),
    Index("incidents_open", "source", "state"),
)

# Work that one replica does for all, for as long as it holds the lease.
leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Moment, nullable=False),
)

# What somebody said not to be told of: `scope` a series, a target …, or an incident's key, until
# `until`. `owner` answers for it; `said_by` pressed the button of the warning `incident`.
snoozes = Table(
    "snoozes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("incident", String(200), nullable=False, default="", server_default=""),
    Column("said_by", String(64), nullable=False, default="", server_default=""),
    Index("snoozes_live", "scope", "until"),
    Index("snoozes_of_incident", "incident"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("channel", String(64), nullable=False, default=""),
    Column("did", String(32), nullable=False),
    Column("line", Text, nullable=False, default=""),
    Column("outcome", Text, nullable=False, default=""),
)
