# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells another region of its beats, as data."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    decide,
    scale,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import web_role

from sandbox.running import CHECKOUT

SOURCE = CHECKOUT / "roles/web_host/files/beats.py"
# 2026-11-28, a quarter of a second past a minute.
NOW = 1795867200.25


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("beats", SOURCE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "beats", module)  # where a tuple's class looks itself up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def heart(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program that beats, on a machine without a database."""
    monkeypatch.setitem(sys.modules, "psycopg2", ModuleType("psycopg2"))
    monkeypatch.syspath_prepend(str(SOURCE.parent))
    spec = importlib.util.spec_from_file_location("heartbeat", SOURCE.with_name("heartbeat.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(program: ModuleType, *beats: tuple[Any, ...]) -> dict[str, float]:
    found: dict[str, float] = program.figures(tuple(program.Beat(*beat) for beat in beats))
    return found


def test_a_beat_is_told_with_what_copies_lack_of_it(program: ModuleType) -> None:
    assert figures(program, (8, NOW, 1000, 6, NOW - 2, 970)) == {
        "WrittenAt": NOW,
        "ReplicatedAt": NOW - 2,
        "RowsBehind": 30.0,
    }


def test_where_no_copy_streams_nothing_is_told_of_one(program: ModuleType) -> None:
    assert figures(program, (8, NOW, 1000, None, None, None)) == {"WrittenAt": NOW}


def test_the_rows_of_a_second_are_those_of_the_last_minute(program: ModuleType) -> None:
    beats: tuple[Any, ...] = ()
    for second in range(100):
        beat = program.Beat(second, NOW + second, 0 if second < 50 else 6 * (second - 49))
        beats = program.kept(beats, beat)
    assert (beats[0].written_id, len(beats)) == (39, 61)
    assert program.figures(beats)["RowsPerSecond"] == 5.0


def test_a_clock_that_goes_back_begins_another_minute(program: ModuleType) -> None:
    later, earlier = program.Beat(1, NOW, 10), program.Beat(2, NOW - 1, 20)
    assert program.kept((later,), earlier) == (earlier,)
    assert program.kept((later,), program.Beat(2, NOW, 20)) == (program.Beat(2, NOW, 20),)


def test_counters_that_go_back_tell_of_no_rows(program: ModuleType) -> None:
    found = figures(program, (1, NOW - 1, 500), (2, NOW, 20, 1, NOW - 1, 500))
    assert found["RowsBehind"] == found["RowsPerSecond"] == 0.0


def test_hosts_may_put_what_they_tell_which_names_the_environment(program: ModuleType) -> None:
    assert program.NAMESPACE in web_role.METRICS
    assert program.metric_data("production", {"WrittenAt": NOW}) == [
        {
            "MetricName": "WrittenAt",
            "Dimensions": [{"Name": "environment", "Value": "production"}],
            "Value": NOW,
        }
    ]


def minutes(program: ModuleType, begin: float, end: float) -> list[float]:
    """In which minutes a host counts whose program runs from a moment to another one."""
    counted, found = program.minute_of(begin), []
    at = begin
    while (at := at + 10.0) <= end:
        minute = program.turned(counted, at)
        if minute:
            counted = minute
            found.append(minute)
    return found


def test_a_host_counts_once_in_each_minute_that_begins_while_it_is_there(
    program: ModuleType,
) -> None:
    first = program.minute_of(NOW)
    assert minutes(program, NOW, NOW + 190) == [first + 60, first + 120, first + 180]


def test_neither_a_restart_nor_who_takes_its_place_within_a_minute_makes_two_of_a_host(
    program: ModuleType,
) -> None:
    """The sum of a minute is how many there were as it began."""
    found: Counter[float] = Counter()
    for end in range(1, 180, 7):
        both = [*minutes(program, NOW - 60, NOW + end), *minutes(program, NOW + end + 2, NOW + 300)]
        assert max(Counter(both).values()) == 1
        found.update(both)
    assert found


def test_a_clock_that_goes_back_counts_no_minute_twice(program: ModuleType) -> None:
    counted = program.minute_of(NOW)
    assert program.turned(counted, NOW - 3600) is None
    assert program.turned(counted, NOW + 59) is None
    assert program.turned(counted, NOW + 60) == counted + 60


def test_that_a_host_is_there_is_told_of_the_minute_that_has_begun(program: ModuleType) -> None:
    [datum] = program.metric_data("production", {program.HOSTS: 1.0}, program.minute_of(NOW))
    assert (datum["MetricName"], datum["Value"]) == ("Hosts", 1.0)
    assert datum["Timestamp"] == datetime.fromtimestamp(NOW - 0.25, UTC)
    assert datum["Timestamp"].second == 0
    # Who reads it asks for the same.
    assert (program.HOSTS, program.NAMESPACE) == (scale.HOSTS, decide.NAMESPACE)


def test_a_host_that_serves_before_the_other_site_stands_by_tells_it_from_then_on(
    heart: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As one of the recovery site that serves since a failover, where nobody restarts it."""
    parameters: dict[str, str] = {}
    asked: list[Any] = []

    def fetched(place: Any) -> dict[str, str]:
        asked.append(place)
        return parameters

    monkeypatch.setattr(heart, "place", lambda: "here")
    monkeypatch.setattr(heart.configuration, "fetch_parameters", fetched)
    publisher = heart.Publisher("", tmp_path / "ready")
    assert not publisher._known() and not publisher._known()
    assert asked == ["here"]
    parameters["heartbeat_region"] = "us-east-1"
    monkeypatch.setattr(publisher, "_next", 0.0)
    assert publisher._known()
    monkeypatch.setattr(publisher, "_next", 0.0)
    assert publisher._known()
    assert asked == ["here", "here"]
    assert heart.Publisher("us-east-1", tmp_path / "ready")._known()
