# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers, target groups and listeners, and what is told of them."""

from __future__ import annotations

from typing import Any

EAST = "us-east-1"


def public(cloud: Any, zones: str = "abc") -> dict[str, Any]:
    """A network with an internet gateway."""
    net: dict[str, Any] = cloud.network(EAST, zones)
    ec2 = cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=net["vpc"])
    return net


def balancer(net: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Name": "web", "Subnets": net["subnets"], "SecurityGroups": [net["group"]], **more}


def balance(cloud: Any, net: dict[str, Any], **more: Any) -> str:
    made = cloud.client("elbv2").create_load_balancer(**balancer(net, **more))
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def group(cloud: Any, net: dict[str, Any], **more: Any) -> str:
    wanted = {"Name": "app", "Protocol": "HTTP", "Port": 8080, "VpcId": net["vpc"], **more}
    made = cloud.client("elbv2").create_target_group(**wanted)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def listener(lb: str, tg: str, **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": lb,
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": tg}],
        **more,
    }


def state(cloud: Any, lb: str) -> str:
    found = cloud.client("elbv2").describe_load_balancers(LoadBalancerArns=[lb])
    return str(found["LoadBalancers"][0]["State"]["Code"])


def instance(cloud: Any, net: dict[str, Any]) -> str:
    made = cloud.client("ec2").run_instances(
        ImageId=cloud.image(), MinCount=1, MaxCount=1, SubnetId=net["subnets"][0]
    )
    return str(made["Instances"][0]["InstanceId"])


def health(cloud: Any, tg: str) -> list[tuple[str, str]]:
    found = cloud.client("elbv2").describe_target_health(TargetGroupArn=tg)
    return [
        (t["TargetHealth"]["State"], t["TargetHealth"].get("Reason", ""))
        for t in found["TargetHealthDescriptions"]
    ]


def attributes(cloud: Any, lb: str, **new: str) -> str:
    return str(
        cloud.refused(
            "elbv2",
            "modify_load_balancer_attributes",
            LoadBalancerArn=lb,
            Attributes=[{"Key": k.replace("__", "."), "Value": v} for k, v in new.items()],
        )
    )


def certificate(cloud: Any, region: str = EAST) -> str:
    acm = cloud.client("acm", region)
    return str(
        acm.request_certificate(DomainName="example.org", ValidationMethod="DNS")["CertificateArn"]
    )


def secure(lb: str, tg: str, arn: str) -> dict[str, Any]:
    return listener(lb, tg, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": arn}])
