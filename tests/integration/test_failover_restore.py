# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover to a site without a replica restores the newest copy of the database that is there."""

from __future__ import annotations

import datetime
import signal
from collections.abc import Iterator
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment, addresses, live_from, ways_out
from killing import killed_operation
from test_failover_decide import put
from test_switchover import protect

from sandbox.running import Handle

RESTORE = "RestoreDBInstanceToPointInTime"
HOME_DATABASE = "production-home-database"


@pytest.fixture(scope="module")
def copied(sandbox: Handle) -> Environment:
    """Both sites, of which the recovery site lives from copied backups."""
    environment = Environment(sandbox)
    live_from(environment, "backup_restore")
    return over.build(environment)


@pytest.fixture
def backed(copied: Environment, quick: None) -> Iterator[Environment]:
    with copied.branch() as branch:
        yield branch


def stop_copying(environment: Environment) -> None:
    """No backup is in the region any more."""
    rds = environment.aws("recovery").client("rds")
    [item] = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    rds.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=item["DBInstanceArn"])
    rds.delete_db_instance_automated_backup(
        DBInstanceAutomatedBackupsArn=item["DBInstanceAutomatedBackupsArn"]
    )


def asked(environment: Environment, mark: int) -> list[bool]:
    """Whether AWS took each order to restore, whatever became of its answer."""
    orders = [c for c in environment.handle.log(mark) if c["action"] == RESTORE]
    return [order["executed"] and order["status"] == 200 for order in orders]


def parameter(environment: Environment, name: str) -> str:
    ssm = environment.aws("recovery").client("ssm")
    path = f"/production/recovery/{name}"
    return str(ssm.get_parameter(Name=path)["Parameter"]["Value"])


def test_a_database_that_was_restored_without_a_table_gets_no_traffic(backed: Environment) -> None:
    over.go_dark(backed)
    over.upto(backed, "proof", accept_unfenced=True)
    right = over.TOLD["contents"]
    with pytest.raises(Refusal, match="no table of an application"):
        over.step(backed, "contents", told={**right, "tables": {}})
    with pytest.raises(Refusal, match="has not done contents"):
        over.step(backed, "switch")
    over.step(backed, "contents", told=right)


def test_with_home_dark_a_copy_is_restored_and_serves_and_a_run_changes_nothing_of_it(
    backed: Environment,
) -> None:
    over.go_dark(backed)
    mark = backed.handle.mark()
    over.upto(backed, "promote", accept_unfenced=True)
    made = over.database(backed)
    assert (made["DBInstanceStatus"], made["DeletionProtection"]) == ("available", True)
    assert made["DBSubnetGroup"]["DBSubnetGroupName"] == over.DATABASE
    assert len(made["VpcSecurityGroups"]) == 1
    assert parameter(backed, "database_endpoint") == made["Endpoint"]["Address"]
    assert parameter(backed, "database_port") == "5432"
    over.upto(backed, "close", accept_unfenced=True)
    log = backed.handle.log(mark)
    assert {c["service"] for c in log if c["region"] == over.HOME} == {"ssm", "autoscaling", "ec2"}
    assert not {call["service"] for call in log} & {"iam", "route53"}
    assert asked(backed, mark) == [True]
    assert over.switched(backed)
    backed.handle.faults([])
    backed.run()
    assert addresses(backed.plan()) == set()
    assert over.database(backed)["MultiAZ"]
    assert over.database(backed)["DbiResourceId"] == made["DbiResourceId"]


