# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator keeps of metrics, as data points for alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from sandbox.alarms.evaluation import Condition
from sandbox.alarms.expressions import combine
from sandbox.alarms.series import Measured, points
from sandbox.world import World

# Namespace, name and dimensions of a metric.
Metric = tuple[str, str, frozenset[tuple[str, str]]]


def metric_of(namespace: str, name: str, dimensions: Iterable[Any]) -> Metric:
    return namespace, name, frozenset((one.name, str(one.value)) for one in dimensions or ())


def condition_of(alarm: Any) -> Condition:
    """When an alarm of the emulator is in alarm."""
    periods = int(alarm.evaluation_periods)
    needed = int(alarm.datapoints_to_alarm or periods)
    missing = alarm.treat_missing_data or "missing"
    if alarm.namespace == "AWS/DynamoDB":
        missing = "ignore"  # "Alarms that evaluate metrics in the AWS/DynamoDB namespace always …"
    return Condition(alarm.comparison_operator, float(alarm.threshold), periods, needed, missing)


def points_of(world: World, backend: Any, alarm: Any) -> list[float | None]:
    """The latest data points of an alarm. Raises NotUnderstood for metric math of other kinds."""
    number = condition_of(alarm).range
    if not alarm.metric_data_queries:
        metric = metric_of(alarm.namespace, alarm.metric_name, alarm.dimensions)
        statistic = alarm.statistic or alarm.extended_statistic
        return _points(world, backend, metric, statistic, alarm.period, alarm.unit, number)
    series = {
        query.id: _points(
            world,
            backend,
            metric_of(
                query.metric_stat.metric.namespace,
                query.metric_stat.metric.metric_name,
                query.metric_stat.metric.dimensions,
            ),
            query.metric_stat.stat,
            query.metric_stat.period,
            query.metric_stat.unit,
            number,
        )
        for query in alarm.metric_data_queries
        if query.metric_stat
    }
    [told] = [q for q in alarm.metric_data_queries if str(q.return_data).lower() != "false"]
    return combine(told.expression, series) if told.expression else series[told.id]


def copied_points(
    world: World, backend: Any, settings: Mapping[str, Any], number: int
) -> list[float | None]:
    """The same by the copy of an alarm's settings that a health check of Route 53 has."""
    dimensions = frozenset((one["Name"], str(one["Value"])) for one in settings["Dimensions"])
    metric = settings["Namespace"], settings["MetricName"], dimensions
    return _points(world, backend, metric, settings["Statistic"], settings["Period"], None, number)


def _points(
    world: World, backend: Any, metric: Metric, statistic: str, period: Any, unit: Any, number: int
) -> list[float | None]:
    """At a speed, periods pass as fast as all other time."""
    seconds = world.scaled(float(period)) or float(period)
    now = world.now().timestamp()
    oldest = now - (number + 1) * seconds
    data = []
    for datum in reversed(_index(backend).get(metric, ())):
        time = _seconds(datum)
        # What came long ago was measured long ago: nobody can send what is older than two weeks.
        if time < oldest:
            continue
        if unit in (None, "", datum.unit):
            data.append(_measured(datum, time))
    return points(data, statistic, now, seconds, number)


def _seconds(datum: Any) -> float:
    return float(datum.timestamp.replace(tzinfo=UTC).timestamp())


def _measured(datum: Any, time: float) -> Measured:
    if hasattr(datum, "value"):
        return Measured(time, datum.value, datum.value, datum.value)
    return Measured(time, datum.min, datum.max, datum.sum, datum.sample_count)


def _index(backend: Any) -> dict[Metric, list[Any]]:
    """The data of a region by metric; what came since the last time is added."""
    index: dict[Metric, list[Any]] = backend.__dict__.setdefault("data_by_metric", {})
    known = backend.__dict__.setdefault("data_known", 0)
    for datum in backend.metric_data[known:]:
        metric = metric_of(datum.namespace, datum.name, datum.dimensions)
        index.setdefault(metric, []).append(datum)
    backend.data_known = len(backend.metric_data)
    return index
