# SPDX-License-Identifier: GPL-3.0-or-later
"""What concerns an account as a whole: who calls, tags, quotas, prices, and services beside."""

from __future__ import annotations

import json
from typing import Any

from .account import ACCOUNT, HOME, Account, refused, specified, tags
from .databases import Estate

CPUS = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}


def test_the_account_says_who_calls(account: Account) -> None:
    assert account.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_one_call_finds_what_has_a_tag_in_eight_services(estate: Estate) -> None:
    account, own = estate.account, tags(own="me")
    account.client("ec2").create_vpc(
        CidrBlock="10.9.0.0/16", TagSpecifications=specified("vpc", own="me")
    )
    estate.create(Tags=own)
    vpc = estate.nets["eu-west-1"]["vpc"]
    account.client("elbv2").create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=vpc, Tags=own
    )
    s3 = account.client("s3")
    s3.create_bucket(
        Bucket="source-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_bucket_tagging(Bucket="source-1", Tagging={"TagSet": own})
    account.client("kms").create_key(Tags=[{"TagKey": "own", "TagValue": "me"}])
    account.client("secretsmanager").create_secret(Name="s", SecretString="x", Tags=own)
    account.client("sns").create_topic(Name="t", Tags=own)
    account.client("acm").request_certificate(
        DomainName="a.example.test", ValidationMethod="DNS", Tags=own
    )
    pages = account.client("resourcegroupstaggingapi").get_paginator("get_resources")
    wanted = [{"Key": "own", "Values": ["me"]}]
    found = {
        item["ResourceARN"].split(":")[2]
        for page in pages.paginate(TagFilters=wanted)
        for item in page["ResourceTagMappingList"]
    }
    names = "ec2 rds elasticloadbalancing s3 kms secretsmanager sns acm"
    assert found >= set(names.split())
    assert account.client("resourcegroupstaggingapi").get_resources(TagFilters=wanted)


def test_a_page_of_tagged_resources_holds_as_many_as_were_asked_for(account: Account) -> None:
    tags = [{"Key": f"t{number}", "Value": "x"} for number in range(30)]
    ssm = account.client("ssm")
    for number in range(5):
        ssm.put_parameter(Name=f"/page/{number}", Value="x", Type="String", Tags=tags)
    found = account.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "t0", "Values": ["x"]}], ResourcesPerPage=100
    )
    assert len(found["ResourceTagMappingList"]) == 5
    assert not found.get("PaginationToken")


def test_a_schedule_is_kept(account: Account) -> None:
    scheduler = account.client("scheduler")
    scheduler.create_schedule_group(Name="staging")
    named = {"Name": "night", "GroupName": "staging"}
    scheduler.create_schedule(
        **named,
        ScheduleExpression="at(2030-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
            "Input": "{}",
        },
        ActionAfterCompletion="DELETE",
    )
    assert scheduler.get_schedule(**named)["State"] == "ENABLED"


def test_quotas_are_told_and_raised(account: Account) -> None:
    quotas = account.client("service-quotas")
    before = quotas.get_service_quota(**CPUS)["Quota"]["Value"]
    assert before > 0
    assert quotas.list_service_quotas(ServiceCode="rds")["Quotas"]
    quotas.request_service_quota_increase(**CPUS, DesiredValue=before + 1)
    history = quotas.list_requested_service_quota_change_history(ServiceCode="ec2")
    assert [one["DesiredValue"] for one in history["RequestedQuotas"]] == [before + 1]
    assert quotas.get_service_quota(**CPUS)["Quota"]["Value"] == before + 1


def test_the_default_of_a_quota_is_told_beside_what_the_account_has(account: Account) -> None:
    quotas = account.client("service-quotas")
    assert quotas.get_aws_default_service_quota(**CPUS)["Quota"]["Value"] == 5
    unknown = {**CPUS, "QuotaCode": "L-00000000"}
    assert refused(quotas.get_aws_default_service_quota, **unknown) == "NoSuchResourceException"


def test_a_quota_is_in_force(account: Account, ec2: Any) -> None:
    account.cloud.quota("eu-west-1", "ec2", "L-1216C47A", 2)
    launch = {"ImageId": account.image(), "InstanceType": "t3.micro", "MinCount": 1}
    assert refused(ec2.run_instances, **launch, MaxCount=2) == "VcpuLimitExceeded"
    assert refused(ec2.run_instances, **launch, MaxCount=1) == ""


def test_capacity_may_be_short(account: Account, ec2: Any) -> None:
    account.cloud.strike("no-capacity", region=HOME, instance_type="t3.micro")
    launch = {"ImageId": account.image(), "MinCount": 1, "MaxCount": 1}
    code = refused(ec2.run_instances, **launch, InstanceType="t3.micro")
    assert code == "InsufficientInstanceCapacity"
    assert refused(ec2.run_instances, **launch, InstanceType="t3.small") == ""


def test_a_price_is_told(account: Account) -> None:
    told = account.client("pricing", "us-east-1").get_products(
        ServiceCode="AmazonEC2",
        Filters=[{"Type": "TERM_MATCH", "Field": "instanceType", "Value": "t3.micro"}],
        MaxResults=1,
    )
    assert json.loads(told["PriceList"][0])["terms"]


def test_an_item_is_put_only_where_there_is_none(account: Account) -> None:
    table = account.client("dynamodb")
    table.create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"TableName": "locks", "Item": {"k": {"S": "a"}}}
    only = {**item, "ConditionExpression": "attribute_not_exists(k)"}
    assert refused(table.put_item, **only) == ""
    assert refused(table.put_item, **only) == "ConditionalCheckFailedException"


def test_backups_are_planned(account: Account) -> None:
    backup = account.client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    rule = {"RuleName": "r", "TargetBackupVaultName": "vault"}
    made = backup.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": [rule]})
    assert made["BackupPlanId"]


def test_costs_are_told(account: Account) -> None:
    told = account.client("ce", "us-east-1").get_cost_and_usage(
        TimePeriod={"Start": "2026-01-01", "End": "2026-02-01"},
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
    )
    assert "ResultsByTime" in told


def test_a_cluster_of_routing_controls_is_made(account: Account) -> None:
    made = account.client("route53-recovery-control-config", "us-west-2").create_cluster(
        ClusterName="switch"
    )
    assert made["Cluster"]["Status"] == "PENDING"
