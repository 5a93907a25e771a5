# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alarm on one metric, or on an expression over several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import not_ours
from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import alarm_metrics
from .arn_tags import tagged, tags_of
from .base import Kind, changed, have_for, tag_edits
from .db_instance_reading import described

# Spec key -> name at AWS, for what every alarm has.
COMMON = {
    "description": "AlarmDescription",
    "evaluations": "EvaluationPeriods",
    "datapoints": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparison": "ComparisonOperator",
    "missing": "TreatMissingData",
}


class Alarm(Kind):
    """spec: metric {namespace, name, statistic ("Average", …, "p95"), period (seconds), dimensions}
    or None, expression (text over `metrics`, "" for none), metrics {id: metric}, evaluations,
    datapoints, threshold (float), comparison, missing ("breaching", "notBreaching", "ignore",
    "missing"), actions, ok_actions (ARNs, unordered), enabled (bool), description, tags.
    facts: id, arn, name.
    """

    name: ClassVar[str] = "alarm"
    rules: ClassVar[Rules] = Rules(rank=25)
    services: ClassVar[tuple[str, ...]] = ("cloudwatch", "resourcegroupstaggingapi", "rds")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        named = {view.scope.name(want.id) for want in wants}
        for item in _listed(view):
            arn, name = item["AlarmArn"], item["AlarmName"]
            tags = tagged(view, "cloudwatch").get(arn, {})
            if name in named:
                tags = _tags(view, arn, wants)
            if view.scope.owns(tags, self.name):
                spec = {**_spec(item), "tags": tags}
                yield Have(self.name, view.scope.id_of(tags), spec, _facts(arn, name))

    def taken(self, view: View, want: Want) -> str:
        name = view.scope.name(want.id)
        return name if any(item["AlarmName"] == name for item in _listed(view)) else ""

    def stays(self, view: View, have: Have, *, database: bool) -> bool:
        """A database that is kept is watched for as long as it stands, also undeclared."""
        if database:
            return False
        dimensions = (have.spec.get("metric") or {}).get("dimensions", {})
        instance = dimensions.get("DBInstanceIdentifier")
        return bool(instance and described(view, instance))

    def create(self, aws: Aws, want: Want) -> Have:
        name = aws.scope.name(want.id)
        arn = aws.scope.arn("cloudwatch", f"alarm:{name}")
        _refuse_foreign(View(aws), name, arn)
        # The same call again says the same: nothing is made twice under one name. Of an alarm that
        # is there it would change all but the tags, which AWS takes only with a new one.
        aws.client("cloudwatch").put_metric_alarm(
            **_arguments(name, want.spec), Tags=pairs(want.spec["tags"])
        )
        return have_for(want, _facts(arn, name))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        cloudwatch, arn = aws.client("cloudwatch"), have.facts["arn"]
        if changed(changes) - {"tags"}:
            cloudwatch.put_metric_alarm(**_arguments(have.facts["name"], want.spec))
        put, drop = tag_edits(changes)
        if put:
            cloudwatch.tag_resource(ResourceARN=arn, Tags=pairs(put))
        if drop:
            cloudwatch.untag_resource(ResourceARN=arn, TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("cloudwatch").delete_alarms(AlarmNames=[have.facts["name"]])


def _listed(view: View) -> list[dict[str, Any]]:
    """All alarms whose names begin like ours."""
    start = view.scope.name("")
    return view.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=start)


def _refuse_foreign(view: View, name: str, arn: str) -> None:
    """Raises Conflict where an alarm of this name is not ours: to make one would overwrite it."""
    there = view.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=[name])
    if there and not view.scope.owns(_exact(view, arn), Alarm.name):
        raise not_ours(f"alarm {name}", view.scope.prefix)


def _spec(item: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: item.get(name) for key, name in COMMON.items()}
    queries = item.get("Metrics") or []
    return {
        **found,
        "description": found["description"] or "",
        "datapoints": found["datapoints"] or found["evaluations"],
        "metric": None if queries else alarm_metrics.metric(item, item),
        "expression": next((q["Expression"] for q in queries if q.get("Expression")), ""),
        "metrics": {
            query["Id"]: alarm_metrics.metric(query["MetricStat"]["Metric"], query["MetricStat"])
            for query in queries
            if "MetricStat" in query
        },
        "actions": canon.unordered(item.get("AlarmActions", ())),
        "ok_actions": canon.unordered(item.get("OKActions", ())),
        "enabled": item.get("ActionsEnabled", True),
    }


def _arguments(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "AlarmName": name,
        **{theirs: spec[key] for key, theirs in COMMON.items()},
        "AlarmActions": list(spec["actions"]),
        "OKActions": list(spec["ok_actions"]),
        "ActionsEnabled": spec["enabled"],
    }
    return found | (
        alarm_metrics.simple(spec["metric"])
        if spec["metric"]
        else {"Metrics": alarm_metrics.queries(spec)}
    )


def _tags(view: View, arn: str, wants: Sequence[Want]) -> Mapping[str, str]:
    return tags_of(view, arn, wants, lambda: _exact(view, arn))


def _exact(view: View, arn: str) -> Mapping[str, str]:
    answer = view.call("cloudwatch", "list_tags_for_resource", ResourceARN=arn)
    return canon.tags(answer["Tags"] if answer else ())


def _facts(arn: str, name: str) -> dict[str, Any]:
    return {"id": name, "arn": arn, "name": name}
