# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on order: what the caller sees, and what was done."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.client import Refused
from sandbox.faults import BadRule, rule_of
from sandbox.running import Handle

from .conftest import Clients

THROTTLED = [
    ("ec2", "describe_vpcs", {}, "RequestLimitExceeded", 503),
    ("s3", "list_buckets", {}, "SlowDown", 503),
    ("rds", "describe_db_instances", {}, "Throttling", 400),
    ("elbv2", "describe_load_balancers", {}, "Throttling", 400),
    ("autoscaling", "describe_auto_scaling_groups", {}, "Throttling", 400),
    ("iam", "list_roles", {}, "Throttling", 400),
    ("sns", "list_topics", {}, "Throttling", 400),
    ("cloudwatch", "describe_alarms", {}, "ThrottlingException", 400),
    ("route53", "list_hosted_zones", {}, "Throttling", 400),
    ("kms", "list_keys", {}, "ThrottlingException", 400),
    ("ssm", "describe_parameters", {}, "ThrottlingException", 400),
    ("secretsmanager", "list_secrets", {}, "ThrottlingException", 400),
    ("acm", "list_certificates", {}, "ThrottlingException", 400),
    ("logs", "describe_log_groups", {}, "ThrottlingException", 400),
    ("scheduler", "list_schedules", {}, "ThrottlingException", 400),
]


@pytest.mark.parametrize(
    ("service", "method", "given", "code", "status"), THROTTLED, ids=[t[0] for t in THROTTLED]
)
def test_a_throttled_request_gets_the_services_own_error_and_botocore_retries_it(
    cloud: Handle,
    client: Clients,
    service: str,
    method: str,
    given: dict[str, Any],
    code: str,
    status: int,
) -> None:
    cloud.faults([{"effect": "throttle", "times": 1}])
    with pytest.raises(ClientError) as refused:
        getattr(client(service), method)(**given)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    cloud.faults([{"effect": "throttle", "times": 1}])
    getattr(client(service, retries=2), method)(**given)
    assert [fault["effect"] for fault in cloud.fired()] == ["throttle"]


@pytest.mark.parametrize(("service", "method"), [(t[0], t[1]) for t in THROTTLED])
def test_an_internal_error_is_status_500_in_every_protocol_and_is_retried(
    cloud: Handle, client: Clients, service: str, method: str
) -> None:
    cloud.faults([{"effect": "error500", "times": 1}])
    with pytest.raises(ClientError) as failed:
        getattr(client(service), method)()
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    cloud.faults([{"effect": "error500", "times": 1}])
    getattr(client(service, retries=2), method)()


def test_a_lost_answer_was_executed_and_the_caller_does_not_know(
    cloud: Handle, client: Clients
) -> None:
    before = len(client("ec2").describe_vpcs()["Vpcs"])
    cloud.faults([{"effect": "lost", "action": "CreateVpc"}])
    with pytest.raises(ConnectionClosedError):
        client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    entry = cloud.log()[-1]
    assert (entry["action"], entry["executed"], entry["fault"]) == ("CreateVpc", True, "lost")
    assert len(client("ec2").describe_vpcs()["Vpcs"]) == before + 1


