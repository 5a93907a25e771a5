# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging: a copy of production that nobody meets before it is proved, and that is swapped in by
name.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    account,
    signature,
    status,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    swap,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging import (
    mirror as mirrors,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence import sealed
from environment import Environment
from mirroring import OFFICE, Mirror, leads_to, left, names_production, told


def ways_in(mirror: Mirror) -> set[str]:
    """Who is let in to the database of a copy, by the names of groups."""
    aws = mirror.aws()
    ec2 = aws.client("ec2")
    groups = {
        group["GroupId"]: group["GroupName"]
        for group in ec2.describe_security_groups()["SecurityGroups"]
    }
    [own] = [id for id, name in groups.items() if name == f"{mirror.name}-staging-database"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [own]}])
    into = [rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]
    return {
        groups.get(rule.get("ReferencedGroupInfo", {}).get("GroupId", ""), rule.get("CidrIpv4", ""))
        for rule in into
    }


def test_the_copy_is_closed_to_all_but_its_visitors_and_in_quarantine(
    production: Environment,
) -> None:
    found = told(production)
    assert (found["needed"], found["copies"]) == (True, [])
    declares = found["declares"]
    assert declares["environment"] == "staging-a"
    site = declares["sites"]["staging"]
    assert (site["closed"], site["nat"], site["quarantined"]) == (True, "none", True)
    assert site["visitors"] == [OFFICE]
    assert declares["restore"]["instance"] == "production-home-database"
    assert declares["copy_of"] == {"environment": "production", "site": "home"}
    assert declares["before"] == {}
    assert "recovery stands by" in told(production, "recovery")["said"]


