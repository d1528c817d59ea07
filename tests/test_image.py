"""The Dockerfile and its .dockerignore, as far as they can be checked without building."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text()).splitlines()
IGNORE = (ROOT / ".dockerignore").read_text().splitlines()


def words(instruction: str) -> list[list[str]]:
    return [line.split()[1:] for line in LINES if line.startswith(f"{instruction} ")]


def copied() -> list[str]:
    """What comes from the project's folder, not from another stage."""
    return [
        source for copy in words("COPY") if not copy[0].startswith("--") for source in copy[:-1]
    ]


def test_everything_a_wheel_is_built_of_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = [*packages, project["project"]["readme"], *project["project"]["license-files"]]
    assert set(copied()) == {
        *needed,
        "pyproject.toml",
        "requirements.lock",
        "requirements-build.lock",
    }


def test_only_what_is_copied_is_sent_to_the_build() -> None:
    assert "*" in IGNORE
    assert {line.removeprefix("!") for line in IGNORE if line.startswith("!")} == set(copied())


def test_it_does_not_run_as_root() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", words("USER")[-1][0])


def test_it_serves_by_default() -> None:
    assert words("ENTRYPOINT")[-1] == ['["flows"]']
    assert words("CMD")[-1] == ['["serve"]']


@pytest.mark.parametrize("line", [line for line in LINES if "pip install" in line])
def test_every_install_checks_hashes_or_takes_what_was_just_built(line: str) -> None:
    installs = [part for part in line.split("&&") if "pip install" in part]
    assert all("--require-hashes" in part or "--no-index" in part for part in installs)


def test_images_are_named_without_an_address() -> None:
    assert [image[0] for image in words("FROM")] == ["python:${PYTHON_VERSION}-slim"] * 2
    assert not re.search(r"https?://|\bdocker\.io\b|pypi", "\n".join(LINES))
