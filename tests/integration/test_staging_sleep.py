# SPDX-License-Identifier: GPL-3.0-or-later
"""A staging copy sleeps out of its hours: no host and no database runs, and nothing is lost."""

from __future__ import annotations

import copy
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Lease,
    taken_alone,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import stage
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging.sleep import (
    sleep,
)
from environment import Environment
from killing import killed_run
from mirroring import DOMAIN, OFFICE, Mirror, told

from playbooks import Playbooks, changed

DRIVE = Path(__file__).parent / "drive_sleep.py"
AWAKE, ASLEEP = "awake", "asleep"
GROUP = "staging-a-staging-web"
DATABASE = "staging-a-staging-database"
# What a copy has of each, asked of AWS: bounds and number of hosts, the sink, the database.
STANDS = {
    AWAKE: ((1, 1, 2), 1, "running", "available"),
    ASLEEP: ((0, 0, 2), 0, "stopped", "stopped"),
}
# The writes, in the order in which they come.
CALLS = {
    ASLEEP: ("UpdateAutoScalingGroup", "StopInstances", "StopDBInstance"),
    AWAKE: ("StartDBInstance", "StartInstances", "UpdateAutoScalingGroup"),
}
WEB = {"application": "shop", "min_size": 1, "max_size": 2}


@pytest.fixture(scope="module")
def refreshed(released: Environment) -> Iterator[Mirror]:
    """A copy that serves as staging."""
    with pytest.MonkeyPatch.context() as patch, released.branch() as branch:
        patch.setattr(stage, "LOOK", 0.1)
        mirror = Mirror(branch)
        mirror.declared["web_tier"] |= WEB
        mirror.refresh()
        yield mirror


@pytest.fixture
def mirror(refreshed: Mirror, quick: None) -> Iterator[Mirror]:
    """The same for one test."""
    with refreshed.of.branch() as branch:
        found = copy.copy(refreshed)
        found.of = branch
        found.declared = {**refreshed.declared, "endpoint_url": branch.handle.endpoint}
        yield found


def have(mirror: Mirror, state: str, *, dry: bool = False, **more: Any) -> dict[str, Any]:
    return sleep({**mirror.declared, "wait_timeout": 30, "state": state, **more}, dry=dry)


def sink(mirror: Mirror) -> dict[str, Any]:
    [found] = [
        host
        for one in mirror.aws().client("ec2").describe_instances()["Reservations"]
        for host in one["Instances"]
        if {"Key": "phoenix:id", "Value": "instance/sink"} in host["Tags"]
        and {"Key": "phoenix:environment", "Value": mirror.name} in host["Tags"]
    ]
    return dict(found)


def group(mirror: Mirror) -> dict[str, Any]:
    client = mirror.aws().client("autoscaling")
    [found] = client.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
        "AutoScalingGroups"
    ]
    return dict(found)


def database(mirror: Mirror) -> dict[str, Any]:
    client = mirror.aws().client("rds")
    [found] = client.describe_db_instances(DBInstanceIdentifier=DATABASE)["DBInstances"]
    return dict(found)


def stands(mirror: Mirror) -> tuple[tuple[int, ...], int, str, str]:
    found = group(mirror)
    sizes = tuple(found[name] for name in ("MinSize", "DesiredCapacity", "MaxSize"))
    hosts, status = len(found["Instances"]), database(mirror)["DBInstanceStatus"]
    return sizes, hosts, sink(mirror)["State"]["Name"], str(status)


def wrote(environment: Environment, mark: int) -> list[str]:
    """The writes since then, but those of a lease."""
    found = environment.handle.writes_since(mark)
    return [call["action"] for call in found if call["service"] != "ssm"]


def test_a_copy_that_sleeps_has_no_host_and_nothing_that_runs_and_wakes_as_it_was(
    mirror: Mirror,
) -> None:
    assert stands(mirror) == STANDS[AWAKE]
    address, mark = sink(mirror)["PrivateIpAddress"], mirror.of.handle.mark()
    slept = have(mirror, ASLEEP)
    assert stands(mirror) == STANDS[ASLEEP]
    assert (slept["changed"], slept["said"]) == (True, "")
    assert slept["did"] == [
        f"autoscaling UpdateAutoScalingGroup {GROUP} 0",
        f"ec2 StopInstances {sink(mirror)['InstanceId']}",
        f"rds StopDBInstance {DATABASE}",
    ]
    assert wrote(mirror.of, mark) == list(CALLS[ASLEEP])
    woken = have(mirror, AWAKE)
    assert stands(mirror) == STANDS[AWAKE]
    assert [line.split()[1] for line in woken["did"]] == list(CALLS[AWAKE])
    assert wrote(mirror.of, mark) == [*CALLS[ASLEEP], *CALLS[AWAKE]]
    # Hosts are told the sink by its address.
    assert sink(mirror)["PrivateIpAddress"] == address
    client = mirror.aws().client("elbv2")
    [targets] = group(mirror)["TargetGroupARNs"]
    health = client.describe_target_health(TargetGroupArn=targets)["TargetHealthDescriptions"]
    assert [one["TargetHealth"]["State"] for one in health].count("healthy") == 1


