# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms: unknown at first, and evaluated when data comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, are_dimensions_same
from moto.core.utils import utcnow

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A new alarm is INSUFFICIENT_DATA; an alarm put again keeps its state and its tags.",
    "PutMetricData has the alarms of that metric evaluated, as TreatMissingData says.",
    "DeleteAlarms takes the tags too.",
)
HOOKS: tuple[Hook, ...] = (
    (CloudWatchBackend, "put_metric_alarm", ("name", "namespace", "metric_name")),
    (CloudWatchBackend, "put_metric_data", ("namespace", "metric_data")),
    (CloudWatchBackend, "delete_alarms", ("alarm_names",)),
    (Alarm, "update_state", ("reason", "reason_data", "state_value")),
)
BREACHES = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
UNKNOWN = "INSUFFICIENT_DATA"


def statistic(kind: str | None, values: list[float]) -> float:
    if kind == "Sum":
        return sum(values)
    if kind == "Minimum":
        return min(values)
    if kind == "Maximum":
        return max(values)
    if kind == "SampleCount":
        return float(len(values))
    return sum(values) / len(values)


def periods(backend: Any, alarm: Any) -> list[float | None]:
    """The alarm's statistic in its latest periods, newest first; None where data is missing."""
    length = timedelta(seconds=int(alarm.period))
    newest = utcnow() + timedelta(seconds=1)
    data = [
        datum
        for datum in backend.metric_data
        if datum.namespace == alarm.namespace
        and datum.name == alarm.metric_name
        and are_dimensions_same(datum.dimensions, alarm.dimensions)
        and hasattr(datum, "value")
    ]
    found: list[float | None] = []
    for number in range(int(alarm.evaluation_periods)):
        until = newest - number * length
        values = [
            datum.value
            for datum in data
            if until - length <= datum.timestamp.replace(tzinfo=None) < until
        ]
        found.append(statistic(alarm.statistic, values) if values else None)
    return found


def evaluate(backend: Any, alarm: Any) -> None:
    """Set the state that the latest data says. Data that is missing keeps the state, breaches, or
    does not, as the alarm wants it; an alarm with none at all knows nothing."""
    if alarm.comparison_operator not in BREACHES or not alarm.period:
        return
    found = periods(backend, alarm)
    if all(value is None for value in found):
        return
    missing = alarm.treat_missing_data or "missing"
    breaching = sum(
        1
        for value in found
        if (
            BREACHES[alarm.comparison_operator](value, float(alarm.threshold))
            if value is not None
            else missing == "breaching"
        )
    )
    needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
    if missing != "breaching":
        # Periods without data do not count against an alarm: those that have some decide.
        needed = min(needed, sum(value is not None for value in found))
    state = "ALARM" if breaching >= needed else "OK"
    if state != alarm.state_value:
        reason = f"Threshold Crossed: {breaching} of the latest {len(found)} datapoints"
        alarm.update_state(reason, "{}", state)


def install(world: World) -> None:
    """Change how the emulator keeps alarms."""

    @wrap(CloudWatchBackend, "put_metric_alarm")
    def put_metric_alarm(original: Any, self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        before = self.alarms.get(name)
        if before is not None:
            kwargs.pop("tags", None)  # "If you are using this to update an alarm … are ignored."
        alarm = original(name, *args, **kwargs)
        alarm.state_value = before.state_value if before else UNKNOWN
        if before:
            alarm.state_reason, alarm.history = before.state_reason, before.history
            alarm.state_updated_timestamp = before.state_updated_timestamp
        return alarm

    @wrap(CloudWatchBackend, "put_metric_data")
    def put_metric_data(
        original: Any, self: Any, namespace: str, metric_data: list[dict[str, Any]]
    ) -> None:
        original(namespace, metric_data)
        names = {datum["MetricName"] for datum in metric_data}
        for alarm in self.alarms.values():
            if alarm.namespace == namespace and alarm.metric_name in names:
                evaluate(self, alarm)

    @wrap(CloudWatchBackend, "delete_alarms")
    def delete_alarms(original: Any, self: Any, alarm_names: list[str]) -> None:
        for name in alarm_names:
            if name in self.alarms:
                self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        original(alarm_names)
