# SPDX-License-Identifier: GPL-3.0-or-later
"""A name of ours that somebody else has taken is refused in planning, and theirs stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import ACCOUNT, Environment, addresses

WHO = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [WHO]})
LATENCY = {
    "AlarmName": "production-home-latency",
    "Namespace": "Theirs",
    "MetricName": "Seconds",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 7.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
BUCKET = f"production-home-logs-{ACCOUNT}-us-east-1"
FULL = f"production-home-backups-{ACCOUNT}-us-east-1"


def network(aws: Aws) -> tuple[str, list[str]]:
    """A VPC of somebody else, with a gateway and a subnet in each of two zones."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return vpc, [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.99.{n}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")
    ]


def key(aws: Aws) -> None:
    id = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.client("kms").create_alias(AliasName="alias/phoenix-production-home", TargetKeyId=id)


def bucket(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket=BUCKET)
    tags = {"TagSet": [{"Key": "owner", "Value": "theirs"}]}
    aws.client("s3").put_bucket_tagging(Bucket=BUCKET, Tagging=tags)


def full(aws: Aws) -> None:
    """A bucket without tags, which is not empty."""
    aws.client("s3").create_bucket(Bucket=FULL)
    aws.client("s3").put_object(Bucket=FULL, Key="theirs", Body=b"1")


def subnet_group(aws: Aws) -> None:
    aws.client("rds").create_db_subnet_group(
        DBSubnetGroupName="production-home-database",
        DBSubnetGroupDescription="Theirs",
        SubnetIds=network(aws)[1],
    )


def instance(aws: Aws) -> None:
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier="production-home-database",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="theirs",
        MasterUserPassword="only-emulated",
    )


def target_group(aws: Aws) -> None:
    aws.client("elbv2").create_target_group(
        Name="production-home-web-8080", Protocol="HTTP", Port=80, VpcId=network(aws)[0]
    )


def balancer(aws: Aws) -> None:
    aws.client("elbv2").create_load_balancer(Name="production-home-main", Subnets=network(aws)[1])


def template(aws: Aws, name: str = "production-home-web") -> None:
    image = "resolve:ssm:/aws/service/debian/release/12/latest/amd64"
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    aws.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)


def group(aws: Aws) -> None:
    template(aws, "theirs")
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="production-home-web",
        LaunchTemplate={"LaunchTemplateName": "theirs"},
        MinSize=0,
        MaxSize=0,
        VPCZoneIdentifier=network(aws)[1][0],
    )


NAMED: dict[str, Callable[[Aws], Any]] = {
    "alarm production-home-latency": lambda aws: aws.client("cloudwatch").put_metric_alarm(
        **LATENCY
    ),
    "iam role production-home-web": lambda aws: aws.client("iam").create_role(
        RoleName="production-home-web", AssumeRolePolicyDocument=TRUST
    ),
    "instance profile production-home-web": lambda aws: aws.client("iam").create_instance_profile(
        InstanceProfileName="production-home-web"
    ),
    "sns topic production-home-alarms": lambda aws: aws.client("sns").create_topic(
        Name="production-home-alarms"
    ),
    "ssm parameter /production/home/database_name": lambda aws: aws.client("ssm").put_parameter(
        Name="/production/home/database_name", Value="theirs", Type="String"
    ),
    "secret production/home/database": lambda aws: aws.client("secretsmanager").create_secret(
        Name="production/home/database", SecretString="only-emulated"
    ),
    "secret production/home/database in us-west-2": lambda aws: aws.client(
        "secretsmanager", "us-west-2"
    ).create_secret(Name="production/home/database", SecretString="only-emulated"),
    "db parameter group production-home-database": lambda aws: aws.client(
        "rds"
    ).create_db_parameter_group(
        DBParameterGroupName="production-home-database",
        DBParameterGroupFamily="postgres16",
        Description="Theirs",
    ),
    "kms key alias/phoenix-production-home": key,
    f"bucket {BUCKET}": bucket,
    f"bucket {FULL}": full,
    "log group /aws/rds/instance/production-home-database/upgrade": lambda aws: aws.client(
        "logs"
    ).create_log_group(
        logGroupName="/aws/rds/instance/production-home-database/upgrade",
        tags={"owner": "theirs"},
    ),
    "db subnet group production-home-database": subnet_group,
    "db instance production-home-database": instance,
    "target group production-home-web-8080": target_group,
    "load balancer production-home-main": balancer,
    "launch template production-home-web": template,
    "autoscaling group production-home-web": group,
}


