# SPDX-License-Identifier: GPL-3.0-or-later
"""A quota of the account is in force, in its region, and can be set."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.quotas import QUOTAS
from sandbox.running import Handle
from sandbox.shims.servicequotas_limits import LIMITS, vcpus

Clients = Callable[..., Any]
HOME, WEST = "us-east-1", "us-west-2"


def code(call: Callable[..., Any], **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.fixture
def ec2(client: Clients) -> Any:
    return client("ec2")


def image(ec2: Any) -> str:
    filters = [{"Name": "architecture", "Values": ["x86_64"]}]
    found = ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"]
    return str(found[0]["ImageId"])


def test_every_quota_of_the_table_is_in_force() -> None:
    known = {(quota.service, quota.code) for quota in QUOTAS}
    assert {(limit.service, limit.code) for limit in LIMITS} == known


def test_running_vcpus_count_and_stopped_ones_do_not(cloud: Handle, ec2: Any) -> None:
    cloud.quota(HOME, "ec2", "L-1216C47A", 4)
    launch = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    two = ec2.run_instances(**{**launch, "MaxCount": 2})["Instances"]
    assert code(ec2.run_instances, **launch) == "VcpuLimitExceeded"
    ec2.stop_instances(InstanceIds=[two[0]["InstanceId"]])
    assert code(ec2.run_instances, **launch) == ""
    assert len(ec2.describe_instances()["Reservations"]) == 2


def test_the_type_of_a_launch_template_counts(cloud: Handle, ec2: Any) -> None:
    cloud.quota(HOME, "ec2", "L-1216C47A", 4)
    data = {"ImageId": image(ec2), "InstanceType": "m5.2xlarge"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    launch = {"LaunchTemplate": {"LaunchTemplateName": "web"}, "MinCount": 1, "MaxCount": 1}
    assert code(ec2.run_instances, **launch) == "VcpuLimitExceeded"
    assert code(ec2.run_instances, **launch, InstanceType="t3.micro") == ""


def test_only_standard_families_count_against_the_standard_quota() -> None:
    assert (vcpus("t3.micro"), vcpus("m5.2xlarge"), vcpus("inf1.xlarge")) == (2, 8, 0)


def test_a_quota_is_one_of_its_region(cloud: Handle, client: Clients) -> None:
    cloud.quota(HOME, "vpc", "L-F678F1CE", 1)  # the default VPC
    asked = {"CidrBlock": "10.0.0.0/16"}
    assert code(client("ec2").create_vpc, **asked) == "VpcLimitExceeded"
    assert code(client("ec2", WEST).create_vpc, **asked) == ""


def test_a_fifth_address_is_the_last_until_the_quota_is_raised(client: Clients, ec2: Any) -> None:
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    assert code(ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"
    client("service-quotas").request_service_quota_increase(
        ServiceCode="ec2", QuotaCode="L-0263D0A3", DesiredValue=6
    )
    assert code(ec2.allocate_address, Domain="vpc") == ""


def test_gateways_subnets_and_groups_are_limited(cloud: Handle, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    limits = {"L-A4707A72": 0, "L-FE5A380F": 0, "L-407747CB": 1, "L-E79EC296": 1}
    for quota, value in limits.items():
        cloud.quota(HOME, "vpc", quota, value)
    assert code(ec2.create_internet_gateway) == "InternetGatewayLimitExceeded"
    private = {"SubnetId": subnet, "ConnectivityType": "private"}
    assert code(ec2.create_nat_gateway, **private) == "NatGatewayLimitExceeded"
    more = {"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}
    assert code(ec2.create_subnet, **more) == "SubnetLimitExceeded"
    group = {"GroupName": "g", "Description": "d", "VpcId": vpc}
    assert code(ec2.create_security_group, **group) == "SecurityGroupLimitExceeded"


def database(name: str) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name,
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": 20,
        "MasterUsername": "owner",
        "MasterUserPassword": "correct-horse-9",
    }


def test_databases_and_what_belongs_to_them_are_limited(cloud: Handle, client: Clients) -> None:
    rds = client("rds")
    rds.create_db_instance(**database("one"))
    arn = rds.describe_db_instances()["DBInstances"][0]["DBInstanceArn"]
    rds.create_db_snapshot(DBInstanceIdentifier="one", DBSnapshotIdentifier="first")
    for quota, value in {
        "L-7B6409FD": 1,
        "L-272F1212": 1,
        "L-DE55804A": 0,
        "L-48C6BF61": 0,
    }.items():
        cloud.quota(HOME, "rds", quota, value)
    replica = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": arn}
    restore = {"DBInstanceIdentifier": "again", "DBSnapshotIdentifier": "first"}
    snapshot = {"DBInstanceIdentifier": "one", "DBSnapshotIdentifier": "second"}
    copy = {"SourceDBSnapshotIdentifier": "first", "TargetDBSnapshotIdentifier": "second"}
    group = {"DBParameterGroupName": "g", "DBParameterGroupFamily": "postgres16"}
    assert code(rds.create_db_instance, **database("two")) == "InstanceQuotaExceeded"
    assert code(rds.create_db_instance, **database("one")) == "DBInstanceAlreadyExists"
    assert code(rds.create_db_instance_read_replica, **replica) == "InstanceQuotaExceeded"
    assert code(rds.restore_db_instance_from_db_snapshot, **restore) == "InstanceQuotaExceeded"
    assert code(rds.create_db_snapshot, **snapshot) == "SnapshotQuotaExceeded"
    assert code(rds.copy_db_snapshot, **copy) == "SnapshotQuotaExceeded"
    refused = code(rds.create_db_parameter_group, **group, Description="d")
    assert refused == "DBParameterGroupQuotaExceeded"
    subnets = {"DBSubnetGroupName": "s", "DBSubnetGroupDescription": "d"}
    ids = [s["SubnetId"] for s in client("ec2").describe_subnets()["Subnets"]]
    refused = code(rds.create_db_subnet_group, **subnets, SubnetIds=ids)
    assert refused == "DBSubnetGroupQuotaExceeded"
    assert len(rds.describe_db_instances()["DBInstances"]) == 1


def test_balancers_and_groups_are_limited_but_what_is_there_is_found(
    cloud: Handle, client: Clients, ec2: Any
) -> None:
    elb, groups = client("elbv2"), client("autoscaling")
    ids = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]][:2]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    balancer = {"Name": "one", "Subnets": ids, "Scheme": "internal"}
    target = {"Name": "one", "Protocol": "HTTP", "Port": 80, "VpcId": vpc}
    elb.create_load_balancer(**balancer)
    elb.create_target_group(**target)
    cloud.quota(HOME, "elasticloadbalancing", "L-53DA6B97", 1)
    cloud.quota(HOME, "elasticloadbalancing", "L-B22855CB", 1)
    cloud.quota(HOME, "autoscaling", "L-CDE20ADC", 0)
    assert code(elb.create_load_balancer, **balancer) == ""
    assert code(elb.create_load_balancer, **{**balancer, "Name": "b"}) == "TooManyLoadBalancers"
    assert code(elb.create_target_group, **{**target, "Name": "b"}) == "TooManyTargetGroups"
    data = {"ImageId": image(ec2), "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    group = {
        "AutoScalingGroupName": "g",
        "MinSize": 0,
        "MaxSize": 0,
        "LaunchTemplate": {"LaunchTemplateName": "web"},
        "VPCZoneIdentifier": ids[0],
    }
    assert code(groups.create_auto_scaling_group, **group) == "LimitExceeded"


def test_an_unknown_quota_is_refused_with_those_that_there_are(cloud: Handle) -> None:
    content = json.dumps({"region": HOME, "service": "ec2", "code": "L-0", "value": 1}).encode()
    request = urllib.request.Request(f"{cloud.endpoint}/_sandbox/quotas", data=content)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert "L-1216C47A" in json.loads(refused.value.read())["error"]
