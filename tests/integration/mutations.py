# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that somebody makes by hand in the home site, and the field each of them is found in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws

Facts = dict[str, dict[str, Any]]
ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Mutation:
    """address and field: where the plan must show it; make: does it, given the known facts."""

    address: str
    field: str
    make: Callable[[Aws, Facts], Any]


def api(service: str, name: str, **fixed: Any) -> Callable[[Aws, Facts], Any]:
    """A call of any service; "@address.fact" stands for a fact of that object."""

    def call(aws: Aws, facts: Facts) -> Any:
        return getattr(aws.client(service), name)(**_filled(fixed, facts))

    return call


def _filled(value: Any, facts: Facts) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        address, _dot, fact = value[1:].partition("|")
        return facts[address][fact or "id"]
    if isinstance(value, dict):
        return {key: _filled(item, facts) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, facts) for item in value]
    return value


def tag(address: str) -> Mutation:
    wrong = [{"Key": "Name", "Value": "somebody else's"}]
    return Mutation(
        address, "tags.Name", api("ec2", "create_tags", Resources=[f"@{address}"], Tags=wrong)
    )


RELEASES = "@bucket/releases|name"
GROUP = "@autoscaling_group/web|name"

MUTATIONS = [
    tag("vpc/main"),
    tag("subnet/app-b"),
    tag("internet_gateway/main"),
    tag("nat_gateway/a"),
    tag("elastic_ip/nat-b"),
    tag("route_table/public"),
    tag("security_group/web"),
    tag("vpc_endpoint/s3"),
    Mutation(
        "vpc/main",
        "dns_hostnames",
        api("ec2", "modify_vpc_attribute", VpcId="@vpc/main", EnableDnsHostnames={"Value": False}),
    ),
    Mutation(
        "subnet/public-a",
        "public_ip",
        api(
            "ec2",
            "modify_subnet_attribute",
            SubnetId="@subnet/public-a",
            MapPublicIpOnLaunch={"Value": True},
        ),
    ),
    Mutation(
        "route/app-a",
        "",
        api(
            "ec2",
            "delete_route",
            RouteTableId="@route_table/app-a",
            DestinationCidrBlock="0.0.0.0/0",
        ),
    ),
    Mutation(
        "route/app-b",
        "target",
        api(
            "ec2",
            "replace_route",
            RouteTableId="@route_table/app-b",
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId="@nat_gateway/c",
        ),
    ),
    Mutation(
        "default_security_group/main",
        "rules",
        api(
            "ec2",
            "authorize_security_group_ingress",
            GroupId="@default_security_group/main",
            IpPermissions=[
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
            ],
        ),
    ),
    Mutation(
        "kms_key/main",
        "rotation",
        api("kms", "disable_key_rotation", KeyId="@kms_key/main"),
    ),
    Mutation(
        "kms_key/main",
        "description",
        api("kms", "update_key_description", KeyId="@kms_key/main", Description="mine"),
    ),
    Mutation(
        "bucket/logs",
        "versioning",
        api(
            "s3",
            "put_bucket_versioning",
            Bucket="@bucket/logs|name",
            VersioningConfiguration={"Status": "Suspended"},
        ),
    ),
    Mutation(
        "bucket/releases",
        "private",
        api("s3", "delete_public_access_block", Bucket=RELEASES),
    ),
    Mutation(
        "bucket/releases",
        "policy",
        api("s3", "delete_bucket_policy", Bucket=RELEASES),
    ),
    Mutation(
        "bucket/backups",
        "lifecycle",
        api("s3", "delete_bucket_lifecycle", Bucket="@bucket/backups|name"),
    ),
    Mutation(
        "bucket/backups",
        "encryption",
        api(
            "s3",
            "put_bucket_encryption",
            Bucket="@bucket/backups|name",
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        ),
    ),
    Mutation(
        "bucket_replication/releases",
        "",
        api("s3", "delete_bucket_replication", Bucket=RELEASES),
    ),
    Mutation(
        "iam_role/replication",
        "policies.replication",
        api(
            "iam",
            "put_role_policy",
            RoleName="@iam_role/replication|name",
            PolicyName="replication",
            PolicyDocument=json.dumps(ALLOW_ALL),
        ),
    ),
    Mutation(
        "iam_role/web",
        "trust",
        api(
            "iam",
            "update_assume_role_policy",
            RoleName="@iam_role/web|name",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
        ),
    ),
    Mutation(
        "secret/database",
        "description",
        api("secretsmanager", "update_secret", SecretId="@secret/database", Description="mine"),
    ),
    Mutation(
        "db_parameter_group/main",
        "parameters.rds.force_ssl",
        api(
            "rds",
            "modify_db_parameter_group",
            DBParameterGroupName="@db_parameter_group/main",
            Parameters=[
                {
                    "ParameterName": "rds.force_ssl",
                    "ParameterValue": "0",
                    "ApplyMethod": "immediate",
                }
            ],
        ),
    ),
    *(
        Mutation(
            "db_instance/main",
            field,
            api(
                "rds",
                "modify_db_instance",
                DBInstanceIdentifier="@db_instance/main",
                ApplyImmediately=True,
                **{argument: value},
            ),
        )
        for field, argument, value in (
            ("backup_retention", "BackupRetentionPeriod", 1),
            ("deletion_protection", "DeletionProtection", False),
            ("instance_class", "DBInstanceClass", "db.t4g.large"),
            ("multi_az", "MultiAZ", False),
            ("minor_upgrades", "AutoMinorVersionUpgrade", False),
            ("copy_tags", "CopyTagsToSnapshot", False),
        )
    ),
    Mutation(
        "load_balancer/main",
        "attributes.deletion_protection.enabled",
        api(
            "elbv2",
            "modify_load_balancer_attributes",
            LoadBalancerArn="@load_balancer/main|arn",
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
        ),
    ),
    Mutation(
        "target_group/web",
        "check",
        api(
            "elbv2",
            "modify_target_group",
            TargetGroupArn="@target_group/web|arn",
            HealthCheckPath="/wrong",
        ),
    ),
    Mutation(
        "target_group/web",
        "attributes.deregistration_delay.timeout_seconds",
        api(
            "elbv2",
            "modify_target_group_attributes",
            TargetGroupArn="@target_group/web|arn",
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}],
        ),
    ),
    Mutation(
        "listener/https",
        "ssl_policy",
        api(
            "elbv2",
            "modify_listener",
            ListenerArn="@listener/https|arn",
            SslPolicy="ELBSecurityPolicy-2016-08",
        ),
    ),
    Mutation(
        "listener/http",
        "",
        api("elbv2", "delete_listener", ListenerArn="@listener/http|arn"),
    ),
    Mutation(
        "health_check/endpoint",
        "failure_threshold",
        api(
            "route53",
            "update_health_check",
            HealthCheckId="@health_check/endpoint",
            FailureThreshold=10,
        ),
    ),
    Mutation(
        "sns_topic/alarms",
        "policy",
        api(
            "sns",
            "set_topic_attributes",
            TopicArn="@sns_topic/alarms|arn",
            AttributeName="Policy",
            AttributeValue=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": "sns:Publish",
                            "Resource": "*",
                        }
                    ],
                }
            ),
        ),
    ),
    Mutation(
        "launch_template/web",
        "launch.instance_type",
        lambda aws, facts: (
            aws.client("ec2").create_launch_template_version(
                LaunchTemplateId=facts["launch_template/web"]["id"],
                SourceVersion="1",
                LaunchTemplateData={"InstanceType": "t4g.2xlarge"},
            ),
            aws.client("ec2").modify_launch_template(
                LaunchTemplateId=facts["launch_template/web"]["id"], DefaultVersion="2"
            ),
        ),
    ),
    *(
        Mutation(
            "autoscaling_group/web",
            field,
            api(
                "autoscaling",
                "update_auto_scaling_group",
                AutoScalingGroupName=GROUP,
                **{argument: value},
            ),
        )
        for field, argument, value in (
            ("max_size", "MaxSize", 30),
            ("min_size", "MinSize", 1),
            ("health_check", "HealthCheckType", "EC2"),
            ("grace", "HealthCheckGracePeriod", 30),
        )
    ),
    Mutation(
        "scaling_processes/web",
        "suspended",
        api(
            "autoscaling",
            "suspend_processes",
            AutoScalingGroupName=GROUP,
            ScalingProcesses=["Launch"],
        ),
    ),
    Mutation(
        "scaling_policy/cpu",
        "",
        api(
            "autoscaling",
            "delete_policy",
            AutoScalingGroupName=GROUP,
            PolicyName="@scaling_policy/cpu|name",
        ),
    ),
    Mutation(
        "ssm_parameter/domain",
        "value",
        api(
            "ssm",
            "put_parameter",
            Name="@ssm_parameter/domain|name",
            Value="evil.example.com",
            Type="String",
            Overwrite=True,
        ),
    ),
]
