# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts really answer is what load balancer, group and health check go by."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from sandbox.ground.commands import CommandFailed

pytestmark = pytest.mark.real
HOME = "us-east-1"
APPLICATION = b"""#!/bin/sh
systemd-run --unit=application python3 -m http.server 8080 --directory /srv
"""


class Service:
    """A group of one host behind a load balancer that faces the internet, and a check of it."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.groups, self.elb = site.client("autoscaling"), site.client("elbv2")
        self.route53 = site.client("route53")
        self._open()
        self.targets = str(
            self.elb.create_target_group(
                Name="web",
                Protocol="HTTP",
                Port=8080,
                VpcId=site.vpcs[HOME],
                HealthCheckIntervalSeconds=5,
                HealthCheckTimeoutSeconds=2,
                HealthyThresholdCount=2,
                UnhealthyThresholdCount=2,
            )["TargetGroups"][0]["TargetGroupArn"]
        )
        self.name = self._listen()
        self._launch()
        self.check = self.route53.create_health_check(
            CallerReference="one",
            HealthCheckConfig={
                "Type": "HTTP",
                "FullyQualifiedDomainName": self.name,
                "Port": 80,
                "ResourcePath": "/",
                "RequestInterval": 10,
                "FailureThreshold": 2,
            },
        )["HealthCheck"]["Id"]

    def _open(self) -> None:
        ec2, vpc = self.site.client("ec2"), self.site.vpcs[HOME]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
        ec2.create_route(
            RouteTableId=table["RouteTables"][0]["RouteTableId"],
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=gateway,
        )
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
        ec2.authorize_security_group_ingress(
            GroupId=self.site.groups[HOME],
            IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )

    def _listen(self) -> str:
        balancer = self.elb.create_load_balancer(
            Name="main",
            Subnets=self.site.subnets[HOME],
            SecurityGroups=[self.site.groups[HOME]],
        )["LoadBalancers"][0]
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.targets}],
        )
        return str(balancer["DNSName"])

    def _launch(self) -> None:
        self.site.client("ec2").create_launch_template(
            LaunchTemplateName="web",
            LaunchTemplateData={
                "ImageId": self.site.image(),
                "InstanceType": "t3.micro",
                "SecurityGroupIds": [self.site.groups[HOME]],
                "UserData": base64.b64encode(APPLICATION).decode(),
            },
        )
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName="web",
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
            MinSize=1,
            MaxSize=1,
            VPCZoneIdentifier=self.site.subnets[HOME][0],
            TargetGroupARNs=[self.targets],
            HealthCheckType="ELB",
            HealthCheckGracePeriod=0,
        )
        # Without a time of grace, a host that boots would be taken for one that is broken.
        self.groups.suspend_processes(
            AutoScalingGroupName="web", ScalingProcesses=["ReplaceUnhealthy"]
        )

    def health(self) -> dict[str, str]:
        """The state of each target by its instance."""
        found = self.elb.describe_target_health(TargetGroupArn=self.targets)
        return {
            one["Target"]["Id"]: one["TargetHealth"]["State"]
            for one in found["TargetHealthDescriptions"]
        }

    def checked(self) -> set[str]:
        """What Route 53's checkers tell, by their first word."""
        found = self.route53.get_health_check_status(HealthCheckId=self.check)
        return {
            one["StatusReport"]["Status"].partition(":")[0]
            for one in found["HealthCheckObservations"]
        }


def test_a_host_whose_application_fails_is_unhealthy_and_replaced(site: Any) -> None:
    service = Service(site)
    site.until(lambda: "healthy" in service.health().values())
    site.until(lambda: service.checked() == {"Success"})
    (first,) = service.health()
    site.inside(first, "systemctl", "stop", "application")
    site.until(lambda: service.health()[first] == "unhealthy")
    site.until(lambda: service.checked() == {"Failure"})
    service.groups.resume_processes(
        AutoScalingGroupName="web", ScalingProcesses=["ReplaceUnhealthy"]
    )
    site.until(lambda: "healthy" in {s for i, s in service.health().items() if i != first})
    site.until(lambda: service.checked() == {"Success"})
    with pytest.raises(CommandFailed):
        site.inside(first, "true")
