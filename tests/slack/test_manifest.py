"""The app's manifest asks for what the code uses, and for nothing else."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk import WebClient

from bot.settings import Settings
from bot.slack import app
from tests.slack.loopback import ELSEWHERE, GRANTED, SCOPES

ROOT = Path(__file__).parents[2]
CODE = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "bot/slack").rglob("*.py")]
UPLOAD = ("files.getUploadURLExternal", "files.completeUploadExternal")  # what files_upload_v2 does


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8")))


def web_api_methods() -> set[str]:
    """Names of the Web API methods that the code calls on a client."""
    attributes = {
        node.attr for tree in CODE for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    calls = {name for name in attributes if "_" in name.strip("_") and hasattr(WebClient, name)}
    calls -= {name for name in calls if not callable(getattr(WebClient, name))} | {"base_url"}
    names = {name.replace("_", ".", 1) for name in calls if name != "files_upload_v2"}
    return names | set(UPLOAD if "files_upload_v2" in calls else ())


def registrations(kind: str) -> list[ast.Call]:
    """Calls of `app.KIND(…)`, by which listeners are registered."""
    return [
        node
        for tree in CODE
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == kind
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "app"
    ]


def test_the_scopes_are_those_of_the_methods_called(manifest: dict[str, Any]) -> None:
    methods = web_api_methods()
    assert {"chat.postMessage", "files.info", "views.publish"} <= methods <= set(SCOPES)
    needed = {SCOPES[method] for method in methods} - {""} | {"commands"} | ELSEWHERE
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed == GRANTED


def test_the_slash_command_is_the_one_the_bot_listens_for(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert len(registrations("command")) == 1
    default = inspect.signature(app.build).parameters["slash"].default
    assert command["command"] == default == Settings().slash
    assert "url" not in command  # Socket Mode needs none


def test_the_events_are_those_the_bot_listens_for(manifest: dict[str, Any]) -> None:
    heard = {call.args[0].value for call in registrations("event") if _is_text(call.args[0])}
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == heard


def test_buttons_and_the_home_tab_are_switched_on(manifest: dict[str, Any]) -> None:
    assert registrations("action")
    assert registrations("view"), "forms come over interactivity too"
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"] is True
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False
    assert manifest["settings"]["socket_mode_enabled"] is True
    for kind in ("shortcut", "options", "message", "function"):
        assert registrations(kind) == [], f"the manifest does not offer {kind}"


def test_lengths_that_slack_limits(manifest: dict[str, Any]) -> None:
    about = manifest["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    [command] = manifest["features"]["slash_commands"]
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
