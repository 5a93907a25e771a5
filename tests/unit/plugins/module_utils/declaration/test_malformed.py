# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mistake in a declaration is told: where, what is there, which rule, and what would do."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)

from .cases import CASES, CUT_OFF, GONE, GOOD, Case, place, refusal

ROOT = Path(__file__).parents[5]
FILE = Path(__file__).with_name("cases.py")


def mended(given: dict[Any, Any], problem: Mapping[str, Any]) -> dict[Any, Any]:
    """The declaration after the reader has done what the message says."""
    path, example = problem["path"], problem["example"]
    parent = path.rpartition(".")[0]
    if "must be named by" in problem["rule"]:
        place(given, f"{parent}.{example}", place(given, path, GONE))
    elif "is not an option here" in problem["rule"]:
        place(given, path, GONE)
        for name, value in yaml.safe_load(example).items():
            place(given, f"{parent}.{name}", value)
    else:
        place(given, path, GONE if str(example).startswith("leave out ") else example)
    return given


def test_the_declaration_that_is_changed_is_good() -> None:
    assert refusal(GOOD) is None


def test_hosts_that_are_of_no_application_need_no_way_out() -> None:
    for declaration in CUT_OFF.values():
        assert refusal({**GOOD, **declaration, "web_tier": {}}) is None


def test_there_are_enough_cases_and_each_is_another_one() -> None:
    assert len(CASES) >= 60
    assert len({(case.at, str(case)) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_mistake_is_told_with_its_place_and_the_rule_and_nothing_else_is(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    [problem] = refused.result["problems"]
    assert problem["path"] == case.wanted
    assert case.rule in problem["rule"]
    assert refused.result["code"] == "invalid_declaration"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_message_has_path_value_rule_and_example_on_one_line(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    [problem] = refused.result["problems"]
    [first, line] = str(refused).splitlines()
    assert first == "1 mistake in the declaration, nothing was touched:"
    assert line.startswith(f"  {problem['path']}: ")
    value = "nothing" if problem["value"] is None else repr(problem["value"])
    assert f": {value[:100]}" in line
    assert f" - {problem['rule']}, for example {repr(problem['example'])[:100]}" in line
    assert len(str(problem["value"])) < 1000


@pytest.mark.parametrize("case", [case for case in CASES if case.secret], ids=str)
def test_a_secret_in_clear_text_is_not_repeated(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    assert case.secret not in str(refused)
    assert case.secret not in str(refused.result)
    assert "********" in str(refused)


@pytest.mark.parametrize("case", [case for case in CASES if case.mends], ids=str)
def test_a_declaration_is_good_once_its_mistake_has_become_the_example(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    assert refusal(mended(case.declaration(), refused.result["problems"][0])) is None


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("sites.home.cidr", "10.20.3.4/16"),
        ("sites.home.cidr", "10.20.0.0/255.255.0.0"),
        ("sites.home.cidr", "192.168.16.0/20"),
        ("sites.home.zones", ["f", "b"]),
        ("sites.recovery", GONE),
        ("account_id", 123456789012),
        ("application_port", "9000"),
        ("database.multi_az", "no"),
        ("database.multi_az", None),
        ("database.engine_version", 17),
        ("database.parameters.jit", False),
        ("network", None),
        ("web_tier.parameters.size", 5),
        ("web_tier.user_data", 'DB_PASSWORD="$(aws secretsmanager get-secret-value)"'),
        ("web_tier.user_data", "#cloud-config\nchpasswd: {expire: false}\nlock_passwd: true\n"),
        ("tags.größe", "groß"),
        ("allow_replace", ["launch_template/web", "all"]),
    ],
)
def test_what_is_only_spelt_another_way_is_taken(at: str, value: Any) -> None:
    given = copy.deepcopy(dict(GOOD))
    place(given, at, value)
    assert refusal(given) is None


def test_all_mistakes_of_a_declaration_are_told_at_once() -> None:
    given = copy.deepcopy(dict(GOOD))
    wrong = {
        "sites.home.region": "us-est-1",
        "sites.recovery.cidr": "10.20.0.0/16",
        "storage.log_days": 0,
        "network.flow_log": True,
        "wait_timeout": -1,
        "database.password": "hunter2",
    }
    for at, value in wrong.items():
        place(given, at, value)
    refused = refusal(given)
    assert refused is not None
    assert str(refused).startswith("6 mistakes in the declaration, nothing was touched:\n")
    assert {problem["path"] for problem in refused.result["problems"]} == wrong.keys()


def test_a_contradiction_in_one_tier_is_told_beside_a_mistake_in_another() -> None:
    given = copy.deepcopy(dict(GOOD))
    place(given, "database.max_storage_gb", 51)
    place(given, "web_tier.cpu_target", 0)
    refused = refusal(given)
    assert refused is not None
    told = {problem["path"] for problem in refused.result["problems"]}
    assert told == {"database.max_storage_gb", "web_tier.cpu_target"}


def test_the_task_of_one_tier_tells_its_options_as_they_are_written_there() -> None:
    [web_tier] = [tier for tier in TIERS if tier.TIER == "web_tier"]
    given = {key: GOOD[key] for key in ("environment", "account_id", "sites", "site")}
    with pytest.raises(Refusal) as refused:
        declared({**given, "min_size": 20}, [web_tier])
    assert [problem["path"] for problem in refused.value.result["problems"]] == ["min_size"]


def test_no_option_of_a_tier_is_called_as_one_of_the_environment() -> None:
    # The paths of problems are told apart by the names.
    names = [field.name for tier in TIERS for field in tier.FIELDS]
    assert not set(names) & (GOOD.keys() | {"wait", "profile", "role_arn"})


OFFLINE = """
import importlib.abc, importlib.util, sys

class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("boto3", "botocore"):
            raise ImportError(name)

def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen"):
        raise RuntimeError(event)

spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
cases = sys.modules["cases"] = importlib.util.module_from_spec(spec)
sys.meta_path.insert(0, Without())
spec.loader.exec_module(cases)
sys.addaudithook(hook)
refused = [case for case in cases.CASES if cases.refusal(case.declaration())]
taken = cases.refusal(cases.GOOD) is None
print(len(refused), taken, "botocore" in sys.modules)
"""


def test_a_declaration_is_checked_without_the_sdk_and_without_a_connection() -> None:
    command = [sys.executable, "-c", OFFLINE, str(FILE)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".cache/tree")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == ([str(len(CASES)), "True", "False"], "")
