from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.model.errors import BadSettings
from bot.network.teams import read_teams, teams

TEXT = """\
hosts:
  db-a1: data
  app-*: shop
  i-0abc: platform
  2001:DB8::5: data
ranges:
  10.20.0.0/16: everybody
  10.20.20.0/24: data
ports:
  5432: data
  8000-8010: shop
  redis: cache people
"""


@pytest.mark.parametrize(
    ("address", "names", "port", "team"),
    [
        ("10.20.20.30", ("db-a1",), None, "data"),
        ("10.20.10.21", ("app-a1",), None, "shop"),  # a host beats a range
        ("10.20.10.21", ("APP-A1",), None, "shop"),
        ("10.20.10.80", ("monitor", "i-0abc"), None, "platform"),
        ("10.20.20.99", (), None, "data"),  # the longest range
        ("10.20.9.9", (), 5432, "everybody"),  # any range beats a port
        ("192.0.2.1", (), 5432, "data"),
        ("192.0.2.1", (), 8007, "shop"),
        ("192.0.2.1", (), 6380, "cache people"),
        ("192.0.2.1", (), 8011, ""),
        ("2001:db8::5", (), None, "data"),
        ("no address", (), None, ""),
    ],
)
def test_a_host_beats_a_range_and_a_range_a_port(
    address: str, names: tuple[str, ...], port: int | None, team: str
) -> None:
    assert teams(TEXT).of(address, names, port) == team


@pytest.mark.parametrize("text", ["", "hosts:\n", "---\n", "# nothing yet\n"])
def test_an_empty_file_knows_no_team(text: str) -> None:
    assert teams(text).of("10.0.0.1", ("db",), 22) == ""


def test_every_wrong_line_is_named_at_once() -> None:
    text = (
        "hosts:\n  a: x\n  a: y\n  b:\nranges:\n  10.0.0.300/8: z\nports:\n  99999: p\nothers: {}\n"
    )
    with pytest.raises(BadSettings) as caught:
        teams(text, where="teams.yaml")
    said = str(caught.value)
    for line in ("line 3: a stands twice", "line 4: b has no", "line 6: '10.0.0.300/8'"):
        assert line in said
    assert "line 8: '99999'" in said
    assert "line 9: 'others'" in said
    assert "teams.yaml" in said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hosts: [a, b]\n", "line 1"),
        ("- hosts\n", "line 1"),
        ("hosts:\n  a: x\n b: y\n", "line 3"),
        ("hosts:\n  a: !!python/object/apply:os.system [echo]\n", "line 2"),
        ("hosts:\n\ta: x\n", "line 2"),
        ("hosts:\n  ? [a, b]\n  : x\n", "line 2"),
    ],
)
def test_what_is_no_file_of_teams_is_refused_with_its_line(text: str, line: str) -> None:
    with pytest.raises(BadSettings, match=line):
        teams(text)


def test_nothing_in_the_file_is_run_or_copied_out(tmp_path: Path) -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"b{n}: &b{n} [{','.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(40)
    )
    path = tmp_path / "teams.yaml"
    path.write_text(bomb)
    with pytest.raises(BadSettings, match="none of hosts"):
        read_teams(path)


def test_depth_is_an_error_not_a_traceback() -> None:
    with pytest.raises(BadSettings):
        teams("[" * 5000)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.yaml"):
        read_teams(tmp_path / "none.yaml")
    odd = tmp_path / "odd.yaml"
    odd.write_bytes(b"hosts:\n  \xff\xfe: x\n")
    with pytest.raises(BadSettings, match="UTF-8"):
        read_teams(odd)


def test_ranges_by_name_and_known_scanners() -> None:
    found = teams(
        "ranges: {10.0.1.0/24: cde, 10.0.2.0/24: cde, 10.0.2.1/24: shop, 10.0.3.0/24: shop}\n"
        "scanners:\n  203.0.113.9: the auditors\n  2001:db8::/32: research"
    )
    assert {name: [str(r) for r in ranges] for name, ranges in found.zones.items()} == {
        "cde": ["10.0.1.0/24", "10.0.2.0/24"],
        "shop": ["10.0.3.0/24"],
    }
    assert {str(network): who for network, who in found.scanners.items()} == {
        "203.0.113.9/32": "the auditors",
        "2001:db8::/32": "research",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scanners: {web-1: x}", "line 1: 'web-1' is no range such as 10.0.3.0/24"),
        ("scanners:\n  10.0.0.1:", "line 2: 10.0.0.1 has no name after it"),
        ("scanner: {}", "'scanner' is none of hosts, ranges, ports, scanners"),
    ],
)
def test_wrong_scanners(text: str, said: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(said)):
        teams(text)
