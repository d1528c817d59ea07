"""The command line as a person meets it: a process where that matters, `run` otherwise."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import run

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status"
)
RECORD = (
    "2 123456789012 eni-0a1b2c3d 10.0.1.5 10.0.2.9 40000 5432 6 10 1000 1795183200 1795183260"
    " ACCEPT OK"
)
WINDOW = ["--since", "2026-11-20T14:00:00Z", "--until", "2026-11-20T15:00:00Z"]

Outcome = tuple[int, str, str]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "flows.log.gz").write_bytes(gzip.compress(f"{HEADER}\n{RECORD}\n".encode()))
    return folder


@pytest.fixture
def flows(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    def call(*arguments: str | Path) -> Outcome:
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def flows_process(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "error", "COLUMNS": "100"},
    )


@pytest.mark.parametrize("line", ["help", "help rejects", ""])
def test_help_needs_no_source(flows: Callable[..., Outcome], line: str) -> None:
    code, out, _ = flows("ask", line)
    assert code == 0
    assert "rejects" in out


def test_query_is_explained(flows: Callable[..., Outcome], logs: Path) -> None:
    query = ["query", "stats count(*) as n", "--source", logs, *WINDOW, "--explain"]
    code, out, _ = flows(*query)
    assert code == 0
    assert out.startswith("-- 1 file to read, 0 pruned")
    assert "count(*)" in out
    code, out, _ = flows(*query, "--json")
    assert json.loads(out)["records"] == 1


def test_explain_is_for_one_query(flows: Callable[..., Outcome], logs: Path) -> None:
    code, out, err = flows("query", "--batch", "--explain", "--source", logs)
    assert (code, out) == (1, "")
    assert err == "flows: --explain is for one query. Leave out --batch or --explain.\n"


# What a query over files that were read already has no use for; each takes long to import.
SLOW = """
    alembic apscheduler asyncio boto3 botocore cheroot isal jinja2 matplotlib numpy pandas psycopg
    pyarrow pydantic pydantic_settings rich slack_bolt slack_sdk sqlalchemy sqlglot yaml
