# SPDX-License-Identifier: GPL-3.0-or-later
"""The example application stands on its own feet: its own tests pass as its Makefile runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.ground import able

ROOT = Path(__file__).parents[2]
# What belongs to the run of these tests, and would be taken for the other run's.
OURS = ("MAKE", "MFLAGS", "PYTEST", "PYTHONPATH", "VIRTUAL_ENV")


def has_postgresql() -> bool:
    """Whether the programs of a PostgreSQL server are here; Debian keeps them off the PATH."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return able.find("initdb") is not None or any(debian)


def run_its_tests(target: str) -> None:
    """Its Makefile's target passes; it is skipped where there is no PostgreSQL."""
    if not has_postgresql() and able.can_install():
        able.install(("postgresql",))
    if not has_postgresql():
        pytest.skip("PostgreSQL's server programs are not on this machine")
    environment = {name: v for name, v in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=ROOT / "examples/crowdfund",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_the_example_application_passes_its_own_quick_tests() -> None:
    run_its_tests("quick")


@pytest.mark.real
def test_the_example_application_passes_all_its_own_tests() -> None:
    run_its_tests("test")
