# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of the objects that the tagging API lists are there still, as their own services tell.

The tagging API goes on listing what was deleted, for minutes or for hours, so what it lists is left
only where the service that it belongs to has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.view import View

THREADS = 8
# In these states an object is listed, and no more.
GONE = frozenset({"deleted", "deregistered"})


@dataclass(frozen=True, slots=True)
class Ask:
    """How a service is asked for one object.

    of: what its ARN looks like from its service on, without region and account; what is named by a
    part of that has it in a group, other objects are named by their ARN. argument: takes the name,
    in a list where the answer has one, under `key`; else any answer tells that it is there.
    """

    of: str
    service: str
    operation: str
    argument: str
    key: str = ""


ASKS = (
    Ask("ec2:elastic-ip/(.+)", "ec2", "describe_addresses", "AllocationIds", "Addresses"),
    Ask("ec2:image/(.+)", "ec2", "describe_images", "ImageIds", "Images"),
    Ask(
        "ec2:internet-gateway/(.+)",
        "ec2",
        "describe_internet_gateways",
        "InternetGatewayIds",
        "InternetGateways",
    ),
    Ask(
        "ec2:launch-template/(.+)",
        "ec2",
        "describe_launch_templates",
        "LaunchTemplateIds",
        "LaunchTemplates",
    ),
    Ask(
        "ec2:network-interface/(.+)",
        "ec2",
        "describe_network_interfaces",
        "NetworkInterfaceIds",
        "NetworkInterfaces",
    ),
    Ask("ec2:route-table/(.+)", "ec2", "describe_route_tables", "RouteTableIds", "RouteTables"),
    Ask("ec2:security-group/(.+)", "ec2", "describe_security_groups", "GroupIds", "SecurityGroups"),
    Ask("ec2:snapshot/(.+)", "ec2", "describe_snapshots", "SnapshotIds", "Snapshots"),
    Ask("ec2:subnet/(.+)", "ec2", "describe_subnets", "SubnetIds", "Subnets"),
    Ask("ec2:vpc/(.+)", "ec2", "describe_vpcs", "VpcIds", "Vpcs"),
    Ask("ec2:vpc-endpoint/(.+)", "ec2", "describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
    Ask("ec2:vpc-flow-log/(.+)", "ec2", "describe_flow_logs", "FlowLogIds", "FlowLogs"),
    Ask(
        "elasticloadbalancing:listener/.+",
        "elbv2",
        "describe_listeners",
        "ListenerArns",
        "Listeners",
    ),
    Ask("elasticloadbalancing:listener-rule/.+", "elbv2", "describe_rules", "RuleArns", "Rules"),
    Ask(
        "elasticloadbalancing:loadbalancer/(?:app|net)/.+",
        "elbv2",
        "describe_load_balancers",
        "LoadBalancerArns",
        "LoadBalancers",
    ),
    Ask(
        "elasticloadbalancing:targetgroup/.+",
        "elbv2",
        "describe_target_groups",
        "TargetGroupArns",
        "TargetGroups",
    ),
    Ask(
        "autoscaling:autoScalingGroup:.+/(.+)",
        "autoscaling",
        "describe_auto_scaling_groups",
        "AutoScalingGroupNames",
        "AutoScalingGroups",
    ),
    Ask("rds:db:(.+)", "rds", "describe_db_instances", "DBInstanceIdentifier"),
    Ask("rds:pg:(.+)", "rds", "describe_db_parameter_groups", "DBParameterGroupName"),
    Ask("rds:snapshot:(.+)", "rds", "describe_db_snapshots", "DBSnapshotIdentifier"),
    Ask("rds:subgrp:(.+)", "rds", "describe_db_subnet_groups", "DBSubnetGroupName"),
    Ask("acm:certificate/.+", "acm", "describe_certificate", "CertificateArn"),
    Ask("cloudwatch:alarm:(.+)", "cloudwatch", "describe_alarms", "AlarmNames", "MetricAlarms"),
    Ask("iam:instance-profile/(.+)", "iam", "get_instance_profile", "InstanceProfileName"),
    # Of groups it finds any that begins so, of streams only those of the one.
    Ask("logs:log-group:(.+)", "logs", "describe_log_streams", "logGroupName"),
    Ask("route53:healthcheck/(.+)", "route53", "get_health_check", "HealthCheckId"),
    Ask("route53:hostedzone/(.+)", "route53", "get_hosted_zone", "Id"),
    Ask("s3:(.+)", "s3", "head_bucket", "Bucket"),
    Ask("sns:.+", "sns", "get_topic_attributes", "TopicArn"),
    Ask("ssm:parameter(/.+)", "ssm", "get_parameter", "Name"),
)


def standing(view: View, arns: Iterable[str], region: str = "") -> list[str]:
    """Those of these ARNs whose objects are there, in their order. region: where, by default the
    view's own. What is of no service named here, or may not be asked for, or not now, counts as
    listed.
    """
    listed = list(arns)
    with ThreadPoolExecutor(THREADS) as pool:
        there = pool.map(lambda arn: _stands(view, arn, region), listed)
        return [arn for arn, stands in zip(listed, there, strict=True) if stands]


def _stands(view: View, arn: str, region: str) -> bool:
    _arn, _partition, service, _region, _account, resource = arn.split(":", 5)
    for ask in ASKS:
        if match := re.fullmatch(ask.of, f"{service}:{resource}"):
            return _told(view, ask, match.groups()[0] if match.groups() else arn, region)
    return True


def _told(view: View, ask: Ask, name: str, region: str) -> bool:
    argument: Any = [name] if ask.key else name
    try:
        answer = view.call(ask.service, ask.operation, region, **{ask.argument: argument})
    except Exception as error:
        # Of many that are asked one after another AWS may refuse some for their number.
        if meaning(error) in (Meaning.REFUSED, Meaning.THROTTLED):
            return True
        raise
    if not ask.key:
        return answer is not None
    return any(
        str(item.get("State", "")).lower() not in GONE for item in (answer or {}).get(ask.key, ())
    )
