# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at the end of a run."""

from __future__ import annotations

from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports import summary

DECLARED = {
    "environment": "production",
    "account_id": "123456789012",
    "sites": {"home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}},
}


def action(address: str, what: str, tier: str = "database") -> dict[str, Any]:
    return {"address": address, "action": what, "tier": tier, "changes": [], "site": "home"}


def results(**facts: Any) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        "home": {
            "database": {"actions": [action("db_instance/main", "create")], "known": {}},
            "site": {
                "actions": [action("db_instance/main", "change")],
                "known": {"db_instance/main": facts},
                "waiting": {},
            },
        }
    }


def test_what_a_later_task_completes_counts_as_one_creation() -> None:
    found = results()
    assert summary.totals(found) == {"create": 1, "change": 0, "replace": 0, "destroy": 0}
    (only,) = summary.as_dict(found, planned=False)["sites"]["home"]["actions"]
    assert only["action"] == "create"


def test_what_others_have_put_on_our_objects_is_named() -> None:
    found = results()
    found["home"]["site"]["foreign"] = ["security_group/database: rule 0.0.0.0/0 to 22"]
    line = "? home security_group/database: rule 0.0.0.0/0 to 22  (not ours, and left alone)"
    assert line in summary.text(found, planned=True).splitlines()
    assert line in summary.text(found, planned=False).splitlines()


def test_parameters_that_wait_for_a_reboot_are_said() -> None:
    found = results(endpoint="db.example", pending_reboot=["production-home-database"])
    text = summary.built(found, DECLARED)
    assert "parameters that wait for a reboot of the database: production-home-database" in text
    assert "reboot" not in summary.built(results(endpoint="db", pending_reboot=[]), DECLARED)


def test_what_is_not_ready_is_said_in_words_and_what_stands_is_not() -> None:
    found = {
        "home": {
            "network": {
                "actions": [action("nat_gateway/a", "create", "network")],
                "done": ["nat_gateway/a", "vpc/main"],
                "known": {"recovery:kms_key/main": {}},
                "waiting": {"nat_gateway/a": "pending", "vpc/main": "pending"},
            },
            "traffic": {
                "failed": True,
                "actions": [action("listener/https", "create", "traffic")],
                "done": [],
                "known": {"vpc/main": {"id": "vpc-1"}},
                "waiting": {
                    "recovery:alarm/switch": "absent",
                    "load_balancer/main": "provisioning",
                    "listener/https": "deferred",
                    "scaling_policy/cpu": "deferred",
                },
            },
        }
    }
    text = summary.built(found, DECLARED)
    assert text.splitlines()[2:] == [
        "    not ready when last looked at: nat_gateway/a (pending), load_balancer/main "
        "(provisioning)",
        "    not ready yet, and made by the run of site recovery: alarm/switch",
        "    not begun, because it needs what is not ready: listener/https",
    ]
    told = summary.as_dict(found, planned=False)["sites"]["home"]
    assert set(told["waiting"]) == {
        "nat_gateway/a",
        "recovery:alarm/switch",
        "load_balancer/main",
        "listener/https",
    }


def test_what_the_other_site_has_made_since_is_not_said_to_be_awaited() -> None:
    waits = {"recovery:alarm/switch": "absent", "recovery:kms_key/main": "absent"}
    found = {
        "home": {"traffic": {"failed": True, "actions": [], "waiting": waits}},
        "recovery": {
            "storage": {"actions": [], "waiting": {"kms_key/main": "incomplete"}},
            "web_tier": {"actions": [], "done": ["alarm/switch"], "known": {}},
        },
    }
    text = summary.built(found, DECLARED)
    assert "made by the run of site recovery: kms_key/main" in text
    assert "alarm/switch" not in text


def test_what_the_last_look_at_everything_found_ready_is_not_said_to_be_awaited() -> None:
    found = results()
    found["home"]["database"] |= {"done": [], "waiting": {"db_instance/main": "creating"}}
    assert "not ready" in summary.built({"home": {"database": found["home"]["database"]}}, DECLARED)
    assert "not ready" not in summary.built(found, DECLARED)