@pytest.fixture(scope="module")
def taken(sandbox: Any) -> Environment:
    """An account in which somebody has an object of every name that we would choose at home."""
    sandbox.reset()
    environment = Environment(sandbox)
    for make in NAMED.values():
        make(environment.aws("home"))
    return environment


@pytest.mark.parametrize("dry", [True, False], ids=["plan", "run"])
def test_every_name_that_is_taken_is_refused_at_once_before_any_write(
    taken: Environment, dry: bool
) -> None:
    mark = taken.handle.mark()
    with pytest.raises(Refusal) as refused:
        run(taken.params("home"), "site", dry=dry)
    assert taken.handle.writes_since(mark) == []
    told = str(refused.value)
    assert [name for name in NAMED if f"{name} is there without the owner tags" not in told] == []
    assert told.count("it is not ours") == len(NAMED)
    assert told.count("rename or remove what is not ours") == 1
    assert "choose another phoenix_environment" in told
    assert "run the same playbook again" not in told


def test_a_group_of_a_taken_name_in_our_own_network_is_refused(empty: Environment) -> None:
    empty.start_tier("storage", "home")
    empty.start_tier("network", "home")
    ec2 = empty.aws("home").client("ec2")
    name = {"Name": "group-name", "Values": ["production-home-web"]}
    (ours,) = ec2.describe_security_groups(Filters=[name])["SecurityGroups"]
    ec2.delete_tags(Resources=[ours["GroupId"]], Tags=ours["Tags"])
    with pytest.raises(Refusal, match="security group production-home-web is there without"):
        empty.start_tier("network", "home")


def test_an_account_in_which_only_other_names_are_taken_is_planned(empty: Environment) -> None:
    cloudwatch = empty.aws("home").client("cloudwatch")
    cloudwatch.put_metric_alarm(**{**LATENCY, "AlarmName": "production-home-latency-of-theirs"})
    assert "home alarm/latency" in addresses(empty.plan())


def test_a_copy_that_failed_is_made_again_once_its_name_is_free(built: Environment) -> None:
    here = built.aws("home").client("secretsmanager")
    there = built.aws("home").client("secretsmanager", "us-west-2")
    one = {"SecretId": "production/home/database"}
    here.remove_regions_from_replication(**one, RemoveReplicaRegions=["us-west-2"])
    there.create_secret(Name=one["SecretId"], SecretString="only-emulated")
    here.replicate_secret_to_regions(**one, AddReplicaRegions=[{"Region": "us-west-2"}])
    taken = "secret production/home/database in us-west-2 is there without the owner tags"
    with pytest.raises(Refusal, match=taken):
        built.plan()
    there.delete_secret(**one, ForceDeleteWithoutRecovery=True)
    assert addresses(built.plan()) == {"home secret_replica/database"}
    built.run()
    (copy,) = here.describe_secret(**one)["ReplicationStatus"]
    assert copy["Status"] == "InSync"
    assert addresses(built.plan()) == set()


def test_a_copy_that_was_made_a_secret_of_its_own_is_refused_in_planning(
    built: Environment,
) -> None:
    there = built.aws("home").client("secretsmanager", "us-west-2")
    there.stop_replication_to_replica(SecretId="production/home/database")
    mark = built.handle.mark()
    with pytest.raises(Refusal) as refused:
        built.run()
    assert built.handle.writes_since(mark) == []
    assert refused.value.result["code"] == "name_taken"
    told = str(refused.value)
    assert "secret production/home/database in us-west-2 is a copy no longer" in told
    assert "aws secretsmanager delete-secret --region us-west-2" in told
