# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts really answer is what load balancer, group and health check go by."""

from __future__ import annotations

import base64
import threading
import urllib.request
from collections import Counter
from typing import Any

import pytest

from sandbox.ground.commands import CommandFailed

pytestmark = pytest.mark.real
HOME = "us-east-1"
# More than the grace period of AWS takes at the speed of these tests.
APPLICATION = """#!/bin/sh
sleep {sleep}
echo {release} > /srv/index.html
systemd-run --unit=application python3 -m http.server 8080 --directory /srv
"""


def application(release: str, sleep: float = 0.0) -> str:
    """User data of a host that answers with the name of its release, some seconds after boot."""
    return base64.b64encode(APPLICATION.format(release=release, sleep=sleep).encode()).decode()


class Service:
    """A group of hosts behind a load balancer that faces the internet, and a check of it."""

    def __init__(self, site: Any, size: int = 1, sleep: float = 0.0) -> None:
        self.site = site
        self.size, self.sleep = size, sleep
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
                "UserData": application("one", self.sleep),
            },
        )
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName="web",
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
            MinSize=self.size,
            MaxSize=self.size,
            VPCZoneIdentifier=",".join(self.site.subnets[HOME]),
            TargetGroupARNs=[self.targets],
            HealthCheckType="ELB",
            HealthCheckGracePeriod=60,
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


class Visitors:
    """Somebody who asks a load balancer again and again, until the block is left."""

    def __init__(self, service: Service) -> None:
        self.answers: Counter[str] = Counter()
        self.short: list[dict[str, str]] = []  # targets, whenever too few were healthy
        self._service = service
        self._over = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self._ask, self._look)]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        url = self._service.site.cloud.balancers()[0]["listeners"][0]["url"]
        while not self._over.wait(0.05):
            try:
                with urllib.request.urlopen(url, timeout=20) as answer:
                    self.answers[answer.read().decode().strip()] += 1
            except OSError as trouble:
                self.answers[f"failed: {trouble}"] += 1

    def _look(self) -> None:
        while not self._over.wait(0.2):
            health = self._service.health()
            if list(health.values()).count("healthy") < self._service.size:
                self.short.append(health)


def test_a_release_by_an_instance_refresh_fails_no_request(site: Any) -> None:
    site.cloud.speed(60)
    service = Service(site, size=2, sleep=6.0)
    site.until(lambda: list(service.health().values()) == ["healthy"] * 2)
    site.client("ec2").create_launch_template_version(
        LaunchTemplateName="web",
        SourceVersion="1",
        LaunchTemplateData={"UserData": application("two", 6.0)},
    )
    two = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}
    share = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}

    def over() -> bool:
        found = service.groups.describe_instance_refreshes(AutoScalingGroupName="web")
        return str(found["InstanceRefreshes"][0]["Status"]) == "Successful"

    with Visitors(service) as visitors:
        service.groups.start_instance_refresh(
            AutoScalingGroupName="web", DesiredConfiguration=two, Preferences=share
        )
        site.until(over)
        before = visitors.answers["two"]
        site.until(lambda: visitors.answers["two"] > before + 20)
    assert set(visitors.answers) == {"one", "two"}
    assert visitors.short == []


def test_a_host_whose_application_fails_is_unhealthy_and_replaced(site: Any) -> None:
    service = Service(site)
    site.until(lambda: "healthy" in service.health().values())
    site.until(lambda: service.checked() == {"Success"})
    (first,) = service.health()
    # Until both have been seen to find it.
    service.groups.suspend_processes(
        AutoScalingGroupName="web", ScalingProcesses=["ReplaceUnhealthy"]
    )
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
