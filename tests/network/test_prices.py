from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.model.errors import BadSettings
from bot.network import prices
from bot.network.prices import GB, US_EAST_1, prices_of, read_prices, through_nat


def test_a_gb_between_zones_is_charged_on_both_sides() -> None:
    assert prices.cross_zone(100 * GB, US_EAST_1) == pytest.approx(2.0)


def test_nat_processing_is_by_the_gb() -> None:
    assert prices.nat_processing(20 * GB, US_EAST_1) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("gb", "dollars"),
    [
        (0, 0),
        (100, 0),
        (101, 0.09),
        (10_000, 9_900 * 0.09),
        (60_000, 9_900 * 0.09 + 40_000 * 0.085 + 10_000 * 0.07),
        (160_000, 9_900 * 0.09 + 40_000 * 0.085 + 100_000 * 0.07 + 10_000 * 0.05),
    ],
)
def test_egress_goes_through_its_tiers(gb: float, dollars: float) -> None:
    assert prices.internet_egress(gb * GB, US_EAST_1) == pytest.approx(dollars)


def test_what_went_out_earlier_in_the_month_has_used_up_the_free_gbs() -> None:
    cost = prices.internet_egress(50 * GB, US_EAST_1, month_before=80 * GB)
    assert cost == pytest.approx(30 * 0.09)


def test_an_interface_endpoint_costs_by_hour_and_zone_and_a_gateway_endpoint_nothing() -> None:
    assert prices.interface_endpoint(10 * GB, 730, 2, US_EAST_1) == pytest.approx(0.1 + 14.6)
    assert prices.gateway_endpoint(10**15) == 0.0


def test_s3_through_nat_against_both_endpoints() -> None:
    """600 GB in 30.4 days: 27 dollars by NAT, 6 + 7.3 by an interface endpoint."""
    month = 730 / 24
    saving = through_nat(600 * GB, month, US_EAST_1)
    assert saving.gb == pytest.approx(600)
    assert saving.by_nat == pytest.approx(27.0)
    assert saving.by_gateway_endpoint == 0
    assert saving.saved == pytest.approx(27.0)
    assert saving.by_interface_endpoint == pytest.approx(6 + 7.3)
    assert saving.break_even_gb == pytest.approx(7.3 / 0.035)


def test_at_the_break_even_both_cost_the_same() -> None:
    month = 730 / 24
    even = through_nat(GB, month, US_EAST_1).break_even_gb
    assert even is not None
    saving = through_nat(even * GB, month, US_EAST_1)
    assert saving.by_nat == pytest.approx(saving.by_interface_endpoint)


def test_a_nat_gateway_in_another_zone_makes_it_dearer() -> None:
    near, far = (through_nat(20 * GB, 1, US_EAST_1, crossing=crossing) for crossing in (0, 20 * GB))
    assert far.by_nat - near.by_nat == pytest.approx(20 * 730 / 24 * 0.02)
    assert far.break_even_gb is not None
    assert near.break_even_gb is not None
    assert far.break_even_gb < near.break_even_gb


def test_an_endpoint_that_is_dearer_by_the_gb_never_pays() -> None:
    assert through_nat(0, 0, US_EAST_1).by_nat == 0
    table = replace(US_EAST_1, nat_gb=0.005)
    assert through_nat(GB, 1, table).break_even_gb is None


def test_the_note_says_estimate_date_region_and_what_a_gb_is() -> None:
    note = US_EAST_1.note()
    for word in ("estimates", "us-east-1", "2026-03-15", "10^9"):
        assert word in note


def test_a_region_without_a_table_is_estimated_by_us_east_1_and_says_so() -> None:
    assert "us-east-1" in prices_of("eu-west-9").note()


def test_a_file_overrides_and_adds_regions(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    entry = {
        "dated": "2026-09-01",
        "source": "our contract",
        "nat_gb": 0.03,
        "egress": [[1000, 0.05], [None, 0.02]],
    }
    path.write_text(json.dumps({"eu-west-1": entry}))
    tables = read_prices(path)
    ours = prices_of("eu-west-1", tables)
    assert (ours.region, ours.dated, ours.nat_gb) == ("eu-west-1", date(2026, 9, 1), 0.03)
    assert ours.cross_zone == US_EAST_1.cross_zone
    assert prices.internet_egress(2000 * GB, ours) == pytest.approx(50 + 20)
    assert prices_of("us-east-1", tables) is US_EAST_1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "by Region"),
        ("eu-west-1: [", "not YAML"),
        ("a: b: c", "line 1"),
        ("[]", "by Region"),
        ('{"eu-west-1": {"nat": 1}}', "no such price"),
        ('{"eu-west-1": 5}', "no such price"),
        ('{"eu-west-1": {"nat_gb": 0.03}}', "dated"),
        ('{"eu-west-1": {"dated": "soon", "source": "x"}}', "eu-west-1"),
        ('{"eu-west-1": {"dated": "2026-01-01", "source": "x", "nat_gb": -1}}', "no price"),
        ('{"eu-west-1": {"dated": "2026-01-01", "source": "x", "nat_gb": NaN}}', "no price"),
        ('{"eu-west-1": {"dated": "2026-01-01", "source": "x", "egress": [[5, 1]]}}', "tiers"),
        ('{"eu-west-1": {"dated": "2026-01-01", "source": "x", "egress": []}}', "tiers"),
    ],
)
def test_what_is_no_table_of_prices_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(BadSettings, match=complaint):
        read_prices(path)


def test_prices_are_written_as_yaml(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(
        "eu-west-1:\n  dated: 2026-09-01\n  source: our contract\n  nat_gb: 0.03\n"
        "  egress: [[1000, 0.05], [null, 0.02]]\n"
    )
    ours = read_prices(path)["eu-west-1"]
    assert (ours.dated, ours.nat_gb, len(ours.egress)) == (date(2026, 9, 1), 0.03, 2)


def test_a_missing_file_of_prices_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.json"):
        read_prices(tmp_path / "none.json")
