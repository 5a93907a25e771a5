# SPDX-License-Identifier: GPL-3.0-or-later
"""What is lost is told before anything is touched, and only the typed name goes further."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import decide
from environment import Environment

NOW = datetime.datetime.now(datetime.UTC)


def put(
    environment: Environment,
    figures: Mapping[str, float],
    about: str = "production",
    ago: datetime.timedelta = datetime.timedelta(),
) -> None:
    """What the hosts of an environment tell the recovery region; the newest counts."""
    environment.aws("recovery").client("cloudwatch").put_metric_data(
        Namespace="Phoenix/Heartbeat",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "environment", "Value": about}],
                "Timestamp": datetime.datetime.now(datetime.UTC) - ago,
                "Value": value,
            }
            for name, value in figures.items()
        ],
    )


def question(environment: Environment) -> dict[str, object]:
    return dict(over.step(environment, "decide", dry=True))


def test_where_no_heartbeat_has_told_anything_the_loss_is_said_to_be_unknown(
    built: Environment,
) -> None:
    put(built, {"WrittenAt": NOW.timestamp(), "ReplicatedAt": NOW.timestamp()}, about="staging")
    told = question(built)
    assert "what is lost is unknown" in str(told["question"])
    expected = told["expected"]
    assert isinstance(expected, dict)
    assert expected.pop("figures") == {}
    assert set(expected.values()) == {None}


@pytest.mark.parametrize("typed", ["", "Production", "staging", "production-recovery"])
def test_another_name_than_that_of_the_environment_touches_nothing(
    built: Environment, typed: str
) -> None:
    over.step(built, "open")
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="nothing was touched") as caught:
        over.step(built, "decide", confirm=typed)
    assert caught.value.result["code"] == "unconfirmed"
    assert "Type the name of the environment, production" in str(caught.value)
    assert over.beside_journal(built, mark) == set()
    assert not [call for call in built.handle.log(mark) if call["region"] == over.HOME]
    assert over.told(built)[-2:] == ["decide begun", "decide closed"]
    with pytest.raises(Refusal, match="belongs to no failover that has been begun"):
        over.step(built, "fence", confirm=typed)
    over.step(built, "close", failed="nobody agreed")
    over.step(built, "open")
    over.step(built, "decide", confirm=" production ")
    assert "decide done" in over.told(built)


def test_seconds_and_rows_are_told_from_what_hosts_told_last(built: Environment) -> None:
    at = datetime.datetime.now(datetime.UTC).timestamp()
    figures = {"WrittenAt": at - 30, "ReplicatedAt": at - 35, "RowsBehind": 12, "RowsPerSecond": 2}
    put(built, figures)
    told = question(built)
    expected = told["expected"]
    assert isinstance(expected, dict)
    assert (expected["seconds_at_least"], expected["rows"]) == (5.0, 12)
    assert expected["seconds_at_most"] >= 35
    assert expected["rows_at_most"] >= 70
    assert "12 rows and 5.0 s were missing" in str(told["question"])
    assert "told last, 3" in str(told["question"])
    over.step(built, "open")
    recorded = over.step(built, "decide", reason="a drill")["evidence"]
    assert recorded["expected"]["figures"] == figures
    assert recorded["reason"] == "a drill"


def test_of_a_region_that_was_lost_at_night_it_is_told_in_the_morning_how_long_ago_it_told_last(
    built: Environment,
) -> None:
    """Of an environment of another name, of which nothing newer is told."""
    ago = datetime.timedelta(hours=23, minutes=30)
    at = (datetime.datetime.now(datetime.UTC) - ago).timestamp()
    put(built, {"WrittenAt": at, "ReplicatedAt": at - 2}, about="night", ago=ago)
    client = built.aws("recovery")
    client.scope = replace(client.scope, environment="night")
    figures = decide.heartbeat(client)
    assert figures == {"WrittenAt": at, "ReplicatedAt": at - 2}
    assert decide.expected(figures, at + ago.total_seconds())["told_ago"] == ago.total_seconds()


def test_no_more_figures_are_asked_for_than_aws_answers_at_once(built: Environment) -> None:
    mark = built.handle.mark()
    aws, asked = built.aws("recovery"), list[dict[str, Any]]()
    client = aws.client("cloudwatch")
    client.meta.events.register(
        "provide-client-params.cloudwatch.GetMetricStatistics",
        lambda params, **more: asked.append(params),
    )
    decide.heartbeat(aws)
    assert len(built.handle.log(mark)) == len(asked) == len(decide.FIGURES)
    for one in asked:
        window = one["EndTime"] - one["StartTime"]
        assert window.total_seconds() / one["Period"] == 1440
        # AWS rounds what is no whole minute, and counts one more.
        assert one["StartTime"].second == one["StartTime"].microsecond == 0


def test_a_clock_that_is_late_makes_no_loss_smaller_than_hosts_told(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    at = now.timestamp()
    put(built, {"WrittenAt": at, "ReplicatedAt": at - 4, "RowsBehind": 50, "RowsPerSecond": 1})
    monkeypatch.setattr(decide, "now", lambda: now - datetime.timedelta(seconds=40))
    expected = question(built)["expected"]
    assert isinstance(expected, dict)
    assert expected["seconds_at_most"] == expected["seconds_at_least"] == 4.0
    assert expected["rows_at_most"] == expected["rows"] == 50


def test_rows_that_nobody_counted_are_not_said_to_be_none() -> None:
    loss = decide.expected({"WrittenAt": 100.0, "ReplicatedAt": 90.0}, 130.0)
    assert (loss["seconds_at_least"], loss["seconds_at_most"]) == (10.0, 40.0)
    assert (loss["rows"], loss["rows_at_most"]) == (None, None)


def test_where_only_the_age_of_what_is_there_is_known_that_is_told() -> None:
    loss = decide.expected({"ReplicatedAt": 90.0}, 130.0)
    assert (loss["seconds_at_least"], loss["seconds_at_most"]) == (None, 40.0)
    assert (loss["rows"], loss["rows_at_most"]) == (None, None)


@pytest.mark.parametrize("name", over.steps("open", "decide", "promote", "close"))
def test_a_dry_step_writes_nothing_and_asks_nothing_of_home(built: Environment, name: str) -> None:
    mark = built.handle.mark()
    told = over.step(built, name, dry=True, confirm="", told={"status": 200})
    assert told["changed"]
    assert not told["done"]
    assert told["title"]
    assert built.handle.writes_since(mark) == []
    assert {call["region"] for call in built.handle.log(mark)} == {over.RECOVERY}
    assert over.keys(built) == []


def test_a_dry_step_of_a_failover_that_goes_on_tells_what_is_done_already(
    built: Environment,
) -> None:
    over.upto(built, "decide")
    mark = built.handle.mark()
    assert [over.step(built, name, dry=True)["changed"] for name in ("decide", "fence")] == [
        False,
        True,
    ]
    assert built.handle.writes_since(mark) == []
