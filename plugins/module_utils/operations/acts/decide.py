# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a new primary would lack, as far as heartbeats have told it, and who agrees to that."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ...aws.session import Aws
from ...reports.words import lasted
from ..errors import Unconfirmed
from ..journal import now
from ..procedures import leaves_nothing
from . import restore
from .stage import Evidence, Stage

NAMESPACE = "Phoenix/Heartbeat"
# Metric -> the statistic by which the figure of a minute is told.
FIGURES = {
    "WrittenAt": "Maximum",
    "ReplicatedAt": "Maximum",
    "RowsBehind": "Maximum",
    "RowsPerSecond": "Average",
}
PERIOD = 60
# As many figures as AWS answers at once: a region that is lost at night is missed in the morning.
LOOKED_BACK = datetime.timedelta(seconds=1440 * PERIOD)


def heartbeat(aws: Aws, until: datetime.datetime | None = None) -> dict[str, float]:
    """The newest figure of each metric, {} where nothing was told for a day. Seconds since 1970 of
    the newest beat written (WrittenAt) and known to be replicated (ReplicatedAt); rows.

    until: only what was told up to that minute counts, None for all.
    """
    found: dict[str, float] = {}
    for name, statistic in FIGURES.items():
        points = told(aws, name, statistic, until)
        if points:
            newest = max(points, key=lambda point: point["Timestamp"])
            found[name] = float(newest[statistic])
    return found


def told(
    aws: Aws, name: str, statistic: str, until: datetime.datetime | None = None
) -> list[Mapping[str, Any]]:
    """What hosts have told of a metric in the minutes of a day, as GetMetricStatistics answers.

    until: the last minute that counts, None for all.
    """
    minute = datetime.timedelta(minutes=1)
    # What hosts have told may be ahead of a clock here that is late. AWS counts whole minutes.
    last = (until or now() + minute).replace(second=0, microsecond=0)
    end = last + minute
    found: list[Mapping[str, Any]] = aws.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=name,
        Dimensions=[{"Name": "environment", "Value": aws.scope.environment}],
        StartTime=end - LOOKED_BACK,
        EndTime=end,
        Period=PERIOD,
        Statistics=[statistic],
    )["Datapoints"]
    return found


def expected(figures: dict[str, float], at: float) -> Evidence:
    """The loss that is to be expected of a promotion, in seconds and rows; None where unknown.
    told_ago: seconds since the newest beat that was heard of.

    at: seconds since 1970. Of what was written after the newest beat that is known to be
    replicated, at the most all is lost; how long home went on after it told last, nobody knows.
    """
    replicated, written = figures.get("ReplicatedAt"), figures.get("WrittenAt")
    unknown = ("seconds_at_least", "seconds_at_most", "rows", "rows_at_most", "told_ago")
    if replicated is None:
        return {**dict.fromkeys(unknown), "figures": figures}
    if written is None:
        most = round(max(0.0, at - replicated), 1)
        return {**dict.fromkeys(unknown), "seconds_at_most": most, "figures": figures}
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
        "told_ago": round(max(0.0, at - written), 1),
        "figures": figures,
    }


def foreseeable(stage: Stage) -> Evidence:
    """The loss to be expected. Of a copy that is restored, its time tells what it has; copy is then
    what it is and as of when.
    """
    figures, copy = heartbeat(stage.here), restore.chosen(stage)
    if copy is None:
        return expected(figures, now().timestamp())
    figures.pop("RowsBehind", None)
    figures["ReplicatedAt"] = copy.at.timestamp()
    told = {"what": copy.what, "at": copy.at.isoformat(timespec="seconds")}
    return {**expected(figures, now().timestamp()), "copy": told}


def question(stage: Stage, loss: Evidence) -> str:
    """What a person is asked, with all that is to be known for an answer."""
    move = f"Move {stage.scope.environment} from {stage.old.site} to {stage.scope.site}"
    copy = loss.get("copy")
    has = f"The newest copy, {copy['what']}, has" if copy else "The replica is known to have"
    if loss["seconds_at_most"] is None:
        told = "No heartbeat has told what the replica has: what is lost is unknown."
    elif loss["seconds_at_least"] is None:
        told = (
            f"{has} what was written {loss['seconds_at_most']} s ago. What was written since then, "
            "no heartbeat has told."
        )
    else:
        told = (
            f"{has} what was written {loss['seconds_at_most']} s ago. "
            f"When {stage.old.site} told last, {lasted(loss['told_ago'])} ago, "
            f"{_rows(loss['rows'])} and "
            f"{loss['seconds_at_least']} s were missing; with what it may have taken since then, "
            f"up to {_rows(loss['rows_at_most'])}."
        )
    back = "What it lacks does not come back" if copy else "A promotion cannot be taken back"
    return (
        f"{told} {back}. {move}? Type the name of the environment, "
        f"{stage.scope.environment}, to go on"
    )


def _rows(count: int | None) -> str:
    return "an unknown number of rows" if count is None else f"{count} rows"


def act(stage: Stage) -> Evidence:
    """Raises Unconfirmed unless the name of the environment was typed."""
    loss = foreseeable(stage)
    typed = str(stage.options["confirm"]).strip()
    if typed != stage.scope.environment:
        raise _unconfirmed(stage, f"{question(stage, loss)}. What was typed is {typed!r}")
    return {"expected": loss, "reason": stage.options["reason"]}


def _unconfirmed(stage: Stage, said: str) -> Unconfirmed:
    unasked = f"with -e dr_confirm={stage.scope.environment} nobody is asked"
    if leaves_nothing(stage.journal, stage.active):
        return Unconfirmed(f"{said}: nothing was touched", unasked)
    over = stage.journal.opened.get("over", "the operation before")
    return Unconfirmed(
        f"{said}: this goes no further, and what {over} has begun stays as it is",
        f"run the same playbook again, which asks again; {unasked}. Unless the promotion was asked "
        "for, playbook dr_abandon gives it up, and has the old site serve",
    )


def foreseen(stage: Stage) -> dict[str, Any]:
    """The question, for a task that only looks."""
    loss = foreseeable(stage)
    return {"question": question(stage, loss), "expected": loss}