@pytest.mark.parametrize("state", [AWAKE, ASLEEP])
def test_the_second_time_nothing_is_written(mirror: Mirror, state: str) -> None:
    have(mirror, state)
    mark = mirror.of.handle.mark()
    assert have(mirror, state) == {"changed": False, "state": state, "did": [], "said": ""}
    assert mirror.of.handle.writes_since(mark) == []


def test_check_mode_tells_what_would_be_done_and_writes_nothing(mirror: Mirror) -> None:
    mark = mirror.of.handle.mark()
    would = have(mirror, ASLEEP, dry=True)
    assert have(mirror, AWAKE, dry=True)["changed"] is False
    assert mirror.of.handle.writes_since(mark) == []
    assert have(mirror, ASLEEP) == would
    would = have(mirror, AWAKE, dry=True)
    assert stands(mirror) == STANDS[ASLEEP]
    assert have(mirror, AWAKE) == would


@pytest.mark.parametrize(
    ("state", "mode"),
    [
        (ASLEEP, "before"),
        (AWAKE, "after"),
        pytest.param(ASLEEP, "after", marks=pytest.mark.sweep),
        pytest.param(AWAKE, "before", marks=pytest.mark.sweep),
    ],
)
def test_a_run_that_is_killed_at_any_write_is_gone_on_with_by_the_next(
    mirror: Mirror, state: str, mode: str
) -> None:
    if state == AWAKE:
        have(mirror, ASLEEP)
    mark = mirror.of.handle.mark()
    params = json.dumps({**mirror.declared, "wait_timeout": 30, "state": state})
    for action in CALLS[state]:
        rule = {"action": action, "mode": mode}
        assert killed_run(mirror.of, rule, DRIVE, params) == -signal.SIGKILL
    mirror.of.handle.faults([])
    assert have(mirror, state)["changed"] is (mode == "before")
    assert stands(mirror) == STANDS[state]
    log = mirror.of.handle.log(mark)
    executed = [call["action"] for call in log if call["write"] and call["executed"]]
    assert [action for action in executed if action in CALLS[state]] == list(CALLS[state])


@pytest.mark.parametrize("state", [ASLEEP, pytest.param(AWAKE, marks=pytest.mark.sweep)])
def test_a_call_whose_answer_is_lost_is_not_taken_for_a_failure(mirror: Mirror, state: str) -> None:
    if state == AWAKE:
        have(mirror, ASLEEP)
    lost = [{"effect": "lost", "action": action, "times": 1} for action in CALLS[state]]
    mirror.of.handle.faults(lost)
    assert [line.split()[1] for line in have(mirror, state)["did"]] == list(CALLS[state])
    assert stands(mirror) == STANDS[state]


def test_a_database_that_is_not_available_is_waited_for_before_it_is_stopped(
    mirror: Mirror,
) -> None:
    mirror.of.handle.speed(20)
    mirror.aws().client("rds").reboot_db_instance(DBInstanceIdentifier=DATABASE)
    assert database(mirror)["DBInstanceStatus"] == "rebooting"
    mirror.of.handle.speed(60)
    mark = mirror.of.handle.mark()
    assert have(mirror, ASLEEP)["did"][-1] == f"rds StopDBInstance {DATABASE}"
    assert wrote(mirror.of, mark).count("StopDBInstance") == 1
    assert stands(mirror) == STANDS[ASLEEP]


def test_what_takes_too_long_is_told_and_how_to_go_on(mirror: Mirror) -> None:
    mirror.of.handle.speed(8)
    with pytest.raises(Refusal, match=r"still 1 hosts\nrun the same playbook again") as caught:
        have(mirror, ASLEEP, wait_timeout=1)
    assert caught.value.result["code"] == "not_done"
    assert database(mirror)["DBInstanceStatus"] == "available"
    mirror.of.handle.speed(0)
    have(mirror, ASLEEP)
    assert stands(mirror) == STANDS[ASLEEP]


def test_a_database_that_started_by_itself_after_seven_days_is_stopped_again(
    mirror: Mirror,
) -> None:
    have(mirror, ASLEEP)
    mirror.aws().client("rds").start_db_instance(DBInstanceIdentifier=DATABASE)
    assert have(mirror, ASLEEP)["did"] == [f"rds StopDBInstance {DATABASE}"]
    assert stands(mirror) == STANDS[ASLEEP]


