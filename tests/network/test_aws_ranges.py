from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.model.errors import BadSource
from bot.network import aws_ranges
from bot.network.aws_ranges import AwsRange, AwsRanges, packaged, trimmed

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
    ranges, doubt = aws_ranges.opened(path)
    assert ranges.find("198.51.100.9") == S3
    assert ranges.find("2001:db8:5::9") == S3
    assert (ranges.dated, doubt) == ("2026-01-02-03-04-05", None)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"prefixes": [{"ip_prefix": "nonsense"}]}', '{"prefixes": 5}', "[" * 9],
)
def test_what_is_no_such_document_is_named_and_the_packaged_ones_are_used(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_text(text)
    with pytest.raises(BadSource, match=r"ip-ranges\.json"):
        aws_ranges.read(path)
    ranges, doubt = aws_ranges.opened(path)
    assert ranges.find("52.216.8.21") == S3
    assert doubt is not None
    assert "2026-10-26" in doubt


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
