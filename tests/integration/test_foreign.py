# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody else put on our objects stays as it is, through drift, repair and repetition."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from environment import Environment, addresses

Facts = dict[str, dict[str, Any]]


def rules(aws: Aws, group: str) -> set[tuple[Any, ...]]:
    found = aws.client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    return {(rule["IsEgress"], rule["FromPort"], rule.get("CidrIpv4")) for rule in found}


@pytest.fixture(scope="module")
def facts(standing: Environment) -> Facts:
    """What is known of the home site, after somebody else has put things on it."""
    known: Facts = standing.info()["home"]["known"]
    aws = standing.aws("home")
    ec2, elbv2, route53 = (aws.client(name) for name in ("ec2", "elbv2", "route53"))
    ec2.create_tags(
        Resources=[known["vpc/main"]["id"]], Tags=[{"Key": "billing", "Value": "theirs"}]
    )
    ec2.authorize_security_group_ingress(
        GroupId=known["security_group/web"]["id"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 9100,
                "ToPort": 9100,
                "IpRanges": [{"CidrIp": "10.20.0.0/16"}],
            }
        ],
    )
    ec2.create_route(
        RouteTableId=known["route_table/app-a"]["id"],
        DestinationCidrBlock="192.168.0.0/16",
        GatewayId=known["internet_gateway/main"]["id"],
    )
    elbv2.create_listener(
        LoadBalancerArn=known["load_balancer/main"]["arn"],
        Port=8088,
        Protocol="HTTP",
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    route53.change_resource_record_sets(
        HostedZoneId=known["hosted_zone/main"]["id"],
        ChangeBatch={
            "Changes": [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {
                        "Name": "mail.shop.example.com",
                        "Type": "MX",
                        "TTL": 300,
                        "ResourceRecords": [{"Value": "10 mx.example.net"}],
                    },
                }
            ]
        },
    )
    aws.client("sns").subscribe(
        TopicArn=known["sns_topic/alarms"]["arn"], Protocol="email", Endpoint="else@example.com"
    )
    aws.client("ssm").put_parameter(
        Name="/production/home/theirs", Value="x", Type="String", Overwrite=False
    )
    return known


def test_the_plan_is_empty_and_names_what_is_foreign(standing: Environment, facts: Facts) -> None:
    planned = standing.plan()
    assert addresses(planned) == set()
    named = "\n".join(planned["home"]["foreign"])
    for word in ("9100", "192.168.0.0/16", "8088", "else@example.com", "theirs"):
        assert word in named


def test_a_repair_of_the_same_objects_leaves_it_alone(standing: Environment, facts: Facts) -> None:
    aws = standing.aws("home")
    ec2, group = aws.client("ec2"), facts["security_group/web"]["id"]
    ours = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    ingress = next(
        rule
        for rule in ours["SecurityGroupRules"]
        if not rule["IsEgress"] and rule["FromPort"] == 8080
    )
    ec2.revoke_security_group_ingress(
        GroupId=group, SecurityGroupRuleIds=[ingress["SecurityGroupRuleId"]]
    )
    ec2.create_tags(Resources=[facts["vpc/main"]["id"]], Tags=[{"Key": "Name", "Value": "mine"}])
    ec2.delete_route(
        RouteTableId=facts["route_table/app-a"]["id"], DestinationCidrBlock="0.0.0.0/0"
    )
    repaired = standing.run()
    assert len(addresses(repaired)) == 3
    assert (False, 9100, "10.20.0.0/16") in rules(aws, group)
    vpc = ec2.describe_vpcs(VpcIds=[facts["vpc/main"]["id"]])["Vpcs"][0]
    assert {"Key": "billing", "Value": "theirs"} in vpc["Tags"]
    table = ec2.describe_route_tables(RouteTableIds=[facts["route_table/app-a"]["id"]])
    routes = table["RouteTables"][0]["Routes"]
    assert "192.168.0.0/16" in {route.get("DestinationCidrBlock") for route in routes}


def test_listener_record_subscription_and_parameter_of_others_are_still_there(
    standing: Environment, facts: Facts
) -> None:
    aws = standing.aws("home")
    listeners = aws.client("elbv2").describe_listeners(
        LoadBalancerArn=facts["load_balancer/main"]["arn"]
    )["Listeners"]
    assert {listener["Port"] for listener in listeners} == {80, 443, 8088}
    records = aws.client("route53").list_resource_record_sets(
        HostedZoneId=facts["hosted_zone/main"]["id"]
    )["ResourceRecordSets"]
    assert "mail.shop.example.com." in {record["Name"] for record in records}
    ends = aws.client("sns").list_subscriptions_by_topic(TopicArn=facts["sns_topic/alarms"]["arn"])[
        "Subscriptions"
    ]
    assert "else@example.com" in {end["Endpoint"] for end in ends}
    assert aws.client("ssm").get_parameter(Name="/production/home/theirs")["Parameter"]


def test_a_foreign_tag_goes_only_where_purging_is_asked_for(
    standing: Environment, facts: Facts
) -> None:
    planned = standing.plan(purge_tags=True)
    (action,) = [a for a in planned["home"]["actions"] if a["address"] == "vpc/main"]
    assert [(c["field"], c["after"]) for c in action["changes"]] == [("tags.billing", None)]


def test_a_bucket_policy_in_another_spelling_is_the_same_policy(standing: Environment) -> None:
    s3, name = standing.aws("home").client("s3"), "production-home-logs-123456789012-us-east-1"
    policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    policy["Statement"] = [_respelled(item) for item in reversed(policy["Statement"])]
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy, indent=3))
    assert addresses(standing.plan()) == set()


def test_a_role_policy_in_another_spelling_is_the_same_policy(standing: Environment) -> None:
    iam, name = standing.aws("home").client("iam"), "production-home-web"
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        document["Statement"] = [_respelled(item) for item in reversed(document["Statement"])]
        iam.put_role_policy(
            RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document, sort_keys=True)
        )
    assert addresses(standing.plan()) == set()


def _respelled(statement: dict[str, Any]) -> dict[str, Any]:
    """The same statement: lists turned round, and single values out of their lists."""
    changed = dict(statement)
    for key in ("Action", "Resource"):
        value = changed.get(key)
        if isinstance(value, list):
            changed[key] = value[0] if len(value) == 1 else value[::-1]
    return changed