def test_a_field_that_changes_is_shown_with_both_values() -> None:
    change = {"field": "max_size", "before": 30, "after": 12}
    moved = {**action("autoscaling_group/web", "change", "web_tier"), "changes": [change]}
    text = summary.text({"home": {"web_tier": {"actions": [moved]}}}, planned=True)
    assert "~ home autoscaling_group/web  (max_size: 30 -> 12)" in text
    assert text.startswith("Plan: nothing was changed")


def test_how_to_remove_what_is_kept_is_said_where_something_is_kept() -> None:
    kept = {"recovery": {"database": {"actions": [action("db_instance/main", "keep")]}}}
    text = summary.text(kept, planned=True)
    assert "= recovery db_instance/main\n= is no longer declared, and is charged for" in text
    assert "destroy.yml --limit recovery" in text
    assert "--limit" not in summary.text(results(), planned=True)


def test_of_a_nested_field_only_what_differs_in_it_is_shown() -> None:
    metric = {"name": "CPUUtilization", "period": 60, "dimensions": {"DB": "production"}}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*"}]}
    other = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:Get*"}]}
    changes = [
        {"field": "metric", "before": {**metric, "period": 300}, "after": metric},
        {"field": "policy", "before": other, "after": policy},
        {"field": "tables", "before": {"a": "rtb-1"}, "after": {"a": "rtb-1", "b": "rtb-2"}},
        {"field": "ids", "before": ["x"], "after": ["x", "y"]},
        {"field": "whole", "before": None, "after": {"a": 1}},
    ]
    moved = {**action("alarm/cpu", "change", "traffic"), "changes": changes}
    text = summary.text({"home": {"traffic": {"actions": [moved]}}}, planned=True)
    assert text.splitlines()[-1] == (
        "~ home alarm/cpu  (metric.period: 300 -> 60; policy.Statement.0.Effect: 'Deny' -> "
        "'Allow'; tables.b: None -> 'rtb-2'; ids: ['x'] -> ['x', 'y']; whole: None -> {'a': 1})"
    )


def test_whoever_may_reboot_a_database_is_told_how() -> None:
    found = results(id="production-home-database", pending_reboot=["production-home-database"])
    assert (
        "aws rds reboot-db-instance --region us-east-1 "
        "--db-instance-identifier production-home-database"
    ) in summary.built(found, DECLARED)


def test_a_run_that_failed_is_not_called_done_and_says_what_it_did_not_do() -> None:
    made = action("vpc/main", "create", "network")
    missed = action("db_instance/main", "create")
    failed = {
        "home": {
            "storage": {"actions": [], "done": []},
            "network": {"actions": [made], "done": ["vpc/main"]},
            "database": {"failed": True, "actions": [missed], "done": []},
        }
    }
    text = summary.text(failed, planned=False)
    assert text.startswith("Failed at home: 1 of 2 actions was not done")
    rows = {" ".join(line.split()) for line in text.splitlines()}
    assert "home database 1 0 0 0 failed" in rows
    assert {"home traffic 0 0 0 0 not reached", "home web_tier 0 0 0 0 not reached"} <= rows
    assert "+ home db_instance/main  (not done)" in text
    assert "+ home vpc/main\n" in text
    told = summary.as_dict(failed, planned=False)["sites"]["home"]
    assert told["failed"] == ["database"]
    assert told["not_reached"] == ["traffic", "web_tier"]


def test_a_plan_that_failed_says_whose_cost_is_missing() -> None:
    failed = {"home": {"storage": {"actions": []}, "network": {"failed": True}}}
    assert summary.text(failed, planned=True).startswith("Failed at home: nothing was changed")
    assert summary.unpriced(failed) == [
        "home: network, database, traffic, web_tier were not planned, so the totals are too low"
    ]
    assert summary.unpriced(results()) == []


def test_what_has_to_be_known_before_the_next_step_is_said() -> None:
    found = {"home": {"database": {"actions": [], "notices": ["there is a snapshot"]}}}
    assert "note: home: there is a snapshot" in summary.text(found, planned=True)
    assert summary.as_dict(found, planned=True)["sites"]["home"]["notices"] == [
        "there is a snapshot"
    ]
