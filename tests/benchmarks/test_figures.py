# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark divides and prints."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks import goals, parts
from benchmarks.figures import Figure, figure, figures, ratio, ratios
from benchmarks.sides import Wrong
from benchmarks.sides import goals as goals_of
from benchmarks.table import row, summary, table
from tests.benchmarks.runs import run, second_runs


def test_several_runs_become_the_median_of_times_and_the_worst_of_counts() -> None:
    found = figure(
        [
            run("a", "second", 9.0, cpu=5.0, total=10),
            run("a", "second", 2.0, cpu=3.0, total=12, writes=1, changed=4),
            run("a", "second", 3.0, cpu=4.0, total=11),
        ]
    )
    assert (found.wall, found.wall_low, found.wall_high, found.cpu) == (3.0, 2.0, 9.0, 4.0)
    assert (found.requests, found.reads, found.writes, found.changed) == (12, 11, 1, 4)
    assert found.runs == 3


@pytest.mark.parametrize("code", [2, -9])
def test_one_failed_run_of_several_makes_the_figure_a_failed_one(code: int) -> None:
    found = figure([run("a", "first", 1.0), run("a", "first", 1.0, code=code)])
    assert found.code == code


def test_runs_of_different_sides_are_never_one_figure() -> None:
    with pytest.raises(ValueError, match="one side"):
        figure([run("a", "first", 1.0), run("b", "first", 1.0)])
    with pytest.raises(ValueError, match="one side"):
        figure([])


def test_figures_stand_in_the_order_of_the_steps_and_then_of_the_sides() -> None:
    made = [run("b", "second", 1.0), run("a", "second", 1.0), run("a", "check_empty", 1.0)]
    assert [(one.step, one.side) for one in figures(made)] == [
        ("check_empty", "a"),
        ("second", "b"),
        ("second", "a"),
    ]


def test_a_ratio_to_nothing_is_no_number() -> None:
    assert ratio(5.0, 0) is None
    assert ratio(5.0, 2.0) == 2.5


def test_ratios_compare_with_the_reference_in_the_same_step_only() -> None:
    found = figures(
        [
            run("ours", "first", 10.0, total=50),
            run("ours", "second", 2.0, cpu=1.0, total=100),
            run("peer", "second", 60.0, cpu=50.0, total=600),
        ]
    )
    peer = next(one for one in found if one.side == "peer")
    ours = next(one for one in found if one.side == "ours")
    times = ratios(peer, found, "ours")
    assert times is not None
    assert (times.wall, times.cpu, times.requests) == (30.0, 50.0, 6.0)
    assert ratios(ours, found, "ours") is None


def test_the_table_shows_every_figure_under_its_step() -> None:
    found = figures(
        [
            run("ours", "first", 4.0, total=250, writes=166, changed=66),
            run("ours", "second", 2.0, total=100),
            run("ours", "second", 3.0, total=100),
            run("floor", "second", 1.0, total=90, changed=None),
        ]
    )
    lines = table(found, {"ours": "Ours", "floor": "Floor"}, "ours").splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["first", "Ours", "second", "Ours", "Floor"]
    assert " ".join(lines[2].split()[1:]) == "4.00 - 1.00 5 9 250 84 166 66 0 - - -"
    assert lines[4].split()[1:3] == ["2.50", "2.0-3.0"]
    assert " ".join(lines[5].split()[1:]) == "1.00 - 1.00 - - 90 90 0 - - 0.40 1.0 0.90"
    assert len({len(line) for line in lines if "Ours" in line}) == 1


def test_a_run_that_failed_without_a_recap_shows_its_exit_code() -> None:
    failed = figures([run("ours", "first", 1.0, code=4, changed=None)])
    assert "exit 4" in row(failed[0], failed, "ours")


def test_the_summary_draws_no_conclusion_from_a_run_that_failed() -> None:
    def sentences(ours: int, peer: int) -> list[str]:
        found: Sequence[Figure] = figures(
            [
                run("ours", "second", 2.0, total=100, code=ours),
                run("peer", "second", 50.0, total=500, code=peer),
            ]
        )
        return list(summary(found, {"ours": "Ours", "peer": "Peer"}, "ours"))

    assert sentences(0, 0) == [
        "second run: Peer takes 25.0 times the wall time and 5.0 times the requests of Ours"
    ]
    assert sentences(0, 2) == ["second run: Peer did not finish"]
    assert sentences(2, 0) == []


def test_the_summary_leaves_out_what_asks_aws_nothing() -> None:
    found = figures(second_runs())
    titles = {"ours": "Ours", "floor": "Floor", "empty": "Empty", "skipped": "Skipped"}
    [sentence] = summary(found, titles, "ours")
    assert sentence.startswith("second run: Floor takes")


def test_the_parts_of_a_second_run_add_up_to_it() -> None:
    found = [part.seconds for part in parts.of_run(figures(second_runs()), "ours")]
    assert found == [pytest.approx(one) for one in (0.5, 0.6, 0.3, 0.6)]
    assert sum(found) == pytest.approx(2.0)


def test_the_parts_of_the_floor_add_up_to_it() -> None:
    found = [part.seconds for part in parts.of_floor(second_runs())]
    assert found == [pytest.approx(one) for one in (0.2, 0.1, 0.5, 0.1)]


def test_without_the_empty_play_no_part_is_guessed() -> None:
    runs = [one for one in second_runs() if one.side != "empty"]
    assert parts.of_run(figures(runs), "ours") == []
    assert list(parts.lines([], "it")) == []


def test_a_check_is_compared_with_the_second_run_of_the_same_side() -> None:
    runs = [*second_runs(), run("ours", "check_in_sync", 3.0, total=50)]
    assert list(parts.checks(figures(runs), "ours")) == [
        "check in sync: 1.50 times the wall time and 0.50 times the requests of a second run"
    ]


@pytest.mark.parametrize(("peer", "word"), [(60.0, ": reached"), (40.0, "NOT reached")])
def test_a_goal_is_said_with_what_was_reached(peer: float, word: str) -> None:
    found = figures([*second_runs(), run("peer", "second", peer)])
    [sentence] = goals.sentences({"second_run_wall_ratio_to_peer": 25.0}, found, "ours")
    assert sentence.endswith(word)
    assert f"{peer / 2:g}, wanted at least 25" in sentence


def test_fewer_requests_than_wanted_are_a_goal_reached_and_what_failed_reaches_none() -> None:
    found = figures(second_runs())
    wanted = {"second_run_requests": 99.0, "second_run_writes": 0.0}
    assert [line.rsplit(": ", 1)[1] for line in goals.sentences(wanted, found, "ours")] == [
        "NOT reached",
        "reached",
    ]
    failed = figures([run("ours", "second", 1.0, code=2)])
    assert list(goals.sentences(wanted, failed, "ours")) == []


def test_every_goal_in_the_checkout_is_known() -> None:
    assert goals_of().keys() <= goals.KNOWN.keys()
    with pytest.raises(Wrong, match=r"goals\.speed"):
        list(goals.sentences({"speed": 1.0}, [], "ours"))