def test_it_is_told_which_copy_it_is_of_when_and_what_is_lost(backed: Environment) -> None:
    rds = backed.aws("recovery").client("rds")
    [backup] = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    latest = backup["RestoreWindow"]["LatestTime"]
    written = latest.timestamp() + 240
    put(backed, {"WrittenAt": written, "ReplicatedAt": written, "RowsPerSecond": 2})
    told = over.step(backed, "decide", dry=True)
    assert "The newest copy, backup ab-" in told["question"]
    assert "What it lacks does not come back" in told["question"]
    later = written - told["expected"]["figures"]["ReplicatedAt"]
    assert told["expected"]["seconds_at_least"] == pytest.approx(later, abs=0.1)
    assert told["expected"]["rows"] == pytest.approx(2 * later, abs=1)
    *_rest, closed = over.upto(backed, "close")
    copy = next(
        step["evidence"]["copy"] for step in closed["report"]["steps"] if step["name"] == "promote"
    )
    assert copy["from"] == backup["DBInstanceAutomatedBackupsArn"]
    at = datetime.datetime.fromisoformat(copy["at"])
    loss = closed["report"]["measured"]["loss"]
    assert loss == {
        "seconds": round(max(0.0, written - at.timestamp()), 1),
        "rows": {},
        "how": "expected",
    }
    assert any("was restored from" in one for one in closed["report"]["findings"])
    assert not any("No heartbeat" in one for one in closed["report"]["findings"])


def test_without_a_heartbeat_the_age_of_the_copy_is_told(backed: Environment) -> None:
    told = over.step(backed, "decide", dry=True)
    assert told["expected"]["seconds_at_most"] is not None
    assert "no heartbeat has told" in told["question"]


def test_there_is_nothing_to_stop_and_no_host_is_asked(backed: Environment) -> None:
    over.upto(backed, "fence")
    result = over.step(backed, "intake")
    assert result["done"] and result["evidence"]["stopped"] == []


def test_without_a_copy_nothing_is_begun(backed: Environment) -> None:
    stop_copying(backed)
    with pytest.raises(Refusal, match="no copy of production-home-database that could be restored"):
        over.step(backed, "open")
    assert over.keys(backed) == []


def test_a_copy_of_another_major_version_is_refused_before_anything_is_touched(
    backed: Environment,
) -> None:
    backed.declared["database"] = {"engine_version": "17"}
    with pytest.raises(Refusal, match="and 17 is declared"):
        over.step(backed, "open")
    assert over.keys(backed) == []


@pytest.mark.parametrize("effect", ["lost", "error500", "throttle"])
def test_an_order_whose_answer_does_not_come_restores_once(
    backed: Environment, effect: str
) -> None:
    over.upto(backed, "intake")
    backed.handle.faults([{"effect": effect, "action": RESTORE, "times": 1}])
    mark = backed.handle.mark()
    over.step(backed, "promote")
    assert [fault["action"] for fault in backed.handle.fired()] == [RESTORE]
    assert asked(backed, mark).count(True) == 1
    assert over.database(backed)["DBInstanceStatus"] == "available"


@pytest.mark.sweep
def test_a_run_that_was_cut_off_goes_on_with_what_it_asked_for(backed: Environment) -> None:
    over.upto(backed, "intake")
    backed.handle.speed(60)
    mark = backed.handle.mark()
    with pytest.raises(Refusal, match="the restore: after"):
        over.step(backed, "promote", wait_timeout=1)
    assert over.database(backed)["DBInstanceStatus"] == "creating"
    with pytest.raises(Refusal, match="has not done promote"):
        over.step(backed, "switch")
    backed.handle.speed(0)
    result = over.step(backed, "promote")
    assert result["done"] and result["evidence"]["copy"]["from"]
    assert asked(backed, mark) == [True]


@pytest.mark.sweep
def test_what_has_the_password_of_before_is_not_done(backed: Environment) -> None:
    """Hosts log in with what the secret holds."""
    over.upto(backed, "intake")
    change = {"service": "rds", "action": "ModifyDBInstance", "region": over.RECOVERY}
    backed.handle.faults([{"effect": "throttle", **change, "times": 10**6}])
    with pytest.raises(Refusal):
        over.step(backed, "promote", wait_timeout=2)
    assert backed.handle.fired()
    backed.handle.faults([])
    mark = backed.handle.mark()
    over.step(backed, "promote")
    assert [c["action"] for c in backed.handle.log(mark) if c["action"] == change["action"]]


