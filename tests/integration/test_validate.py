# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the recovery site is fit to take over: what is amiss is told by name, with a way on."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import Lease
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import (
    reading,
)
from environment import SITES, Environment
from keeping import OTHER
from validating import HOME, RECOVERY, looked, row, states

from playbooks import Playbooks

# Requests of one look, where no operation has been begun yet: each entry of a journal is one more,
# and up to four are for what is put into buckets besides the release and the manifest.
MOST_REQUESTS = 123
SITE = "$ ansible-playbook operatingdev.phoenix.site"
# State and name of a row, as the playbook tells it.
LINE = re.compile(r'^ +"(pass|fail|unknown) +(\w+(?: \w+)*)', re.MULTILINE)
# What hangs on the region that serves, or on a service that is one for all regions.
FAR = {
    "Operations",
    "Lease",
    "Image",
    "Replica as primary",
    "Logins in sync",
    "Copied buckets",
    "Records",
    "Health check",
}
# As the role would declare them.
VARIABLES = {
    "dr_site_strict": False,
    "dr_site_fit": False,
    "dr_site_smoke_write": "/ready",
    "dr_site_recovery_point_seconds": 60,
    "dr_site_recovery_time_seconds": 3600,
    "dr_site_drill_days": 90,
    "dr_site_commit": "",
    "image_controller": "203.0.113.7/32",
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "web_host_start": "./shop",
}


@pytest.fixture(scope="module")
def fresh(standing: Environment) -> dict[str, Any]:
    """What is told of an environment that one run has built, without an application."""
    with standing.branch() as branch:
        validating.no_manifest(branch)
        return looked(branch)


@pytest.fixture(scope="module")
def built(standing: Environment, fresh: dict[str, Any]) -> Environment:
    validating.make_fit(standing)
    return standing


@pytest.fixture
def fit(built: Environment) -> Iterator[Environment]:
    """Looked at by nobody else: a test may break it."""
    with built.branch() as branch:
        validating.beat(branch)
        yield branch


def test_a_fresh_environment_lacks_a_manifest_and_what_time_brings(fresh: dict[str, Any]) -> None:
    assert states(fresh, "fail") == {"Manifest"}
    assert states(fresh, "unknown") == {"Replication lag", "Heartbeat", "Proof"}


def test_of_a_fit_environment_all_is_good_but_that_no_drill_has_shown_it(fit: Environment) -> None:
    found = looked(fit)
    assert (found["failed"], found["readiness"]) == ("", "unknown")
    assert states(found, "fail", "unknown") == {"Proof"}
    assert "never proven" in row(found, "Proof")["said"]
    assert found["replication"]["lag_seconds"] == 1.0
    assert 5 <= found["replication"]["heartbeat_age_seconds"] < 60
    assert found["report"][0] == "site recovery is ready to take over; not known: Proof"


def test_what_is_not_known_fails_where_that_is_asked_for(fit: Environment) -> None:
    assert "not known: Proof" in looked(fit, strict=True)["failed"]


def test_a_look_writes_nothing_and_asks_a_stated_number_of_requests(fit: Environment) -> None:
    mark = fit.handle.mark()
    looked(fit)
    assert fit.handle.writes_since(mark) == []
    assert 0 < len(fit.handle.log(mark)) <= MOST_REQUESTS


def test_the_site_that_serves_asks_for_the_record_only_and_has_no_rows(fit: Environment) -> None:
    mark = fit.handle.mark()
    found = looked(fit, "home")
    assert (found["rows"], found["standby"], found["failed"]) == ([], "recovery", "")
    assert [call["action"] for call in fit.handle.log(mark)] == ["GetParameter"]


