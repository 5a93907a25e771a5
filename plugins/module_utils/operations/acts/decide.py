# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a promotion would lose, as far as the heartbeats have told it, and who agrees to that."""

from __future__ import annotations

import datetime
from typing import Any

from ...aws.session import Aws
from ..errors import Unconfirmed
from ..journal import now
from .stage import Evidence, Stage

NAMESPACE = "Phoenix/Heartbeat"
# Metric -> the statistic by which the figure of a minute is told.
FIGURES = {
    "WrittenAt": "Maximum",
    "ReplicatedAt": "Maximum",
    "RowsBehind": "Maximum",
    "RowsPerSecond": "Average",
}
LOOKED_BACK = datetime.timedelta(hours=3)
PERIOD = 60


def heartbeat(aws: Aws) -> dict[str, float]:
    """The newest figure of each metric, {} where nothing was told for hours. Seconds since 1970 of
    the newest beat written (WrittenAt) and known to be replicated (ReplicatedAt); rows.
    """
    found: dict[str, float] = {}
    end = now()
    for name, statistic in FIGURES.items():
        points = aws.client("cloudwatch").get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": "environment", "Value": aws.scope.environment}],
            StartTime=end - LOOKED_BACK,
            EndTime=end + datetime.timedelta(minutes=1),
            Period=PERIOD,
            Statistics=[statistic],
        )["Datapoints"]
        if points:
            newest = max(points, key=lambda point: point["Timestamp"])
            found[name] = float(newest[statistic])
    return found


def expected(figures: dict[str, float], at: float) -> Evidence:
    """The loss that is to be expected of a promotion, in seconds and rows; None where unknown.

    at: seconds since 1970. Of what was written after the newest beat that is known to be
    replicated, at the most all is lost; how long home went on after it told last, nobody knows.
    """
    replicated, written = figures.get("ReplicatedAt"), figures.get("WrittenAt")
    if replicated is None or written is None:
        unknown = ("seconds_at_least", "seconds_at_most", "rows", "rows_at_most")
        return {**dict.fromkeys(unknown), "figures": figures}
    least = max(0.0, written - replicated)
    # A clock here that is late must not make it less than hosts have told.
    most = max(least, at - replicated)
    rate = figures.get("RowsPerSecond")
    rows = figures.get("RowsBehind", None if rate is None else rate * least)
    return {
        "seconds_at_least": round(least, 1),
        "seconds_at_most": round(most, 1),
        "rows": None if rows is None else round(rows),
        "rows_at_most": None if rate is None else round(max(rows or 0.0, rate * most)),
        "figures": figures,
    }


def question(stage: Stage, loss: Evidence) -> str:
    """What a person is asked, with all that is to be known for an answer."""
    move = f"Move {stage.scope.environment} from {stage.old.site} to {stage.scope.site}"
    if loss["seconds_at_most"] is None:
        told = "No heartbeat has told what the replica has: what is lost is unknown."
    else:
        told = (
            f"The replica is known to have what was written {loss['seconds_at_most']} s ago. "
            f"When {stage.old.site} told last, {_rows(loss['rows'])} and "
            f"{loss['seconds_at_least']} s were missing; with what it may have taken since then, "
            f"up to {_rows(loss['rows_at_most'])}."
        )
    return (
        f"{told} A promotion cannot be taken back. {move}? Type the name of the environment, "
        f"{stage.scope.environment}, to go on"
    )


def _rows(count: int | None) -> str:
    return "an unknown number of rows" if count is None else f"{count} rows"


def act(stage: Stage) -> Evidence:
    """Raises Unconfirmed unless the name of the environment was typed."""
    loss = expected(heartbeat(stage.here), now().timestamp())
    typed = str(stage.options["confirm"]).strip()
    if typed != stage.scope.environment:
        raise Unconfirmed(
            f"{question(stage, loss)}. What was typed is {typed!r}: nothing was touched",
            f"with -e dr_confirm={stage.scope.environment} nobody is asked",
        )
    return {"expected": loss, "reason": stage.options["reason"]}


def foreseen(stage: Stage) -> dict[str, Any]:
    """The question, for a task that only looks."""
    loss = expected(heartbeat(stage.here), now().timestamp())
    return {"question": question(stage, loss), "expected": loss}