def test_a_database_that_stands_and_copies_nothing_is_not_moved_to(built: Environment) -> None:
    """It may be the primary of before, which lacks all that was written since."""
    since = "2026-11-01T00:00:00+00:00"
    record = active.Active(epoch=9, site="home", protected=False, since=since)
    for site in ("home", "recovery"):
        active.write(built.aws(site), record)
    with pytest.raises(Refusal, match="site recovery does not stand by"):
        over.step(built, "open")
    assert over.keys(built) == []


@pytest.mark.sweep
def test_a_replica_that_stands_still_is_promoted_whatever_the_strategy(
    built: Environment,
) -> None:
    """One that was kept after a change of the strategy has lost less than any copy."""
    live_from(built, "backup_restore")
    over.build(built)
    mark = built.handle.mark()
    over.upto(built, "promote")
    assert asked(built, mark) == []
    assert not over.is_replica(built)
    assert len(gateways(built)) == 3
    over.upto(built, "close")


def tier(environment: Environment, name: str) -> dict[str, Any]:
    """A tier as step scale has it made, with what that knows of the restored database."""
    opened = over.step(environment, "open")
    facts = over.step(environment, "promote")["evidence"]["facts"]
    told = {
        "isolated": True,
        "within": opened["id"],
        "wait_timeout": 60,
        "known": {**opened["known"], "db_instance/main": facts},
    }
    params = environment.params("recovery", **told)
    return run({**params, **params.pop("traffic")}, name, dry=False)


def scaled(environment: Environment) -> None:
    over.step(environment, "scale")
    did = [one for name in ("network", "web_tier") for one in tier(environment, name)["done"]]
    over.step(environment, "scale", told={"did": did})


def gateways(environment: Environment, site: str = "recovery") -> list[str]:
    """The states of those that are not gone, in order."""
    found = environment.aws(site).client("ec2").describe_nat_gateways()["NatGateways"]
    return sorted(g["State"] for g in found if g["State"] not in ("deleting", "deleted"))


def order(environment: Environment, mark: int) -> list[str]:
    """The first of each of the writes by which a restored site comes to its hosts."""
    writes = (RESTORE, "CreateNatGateway", "CreateRoute", "UpdateAutoScalingGroup")
    log = environment.handle.log(mark)
    there = [call["action"] for call in log if call["region"] == over.RECOVERY]
    return list(dict.fromkeys(action for action in there if action in writes))


def test_gateways_are_made_beside_the_database_and_lead_out_before_hosts_are_launched(
    backed: Environment,
) -> None:
    assert gateways(backed) == [] and gateways(backed, "home") == ["available"] * 3
    over.go_dark(backed)
    mark = backed.handle.mark()
    over.upto(backed, "intake", accept_unfenced=True)
    did = over.step(backed, "promote")["evidence"]["did"]
    assert {f"asked for nat_gateway/{letter}" for letter in "abc"} < set(did)
    over.upto(backed, "grade", accept_unfenced=True)
    scaled(backed)
    assert gateways(backed) == ["available"] * 3
    made = order(backed, mark)
    assert set(made[:2]) == {RESTORE, "CreateNatGateway"}
    assert made[2:] == ["CreateRoute", "UpdateAutoScalingGroup"]
    assert not {c["service"] for c in backed.handle.log(mark)} & {"iam", "route53"}
    over.upto(backed, "close", accept_unfenced=True)
    backed.handle.faults([])
    # What served keeps its own until it stands by.
    assert ways_out(backed.plan()) == set()
    backed.run()
    assert addresses(backed.plan()) == set()
    protect(backed, "recovery")
    assert gateways(backed, "home") == [] and gateways(backed) == ["available"] * 3
    assert addresses(backed.plan()) == set()


