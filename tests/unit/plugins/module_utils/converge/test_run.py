# SPDX-License-Identifier: GPL-3.0-or-later
"""How a task ends: what is told where it did not get to the end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import (
    raise_failures,
    refusals,
    run,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.apply import Outcome

DECLARED = {
    "environment": "production",
    "account_id": "123456789012",
    "sites": {"home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}},
    "site": "home",
    "traffic": {"domain": "shop.example.com"},
}


@pytest.mark.parametrize("waiting", [{}, {"db_instance/main": "creating"}], ids=["none", "one"])
def test_what_was_not_begun_is_named_beside_what_is_waited_for(waiting: dict[str, str]) -> None:
    outcome = Outcome({}, (), waiting, ("dns_record/site",), {}, ())
    with pytest.raises(Refusal) as caught:
        raise_failures(declared(DECLARED, TIERS), outcome, {"actions": []})
    said = [*(f"{name} is {state}" for name, state in waiting.items())]
    told = ", ".join([*said, "dns_record/site is not begun"])
    assert f"still waiting: {told}; run the same playbook again" in str(caught.value)


# Nobody listens on the discard port of this machine.
SILENT = Connection(access_key="x", secret_key="x", endpoint_url="http://127.0.0.1:9")
RECOVERY = {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"}
BOTH = {"sites": {**DECLARED["sites"], "recovery": RECOVERY}}  # type: ignore[dict-item]


def silence(site: str, region: str, more: dict[str, Any] = BOTH) -> str:
    """What a site's task says where a region does not answer."""
    task = declared({**DECLARED, **more, "site": site}, TIERS)
    with pytest.raises(Refusal) as caught, refusals(task):
        Aws(task.site.scope, SILENT).once("ec2", region).describe_vpcs()
    assert caught.value.result["code"] == "EndpointConnectionError"
    return str(caught.value)


def test_a_region_that_does_not_answer_is_named_with_its_site_and_the_way_on() -> None:
    told = silence("home", "us-east-1")
    assert told.startswith("site home: ec2 in us-east-1, where site home stands, does not answer: ")
    assert "--limit recovery" in told and "--limit home" not in told


def test_of_the_other_site_s_region_the_other_site_is_named() -> None:
    told = silence("recovery", "us-east-1")
    assert told.startswith(
        "site recovery: ec2 in us-east-1, where site home stands, does not answer: "
    )
    assert "--limit recovery" in told


def test_a_site_without_another_one_is_told_to_try_again() -> None:
    told = silence("home", "us-east-1", {})
    assert "run the same playbook again once it answers" in told and "--limit" not in told


def test_a_service_of_the_whole_world_is_of_no_site() -> None:
    task = declared({**DECLARED, **BOTH}, TIERS)
    with pytest.raises(Refusal) as caught, refusals(task):
        Aws(task.site.scope, SILENT).once("iam").list_roles()
    assert "iam, which is one for all regions, does not answer: " in str(caught.value)
    assert "--limit" not in str(caught.value)


def test_an_action_that_a_silent_region_stops_says_so_too() -> None:
    task = declared({**DECLARED, **BOTH}, TIERS)
    error: Exception = Exception()
    try:
        Aws(task.site.scope, SILENT).once("ec2").describe_vpcs()
    except Exception as found:
        error = found
    outcome = Outcome({}, (), {}, (), {"vpc/main": error}, ())
    with pytest.raises(Refusal) as caught:
        raise_failures(task, outcome, {"actions": []})
    assert "vpc/main: ec2 in us-east-1, where site home stands, does not answer" in str(
        caught.value
    )
    assert "--limit recovery" in caught.value.result["errors"][0]["hint"]


def test_a_declaration_tells_without_asking_anybody_what_a_month_of_it_costs() -> None:
    def cost(least: int, most: int) -> dict[str, Any]:
        web = {"application": "shop", "min_size": least, "max_size": most}
        found: dict[str, Any] = run({**DECLARED, "web_tier": web}, "declaration", dry=True)["cost"]
        return found

    one, two = cost(1, 2), cost(2, 2)
    assert 0 < float(one["monthly"]) < float(one["monthly_most"])
    assert two["monthly"] == two["monthly_most"] == one["monthly_most"]
    assert one["prices_from"].startswith("snapshot of ") and one["metered"] > 0