def test_a_dark_region_executes_nothing_and_the_others_go_on(
    cloud: Handle, client: Clients
) -> None:
    cloud.faults([{"effect": "dark", "region": "us-east-1"}])
    with pytest.raises(ConnectionClosedError):
        client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert cloud.log()[-1]["executed"] is False
    client("ec2", "us-west-2").create_vpc(CidrBlock="10.0.0.0/16")
    # The control planes of IAM and Route 53 are in us-east-1.
    with pytest.raises(ConnectionClosedError):
        client("iam").list_roles()
    cloud.faults([])
    assert len(client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_a_delayed_request_does_not_hold_up_the_others(cloud: Handle, client: Clients) -> None:
    cloud.faults([{"effect": "delay", "seconds": 1.5, "action": "CreateVpc"}])
    script = (
        "import boto3,sys;boto3.client('ec2',region_name='us-east-1',endpoint_url=sys.argv[1],"
        "aws_access_key_id='x',aws_secret_access_key='x').create_vpc(CidrBlock='10.9.0.0/16')"
    )
    slow = subprocess.Popen([sys.executable, "-c", script, cloud.endpoint])
    while not cloud.fired():
        time.sleep(0.01)
    client("ec2").describe_vpcs()
    assert cloud.log()[-1]["action"] == "DescribeVpcs"
    assert slow.wait(30) == 0
    assert cloud.log()[-1]["action"] == "CreateVpc"
    assert cloud.log()[-1]["duration"] >= 1.5


def test_a_stale_read_by_count_misses_a_new_object_in_lists_by_tag_and_by_id(
    cloud: Handle, client: Clients
) -> None:
    ec2 = client("ec2")
    ec2.describe_vpcs()
    cloud.faults([{"effect": "stale", "reads": 3}])
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "id", "Value": "new"}]}]
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    assert made not in {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    by_tag = [{"Name": "tag:id", "Values": ["new"]}]
    assert ec2.describe_vpcs(Filters=by_tag)["Vpcs"] == []
    with pytest.raises(ClientError) as missing:
        ec2.describe_vpcs(VpcIds=[made])
    assert missing.value.response["Error"]["Code"] == "InvalidVpcID.NotFound"
    assert [vpc["VpcId"] for vpc in ec2.describe_vpcs(VpcIds=[made])["Vpcs"]] == [made]
    assert len(cloud.fired()) == 3


def test_a_stale_read_by_time_shows_the_old_value_and_the_deleted_object(
    cloud: Handle, client: Clients
) -> None:
    ssm = client("ssm")
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    cloud.faults([{"effect": "stale", "seconds": 0.6, "service": "ssm"}])
    ssm.put_parameter(Name="/a", Value="2", Type="String", Overwrite=True)
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    time.sleep(0.7)
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "2"
    ssm.delete_parameter(Name="/a")
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "2"


STALE = [
    ("iam", "create_user", {"UserName": "u"}, "list_users", "Users"),
    ("sns", "create_topic", {"Name": "t"}, "list_topics", "Topics"),
    ("kms", "create_key", {}, "list_keys", "Keys"),
    ("logs", "create_log_group", {"logGroupName": "g"}, "describe_log_groups", "logGroups"),
    (
        "secretsmanager",
        "create_secret",
        {"Name": "s", "SecretString": "x"},
        "list_secrets",
        "SecretList",
    ),
    (
        "route53",
        "create_hosted_zone",
        {"Name": "example.com", "CallerReference": "1"},
        "list_hosted_zones",
        "HostedZones",
    ),
    (
        "elbv2",
        "create_target_group",
        {"Name": "t", "Protocol": "HTTP", "Port": 80, "TargetType": "ip"},
        "describe_target_groups",
        "TargetGroups",
    ),
    (
        "rds",
        "create_db_parameter_group",
        {
            "DBParameterGroupName": "p",
            "DBParameterGroupFamily": "postgres15",
            "Description": "d",
        },
        "describe_db_parameter_groups",
        "DBParameterGroups",
    ),
    (
        "autoscaling",
        "create_launch_configuration",
        {
            "LaunchConfigurationName": "l",
            "ImageId": "ami-1",
            "InstanceType": "t3.micro",
        },
        "describe_launch_configurations",
        "LaunchConfigurations",
    ),
]


@pytest.mark.parametrize(
    ("service", "write", "given", "read", "items"), STALE, ids=[s[0] for s in STALE]
)
def test_every_service_can_be_stale(
    cloud: Handle,
    client: Clients,
    service: str,
    write: str,
    given: dict[str, Any],
    read: str,
    items: str,
) -> None:
    api = client(service)
    if service == "elbv2":
        given = {**given, "VpcId": client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]}
    before = len(getattr(api, read)()[items])
    cloud.faults([{"effect": "stale", "reads": 1}])
    getattr(api, write)(**given)
    assert len(getattr(api, read)()[items]) == before
    assert len(getattr(api, read)()[items]) == before + 1


