"""`flows detect spike` as a process between two pipes."""

from __future__ import annotations

import os
import subprocess
import sys

COMMAND = [sys.executable, "-m", "bot", "detect", "spike"]
ENVIRONMENT = os.environ | {"PYTHONWARNINGS": "error"}


def flows(text: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        COMMAND, input=text, capture_output=True, timeout=60, check=False, env=ENVIRONMENT
    )


def test_each_line_is_answered_while_the_stream_is_open() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"timestamp,value\n2026-06-01T00:00:00Z,3\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"timestamp,alert,score\n"
        assert process.stdout.readline() == b"2026-06-01T00:00:00Z,0,0.0000\n"
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_bad_header_is_one_line_and_a_failure() -> None:
    done = flows(b"when,what\n1,2\n")
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert b"line 1" in done.stderr


def test_bytes_that_are_no_text_are_no_traceback() -> None:
    done = flows(b"timestamp,value\n2026-06-01T00:00:00Z,\xff\xfe\n2026-06-01T00:05:00Z,4\n")
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 3
    assert done.stderr.startswith(b"flows: line 2: ")
