"""Where the third-party stand-ins are, and why a test with them may have to be skipped."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(os.environ.get("FLOWS_THIRDPARTY") or Path.home() / ".cache/flows-thirdparty")
NODE = FOLDER / "node24"
LOCAL_SLACK = FOLDER / "node_modules/local-slack-linux-x64/bin/local-slack"
EMULATE = FOLDER / "node_modules/emulate"
PLAYWRIGHT = FOLDER / "node_modules/playwright-core"
ROOT = Path(__file__).parents[2]


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@functools.cache
def apart() -> list[str]:
    """The command that runs another in a network of its own, loopback only; empty without one.

    local-slack listens on every interface, so it is never run in any other.
    """
    for unshare in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        command = [*unshare, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        try:
            subprocess.run([*command, "true"], check=True, capture_output=True, timeout=20)
        except (OSError, subprocess.SubprocessError):
            continue
        return command
    return []


def missing(*paths: Path) -> str | None:
    """What to say when a stand-in is not installed; None when all are."""
    absent = [path.name for path in paths if not path.exists()]
    if absent:
        return f"NOT TESTED with {', '.join(absent)}: run tests/thirdparty/install.sh"
    return None
