# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment of an application that is fit for a failover, and what may be amiss with it."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    RECIPE,
    RELEASE,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal,
    manifest,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import decide
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.drill import scope_of
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import check
from environment import Environment

HOME, RECOVERY = "us-east-1", "us-west-2"
COPY, KEY, NEXT = "production-recovery-database", "shop/shop-1.tar.gz", "shop/shop-2.tar.gz"
OLD, RUNS = "0", "1"
PATIENCE = 60.0  # seconds after which a test gives up; no promise is measured by it
Rows = dict[str, dict[str, Any]]


def looked(environment: Environment, site: str = "recovery", **options: Any) -> dict[str, Any]:
    """The result of the module, whether it failed or not; "failed" says so."""
    try:
        given = {"smoke_write": "/ready", "controller": "203.0.113.7/32", **options}
        return {**check.validate(environment.params(site, **given)), "failed": ""}
    except Refusal as refused:
        return {**refused.result, "failed": str(refused)}


def states(result: dict[str, Any], *wanted: str) -> set[str]:
    """The names of the rows in one of these states."""
    return {row["what"] for row in result["rows"] if row["state"] in wanted}


def row(result: dict[str, Any], what: str) -> dict[str, Any]:
    [found] = [row for row in result["rows"] if row["what"] == what]
    return found


def make_fit(environment: Environment) -> None:
    """Builds all that a failover relies on but a drill, as runs, a release and hosts would."""
    for site in ("home", "recovery"):
        image(environment, site, RUNS)
    web = {"application": "shop", "release_image": f"{RUNS}-0a1b2c3d"}
    knowledge = {site: done["known"] for site, done in environment.run(web_tier=web).items()}
    for site in ("home", "recovery"):
        aws = environment.aws(site)
        aws.client("s3").put_object(Bucket=aws.scope.bucket("releases"), Key=KEY, Body=b"bytes")
        manifest.write(environment.params(site, knowledge=knowledge), dry=False)
    environment.handle.quota(RECOVERY, "ec2", "L-1216C47A", 128)
    beat(environment)
    environment.declared["web_tier"] = {"application": "shop"}


def beat(environment: Environment, age: float = 5.0, lag: float = 1.0) -> None:
    """What hosts and RDS would have told a moment ago."""
    cloudwatch = environment.aws("recovery").client("cloudwatch")
    environment_is = [{"Name": "environment", "Value": "production"}]
    cloudwatch.put_metric_data(
        Namespace=decide.NAMESPACE,
        MetricData=[
            {"MetricName": name, "Dimensions": environment_is, "Value": time.time() - age}
            for name in ("WrittenAt", "ReplicatedAt")
        ],
    )
    cloudwatch.put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "ReplicaLag",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": COPY}],
                "Value": lag,
                "Timestamp": datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=90),
            }
        ],
    )


def image(environment: Environment, site: str, release: str, recipe: str = "0a1b2c3d") -> str:
    """An image of ours of a release; its id."""
    aws = environment.aws(site)
    ec2, id = aws.client("ec2"), f"{release}-{recipe}"
    tags = {**aws.scope.marks("image", id), RELEASE: release, RECIPE: recipe}
    [template] = ec2.describe_launch_templates()["LaunchTemplates"]
    [subnet, *_rest] = ec2.describe_subnets(Filters=aws.scope.filters())["Subnets"]
    [host] = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"},
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["SubnetId"],
    )["Instances"]
    answer = ec2.create_image(
        InstanceId=host["InstanceId"],
        Name=f"shop-{release}",
        TagSpecifications=specification("image", tags),
    )
    ec2.terminate_instances(InstanceIds=[host["InstanceId"]])
    return str(answer["ImageId"])


def default_group(environment: Environment) -> None:
    _modify(environment, DBParameterGroupName="default.postgres16")


def no_backups(environment: Environment) -> None:
    _modify(environment, BackupRetentionPeriod=0)


