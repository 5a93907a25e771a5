# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms on metrics: unknown at first, evaluated when data comes and as time passes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse

from sandbox.alarms.evaluation import UNKNOWN
from sandbox.shims import Hook, _alarm_states
from sandbox.ticking import AT_ONCE, Ticking
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A new alarm is INSUFFICIENT_DATA; an alarm put again keeps its state and its tags.",
    "Alarms are evaluated when data comes and each minute, M out of N, as TreatMissingData says.",
    "SetAlarmState lasts until the next evaluation.",
    "A change of state is published to the topics among the alarm's actions, if it has them on.",
    "Periods that CloudWatch does not take are refused, and more datapoints than periods.",
    "A topic of another region among an alarm's actions is refused.",
    "Data without a time is of now.",
    "DeleteAlarms takes the tags too.",
)
HOOKS: tuple[Hook, ...] = (
    (CloudWatchBackend, "put_metric_alarm", ("name", "namespace", "metric_name")),
    (CloudWatchBackend, "put_metric_data", ("namespace", "metric_data")),
    (CloudWatchBackend, "set_alarm_state", ("alarm_name", "reason", "reason_data", "state_value")),
    (CloudWatchBackend, "delete_alarms", ("alarm_names",)),
    (CloudWatchResponse, "describe_alarms", ()),
    (Alarm, "update_state", ("reason", "reason_data", "state_value")),
)
_DAY, _WEEK, _HOUR = 86400, 604800, 3600


def check(period: int | None, periods: int, needed: int | None) -> None:
    """Refuse what CloudWatch refuses about the times of an alarm."""
    if needed is not None and not 1 <= needed <= periods:
        raise ValidationError("DatapointsToAlarm must be between 1 and EvaluationPeriods.")
    if period is None:
        return
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise ValidationError("Period must be 10, 20, 30 or a multiple of 60")
    most, named = (_WEEK, "seven days") if period >= _HOUR else (_DAY, "a day")
    if period * periods > most:
        raise ValidationError(
            f"Metrics cannot be checked across more than {named} (EvaluationPeriods * Period must "
            f"be <= {most})."
        )


def check_actions(region: str, actions: Iterable[str]) -> None:
    """Refuse a topic of another region among the actions of an alarm."""
    for action in actions:
        parts = action.split(":")
        if parts[2:3] == ["sns"] and parts[3:4] != [region]:
            raise ValidationError(
                f"Invalid region {parts[3]} specified. Only {region} is supported."
            )


def keeping(world: World, ticking: Ticking) -> None:
    @wrap(CloudWatchBackend, "put_metric_alarm")
    def put_metric_alarm(original: Any, self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        for actions in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
            check_actions(self.region_name, kwargs.get(actions) or ())
        if kwargs.get("rule") is None:
            period, needed = kwargs.get("period"), kwargs.get("datapoints_to_alarm")
            check(period, int(kwargs["evaluation_periods"]), needed)
        before = self.alarms.get(name)
        if before is not None:
            kwargs.pop("tags", None)  # "If you are using this to update an alarm … are ignored."
        alarm = original(name, *args, **kwargs)
        alarm.state_value = before.state_value if before else UNKNOWN
        if before:
            alarm.state_reason = before.state_reason
            alarm.state_updated_timestamp = before.state_updated_timestamp
        word = "updated" if before else "created"
        _alarm_states.note(
            world, self, alarm, "ConfigurationUpdate", f'Alarm "{name}" {word}', {"type": word}
        )
        _alarm_states.postpone(world, alarm, AT_ONCE)
        ticking.start("alarms")
        return alarm

    @wrap(CloudWatchBackend, "delete_alarms")
    def delete_alarms(original: Any, self: Any, alarm_names: list[str]) -> None:
        for name in alarm_names:
            if name in self.alarms:
                alarm = self.alarms[name]
                self.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
                summary = f'Alarm "{name}" deleted'
                told = {"type": "deleted"}
                _alarm_states.note(world, self, alarm, "ConfigurationUpdate", summary, told)
        original(alarm_names)


def evaluation(world: World) -> None:
    @wrap(CloudWatchBackend, "put_metric_data")
    def put_metric_data(
        original: Any, self: Any, namespace: str, metric_data: list[dict[str, Any]]
    ) -> None:
        now = _alarm_states.naive(world)
        original(namespace, [{"Timestamp": now, **datum} for datum in metric_data])
        names = {datum["MetricName"] for datum in metric_data}
        for alarm in list(self.alarms.values()):
            if any((namespace, name) in watched(alarm) for name in names):
                _alarm_states.evaluate(world, self, alarm)

    @wrap(CloudWatchBackend, "set_alarm_state")
    def set_alarm_state(
        original: Any, self: Any, alarm_name: str, reason: str, reason_data: Any, state_value: str
    ) -> None:
        before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else ""
        original(alarm_name, reason, reason_data, state_value)  # refuses what cannot be meant so
        alarm = self.alarms[alarm_name]
        alarm.state_value = before
        _alarm_states.turn(world, self, alarm, state_value, reason, reason_data or "{}")
        _alarm_states.postpone(world, alarm, AT_ONCE)

    @wrap(CloudWatchResponse, "describe_alarms")
    def describe_alarms(original: Any, self: Any) -> Any:
        _alarm_states.due(world, self.cloudwatch_backend)
        return original()


def watched(alarm: Any) -> set[tuple[str, str]]:
    """Namespace and name of every metric that a metric alarm looks at."""
    if alarm.rule is not None:
        return set()
    found = {(alarm.namespace, alarm.metric_name)} if alarm.metric_name else set()
    for query in alarm.metric_data_queries or ():
        if query.metric_stat:
            metric = query.metric_stat.metric
            found.add((metric.namespace, metric.metric_name))
    return found


def install(world: World) -> None:
    """Change how the emulator keeps alarms."""

    def tick() -> None:
        for account in list(cloudwatch_backends.values()):
            for backend in list(account.values()):
                _alarm_states.due(world, backend)

    keeping(world, world.ticking(_alarm_states.EVALUATED, tick))
    evaluation(world)
