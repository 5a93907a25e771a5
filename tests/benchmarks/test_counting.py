# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark counts: requests, tasks, and the time of a process tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.counting import Recap, Requests, recap, requests, said
from benchmarks.process import measure
from benchmarks.spans import spans
from tests.benchmarks.runs import OUTPUT


def entry(action: str, *, write: bool = False, status: int | None = 200) -> dict[str, Any]:
    return {
        "service": "ec2",
        "region": "us-east-1",
        "action": action,
        "write": write,
        "status": status,
    }


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