def test_more_hosts_than_are_declared_at_least_stay_in_a_copy_that_is_awake(
    mirror: Mirror,
) -> None:
    client = mirror.aws().client("autoscaling")
    client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=2)
    assert have(mirror, AWAKE)["did"] == []
    assert stands(mirror)[0] == (1, 2, 2)
    have(mirror, ASLEEP)
    # It may be declared otherwise by now than as it was built.
    have(mirror, AWAKE, web_tier={**WEB, "min_size": 3, "max_size": 4})
    assert stands(mirror)[:2] == ((2, 2, 2), 2)


def test_it_may_be_left_unwaited_whether_hosts_are_well(mirror: Mirror) -> None:
    client = mirror.aws().client("autoscaling")
    client.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])
    have(mirror, ASLEEP)
    assert have(mirror, AWAKE, wait=False)["changed"]
    with pytest.raises(Refusal, match="still 0 of 1 hosts healthy"):
        have(mirror, AWAKE, wait_timeout=1)
    client.resume_processes(AutoScalingGroupName=GROUP)
    have(mirror, AWAKE)
    assert stands(mirror) == STANDS[AWAKE]


@pytest.mark.parametrize("state", [AWAKE, ASLEEP])
def test_production_is_neither_put_to_sleep_nor_woken(mirror: Mirror, state: str) -> None:
    mark = mirror.of.handle.mark()
    with pytest.raises(Refusal, match="production is no copy") as caught:
        sleep({**mirror.of.params("home"), "state": state}, dry=False)
    assert caught.value.result["code"] == "guarded"
    # Also where somebody says that it is one.
    said = {**mirror.of.params("home"), "copy_of": {"environment": "blog", "site": "home"}}
    with pytest.raises(Refusal, match="production-home-database is a copy of nothing"):
        sleep({**said, "state": state}, dry=False)
    assert mirror.of.handle.writes_since(mark) == []


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("tag", ["phoenix:copy-of", "phoenix:environment"])
def test_a_copy_of_another_production_is_not_touched(mirror: Mirror, tag: str, dry: bool) -> None:
    arn = database(mirror)["DBInstanceArn"]
    other = [{"Key": tag, "Value": "blog/home"}]
    mirror.aws().client("rds").add_tags_to_resource(ResourceName=arn, Tags=other)
    mark = mirror.of.handle.mark()
    with pytest.raises(Refusal, match="nothing was touched"):
        have(mirror, ASLEEP, dry=dry)
    assert mirror.of.handle.writes_since(mark) == []


def test_of_a_copy_without_its_database_nothing_is_touched(mirror: Mirror) -> None:
    mirror.aws().client("rds").delete_db_instance(
        DBInstanceIdentifier=DATABASE, SkipFinalSnapshot=True
    )
    for state in (AWAKE, ASLEEP):
        with pytest.raises(Refusal, match="is not there; of staging-a nothing was touched"):
            have(mirror, state)
    assert stands_of_hosts(mirror) == STANDS[AWAKE][:2]


def stands_of_hosts(mirror: Mirror) -> tuple[tuple[int, ...], int]:
    found = group(mirror)
    sizes = tuple(found[name] for name in ("MinSize", "DesiredCapacity", "MaxSize"))
    return sizes, len(found["Instances"])


