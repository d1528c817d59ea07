from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.model.errors import BadSource
from bot.model.published import AwsRange
from bot.network import aws_ranges
from bot.network.aws_ranges import AwsRanges, packaged, trimmed

S3 = AwsRange("S3", "us-east-1")


def listed(*entries: tuple[str, str, str]) -> list[tuple[aws_ranges.Range, AwsRange]]:
    return [(ip_network(prefix), AwsRange(service, region)) for prefix, service, region in entries]


def document(*entries: tuple[str, str, str]) -> str:
    four = [
        {"ip_prefix": p, "service": s, "region": r, "network_border_group": r}
        for p, s, r in entries
    ]
    return json.dumps(
        {
            "syncToken": "1",
            "createDate": "2026-01-02-03-04-05",
            "prefixes": four,
            "ipv6_prefixes": [
                {"ipv6_prefix": "2001:db8:5::/48", "service": "S3", "region": "us-east-1"}
            ],
        }
    )


@pytest.mark.parametrize(
    ("address", "service", "region"),
    [
        ("52.216.8.21", "S3", "us-east-1"),  # all of the demo's
        ("52.217.101.14", "S3", "us-east-1"),
        ("54.231.12.200", "S3", "us-east-1"),
        ("3.5.140.9", "S3", "ap-northeast-2"),
        ("52.218.1.1", "S3", "eu-west-1"),
        ("3.218.180.200", "DYNAMODB", "us-east-1"),
        ("52.94.24.7", "DYNAMODB", "eu-west-1"),
    ],
)
def test_the_packaged_ranges_know_the_services_of_regions(
    address: str, service: str, region: str
) -> None:
    assert packaged().find(address) == AwsRange(service, region)


def test_every_region_of_the_packaged_ranges_has_s3_and_dynamodb() -> None:
    text = (Path(aws_ranges.__file__).parent / aws_ranges.PACKAGED).read_text()
    named = {tuple(line.split()[:2]) for line in text.splitlines() if not line.startswith("#")}
    regions = {region for service, region in named if service == "S3"} - {"GLOBAL"}
    assert len(regions) > 35
    missing = {region for region in regions if ("DYNAMODB", region) not in named}
    assert len(missing) <= 3, missing  # Regions that were announced, and have yet to open


@pytest.mark.parametrize("address", ["10.0.0.1", "192.0.2.10", "8.8.8.8", "2001:db8::1", "-", ""])
def test_what_is_not_amazons_has_no_answer(address: str) -> None:
    assert packaged().find(address) is None


def test_the_snapshot_is_dated() -> None:
    assert packaged().dated == "2026-10-26"


def test_the_longest_prefix_wins_then_the_specific_service() -> None:
    ranges = AwsRanges(
        listed(
            ("198.51.100.0/24", "AMAZON", "us-east-1"),
            ("198.51.100.0/24", "EC2", "us-east-1"),
            ("198.51.100.0/25", "AMAZON", "us-east-1"),
            ("198.51.100.0/25", "EC2", "us-east-1"),
            ("198.51.100.0/25", "S3", "us-east-1"),
            ("198.51.100.64/26", "AMAZON", "eu-west-1"),
        ),
        "today",
    )
    assert ranges.find("198.51.100.1") == S3
    assert ranges.find("198.51.100.70") == AwsRange("AMAZON", "eu-west-1")
    assert ranges.find("198.51.100.200") == AwsRange("EC2", "us-east-1")


def test_customers_behind_ec2_and_cloudfront_are_no_service_of_aws() -> None:
    assert not AwsRange("EC2", "us-east-1").is_service
    assert not AwsRange("CLOUDFRONT", "GLOBAL").is_service
    assert AwsRange("AMAZON", "us-east-1").is_service


def test_trimming_leaves_every_answer_as_it_was() -> None:
    whole = listed(
        ("198.51.100.0/24", "S3", "us-east-1"),
        ("198.51.100.128/25", "S3", "us-east-1"),  # said already
        ("198.51.100.0/26", "EC2", "us-east-1"),
        ("198.51.100.0/27", "S3", "us-east-1"),  # not said by the /26 around it
        ("203.0.113.0/25", "S3", "us-east-1"),  # two neighbours, under a /24 of another service
        ("203.0.113.128/25", "S3", "us-east-1"),
        ("203.0.113.0/24", "EBS", "us-east-1"),
    )
    short = [(p, found) for found, prefixes in trimmed(whole).items() for p in prefixes]
    assert len(short) < len(whole)
    before, after = AwsRanges(whole, ""), AwsRanges(short, "")
    for net in (ip_network("198.51.100.0/24"), ip_network("203.0.113.0/24")):
        for address in net:
            assert after.find(str(address)) == before.find(str(address)), address


