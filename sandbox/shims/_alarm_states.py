# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms change their state: with history, actions, and the alarms that depend on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from moto.sns.models import sns_backends

from sandbox.alarms.evaluation import ALARM, OK, UNKNOWN, state
from sandbox.alarms.expressions import NotUnderstood
from sandbox.alarms.rule import parse
from sandbox.shims._alarm_data import condition_of, points_of
from sandbox.world import World

EVALUATED = 60.0  # seconds of AWS between two evaluations of an alarm

# Carries out an action (its ARN) with a message and its subject; raises what goes wrong.
Action = Callable[[Any, str, str, str], object]


def publish(backend: Any, arn: str, message: str, subject: str) -> None:
    """Publish to a topic. Raises KeyError if there is none."""
    region = arn.split(":")[3]
    topic: Any = sns_backends[backend.account_id][region].topics[arn]
    topic.publish(message, subject=subject)


# What carries out an action, by the service in its ARN; others may add theirs.
ACTIONS: dict[str, Action] = {"sns": publish}


def naive(world: World) -> datetime:
    """Now, as the emulator keeps times: UTC without saying so."""
    return world.now().replace(tzinfo=None)


def note(world: World, backend: Any, alarm: Any, kind: str, summary: str, data: Any) -> None:
    """Add to the history of an alarm, which outlives it."""
    entry = {
        "AlarmName": alarm.name,
        "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
        "Timestamp": naive(world),
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps(data),
    }
    backend.__dict__.setdefault("alarm_history", []).append(entry)


def due(world: World, backend: Any) -> None:
    """Evaluate the alarms whose time has come."""
    now = world.now()
    for alarm in list(backend.alarms.values()):
        if alarm.rule is None and now >= getattr(alarm, "due", now):
            evaluate(world, backend, alarm)


def postpone(world: World, alarm: Any, at_once: float = 0.0) -> None:
    """Have an alarm be evaluated only after a while, at speed 0 after so many real seconds."""
    alarm.due = world.now() + timedelta(seconds=world.scaled(EVALUATED) or at_once)


def evaluate(world: World, backend: Any, alarm: Any) -> None:
    """Set the state of a metric alarm by the data that there is."""
    postpone(world, alarm)
    try:
        points = points_of(world, backend, alarm)
    except NotUnderstood as problem:
        if alarm.state_reason != f"{problem}":
            alarm.state_reason = f"{problem}"
        return
    condition = condition_of(alarm)
    found = state(points, condition)
    if found is None or found == alarm.state_value:
        return
    there = [point for point in points if point is not None]
    breaching = sum(condition.breached(point) for point in there)
    reason = (
        f"Threshold Crossed: {breaching} out of the last {len(there)} datapoints {there} breached "
        f"the threshold ({condition.threshold}) with {condition.comparison} (minimum "
        f"{condition.needed} of {condition.periods} datapoints for ALARM)."
        if found != UNKNOWN
        else f"Insufficient Data: {len(points) - len(there)} datapoints were unknown."
    )
    data = {
        "version": "1.0",
        "queryDate": f"{naive(world).isoformat()}+0000",
        "statistic": alarm.statistic,
        "period": alarm.period,
        "recentDatapoints": there,
        "threshold": condition.threshold,
    }
    turn(world, backend, alarm, found, reason, json.dumps(data))


def evaluate_composite(world: World, backend: Any, alarm: Any) -> None:
    """Set the state of a composite alarm by those of its children."""

    def in_state(name: str, wanted: str) -> bool:
        child = backend.alarms.get(name)
        return child is not None and child.state_value == wanted

    found = ALARM if parse(alarm.rule).holds(in_state) else OK
    if found != alarm.state_value:
        reason = f"{alarm.rule} is {'true' if found == ALARM else 'false'}"
        turn(world, backend, alarm, found, reason, "{}")


def turn(world: World, backend: Any, alarm: Any, to: str, reason: str, data: str) -> None:
    """Give an alarm a state; where it is another one, do all that follows from it."""
    before = alarm.state_value
    alarm.update_state(reason, data, to)
    alarm.state_updated_timestamp = naive(world)
    if before == to:
        return
    alarm.state_transitioned_timestamp = naive(world)
    summary = f"Alarm updated from {before} to {to}"
    change = {
        "version": "1.0",
        "oldState": {"stateValue": before},
        "newState": {"stateValue": to, "stateReason": reason, "stateReasonData": data},
    }
    note(world, backend, alarm, "StateUpdate", summary, change)
    if alarm.actions_enabled:
        _act(world, backend, alarm, before)
    for other in list(backend.alarms.values()):
        if other.rule is not None and alarm.name in parse(other.rule).names:
            _follow(world, backend, other)


_following: list[str] = []


def _follow(world: World, backend: Any, alarm: Any) -> None:
    """Evaluate a composite alarm, unless that is being done already: a cycle stops."""
    if alarm.name in _following:
        return
    _following.append(alarm.name)
    try:
        evaluate_composite(world, backend, alarm)
    finally:
        _following.pop()


def _act(world: World, backend: Any, alarm: Any, before: str) -> None:
    actions = {
        OK: alarm.ok_actions,
        ALARM: alarm.alarm_actions,
        UNKNOWN: alarm.insufficient_data_actions,
    }[alarm.state_value]
    for arn in actions or ():
        message = json.dumps(message_of(world, backend, alarm, before))
        subject = f'{alarm.state_value}: "{alarm.name}" in {backend.region_name}'
        service = arn.split(":")[2]
        told = {"notificationResource": arn, "publishedMessage": message}
        try:
            if service not in ACTIONS:
                raise NotImplementedError(f"the sandbox carries out no actions of {service}")
            ACTIONS[service](backend, arn, message, subject)
        except Exception as problem:
            told |= {"actionState": "Failed", "error": f"{type(problem).__name__}: {problem}"}
            summary = f"Failed to execute action {arn}"
        else:
            told |= {"actionState": "Succeeded"}
            summary = f"Successfully executed action {arn}"
        note(world, backend, alarm, "Action", summary, told)


def message_of(world: World, backend: Any, alarm: Any, before: str) -> dict[str, Any]:
    """What CloudWatch sends to a topic, without what only it knows."""
    told = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": backend.account_id,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": f"{naive(world).isoformat()}+0000",
        "Region": backend.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
    }
    if alarm.rule is not None:
        return {**told, "AlarmRule": alarm.rule}
    return {
        **told,
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "Statistic": alarm.statistic,
            "Dimensions": [{"name": d.name, "value": d.value} for d in alarm.dimensions],
            "Period": alarm.period,
            "EvaluationPeriods": alarm.evaluation_periods,
            "DatapointsToAlarm": alarm.datapoints_to_alarm,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.treat_missing_data,
        },
    }
