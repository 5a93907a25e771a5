# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Metrics of alarms, between our words and those of CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.scope import pairs


def metric(named: Mapping[str, Any], how: Mapping[str, Any]) -> dict[str, Any]:
    """named: which metric. how: by which statistic and period."""
    statistic = how.get("Stat") or how.get("Statistic") or how.get("ExtendedStatistic")
    return {
        "namespace": named.get("Namespace"),
        "name": named.get("MetricName"),
        "statistic": statistic,
        "period": how.get("Period"),
        "dimensions": {pair["Name"]: pair["Value"] for pair in named.get("Dimensions", ())},
    }


def simple(metric: Mapping[str, Any]) -> dict[str, Any]:
    percentile = str(metric["statistic"]).startswith("p")
    return {
        **named(metric),
        "Period": metric["period"],
        "ExtendedStatistic" if percentile else "Statistic": metric["statistic"],
    }


def queries(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [
        {
            "Id": id,
            "MetricStat": {
                "Metric": named(metric),
                "Period": metric["period"],
                "Stat": metric["statistic"],
            },
            "ReturnData": False,
        }
        for id, metric in sorted(spec["metrics"].items())
    ]
    return [{"Id": "result", "Expression": spec["expression"], "ReturnData": True}, *parts]


def named(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Namespace": metric["namespace"],
        "MetricName": metric["name"],
        "Dimensions": pairs(metric["dimensions"], key="Name"),
    }
