from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.model.errors import BadSettings
from bot.settings import Settings, described

VARIABLES = [variable for variable, _, _ in described()]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def test_an_empty_environment_is_enough_for_the_command_line() -> None:
    settings = Settings.read()
    assert settings.source is None
    assert settings.zone == "UTC"


def test_serving_names_everything_that_is_missing_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.read().check_serving()
    for variable in ("FLOWS_SOURCE", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        assert variable in str(caught.value)


@pytest.mark.parametrize("either", ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
def test_serving_takes_either_way_of_connecting(
    monkeypatch: pytest.MonkeyPatch, either: str
) -> None:
    monkeypatch.setenv("FLOWS_SOURCE", "demo")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv(either, "x")
    Settings.read().check_serving()


def test_everything_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWS_TZ", "Mars/Base")
    monkeypatch.setenv("FLOWS_INSIDE", "10.0.0.1/8")
    monkeypatch.setenv("FLOWS_HTTP_PORT", "99999")
    with pytest.raises(BadSettings) as caught:
        Settings.read()
    for text in ("FLOWS_TZ", "Mars/Base", "FLOWS_INSIDE", "10.0.0.1/8", "FLOWS_HTTP_PORT"):
        assert text in str(caught.value)


def test_ranges_are_read_from_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWS_INSIDE", "203.0.113.0/24, 2001:db8::/32")
    assert Settings.read().inside == (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(variable, "hush-hush")
    assert "hush-hush" not in repr(Settings.read())


def test_a_wrong_value_is_not_echoed_for_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "hush-hush")
    monkeypatch.setenv("FLOWS_WORKERS", "many")
    with pytest.raises(BadSettings) as caught:
        Settings.read()
    assert "hush-hush" not in str(caught.value)
    assert "FLOWS_WORKERS" in str(caught.value)


def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().aws_refresh is False
    monkeypatch.setenv("FLOWS_AWS_REFRESH", "ON")
    assert Settings.read().aws_refresh is True
    monkeypatch.setenv("FLOWS_AWS_REFRESH", "maybe")
    with pytest.raises(BadSettings, match="FLOWS_AWS_REFRESH: neither on nor off"):
        Settings.read()