def test_what_is_not_told_in_time_is_not_known_and_the_rest_is_told(
    fit: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()

    def late(_view: Any) -> Any:
        told.wait()

    def waited(futures: Any, _seconds: float) -> None:
        kept = list(futures)
        while sum(not one.done() for one in kept) > 1:
            time.sleep(0.05)

    monkeypatch.setattr(reading.figures, "lag", late)
    monkeypatch.setattr(reading, "wait", waited)
    try:
        found = looked(fit)
    finally:
        told.set()
    assert states(found, "unknown") == {"Proof", "Replication lag"}
    assert row(found, "Replication lag")["said"] == "nothing told it within 45 s"
    assert found["replication"]["lag_seconds"] is None


def test_a_run_without_the_site_that_stands_by_does_not_pass(fit: Environment) -> None:
    assert "run it without --limit" in looked(fit, "home", peer_absent=True)["failed"]


@pytest.mark.parametrize(
    ("spoil", "what", "said", "command"),
    [
        (validating.default_group, "Replica as declared", "default.postgres16", SITE),
        (validating.no_backups, "Replica as declared", "backup_retention is 0, not 7", SITE),
        (validating.no_grant, "Key", "its policy lacks AutoScalingGrants", SITE),
        (
            validating.stale_image,
            "Image",
            "of release 0, site home runs 1",
            "$ ansible-playbook operatingdev.phoenix.release -e release_version=1",
        ),
        (validating.no_artifact, "Artifact", validating.KEY, "$ aws s3 cp "),
        (
            validating.not_copied,
            "Copied buckets",
            "S3 failed to copy shop/shop-2.tar.gz of production-home-releases-",
            "$ aws s3 cp s3://production-home-releases-123456789012-us-east-1/shop/shop-2.tar.gz "
            "s3://production-recovery-releases-",
        ),
        (validating.no_login, "Logins", "production/home/application", SITE),
        (validating.no_certificate, "Certificate", "no certificate of shop.example.com", SITE),
        (validating.no_manifest, "Manifest", "has no manifest", SITE),
        (
            validating.old_manifest,
            "Manifest",
            "it takes ami-0123456789abcdef0 for the image of hosts",
            f"{SITE} -e dr_site_write_manifest=true",
        ),
        (
            validating.low_quota,
            "Room for hosts",
            "12 t4g.small take 24 vCPUs",
            "$ aws service-quotas request-service-quota-increase --region us-west-2 "
            "--service-code ec2 --quota-code L-1216C47A --desired-value 24",
        ),
        (validating.no_switch, "Switch", "no alarm production-recovery-switch", SITE),
        (
            validating.unended,
            "Operations",
            "failover 20261128T050000Z-failover-3f2a of ada@laptop has not ended",
            "$ ansible-playbook operatingdev.phoenix.dr_failover",
        ),
        (
            validating.unended_drill,
            "Operations",
            "drill 20261128T050000Z-drill-3f2a of ada@laptop has not ended",
            "$ ansible-playbook operatingdev.phoenix.dr_drill",
        ),
        (
            validating.left_moving,
            "Active site",
            "20261128T050000Z-failover-3f2a moves the environment, which has not ended",
            "$ ansible-playbook operatingdev.phoenix.dr_failover",
        ),
    ],
)
def test_what_is_amiss_is_told_by_name_with_the_command_that_mends_it(
    fit: Environment, spoil: Callable[[Environment], None], what: str, said: str, command: str
) -> None:
    spoil(fit)
    found = looked(fit)
    assert what in states(found, "fail") and what in found["failed"]
    assert said in row(found, what)["said"]
    assert row(found, what)["next"].startswith(command)


def test_what_s3_has_failed_to_copy_and_somebody_has_copied_since_is_told_no_more(
    fit: Environment,
) -> None:
    validating.not_copied(fit)
    assert "Copied buckets" in states(looked(fit), "fail")
    aws = fit.aws("recovery")
    aws.client("s3").put_object(
        Bucket=aws.scope.bucket("releases"), Key=validating.NEXT, Body=b"bytes"
    )
    assert "Copied buckets" in states(looked(fit), "pass")


def test_a_beat_that_is_older_than_the_objective_is_told(fit: Environment) -> None:
    validating.beat(fit, age=30.0)
    assert "Heartbeat" not in states(looked(fit, recovery_point_seconds=3600), "fail")
    assert "Heartbeat" in states(looked(fit, recovery_point_seconds=3), "fail")


@pytest.mark.parametrize("site", ["recovery", "home"])
def test_a_run_that_writes_at_one_of_the_sites_is_told_by_name(fit: Environment, site: str) -> None:
    with Lease(fit.aws(site), OTHER, lambda line: None).during():
        found = looked(fit)
    said = row(found, "Lease")["said"]
    assert OTHER.who in said and f"at site {site}" in said and "Lease" in states(found, "fail")


def test_of_a_dark_region_what_needs_it_is_not_known_and_the_rest_is_told(
    fit: Environment,
) -> None:
    fit.handle.faults([{"effect": "dark", "region": HOME}])
    found = looked(fit)
    assert states(found, "fail") == set()
    assert states(found, "unknown") == FAR | {"Proof"}
    assert "us-east-1, where site home stands, does not answer" in row(found, "Operations")["said"]
    assert "route53" in row(found, "Records")["said"]
    assert {"Replica", "Key", "Certificate", "Artifact", "Room for hosts"} <= states(found, "pass")


def test_of_a_standby_that_is_dark_nothing_is_told_but_that(fit: Environment) -> None:
    fit.handle.faults([{"effect": "dark", "region": RECOVERY}])
    found = looked(fit)
    assert "us-west-2, where site recovery stands, does not answer" in found["failed"]


def test_an_environment_that_was_moved_and_has_no_copy_yet_is_not_fit(
    fit: Environment,
) -> None:
    record = active.Active(
        1, "recovery", False, "2026-11-28T05:00:00+00:00", "20261128T050000Z-failover-3f2a"
    )
    for site in ("home", "recovery"):
        active.write(fit.aws(site), record)
    found = looked(fit, "home")
    assert found["standby"] == "home"
    assert "Active site" in states(found, "fail")
    assert row(found, "Active site")["next"].endswith("phoenix.dr_reprotect")


def test_without_a_copy_that_streams_a_backup_in_the_region_is_asked_for(fit: Environment) -> None:
    recovery = {**SITES["recovery"], "strategy": "backup_restore"}
    found = looked(fit, sites={**SITES, "recovery": recovery})
    assert "no backup of production-home-database is in us-west-2" in row(found, "Backup")["said"]
    assert row(found, "Copied backups")["said"] == "db_backup_replication/main is missing"
    for what in ("Backup", "Copied backups"):
        assert row(found, what)["next"].endswith("ansible-playbook operatingdev.phoenix.site")
    assert not {"Replica", "Heartbeat"} & {one["what"] for one in found["rows"]}


def test_the_newest_copy_of_a_snapshot_is_judged_by_its_age(fit: Environment) -> None:
    recovery = {**SITES["recovery"], "strategy": "backup_restore"}
    home, here = (fit.aws(site).client("rds") for site in ("home", "recovery"))
    made = home.create_db_snapshot(
        DBInstanceIdentifier="production-home-database", DBSnapshotIdentifier="by-hand"
    )["DBSnapshot"]
    here.copy_db_snapshot(
        SourceDBSnapshotIdentifier=made["DBSnapshotArn"],
        TargetDBSnapshotIdentifier="copied",
        KmsKeyId="alias/phoenix-production-recovery",
        SourceRegion=HOME,
    )
    try:
        sites = {**SITES, "recovery": recovery}
        found = row(looked(fit, sites=sites, recovery_point_seconds=3600), "Backup")
    finally:
        here.delete_db_snapshot(DBSnapshotIdentifier="copied")
        home.delete_db_snapshot(DBSnapshotIdentifier="by-hand")
    assert found["state"] == "pass" and "snapshot copied" in found["said"]
    assert found["age_seconds"] < 3600


def test_hosts_of_others_take_of_the_room(fit: Environment) -> None:
    ec2 = fit.aws("recovery").client("ec2")
    [subnet, *_rest] = ec2.describe_subnets(Filters=fit.aws("recovery").scope.filters())["Subnets"]
    filters = [{"Name": "architecture", "Values": ["x86_64"]}]
    [image, *_rest] = ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"]
    [other] = ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["SubnetId"],
    )["Instances"]
    try:
        said = row(looked(fit), "Room for hosts")["said"]
    finally:
        ec2.terminate_instances(InstanceIds=[other["InstanceId"]])
    assert "others have 2" in said


