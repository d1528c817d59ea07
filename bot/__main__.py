"""`python -m bot` and the console command `flows`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from bot.cli import run  # noqa: PLC0415  # click is not needed to import this module

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
