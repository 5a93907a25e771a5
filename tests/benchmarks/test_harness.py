# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark counts, divides and prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import goals, parts
from benchmarks.account import environment
from benchmarks.counting import Recap, Requests, recap, requests, said
from benchmarks.figures import Figure, Run, figure, figures, ratio, ratios
from benchmarks.process import Usage, measure
from benchmarks.run import chosen, report
from benchmarks.sides import Side, Wrong, fill, load, of
from benchmarks.sides import goals as goals_of
from benchmarks.spans import Spans, spans
from benchmarks.table import row, summary, table

OUTPUT = """
PLAY [Build] *******************************************************************

TASK [Create the VPC] **********************************************************
changed: [home]
ok: [recovery]

TASK [Create the subnets] ******************************************************
changed: [home] => (item=public)
changed: [home] => (item=database)
skipping: [recovery]

TASK [Break] *******************************************************************
fatal: [home]: FAILED! => {"msg": "no"}

PLAY RECAP *********************************************************************
home                       : ok=2    changed=2    unreachable=0    failed=1    skipped=0
recovery                   : ok=1    changed=0    unreachable=1    failed=0    skipped=1
"""


def entry(action: str, *, write: bool = False, status: int | None = 200) -> dict[str, Any]:
    return {
        "service": "ec2",
        "region": "us-east-1",
        "action": action,
        "write": write,
        "status": status,
    }


def run(
    side: str,
    step: str,
    wall: float,
    *,
    cpu: float = 1.0,
    total: int = 10,
    writes: int = 0,
    code: int = 0,
    changed: int | None = 0,
    busy: float | None = None,
    told: dict[str, Any] | None = None,
) -> Run:
    counted = None if changed is None else Recap(5, 9, changed, 0)
    when = None if busy is None else Spans(0.0, busy, 0.0, 0.0)
    return Run(side, step, Usage(wall, cpu, code), Requests(total, writes), counted, when, told)


def side(name: str, **given: Any) -> Side:
    told = {"title": name, "folder": "/", "command": ("/bin/true",), "check": (), "environment": {}}
    return Side(name, **{**told, **given})


def test_requests_are_counted_by_kind_and_a_refused_one_counts_too() -> None:
    counted = requests(
        [
            entry("DescribeVpcs"),
            entry("CreateVpc", write=True),
            entry("CreateVpc", write=True, status=400),
            entry("DescribeVpcs", status=None),
        ]
    )
    assert (counted.total, counted.reads, counted.writes, counted.refused) == (4, 2, 2, 2)
    assert counted.by_service == {"ec2": 4}
    assert counted.written == {"ec2:CreateVpc": 2}


def test_an_empty_log_counts_nothing() -> None:
    assert requests([]) == Requests()


def test_the_recap_is_added_up_over_hosts_and_loop_items_count_as_results() -> None:
    assert recap(OUTPUT) == Recap(tasks=3, results=5, changed=2, failed=2)


def test_output_without_a_recap_has_none() -> None:
    assert recap('{"calls": 124}\n') is None


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


def test_placeholders_are_filled_and_other_braces_left_alone() -> None:
    assert fill("{a}/x/{a} {{ b }} {c}", {"a": "1", "b": "2"}) == "1/x/1 {{ b }} {c}"


def test_shared_variables_reach_every_side_and_a_side_may_differ() -> None:
    [one, other] = of(
        {
            "shared": {"environment": {"A": "1", "B": "1"}},
            "sides": {
                "one": {"command": ["x"], "environment": {"B": "2"}},
                "other": {"command": ["y"], "reads_from": ["one"]},
            },
        }
    )
    assert one.environment == {"A": "1", "B": "2"}
    assert other.environment == {"A": "1", "B": "1"}
    assert one.builds
    assert not other.builds


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"one": {}}, r"sides\.one\.command: is missing"),
        ({"one": {"command": "x y"}}, r"sides\.one\.command: a list of words"),
        ({"one": {"command": ["x"], "reads_from": ["two"]}}, "'two' is no side that builds"),
    ],
)
def test_a_side_that_cannot_be_run_is_refused_by_name(said: dict[str, Any], message: str) -> None:
    with pytest.raises(Wrong, match=message):
        of({"sides": said})


