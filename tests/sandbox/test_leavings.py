# SPDX-License-Identifier: GPL-3.0-or-later
"""Whenever `make site` is killed, `make down` leaves nothing of it.

Moments are known by what is there by then; `make killed` takes many, spread over the whole run.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.running import CHECKOUT

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("moment", "there", "way"),
    [
        pytest.param(
            *("the images are imported", ".sandbox/podman/store/overlay-images/images.json"),
            "everything",
            marks=pytest.mark.sample,
        ),
        ("a database is made", ".sandbox/databases/*/instances/*/data/PG_VERSION", "everything"),
        ("its replica is made", ".sandbox/databases/us-west-2/instances/*/data", "run and server"),
        ("a balancer serves", ".sandbox/balancers/*/control", "run"),
        ("all is there", ".cache/reports/production-run.json", "run and server"),
    ],
)
def test_down_leaves_nothing_of_a_run_that_was_killed_when(
    moment: str, there: str, way: str
) -> None:
    killed("--at", there, "--way", way)


def test_site_after_a_run_that_was_killed_has_networks_of_its_own() -> None:
    killed("--at", ".cache/reports/production-run.json", "--way", "run and server", "--again")


def killed(*words: str) -> None:
    swept = subprocess.run(
        [sys.executable, "-m", "tools.killed", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert swept.returncode == 0, swept.stdout + swept.stderr
