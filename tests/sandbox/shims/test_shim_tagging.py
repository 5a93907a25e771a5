# SPDX-License-Identifier: GPL-3.0-or-later
"""The tagging API of the sandbox finds what AWS's finds, where the emulator alone does not."""

from __future__ import annotations

from typing import Any

EAST, WEST = "us-east-1", "us-west-2"
TAGS = [{"Key": "owner", "Value": "us"}]


def found(cloud: Any, region: str = EAST, **more: Any) -> set[str]:
    pages = cloud.client("resourcegroupstaggingapi", region).get_paginator("get_resources")
    wanted = {"TagFilters": [{"Key": "owner", "Values": ["us"]}], **more}
    return {
        resource["ResourceARN"]
        for page in pages.paginate(**wanted)
        for resource in page["ResourceTagMappingList"]
    }


def kinds(arns: set[str]) -> set[str]:
    """`service:kind` of ARNs."""
    out = set()
    for arn in arns:
        _, _, service, _, _, rest = arn.split(":", 5)
        out.add(f"{service}:{rest.replace('/', ':').split(':')[0]}")
    return out


def spec(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


def network(cloud: Any) -> tuple[str, list[str]]:
    """One of each kind of EC2, tagged; the VPC's id and its subnets'."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{n}.0/24",
            AvailabilityZone=f"{EAST}{zone}",
            TagSpecifications=spec("subnet"),
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway(TagSpecifications=spec("internet-gateway"))
    ec2.attach_internet_gateway(
        InternetGatewayId=gateway["InternetGateway"]["InternetGatewayId"], VpcId=vpc
    )
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))
    ec2.create_nat_gateway(
        SubnetId=subnets[0],
        AllocationId=address["AllocationId"],
        TagSpecifications=spec("natgateway"),
    )
    ec2.create_route_table(VpcId=vpc, TagSpecifications=spec("route-table"))
    ec2.create_security_group(
        GroupName="g", Description="g", VpcId=vpc, TagSpecifications=spec("security-group")
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{EAST}.s3",
        TagSpecifications=spec("vpc-endpoint"),
    )
    ec2.create_launch_template(
        LaunchTemplateName="t",
        LaunchTemplateData={"ImageId": cloud.image()},
        TagSpecifications=spec("launch-template"),
    )
    cloud.client("s3").create_bucket(Bucket="flows")
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flows",
        TagSpecifications=spec("vpc-flow-log"),
    )
    return vpc, subnets


NETWORK = {
    "ec2:vpc",
    "ec2:subnet",
    "ec2:internet-gateway",
    "ec2:elastic-ip",
    "ec2:natgateway",
    "ec2:route-table",
    "ec2:security-group",
    "ec2:vpc-endpoint",
    "ec2:launch-template",
    "ec2:vpc-flow-log",
}


def test_every_kind_of_the_network_is_found(cloud: Any) -> None:
    network(cloud)
    assert kinds(found(cloud)) == NETWORK
    assert kinds(found(cloud, ResourceTypeFilters=["ec2:vpc-endpoint", "ec2:vpc"])) == {
        "ec2:vpc-endpoint",
        "ec2:vpc",
    }


def rest(cloud: Any) -> None:
    """One of each kind that is not EC2's, tagged."""
    _, subnets = network(cloud)
    rds, elb = cloud.client("rds"), cloud.client("elbv2")
    rds.create_db_subnet_group(
        DBSubnetGroupName="s", DBSubnetGroupDescription="s", SubnetIds=subnets, Tags=TAGS
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="p",
        DBParameterGroupFamily="postgres16",
        Description="p",
        Tags=TAGS,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="correct-horse-9",
        DBSubnetGroupName="s",
        Tags=TAGS,
    )
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="snap", Tags=TAGS)
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets, Tags=TAGS)
    vpc = balancer["LoadBalancers"][0]["VpcId"]
    elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, Tags=TAGS)
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[answer],
        Tags=TAGS,
    )["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[answer],
        Tags=TAGS,
    )
    for name, region in (("east", EAST), ("west", WEST)):
        s3 = cloud.client("s3", region)
        where = {} if region == EAST else {"LocationConstraint": region}
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
    cloud.client("kms").create_key(Tags=[{"TagKey": "owner", "TagValue": "us"}])
    cloud.client("acm").request_certificate(DomainName="example.org", Tags=TAGS)
    cloud.client("sns").create_topic(Name="t", Tags=TAGS)
    cloud.client("ssm").put_parameter(Name="/a/b", Value="v", Type="String", Tags=TAGS)
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="v", Tags=TAGS)
    cloud.client("logs").create_log_group(logGroupName="/a", tags={"owner": "us"})
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        Namespace="n",
        MetricName="m",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=1,
        Statistic="Maximum",
        Tags=TAGS,
    )
    route53 = cloud.client("route53")
    zone = route53.create_hosted_zone(Name="example.org", CallerReference="r")["HostedZone"]
    check = route53.create_health_check(
        CallerReference="r",
        HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80},
    )["HealthCheck"]
    for kind, name in (("hostedzone", zone["Id"].split("/")[-1]), ("healthcheck", check["Id"])):
        route53.change_tags_for_resource(ResourceType=kind, ResourceId=name, AddTags=TAGS)


