# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed site is built beside what owns its name, leaves that as it is, and goes completely."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import ACCOUNT, DECLARED, TRAFFIC, Environment, addresses, done

CIDR = "10.30.0.0/16"
SITE = {
    "region": "us-east-1",
    "stands": "home",
    "cidr": CIDR,
    "nat": "none",
    "closed": True,
}
SERVICES = {"logs", "monitoring", "secretsmanager", "ssm"}


@pytest.fixture
def drill(empty: Environment) -> Environment:
    """A closed site, declared, in an account that owns its name already."""
    empty.declared = {**DECLARED, "environment": "drill", "sites": {"home": SITE}}
    own_name(aws(empty))
    return empty


def aws(environment: Environment) -> Aws:
    scope = Scope("drill", "home", "us-east-1", ACCOUNT, "home")
    return Aws(scope, Connection("", "", "x", "x", "", environment.handle.endpoint))


def own_name(account: Aws) -> None:
    """What the environment that owns the name has: the zone, and in it the proof."""
    acm, route53 = account.client("acm"), account.client("route53")
    asked = acm.request_certificate(DomainName=TRAFFIC["domain"], ValidationMethod="DNS")
    found = acm.describe_certificate(CertificateArn=asked["CertificateArn"])["Certificate"]
    (proof,) = found["DomainValidationOptions"]
    zone = route53.create_hosted_zone(Name=TRAFFIC["domain"], CallerReference="1")["HostedZone"]
    record = proof["ResourceRecord"]
    written = {
        "Name": record["Name"],
        "Type": record["Type"],
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone["Id"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": written}]},
    )


def names(account: Aws) -> list[Any]:
    """All zones and records of the account, and who watches them."""
    route53 = account.client("route53")
    zones = route53.list_hosted_zones()["HostedZones"]
    return [
        [route53.list_resource_record_sets(HostedZoneId=zone["Id"]) for zone in zones],
        route53.list_health_checks()["HealthChecks"],
    ]


def told(answers: list[Any]) -> list[Any]:
    records, checks = answers
    return [[answer["ResourceRecordSets"] for answer in records], checks]


def test_its_endpoints_are_in_the_zones_in_which_aws_offers_them(drill: Environment) -> None:
    drill.handle.strike("not-offered", service="ssm", zone="us-east-1b")
    drill.run_tier("storage")
    drill.run_tier("network")
    found = aws(drill).client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    counts = {one["ServiceName"].rpartition(".")[2]: len(one["SubnetIds"]) for one in found}
    assert {name: counts[name] for name in SERVICES} == dict.fromkeys(SERVICES, 3) | {"ssm": 2}
    assert not drill.run_tier("network")["home"]["changed"]


def test_where_aws_offers_an_endpoint_in_none_of_its_zones_nothing_is_begun(
    drill: Environment,
) -> None:
    for letter in "abc":
        drill.handle.strike("not-offered", service="ssm", zone=f"us-east-1{letter}")
    mark = drill.handle.mark()
    with pytest.raises(
        Refusal, match=r"offers com\.amazonaws\.us-east-1\.ssm in us-east-1d"
    ) as caught:
        drill.run_tier("network")
    assert caught.value.result["code"] == "not_offered"
    assert drill.handle.writes_since(mark) == []


def test_it_is_built_at_once_and_a_second_run_changes_nothing(drill: Environment) -> None:
    account = aws(drill)
    before = told(names(account))
    ran = drill.run()
    assert addresses(ran) == done(ran)
    assert told(names(account)) == before
    ec2 = account.client("ec2")
    found = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    ways = {one["ServiceName"].rpartition(".")[2]: one for one in found}
    assert ways.keys() == {*SERVICES, "s3"}
    for service in SERVICES:
        assert (ways[service]["State"], ways[service]["PrivateDnsEnabled"]) == ("available", True)
        assert len(ways[service]["NetworkInterfaceIds"]) == 3
    (balancer,) = account.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert (balancer["Scheme"], balancer["State"]["Code"]) == ("internal", "active")
    assert ec2.describe_nat_gateways()["NatGateways"] == []
    planned = drill.plan()
    assert addresses(planned) == set()
    mark = drill.handle.mark()
    assert done(drill.run()) == set()
    assert drill.handle.writes_since(mark) == []


def test_what_was_opened_behind_its_back_is_closed_again(drill: Environment) -> None:
    drill.run()
    ec2 = aws(drill).client("ec2")
    tag = {"Name": "tag:phoenix:id", "Values": ["security_group/endpoints"]}
    (group,) = ec2.describe_security_groups(Filters=[tag])["SecurityGroups"]
    (endpoint,) = ec2.describe_vpc_endpoints(
        Filters=[{"Name": "tag:phoenix:id", "Values": ["interface_endpoint/ssm"]}]
    )["VpcEndpoints"]
    other = ec2.create_security_group(GroupName="other", Description="d", VpcId=endpoint["VpcId"])[
        "GroupId"
    ]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"],
        AddSecurityGroupIds=[other],
        RemoveSecurityGroupIds=[group["GroupId"]],
    )
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PrivateDnsEnabled=False)
    assert addresses(drill.plan(), "change") == {"home interface_endpoint/ssm"}
    drill.run()
    assert addresses(drill.plan()) == set()


def test_it_goes_completely_and_the_name_stays(drill: Environment) -> None:
    account = aws(drill)
    before = told(names(account))
    drill.run()
    traffic = {**TRAFFIC, "deletion_protection": False}
    drill.run(database={"deletion_protection": False}, traffic=traffic)
    gone = drill.destroy("home", confirm="drill")
    assert gone["left"] == []
    ec2 = account.client("ec2")
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert told(names(account)) == before


def test_what_the_interfaces_of_an_endpoint_hold_goes_once_they_are_gone(
    drill: Environment,
) -> None:
    for tier in ("storage", "network"):
        drill.run_tier(tier)
    # The 90 s of AWS that an endpoint takes to be gone are a second.
    drill.handle.speed(90)
    mark = drill.handle.mark()
    try:
        gone = drill.destroy("home", confirm="drill")
    finally:
        drill.handle.speed(0)
    assert gone["left"] == []
    written = [entry["action"] for entry in drill.handle.writes_since(mark)]
    assert written.index("DeleteVpcEndpoints") < written.index("DeleteSubnet")
    ec2 = aws(drill).client("ec2")
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


@pytest.mark.parametrize(
    ("sites", "rule"),
    [
        ({"home": {**SITE, "nat": "one"}}, "must be none at a closed site"),
        (
            {"home": SITE, "recovery": DECLARED["sites"]["recovery"]},
            "a closed one stands alone",
        ),
    ],
)
def test_what_would_open_it_is_refused_before_anything_is_asked(
    drill: Environment, sites: dict[str, Any], rule: str
) -> None:
    mark = drill.handle.mark()
    drill.declared = {**drill.declared, "sites": sites}
    with pytest.raises(Refusal, match=rule):
        drill.run()
    assert drill.handle.writes_since(mark) == []
