from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest

from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

FIELDS = [*DEFAULT_FORMAT, "ecs-cluster-name", "ecs-service-name", "ecs-task-id"]


def at_task(
    task: str, service: str, action: str = "ACCEPT", *, cluster: str = "shop", **other: object
) -> Record:
    return flow(
        "10.0.1.10:40001", "10.0.3.5:443", action,
        ecs_cluster_name=cluster, ecs_service_name=service, ecs_task_id=task, **other,  # type: ignore[arg-type]
    )  # fmt: skip


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_as_counted_in_plain_python(ask: Ask) -> None:
    draw = random.Random(3)
    records = [
        at_task(
            f"t{draw.randint(1, 9)}",
            draw.choice(("web", "api", "-")),
            draw.choice(("ACCEPT", "ACCEPT", "REJECT")),
            cluster=draw.choice(("shop", "data", "-")),
            bytes=draw.randint(1, 9999),
            at=draw.randint(0, 50),
        )
        for _ in range(400)
    ]
    sums: dict[tuple[object, object], Counter[str]] = defaultdict(Counter)
    tasks: dict[tuple[object, object], set[object]] = defaultdict(set)
    for record in records:
        if record["ecs-cluster-name"] == "-":
            continue
        key = record["ecs-cluster-name"], record["ecs-service-name"]
        sums[key]["flows"] += 1
        tasks[key].add(record["ecs-task-id"])
        if record["action"] == "ACCEPT":
            sums[key]["bytes"] += int(str(record["bytes"]))
        else:
            sums[key]["rejected"] += 1
    answer = ask("ecs", *records, fields=FIELDS)
    told = {(row[0], row[1]): row[2:6] for row in rows(answer, "By service")}
    assert told == {
        key: (len(tasks[key]), one["bytes"], one["flows"], one["rejected"])
        for key, one in sums.items()
    }
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    drawn = sum(value or 0 for one in chart.panels[0].series for value in one.values)
    assert drawn == sum(one["bytes"] for one in sums.values())


def test_the_headline(ask: Ask) -> None:
    answer = ask(
        "ecs",
        at_task("t1", "web", bytes=3000),
        at_task("t2", "web", bytes=2000),
        at_task("t3", "api", bytes=1000),
        at_task("t3", "api", "REJECT"),
        at_task("-", "-", cluster="-", bytes=90_000),
        fields=FIELDS,
    )
    assert answer.headline == (
        "2 ECS services moved 6.00 kB, most shop/web: 5.00 kB;"
        " 1 flow rejected at tasks, most at shop/api (1)."
    )
    assert [row[:4] for row in rows(answer, "Largest tasks")] == [
        ("t1", "shop", "web", 3000),
        ("t2", "shop", "web", 2000),
        ("t3", "shop", "api", 1000),
    ]


def test_what_is_not_drawn_is_one_more_part(ask: Ask) -> None:
    records = [at_task(f"t{n}", f"s{n}", bytes=100 * n) for n in range(1, 9)]
    (chart,) = ask("ecs", *records, fields=FIELDS).charts
    assert isinstance(chart, Timeline)
    assert [one.name for one in chart.panels[0].series] == [
        *(f"shop/s{n}" for n in (8, 7, 6, 5, 4)),
        "others",
    ]
    assert sum(value or 0 for value in chart.panels[0].series[-1].values) == 600


def test_only_one_service(ask: Ask) -> None:
    records = [at_task("t1", "Web", bytes=3000), at_task("t3", "api", bytes=1000)]
    answer = ask("ecs service web", *records, fields=FIELDS)
    assert [row[1] for row in rows(answer, "By service")] == ["Web"]


def test_nothing(ask: Ask) -> None:
    answer = ask("ecs", at_task("-", "-", cluster="-"), fields=FIELDS)
    assert answer.headline == "No traffic of ECS tasks in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("ecs 24h",))


def test_hostile_names(ask: Ask) -> None:
    answer = ask("ecs", at_task("t1", "x\"]|y'"), fields=FIELDS)
    assert rows(answer, "By service")[0][1] == "x\"]|y'"
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [one.name for one in chart.panels[0].series] == ["others"]


def test_wrong_words(ask: Ask) -> None:
    with pytest.raises(BadLine):
        ask("ecs web", at_task("t1", "web"), fields=FIELDS)


def test_a_log_without_the_fields_says_how_to_make_one_with_them(ask: Ask) -> None:
    with pytest.raises(MissingFields, match=r"\$\{ecs-cluster-name\}") as refusal:
        ask("ecs", flow("10.0.1.10:40001", "10.0.3.5:443"))
    assert refusal.value.fields == ("ecsClusterName", "ecsServiceName", "ecsTaskId")


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("ecs", at_task("t1", "web"), at_task("t1", "web", "REJECT"), fields=FIELDS)
    assert answer.next == ("rejects 1h", "trend rejects by target 1h")
    for line in answer.next:
        assert ask(line).headline
