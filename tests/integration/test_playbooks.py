# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user runs them, from an empty account to an empty one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from environment import Environment
from objects import objects

from playbooks import Playbooks, changed, planned
from sandbox.running import Handle

RELEASES = "production-home-releases-123456789012-us-east-1"


@pytest.fixture(scope="module")
def playbooks(sandbox: Handle, tmp_path_factory: pytest.TempPathFactory) -> Playbooks:
    sandbox.reset()
    return Playbooks(sandbox, tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def story(playbooks: Playbooks) -> dict[str, Any]:
    """Plan, run, plan and run again; what each of them said and asked for."""
    told: dict[str, Any] = {}
    for name, options in (("plan", ["--check", "--diff"]), ("run", []), ("again", [])):
        mark = playbooks.handle.mark()
        told[name] = playbooks.run("site", *options)
        told[f"{name} log"] = playbooks.handle.log(mark)
        told[f"{name} report"] = playbooks.report("plan" if options else "run")
    mark = playbooks.handle.mark()
    told["late plan"] = playbooks.run("site", "--check", "--diff")
    told["late plan log"] = playbooks.handle.log(mark)
    (playbooks.folder / "production-prices.json").unlink()
    mark = playbooks.handle.mark()
    told["cold plan"] = playbooks.run("site", "--check", "--diff")
    told["cold plan log"] = playbooks.handle.log(mark)
    return told


def test_the_plan_of_an_empty_account_succeeds_and_writes_nothing(story: dict[str, Any]) -> None:
    assert set(changed(story["plan"])) == {"home", "recovery"}
    assert not [entry for entry in story["plan log"] if entry["write"]]


def test_the_run_does_exactly_what_the_plan_said(story: dict[str, Any]) -> None:
    changed(story["run"])
    assert planned(story["plan report"]) == planned(story["run report"])
    assert len(planned(story["run report"])) > 150


def test_the_second_run_changes_nothing_within_130_requests(story: dict[str, Any]) -> None:
    assert changed(story["again"]) == {"home": 0, "recovery": 0}
    assert not [entry for entry in story["again log"] if entry["write"]]
    assert len(story["again log"]) <= 130


def test_a_plan_of_the_finished_account_costs_no_more_requests_than_a_second_run(
    story: dict[str, Any],
) -> None:
    assert changed(story["late plan"]) == {"home": 0, "recovery": 0}
    assert not [entry for entry in story["late plan log"] if entry["write"]]
    assert len(story["late plan log"]) <= len(story["again log"])


def test_such_a_plan_costs_no_more_either_where_no_prices_are_kept(story: dict[str, Any]) -> None:
    assert changed(story["cold plan"]) == {"home": 0, "recovery": 0}
    assert len(story["cold plan log"]) <= len(story["again log"])
    told = re.search(r"^all sites +[\d. to]+ +\d+ +(.*)$", story["cold plan"].stdout, re.MULTILINE)
    assert told and told[1].startswith("snapshot")


def test_prices_are_asked_for_by_the_first_plan_of_a_day_in_few_requests_and_by_nothing_else(
    story: dict[str, Any],
) -> None:
    asked = {
        name: sum(1 for entry in story[f"{name} log"] if entry["service"] == "pricing")
        for name in ("plan", "run", "again", "late plan")
    }
    assert 0 < asked["plan"] <= 20
    assert (asked["run"], asked["again"], asked["late plan"]) == (0, 0, 0)
    for name in ("plan", "late plan"):
        told = re.search(r"^all sites +[\d. to]+ +\d+ +(.*)$", story[name].stdout, re.MULTILINE)
        assert told and told[1].startswith("AWS Price List API, 20")


def test_a_plan_of_an_empty_account_asks_for_nothing_that_an_earlier_tier_would_make(
    story: dict[str, Any],
) -> None:
    assert len(story["plan log"]) <= len(story["again log"])
    absent = {"DescribeVpcs", "DescribeInternetGateways", "DescribeTargetGroups"}
    asked = [
        (entry["region"], entry["action"])
        for entry in story["plan log"]
        if entry["action"] in absent
    ]
    assert len(asked) == len(set(asked))


def test_the_plan_ends_with_counts_and_a_sourced_monthly_cost(story: dict[str, Any]) -> None:
    text = story["plan"].stdout
    assert re.search(r"^home +network +\d+ +0 +0 +0$", text, re.MULTILINE)
    assert re.search(
        r"^all sites +\d+\.\d\d to \d+\.\d\d +\d+ +AWS Price List API, ", text, re.MULTILINE
    )
    lines = story["plan report"]["cost"]["lines"]
    assert all(line["source"] and line["as_of"] for line in lines if line["unit_price"])
    assert all(line["monthly"] is None for line in lines if not line["unit_price"])
    assert sum(1 for line in lines if line["monthly"]) > 50


def test_nothing_waits_for_a_reboot_at_the_end_of_a_first_run(story: dict[str, Any]) -> None:
    assert "wait for a reboot" not in story["run"].stdout


def test_production_serves_is_said_when_it_happens_and_the_end_says_what_is_next(
    story: dict[str, Any],
) -> None:
    text = story["run"].stdout
    assert "production serves" in text
    assert text.index("production serves") < text.index("make plan shows")
    assert "database: production-home-database." in text


def test_no_secret_is_in_what_a_run_says(playbooks: Playbooks, story: dict[str, Any]) -> None:
    client = Environment(playbooks.handle).aws("home").client("secretsmanager")
    value = json.loads(client.get_secret_value(SecretId="production/home/database")["SecretString"])
    said = "".join(story[name].stdout + story[name].stderr for name in ("plan", "run", "again"))
    files = "".join(path.read_text() for path in playbooks.folder.iterdir())
    assert value["password"] not in said + files


def test_a_wrong_account_stops_the_run_before_its_first_write(
    playbooks: Playbooks, story: dict[str, Any]
) -> None:
    mark = playbooks.handle.mark()
    ran = playbooks.run("site", "-e", '{"phoenix_account_id": "210987654321"}')
    assert ran.returncode != 0 and "belong to account 123456789012" in ran.stdout
    assert "Traceback" not in ran.stdout
    assert playbooks.handle.writes_since(mark) == []


@pytest.mark.parametrize(
    "edit", [{"phoenix_database_name": "other"}, {"traffic_domain": "new.example.org"}], ids=str
)
def test_a_refusal_in_any_tier_of_a_site_comes_before_the_first_write_at_any(
    playbooks: Playbooks, story: dict[str, Any], edit: dict[str, str]
) -> None:
    mark = playbooks.handle.mark()
    for options in (["--check"], []):
        ran = playbooks.run("site", "-e", json.dumps(edit), *options)
        assert ran.returncode != 0 and "would have to be replaced to change" in ran.stdout
        assert "waiting" not in ran.stdout
    assert playbooks.handle.writes_since(mark) == []


def test_unprotect_and_destroy_leave_nothing_but_the_snapshot_and_its_key(
    playbooks: Playbooks, story: dict[str, Any]
) -> None:
    refused = playbooks.run("destroy", "-e", "destroy_confirm=production")
    assert refused.returncode != 0 and "protected against deletion" in refused.stdout
    mark = playbooks.handle.mark()
    foreseen = playbooks.run("destroy", "--check")
    assert foreseen.returncode == 0 and playbooks.handle.writes_since(mark) == []
    for site in ("recovery", "home"):
        assert f"{site} in the way: protected against deletion: db_instance/main" in foreseen.stdout
        assert f"{site} in the way: it needs its name typed" in foreseen.stdout
        assert f"- {site} vpc/main" in foreseen.stdout
    assert "still stands" not in foreseen.stdout
    assert "= home snapshot production-home-database-final-" in foreseen.stdout
    wrong = playbooks.run("unprotect", "-e", "destroy_confirm=staging")
    assert wrong.returncode != 0
    changed(playbooks.run("unprotect", "-e", "destroy_confirm=production"))
    client = Environment(playbooks.handle).aws("home").client("s3")
    client.put_object(Bucket=RELEASES, Key="x", Body=b"y")
    mark = playbooks.handle.mark()
    full = playbooks.run("destroy", "-e", "destroy_confirm=production")
    assert full.returncode != 0 and f"bucket/releases ({RELEASES})" in full.stdout
    assert playbooks.handle.writes_since(mark) == []
    given = '{"destroy_confirm": "production", "destroy_empty_buckets": ["releases"]}'
    gone = playbooks.run("destroy", "-e", given)
    changed(gone)
    assert "still there" not in gone.stdout
    for line in ("- recovery vpc/main", "- home db_instance/main", "= home snapshot "):
        assert f'"{line}' in gone.stdout
    assert "= recovery kms_key/main, scheduled for deletion" in gone.stdout
    assert gone.stdout.index("recovery: removed") < gone.stdout.index("home: removed")


@pytest.mark.parametrize(
    ("action", "mode"),
    [
        ("CreateDBInstance", "before"),
        pytest.param("CreateVpc", "after", marks=pytest.mark.sweep),
        pytest.param("CreateListener", "after", marks=pytest.mark.sweep),
    ],
)
def test_a_killed_playbook_is_finished_by_the_same_command(
    tmp_path: Path, sandbox: Handle, action: str, mode: str
) -> None:
    sandbox.reset()
    playbooks = Playbooks(sandbox, tmp_path)
    assert playbooks.killed("site", {"action": action, "at": 1, "mode": mode}) != 0
    assert [entry["action"] for entry in sandbox.fired()] == [action]
    sandbox.faults([])
    changed(playbooks.run("site", "--check"))
    changed(playbooks.run("site"))
    assert planned(playbooks.report("plan")) == planned(playbooks.report("run"))
    assert changed(playbooks.run("site")) == {"home": 0, "recovery": 0}
    assert max(objects(Environment(sandbox)).values()) == 1