""".split()


def test_a_query_over_what_was_read_imports_nothing_slow(logs: Path, tmp_path: Path) -> None:
    query = ["query", "stats count(*) as n", "--source", str(logs), *WINDOW, "--json"]
    program = (
        f"import sys; from bot.cli import run; code = run({query!r})\n"
        f"print(code, [name for name in {SLOW!r} if name in sys.modules])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env=os.environ | {"FLOWS_CACHE": str(tmp_path / "cache")},
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert [json.loads(answer)["results"][0][0]["value"] for answer, _ in told] == ["1", "1"]
    assert [modules for _, modules in told] == ["0 ['isal', 'numpy', 'pyarrow']", "0 []"]


def test_query_prints_the_shape_of_get_query_results(
    logs: Path, flows: Callable[..., Outcome]
) -> None:
    text = "filter dstPort = 5432 | stats sum(bytes) as total, count(*) by srcAddr"
    code, out, _ = flows("query", text, "--source", logs, *WINDOW, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["results"] == [
        [
            {"field": "srcAddr", "value": "10.0.1.5"},
            {"field": "total", "value": "1000"},
            {"field": "count(*)", "value": "1"},
        ]
    ]
    assert document["status"] == "Complete"
    assert document["statistics"]["recordsScanned"] == 1


def test_query_takes_epoch_seconds_and_excludes_the_end(
    logs: Path, flows: Callable[..., Outcome]
) -> None:
    def count(since: int, until: int) -> str:
        _, out, _ = flows(
            "query", "stats count(*) as n", "--source", logs,
            "--since", str(since), "--until", str(until), "--json",
        )  # fmt: skip
        return str(json.loads(out)["results"][0][0]["value"])

    assert count(1795183200, 1795183201) == "1"
    assert count(1795183100, 1795183200) == "0"


def test_query_reads_standard_input(logs: Path) -> None:
    done = flows_process(
        "query", "-", "--source", logs, *WINDOW, "--csv", stdin="fields srcAddr, bytes\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["srcAddr,bytes", "10.0.1.5,1000"]


def test_batch_answers_each_line_and_names_each_fault(logs: Path) -> None:
    lines = [
        {"id": "a", "query": "stats sum(bytes) as b", "start": 1795183200, "end": 1795186800},
        {"id": "b", "query": "stats frobnicate(bytes)", "start": 1795183200, "end": 1795186800},
        {"id": 3, "query": "fields @message", "start": 9, "end": 1},
    ]
    text = "\n".join([*map(json.dumps, lines), "{nonsense", '{"id": 5}'])
    done = flows_process("query", "--batch", "--source", logs, stdin=text)
    assert done.returncode == 0, done.stderr
    good, unknown, backwards, garbled, lacking = map(json.loads, done.stdout.splitlines())
    assert good == {"id": "a", "results": [[{"field": "b", "value": "1000"}]]}
    assert unknown["id"] == "b"
    assert "frobnicate" in unknown["error"]
    assert backwards["id"] == 3
    assert "before it has begun" in backwards["error"]
    assert garbled["id"] is None
    assert "line 4" in garbled["error"]
    assert "query, start, end missing" in lacking["error"]


WRONG: list[tuple[list[str], str]] = [
    (["query", "frobnicate the logs", *WINDOW], "frobnicate"),
    (["query", "stats summ(bytes)", *WINDOW], "summ"),
    (["query", "fields @message | bogus", *WINDOW], "bogus"),
    (["query", "fields @message", "--since", "2026-11-20", "--until", "2026-11-19"], "before"),
    (["query", "fields @message", "--since", "yesteryear"], "yesteryear"),
    (["ask", "db-cleints 5432", "--now", "2026-11-20T15:00:00Z"], "db-clients"),
    (["ask", "rejects 1h", "--tz", "Mars/Base"], "Mars/Base"),
    (["query", "fields @message", "--source", "/nonexistent/logs"], "/nonexistent/logs"),
    (["query", "fields @message", "--source", "cloudwatch://"], "cloudwatch://eu-central-1/"),
    (["ask", "rejects 1h", "--frob"], "--frob"),
    (["frobnicate"], "frobnicate"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG)
def test_every_mistake_is_one_line_that_names_it(
    logs: Path, flows: Callable[..., Outcome], arguments: list[str], named: str
) -> None:
    if "--source" not in arguments and arguments[0] in {"ask", "query"}:
        arguments = [*arguments, "--source", str(logs)]
    code, out, err = flows(*arguments)
    assert code != 0
    assert out == ""
    assert named in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_a_damaged_source_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "torn.log.gz").write_bytes(gzip.compress(b"x" * 10_000)[:-20])
    done = flows_process("query", "stats count(*)", "--source", tmp_path, *WINDOW)
    assert "Traceback" not in done.stderr + done.stdout
    assert "torn.log.gz" in done.stderr + done.stdout


def test_no_source_says_how_to_name_one(
    flows: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOWS_SOURCE", raising=False)
    code, _, err = flows("ask", "rejects 1h")
    assert code == 1
    assert "FLOWS_SOURCE" in err


def test_serve_without_tokens_names_them_all(
    flows: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("FLOWS_SOURCE", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    code, _, err = flows("serve")
    assert code == 1
    assert "SLACK_BOT_TOKEN" in err
    assert "FLOWS_SOURCE" in err


def test_ask_writes_its_chart_and_one_document(
    logs: Path, tmp_path: Path, flows: Callable[..., Outcome]
) -> None:
    out_folder = tmp_path / "charts"
    code, out, err = flows(
        "ask", "db-clients 5432 1h", "--source", logs, "--now", "2026-11-20T15:00:00Z",
        "--json", "--out", out_folder,
    )  # fmt: skip
    assert code == 0, err
    document = json.loads(out)
    assert document["command"] == "db-clients"
    assert document["window"] == {"start": "2026-11-20T14:00:00Z", "end": "2026-11-20T15:00:00Z"}
    assert {"headline", "tables", "charts", "notes", "queries", "next"} <= document.keys()
    chart = Path(document["charts"][0]["file"])
    assert chart.parent == out_folder
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_light_calls_import_nothing_heavy(logs: Path) -> None:
    code = (
        "import sys; from bot.cli import run;"
        f"run(['query', 'stats count(*)', '--source', {str(logs)!r}, '--json']);"
        "print([m for m in ('boto3', 'matplotlib', 'slack_bolt') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