def test_every_other_kind_is_found_in_its_own_region(cloud: Any) -> None:
    rest(cloud)
    east = found(cloud)
    assert kinds(east) - NETWORK == {
        "acm:certificate",
        "cloudwatch:alarm",
        "elasticloadbalancing:listener",
        "elasticloadbalancing:listener-rule",
        "elasticloadbalancing:loadbalancer",
        "elasticloadbalancing:targetgroup",
        "kms:key",
        "logs:log-group",
        "rds:db",
        "rds:pg",
        "rds:snapshot",
        "rds:subgrp",
        "route53:healthcheck",
        "route53:hostedzone",
        "s3:east",
        "secretsmanager:secret",
        "sns:t",
        "ssm:parameter",
    }
    assert kinds(found(cloud, WEST)) == {"s3:west"}
    assert found(cloud, ResourcesPerPage=3) == east
    assert kinds(found(cloud, ResourceTypeFilters=["logs:log-group", "route53"])) == {
        "logs:log-group",
        "route53:healthcheck",
        "route53:hostedzone",
    }


def test_what_is_not_tagged_is_not_found(cloud: Any) -> None:
    network(cloud)
    assert found(cloud, TagFilters=[{"Key": "owner", "Values": ["them"]}]) == set()
    assert found(cloud, TagFilters=[{"Key": "owner"}]) == found(cloud)


def test_what_was_deleted_is_listed_on_where_that_was_ordered(cloud: Any) -> None:
    ec2 = cloud.client("ec2")
    names = [
        ec2.allocate_address(TagSpecifications=spec("elastic-ip"))["AllocationId"]
        for _turn in range(3)
    ]
    ec2.release_address(AllocationId=names.pop(0))
    assert {arn.rpartition("/")[2] for arn in found(cloud)} == set(names)
    cloud.strike("deleted-listed")
    before = found(cloud)
    ec2.release_address(AllocationId=names[0])
    assert found(cloud) == before
    # One whose owner has changed is no ghost of the one before.
    ec2.create_tags(Resources=names[1:], Tags=[{"Key": "owner", "Value": "them"}])
    assert {arn.rpartition("/")[2] for arn in found(cloud)} == set(names[:1])


def test_plain_many_kinds_are_not_found_and_buckets_are_found_everywhere(plain: Any) -> None:
    """What the emulator does by itself. When this fails it has learned it: mend no more."""
    rest(plain)
    missing = {
        "ec2:elastic-ip",
        "ec2:vpc-endpoint",
        "ec2:launch-template",
        "ec2:vpc-flow-log",
        "rds:subgrp",
        "rds:pg",
        "elasticloadbalancing:listener",
        "route53:hostedzone",
        "route53:healthcheck",
    }
    assert kinds(found(plain)) & missing == set()
    assert kinds(found(plain, WEST)) == {"s3:east", "s3:west"}
