# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from environment import Environment
from objects import objects

from sandbox.running import Handle, connection

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
RELEASES = "production-home-releases-123456789012-us-east-1"
RECAP = re.compile(
    r"^(\w+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", re.MULTILINE
)


class Playbooks:
    """Runs playbooks of the checkout against an emulated account."""

    def __init__(self, handle: Handle, folder: Path) -> None:
        self.handle = handle
        self.folder = folder

    def run(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command, environment = self.call(name, *options)
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    def killed(self, name: str, rule: dict[str, Any]) -> int:
        """Runs a playbook that is killed, with all its workers, at the request the rule chooses."""
        command, environment = self.call(name)
        # The shell waits until the account knows whom to kill, then becomes the playbook's run.
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'read go; exec "$@"', "run", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self.handle.faults([{"effect": "kill", "pgid": process.pid, **rule}])
        process.communicate("go\n")
        return process.returncode

    def call(self, name: str, *options: str) -> tuple[list[str], dict[str, str]]:
        """The command and the environment by which a playbook is run."""
        command = [str(BIN / "ansible-playbook"), str(ROOT / f"playbooks/{name}.yml")]
        command += [
            "-i",
            str(ROOT / "inventories/sandbox"),
            "-e",
            f"site_report_folder={self.folder}",
        ]
        environment = {
            **os.environ,
            "SANDBOX_CONNECTION": str(connection(self.handle.endpoint, self.folder)),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/tree"),
        }
        return [*command, *options], environment

    def report(self, kind: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / f"production-{kind}.json").read_text())
        return loaded


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Changed tasks by site; an unsuccessful run fails the test with its output."""
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return {site: int(count) for site, _ok, count, *_rest in RECAP.findall(done.stdout)}


def planned(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(site, address, action) of everything in a report."""
    return {
        (site, action["address"], action["action"])
        for site, found in report["sites"].items()
        for action in found["actions"]
    }


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


def test_only_the_replica_waits_for_a_reboot_and_the_way_to_it_ends_that(
    story: dict[str, Any], playbooks: Playbooks
) -> None:
    said = "parameters that wait for a reboot of the database: production-recovery-database"
    text = story["run"].stdout
    assert text.count("wait for a reboot") == text.count(said) == 1
    command = re.search(r"aws rds reboot-db-instance --region (\S+) --db-\S+ (\S+)", text)
    assert command is not None
    rds = Environment(playbooks.handle).aws("recovery").client("rds", command[1])
    rds.reboot_db_instance(DBInstanceIdentifier=command[2])
    again = playbooks.run("site")
    assert changed(again) == {"home": 0, "recovery": 0}
    assert "wait for a reboot" not in again.stdout


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
    [("CreateVpc", "after"), ("CreateDBInstance", "before"), ("CreateListener", "after")],
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


def test_a_run_waits_no_longer_than_the_declaration_allows(tmp_path: Path, sandbox: Handle) -> None:
    sandbox.reset()
    sandbox.speed(60.0)
    ran = Playbooks(sandbox, tmp_path).run("site", "-e", '{"phoenix_wait_timeout": 1}')
    sandbox.speed(0.0)
    assert ran.returncode != 0
    assert "after 1 s, still waiting: " in ran.stdout
    assert "allow more time with wait_timeout, in a playbook phoenix_wait_timeout" in ran.stdout


def test_one_site_alone_that_needs_what_the_other_has_not_made_is_refused_before_the_first_write(
    tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    mark = sandbox.mark()
    playbooks = Playbooks(sandbox, tmp_path)
    for options in (["--check"], ["-e", '{"phoenix_wait_timeout": 1}']):
        ran = playbooks.run("site", "--limit", "home", *options)
        assert ran.returncode != 0
        assert "recovery:kms_key/main" in ran.stdout
        assert "run the playbook without --limit" in ran.stdout
        assert "still waiting" not in ran.stdout
    assert sandbox.writes_since(mark) == []


def test_without_a_sandbox_its_inventory_says_how_to_start_one(
    tmp_path: Path, sandbox: Handle
) -> None:
    nothing = tmp_path / "none.json"
    ran = Playbooks(sandbox, tmp_path).run("site", "-e", f"sandbox_connection={nothing}")
    assert ran.returncode != 0
    assert (
        f"there is no {nothing}: no sandbox runs for this checkout; make site starts" in ran.stdout
    )
    assert "changed=0" in ran.stdout


@pytest.mark.parametrize("part", [("--tags", "network"), ("--skip-tags", "database")])
@pytest.mark.parametrize("name", ["site", "unprotect", "destroy"])
def test_a_part_of_a_playbook_by_tags_is_refused_and_not_passed_over(
    tmp_path: Path, sandbox: Handle, name: str, part: tuple[str, str]
) -> None:
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run(name, "-e", "destroy_confirm=production", *part)
    assert ran.returncode != 0
    assert "takes neither --tags nor --skip-tags" in ran.stdout
    assert sandbox.log(mark) == []


def test_a_run_that_starts_at_a_task_in_the_middle_does_what_it_passed_over(
    tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    playbooks = Playbooks(sandbox, tmp_path)
    start = ("--start-at-task", "Wait for everything that was started")
    changed(playbooks.run("site", "--check", *start))
    ran = playbooks.run("site", *start)
    changed(ran)
    assert re.search(r"^home +network +[1-9]\d* +0 +0 +0$", ran.stdout, re.MULTILINE)
    assert planned(playbooks.report("plan")) == planned(playbooks.report("run"))
    assert changed(playbooks.run("site")) == {"home": 0, "recovery": 0}


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


def test_a_report_of_nothing_fails_and_says_how_to_run_the_whole(
    tmp_path: Path, sandbox: Handle
) -> None:
    mark = sandbox.mark()
    playbooks = Playbooks(sandbox, tmp_path)
    for options in (["--check"], []):
        ran = playbooks.run("site", "--start-at-task", "Report the whole run", *options)
        assert ran.returncode != 0
        assert "nothing was run before this report" in ran.stdout
        assert "without --start-at-task" in ran.stdout
        assert "Done" not in ran.stdout and "Plan:" not in ran.stdout
    assert sandbox.log(mark) == []
    # What an earlier run has written is not replaced by the report of none.
    assert list(tmp_path.glob("*.json")) == [tmp_path / "connection.json"]


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
