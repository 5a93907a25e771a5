# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark runs side by side, and what it reports of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.account import environment
from benchmarks.run import chosen, report
from benchmarks.sides import Wrong, fill, load, of
from tests.benchmarks.runs import run, side


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
