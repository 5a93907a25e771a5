# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at a playbook's variables: what is ours and misspelt, and what is nobody's business."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.plugin_utils.declared import (
    strange_variables,
    without_host,
)
from ansible_collections.operatingdev.phoenix.plugins.plugin_utils.whole import spelled


def told(variables: dict[str, Any]) -> dict[str, str]:
    """Variable -> the rule, of those that are told."""
    found = strange_variables(variables, lambda value: "{{" in value)
    return {problem.path: problem.rule for problem in found}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("network_flow_log", "network_flow_logs"),
        ("web_tier_minsize", "web_tier_min_size"),
        ("traffic_domian", "traffic_domain"),
        ("phoenix_enviroment", "phoenix_environment"),
        ("phoenix_wait_time_out", "phoenix_wait_timeout"),
        ("phoenix_Sites", "phoenix_sites"),
    ],
)
def test_a_near_miss_is_told_with_what_was_meant(name: str, meant: str) -> None:
    assert told({name: 1}) == {name: f"is unknown; did you mean {meant}?"}


@pytest.mark.parametrize("name", ["allow_replace", "purge_tags"])
def test_an_option_of_modules_that_is_no_variable_is_told_with_the_variable(name: str) -> None:
    assert told({name: "all"}) == {name: f"is an option of modules; the variable is phoenix_{name}"}


def test_a_variable_with_our_own_first_word_is_told_even_if_it_is_near_to_nothing() -> None:
    [rule] = told({"phoenix_colour": "red"}).values()
    assert "phoenix_sites" in rule
    assert "phoenix_aws" in rule


@pytest.mark.parametrize(
    "name",
    [
        "phoenix_environment",
        "phoenix_aws",
        "phoenix_wait",
        "phoenix_purge_tags",
        "phoenix_allow_replace",
        "network_flow_logs",
        "network_result",
        "network_bonding_devices",
        "storage_backend",
        "traffic_shaping",
        "database_of_choice",
        "inventory_hostname",
        "db_password",
        "traffic_light_token",
    ],
)
def test_what_is_known_or_may_belong_to_others_is_left_alone(name: str) -> None:
    assert told({name: "x"}) == {}


@pytest.mark.parametrize(
    "name",
    ["database_password", "database_master_password", "phoenix_secret_key", "web_tier_api_key"],
)
def test_a_secret_in_clear_text_is_told_and_not_shown(name: str) -> None:
    [problem] = strange_variables({name: "hunter2"})
    assert problem.path == name
    assert "in clear text" in problem.rule
    assert "hunter2" not in str(problem)


def test_a_secret_that_comes_from_elsewhere_is_no_clear_text() -> None:
    assert told({"database_password": "{{ lookup('x') }}", "web_tier_token": object()}) == {}


def test_a_site_that_is_no_host_is_told() -> None:
    sites = {"home": {"region": "us-east-1"}, "recovery": {}}
    assert list(without_host(sites, ["home", "recovery", "other"])) == []
    [problem] = without_host(sites, ["home"])
    assert problem.path == "phoenix_sites.recovery"
    assert list(without_host("home", [])) == []


@pytest.mark.parametrize(
    ("path", "variable"),
    [
        ("sites.home.cidr", "phoenix_sites.home.cidr"),
        ("traffic.domain", "traffic_domain"),
        ("web_tier.parameters.theme", "web_tier_parameters.theme"),
        ("endpoint_url", "phoenix_aws.endpoint_url"),
        ("wait_timeout", "phoenix_wait_timeout"),
    ],
)
def test_a_path_is_told_as_the_variable_that_the_user_wrote(path: str, variable: str) -> None:
    assert spelled(path) == variable