def test_the_sides_in_the_checkout_are_ours_the_peer_its_tuned_twin_and_what_only_reads() -> None:
    sides = {one.name: one for one in load()}
    assert [name for name in sides if sides[name].builds] == ["phoenix", "peer", "tuned"]
    assert [name for name in sides if not sides[name].builds] == ["empty", "skipped", "floor"]
    assert all(one.reads_from == ("phoenix",) for one in sides.values() if not one.builds)
    assert all(one.check for one in sides.values() if one.builds)


def test_a_side_whose_program_is_missing_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [side("there"), side("gone", command=("{checkout}/no-such-program",))]
    assert [one.name for one in chosen(sides, [], tmp_path)] == ["there"]
    assert "gone is left out" in capsys.readouterr().err


def test_a_side_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="no such side: nobody"):
        chosen([side("there")], ["there", "nobody"], tmp_path)


def test_what_the_shell_says_about_aws_and_ansible_reaches_no_side() -> None:
    told = side("one", environment={"AWS_ENDPOINT_URL": "{endpoint}"})
    inherited = {"PATH": "/bin", "AWS_PROFILE": "real", "ANSIBLE_FORKS": "50", "PYTHONPATH": "/x"}
    assert environment(told, {"endpoint": "http://e"}, inherited) == {
        "PATH": "/bin",
        "AWS_ENDPOINT_URL": "http://e",
    }


def test_the_time_of_a_whole_process_tree_is_counted(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    tree = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print('done')"
    )
    log = tmp_path / "deep" / "log"
    used = measure([sys.executable, "-c", tree], tmp_path, os.environ, log, 60.0)
    assert used.code == 0
    assert used.cpu >= 0.3
    assert log.read_text() == "done\n"


def test_a_command_that_does_not_end_is_ended_and_reported(tmp_path: Path) -> None:
    waits = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert measure(waits, tmp_path, os.environ, tmp_path / "log", 0.2).code == -9


def test_the_report_can_be_written_as_json_and_names_every_run() -> None:
    runs = [run("ours", "first", 4.0), run("floor", "second", 1.0, changed=None)]
    content = json.loads(json.dumps(report(runs, [side("ours"), side("floor")], "ours", 0.5)))
    assert [(one["side"], one["step"]) for one in content["runs"]] == [
        ("ours", "first"),
        ("floor", "second"),
    ]
    assert content["runs"][1]["ansible"] is None
    assert content["versions"]["ours"]["python"]
    assert content["load_before"] == 0.5


def test_the_spans_of_a_run_add_up_to_its_wall_time() -> None:
    entries = [
        {"time": 100.8, "duration": 0.2},
        {"time": 100.5, "duration": 0.1},
        {"time": 100.9, "duration": 0.3},
    ]
    found = spans(entries, 100.0, 2.0)
    assert found is not None
    parts_ = [found.before, found.open, found.between, found.after]
    assert parts_ == [pytest.approx(one) for one in (0.5, 0.5, 0.2, 0.8)]
    assert spans([], 100.0, 2.0) is None


def test_only_one_json_object_is_taken_for_what_a_run_said() -> None:
    assert said('{"calls": 110}\n') == {"calls": 110}
    assert said(OUTPUT) is None
    assert said("{not json") is None


def second_runs() -> list[Run]:
    seconds = {"import": 0.1, "clients": 0.5, "clients and calls": 0.6}
    return [
        run("ours", "second", 2.0, total=100, busy=0.3),
        run("empty", "second", 0.5, total=0, changed=None),
        run("skipped", "second", 1.1, total=0),
        run("floor", "second", 0.9, total=90, changed=None, told={"seconds": seconds}),
    ]


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