def test_gateways_that_are_refused_keep_no_database_from_being_restored(
    backed: Environment,
) -> None:
    over.upto(backed, "intake")
    ec2 = backed.aws("recovery").client("ec2")
    others = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _number in range(4)]
    promoted = over.step(backed, "promote")
    assert promoted["done"]
    assert len([one for one in promoted["evidence"]["did"] if "nat_gateway" in one]) == 1
    over.upto(backed, "grade")
    with pytest.raises(Refusal, match="2 elastic IP addresses would be made in us-west-2"):
        scaled(backed)
    for allocation in others:
        ec2.release_address(AllocationId=allocation)
    scaled(backed)
    assert gateways(backed) == ["available"] * 3


@pytest.mark.parametrize("mode", [pytest.param("before", marks=pytest.mark.sweep), "after"])
def test_a_run_that_dies_while_it_asks_for_gateways_is_gone_on_with_and_none_is_made_twice(
    backed: Environment, mode: str
) -> None:
    for action, at in ("AllocateAddress", 2), ("CreateNatGateway", 2):
        rule = {"action": action, "at": at, "mode": mode}
        died = ("failover", "recovery", "promote", "backup_restore")
        assert killed_operation(backed, rule, died) == -signal.SIGKILL
        assert backed.handle.fired()
        backed.handle.faults([])
    over.upto(backed, "grade", accept_unfenced=True)
    scaled(backed)
    ec2 = backed.aws("recovery").client("ec2")
    assert gateways(backed) == ["available"] * 3
    assert len(ec2.describe_addresses()["Addresses"]) == 3


def restored(environment: Environment, **told: str) -> None:
    """A copy serves, and home is back. told: what its hosts tell of it besides."""
    over.go_dark(environment)
    over.upto(environment, "proof", accept_unfenced=True)
    assert over.step(environment, "contents")["ask"] == {"snapshot": True}
    over.step(environment, "contents", told={**over.TOLD["contents"], **told})
    over.upto(environment, "close", accept_unfenced=True)
    environment.handle.faults([])
    environment.run()


def test_what_the_copy_has_is_told_before_it_is_written_to_so_that_what_it_lacks_is_counted(
    backed: Environment,
) -> None:
    restored(backed, snapshot="90:95:91")
    given: dict[str, Any] = {"operation": "reprotect", "site": "recovery"}
    over.upto(backed, "snapshot", **given)
    assert over.step(backed, "orphans", **given)["ask"]["snapshot"] == "90:95:91"


@pytest.mark.sweep
def test_where_nobody_has_told_it_nothing_is_counted_and_home_keeps_backups_all_the_same(
    backed: Environment,
) -> None:
    restored(backed)
    given: dict[str, Any] = {"operation": "reprotect", "site": "recovery"}
    over.upto(backed, "orphans", **given)
    asked = over.step(backed, "decide", dry=True, **given)["question"]
    assert "What home has that recovery lacks was not counted" in asked
    assert "copies of the backups of recovery take its place" in asked
    *_rest, closed = protect(backed, "recovery")
    report = closed["report"]
    assert report["measured"]["loss"] == {"seconds": None, "rows": {}, "how": "unknown"}
    assert any("was not counted: no operation has told" in one for one in report["findings"])
    rds = backed.aws("home").client("rds")
    copies = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    assert "arn:aws:rds:us-west-2:123456789012:db:production-recovery-database" in [
        one["DBInstanceArn"] for one in copies if one["Status"] == "replicating"
    ]


def test_a_move_that_is_to_lose_nothing_is_not_begun_without_a_replica(
    backed: Environment,
) -> None:
    mark = backed.handle.mark()
    for dry in (True, False):
        with pytest.raises(Refusal, match="has no replica of production-home-database") as caught:
            over.step(backed, "open", operation="switchover", dry=dry)
    assert "declare strategy pilot_light" in caught.value.result["hint"]
    assert over.keys(backed) == []
    assert not [c for c in backed.handle.writes_since(mark) if "active" in str(c)]
