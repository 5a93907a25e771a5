# SPDX-License-Identifier: GPL-3.0-or-later
"""Composite alarms, and the history of all alarms."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.exceptions import CloudWatchException, ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.alarms.rule import BadRule, parse
from sandbox.shims import Hook, _alarm_states
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "Composite alarms follow the alarms in their rule; a rule of unknown alarms is refused.",
    "DescribeAlarms tells metric alarms only unless asked otherwise, parents and children too, and "
    "has pages.",
    "An alarm on which a composite alarm depends is not deleted.",
    "DescribeAlarmHistory tells changes of alarms, of their state, and what came of their actions.",
)
HOOKS: tuple[Hook, ...] = (
    (CloudWatchBackend, "delete_alarms", ("alarm_names",)),
    (CloudWatchBackend, "put_metric_alarm", ("name",)),
    (CloudWatchResponse, "describe_alarms", ()),
)
_PAGE = 100
_METRIC, _COMPOSITE = "MetricAlarm", "CompositeAlarm"


class InUse(CloudWatchException):
    code = "ResourceConflict"


def children(alarm: Any) -> tuple[str, ...]:
    """The alarms in the rule of an alarm, by name; none of a metric alarm."""
    return parse(alarm.rule).names if alarm.rule is not None else ()


def putting(world: World) -> None:
    @add(CloudWatchResponse, "put_composite_alarm")
    def put_composite_alarm(self: Any) -> EmptyResult:
        backend, text = self.cloudwatch_backend, self._get_param("AlarmRule")
        try:
            rule = parse(text)
        except BadRule as problem:
            raise ValidationError(f"Invalid AlarmRule: {problem}") from None
        unknown = [name for name in rule.names if name not in backend.alarms]
        if unknown:
            raise ValidationError(
                f"Could not save the composite alarm as alarms [{', '.join(unknown)}] in the "
                "alarm rule do not exist"
            )
        alarm = backend.put_metric_alarm(
            name=self._get_param("AlarmName"),
            namespace=None,
            metric_name=None,
            comparison_operator=None,
            evaluation_periods=None,
            period=None,
            threshold=None,
            statistic=None,
            description=self._get_param("AlarmDescription"),
            dimensions=[],
            alarm_actions=self._get_param("AlarmActions", []),
            ok_actions=self._get_param("OKActions", []),
            insufficient_data_actions=self._get_param("InsufficientDataActions", []),
            actions_enabled=self._get_bool_param("ActionsEnabled"),
            rule=text,
            tags=self._get_param("Tags", []),
        )
        alarm.alarm_rule = text
        _alarm_states.evaluate_composite(world, backend, alarm)
        return EmptyResult()

    @wrap(CloudWatchBackend, "delete_alarms")
    def delete_alarms(original: Any, self: Any, alarm_names: list[str]) -> None:
        known = [self.alarms[name] for name in alarm_names if name in self.alarms]
        if sum(alarm.rule is not None for alarm in known) > 1:
            raise ValidationError("At most one composite alarm can be deleted at once.")
        for alarm in self.alarms.values():
            used = [name for name in alarm_names if name in children(alarm)]
            if used and alarm.name not in alarm_names:
                raise InUse(
                    f"Cannot delete {used[0]} as there are composite alarm(s) depending on it."
                )
        original(alarm_names)


def describing() -> None:
    @wrap(CloudWatchResponse, "describe_alarms")
    def describe_alarms(original: Any, self: Any) -> ActionResult:
        told: Any = original().result
        found = [*told["MetricAlarms"], *told["CompositeAlarms"]]
        types = self._get_param("AlarmTypes") or [_METRIC]
        backend = self.cloudwatch_backend
        family = self._get_param("ChildrenOfAlarmName"), self._get_param("ParentsOfAlarmName")
        if any(family):
            types = [_METRIC, _COMPOSITE]
            found = list(backend.alarms.values())
        if family[0]:
            parent = backend.alarms.get(family[0])
            names = children(parent) if parent else ()
            found = [alarm for alarm in found if alarm.name in names]
        if family[1]:
            found = [alarm for alarm in found if family[1] in children(alarm)]
        state = self._get_param("StateValue")
        found = [
            alarm
            for alarm in found
            if (_METRIC if alarm.rule is None else _COMPOSITE) in types
            and state in (None, alarm.state_value)
        ]
        page, token = paged(self, found, "MaxRecords")
        return ActionResult(
            {
                "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
                "CompositeAlarms": [alarm for alarm in page if alarm.rule is not None],
                "NextToken": token,
            }
        )


def paged(response: Any, found: list[Any], size: str) -> tuple[list[Any], str | None]:
    """One page of a list, and where the next begins."""
    start = int(response._get_param("NextToken") or 0)
    end = start + int(response._get_param(size) or _PAGE)
    return found[start:end], str(end) if end < len(found) else None


def history(world: World) -> None:
    @add(CloudWatchResponse, "describe_alarm_history")
    def describe_alarm_history(self: Any) -> ActionResult:
        backend = self.cloudwatch_backend
        _alarm_states.due(world, backend)
        name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        types = self._get_param("AlarmTypes") or [_METRIC]
        since, until = (moment(self._get_param(word)) for word in ("StartDate", "EndDate"))
        found = [
            entry
            for entry in backend.__dict__.get("alarm_history", ())
            if name in (None, entry["AlarmName"])
            and kind in (None, entry["HistoryItemType"])
            and entry["AlarmType"] in types
            and (since is None or entry["Timestamp"] >= since)
            and (until is None or entry["Timestamp"] <= until)
        ]
        if self._get_param("ScanBy") != "TimestampAscending":
            found.reverse()
        page, token = paged(self, found, "MaxRecords")
        return ActionResult({"AlarmHistoryItems": page, "NextToken": token})


def moment(given: Any) -> Any:
    return given.replace(tzinfo=None) if given is not None else None


def install(world: World) -> None:
    """Give the emulator composite alarms."""
    putting(world)
    describing()
    history(world)
