"""The metric that counts rejects: recognised by its meaning, and never quieter than the truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.engines.cloudwatch.metrics import rejects
from bot.engines.cloudwatch.records import DEFAULT
from bot.engines.cloudwatch.reject_metric import RejectMetric, counts_rejects, means_reject
from bot.model.errors import AccessDenied, EngineError
from bot.model.window import Window
from tests.engines.cloudwatch.conftest import DEFAULT_FORMAT, GROUP, START, Aws, client

MADE = START - timedelta(days=1)
OWN = rejects(GROUP, DEFAULT).pattern
MINUTE = timedelta(minutes=1)


def filter_(name: str = "flows-rejects", pattern: str = OWN, **more: Any) -> dict[str, Any]:
    to = {
        "metricNamespace": "Flows",
        "metricName": "rejects",
        "metricValue": "1",
        "defaultValue": 0.0,
    }
    return {
        "filterName": name,
        "filterPattern": pattern,
        "logGroupName": GROUP,
        "creationTime": int(MADE.timestamp() * 1000),
        "metricTransformations": [to | more],
    }


class Metric:
    """The engine's metric over stubbed clients."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.data = client("cloudwatch")
        self.stub = Stubber(self.data)
        self.stub.activate()
        found = aws.engine(data=lambda: self.data).reject_metric
        assert found is not None
        self.reject_metric: RejectMetric = found

    def filters(self, *filters: dict[str, Any], **asked: str) -> None:
        self.aws.logs_stub.add_response(
            "describe_metric_filters", {"metricFilters": list(filters)}, asked
        )

    def there(self, *filters: dict[str, Any]) -> None:
        """Expect that the filters of the group are asked for, and those of the metric."""
        self.aws.flow_logs(DEFAULT_FORMAT)
        self.filters(*filters, logGroupName=GROUP)
        self.filters(*filters, metricNamespace="Flows", metricName="rejects")

    def minutes(self, values: dict[int, int], *, token: str = "", after: str = "") -> None:
        """Expect a page of datapoints, by their minute after START."""
        page: dict[str, Any] = {
            "MetricDataResults": [
                {
                    "Id": "rejects",
                    "Timestamps": [START + n * MINUTE for n in values],
                    "Values": [float(value) for value in values.values()],
                }
            ]
        }
        metric = {"Namespace": "Flows", "MetricName": "rejects"}
        stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        asked = {
            "MetricDataQueries": [{"Id": "rejects", "MetricStat": stat}],
            "StartTime": START,
            "EndTime": START + timedelta(minutes=15),
            "ScanBy": "TimestampAscending",
        }
        page |= {"NextToken": token} if token else {}
        asked |= {"NextToken": after} if after else {}
        self.stub.add_response("get_metric_data", page, asked)

    def counts(self) -> dict[int, int] | None:
        """Rejects by the bucket's number."""
        window = Window(START, START + timedelta(minutes=15))
        found = self.reject_metric.counts(window, self.aws.watch())
        return found and {(at - START) // (5 * MINUTE): n for at, n in found.items()}


@pytest.fixture
def metric(aws: Aws) -> Metric:
    return Metric(aws)


def test_minutes_are_added_up_over_pages(metric: Metric) -> None:
    metric.there(filter_())
    metric.minutes(dict.fromkeys(range(7), 2), token="more")
    metric.minutes(dict.fromkeys(range(7, 15), 3), after="more")
    assert metric.counts() == {0: 10, 1: 13, 2: 15}


def test_a_minute_without_records_is_zero_where_the_filter_says_zero(metric: Metric) -> None:
    metric.there(filter_())
    metric.minutes({0: 4, 3: 1, 12: 5})
    assert metric.counts() == {0: 5}, "nothing came in the second; the third may be on its way"


def test_without_a_default_a_missing_minute_is_unknown(metric: Metric) -> None:
    without = filter_()
    del without["metricTransformations"][0]["defaultValue"]
    metric.there(without)
    metric.minutes({0: 4, 3: 1} | dict.fromkeys(range(10, 15), 1))
    assert metric.counts() == {2: 5}


def test_what_is_from_before_the_filter_is_unknown(metric: Metric) -> None:
    metric.there(filter_() | {"creationTime": int((START + 6 * MINUTE).timestamp() * 1000)})
    metric.minutes(dict.fromkeys(range(6, 15), 1))
    assert metric.counts() == {2: 5}


@pytest.mark.parametrize(
    "filters",
    [
        [],
        [filter_(pattern="[a, b]")],
        [filter_(metricValue="$bytes")],
        [filter_(metricValue="2")],
        [filter_(dimensions={"port": "$dstport"})],
        [filter_() | {"fieldSelectionCriteria": '@aws.account = "123456789012"'}],
    ],
)
def test_a_filter_that_counts_something_else_is_none(
    metric: Metric, filters: list[dict[str, Any]]
) -> None:
    metric.aws.flow_logs(DEFAULT_FORMAT)
    metric.filters(*filters, logGroupName=GROUP)
    assert metric.counts() is None


def test_a_metric_that_others_feed_too_is_none(metric: Metric) -> None:
    metric.aws.flow_logs(DEFAULT_FORMAT)
    metric.filters(filter_(), logGroupName=GROUP)
    other = filter_() | {"logGroupName": "/another"}
    metric.filters(filter_(), other, metricNamespace="Flows", metricName="rejects")
    assert metric.counts() is None


def test_without_permission_there_is_none_and_it_is_not_asked_each_time(metric: Metric) -> None:
    metric.aws.flow_logs(DEFAULT_FORMAT)
    metric.aws.logs_error("describe_metric_filters", "AccessDeniedException", "not authorized")
    assert metric.counts() is None
    assert metric.counts() is None
    metric.aws.clock.now += 601
    metric.there(filter_())
    metric.minutes({})
    assert metric.counts() == {}


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", AccessDenied), ("InternalServiceFault", EngineError)]
)
def test_a_metric_that_cannot_be_read_is_an_error(
    metric: Metric, code: str, error: type[Exception]
) -> None:
    metric.there(filter_())
    status = 403 if code == "AccessDenied" else 500
    for _ in range(5):
        metric.stub.add_client_error("get_metric_data", code, "no", status)
    with pytest.raises(error, match=r"(?i)cloudwatch"):
        metric.counts()


