# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes in an inventory, through the playbook: told by the variables' names, before any call."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.running import Handle, connection

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FAILED = re.compile(r"^fatal: \[(\w+)\]: FAILED! => (\{.*\})$", re.MULTILINE)
PREFLIGHT = {"hosts": "all", "gather_facts": False, "roles": ["operatingdev.phoenix.preflight"]}


@dataclass(frozen=True)
class Ended:
    """How a playbook ended. results: of the sites that failed, by name."""

    code: int
    output: str
    results: Mapping[str, Mapping[str, Any]]

    def paths(self, site: str = "home") -> set[str]:
        return {problem["path"] for problem in self.results[site]["problems"]}


class Inventory:
    """A copy of the sandbox's inventory that a test may spoil."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.hosts: dict[str, Any] = {"home": None, "recovery": None}
        text = (ROOT / "inventories/sandbox/group_vars/all.yml").read_text(encoding="utf-8")
        self.variables: dict[str, Any] = copy.deepcopy(yaml.safe_load(text))
        told = connection(endpoint, folder).read_text(encoding="ascii")
        self.variables["phoenix_aws"] = json.loads(told)
        self.variables["site_report_folder"] = str(folder / "reports")

    def run(self, playbook: Path | None = None, *options: str) -> Ended:
        (self.folder / "group_vars").mkdir(exist_ok=True)
        self._write("group_vars/all.yml", self.variables)
        self._write("hosts.yml", {"production": {"hosts": self.hosts}})
        command = [str(BIN / "ansible-playbook"), str(playbook or ROOT / "playbooks/site.yml")]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/tree"),
            "ANSIBLE_NOCOLOR": "1",
        }
        done = subprocess.run(
            [*command, "-i", str(self.folder / "hosts.yml"), *options],
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        results = {site: json.loads(text) for site, text in FAILED.findall(output)}
        return Ended(done.returncode, output, results)

    def playbook(self, play: Mapping[str, Any]) -> Path:
        """A playbook of one play."""
        return self._write("playbook.yml", [dict(play)])

    def _write(self, name: str, data: Any) -> Path:
        path = self.folder / name
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        return path


@pytest.fixture
def inventory(tmp_path: Path, sandbox: Handle) -> Inventory:
    return Inventory(tmp_path, sandbox.endpoint)


def refused(ended: Ended, sandbox: Handle, mark: int) -> None:
    """Nobody was asked, nothing fell over, and both sites say what is the matter."""
    assert ended.code != 0
    assert "Traceback" not in ended.output
    assert ended.results.keys() == {"home", "recovery"}
    assert {result["code"] for result in ended.results.values()} == {"invalid_declaration"}
    assert sandbox.log(mark) == []


def test_a_good_inventory_passes_the_check_without_a_request(
    inventory: Inventory, sandbox: Handle
) -> None:
    mark = sandbox.mark()
    ended = inventory.run(inventory.playbook(PREFLIGHT))
    assert ended.code == 0, ended.output
    assert sandbox.log(mark) == []


WRONG = [
    ({"phoenix_colour": "red"}, "phoenix_colour", "is unknown; there are"),
    ({"web_tier_min_size": 20}, "web_tier_min_size", "must not be more than max_size, 12"),
    ({"database_password": "hunter2"}, "database_password", "in clear text"),
]
MORE = [
    ({"network_flow_log": True}, "network_flow_log", "did you mean network_flow_logs?"),
    ({"traffic_domain": None}, "traffic_domain", "is required: a lower-case domain name"),
    ({"network_flow_log_interval": "often"}, "network_flow_log_interval", "60 or 600"),
    ({"phoenix_account_id": 12345678901}, "phoenix_account_id", "12 digits"),
    ({"phoenix_aws": "default"}, "phoenix_aws", "the options by which the account"),
    ({"phoenix_aws": {"profil": "x"}}, "phoenix_aws.profil", "did you mean profile?"),
    ({"phoenix_aws": {"endpoint_url": "ftp://x"}}, "phoenix_aws.endpoint_url", "http"),
]


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [*WRONG, *(pytest.param(*one, marks=pytest.mark.sweep) for one in MORE)],
)
def test_a_mistake_is_told_by_the_name_of_the_variable(
    inventory: Inventory, sandbox: Handle, changes: dict[str, Any], path: str, rule: str
) -> None:
    inventory.variables |= changes
    mark = sandbox.mark()
    ended = inventory.run()
    refused(ended, sandbox, mark)
    assert ended.paths() == {path}
    assert f"  {path}: " in ended.output
    assert rule in ended.output
    assert "hunter2" not in ended.output


def test_all_mistakes_are_told_at_once_and_for_each_site(
    inventory: Inventory, sandbox: Handle
) -> None:
    inventory.variables["phoenix_sites"]["home"]["region"] = "us-est-1"
    inventory.variables["phoenix_sites"]["recovery"]["cidr"] = "10.20.0.0/17"
    inventory.variables |= {
        "phoenix_enviroment": "production",
        "storage_log_days": "many",
        "web_tier_parameters": {"theme": ["dark"]},
    }
    mark = sandbox.mark()
    ended = inventory.run()
    refused(ended, sandbox, mark)
    wrong = {
        "phoenix_sites.home.region",
        "phoenix_sites.recovery.cidr",
        "phoenix_enviroment",
        "storage_log_days",
        "web_tier_parameters.theme",
    }
    assert ended.paths("home") == ended.paths("recovery") == wrong
    assert ended.results["home"]["msg"].startswith("5 mistakes in the declaration")
    assert "did you mean us-east-1?" in ended.output


def test_a_mistake_is_told_before_ansible_looks_at_the_options_of_the_roles(
    inventory: Inventory, sandbox: Handle
) -> None:
    # Its own message names neither the rule nor an example, and one role at a time.
    inventory.variables |= {"storage_replicate": {}, "database_storage_gb": "fifty"}
    mark = sandbox.mark()
    ended = inventory.run()
    refused(ended, sandbox, mark)
    assert ended.paths() == {"storage_replicate", "database_storage_gb"}
    assert "argument_errors" not in ended.output


def test_a_host_that_is_no_site_and_a_site_that_is_no_host_are_told(
    inventory: Inventory, sandbox: Handle
) -> None:
    inventory.hosts = {"home": None, "dr": None}
    mark = sandbox.mark()
    ended = inventory.run()
    assert ended.code != 0
    assert ended.paths("home") == {"phoenix_sites.recovery"}
    assert ended.paths("dr") == {"phoenix_sites.recovery", "phoenix_site"}
    assert sandbox.log(mark) == []


def test_an_option_that_a_task_does_not_have_is_not_passed_over(
    inventory: Inventory, sandbox: Handle
) -> None:
    task = {"operatingdev.phoenix.network": {"flow_log": False}}
    defaults = {"group/operatingdev.phoenix.aws": "{{ phoenix_aws }}"}
    play = {"hosts": "all", "gather_facts": False, "module_defaults": defaults, "tasks": [task]}
    mark = sandbox.mark()
    ended = inventory.run(inventory.playbook(play))
    refused(ended, sandbox, mark)
    assert ended.paths() == {"flow_log"}
    assert "did you mean flow_logs?" in ended.output


def test_a_variable_that_names_nothing_is_told_without_a_traceback(
    inventory: Inventory, sandbox: Handle
) -> None:
    inventory.variables["traffic_domain"] = "{{ the_domain }}"
    mark = sandbox.mark()
    ended = inventory.run()
    assert ended.code != 0
    assert "'the_domain' is undefined" in ended.output
    assert "Traceback" not in ended.output
    assert sandbox.log(mark) == []


@pytest.mark.parametrize("name", ["site", "unprotect", "destroy"])
def test_a_mistake_at_one_site_stops_all_sites_before_any_request(
    inventory: Inventory, sandbox: Handle, name: str
) -> None:
    inventory.hosts["home"] = {"storage_log_days": "many"}
    mark = sandbox.mark()
    ended = inventory.run(ROOT / f"playbooks/{name}.yml", "-e", "destroy_confirm=production")
    assert ended.code != 0
    assert ended.results.keys() == {"home"}
    assert ended.paths("home") == {"storage_log_days"}
    assert sandbox.log(mark) == []


def test_the_plan_of_a_site_writes_nothing_outside_of_check_mode_either(
    inventory: Inventory, sandbox: Handle
) -> None:
    sandbox.reset()
    defaults = {"group/operatingdev.phoenix.aws": "{{ phoenix_aws }}"}
    play = {**PREFLIGHT, "module_defaults": defaults, "roles": ["operatingdev.phoenix.plan"]}
    mark = sandbox.mark()
    ended = inventory.run(inventory.playbook(play))
    assert ended.code == 0, ended.output
    assert sandbox.log(mark) and sandbox.writes_since(mark) == []


def test_variables_of_the_report_are_checked_with_all_others(
    inventory: Inventory, sandbox: Handle
) -> None:
    inventory.variables |= {"site_prices": "nonsense", "site_next_steps": {"a": 1}}
    inventory.variables["site_report_foldr"] = "reports"
    mark = sandbox.mark()
    ended = inventory.run()
    refused(ended, sandbox, mark)
    assert ended.paths() == {"site_prices", "site_next_steps", "site_report_foldr"}


@pytest.mark.parametrize("folder", ["/proc/nope", "hosts.yml/below", {"a": 1}])
def test_a_folder_in_which_no_report_can_be_written_stops_the_run_before_it_begins(
    inventory: Inventory, sandbox: Handle, folder: Any
) -> None:
    inventory.variables["site_report_folder"] = folder
    mark = sandbox.mark()
    ended = inventory.run()
    refused(ended, sandbox, mark)
    assert ended.paths() == {"site_report_folder"}


def test_the_check_of_the_folder_leaves_nothing_behind(
    inventory: Inventory, sandbox: Handle
) -> None:
    inventory.variables["site_report_folder"] = str(inventory.folder / "a" / "b")
    ended = inventory.run(inventory.playbook(PREFLIGHT))
    assert ended.code == 0, ended.output
    assert not (inventory.folder / "a").exists()


def test_the_buckets_to_be_emptied_are_told_by_the_variable_that_the_user_wrote(
    inventory: Inventory, sandbox: Handle
) -> None:
    inventory.variables["destroy_empty_buckets"] = True
    mark = sandbox.mark()
    ended = inventory.run(ROOT / "playbooks/destroy.yml")
    refused(ended, sandbox, mark)
    assert ended.paths() == {"destroy_empty_buckets"}
