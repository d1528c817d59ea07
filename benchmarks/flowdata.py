"""A made day of version-2 records in S3 layout: a file every five minutes, always the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from isal import igzip
from numpy.typing import NDArray

from bot.model.fields import DEFAULT_FORMAT

DAY = datetime(2025, 11, 20, tzinfo=UTC)
FILES = 288
SUBNETS = {  # the narrower one first: the longest prefix counts
    "cache": "10.0.17.0/24",
    "public-a": "10.0.0.0/20",
    "app-a": "10.0.16.0/20",
    "app-b": "10.0.32.0/20",
    "data": "10.0.48.0/20",
    "vpc": "10.0.0.0/16",
}
_PORTS = np.array([443, 80, 5432, 6379, 22, 53, 8080, 3306, 9092, 123])
_DONE = ".made"


def make(folder: Path, records: int) -> None:
    """Write about `records` records below `folder`, unless they are there already."""
    done = folder / _DONE
    if done.exists():
        return
    world = _World(np.random.default_rng(7))
    for number in range(FILES):
        slot = DAY + timedelta(minutes=5 * number)
        name = f"123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_{slot:%Y%m%dT%H%MZ}"
        path = folder / f"AWSLogs/123456789012/vpcflowlogs/eu-west-1/{slot:%Y/%m/%d}"
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{name}_{number:08x}.log.gz").write_bytes(world.file(slot, records // FILES))
    done.write_text("")


class _World:
    """Hosts of one VPC and a quarter of a million addresses outside; few of either talk much."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        hosts = [f"10.0.{net}.{host}" for net in range(0, 80, 4) for host in range(4, 250)]
        hosts += [f"10.0.17.{host}" for host in range(4, 250)]
        octets = rng.integers((11, 0, 0, 1), (224, 256, 256, 255), (240_000, 4))
        self._inside = rng.permutation(np.array(hosts))
        self._outside = np.array([".".join(map(str, octet)) for octet in octets])
        self._enis = np.array([f"eni-{n:017x}" for n in rng.integers(1 << 60, 1 << 62, 300)])

    def file(self, slot: datetime, count: int) -> bytes:
        """The gzip text of the records that ended within five minutes of `slot`."""
        rng = self._rng
        end = np.sort(int(slot.timestamp()) + rng.integers(0, 300, count))
        service = _PORTS[self._few(len(_PORTS), 1.3, count)]
        ephemeral = rng.integers(1024, 65536, count)
        to_service = rng.random(count) < 0.5
        packets = np.minimum(rng.pareto(1.1, count) * 4 + 1, 2e6).astype(np.int64)
        columns = {
            "version": np.full(count, 2),
            "account-id": np.full(count, "123456789012"),
            "interface-id": self._enis[rng.integers(0, len(self._enis), count)],
            "srcaddr": self._addresses(count, 0.55),
            "dstaddr": self._addresses(count, 0.8),
            "srcport": np.where(to_service, ephemeral, service),
            "dstport": np.where(to_service, service, ephemeral),
            "protocol": np.where(rng.random(count) < 0.9, 6, 17),
            "packets": packets,
            "bytes": packets * rng.integers(40, 1400, count),
            "start": end - rng.integers(0, 60, count),
            "end": end,
            "action": np.where(rng.random(count) < 0.06, "REJECT", "ACCEPT"),
            "log-status": np.full(count, "OK"),
        }
        text = BytesIO()
        text.write((" ".join(DEFAULT_FORMAT) + "\n").encode())
        options = pyarrow.csv.WriteOptions(
            include_header=False, delimiter=" ", quoting_style="none"
        )
        pyarrow.csv.write_csv(pa.table(columns), text, options)
        return bytes(igzip.compress(text.getvalue(), 2))

    def _addresses(self, count: int, inside: float) -> NDArray[np.str_]:
        rng = self._rng
        # A tenth of what is outside comes from everywhere, as scans do; the rest from a few places.
        far = np.where(
            rng.random(count) < 0.1,
            self._outside[rng.integers(0, len(self._outside), count)],
            self._outside[self._few(len(self._outside), 0.9, count)],
        )
        near = self._inside[self._few(len(self._inside), 1.1, count)]
        return np.where(rng.random(count) < inside, near, far)

    def _few(self, among: int, shape: float, count: int) -> NDArray[np.int64]:
        """Places of which the first are by far the most frequent."""
        places = self._rng.pareto(shape, count) * among / 200
        return np.asarray(places.astype(np.int64) % among)