def test_old_minutes_are_not_asked_for(metric: Metric) -> None:
    asked: list[datetime] = []
    metric.there(filter_() | {"creationTime": 0})

    class Data:
        def get_metric_data(self, **arguments: Any) -> dict[str, Any]:
            asked.append(arguments["StartTime"])
            return {"MetricDataResults": []}

    metric.reject_metric._data = Data
    metric.reject_metric.counts(Window(START - timedelta(days=40), START), metric.aws.watch())
    assert asked == [START - timedelta(days=n) for n in range(15, 0, -2)]


@pytest.mark.parametrize(
    ("pattern", "layout", "means"),
    [
        (OWN, DEFAULT, True),
        ('[a,b,c,d,e,f,g,h,i,j,k,l, verdict = "REJECT", s]', DEFAULT, True),
        ("[..., action=REJECT, status]", DEFAULT, True),
        ("[version, ..., action=REJECT, status]", DEFAULT, True),
        ('[..., action="REJECT"]', DEFAULT, False),
        ('[..., action="ACCEPT", status]', DEFAULT, False),
        ('[..., port="22", p, a, b, c, d, action="REJECT", status]', DEFAULT, False),
        ('[..., action="REJECT" || action="ACCEPT", status]', DEFAULT, False),
        ("[..., action!=ACCEPT, status]", DEFAULT, False),
        ("[..., action=REJ*, status]", DEFAULT, False),
        ("[..., ..., action=REJECT, status]", DEFAULT, False),
        ("REJECT", DEFAULT, False),
        ("", DEFAULT, False),
        ("[action=REJECT]", ("action",), True),
        ("[action=REJECT, ...]", ("action", "bytes"), True),
        ("[action=REJECT]", ("bytes",), False),
    ],
)
def test_patterns_are_read_field_by_field(pattern: str, layout: Sequence[str], means: bool) -> None:
    assert means_reject(pattern, layout) is means
    assert counts_rejects(filter_(pattern=pattern), GROUP, layout) is means