def test_the_packaged_text_is_what_trimming_writes() -> None:
    text = (Path(aws_ranges.__file__).parent / aws_ranges.PACKAGED).read_text()
    header = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")
    )
    assert aws_ranges.written(aws_ranges._parsed(text), header) == text


def test_a_full_document_stands_in_for_the_packaged_one(tmp_path: Path) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_text(document(("198.51.100.0/24", "S3", "us-east-1")))
    ranges = aws_ranges.read(path)
    assert ranges.find("198.51.100.9") == S3
    assert ranges.find("2001:db8:5::9") == S3
    assert ranges.dated == "2026-01-02-03-04-05"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"prefixes": [{"ip_prefix": "nonsense"}]}', '{"prefixes": 5}', "[" * 9],
)
def test_what_is_no_such_document_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_text(text)
    with pytest.raises(BadSource, match=r"ip-ranges\.json"):
        aws_ranges.read(path)


def test_a_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="amazonaws"):
        aws_ranges.read(tmp_path / "none.json")


def test_a_refresh_is_kept_and_a_bad_one_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ip-ranges.json"
    good = document(("198.51.100.0/24", "S3", "us-east-1")).encode()
    assert aws_ranges.refreshed(path, lambda: good).find("198.51.100.9") == S3
    with pytest.raises(BadSource):
        aws_ranges.refreshed(path, lambda: b"<html>please log in</html>")
    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]


class Publisher:
    """A web server of this machine that has ip-ranges.json, or something else, and counts."""

    def __init__(self, body: bytes) -> None:
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(publisher.status)
                self.end_headers()
                self.wfile.write(publisher.body)

            def log_message(self, *_: object) -> None:
                pass

        self.body, self.status, self.asked = body, 200, 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def fetch(self) -> bytes:
        return aws_ranges.download(f"http://127.0.0.1:{self.server.server_port}/ip-ranges.json")

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with closing(Publisher(document(("198.51.100.0/24", "S3", "us-east-1")).encode())) as found:
        yield found


def test_ranges_are_fetched_once_a_day_and_kept(tmp_path: Path, publisher: Publisher) -> None:
    path, now = tmp_path / "aws" / "ip-ranges.json", [datetime.now(UTC)]
    ranges = aws_ranges.Later(
        lambda: aws_ranges.kept_fresh(path, publisher.fetch, lambda: now[0]), lambda: now[0]
    )
    assert (ranges.find("198.51.100.9"), ranges.dated) == (S3, "2026-01-02-03-04-05")
    aws_ranges.kept_fresh(path, publisher.fetch, lambda: now[0])
    assert publisher.asked == 1, "what is kept is fresh"
    publisher.body = document(("203.0.113.0/24", "S3", "us-east-1")).encode()
    now[0] += timedelta(hours=25)
    assert ranges.find("203.0.113.9") == S3
    assert publisher.asked == 2


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"<html>"), (404, b"{}")])
def test_what_was_kept_stays_when_fetching_fails(
    tmp_path: Path, publisher: Publisher, status: int, body: bytes
) -> None:
    path, later = tmp_path / "ip-ranges.json", datetime.now(UTC) + timedelta(days=2)
    path.write_text(document(("203.0.113.0/24", "S3", "us-east-1")))
    publisher.status, publisher.body = status, body
    assert aws_ranges.kept_fresh(path, publisher.fetch, lambda: later).find("203.0.113.9") == S3
    assert publisher.asked == 1
    path.unlink()
    assert aws_ranges.kept_fresh(path, publisher.fetch, lambda: later).dated == packaged().dated
    assert not path.exists()


def test_an_address_that_does_not_answer_is_named() -> None:
    with pytest.raises(BadSource, match=r"127\.0\.0\.1:1/"):
        aws_ranges.download("http://127.0.0.1:1/ip-ranges.json")
