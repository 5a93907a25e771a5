# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook says that waits or fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from environment import Environment

from playbooks import Playbooks, changed
from sandbox.running import Handle

PARAMETER_GROUPS = "L-DE55804A"  # the quota of RDS


def use_up(sandbox: Handle, site: str) -> None:
    """Let the account have no parameter group of databases left, which no plan sees."""
    sandbox.quota({"home": "us-east-1", "recovery": "us-west-2"}[site], "rds", PARAMETER_GROUPS, 0)


def test_where_one_site_fails_the_other_finishes_what_it_can_and_the_run_is_reported(
    tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    playbooks = Playbooks(sandbox, tmp_path)
    use_up(sandbox, "home")
    ran = playbooks.run("site")
    assert ran.returncode != 0
    assert "db_parameter_group/main: " in ran.stdout
    assert "raise it in Service Quotas" in ran.stdout
    assert "the other site failed, still waiting: home:" in ran.stdout
    assert "Traceback" not in ran.stdout
    report = playbooks.report("run")["sites"]
    assert "vpc/main" in report["recovery"]["done"]


@pytest.mark.sweep
def test_a_run_in_which_both_sites_fail_is_reported_as_failed(
    tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    playbooks = Playbooks(sandbox, tmp_path)
    for site in ("home", "recovery"):
        use_up(sandbox, site)
    ran = playbooks.run("site")
    assert ran.returncode != 0
    assert re.search(r"^Failed at home and recovery: [1-9]", ran.stdout, re.MULTILINE)
    assert re.search(r"^recovery +database .* failed$", ran.stdout, re.MULTILINE)
    assert re.search(r"^home +web_tier +0 +0 +0 +0 +not reached$", ran.stdout, re.MULTILINE)
    told = playbooks.report("run")["sites"]["home"]
    assert told["failed"] == ["database"] and told["not_reached"] == ["traffic", "web_tier"]


@pytest.mark.parametrize("sites", [("home", "recovery"), ("recovery",)], ids="-".join)
def test_what_is_refused_in_planning_is_told_of_all_sites_in_one_place_at_the_end(
    tmp_path: Path, sandbox: Handle, sites: tuple[str, ...]
) -> None:
    sandbox.reset()
    for site in sites:
        sns = Environment(sandbox).aws(site).client("sns")
        sns.create_topic(Name=f"production-{site}-alarms")
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run("site")
    assert ran.returncode != 0
    head = f"The plan failed at {' and '.join(sites)}: nothing was touched"
    assert ran.stdout.count(f"Action failed: {head}") == 1
    end = ran.stdout[ran.stdout.index(head) :]
    for site in sites:
        refusal = f"site {site}: sns topic production-{site}-alarms is there without the owner tags"
        assert refusal in end.partition("\nOrigin:")[0]
    assert "TASK [" not in end
    assert sandbox.writes_since(mark) == []


@pytest.mark.sweep
def test_a_run_that_waits_says_how_long_the_same_wait_took_last_time(
    tmp_path: Path, sandbox: Handle
) -> None:
    playbooks = Playbooks(sandbox, tmp_path)
    said = []
    for _run in range(2):
        sandbox.reset()
        sandbox.speed(600.0)
        done = playbooks.run("site")
        changed(done)
        said.append(done.stdout)
    sandbox.speed(0.0)
    first, second = said
    place = r"^recovery {}db_instance/main{}"
    awaited = place.format("waits for ", r": creating \([\d.]+ s\)$")
    assert re.search(awaited, first, re.MULTILINE)
    ready = place.format("", r" is ready: ([\d.]+) s after this task began")
    last = re.search(ready, first, re.MULTILINE)
    assert last is not None
    expected = rf": creating \([\d.]+ s; last time it was ready after {last[1]} s\)$"
    assert re.search(place.format("waits for ", expected), second, re.MULTILINE)


@pytest.mark.sweep
def test_a_run_waits_no_longer_than_the_declaration_allows(tmp_path: Path, sandbox: Handle) -> None:
    sandbox.reset()
    sandbox.speed(60.0)
    ran = Playbooks(sandbox, tmp_path).run("site", "-e", '{"phoenix_wait_timeout": 1}')
    sandbox.speed(0.0)
    assert ran.returncode != 0
    assert "after 1 s, still waiting: " in ran.stdout
    assert "allow more time with wait_timeout, in a playbook phoenix_wait_timeout" in ran.stdout