CALLER = """
import sys, boto3
from botocore.config import Config
once = Config(retries={"total_max_attempts": 1})
ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=sys.argv[1], config=once,
    aws_access_key_id="x", aws_secret_access_key="x")
for n in range(5):
    ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")
"""


@pytest.mark.parametrize(("mode", "made"), [("before", 2), ("after", 3)])
def test_a_kill_at_the_third_write_leaves_exactly_what_was_executed(
    cloud: Handle, client: Clients, tmp_path: Path, mode: str, made: int
) -> None:
    number = tmp_path / "group"
    noting = ["sh", "-c", f'echo $$ > "{number}"; exec "$@"', "sh"]
    rule = {"effect": "kill", "at": 3, "action": "CreateVpc", "mode": mode}
    cloud.faults([{**rule, "pid_file": str(number)}])
    caller = subprocess.Popen(
        [*noting, sys.executable, "-c", CALLER, cloud.endpoint],
        start_new_session=True,
    )
    assert caller.wait(60) == -9
    assert [fault["effect"] for fault in cloud.fired()] == ["kill"]
    writes = [entry for entry in cloud.log() if entry["fault"] == "kill"]
    assert writes[-1]["executed"] is (mode == "after")
    assert len(client("ec2").describe_vpcs()["Vpcs"]) == 1 + made


def test_a_kill_rule_never_ends_the_sandbox_itself(cloud: Handle, client: Clients) -> None:
    with pytest.raises(Refused, match="process group"):
        cloud.faults([{"effect": "kill", "pgid": 1}])
    client("ec2").describe_vpcs()


def test_rules_choose_by_service_action_region_and_kind(cloud: Handle, client: Clients) -> None:
    rules = [
        {"effect": "throttle", "service": "ec2", "region": "us-west-2", "write_only": True},
        {"effect": "throttle", "action": "ListKeys", "skip": 1, "times": 1},
    ]
    cloud.faults(rules)
    client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    client("ec2", "us-west-2").describe_vpcs()
    with pytest.raises(ClientError):
        client("ec2", "us-west-2").create_vpc(CidrBlock="10.0.0.0/16")
    client("kms").list_keys()
    with pytest.raises(ClientError):
        client("kms").list_keys()
    client("kms").list_keys()
    assert [fault["rule"] for fault in cloud.fired()] == [0, 1]


def test_the_same_seed_hits_the_same_requests(cloud: Handle, client: Clients) -> None:
    def hits(seed: int) -> list[bool]:
        cloud.faults([{"effect": "throttle", "probability": 0.3, "seed": seed}])
        mark = cloud.mark()
        ec2 = client("ec2")
        for _ in range(30):
            with suppress(ClientError):
                ec2.describe_vpcs()
        return [entry["fault"] is not None for entry in cloud.log(mark)]

    first = hits(7)
    assert 0 < sum(first) < 30
    assert hits(7) == first
    assert hits(8) != first


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"effect": "explode"},
        {"effect": "throttle", "probabilty": 1},
        {"effect": "throttle", "times": "many"},
        {"effect": "throttle", "service": 3},
        {"effect": "stale"},
        {"effect": "dark", "outside": True},
        {"effect": "kill"},
        {"effect": "kill", "pgid": 99999, "mode": "during"},
        {"effect": "delay", "at": 0},
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(BadRule):
        rule_of(rule)


def test_a_client_that_loses_its_answer_finds_the_next_connection_working(
    cloud: Handle, client: Clients
) -> None:
    cloud.faults([{"effect": "dark", "times": 3}])
    ec2 = client("ec2", retries=4)
    assert ec2.describe_vpcs()["Vpcs"]
    with urllib.request.urlopen(f"{cloud.endpoint}/_sandbox/health") as answer:
        assert answer.status == 200