def no_grant(environment: Environment) -> None:
    kms = environment.aws("recovery").client("kms")
    key = kms.describe_key(KeyId="alias/phoenix-production-recovery")["KeyMetadata"]["KeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != "AutoScalingGrants"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def stale_image(environment: Environment) -> None:
    """The template of the standby names an image of a release before."""
    old = image(environment, "recovery", OLD)
    ec2 = environment.aws("recovery").client("ec2")
    name = "production-recovery-web"
    [template] = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    version = ec2.create_launch_template_version(
        LaunchTemplateName=name,
        SourceVersion=str(template["DefaultVersionNumber"]),
        LaunchTemplateData={"ImageId": old},
    )["LaunchTemplateVersion"]["VersionNumber"]
    ec2.modify_launch_template(LaunchTemplateName=name, DefaultVersion=str(version))
    environment.aws("recovery").client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": name, "Version": str(version)},
    )


def no_artifact(environment: Environment) -> None:
    aws = environment.aws("recovery")
    aws.client("s3").delete_object(Bucket=aws.scope.bucket("releases"), Key=KEY)


def not_copied(environment: Environment) -> None:
    """The key of the copies could not be used for a while, which is over."""
    home, kms = environment.aws("home"), environment.aws("recovery").client("kms")
    key = kms.describe_key(KeyId="alias/phoenix-production-recovery")["KeyMetadata"]["KeyId"]
    bucket = {"Bucket": home.scope.bucket("releases"), "Key": NEXT}
    kms.disable_key(KeyId=key)
    home.client("s3").put_object(**bucket, Body=b"bytes")
    end = time.monotonic() + PATIENCE
    while home.client("s3").head_object(**bucket).get("ReplicationStatus") != "FAILED":
        assert time.monotonic() < end
        time.sleep(0.05)
    kms.enable_key(KeyId=key)


def no_login(environment: Environment) -> None:
    environment.aws("home").client("secretsmanager").remove_regions_from_replication(
        SecretId="production/home/application", RemoveReplicaRegions=[RECOVERY]
    )


def no_certificate(environment: Environment) -> None:
    aws = environment.aws("recovery")
    acm, elbv2 = aws.client("acm"), aws.client("elbv2")
    [balancer] = elbv2.describe_load_balancers()["LoadBalancers"]
    for listener in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])[
        "Listeners"
    ]:
        if listener["Port"] == 443:
            elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
    [certificate] = acm.list_certificates()["CertificateSummaryList"]
    acm.delete_certificate(CertificateArn=certificate["CertificateArn"])


def no_manifest(environment: Environment) -> None:
    aws = environment.aws("recovery")
    aws.client("s3").delete_object(Bucket=aws.scope.bucket("backups"), Key=manifest.key(aws))


def old_manifest(environment: Environment) -> None:
    """It was written before the release that runs."""
    knowledge = manifest.load(environment.aws("recovery"))["sites"]["recovery"]["known"]
    old = {**knowledge, "image/current": {"id": "ami-0123456789abcdef0"}}
    manifest.write(environment.params("recovery", knowledge={"recovery": old}), dry=False)


def low_quota(environment: Environment) -> None:
    environment.handle.quota(RECOVERY, "ec2", "L-1216C47A", 8)


def no_switch(environment: Environment) -> None:
    environment.aws("recovery").client("cloudwatch").delete_alarms(
        AlarmNames=["production-recovery-switch"]
    )


def unended(environment: Environment) -> None:
    journal.begin(
        environment.aws("recovery"),
        "20261128T050000Z-failover-3f2a",
        {"operation": "failover", "operator": "ada@laptop", "began": "2026-11-28T05:00:00+00:00"},
    )


def unended_drill(environment: Environment) -> None:
    aws = environment.aws("recovery")
    journal.begin(
        aws.at(scope_of(aws.scope)),
        "20261128T050000Z-drill-3f2a",
        {"operation": "drill", "operator": "ada@laptop", "began": "2026-11-28T05:00:00+00:00"},
    )


def left_moving(environment: Environment) -> None:
    """By a failover of which no journal tells that it has not ended."""
    record = active.Active(
        100,
        "home",
        operation="20261128T050000Z-failover-3f2a",
        moving=True,
        since="2026-11-28T05:00:00+00:00",
    )
    assert active.write(environment.aws("recovery"), record)


def _modify(environment: Environment, **changes: Any) -> None:
    environment.aws("recovery").client("rds").modify_db_instance(
        DBInstanceIdentifier=COPY, ApplyImmediately=True, **changes
    )