@pytest.mark.parametrize("state", [AWAKE, ASLEEP])
@pytest.mark.sweep
def test_a_copy_of_which_a_refresh_is_under_way_is_left_alone(
    production: Environment, state: str
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("scale")
    mark = production.handle.mark()
    found = have(mirror, state)
    assert (found["changed"], found["did"]) == (False, [])
    assert found["said"].endswith("has not ended: staging-a is left alone")
    assert have(mirror, state, dry=True) == found
    assert production.handle.writes_since(mark) == []


def test_a_refresh_that_is_begun_while_it_waits_for_the_lease_has_the_copy_left_alone(
    mirror: Mirror,
) -> None:
    def lease(aws: Aws) -> Lease:
        facts = {"environment": mirror.name, "operation": "refresh"}
        id = journals.new_id("refresh", journals.now(), journals.ids(mirror.aws()))
        journals.begin(mirror.aws(), id, facts)
        return taken_alone(aws)

    found = sleep({**mirror.declared, "state": ASLEEP}, dry=False, lease=lease)
    assert (found["changed"], found["said"].partition(" ")[0]) == (False, "refresh")
    assert stands(mirror) == STANDS[AWAKE]


@pytest.mark.sweep
def test_the_copy_that_serves_sleeps_and_wakes_while_the_next_one_is_made(mirror: Mirror) -> None:
    second = Mirror(mirror.of)
    second.open()
    second.go_on("build")
    assert second.name == "staging-b"
    assert have(mirror, ASLEEP)["changed"] and have(mirror, AWAKE)["changed"]


@pytest.mark.sweep
def test_the_copy_to_which_the_way_back_goes_is_woken_and_not_put_to_sleep(
    mirror: Mirror,
) -> None:
    Mirror(mirror.of).refresh()
    have(mirror, ASLEEP)
    Mirror(mirror.of).open("return")
    assert "has not ended" in have(mirror, ASLEEP)["said"]
    assert have(mirror, AWAKE)["changed"]
    assert stands(mirror) == STANDS[AWAKE]


def test_a_copy_that_sleeps_is_taken_down_as_any_other(mirror: Mirror) -> None:
    have(mirror, ASLEEP)
    assert "db_instance/main" in mirror.destroy()["done"]
    assert told(mirror.of)["copies"] == []
    there = mirror.aws().client("rds").describe_db_instances()["DBInstances"]
    assert DATABASE not in {item["DBInstanceIdentifier"] for item in there}
    mark = mirror.of.handle.mark()
    assert "there is no database" in have(mirror, ASLEEP)["said"]
    assert mirror.of.handle.writes_since(mark) == []


@pytest.mark.sweep
def test_the_next_refresh_takes_the_place_of_a_copy_that_sleeps(mirror: Mirror) -> None:
    Mirror(mirror.of).refresh()
    have(mirror, ASLEEP)
    third = Mirror(mirror.of)
    assert third.name == "staging-a"
    third.open()
    third.destroy()
    third.go_on()
    assert third.end()["report"]["outcome"] == "succeeded"
    assert database(mirror)["DBInstanceStatus"] == "available"


def test_a_copy_is_to_be_awake_within_the_declared_hours_alone(mirror: Mirror) -> None:
    hour = journals.now().hour
    now, later = (
        {"from": f"{(hour + n) % 24:02}:00", "until": f"{(hour + n + 2) % 24:02}:00"}
        for n in (0, 4)
    )
    for awake, wanted in ((now, True), (later, False), ({}, True)):
        assert [one["awake"] for one in told(mirror.of, awake=awake)["copies"]] == [wanted]


def test_hours_that_are_wrong_are_refused_before_anything_is_asked(mirror: Mirror) -> None:
    mark = mirror.of.handle.mark()
    with pytest.raises(Refusal, match=r"awake\.until: '08:00' - must not be when it begins"):
        told(mirror.of, awake={"from": "08:00", "until": "08:00"})
    assert mirror.of.handle.log(mark) == []


# As an inventory of the application would declare it.
SHOP: dict[str, Any] = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "web_host_start": "./shop",
    "image_sets_up_database": True,
    "staging_mirror_domain": DOMAIN,
    "staging_mirror_visitors": [OFFICE],
}


@pytest.mark.sweep
def test_from_a_scheduler_copies_that_stay_sleep_out_of_their_hours_and_the_way_back_wakes_one(
    mirror: Mirror, tmp_path: Path
) -> None:
    hour = journals.now().hour
    asleep = {"from": f"{(hour + 4) % 24:02}:00", "until": f"{(hour + 6) % 24:02}:00"}
    playbooks = Playbooks(mirror.of.handle, tmp_path)

    def play(name: str, *options: str, **more: Any) -> str:
        done = playbooks.run(name, "-e", json.dumps({**SHOP, **more}), *options)
        changed(done)
        return done.stdout

    def expire(*options: str, **more: Any) -> int:
        """How many tasks changed something of the copy."""
        told = play("staging_expire", *options, **more)
        [count] = re.findall(r"^staging-a-of-home +: ok=\d+ +changed=(\d+)", told, re.MULTILINE)
        return int(count)

    assert expire("--check", staging_mirror_awake=asleep) == 1
    assert stands(mirror) == STANDS[AWAKE]
    assert expire(staging_mirror_awake=asleep) == 1
    assert stands(mirror) == STANDS[ASLEEP]
    assert expire(staging_mirror_awake=asleep) == 0
    # Whoever takes the hours away has it awake.
    assert expire() == 1
    assert stands(mirror) == STANDS[AWAKE]
    Mirror(mirror.of).refresh()
    have(mirror, ASLEEP)
    assert "StartDBInstance" in play("staging_back", staging_mirror_awake=asleep)
    assert stands(mirror) == STANDS[AWAKE]
    [serves] = [one for one in told(mirror.of)["copies"] if one["serves"]]
    assert serves["environment"] == "staging-a"