def test_gateways_that_only_a_failover_makes_are_judged_by_the_fullest_zone(
    fit: Environment,
) -> None:
    """Those of the site that stands there still are of no other kind than those it would make."""
    sites = {**SITES, "recovery": {**SITES["recovery"], "strategy": "backup_restore"}}
    ec2 = fit.aws("recovery").client("ec2")
    [subnet] = ec2.describe_subnets(
        Filters=[{"Name": "tag:phoenix:id", "Values": ["subnet/public-b"]}]
    )["Subnets"]
    ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], ConnectivityType="private")
    for quota, state in (2, "pass"), (1, "fail"):
        fit.handle.quota(RECOVERY, "vpc", "L-FE5A380F", quota)
        found = row(looked(fit, sites=sites), "Room for gateways")
        assert found["state"] == state
        assert found["said"].startswith("1 NAT gateway in us-west-2b, 1 would be made")


def test_the_playbook_tells_the_rows_and_fails_and_its_check_is_the_same(
    fit: Environment, tmp_path: Path
) -> None:
    validating.no_manifest(fit)
    playbooks = Playbooks(fit.handle, tmp_path)
    options = ("-e", json.dumps(VARIABLES))
    told: list[Any] = []
    for more in ((), ("--check",)):
        mark = fit.handle.mark()
        ran = playbooks.run("dr_validate", *options, *more)
        assert ran.returncode != 0 and fit.handle.writes_since(mark) == []
        assert (
            "fail    Manifest" in ran.stdout and "home serves, recovery is looked at" in ran.stdout
        )
        told.append(LINE.findall(ran.stdout))
    assert len(told[0]) > 20 and told[0] == told[1]