def test_no_host_gets_to_the_database_before_it_is_proved(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    for step in ("clear", "build", "restore", "logins", "thaw", "contents", "mark", "mask"):
        mirror.tell(step)
        if step not in ("clear", "build"):
            assert ways_in(mirror) == set(), step
    mirror.tell("prove")
    mirror.tell("migrate")
    assert ways_in(mirror) == set()
    mirror.tell("admit")
    assert ways_in(mirror) == {"staging-a-staging-web"}
    [item] = (
        mirror.aws()
        .client("rds")
        .describe_db_instances(DBInstanceIdentifier="staging-a-staging-database")["DBInstances"]
    )
    assert (item["BackupRetentionPeriod"], item["MultiAZ"]) == (0, False)


@pytest.mark.sweep
def test_what_is_under_way_is_quarantined_until_hosts_are_let_in(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("mask")
    again = told(production)
    assert again["under_way"] == "refresh"
    assert again["declares"] == mirror.declares
    mirror.tell("prove")
    mirror.tell("migrate")
    assert told(production)["declares"]["sites"]["staging"]["quarantined"]
    mirror.tell("admit")
    assert not told(production)["declares"]["sites"]["staging"]["quarantined"]


def test_a_refresh_has_the_name_lead_to_its_copy_and_writes_nothing_of_production(
    production: Environment,
) -> None:
    mark = production.handle.mark()
    mirror = Mirror(production)
    report = mirror.refresh()["report"]
    assert report["outcome"] == "succeeded"
    assert leads_to(production) == swap.balancer(View(mirror.aws()))
    about = [
        f"{call['service']} {call['action']} {call['about']}"
        for call in production.handle.log(mark)
        if call["write"]
        and "production" in str(call)
        and "operations/home/staging/" not in str(call)
        and not call["action"].startswith("RestoreDBInstance")
    ]
    assert about == []
    [copy] = told(production)["copies"]
    assert (copy["environment"], copy["serves"], copy["due"]) == ("staging-a", True, "")
    made, until = (datetime.datetime.fromisoformat(copy[name]) for name in ("made", "until"))
    assert until - made == datetime.timedelta(days=14)


def keep(mirror: Mirror, report: dict[str, Any], of: str = "home") -> None:
    """Writes a report where those of the copies of a site are kept."""
    aws = mirror.aws()
    key = f"{journals.folder_of(of, 'staging')}{report['id']}/{account.REPORT}"
    body = json.dumps(report).encode()
    aws.client("s3").put_object(Bucket=journals.bucket(aws), Key=key, Body=body)


def test_a_refresh_is_a_restore_that_was_timed_and_its_report_is_among_the_evidence(
    production: Environment,
) -> None:
    def looked() -> dict[str, Any]:
        found = status.status(production.params("recovery"))
        return {**found["facts"], "rows": validating.looked(production)}

    assert looked()["staging"] is None
    mirror = Mirror(production)
    mirror.open()
    going = looked()["staging"]["unfinished"]
    assert (going["operation"], going["step"]) == ("refresh", "Open the operation")
    mirror.go_on()
    report = mirror.end()["report"]
    copy = report["measured"]["copy"]
    assert None not in copy["seconds"].values() and copy["usd_per_day"]["least"] > 0
    found = looked()
    assert found["staging"]["restored"]["id"] == report["id"]
    assert found["staging"]["serves"] == {
        "environment": "staging-a",
        "of": "home",
        "by": report["id"],
        "since": report["ended"],
        "until": copy["until"],
    }
    assert (found["staging"]["unfinished"], found["restore"]["state"]) == (None, "pass")
    assert validating.row(found["rows"], "Restore test")["state"] == "pass"
    # What the other site has reported S3 brings here as well, as a chain of its own.
    other = {**report, "id": "20991101T000000Z-refresh-3f2a", "ended": "2099-11-01T00:00:00+00:00"}
    there = signature.signed(production.aws("recovery"), sealed({**other, "from": "recovery"}, ""))
    keep(mirror, there, "recovery")
    found = looked()
    assert validating.row(found["rows"], "Evidence")["said"].startswith("2 reports are as seal")
    assert found["staging"]["restored"]["id"] == other["id"]
    keep(mirror, {**report, "operator": "nobody"})
    told = validating.row(looked()["rows"], "Evidence")
    assert told["state"] == "fail" and f"{report['id']} was changed" in told["said"]


def test_the_next_copy_is_built_beside_the_first_which_is_kept_and_had_back(
    production: Environment,
) -> None:
    first = Mirror(production)
    first.refresh()
    second = Mirror(production)
    assert second.name == "staging-b"
    of_first = leads_to(production)
    second.open()
    second.go_on("lock")
    assert leads_to(production) == of_first
    second.go_on()
    second.end()
    of_second = leads_to(production)
    assert of_second not in ({}, of_first)
    by_name = {one["environment"]: one for one in told(production)["copies"]}
    assert by_name["staging-b"]["serves"] and not by_name["staging-a"]["serves"]
    assert not by_name["staging-a"]["due"]
    kept = datetime.datetime.fromisoformat(by_name["staging-a"]["until"])
    followed = datetime.datetime.fromisoformat(by_name["staging-b"]["made"])
    assert kept - followed == datetime.timedelta(hours=24)
    back = Mirror(production, purpose="return")
    assert back.name == "staging-a"
    assert back.have_back()["report"]["outcome"] == "succeeded"
    assert leads_to(production) == of_first
    # A third one takes the place of the one that does not serve.
    assert Mirror(production).name == "staging-b"


@pytest.mark.parametrize(
    "last",
    [
        "mask",
        *(pytest.param(one, marks=pytest.mark.sweep) for one in ("contents", "smoke", "swap")),
    ],
)
def test_a_refresh_that_fails_is_removed_and_staging_stays_as_it_was(
    production: Environment, last: str
) -> None:
    Mirror(production).refresh()
    before = leads_to(production)
    second = Mirror(production)
    second.open()
    second.go_on(last)
    second.step("close", failed="Mask: no rule names customers.nickname")
    report = second.end()["report"]
    assert report["outcome"] == "failed"
    assert "It failed by this: Mask: no rule names customers.nickname" in report["findings"]
    assert leads_to(production) == before
    assert left(second) == []
    again = told(production)
    assert [one["environment"] for one in again["copies"]] == ["staging-a"]
    assert (again["under_way"], again["declares"]["environment"]) == ("", "staging-b")


def test_a_proof_that_finds_anything_does_not_let_hosts_in(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("mask")
    mirror.step("prove")
    with pytest.raises(Refusal, match="1 findings"):
        mirror.step("prove", told={"findings": [{"where": "x", "what": "y", "rows": 1}]})
    with pytest.raises(Refusal, match="has not done prove"):
        mirror.step("admit")


def test_a_refresh_of_the_other_site_that_was_cut_off_is_not_gone_on_with_here(
    production: Environment,
) -> None:
    """S3 brings its journal to this site's bucket, some time after production was there."""
    mirror = Mirror(production)
    mirror.open()
    aws, s3 = mirror.aws(), mirror.aws().client("s3")
    bucket, own = journals.bucket(aws), journals.folder(aws)
    for item in s3.list_object_versions(Bucket=bucket, Prefix=own)["Versions"]:
        key, version = item["Key"], item["VersionId"]
        brought = f"{journals.folder_of('recovery', 'staging')}{key.removeprefix(own)}"
        s3.copy_object(Bucket=bucket, Key=brought, CopySource={"Bucket": bucket, "Key": key})
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    assert told(production)["under_way"] == ""


def test_a_refresh_that_was_cut_off_is_gone_on_with_and_done_once(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("restore")
    again = Mirror(production)
    assert again.name == mirror.name
    again.open()
    again.go_on()
    report = again.end()["report"]
    assert report["outcome"] == "succeeded"
    assert len(account.reports(again.aws())) == 1


def test_all_that_a_copy_has_tells_the_day_on_which_it_is_over_also_where_it_is_gone_on_with_later(
    production: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("restore")
    marks = View(mirror.aws()).tagged()
    assert len(marks) > 30
    groups = mirror.aws().client("autoscaling").describe_auto_scaling_groups()
    of_groups = [t["Value"] for g in groups["AutoScalingGroups"] for t in g["Tags"]]
    [day] = {tags.get(mirrors.EXPIRES) for tags in marks.values()}
    assert day and day in of_groups
    journal = journals.unended(mirror.aws())
    assert journal
    began = datetime.datetime.fromisoformat(journal.opened["began"])
    assert day == (began + datetime.timedelta(days=14)).date().isoformat()
    of_production = View(production.aws("home")).tagged().values()
    assert not any(mirrors.EXPIRES in tags for tags in of_production)
    later = journals.now() + datetime.timedelta(days=2)
    monkeypatch.setattr(journals, "now", lambda: later)
    again = Mirror(production)
    assert again.declares["tags"] == {mirrors.EXPIRES: day}
    assert again.tiers()["done"] == []


def test_one_that_is_gone_on_with_behind_the_swap_does_not_take_the_name_away_from_its_copy(
    production: Environment,
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("swap")
    leads = leads_to(production)
    assert leads == swap.balancer(View(mirror.aws()))
    # A run that goes on looks at all that was built first.
    assert mirror.tiers()["done"] == []
    assert leads_to(production) == leads
    mirror.go_on()
    assert mirror.end()["report"]["outcome"] == "succeeded"
    mirror.destroy()
    assert leads_to(production) == {}


def test_a_refresh_that_nobody_goes_on_with_is_given_up_and_nothing_is_left(
    production: Environment,
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("build")
    again = Mirror(production, purpose="abandon")
    again.open()
    assert again.end()["report"]["outcome"] == "failed"
    assert left(again) == [] and told(production)["under_way"] == ""


@pytest.mark.sweep
def test_a_copy_whose_database_was_restored_anew_since_is_not_gone_on_with(
    production: Environment,
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("prove")
    assert told(production)["under_way"] == "refresh"
    rds, name = mirror.aws().client("rds"), mirror.database()["id"]
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    for _attempt in "ab":
        with pytest.raises(Refusal, match="was masked as"):
            told(production)
        mirror.tiers()
    assert told(production, purpose="abandon")["under_way"] == "refresh"


@pytest.mark.sweep
def test_a_name_that_somebody_has_taken_meanwhile_is_left_alone(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("lock")
    names_production(production)
    with pytest.raises(Refusal, match="leads to production-home-main"):
        mirror.step("swap")
    mirror.end()
    assert leads_to(production)["name"].startswith("production-home-main")


@pytest.mark.sweep
def test_a_copy_whose_time_is_over_is_due(production: Environment) -> None:
    Mirror(production).refresh()
    Mirror(production).refresh()
    assert not any(one["due"] for one in told(production)["copies"])
    [old] = [one for one in told(production, keep_hours=0)["copies"] if one["due"]]
    assert (old["environment"], old["serves"]) == ("staging-a", False)
    assert "the one after it is good" in old["due"]


@pytest.mark.sweep
def test_what_is_left_of_a_refresh_that_came_to_no_end_is_due(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("build")
    [copy] = told(production)["copies"]
    assert (copy["under_way"], copy["due"]) == ("refresh", "")
    id = journals.ids(mirror.aws())[-1]
    journals.write(mirror.aws(), journals.load(mirror.aws(), id), "close", "closed", {})
    [copy] = told(production)["copies"]
    assert "has not come to an end" in copy["due"]


@pytest.mark.sweep
def test_what_a_good_refresh_has_left_is_not_taken_for_good_once_another_was_begun_in_its_place(
    production: Environment,
) -> None:
    for _slot in "ab":
        Mirror(production).refresh()
    third = Mirror(production)
    third.open()
    third.go_on("restore")
    id = journals.ids(third.aws())[-1]
    journals.write(third.aws(), journals.load(third.aws(), id), "close", "closed", {})
    [copy] = [one for one in told(production)["copies"] if not one["serves"]]
    assert (copy["environment"], copy["made"]) == (third.name, "")
    assert "has not come to an end" in copy["due"]
